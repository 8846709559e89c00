package e2e

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// key is the grant's name in every test.
const key = "ann"

// replica is one process of an application: a client of its own, perhaps on
// a store that it shares.
type replica struct {
	*gitlab.Client // acts as key
	wire           *wire
	store          gitlab.IdentityStore
}

// newReplica starts a replica of the scene's application; change (nil: none)
// has the last word on its configuration.
func newReplica(s *scene, store gitlab.IdentityStore, change func(*gitlab.Config)) *replica {
	s.t.Helper()
	wire := &wire{}
	cfg := gitlab.Config{
		BaseURL:    s.system.root(),
		Provider:   s.provider(),
		Store:      store,
		HTTPClient: &http.Client{Transport: wire},
	}
	if change != nil {
		change(&cfg)
	}
	client, err := gitlab.New(cfg)
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		assert.NoError(s.t, client.Shutdown(ctx))
	})
	return &replica{Client: client.As(key), wire: wire, store: store}
}

func (s *scene) provider() gitlab.OAuthProvider {
	return gitlab.OAuthProvider{ClientID: s.app.clientID, ClientSecret: s.app.clientSecret, RedirectURL: callback}
}

// signedIn is a replica that was just given the scene's grant.
func signedIn(s *scene, store gitlab.IdentityStore) *replica {
	s.t.Helper()
	r := newReplica(s, store, nil)
	r.authorize(s)
	return r
}

func (r *replica) authorize(s *scene) {
	s.t.Helper()
	data := gitlab.OAuthData{AccessToken: s.grant.access, RefreshToken: s.grant.refresh, TokenType: "Bearer", Scope: "api read_api"}
	_, err := r.Client.Authorize(s.t.Context(), key, data)
	require.NoError(s.t, err)
}

// whoami is the call of these tests.
func (r *replica) whoami(ctx context.Context) (username string, err error) {
	user, err := r.Users.Current(ctx)
	return user.Username, err
}

// stored is the pair in the replica's store.
func (r *replica) stored(t *testing.T) pair {
	t.Helper()
	id, err := r.store.LoadIdentity(t.Context(), key)
	require.NoError(t, err)
	return pair{id.Data.AccessToken, id.Data.RefreshToken}
}

// wire is a transport that writes down what it carried.
type wire struct {
	sending func(*http.Request) // called as a request goes out; nil: nothing

	mu    sync.Mutex // guards calls
	calls []call
}

type call struct{ method, path, authorization, outcome string }

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.sending != nil {
		w.sending(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	done := call{r.Method, r.URL.EscapedPath(), r.Header.Get("Authorization"), "lost"}
	if err == nil {
		done.outcome = strconv.Itoa(resp.StatusCode)
	}
	w.mu.Lock()
	w.calls = append(w.calls, done)
	w.mu.Unlock()
	return resp, err
}

// log is what was carried, as "GET /api/v4/user 200".
func (w *wire) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, c := range w.calls {
		lines = append(lines, c.method+" "+c.path+" "+c.outcome)
	}
	return lines
}

// authorizations are the tokens of the API's calls, in order.
func (w *wire) authorizations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var tokens []string
	for _, c := range w.calls {
		if !strings.HasPrefix(c.path, "/oauth/") {
			tokens = append(tokens, c.authorization)
		}
	}
	return tokens
}

// refreshes counts the calls of the token endpoint.
func (w *wire) refreshes() int {
	n := 0
	for _, line := range w.log() {
		if strings.HasPrefix(line, "POST /oauth/token ") {
			n++
		}
	}
	return n
}
