package gitlab_test

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 8: Shutdown.

func TestPairThatNoStoreTakesIsUsedFromMemoryAndSavedByShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := unsaved(t, w, store, &left)

		for range 3 {
			_, err := c.Users.Current(t.Context())
			require.NoError(t, err)
		}
		require.ErrorIs(t, w.events[0].Err, errDiskFull)

		for range 2 {
			err := w.client.Shutdown(t.Context())
			require.ErrorIs(t, err, errDiskFull)
			require.ErrorContains(t, err, `"ada"`)
			assert.NotContains(t, err.Error(), "refresh-")
			assert.NotContains(t, err.Error(), "access-")
			assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
		}
		left.Store(0)
		require.NoError(t, w.client.Shutdown(t.Context()))
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		require.NoError(t, w.client.Shutdown(t.Context()))
		assert.Equal(t, []string{"refresh-1"}, w.spent())
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed, gitlab.OutcomeSaveRecovered}, w.outcomes())
		assert.Equal(t, slices.Repeat([]string{"Bearer access-2"}, 4), w.carried()[1:])
	})
}

func TestNoRefreshStartsAfterShutdown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	gl := issuing(w, 0, 0)
	rejected := make([]*gitlab.Client, 20)
	for i := range rejected {
		var err error
		rejected[i], err = w.client.Authorize(t.Context(), strconv.Itoa(i), gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"})
		require.NoError(t, err)
	}
	old, err := w.client.Authorize(t.Context(), "old", gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1", ExpiresAt: time.Now().Add(-time.Hour)})
	require.NoError(t, err)
	gl.rotated = 1
	good, err := w.client.Authorize(t.Context(), "good", pairOf(2))
	require.NoError(t, err)

	require.NoError(t, w.client.Shutdown(t.Context()))

	for _, c := range rejected {
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
	}
	_, err = old.Users.Current(t.Context())
	require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	require.NotErrorIs(t, err, gitlab.ErrUnauthorized, "no call was made")
	_, err = good.Users.Current(t.Context())
	require.NoError(t, err)
	_, err = w.replica(t, w.store).client.As("good").Users.Current(t.Context())
	require.NoError(t, err)
	assert.Zero(t, w.posts())
	assert.Equal(t, append(slices.Repeat([]string{"Bearer access-1"}, len(rejected)), "Bearer access-2"), w.carried())
	require.NoError(t, w.client.Shutdown(t.Context()))
}

func TestShutdownWaitsForTheRefreshUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, time.Second, time.Second)
		c := w.signIn(t, 0)
		done := make(chan error, 1)
		go func() {
			_, err := c.Users.Current(t.Context())
			done <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, w.posts())

		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, w.client.Shutdown(ctx), context.DeadlineExceeded)
		require.NoError(t, w.client.Shutdown(t.Context()))

		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		require.NoError(t, <-done)
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
	})
}

func TestShutdownLeavesNoLockBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left, held atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
			lock, err := store.IdentityStore.LockIdentity(ctx, key)
			if err != nil {
				return nil, err
			}
			held.Add(1)
			unlock := lock.Unlock
			lock.Unlock = func() {
				time.Sleep(time.Second) // it is I/O
				unlock()
				held.Add(-1)
			}
			return lock, nil
		}
		unsaved(t, w, store, &left)
		require.EqualValues(t, 1, held.Load())
		left.Store(0)

		require.NoError(t, w.client.Shutdown(t.Context()))

		assert.Zero(t, held.Load(), "a process that exits now leaves no lease to wait for")
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		assert.Equal(t, 1, w.posts())
	})
}

func TestShutdownSavesWhatTheRefreshUnderWayCouldNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, time.Second, time.Second)
		c := w.signIn(t, 0)
		left.Store(-1)
		failing(store, &left, nil)
		done := make(chan error, 1)
		go func() {
			_, err := c.Users.Current(t.Context())
			done <- err
		}()
		go func() {
			time.Sleep(2*time.Second + 10*time.Second + 200*time.Millisecond) // the refresh has given the save up
			left.Store(0)
		}()
		synctest.Wait()
		require.Equal(t, 1, w.posts())

		require.NoError(t, w.client.Shutdown(t.Context()))

		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		require.NoError(t, <-done)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed, gitlab.OutcomeSaveRecovered}, w.outcomes())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
		assert.Equal(t, 1, w.posts())
	})
}
