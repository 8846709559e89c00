package signin_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/signin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Two keys for cookies.
var (
	key1 = []byte("0123456789abcdef0123456789abcdef")
	key2 = []byte("fedcba9876543210fedcba9876543210")
)

const (
	appURL      = "https://app.example.com"
	callbackURL = appURL + "/gitlab/callback"
)

// site is an application with a sign-in, and a GitLab. No request of theirs
// leaves the process, so that it may live in a synctest bubble.
type site struct {
	gitlab  *gitlabtest.Server
	app     gitlabtest.Application
	store   *gitlab.MemoryStore
	client  *gitlab.Client
	in      signin.Instance
	handler *signin.Handler

	mu     sync.Mutex // guards failed
	failed []*signin.Error
}

// newSite makes an application with one instance, "work"; change, if not nil,
// edits its configuration.
func newSite(t *testing.T, change func(*site, *signin.Config)) *site {
	t.Helper()
	s := &site{gitlab: gitlabtest.New(t, gitlabtest.InMemory(), gitlabtest.WithPath("/gitlab")), store: gitlab.NewMemoryStore()}
	s.gitlab.AutoApprove("ada")
	s.app = s.gitlab.NewApplication(gitlabtest.Application{
		Confidential: true, Scopes: []string{"api", "read_user", "openid"}, RedirectURI: callbackURL + " " + callbackURL + "?instance=work",
	})
	s.in = signin.Instance{Provider: gitlab.OAuthProvider{
		ClientID: s.app.ClientID, ClientSecret: s.app.ClientSecret, RedirectURL: callbackURL, Scopes: []string{"api"},
	}}
	s.client = s.newClient(t)
	s.in.Client = s.client
	cfg := signin.Config{
		Instances:  map[string]signin.Instance{"work": s.in},
		CookieKeys: [][]byte{key1},
		Key:        func(*http.Request, signin.SignIn) (string, error) { return "user-42", nil },
		StartPage:  "/settings",
		Failed: func(w http.ResponseWriter, r *http.Request, err *signin.Error) {
			s.mu.Lock()
			s.failed = append(s.failed, err)
			s.mu.Unlock()
			err.ServeHTTP(w, r)
		},
	}
	if change != nil {
		change(s, &cfg)
	}
	handler, err := signin.New(cfg)
	require.NoError(t, err)
	s.handler = handler
	return s
}

// newClient is a client of another process on the same store.
func (s *site) newClient(t *testing.T) *gitlab.Client {
	t.Helper()
	client, err := gitlab.New(gitlab.Config{
		BaseURL: s.gitlab.URL, Provider: s.in.Provider, Store: s.store, HTTPClient: s.gitlab.Client(), MaxRetries: -1,
	})
	require.NoError(t, err)
	return client
}

// lastFailure is what Config.Failed was told last.
func (s *site) lastFailure(t *testing.T) *signin.Error {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.failed)
	return s.failed[len(s.failed)-1]
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("/gitlab/login", s.handler.Login)
	mux.HandleFunc("/gitlab/callback", s.handler.Callback)
	mux.HandleFunc("/{instance}/login", s.handler.Login)
	mux.HandleFunc("/{instance}/callback", s.handler.Callback)
	mux.ServeHTTP(w, r)
}

// browser has cookies, and follows no redirects by itself.
type browser struct {
	t    *testing.T
	site *site
	jar  *cookiejar.Jar
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, site: s, jar: jar}
}

// page is an answer.
type page struct {
	status  int
	header  http.Header
	body    string
	cookies []*http.Cookie
}

func (p page) location() string { return p.header.Get("Location") }

// open sends a request to the application.
func (b *browser) open(method, target, form string) page {
	b.t.Helper()
	at, err := url.Parse(appURL)
	require.NoError(b.t, err)
	at, err = at.Parse(target)
	require.NoError(b.t, err)
	req := httptest.NewRequestWithContext(b.t.Context(), method, at.String(), strings.NewReader(form))
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range b.jar.Cookies(at) {
		req.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.site.ServeHTTP(rec, req)
	resp := rec.Result()
	b.jar.SetCookies(at, resp.Cookies())
	return page{resp.StatusCode, resp.Header, rec.Body.String(), resp.Cookies()}
}

// get opens a page.
func (b *browser) get(target string) page { b.t.Helper(); return b.open(http.MethodGet, target, "") }

// login starts a sign-in and returns the page of GitLab's.
func (b *browser) login(target string) (authorize string) {
	b.t.Helper()
	p := b.get(target)
	require.Equal(b.t, http.StatusSeeOther, p.status, p.body)
	return p.location()
}

// approve opens a page of GitLab's and returns where that sends the browser.
func (b *browser) approve(server *gitlabtest.Server, authorize string) (callback string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, authorize, nil)
	require.NoError(b.t, err)
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusFound, resp.StatusCode, string(body))
	return resp.Header.Get("Location")
}

// reach starts a sign-in, approves it, and returns the callback's URL.
func (b *browser) reach() (callback string) {
	b.t.Helper()
	return b.approve(b.site.gitlab, b.login("/gitlab/login"))
}

// whoami is the user whom GitLab takes client for.
func whoami(ctx context.Context, client *gitlab.Client) (string, error) {
	user, err := client.Users.Current(ctx)
	return user.Username, err
}

// session is an application's own session, which browsers find by a cookie that
// the test leaves out: there is one browser.
type session struct {
	mu      sync.Mutex // guards values
	values  map[string]string
	saveErr error
	takeErr error
}

func (s *session) Save(_ http.ResponseWriter, _ *http.Request, id, value string, expires time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Until(expires) > 10*time.Minute || time.Until(expires) < 9*time.Minute {
		return fmt.Errorf("expires in %s", time.Until(expires))
	}
	s.values[id] = value
	return s.saveErr
}

func (s *session) Take(_ http.ResponseWriter, _ *http.Request, id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := s.values[id]
	delete(s.values, id)
	return value, s.takeErr
}

// requireSecretFree checks that text has none of secrets in it.
func requireSecretFree(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotEmpty(t, secret)
		require.False(t, bytes.Contains([]byte(text), []byte(secret)), text)
	}
}
