package signin_test

import (
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/signin"
)

// appSessions stands for the application's own sessions, which it keeps on the
// server and binds to browsers by a cookie.
type appSessions struct {
	mu     sync.Mutex // guards values
	values map[string]map[string]string
}

// browserSession is the browser's, which the application has checked before.
func browserSession(r *http.Request) (string, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return "", err
	}
	return cookie.Value, nil
}

func (s *appSessions) Save(_ http.ResponseWriter, r *http.Request, id, value string, _ time.Time) error {
	of, err := browserSession(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[of] == nil {
		s.values[of] = make(map[string]string)
	}
	s.values[of][id] = value
	return nil
}

func (s *appSessions) Take(_ http.ResponseWriter, r *http.Request, id string) (string, error) {
	of, err := browserSession(r)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value := s.values[of][id]
	delete(s.values[of], id)
	return value, nil
}

// An application that has sessions keeps attempts there, and needs no
// CookieKeys. An attempt that was taken cannot come back.
func ExampleAttempts() {
	client, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom, Store: gitlab.NewMemoryStore()})
	if err != nil {
		log.Fatal(err)
	}
	provider := gitlab.OAuthProvider{ClientID: "id", ClientSecret: "secret", RedirectURL: "https://app.example.com/gitlab/callback"}
	handler, err := signin.New(signin.Config{
		Instances: map[string]signin.Instance{"gitlab": {Client: client, Provider: provider}},
		Attempts:  &appSessions{values: make(map[string]map[string]string)},
	})
	fmt.Println(handler != nil, err)
	// Output: true <nil>
}
