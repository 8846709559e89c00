package gitlab_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// elsewhereURL is where no secret may go.
const elsewhereURL = "https://elsewhere.example.net/oauth/token"

// noAnswer breaks the connection.
func noAnswer(*http.Request) (*http.Response, error) {
	return nil, errors.New("read tcp 192.0.2.1:443: connection reset by peer")
}

// plain answers with text, page with a page of HTML.
func plain(status int, text string) httpmock.Responder {
	return with("Content-Type", "text/plain; charset=utf-8", always(status, text))
}

func page(status int) httpmock.Responder {
	return with("Content-Type", "text/html; charset=utf-8", always(status, "<!DOCTYPE html>\n<html><body>GitLab is not responding</body></html>"))
}

func redirect(status int, location string) httpmock.Responder {
	return with("Location", location, page(status))
}

// with sets a header of another responder's answers.
func with(name, value string, then httpmock.Responder) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := then(req)
		if resp != nil {
			resp.Header.Set(name, value)
		}
		return resp, err
	}
}

// after answers late.
func after(d time.Duration, then httpmock.Responder) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return then(req)
	}
}

// brokenBody is a body that is watched, and that waits for ctx, if not nil,
// where it breaks off.
type brokenBody struct {
	text   io.Reader
	ctx    context.Context
	read   int
	closed bool
}

func (b *brokenBody) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	b.read += n
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
		if b.ctx != nil {
			<-b.ctx.Done()
			err = b.ctx.Err()
		}
	}
	return n, err
}

func (b *brokenBody) Close() error {
	b.closed = true
	return nil
}

// letters is text without an end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// requireStory checks all that was sent since the last check, in order: "GET
// access-1" is a call with that access token, "POST refresh-1" a request to the
// token endpoint with that refresh token, whose other parts are checked too.
func requireStory(t *testing.T, w *world, want ...string) {
	t.Helper()
	require.Equal(t, want, story(t, w))
}

// requirePosts checks only how often the token endpoint was asked since the
// last check.
func requirePosts(t *testing.T, w *world, want int) {
	t.Helper()
	n := 0
	for _, line := range story(t, w) {
		if strings.HasPrefix(line, "POST refresh-") {
			n++
		}
	}
	require.Equal(t, want, n, "requests to the token endpoint")
}

func story(t *testing.T, w *world) (lines []string) {
	t.Helper()
	w.mu.Lock()
	calls := w.calls
	w.calls = nil
	w.mu.Unlock()
	for _, c := range calls {
		if !strings.HasPrefix(c.URL, tokenURL) {
			require.True(t, strings.HasPrefix(c.URL, baseURL+"/"), "a request to %s", c.URL)
			token, ok := strings.CutPrefix(c.Authorization, "Bearer ")
			require.True(t, ok, "Authorization: %q", c.Authorization)
			lines = append(lines, c.Method+" "+token)
			continue
		}
		require.Equal(t, tokenURL, c.URL)
		require.NotContains(t, c.Header, "Authorization")
		require.NotContains(t, c.Header, "Idempotency-Key")
		form, err := url.ParseQuery(c.Body)
		require.NoError(t, err)
		lines = append(lines, c.Method+" "+form.Get("refresh_token"))
		require.Equal(t, url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {form.Get("refresh_token")},
			"client_id": {"client-id"}, "client_secret": {"client-secret"},
		}, form)
	}
	return lines
}

// requireUnavailable checks that err is ErrRefreshUnavailable and nothing that
// an application or an operator would act on.
func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	require.NotErrorIs(t, err, gitlab.ErrReauthorize)
	require.NotErrorIs(t, err, gitlab.ErrClientRejected)
	var refused *gitlab.IdentityNotValidError
	require.NotErrorAs(t, err, &refused)
}

func assertBetween(t *testing.T, least, got, most time.Duration) {
	t.Helper()
	assert.GreaterOrEqual(t, got, least)
	assert.LessOrEqual(t, got, most)
}

// countLoads counts how often store is read, by a test as well.
func countLoads(store *hookedStore) *int {
	n := 0
	store.load = func(ctx context.Context, key string) (gitlab.Identity, error) {
		n++
		return store.IdentityStore.LoadIdentity(ctx, key)
	}
	return &n
}

// fakeProvider answers as a test wants; n counts the calls from 1.
type fakeProvider struct {
	answer func(ctx context.Context, n int) (gitlab.OAuthData, error)
	calls  []time.Time
}

func (p *fakeProvider) RefreshIdentity(ctx context.Context, _ gitlab.Identity, _ string) (gitlab.OAuthData, error) {
	p.calls = append(p.calls, time.Now())
	return p.answer(ctx, len(p.calls))
}

// first is the error of a list's first item, if any.
func first[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		return err
	}
	return nil
}

// clientIn is ctx with an HTTP client on w, for a provider that is called by
// itself.
func clientIn(ctx context.Context, w *world) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: w})
}

// statusOf gets the current user through an HTTP client.
func statusOf(t *testing.T, client *http.Client) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, userURL, http.NoBody)
	require.NoError(t, err)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}
