package gitlab_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// instance answers like a GitLab whose only good token is access-2.
func instance(w http.ResponseWriter, req *http.Request) {
	switch {
	case req.URL.Path == "/gitlab/oauth/token":
		_, _ = io.WriteString(w, pairJSON)
	case req.Header.Get("Authorization") == "Bearer access-2":
		_, _ = io.WriteString(w, userJSON)
	default:
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// refreshThrough makes a call that needs a refresh of an instance at base,
// through client.
func refreshThrough(t *testing.T, base string, client *http.Client) error {
	t.Helper()
	c, err := gitlab.New(gitlab.Config{
		BaseURL: base + "/gitlab", HTTPClient: client, Store: gitlab.NewMemoryStore(),
		Provider: gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"},
	})
	require.NoError(t, err)
	ada, err := c.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"})
	require.NoError(t, err)
	_, err = ada.Users.Current(t.Context())
	return err
}

func TestPrivateCAHoldsForAPIAndTokenCalls(t *testing.T) {
	t.Parallel()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(s.recorded(instance))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the stranger's handshake fails
	s.StartTLS()
	t.Cleanup(s.Close)

	require.NoError(t, refreshThrough(t, s.URL, s.Client()))

	arrived := s.arrived()
	require.Len(t, arrived, 3)
	assert.Equal(t, "/gitlab/oauth/token", arrived[1].URL)

	stranger := &http.Client{Transport: &http.Transport{}}
	require.ErrorContains(t, refreshThrough(t, s.URL, stranger), "certificate")
	assert.Len(t, s.arrived(), 3, "nobody without the CA's certificate gets through")
}

func TestProxyCarriesAPIAndTokenCalls(t *testing.T) {
	t.Parallel()
	proxy := newSite(t, instance) // asked for absolute URLs of a host that does not exist
	proxyURL, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	transport := &http.Transport{Proxy: http.ProxyURL(proxyURL)}
	t.Cleanup(transport.CloseIdleConnections)

	require.NoError(t, refreshThrough(t, "http://gitlab.invalid", &http.Client{Transport: transport}))

	var story []string
	for _, c := range proxy.arrived() {
		story = append(story, c.Method+" "+c.URL+" "+c.Authorization)
	}
	assert.Equal(t, []string{
		"GET http://gitlab.invalid/gitlab/api/v4/user Bearer access-1",
		"POST http://gitlab.invalid/gitlab/oauth/token ",
		"GET http://gitlab.invalid/gitlab/api/v4/user Bearer access-2",
	}, story)
}

func TestDefaultTransportOfNetHTTPServesWhereTheClientHasNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, instance)
	require.NoError(t, refreshThrough(t, s.URL, &http.Client{}))
	assert.Len(t, s.arrived(), 3)
}
