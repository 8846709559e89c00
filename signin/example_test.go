package signin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/signin"
)

// A page says "Connect GitLab"; its link leads to /gitlab/login.
func Example() {
	server, client, provider := newExample("http://127.0.0.1/gitlab/callback")
	defer server.Close()
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	defer app.Close()
	provider.RedirectURL = app.URL + "/gitlab/callback"

	handler, err := signin.New(signin.Config{
		Instances:  map[string]signin.Instance{"gitlab": {Client: client, Provider: provider}},
		CookieKeys: [][]byte{[]byte("32 random bytes from your secrets")},
		Key: func(r *http.Request, s signin.SignIn) (string, error) {
			return "user-42", nil // whom r's session tells
		},
		Failed: func(w http.ResponseWriter, r *http.Request, err *signin.Error) {
			log.Print(err)
			err.ServeHTTP(w, r)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.HandleFunc("/gitlab/login", handler.Login)
	mux.HandleFunc("/gitlab/callback", handler.Callback)
	mux.HandleFunc("/settings", func(w http.ResponseWriter, r *http.Request) {
		user, err := client.As("user-42").Users.Current(r.Context())
		if err != nil {
			http.Error(w, "not connected", http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintln(w, "connected as", user.Username)
	})

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	server.AutoApprove("ada") // who clicks on "Authorize"
	click, err := http.NewRequestWithContext(context.Background(), http.MethodGet, app.URL+"/gitlab/login?return_to=/settings", nil)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := browser.Do(click)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(resp.Body)
	fmt.Print(string(page))
	// Output: connected as ada
}

// A command-line program shows a code and waits.
func ExampleDevice() {
	server, client, provider := newExample("")
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ada, err := signin.Device(ctx, signin.Instance{Client: client, Provider: provider}, "me", func(code signin.DeviceCode) {
		fmt.Fprintf(os.Stderr, "Open %s and enter %s\n", code.URL, code.Code)
		cancel() // Ctrl-C, in place of a person who does so within five minutes
	})
	if err != nil {
		fmt.Println("not signed in:", errors.Is(err, context.Canceled))
		return
	}
	fmt.Println(ada)
	// Output: not signed in: true
}

// Each instance has an application, a client and a callback of its own; its name
// is in the path.
func ExampleConfig_instances() {
	instances := make(map[string]signin.Instance)
	for name, baseURL := range map[string]string{"com": gitlab.GitLabCom, "acme": "https://git.acme.example"} { // a database
		client, err := gitlab.New(gitlab.Config{BaseURL: baseURL, Store: gitlab.NewMemoryStore()})
		if err != nil {
			log.Fatal(err)
		}
		instances[name] = signin.Instance{Client: client, Provider: gitlab.OAuthProvider{
			ClientID:    "id at " + name,
			RedirectURL: "https://app.example.com/gitlab/" + name + "/callback",
		}}
	}
	handler, err := signin.New(signin.Config{Instances: instances, CookieKeys: [][]byte{[]byte("32 random bytes from your secrets")}})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/gitlab/{instance}/login", handler.Login)
	mux.HandleFunc("/gitlab/{instance}/callback", handler.Callback)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://app.example.com/gitlab/acme/login", http.NoBody))
	there, err := w.Result().Location()
	fmt.Println(there.Host, err)
	// Output: git.acme.example <nil>
}

// Config.Failed answers as it likes, or has the error answer.
func ExampleError() {
	failed := func(w http.ResponseWriter, r *http.Request, err *signin.Error) {
		if errors.Is(err, signin.ErrDenied) { // the user has changed their mind
			http.Redirect(w, r, "/settings", http.StatusSeeOther)
			return
		}
		log.Print(err)
		err.ServeHTTP(w, r)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/gitlab/callback?error=access_denied", http.NoBody)
	failed(w, r, &signin.Error{Kind: signin.ErrDenied})
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /settings
}

// An application that knows its users by their GitLab accounts alone has this
// key without a Config.Key.
func ExampleSignIn_AccountKey() {
	client, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom})
	if err != nil {
		log.Fatal(err)
	}
	s := signin.SignIn{Client: client, User: gitlab.User{ID: 42, Username: "ada"}}
	fmt.Println(s.AccountKey())
	// Output: https://gitlab.com user 42
}

// newExample starts a GitLab with an application that answers at callback.
func newExample(callback string) (*gitlabtest.Server, *gitlab.Client, gitlab.OAuthProvider) {
	server, err := gitlabtest.Start()
	if err != nil {
		log.Fatal(err)
	}
	app := server.NewApplication(gitlabtest.Application{Confidential: true, Scopes: []string{"api"}, RedirectURI: callback})
	provider := gitlab.OAuthProvider{ClientID: app.ClientID, ClientSecret: app.ClientSecret}
	client, err := gitlab.New(gitlab.Config{BaseURL: server.URL, Provider: provider, Store: gitlab.NewMemoryStore()})
	if err != nil {
		log.Fatal(err)
	}
	return server, client, provider
}
