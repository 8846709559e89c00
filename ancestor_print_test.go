package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// The small print of the ancestor's refreshes.

func TestIdentityWithoutRefreshTokenIsRefusedWithoutACall(t *testing.T) {
	t.Parallel()
	for name, lifetime := range map[string]time.Duration{"after a 401": 0, "after its expiry": time.Nanosecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				provider := &fakeProvider{answer: func(context.Context, int) (gitlab.OAuthData, error) { return pairOf(2), nil }}
				w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = provider })
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				data := gitlab.OAuthData{AccessToken: "access-1"}
				if lifetime != 0 {
					data.ExpiresAt = time.Now().Add(lifetime)
				}
				c, err := w.client.Authorize(t.Context(), "ada", data)
				require.NoError(t, err)

				for range 3 {
					_, err = c.Users.Current(t.Context())

					var refused *gitlab.IdentityNotValidError
					require.ErrorAs(t, err, &refused)
					assert.Equal(t, "ada", refused.Key)
					assert.Zero(t, refused.StatusCode)
					require.ErrorIs(t, err, gitlab.ErrReauthorize)
					require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
					assert.Equal(t, lifetime == 0, errors.Is(err, gitlab.ErrUnauthorized))
					time.Sleep(time.Hour)
				}
				assert.Empty(t, provider.calls)

				_, err = w.client.Authorize(t.Context(), "ada", pairOf(2))
				require.NoError(t, err)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
			})
		})
	}
}

func TestProviderWithoutTokenOrURLRefusesWithoutACall(t *testing.T) {
	t.Parallel()
	provider := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"}
	for name, test := range map[string]struct {
		data gitlab.OAuthData
		url  string
	}{
		"no refresh token": {gitlab.OAuthData{AccessToken: "access-1"}, tokenURL},
		"no token URL":     {gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)

			_, err := provider.RefreshIdentity(clientIn(t.Context(), w), gitlab.Identity{Key: "ada", Data: test.data}, test.url)

			var refused *gitlab.IdentityNotValidError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "ada", refused.Key)
			assert.Contains(t, refused.Description, strings.TrimPrefix(name, "no "))
			assert.Empty(t, w.sent())
		})
	}
}

func TestCreatedAtMayBeAString(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func([]byte) (gitlab.OAuthData, error){
		"answer": gitlab.ParseOAuthData,
		"stored": func(stored []byte) (data gitlab.OAuthData, err error) { return data, json.Unmarshal(stored, &data) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := read([]byte(`{"access_token":"access-1","refresh_token":"refresh-1","created_at":"1536798907"}`))

			require.NoError(t, err)
			assert.Equal(t, time.Unix(1536798907, 0).UTC(), data.CreatedAt)
			again, err := json.Marshal(data)
			require.NoError(t, err)
			assert.JSONEq(t, `{"access_token":"access-1","refresh_token":"refresh-1","created_at":1536798907}`, string(again))
		})
	}
}

func TestScopesAreSeparatedBySpaces(t *testing.T) {
	t.Parallel()
	page, err := gitlab.OAuthProvider{ClientID: "client-id", RedirectURL: "https://app.example.com/callback", Scopes: []string{"api", "read_user"}}.AuthCodeURL(baseURL, "a-state", "a-verifier-of-at-least-forty-three-characters")

	require.NoError(t, err)
	u, err := url.Parse(page)
	require.NoError(t, err)
	assert.Equal(t, "/gitlab/oauth/authorize", u.Path)
	assert.Equal(t, []string{"api read_user"}, u.Query()["scope"])
}
