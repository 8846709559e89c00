package gitlab_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestNewSaysWhatToMend(t *testing.T) {
	t.Parallel()
	provider, store := gitlab.OAuthProvider{ClientID: "id"}, gitlab.NewMemoryStore()
	for name, row := range map[string]struct {
		cfg  gitlab.Config
		says string
	}{
		"no base URL":           {gitlab.Config{}, "the base URL is empty"},
		"no scheme":             {gitlab.Config{BaseURL: "gitlab.example.com"}, "no http(s) scheme and host"},
		"host and port alone":   {gitlab.Config{BaseURL: "gitlab.example.com:8443"}, "no http(s) scheme and host"},
		"a path alone":          {gitlab.Config{BaseURL: "/gitlab"}, "no http(s) scheme and host"},
		"another scheme":        {gitlab.Config{BaseURL: "ssh://gitlab.example.com"}, "no http(s) scheme and host"},
		"no host":               {gitlab.Config{BaseURL: "https:///gitlab"}, "no http(s) scheme and host"},
		"a port alone":          {gitlab.Config{BaseURL: "https://:8443"}, "no http(s) scheme and host"},
		"unreadable":            {gitlab.Config{BaseURL: "https://hush hush"}, "cannot be read"},
		"a zone that is none":   {gitlab.Config{BaseURL: "http://[::1%25hush\x89]"}, "cannot be read"},
		"a port that is none":   {gitlab.Config{BaseURL: "https://gitlab.example.com:hush"}, "cannot be read"},
		"user and password":     {gitlab.Config{BaseURL: "https://ada:hush@gitlab.example.com"}, "holds a user name or password"},
		"user":                  {gitlab.Config{BaseURL: "https://hush@gitlab.example.com"}, "holds a user name or password"},
		"empty user":            {gitlab.Config{BaseURL: "https://@gitlab.example.com"}, "holds a user name or password"},
		"query":                 {gitlab.Config{BaseURL: "https://gitlab.example.com?private_token=hush"}, "query or fragment"},
		"empty query":           {gitlab.Config{BaseURL: "https://gitlab.example.com/?"}, "query or fragment"},
		"fragment":              {gitlab.Config{BaseURL: "https://gitlab.example.com/#hush"}, "query or fragment"},
		"the API's path":        {gitlab.Config{BaseURL: "https://gitlab.example.com/api/v4"}, "ends in /api/v4"},
		"and a slash":           {gitlab.Config{BaseURL: "https://gitlab.example.com/gitlab/api/v4/"}, "ends in /api/v4"},
		"provider, no store":    {gitlab.Config{BaseURL: baseURL, Provider: provider}, "Config.Provider needs a Config.Store"},
		"no client ID":          {gitlab.Config{BaseURL: baseURL, Provider: gitlab.OAuthProvider{ClientSecret: "hush"}, Store: store}, "OAuthProvider.ClientID is empty"},
		"no client ID, pointer": {gitlab.Config{BaseURL: baseURL, Provider: &gitlab.OAuthProvider{ClientSecret: "hush"}, Store: store}, "OAuthProvider.ClientID is empty"},
		"negative concurrency":  {gitlab.Config{BaseURL: baseURL, Store: store, MaxConcurrentRefreshes: -1}, "MaxConcurrentRefreshes"},
		"negative grace":        {gitlab.Config{BaseURL: baseURL, FreshTokenGrace: -time.Second}, "FreshTokenGrace"},
		"negative answer sizes": {gitlab.Config{BaseURL: baseURL, MaxResponseBytes: -1}, "MaxResponseBytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := gitlab.New(row.cfg)
			require.Error(t, err)
			assert.Nil(t, c)
			assert.Contains(t, err.Error(), "gitlab: ")
			assert.Contains(t, err.Error(), row.says)
			assert.NotContains(t, err.Error(), "hush")
		})
	}
}

func TestBaseURLTakesEveryFormOfAnInstance(t *testing.T) {
	t.Parallel()
	for raw, called := range map[string]string{
		gitlab.GitLabCom:                     "https://gitlab.com/api/v4/user",
		"https://gitlab.example.com/":        "https://gitlab.example.com/api/v4/user",
		"https://gitlab.example.com//":       "https://gitlab.example.com/api/v4/user",
		"HTTPS://GitLab.Example.COM:443":     "https://gitlab.example.com/api/v4/user",
		"https://gitlab.example.com:":        "https://gitlab.example.com/api/v4/user",
		"http://gitlab.example.com:80/":      "http://gitlab.example.com/api/v4/user",
		"https://gitlab.example.com:80":      "https://gitlab.example.com:80/api/v4/user",
		"http://gitlab.example.com:443":      "http://gitlab.example.com:443/api/v4/user",
		"https://gitlab.example.com:8443":    "https://gitlab.example.com:8443/api/v4/user",
		"https://gitlab.example.com/Git/Lab": "https://gitlab.example.com/Git/Lab/api/v4/user",
		"https://gitlab.example.com/a%20b/":  "https://gitlab.example.com/a%20b/api/v4/user",
		"https://gitlab.example.com/a%2Fb":   "https://gitlab.example.com/a%2Fb/api/v4/user",
		"https://gitlab.example.com/api/v4x": "https://gitlab.example.com/api/v4x/api/v4/user",
		"https://[2001:DB8::1]:443/gitlab":   "https://[2001:db8::1]/gitlab/api/v4/user",
		"http://[::1]:8080":                  "http://[::1]:8080/api/v4/user",
		"http://[fe80::1%25eth0]:8080/":      "http://[fe80::1%25eth0]:8080/api/v4/user",
		"http://127.0.0.1":                   "http://127.0.0.1/api/v4/user",
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *gitlab.Config) { cfg.BaseURL = raw })
			w.mock.RegisterNoResponder(always(http.StatusOK, userJSON))
			user, err := w.client.WithToken("glpat-1").Users.Current(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "ada", user.Username)
			require.Len(t, w.sent(), 1)
			assert.Equal(t, called, w.sent()[0].URL)
			assert.Equal(t, "Bearer glpat-1", w.sent()[0].Authorization)
		})
	}
}

func TestClientsActAsWhomTheyAreMadeFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.UserAgent = "dashboard/1.2" })
	w.mock.RegisterNoResponder(always(http.StatusOK, userJSON))
	ada := w.signIn(t, 2*time.Hour)
	for name, row := range map[string]struct {
		client        *gitlab.Client
		authorization string
	}{
		"nobody":              {w.client, ""},
		"an identity":         {ada, "Bearer access-1"},
		"the same":            {w.client.As("ada"), "Bearer access-1"},
		"made of another one": {w.client.WithToken("glpat-2").As("ada"), "Bearer access-1"},
		"a token":             {w.client.WithToken("glpat-1"), "Bearer glpat-1"},
		"a token's token":     {ada.WithToken("glpat-2"), "Bearer glpat-2"},
	} {
		before := len(w.sent())
		_, err := row.client.Users.Current(t.Context())
		require.NoError(t, err, name)
		require.Len(t, w.sent(), before+1, name)
		got := w.sent()[before]
		assert.Equal(t, row.authorization, got.Authorization, name)
		assert.Equal(t, "dashboard/1.2", got.Header.Get("User-Agent"), name)
		assert.Equal(t, "application/json", got.Header.Get("Accept"), name)
	}
}

func TestClientThatCannotActMakesNoCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bare := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider, cfg.Store = nil, nil })
	for name, row := range map[string]struct {
		client *gitlab.Client
		says   string
	}{
		"empty key":       {w.client.As(""), "key is empty"},
		"unknown key":     {w.client.As("bob"), `loading identity "bob"`},
		"no store":        {bare.client.As("ada"), "As needs a Config.Store"},
		"empty token":     {w.client.WithToken(""), "empty or has white space"},
		"a token's line":  {w.client.WithToken("glpat-1\n"), "empty or has white space"},
		"two words":       {w.client.WithToken("Bearer glpat-1"), "empty or has white space"},
		"of a broken one": {w.client.As("").As("bob"), `loading identity "bob"`},
	} {
		_, err := row.client.Users.Current(t.Context())
		require.ErrorContains(t, err, row.says, name)
		assert.NotContains(t, err.Error(), "glpat-1", name)
		_, err = row.client.TokenSource(t.Context()).Token()
		require.ErrorContains(t, err, row.says, name)
		_, err = row.client.Identity(t.Context())
		require.Error(t, err, name)
		err = get(t, row.client.HTTPClient(), userURL)
		require.ErrorContains(t, err, row.says, name)
	}
	_, err := w.client.As("bob").Users.Current(t.Context())
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	assert.Empty(t, w.sent())
	assert.Empty(t, bare.sent())
}

// get fetches url and closes the answer's body.
func get(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestAuthorizeRefusesWhatCannotServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	unrefreshed := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = nil })
	storeless := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider, cfg.Store = nil, nil })
	good := gitlab.OAuthData{AccessToken: "access-1"}
	for name, row := range map[string]struct {
		world *world
		key   string
		data  gitlab.OAuthData
		says  string
	}{
		"empty key":                         {w, "", good, "key is empty"},
		"no tokens":                         {w, "ada", gitlab.OAuthData{}, "neither an access token nor a refresh token"},
		"a refresh token that nobody takes": {unrefreshed, "ada", gitlab.OAuthData{RefreshToken: "refresh-1"}, "no Config.Provider to spend it"},
		"no store":                          {storeless, "ada", good, "Authorize needs a Config.Store"},
	} {
		c, err := row.world.client.Authorize(t.Context(), row.key, row.data)
		require.ErrorContains(t, err, row.says, name)
		assert.Nil(t, c, name)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.client.Authorize(ended, "ada", good)
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.store.LoadIdentity(t.Context(), "ada")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	assert.Empty(t, w.sent())
}

func TestIdentityOfNobodyIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, c := range map[string]*gitlab.Client{
		"anonymous": w.client, "fixed token": w.client.WithToken("glpat-1"), "never stored": w.client.As("bob"),
	} {
		id, err := c.Identity(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound, name)
		assert.Zero(t, id, name)
	}
}
