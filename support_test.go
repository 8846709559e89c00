package gitlab_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The instance of these tests has a path, since it is easily forgotten.
const (
	baseURL  = "https://gitlab.example.com/gitlab"
	userURL  = baseURL + "/api/v4/user"
	tokenURL = baseURL + "/oauth/token"
)

// Literal answers, as GitLab sends them.
const (
	userJSON   = `{"id":7,"username":"ada","name":"Ada Lovelace","state":"active","web_url":"https://gitlab.example.com/ada"}`
	pairJSON   = `{"access_token":"access-2","token_type":"Bearer","expires_in":7200,"refresh_token":"refresh-2","scope":"api","created_at":1536798907}`
	pair3JSON  = `{"access_token":"access-3","token_type":"Bearer","expires_in":7200,"refresh_token":"refresh-3","scope":"api","created_at":1536798908}`
	grantJSON  = `{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}`
	clientJSON = `{"error":"invalid_client","error_description":"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}`
	bareJSON   = `{"message":"401 Unauthorized"}`
)

// call is a request that reached the server.
type call struct {
	Method, URL, Authorization, Body string
	Header                           http.Header
	At                               time.Time
}

// world is a client on a mocked GitLab, and all requests that it made.
type world struct {
	mock   *httpmock.MockTransport
	store  gitlab.IdentityStore
	client *gitlab.Client

	mu     sync.Mutex // guards all below
	calls  []call
	events []gitlab.RefreshEvent
	dead   map[string]bool // refresh tokens that were revoked
}

// RoundTrip records the request before the mock answers it.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	c := call{Method: req.Method, URL: req.URL.String(), Authorization: req.Header.Get("Authorization"), Header: req.Header.Clone(), At: time.Now()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		c.Body = string(body)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	dead := w.dead
	w.mu.Unlock()
	if form, err := url.ParseQuery(c.Body); err == nil && c.URL == tokenURL && dead[form.Get("refresh_token")] {
		return answer(req, http.StatusBadRequest, grantJSON), nil
	}
	return w.mock.RoundTrip(req)
}

// sent is what was requested so far.
func (w *world) sent() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]call(nil), w.calls...)
}

// posts counts the requests to the token endpoint.
func (w *world) posts() (n int) {
	for _, c := range w.sent() {
		if strings.HasSuffix(c.URL, "/oauth/token") {
			n++
		}
	}
	return n
}

// apiCalls are the requests that went anywhere else.
func (w *world) apiCalls() (calls []call) {
	for _, c := range w.sent() {
		if !strings.HasSuffix(c.URL, "/oauth/token") {
			calls = append(calls, c)
		}
	}
	return calls
}

// outcomes are the events so far.
func (w *world) outcomes() (outcomes []gitlab.RefreshOutcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		outcomes = append(outcomes, e.Outcome)
	}
	return outcomes
}

// newWorld makes a client of an empty memory store; change, if not nil, edits
// its configuration.
func newWorld(t *testing.T, change func(*gitlab.Config)) *world {
	t.Helper()
	w := &world{mock: httpmock.NewMockTransport()}
	cfg := gitlab.Config{
		BaseURL:    baseURL,
		Provider:   gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"},
		Store:      gitlab.NewMemoryStore(),
		HTTPClient: &http.Client{Transport: w},
		OnRefresh: func(_ context.Context, e gitlab.RefreshEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	}
	if change != nil {
		change(&cfg)
	}
	client, err := gitlab.New(cfg)
	require.NoError(t, err)
	w.client, w.store = client, cfg.Store
	return w
}

// signIn stores the pair access-1, refresh-1 under "ada" and returns its client.
func (w *world) signIn(t *testing.T, lifetime time.Duration) *gitlab.Client {
	t.Helper()
	data := gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1", TokenType: "Bearer", Scope: "api", CreatedAt: time.Unix(1500000000, 0).UTC()}
	if lifetime != 0 {
		data.ExpiresAt = time.Now().Add(lifetime)
	}
	c, err := w.client.Authorize(t.Context(), "ada", data)
	require.NoError(t, err)
	return c
}

// stored is what the store has of "ada".
func (w *world) stored(t *testing.T) gitlab.OAuthData {
	t.Helper()
	id, err := w.store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	return id.Data
}

// accepts answers API requests with body if they carry one of tokens, and with
// GitLab's 401 for an expired token otherwise.
func accepts(body string, tokens ...string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		for _, token := range tokens {
			if req.Header.Get("Authorization") == "Bearer "+token {
				return answer(req, http.StatusOK, body), nil
			}
		}
		return expired(req), nil
	}
}

func expired(req *http.Request) *http.Response {
	resp := answer(req, http.StatusUnauthorized, `{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}`)
	resp.Header.Set("WWW-Authenticate", `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="Token is expired. You can either do re-authorization or token refresh."`)
	return resp
}

// always answers with the same status and body.
func always(status int, body string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) { return answer(req, status, body), nil }
}

// inTurn answers with each responder once, and with the last one from then on.
func inTurn(responders ...httpmock.Responder) httpmock.Responder {
	var mu sync.Mutex
	return func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		next := responders[0]
		if len(responders) > 1 {
			responders = responders[1:]
		}
		mu.Unlock()
		return next(req)
	}
}

func answer(req *http.Request, status int, body string) *http.Response {
	resp := httpmock.NewStringResponse(status, body)
	resp.Request = req
	resp.Header.Set("Content-Type", "application/json")
	return resp
}

// issuer is a GitLab that rotates: a refresh token works once, and only the
// newest access token is taken. It starts with refresh-1; access-1 has expired.
type issuer struct {
	delay time.Duration // before a token request is decided
	late  time.Duration // between the rotation and its answer

	mu       sync.Mutex // guards all below
	rotated  int        // how often
	running  int        // token requests under way
	mostRuns int        // the most of them at a time
}

// issuing makes an issuer answer w's token requests, and API requests for user.
func issuing(w *world, delay, late time.Duration) *issuer {
	i := &issuer{delay: delay, late: late}
	w.mock.RegisterResponder(http.MethodPost, tokenURL, i.token)
	w.mock.RegisterResponder(http.MethodGet, userURL, i.api)
	return i
}

func (i *issuer) pair() (access, refresh string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return fmt.Sprintf("access-%d", i.rotated+1), fmt.Sprintf("refresh-%d", i.rotated+1)
}

func (i *issuer) token(req *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.running++
	i.mostRuns = max(i.mostRuns, i.running)
	i.mu.Unlock()
	defer func() {
		i.mu.Lock()
		i.running--
		i.mu.Unlock()
	}()
	if err := req.ParseForm(); err != nil {
		return nil, err
	}
	time.Sleep(i.delay)
	if _, refresh := i.pair(); req.PostForm.Get("refresh_token") != refresh {
		return answer(req, http.StatusBadRequest, grantJSON), nil
	}
	i.mu.Lock()
	i.rotated++
	i.mu.Unlock()
	access, refresh := i.pair()
	time.Sleep(i.late)
	return answer(req, http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":7200,"refresh_token":%q,"scope":"api","created_at":1536798907}`, access, refresh)), nil
}

func (i *issuer) api(req *http.Request) (*http.Response, error) {
	access, _ := i.pair()
	if access == "access-1" {
		return expired(req), nil
	}
	return accepts(userJSON, access)(req)
}

// hookedStore is a store whose methods a test replaces. They may be replaced
// while nothing uses the store.
type hookedStore struct {
	gitlab.IdentityStore
	before func(ctx context.Context, method string) // "load", "save" or "lock"
	load   func(context.Context, string) (gitlab.Identity, error)
	save   func(context.Context, gitlab.Identity) (string, error)
	lock   func(context.Context, string) (*gitlab.IdentityLock, error)
}

func (s *hookedStore) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if s.before != nil {
		s.before(ctx, "load")
	}
	if s.load != nil {
		return s.load(ctx, key)
	}
	return s.IdentityStore.LoadIdentity(ctx, key)
}

func (s *hookedStore) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if s.before != nil {
		s.before(ctx, "save")
	}
	if s.save != nil {
		return s.save(ctx, id)
	}
	return s.IdentityStore.SaveIdentity(ctx, id)
}

func (s *hookedStore) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	if s.before != nil {
		s.before(ctx, "lock")
	}
	if s.lock != nil {
		return s.lock(ctx, key)
	}
	return s.IdentityStore.LockIdentity(ctx, key)
}

// hooked makes w's store a hookedStore, for use as newWorld's change.
func hooked(store **hookedStore) func(*gitlab.Config) {
	return func(cfg *gitlab.Config) {
		*store = &hookedStore{IdentityStore: cfg.Store}
		cfg.Store = *store
	}
}

// replica is another process on w's GitLab that shares store.
func (w *world) replica(t *testing.T, store gitlab.IdentityStore) *world {
	t.Helper()
	other := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
	other.mock = w.mock
	return other
}

// put stores data under "ada" behind the client's back.
func put(t *testing.T, store gitlab.IdentityStore, data gitlab.OAuthData) {
	t.Helper()
	id, err := store.LoadIdentity(t.Context(), "ada")
	if err != nil {
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		id = gitlab.Identity{Key: "ada", BaseURL: baseURL}
	}
	id.Data = data
	_, err = store.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
}

// pairOf is access-n and refresh-n, with two hours to live.
func pairOf(n int) gitlab.OAuthData {
	return gitlab.OAuthData{AccessToken: fmt.Sprintf("access-%d", n), RefreshToken: fmt.Sprintf("refresh-%d", n), ExpiresAt: time.Now().Add(2 * time.Hour)}
}

// carried are the Authorization headers of the API requests, in their order.
func (w *world) carried() (headers []string) {
	for _, c := range w.apiCalls() {
		headers = append(headers, c.Authorization)
	}
	return headers
}

// spent are the refresh tokens that were sent, in their order.
func (w *world) spent() (tokens []string) {
	for _, c := range w.sent() {
		if form, err := url.ParseQuery(c.Body); err == nil && form.Has("refresh_token") {
			tokens = append(tokens, form.Get("refresh_token"))
		}
	}
	return tokens
}
