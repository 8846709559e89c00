package gitlab_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// put stores an identity as an application would that fills its store itself.
func (w *world) put(t *testing.T, id gitlab.Identity) {
	t.Helper()
	_, err := w.store.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
}

func TestIdentityOfAnotherInstanceIsRefusedBeforeAnyIO(t *testing.T) {
	t.Parallel()
	for _, other := range []string{
		"https://other.example.com/gitlab",
		"https://gitlab.example.com",        // another path
		"https://gitlab.example.com/GitLab", // paths have a case
		"http://gitlab.example.com/gitlab",  // another scheme
		"https://gitlab.example.com:8443/gitlab",
		"nonsense",
	} {
		for name, expires := range map[string]time.Time{"good": time.Now().Add(time.Hour), "expired": time.Now().Add(-time.Hour)} {
			w := newWorld(t, nil)
			w.put(t, gitlab.Identity{Key: "ada", BaseURL: other, Data: gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1", ExpiresAt: expires}})
			c := w.client.As("ada")
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrWrongInstance, other)
			require.NotErrorIs(t, err, gitlab.ErrReauthorize)
			require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			assert.Contains(t, err.Error(), `identity "ada" is of "`+other+`", this client calls "`+baseURL+`"`)
			err = get(t, c.HTTPClient(), userURL)
			require.ErrorIs(t, err, gitlab.ErrWrongInstance)
			_, err = c.TokenSource(t.Context()).Token()
			require.ErrorIs(t, err, gitlab.ErrWrongInstance)
			_, err = c.Identity(t.Context())
			require.ErrorIs(t, err, gitlab.ErrWrongInstance)
			assert.Empty(t, w.sent(), name)
			assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
		}
	}
}

func TestIdentityOfThisInstanceIsKnownInEveryForm(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"", baseURL, baseURL + "/", "HTTPS://GitLab.Example.COM:443/gitlab//"} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		w.put(t, gitlab.Identity{Key: "ada", BaseURL: form, Data: gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"}})
		_, err := w.client.As("ada").Users.Current(t.Context())
		require.NoError(t, err, form)
		id, err := w.store.LoadIdentity(t.Context(), "ada")
		require.NoError(t, err)
		assert.Equal(t, baseURL, id.BaseURL, "a rotation leaves the normal form")
		assert.Equal(t, "access-2", id.Data.AccessToken)
	}
}

func TestAuthorizeSetsTheInstanceInNormalForm(t *testing.T) {
	t.Parallel()
	for raw, normal := range map[string]string{
		"HTTPS://GitLab.Example.COM:443/":       "https://gitlab.example.com",
		"https://gitlab.example.com:8443/Git//": "https://gitlab.example.com:8443/Git",
		"http://[2001:DB8::1]:80":               "http://[2001:db8::1]",
		"http://[fe80::1%25eth0]:8080":          "http://[fe80::1%25eth0]:8080",
	} {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.BaseURL = raw })
		c := w.signIn(t, 2*time.Hour)
		id, err := w.store.LoadIdentity(t.Context(), "ada")
		require.NoError(t, err)
		assert.Equal(t, normal, id.BaseURL)
		assert.NotEmpty(t, id.Revision)
		inUse, err := c.Identity(t.Context())
		require.NoError(t, err)
		assert.Equal(t, id, inUse)

		again := newWorld(t, func(cfg *gitlab.Config) { cfg.BaseURL, cfg.Store = raw, w.store })
		_, err = again.client.As("ada").Identity(t.Context())
		require.NoError(t, err, "the next process takes it")
	}
}

func TestSignInReplacesAnIdentityOfAnotherInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.put(t, gitlab.Identity{Key: "ada", BaseURL: "https://old.example.com", Data: gitlab.OAuthData{AccessToken: "access-0"}})
	_, err := w.client.As("ada").Identity(t.Context())
	require.ErrorIs(t, err, gitlab.ErrWrongInstance)
	c := w.signIn(t, 2*time.Hour)
	id, err := c.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, baseURL, id.BaseURL)
	assert.Equal(t, "access-1", id.Data.AccessToken)
}
