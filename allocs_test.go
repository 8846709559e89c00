package gitlab_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// noContent answers every request with 204, and allocates the same each time.
type noContent struct{}

func (noContent) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}, nil
}

// allocsOf is how many allocations one call of send makes with a new request,
// which it lets prepare.
func allocsOf(t *testing.T, send func(*http.Request) (*http.Response, error), prepare func(http.Header)) float64 {
	t.Helper()
	base := baseURL + "/api/v4"
	return testing.AllocsPerRun(100, func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/user", nil)
		require.NoError(t, err)
		prepare(req.Header)
		resp, err := send(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
	})
}

//nolint:paralleltest // it counts the allocations of the whole process
func TestFreshTokenCostsFewAllocations(t *testing.T) {
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = &http.Client{Transport: noContent{}} })
	ada := w.signIn(t, 2*time.Hour)
	userAgent, accept, bearer := []string{"test"}, []string{"application/json"}, []string{"Bearer access-1"}
	bare := func(h http.Header) { h["User-Agent"], h["Accept"] = userAgent, accept }
	byHand := allocsOf(t, (&http.Client{Transport: noContent{}}).Do, func(h http.Header) {
		bare(h)
		h["Authorization"] = bearer
	})
	path := gitlab.PathTo("/user")
	callOf := func(c *gitlab.Client) float64 {
		return testing.AllocsPerRun(100, func() {
			require.NoError(t, c.Call(t.Context(), http.MethodGet, path, nil, nil))
		})
	}

	call := callOf(ada)

	assert.LessOrEqual(t, call, callOf(w.client), "a token costs none")
	assert.LessOrEqual(t, call, byHand+2, "Call")
	assert.LessOrEqual(t, allocsOf(t, ada.Do, bare), byHand+4, "Do")
	assert.LessOrEqual(t, allocsOf(t, ada.HTTPClient().Do, bare), byHand+4, "HTTPClient")
}

//nolint:paralleltest // it counts the allocations of the whole process
func TestPathsCostFewAllocations(t *testing.T) {
	made := testing.AllocsPerRun(100, func() {
		if gitlab.PathTo("/projects/{project}/issues/{iid}", "group/app", 7).String() == "" {
			t.Error("it is no path")
		}
	})
	assert.LessOrEqual(t, made, 2.0, "an escaped element, and the path")
}
