package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestNothingOfAGrantIsAliveAfterSignOut(t *testing.T) {
	t.Parallel()
	cases := map[string]func(t *testing.T, s *scene, other *replica){
		"fresh": func(*testing.T, *scene, *replica) {},
		// Doorkeeper before 5.8.1 confirms the revocation of such a pair, and its
		// refresh token goes on working.
		"expired": func(_ *testing.T, s *scene, _ *replica) { s.system.expire(s.grant.access) },
		"refreshed by another replica": func(t *testing.T, s *scene, other *replica) {
			t.Helper()
			s.system.expire(s.grant.access)
			_, err := other.whoami(t.Context())
			require.NoError(t, err)
			require.NotEqual(t, s.grant, other.stored(t))
		},
		"refreshed by another replica, and expired again": func(t *testing.T, s *scene, other *replica) {
			t.Helper()
			s.system.expire(s.grant.access)
			_, err := other.whoami(t.Context())
			require.NoError(t, err)
			s.system.expire(other.stored(t).access)
		},
		"withdrawn by the user": func(_ *testing.T, s *scene, _ *replica) { s.system.revoke(s.grant.access) },
	}
	onEach(t, func(t *testing.T, s system) {
		for name, happens := range cases {
			t.Run(name, func(t *testing.T) {
				scene, store := newScene(t, s, true), gitlab.NewMemoryStore()
				r, other := signedIn(scene, store), newReplica(scene, store, nil)
				happens(t, scene, other)
				last := r.stored(t)

				require.NoError(t, r.SignOut(t.Context()))

				assert.Equal(t, http.StatusUnauthorized, scene.send(get("/api/v4/user").bearer(last.access)).Status)
				refused := scene.send(scene.refresh("refresh_token", last.refresh))
				assert.Equal(t, http.StatusBadRequest, refused.Status)
				assert.Equal(t, "invalid_grant", refused.code())
				_, err := other.whoami(t.Context())
				require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
				assert.ErrorIs(t, r.SignOut(t.Context()), gitlab.ErrIdentityNotFound, "it was signed out before")
			})
		}
	})
}
