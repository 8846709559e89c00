package gitlab_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 8: Authorize always wins.

func TestSignInDuringARefreshWins(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"the same client", "another process"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				issuing(w, time.Second, time.Second)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
				c := w.signIn(t, 0)
				done := make(chan error, 1)
				go func() {
					_, err := c.Users.Current(t.Context())
					done <- err
				}()
				synctest.Wait()
				require.Equal(t, 1, w.posts())

				signer := w
				if from == "another process" {
					signer = w.replica(t, w.store)
				}
				started := time.Now()
				_, err := signer.client.Authorize(t.Context(), "ada", pairOf(9))
				require.NoError(t, err)
				assert.Zero(t, time.Since(started), "it waits for no refresh")

				require.NoError(t, <-done)
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
				assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
				assert.Equal(t, []string{"Bearer access-1", "Bearer access-9", "Bearer access-9"}, w.carried())
				assert.Equal(t, 1, w.posts())
			})
		})
	}
}

func TestSignInRightAfterARefreshWasStoredWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2", "access-9"))
		c := w.signIn(t, 0)
		store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
			revision, err := store.IdentityStore.SaveIdentity(ctx, id)
			if id.Data.AccessToken == "access-2" {
				time.Sleep(time.Second) // stored, and the answer is on its way
			}
			return revision, err
		}
		done := make(chan error, 1)
		go func() {
			_, err := c.Users.Current(t.Context())
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, "access-2", w.stored(t).AccessToken)

		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		require.NoError(t, <-done)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-9", "Bearer access-9"}, w.carried())
		assert.Equal(t, 1, w.posts())
		require.NoError(t, w.client.Shutdown(t.Context()))
	})
}

func TestSignInReplacesAnUnsavedPair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := unsaved(t, w, store, &left)
		left.Store(0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))

		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		time.Sleep(time.Minute)
		assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-9"}, w.carried())
		assert.Equal(t, 1, w.posts())
		require.NoError(t, w.client.Shutdown(t.Context()))
		lock, err := w.store.LockIdentity(t.Context(), "ada")
		require.NoError(t, err, "nobody protects the pair that was replaced")
		lock.Unlock()
	})
}

func TestSignInEndsTheDeathOfAGrant(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"the same client", "another process"} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
				c := w.signIn(t, 0)
				_, err := c.Users.Current(t.Context())
				require.ErrorIs(t, err, gitlab.ErrReauthorize)

				signer := w
				if from == "another process" {
					signer = w.replica(t, w.store)
				}
				_, err = signer.client.Authorize(t.Context(), "ada", pairOf(9))
				require.NoError(t, err)
				if from == "another process" {
					time.Sleep(2 * time.Second)
				}

				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 2, w.posts())
				headers := w.carried()
				assert.Equal(t, "Bearer access-9", headers[len(headers)-1])
				assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeDead, gitlab.OutcomeRevived}, w.outcomes())
			})
		})
	}
}

func TestSignInWithTheTokensThatWereDeadIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			always(http.StatusBadRequest, grantJSON), always(http.StatusBadRequest, grantJSON), always(http.StatusOK, pairJSON)))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)

		w.signIn(t, 0) // an operator has mended GitLab and put the same grant back
		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, []string{"refresh-1", "refresh-1", "refresh-1"}, w.spent())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, w.carried())
	})
}

func TestSignInIsStoredThroughConflicts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
		w.signIn(t, 0)
		conflicts := 0
		store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
			if conflicts++; conflicts <= 5 {
				put(t, store.IdentityStore, pairOf(conflicts))
			}
			return store.IdentityStore.SaveIdentity(ctx, id)
		}

		c, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		assert.Equal(t, 6, conflicts)
		assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer access-9"}, w.carried())

		store.save = func(context.Context, gitlab.Identity) (string, error) { return "", gitlab.ErrIdentityConflict }
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = w.client.Authorize(ctx, "ada", pairOf(10))
		require.Error(t, err, "but not for ever")
	})
}

func TestSignInsFromManyProcessesLeaveOneWinnerForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, always(http.StatusOK, userJSON))
	var signIns sync.WaitGroup
	failed := make(chan error, 20)
	for n := range 20 {
		signer := w.replica(t, w.store)
		signIns.Go(func() {
			if _, err := signer.client.Authorize(t.Context(), "ada", pairOf(n)); err != nil {
				failed <- err
			}
		})
	}
	signIns.Wait()
	assert.Empty(t, failed)
	inUse, err := w.client.As("ada").Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, w.stored(t), inUse.Data)
	assert.Empty(t, w.sent())
}

func TestSignInIsNotUndoneByAReadThatBeganBeforeIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1", "access-2", "access-9"))
		c := w.signIn(t, 0)
		put(t, w.store, pairOf(2)) // what the slow read below sees
		reads := 0
		store.load = func(ctx context.Context, key string) (gitlab.Identity, error) {
			id, err := store.IdentityStore.LoadIdentity(ctx, key)
			if reads++; reads == 1 {
				time.Sleep(time.Second)
			}
			return id, err
		}
		read := make(chan gitlab.Identity, 1)
		go func() {
			id, err := c.Identity(t.Context())
			assert.NoError(t, err)
			read <- id
		}()
		synctest.Wait()

		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)
		assert.Equal(t, "access-9", (<-read).Data.AccessToken)

		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer access-9"}, w.carried())
	})
}

func TestRejectedTokenThatASignInReplacedIsNotRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
		path := slow(w, "/slow", time.Second, accepts(userJSON, "access-9"))
		c := w.signIn(t, 0)
		late := make(chan error, 1)
		go func() {
			_, err := gitlab.Get[gitlab.User](t.Context(), c, path)
			late <- err
		}()
		synctest.Wait()

		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		require.NoError(t, <-late)
		assert.Zero(t, w.posts())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-9"}, w.carried())
	})
}

func TestSecond401OfATokenThatASignInReplacedHoldsNothingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusOK, pairJSON), always(http.StatusOK, pair3JSON)))
		path := slow(w, "/slow", time.Second, accepts(userJSON))
		c := w.signIn(t, 0)
		late := make(chan error, 1)
		go func() {
			_, err := gitlab.Get[gitlab.User](t.Context(), c, path)
			late <- err
		}()
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)
		require.ErrorIs(t, <-late, gitlab.ErrUnauthorized, "a second 401 is returned")

		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, []string{"refresh-1", "refresh-9"}, w.spent())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-9", "Bearer access-3"}, w.carried())
	})
}

func TestTokenThatASignInReplacedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ada := w.signIn(t, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, during(func() {
			_, err := w.client.Authorize(t.Context(), "ada", pairOf(2))
			assert.NoError(t, err)
		}, page(http.StatusBadGateway)))
		_, err := ada.Users.Current(t.Context())
		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
	})
}

func TestSignInThatARefreshHasSpentAlreadyIsNotUsed(t *testing.T) {
	t.Parallel()
	var store *hookedStore
	w := newWorld(t, hooked(&store))
	ada := w.signIn(t, 0)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pair3JSON))
	store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
		revision, err := store.IdentityStore.SaveIdentity(ctx, id)
		if id.Data.RefreshToken == "refresh-2" { // it is stored, and Authorize does not know yet
			_, err := ada.Users.Current(t.Context())
			assert.NoError(t, err)
		}
		return revision, err
	}
	_, err := w.client.Authorize(t.Context(), "ada", pairOf(2))
	require.NoError(t, err)
	_, err = ada.Users.Current(t.Context())
	require.NoError(t, err)
	requireStory(t, w, "GET access-1", "GET access-2", "POST refresh-2", "GET access-3", "GET access-3")
}

func TestRowThatTheApplicationTouchedIsNoNewPair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada := w.signIn(t, time.Hour)
	put(t, w.store, w.stored(t))
	stored, err := w.store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	id, err := ada.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stored.Revision, id.Revision)
	assert.Empty(t, w.outcomes(), "nothing was adopted")
}
