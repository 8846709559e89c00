package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// TestPairThatAnotherStoreSpent has two replicas with a store each, which is
// how grants are lost: the second comes too late, and is told the truth.
func TestPairThatAnotherStoreSpent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		first, late := signedIn(scene, gitlab.NewMemoryStore()), signedIn(scene, gitlab.NewMemoryStore())
		s.expire(scene.grant.access)
		_, err := first.whoami(t.Context())
		require.NoError(t, err)

		_, err = late.whoami(t.Context())

		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Equal(t, []string{"GET /api/v4/user 401", "POST /oauth/token 400", "POST /oauth/token 400"}, late.wire.log())
		_, err = first.whoami(t.Context())
		assert.NoError(t, err, "the winner's pair stays good")
	})
}

func TestRevokedGrantAsksForANewSignIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.revoke(scene.grant.access)

		_, err := r.whoami(t.Context())

		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		var refused *gitlab.IdentityNotValidError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, key, refused.Key)
		assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
		assert.Equal(t, "invalid_grant", refused.Code)
		assert.Equal(t, 2, r.wire.refreshes(), "the refusal and its second opinion")

		_, err = r.whoami(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.Equal(t, 2, r.wire.refreshes(), "a dead token is not sent again")

		scene.grant = s.signIn(scene.app, "ann", "api")
		r.authorize(scene)
		_, err = r.whoami(t.Context())
		assert.NoError(t, err, "a new sign-in revives the client")
	})
}

func TestWrongSecretSignsNobodyOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		store := gitlab.NewMemoryStore()
		r := newReplica(scene, store, func(cfg *gitlab.Config) {
			cfg.Provider = gitlab.OAuthProvider{ClientID: scene.app.clientID, ClientSecret: "wrong", RedirectURL: callback}
		})
		r.authorize(scene)
		s.expire(scene.grant.access)

		_, err := r.whoami(t.Context())

		require.ErrorIs(t, err, gitlab.ErrClientRejected)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		require.NotErrorIs(t, err, gitlab.ErrReauthorize)
		assert.Equal(t, []string{"GET /api/v4/user 401", "POST /oauth/token 401"}, r.wire.log())

		mended := newReplica(scene, store, nil)
		_, err = mended.whoami(t.Context())
		assert.NoError(t, err, "the refresh token was not burned")
	})
}

func TestScopeTooSmallIsForbidden(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		scene.app = s.newApplication(true, "api", "read_repository")
		scene.grant = s.signIn(scene.app, "ann", "read_repository")
		r := signedIn(scene, gitlab.NewMemoryStore())

		_, err := r.whoami(t.Context())

		require.ErrorIs(t, err, gitlab.ErrForbidden)
		assert.Equal(t, []string{"GET /api/v4/user 403"}, r.wire.log(), "no refresh can help")
	})
}

func TestTokenWithoutIdentityIsNotRefreshed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		r := newReplica(scene, gitlab.NewMemoryStore(), nil)
		r.Client = r.WithToken(scene.grant.access)
		_, err := r.whoami(t.Context())
		require.NoError(t, err)
		s.expire(scene.grant.access)

		_, err = r.whoami(t.Context())

		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Zero(t, r.wire.refreshes())
	})
}
