package hotpath_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

const (
	baseURL = "https://gitlab.example.com"
	token   = "made-up"
)

// What is the same in all requests.
var (
	userAgent = []string{"hotpath"}
	accept    = []string{"application/json"}
	bearer    = []string{"Bearer " + token}
	byHand    = &http.Client{Transport: stub{}}
)

// stub answers every request with 204.
type stub struct{}

// RoundTrip implements [http.RoundTripper].
func (stub) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}, nil
}

// expiring refuses every other call, and gives the same pair for every refresh
// token. It is not safe for concurrent use.
type expiring struct{ accepted bool }

// RoundTrip implements [http.RoundTripper].
func (e *expiring) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/oauth/token") {
		_ = req.Body.Close()
		return answer(req, http.StatusOK, `{"access_token":"made-up-`+time.Now().Format("150405.000000000")+`","token_type":"Bearer","expires_in":7200,"refresh_token":"made up","scope":"api","created_at":1536798907}`), nil
	}
	if e.accepted = !e.accepted; e.accepted {
		return answer(req, http.StatusUnauthorized, `{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}`), nil
	}
	return stub{}.RoundTrip(req)
}

func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// newClient is an anonymous client on transport.
func newClient(tb testing.TB, transport http.RoundTripper) *gitlab.Client {
	tb.Helper()
	c, err := gitlab.New(gitlab.Config{
		BaseURL:    baseURL,
		Provider:   gitlab.OAuthProvider{ClientID: "hotpath", ClientSecret: "made up"},
		Store:      gitlab.NewMemoryStore(),
		HTTPClient: &http.Client{Transport: transport},
		UserAgent:  userAgent[0],
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// signIn is c as a new stored identity whose token is fresh.
func signIn(tb testing.TB, c *gitlab.Client, key string) *gitlab.Client {
	tb.Helper()
	c, err := c.Authorize(tb.Context(), key, gitlab.OAuthData{
		AccessToken: token, RefreshToken: "made up", ExpiresAt: time.Now().Add(2 * time.Hour),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
