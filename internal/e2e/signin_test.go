package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// browse opens the page of an authorization as a browser does whose user
// consents, and returns the code of the callback.
func browse(t *testing.T, s system, page, state string) (code string) {
	t.Helper()
	s.autoApprove("ann")
	at, err := url.Parse(page)
	require.NoError(t, err)
	answer := send(t, s, get(at.RequestURI()))
	require.Equal(t, http.StatusFound, answer.Status, answer.Body)
	back, err := url.Parse(answer.Location)
	require.NoError(t, err)
	require.Equal(t, state, back.Query().Get("state"))
	return back.Query().Get("code")
}

func TestSignInByCode(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		provider, state, verifier := scene.provider(), "a state", oauth2.GenerateVerifier()
		provider.Scopes = []string{"api", "read_user"}
		page, err := provider.AuthCodeURL(s.root(), state, verifier)
		require.NoError(t, err)

		data, err := provider.Exchange(t.Context(), s.root(), browse(t, s, page, state), verifier)

		require.NoError(t, err)
		assert.Equal(t, "api read_user", data.Scope)
		assert.False(t, data.ExpiresAt.IsZero())
		r := newReplica(scene, gitlab.NewMemoryStore(), nil)
		_, err = r.Authorize(t.Context(), key, data)
		require.NoError(t, err)
		name, err := r.whoami(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "ann", name)

		require.NoError(t, provider.Revoke(t.Context(), s.root(), data.RefreshToken))
		_, err = r.whoami(t.Context())
		assert.ErrorIs(t, err, gitlab.ErrReauthorize)
	})
}

func TestCodeWithoutItsVerifierIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		provider, state := scene.provider(), "a state"
		page, err := provider.AuthCodeURL(s.root(), state, oauth2.GenerateVerifier())
		require.NoError(t, err)

		_, err = provider.Exchange(t.Context(), s.root(), browse(t, s, page, state), oauth2.GenerateVerifier())

		var refused *gitlab.APIError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
		assert.Equal(t, "invalid_grant", refused.Code)
	})
}

func TestWrongSecretCannotRevoke(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		wrong := scene.provider()
		wrong.ClientSecret = "wrong"

		err := wrong.Revoke(t.Context(), s.root(), scene.grant.access)

		require.ErrorIs(t, err, gitlab.ErrClientRejected)
		assert.False(t, s.isRevoked(scene.grant.access))
		assert.NoError(t, scene.provider().Revoke(t.Context(), s.root(), "unknown"), "an unknown token is no error")
	})
}
