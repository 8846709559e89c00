package gitlab_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestCallSendsAndReadsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusCreated, `{"id":3,"ref":"main"}`))
	c := w.signIn(t, 2*time.Hour)
	p := gitlab.PathTo("/projects/{project}/pipeline", "group/app").With(url.Values{"ref": {"a b+c"}})
	var out struct {
		ID  int64  `json:"id"`
		Ref string `json:"ref"`
	}

	err := c.Call(t.Context(), http.MethodPost, p, map[string]any{"ref": "main", "inputs": []int{1, 2}}, &out, gitlab.WithHeader("Sudo", "bob"))

	require.NoError(t, err)
	assert.Equal(t, int64(3), out.ID)
	assert.Equal(t, "main", out.Ref)
	require.Len(t, w.sent(), 1)
	sent := w.sent()[0]
	assert.Equal(t, http.MethodPost, sent.Method)
	assert.Equal(t, baseURL+"/api/v4/projects/group%2Fapp/pipeline?ref=a+b%2Bc", sent.URL)
	assert.JSONEq(t, `{"ref":"main","inputs":[1,2]}`, sent.Body)
	assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
	assert.Equal(t, "bob", sent.Header.Get("Sudo"))

	require.NoError(t, c.Call(t.Context(), http.MethodPost, p, nil, nil))
	assert.Empty(t, w.sent()[1].Body, "no input, no body")
	assert.Empty(t, w.sent()[1].Header.Get("Content-Type"))
}

func TestAnswerWithoutABodyIsNoError(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status int
		body   string
	}{
		"204":                {http.StatusNoContent, ""},
		"200 of nothing":     {http.StatusOK, ""},
		"201 of white space": {http.StatusCreated, " \r\n\t"},
		"202 null":           {http.StatusAccepted, "null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(always(row.status, row.body))
			out := gitlab.User{Username: "before"}
			require.NoError(t, w.client.Call(t.Context(), http.MethodGet, gitlab.PathTo("/user"), nil, &out))
			assert.Equal(t, gitlab.User{Username: "before"}, out, "left as it is")
			require.NoError(t, w.client.Call(t.Context(), http.MethodDelete, gitlab.PathTo("/user"), nil, nil))
			user, err := gitlab.Get[*gitlab.User](t.Context(), w.client, gitlab.PathTo("/user"))
			require.NoError(t, err)
			assert.Nil(t, user)
			for _, err := range gitlab.List[gitlab.User](t.Context(), w.client, gitlab.PathTo("/users")) {
				t.Errorf("an item of an empty answer: %v", err)
			}
		})
	}
}

func TestCallErrsBeforeAnyIO(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	for name, row := range map[string]struct {
		method string
		path   gitlab.Path
		in     any
		says   string
	}{
		"no path":         {http.MethodGet, gitlab.Path{}, nil, "the path is empty"},
		"a bad path":      {http.MethodGet, gitlab.PathTo("/projects/{project}"), nil, "1 {placeholders}, but 0 elements"},
		"no method":       {"GET /", gitlab.PathTo("/user"), nil, `method "GET /"`},
		"not JSON at all": {http.MethodPost, gitlab.PathTo("/user"), func() {}, "POST /user: encoding the input"},
	} {
		err := c.Call(t.Context(), row.method, row.path, row.in, nil)
		require.ErrorContains(t, err, row.says, name)
		assert.True(t, strings.HasPrefix(err.Error(), "gitlab: "), err)
	}
	_, err := c.Do(nil) //nolint:bodyclose // nil
	require.ErrorContains(t, err, "needs a request with a URL")
	_, err = c.Do(&http.Request{}) //nolint:bodyclose // nil
	require.ErrorContains(t, err, "needs a request with a URL")
	assert.Empty(t, w.sent())
}

func TestAnswersLargerThanTheLimitAreErrors(t *testing.T) {
	t.Parallel()
	const body = `{"id":7,"username":"ada"}`
	for limit, fits := range map[int64]bool{int64(len(body)): true, int64(len(body)) - 1: false, 0: true} {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxResponseBytes = limit })
		w.mock.RegisterNoResponder(always(http.StatusOK, body))
		user, err := w.client.Users.Current(t.Context())
		if fits {
			require.NoError(t, err)
			assert.Equal(t, "ada", user.Username)
		} else {
			require.ErrorContains(t, err, "gitlab: GET /user: the answer is larger than 24 bytes, see Config.MaxResponseBytes")
			assert.Zero(t, user)
		}
		resp, err := w.client.Do(request(t, http.MethodGet, userURL, ""))
		require.NoError(t, err)
		stream, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.JSONEq(t, body, string(stream), "streams have no limit")
	}
}

// request makes a request with the test's context; its body can be sent again.
func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	return req
}

func TestPageOfHTMLIsNoAnswer(t *testing.T) {
	t.Parallel()
	page := func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "<!DOCTYPE html><title>Deploy in progress</title>")
		resp.Header.Set("Content-Type", "text/html; charset=utf-8")
		return resp, nil
	}
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(page)
	c := w.client.WithToken("glpat-1")
	_, got := c.Users.Current(t.Context())
	deleted := c.Hooks.Delete(t.Context(), gitlab.InProject("group/app"), 1)
	var listed error
	for _, err := range gitlab.List[gitlab.User](t.Context(), c, gitlab.PathTo("/users")) {
		listed = err
	}
	for name, err := range map[string]error{"get": got, "an answer that is not looked at": deleted, "list": listed} {
		var refused *gitlab.APIError
		require.ErrorAs(t, err, &refused, name)
		assert.Equal(t, http.StatusOK, refused.StatusCode, name)
		assert.Contains(t, refused.Message, "an HTML page instead of an API answer", name)
		assert.NotContains(t, err.Error(), "Deploy", name)
	}
}

func TestAnswerOfAnotherShapeIsAnError(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`["hush"]`:      "gitlab: GET /user: decoding the answer: ",
		`{"id":"hush"}`: "gitlab: GET /user: decoding the answer: ",
		`{"id":7`:       "gitlab: GET /user: decoding the answer: ",
		`Retry later`:   "gitlab: GET /user: decoding the answer: ",
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, body))
		_, err := w.client.Users.Current(t.Context())
		require.ErrorContains(t, err, says, body)
		assert.NotContains(t, err.Error(), "hush")
	}
}

func TestAnswerThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
	broken := errors.New("connection reset")
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id":7}`), brokenReader{broken}))
		return resp, nil
	})
	_, err := w.client.Users.Current(t.Context())
	require.ErrorIs(t, err, broken)
	require.EqualError(t, err, "gitlab: GET /user: reading the answer: the connection was cut off: connection reset")
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestDoAnswersRefusalsAsErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	closed := 0
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusTeapot, `{"message":"418 short and stout"}`)
		resp.Body = &countedBody{Reader: resp.Body, closed: &closed}
		return resp, nil
	})
	c := w.signIn(t, 2*time.Hour)

	resp, err := c.Do(request(t, http.MethodPut, baseURL+"/api/v4/a%2Fb?private=hush", "x")) //nolint:bodyclose // nil

	assert.Nil(t, resp)
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, gitlab.APIError{
		StatusCode: http.StatusTeapot, Method: http.MethodPut, Path: "/gitlab/api/v4/a%2Fb", Message: "418 short and stout",
	}, *refused)
	assert.Equal(t, 1, closed)
	assert.Equal(t, "x", w.sent()[0].Body)
}

type countedBody struct {
	io.Reader

	closed *int
}

func (b *countedBody) Close() error {
	*b.closed++
	return nil
}

func TestDoHidesTheQueryInErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") })
	c := w.client.WithToken("glpat-1")

	resp, err := c.Do(request(t, "", userURL+"?private_token=hush", "")) //nolint:bodyclose // nil
	assert.Nil(t, resp)
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: connection refused")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Do(request(t, http.MethodGet, userURL+"?private_token=hush", "").WithContext(ended)) //nolint:bodyclose // nil
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hush")

	closed := 0
	elsewhere := request(t, http.MethodPost, "https://elsewhere.example.com/?private_token=hush", "")
	elsewhere.Body = &countedBody{Reader: http.NoBody, closed: &closed}
	before := len(w.sent())
	_, err = c.Do(elsewhere) //nolint:bodyclose // nil
	require.EqualError(t, err, "gitlab: https://elsewhere.example.com is not at https://gitlab.example.com; tokens go nowhere else")
	assert.Equal(t, 1, closed)
	assert.Len(t, w.sent(), before)
}

func TestTransportThatAnswersNothingIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = &http.Client{Transport: mute{}} })
	_, err := w.signIn(t, 2*time.Hour).Users.Current(t.Context())
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: the HTTP transport returned neither an answer nor an error")
}

type mute struct{}

func (mute) RoundTrip(*http.Request) (*http.Response, error) { return nil, nil }

// sparse is a transport such as people write for their tests: its answers lack
// what net/http's have.
type sparse struct{ statuses []int }

func (s *sparse) RoundTrip(*http.Request) (*http.Response, error) {
	status := s.statuses[0]
	s.statuses = s.statuses[1:]
	return &http.Response{StatusCode: status}, nil
}

func TestAnswersWithoutRequestAndBodyAreUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.Provider = nil
		cfg.HTTPClient = &http.Client{Transport: &sparse{statuses: []int{http.StatusNotFound, http.StatusUnauthorized, http.StatusOK}}}
	})
	c := w.signIn(t, 0)
	_, err := c.Users.Current(t.Context())
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: status 404")
	_, err = c.Users.Current(t.Context())
	require.EqualError(t, err, "gitlab: GET /gitlab/api/v4/user: status 401")
	_, err = c.Users.Current(t.Context())
	require.NoError(t, err)
}
