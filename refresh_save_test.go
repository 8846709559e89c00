package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 8: a new pair and the store.

var errDiskFull = errors.New("disk full")

// failing makes s refuse saves as long as left is positive, counting it down,
// or for ever while it is negative. fault, if not nil, is what happens instead
// of errDiskFull.
func failing(s *hookedStore, left *atomic.Int64, fault func(context.Context, gitlab.Identity) (string, error)) {
	if fault == nil {
		fault = func(context.Context, gitlab.Identity) (string, error) { return "", errDiskFull }
	}
	s.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
		switch n := left.Load(); {
		case n > 0:
			left.Add(-1)
			return fault(ctx, id)
		case n < 0:
			return fault(ctx, id)
		}
		return s.IdentityStore.SaveIdentity(ctx, id)
	}
}

// unsaved signs "ada" in, lets her pair be refreshed while the store takes
// nothing, and returns her client.
func unsaved(t *testing.T, w *world, store *hookedStore, left *atomic.Int64) *gitlab.Client {
	t.Helper()
	c := w.signIn(t, 0)
	left.Store(-1)
	failing(store, left, nil)
	_, err := c.Users.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed}, w.outcomes())
	require.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
	return c
}

func TestNewPairIsStoredBeforeAnyCallUsesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	issuing(w, 0, 0)
	var storedThen gitlab.OAuthData
	w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("Authorization") == "Bearer access-2" {
			storedThen = w.stored(t)
		}
		return accepts(userJSON, "access-2")(req)
	})
	c := w.signIn(t, 0)

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, "access-2", storedThen.AccessToken)
	assert.Equal(t, "refresh-2", storedThen.RefreshToken)
	assert.Equal(t, 1, w.posts())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
}

func TestSaveIsRepeatedWithoutRepeatingTheRefresh(t *testing.T) {
	t.Parallel()
	faults := map[string]func(context.Context, gitlab.Identity) (string, error){
		"error": nil,
		"panic": func(_ context.Context, id gitlab.Identity) (string, error) { panic(id.Data.RefreshToken) },
		"hang": func(ctx context.Context, _ gitlab.Identity) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		},
	}
	for how, fault := range faults {
		for _, times := range []int64{1, 3} {
			t.Run(fmt.Sprint(how, " ", times), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var store *hookedStore
					var left atomic.Int64
					w := newWorld(t, hooked(&store))
					issuing(w, 0, 0)
					c := w.signIn(t, 0)
					left.Store(times)
					failing(store, &left, fault)

					_, err := c.Users.Current(t.Context())

					require.NoError(t, err)
					assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
					assert.Equal(t, 1, w.posts())
					assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
					assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
					require.NoError(t, w.client.Shutdown(t.Context()))
				})
			})
		}
	}
}

func TestUnsavedPairIsSavedInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		unsaved(t, w, store, &left)
		time.Sleep(10 * time.Minute)
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)

		left.Store(0)
		time.Sleep(time.Minute)

		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed, gitlab.OutcomeSaveRecovered}, w.outcomes())
		assert.Equal(t, 1, w.posts())
		lock, err := w.store.LockIdentity(t.Context(), "ada")
		require.NoError(t, err, "the lock is free again")
		lock.Unlock()
		require.NoError(t, w.client.Shutdown(t.Context()))
	})
}

func TestOtherProcessesCannotSpendTheOldPairWhileTheNewOneIsUnsaved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		other := w.replica(t, w.store)
		unsaved(t, w, store, &left)

		_, err := other.client.As("ada").Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		assert.Zero(t, other.posts())

		left.Store(0)
		time.Sleep(time.Minute)
		_, err = other.client.As("ada").Users.Current(t.Context())
		require.NoError(t, err)
		assert.Zero(t, other.posts())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, other.carried())
		assert.Equal(t, 1, w.posts())
	})
}

func TestUnsavedPairThatRunsOutIsSavedFirstAndThenRefreshed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		saves, loads bool
		spent        []string
	}{
		{name: "the store is well again", saves: true, loads: true, spent: []string{"refresh-1", "refresh-2"}},
		{name: "the store can be read only", loads: true, spent: []string{"refresh-1", "refresh-2"}},
		{name: "the store is down", spent: []string{"refresh-1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				var left atomic.Int64
				w := newWorld(t, hooked(&store))
				gl := issuing(w, 0, 0)
				c := unsaved(t, w, store, &left)
				time.Sleep(2*time.Hour - time.Millisecond) // the background goes on in vain
				if row.saves {
					left.Store(0)
				}
				if !row.loads {
					store.load = func(context.Context, string) (gitlab.Identity, error) { return gitlab.Identity{}, errDiskFull }
				}
				w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
					if row.saves {
						assert.Equal(t, "refresh-2", w.stored(t).RefreshToken, "saved before it is spent")
					}
					return gl.token(req)
				})
				time.Sleep(time.Millisecond)

				_, err := c.Users.Current(t.Context())

				assert.Equal(t, row.spent, w.spent())
				headers := w.carried()
				if len(row.spent) == 2 {
					require.NoError(t, err)
					assert.Equal(t, "Bearer access-3", headers[len(headers)-1])
				} else {
					require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
					assert.Equal(t, "Bearer access-2", headers[len(headers)-1])
				}
				if !row.saves {
					ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					defer cancel()
					_, err = store.LockIdentity(ctx, "ada")
					require.ErrorIs(t, err, context.DeadlineExceeded, "what is not stored stays protected")
				}
				left.Store(0)
				store.load = nil
				require.NoError(t, w.client.Shutdown(t.Context()))
				_, refresh := gl.pair()
				assert.Equal(t, refresh, w.stored(t).RefreshToken)
			})
		})
	}
}

// The next refresh goes on under the lock that an unsaved pair has held since
// the last one, unless that was lost.
func TestRefreshOfAnUnsavedPairHasItsLock(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lost  bool
		locks int64 // taken by the two refreshes
	}{"held": {false, 1}, "lost": {true, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				var left, locks atomic.Int64
				w := newWorld(t, hooked(&store))
				issuing(w, 0, 0)
				store.before = func(_ context.Context, method string) {
					if method == "lock" {
						locks.Add(1)
					}
				}
				lose := leasing(store)
				c := unsaved(t, w, store, &left)
				if row.lost {
					lose()
				}
				store.lock = nil
				time.Sleep(2 * time.Hour)

				_, err := c.Users.Current(t.Context())

				require.NoError(t, err)
				assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.spent())
				assert.Equal(t, row.locks, locks.Load())
				left.Store(0)
				require.NoError(t, w.client.Shutdown(t.Context()))
				assert.Equal(t, "refresh-3", w.stored(t).RefreshToken)
			})
		})
	}
}
