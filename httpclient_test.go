package gitlab_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestHTTPClientOfTheApplicationIsNeverChanged(t *testing.T) {
	t.Parallel()
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	transport.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	given := &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = given })
	c := w.signIn(t, 0)
	_, err = c.Users.Current(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, transport.GetTotalCallCount())
	assert.Equal(t, &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}, given)

	first := c.HTTPClient()
	first.Transport, first.Timeout = nil, time.Nanosecond
	second := c.HTTPClient()
	assert.NotNil(t, second.Transport)
	assert.Equal(t, time.Minute, second.Timeout)
	_, err = c.Users.Current(t.Context())
	require.NoError(t, err, "what HTTPClient returns is the caller's own")
	assert.Same(t, jar, second.Jar)
}

func TestJarOfTheApplicationIsUsedForTheAPIAlone(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	w := newWorld(t, nil)
	w2 := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = &http.Client{Transport: w, Jar: jar} })
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(
		with("Set-Cookie", "affinity=7; Path=/", accepts(userJSON, "access-1")), accepts(userJSON, "access-2"),
	))
	c := w2.signIn(t, 0)
	for range 2 {
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
	}
	sent := w.sent()
	require.Len(t, sent, 4, "GET, GET, POST, GET")
	for i, cookie := range []string{"", "affinity=7", "", "affinity=7"} {
		assert.Equal(t, cookie, sent[i].Header.Get("Cookie"), i)
	}
}

func TestTimeoutOfTheApplicationIsObeyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		w2 := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = &http.Client{Transport: w, Timeout: 7 * time.Second} })
		c := w2.client.WithToken("glpat-1")
		started := time.Now()
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 7*time.Second, time.Since(started))
		err = get(t, c.HTTPClient(), userURL)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 14*time.Second, time.Since(started))
	})
}

func TestCheckRedirectOfTheApplicationIsObeyed(t *testing.T) {
	t.Parallel()
	stop := errors.New("no further")
	var asked []string
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, redirect(http.StatusFound, baseURL+"/api/v4/users/7"))
	w.mock.RegisterResponder(http.MethodPost, userURL, redirect(http.StatusFound, baseURL+"/api/v4/users/7"))
	w.mock.RegisterResponder(http.MethodGet, baseURL+"/api/v4/users/7", redirect(http.StatusFound, baseURL+"/api/v4/users/8"))
	w2 := newWorld(t, func(cfg *gitlab.Config) {
		cfg.HTTPClient = &http.Client{Transport: w, CheckRedirect: func(req *http.Request, via []*http.Request) error {
			asked = append(asked, req.URL.Path)
			assert.Equal(t, "/gitlab/api/v4/user", via[0].URL.Path)
			switch len(via) {
			case 1:
				return nil
			default:
				return stop
			}
		}}
	})
	c := w2.client.WithToken("glpat-1")

	_, err := c.Users.Current(t.Context())
	require.ErrorIs(t, err, stop)
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: no further")
	assert.Equal(t, []string{"/gitlab/api/v4/users/7", "/gitlab/api/v4/users/8"}, asked)
	assert.Len(t, w.sent(), 2)

	err = c.Call(t.Context(), http.MethodPost, gitlab.PathTo("/user"), nil, nil)
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusFound, refused.StatusCode)
	assert.Len(t, asked, 2, "not asked for what must not be followed")
}

func TestRedirectThatIsNotFollowedIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{"by the application's wish": baseURL + "/api/v4/users/7", "for lack of a location": ""} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusFound, "")
			if location != "" {
				resp.Header.Set("Location", location)
			}
			return resp, nil
		})
		w2 := newWorld(t, func(cfg *gitlab.Config) {
			cfg.HTTPClient = &http.Client{Transport: w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		})
		c := w2.client.WithToken("glpat-1")
		_, err := c.Users.Current(t.Context())
		var refused *gitlab.APIError
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, http.StatusFound, refused.StatusCode, name)

		resp, err := c.Do(request(t, http.MethodGet, userURL, ""))
		require.NoError(t, err, "whoever asks for it gets it: %s", name)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusFound, resp.StatusCode, name)
	}
}

func TestRedirectsEndSomewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(redirect(http.StatusFound, userURL))
	_, err := w.client.Users.Current(t.Context())
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: stopped after 10 redirects")
	assert.Len(t, w.sent(), 10)
}

func TestHTTPClientReturnsEveryAnswerAsAResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = nil })
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
	w.mock.RegisterResponder(http.MethodGet, baseURL+"/missing", always(http.StatusNotFound, `{"message":"404 Not Found"}`))
	w.mock.RegisterResponder(http.MethodPost, userURL, redirect(http.StatusTemporaryRedirect, "https://elsewhere.example.com/"))
	client := w.signIn(t, 0).HTTPClient()
	for _, row := range []struct {
		method, url string
		status      int
		body        string
	}{
		{http.MethodGet, userURL, http.StatusUnauthorized, "Token is expired."},
		{http.MethodGet, baseURL + "/missing", http.StatusNotFound, "404 Not Found"},
		{http.MethodPost, userURL, http.StatusTemporaryRedirect, "GitLab is not responding"},
	} {
		resp, err := client.Do(request(t, row.method, row.url, "{}"))
		require.NoError(t, err, row)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, row.status, resp.StatusCode)
		assert.Contains(t, string(body), row.body)
	}
}

func TestHTTPClientRefreshesLikeDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, baseURL+"/api/graphql", accepts(`{"data":{}}`, "access-2"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	client := w.signIn(t, 0).HTTPClient()
	resp, err := client.Do(request(t, http.MethodPost, baseURL+"/api/graphql", `{"query":"{}"}`))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	calls := w.apiCalls()
	require.Len(t, calls, 2)
	assert.Equal(t, calls[0].Body, calls[1].Body)
	assert.JSONEq(t, `{"query":"{}"}`, calls[1].Body)
	assert.Equal(t, "Bearer access-2", calls[1].Authorization)
	assert.Equal(t, 1, w.posts())
}

func TestTokenSourceGivesAccessTokensAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	ada := w.signIn(t, 2*time.Hour)

	token, err := ada.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, "access-1", token.AccessToken)
	assert.Empty(t, token.RefreshToken)
	assert.Equal(t, "Bearer", token.TokenType)
	assert.Equal(t, w.stored(t).ExpiresAt, token.Expiry)
	assert.Empty(t, w.sent())

	w.signIn(t, -time.Second)
	token, err = ada.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, "access-2", token.AccessToken, "an expired token is refreshed first")
	assert.Empty(t, token.RefreshToken)
	assert.Equal(t, 1, w.posts())

	token, err = w.client.WithToken("glpat-1").TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, "glpat-1", token.AccessToken)
	assert.True(t, token.Valid(), "never expires")
	_, err = w.client.TokenSource(t.Context()).Token()
	require.EqualError(t, err, "gitlab: an anonymous client has no token")
}

func TestTokenSourceLeavesWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	begun, release := make(chan struct{}), make(chan struct{})
	w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
		close(begun)
		<-release
		return answer(req, http.StatusOK, pairJSON), nil
	})
	ada := w.signIn(t, -time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err := ada.TokenSource(ctx).Token()
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	require.NoError(t, w.client.Shutdown(t.Context()))
	assert.Equal(t, "access-2", w.stored(t).AccessToken, "what was begun is finished")
}

func TestOnCallIsToldEveryRequest(t *testing.T) {
	t.Parallel()
	type key struct{}
	var events []gitlab.CallEvent
	var contexts []any
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.MaxRetries = -1
		cfg.OnCall = func(ctx context.Context, e gitlab.CallEvent) {
			assert.GreaterOrEqual(t, e.Duration, time.Duration(0))
			e.Duration = 0
			events, contexts = append(events, e), append(contexts, ctx.Value(key{}))
		}
	})
	down := errors.New("connection refused")
	issueURL := baseURL + "/api/v4/projects/group%2Fapp/issues/7"
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		switch {
		case req.URL.String() == tokenURL:
			return answer(req, http.StatusOK, pairJSON), nil
		case req.URL.String() == issueURL:
			return accepts(`{"iid":7}`, "access-2")(req)
		case strings.HasSuffix(req.URL.Path, "/old"):
			return redirect(http.StatusMovedPermanently, "/gitlab/api/v4/projects/4")(req)
		}
		return nil, down
	})
	c := w.signIn(t, 0)
	ctx := context.WithValue(t.Context(), key{}, "trace-1")

	_, err := c.Issues.Get(ctx, "group/app", 7)
	require.NoError(t, err)
	_, err = c.Projects.Get(ctx, "group/old")
	require.Error(t, err)
	_, err = w.client.Do(request(t, http.MethodPost, baseURL+"/api/graphql?private=hush", "{}").WithContext(ctx)) //nolint:bodyclose // nil
	require.Error(t, err)

	assert.Equal(t, []gitlab.CallEvent{
		{Key: "ada", Method: "GET", Route: "/projects/{project}/issues/{iid}", Status: 401, Attempt: 1},
		{Key: "ada", Method: "GET", Route: "/projects/{project}/issues/{iid}", Status: 200, Attempt: 2},
		{Key: "ada", Method: "GET", Route: "/projects/{project}", Status: 301, Attempt: 1},
		{Key: "ada", Method: "GET", Route: "/projects/{project}", Attempt: 1, Err: down},
		{Method: "POST", Attempt: 1, Err: down},
	}, events, "token calls are no API calls")
	assert.Equal(t, []any{"trace-1", "trace-1", "trace-1", "trace-1", "trace-1"}, contexts)
}

func TestListNamesItsRouteOnEveryPage(t *testing.T) {
	t.Parallel()
	var routes []string
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) { routes = append(routes, e.Route) }
	})
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, `[{"iid":1}]`)
		if req.URL.Query().Get("page") == "" {
			resp.Header.Set("X-Next-Page", "2")
		}
		return resp, nil
	})
	p := gitlab.PathTo("/projects/{project}/issues", 4).With(url.Values{"state": {"opened"}})
	for _, err := range gitlab.List[gitlab.Issue](t.Context(), w.client, p) {
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"/projects/{project}/issues", "/projects/{project}/issues"}, routes)
}
