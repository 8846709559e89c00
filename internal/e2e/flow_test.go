package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// TestExpiredTokenIsHealed is what the library is for.
func TestExpiredTokenIsHealed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			r := signedIn(scene, open(t))
			s.expire(scene.grant.access)

			name, err := r.whoami(t.Context())

			require.NoError(t, err)
			assert.Equal(t, "ann", name)
			assert.Equal(t, []string{"GET /api/v4/user 401", "POST /oauth/token 200", "GET /api/v4/user 200"}, r.wire.log())
			newer := r.stored(t)
			assert.Equal(t, []string{"Bearer " + scene.grant.access, "Bearer " + newer.access}, r.wire.authorizations())
			assert.NotEqual(t, scene.grant.refresh, newer.refresh)
			assert.True(t, s.isRevoked(scene.grant.refresh), "the old pair is spent")
			assert.False(t, s.isRevoked(newer.refresh), "the stored pair is good")

			_, err = r.whoami(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, r.wire.refreshes(), "the new token serves on")
		})
	})
}

func TestPublicApplicationRefreshesWithoutSecret(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, false)
		scene.app.clientSecret = ""
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.expire(scene.grant.access)

		_, err := r.whoami(t.Context())

		require.NoError(t, err)
		assert.Equal(t, 1, r.wire.refreshes())
	})
}

func TestManyCallsCauseOneRefresh(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.expire(scene.grant.access)

		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				_, err := r.whoami(t.Context())
				assert.NoError(t, err)
			})
		}
		calls.Wait()

		assert.Equal(t, 1, r.wire.refreshes())
	})
}

func TestBodyIsSentAgainWhole(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		s.addProject("team/app")
		scene := newScene(t, s, true)
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.expire(scene.grant.access)

		in, out := map[string]string{"title": "Fire in the hall"}, map[string]any{}
		err := r.Call(t.Context(), http.MethodPost, gitlab.PathTo("/projects/{project}/issues", "team/app"), in, &out)

		require.NoError(t, err)
		assert.Equal(t, "Fire in the hall", out["title"])
		const issues = "POST /api/v4/projects/team%2Fapp/issues "
		assert.Equal(t, []string{issues + "401", "POST /oauth/token 200", issues + "201"}, r.wire.log())
	})
}

// TestCallerWhoLeavesLosesNothing leaves as the refresh is sent, the moment at
// which a cancelled request would lose the grant.
func TestCallerWhoLeavesLosesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			r := signedIn(scene, open(t))
			s.expire(scene.grant.access)
			ctx, leave := context.WithCancel(t.Context())
			r.wire.sending = func(req *http.Request) {
				if req.URL.Path == "/oauth/token" {
					leave()
				}
			}

			_, err := r.whoami(ctx)

			require.ErrorIs(t, err, context.Canceled)
			require.Eventually(t, func() bool { return r.stored(t) != scene.grant }, 5*time.Second, 5*time.Millisecond,
				"the new pair is stored all the same")
			_, err = r.whoami(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 1, r.wire.refreshes())
		})
	})
}

func TestNewProcessGoesOnFromTheStore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			first := signedIn(scene, open(t))
			s.expire(scene.grant.access)
			_, err := first.whoami(t.Context())
			require.NoError(t, err)
			require.NoError(t, first.Shutdown(t.Context()))
			s.expire(first.stored(t).access)

			second := newReplica(scene, open(t), nil)
			_, err = second.whoami(t.Context())

			require.NoError(t, err)
			assert.Equal(t, 1, second.wire.refreshes())
			assert.False(t, s.isRevoked(second.stored(t).refresh))
		})
	})
}

// TestReplicasOnOneStoreShareTheRefresh has one replica refresh, and the other
// come with the dead token in its memory.
func TestReplicasOnOneStoreShareTheRefresh(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			first := signedIn(scene, open(t))
			second := newReplica(scene, open(t), nil)
			_, err := second.whoami(t.Context())
			require.NoError(t, err)
			s.expire(scene.grant.access)
			_, err = first.whoami(t.Context())
			require.NoError(t, err)

			_, err = second.whoami(t.Context())

			require.NoError(t, err)
			assert.Equal(t, []string{"GET /api/v4/user 200", "GET /api/v4/user 401", "GET /api/v4/user 200"}, second.wire.log())
			assert.Equal(t, 1, first.wire.refreshes())
		})
	})
}

func TestReplicasOnOneStoreRace(t *testing.T) {
	t.Parallel()
	const rounds, replicas, callers = 5, 4, 4
	onEach(t, func(t *testing.T, s system) {
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			all := []*replica{signedIn(scene, open(t))}
			for len(all) < replicas {
				all = append(all, newReplica(scene, open(t), nil))
			}
			for range rounds {
				s.expire(all[0].stored(t).access)
				var calls sync.WaitGroup
				for _, r := range all {
					for range callers {
						calls.Go(func() {
							_, err := r.whoami(t.Context())
							assert.NoError(t, err)
						})
					}
				}
				calls.Wait()
			}
			total := 0
			for _, r := range all {
				total += r.wire.refreshes()
			}
			assert.Equal(t, rounds, total, "one refresh a round among all replicas")
		})
	})
}
