package gitlab_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract lines 3 and 4.

func TestNothingIsSpentWithoutLockAndLoad(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	faults := map[string]func(context.Context) error{
		"fails":  func(context.Context) error { return down },
		"panics": func(context.Context) error { panic("connection refused") },
		"hangs":  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	}
	breaks := map[string]func(*hookedStore, func(context.Context) error){
		"lock": func(s *hookedStore, fault func(context.Context) error) {
			s.lock = func(ctx context.Context, _ string) (*gitlab.IdentityLock, error) { return nil, fault(ctx) }
		},
		"load": func(s *hookedStore, fault func(context.Context) error) {
			s.load = func(ctx context.Context, _ string) (gitlab.Identity, error) { return gitlab.Identity{}, fault(ctx) }
		},
	}
	for what, broken := range breaks {
		for how, fault := range faults {
			t.Run(what+" "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var store *hookedStore
					w := newWorld(t, hooked(&store))
					issuing(w, 0, 0)
					c := w.signIn(t, 0)
					broken(store, fault)

					_, err := c.Users.Current(t.Context())

					require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
					require.ErrorIs(t, err, gitlab.ErrUnauthorized)
					require.NotErrorIs(t, err, gitlab.ErrReauthorize)
					assert.Zero(t, w.posts())
					assert.Equal(t, []string{"Bearer access-1"}, w.carried())
					assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeUnavailable}, w.outcomes())

					store.lock, store.load = nil, nil
					time.Sleep(2 * time.Second)
					_, err = c.Users.Current(t.Context())
					require.NoError(t, err, "the key is not stuck")
					assert.Equal(t, 1, w.posts())
				})
			})
		}
	}
}

func TestNewerPairInTheStoreIsAdoptedWithoutAskingGitLab(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	c := w.signIn(t, 0)
	put(t, w.store, pairOf(2)) // by another replica

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Zero(t, w.posts())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
	assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeAdopted}, w.outcomes())
}

func TestNewerPairThatHasExpiredItselfIsTheOneSpent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	gl := issuing(w, 0, 0)
	gl.rotated = 4 // GitLab's newest is access-5
	c := w.signIn(t, 0)
	theirs := pairOf(5)
	theirs.ExpiresAt = time.Now().Add(-time.Hour)
	put(t, w.store, theirs)

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, []string{"refresh-5"}, w.spent())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-6"}, w.carried())
	assert.Equal(t, "refresh-6", w.stored(t).RefreshToken)
}

func TestDeletedIdentityIsNotRefreshed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	issuing(w, 0, 0)
	gone := w.signIn(t, -time.Hour)
	id, err := w.store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	require.NoError(t, w.store.DeleteIdentity(t.Context(), "ada", id.Revision))

	for range 3 {
		_, err = gone.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	}

	assert.Empty(t, w.sent())
	_, err = w.store.LoadIdentity(t.Context(), "ada")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	_, err = gone.Identity(t.Context())
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

func TestIdentityDeletedDuringThePostStaysDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		gl := issuing(w, 0, 0)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			id, err := w.store.LoadIdentity(t.Context(), "ada")
			if err == nil {
				err = w.store.DeleteIdentity(t.Context(), "ada", id.Revision)
			}
			if err != nil {
				return nil, err
			}
			return gl.token(req)
		})
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeFailed}, w.outcomes())
		time.Sleep(time.Hour)
		_, err = w.store.LoadIdentity(t.Context(), "ada")
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, []string{"Bearer access-1"}, w.carried())
		require.NoError(t, w.client.Shutdown(t.Context()))
	})
}

func TestTwoProcessesOnOneStoreSpendOnce(t *testing.T) {
	t.Parallel()
	for name, lifetime := range map[string]time.Duration{"after a 401": 0, "after expiry": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				issuing(w, 50*time.Millisecond, 50*time.Millisecond)
				other := w.replica(t, w.store)
				w.signIn(t, lifetime)
				failed := make(chan error, 200)
				var calls sync.WaitGroup
				for i := range 200 {
					calls.Go(func() {
						c := []*world{w, other}[i%2].client.As("ada")
						time.Sleep(time.Duration(i) * time.Millisecond)
						if _, err := c.Users.Current(t.Context()); err != nil {
							failed <- err
						}
					})
				}
				calls.Wait()

				assert.Empty(t, failed)
				assert.Equal(t, 1, w.posts()+other.posts())
				assert.ElementsMatch(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed, gitlab.OutcomeAdopted}, append(w.outcomes(), other.outcomes()...))
				for _, process := range []*world{w, other} {
					headers := process.carried()
					assert.Equal(t, "Bearer access-2", headers[len(headers)-1])
				}
			})
		})
	}
}

// leasing makes s give out locks whose leases the test ends.
func leasing(s *hookedStore) (lose func()) {
	lease, lose := context.WithCancel(context.Background())
	s.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
		lock, err := s.IdentityStore.LockIdentity(ctx, key)
		if err == nil {
			lock.Context = lease
		}
		return lock, err
	}
	return lose
}

func TestLostLeaseSpendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		lose := leasing(store)
		store.load = func(ctx context.Context, key string) (gitlab.Identity, error) {
			lose()
			return store.IdentityStore.LoadIdentity(ctx, key)
		}

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Zero(t, w.posts())
		store.lock, store.load = nil, nil
		time.Sleep(2 * time.Second)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err, "the lost lock was given back")
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, w.carried())
	})
}

func TestLeaseLostDuringThePostStillSaves(t *testing.T) {
	t.Parallel()
	var store *hookedStore
	w := newWorld(t, hooked(&store))
	gl := issuing(w, 0, 0)
	c := w.signIn(t, 0)
	lose := leasing(store)
	w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
		lose()
		return gl.token(req)
	})

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, 1, w.posts())
	assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
}

func TestLeaseLostBetweenAttemptsEndsTheRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		lose := leasing(store)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			lose()
			return answer(req, http.StatusBadGateway, ""), nil
		})

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, []string{"Bearer access-1"}, w.carried())
	})
}
