package signin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/signin"
)

// FuzzCallback checks that no query and no cookie that a stranger makes up signs
// anybody in, reaches GitLab, or does more than a 4xx or 5xx.
func FuzzCallback(f *testing.F) {
	f.Add("state=ABCDEFGHIJKLMNOPQRSTUVWXYZ&code=1", "__Host-gitlab-signin-AAAAAAAAAAAAAAAA=MTIz")
	f.Add("state=ABCDEFGHIJKLMNOPQRSTUVWXYZ&error=access_denied", "__Host-gitlab-signin-2BQY6TIXGWYNFPBC=fHx8")
	f.Add("", "")
	client, err := gitlab.New(gitlab.Config{BaseURL: "https://gitlab.example.com", HTTPClient: &http.Client{Transport: nowhere{}}})
	require.NoError(f, err)
	handler, err := signin.New(signin.Config{
		Instances:  map[string]signin.Instance{"work": {Client: client, Provider: gitlab.OAuthProvider{ClientID: "client-id", RedirectURL: callbackURL}}},
		CookieKeys: [][]byte{key1},
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query, cookie string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, callbackURL, nil)
		req.URL.RawQuery = query
		req.Header.Set("Cookie", cookie)
		rec := httptest.NewRecorder()
		handler.Callback(rec, req)
		require.GreaterOrEqual(t, rec.Code, 400)
		require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
	})
}

// nowhere is a network that must not be used.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { panic("a request to GitLab") }
