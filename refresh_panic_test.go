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

// Contract line 9: panics.

func TestPanicLeavesNoKeyStuck(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		whose string
		posts int  // while it panics
		fails bool // the callers are told
	}{
		{whose: "lock", fails: true},
		{whose: "load", fails: true},
		{whose: "provider", fails: true},
		{whose: "answered provider", posts: 1, fails: true},
		{whose: "unlock", posts: 1},
		{whose: "OnRefresh", posts: 1},
		{whose: "OnCall", posts: 1},
	} {
		t.Run(row.whose, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, whose := panickyWorld(t)
				c := w.signIn(t, 0)
				*whose = row.whose

				for _, err := range tenCalls(t, c) {
					if !row.fails {
						require.NoError(t, err)
						continue
					}
					require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
					require.ErrorIs(t, err, gitlab.ErrUnauthorized)
					require.ErrorContains(t, err, "panicked in")
					require.NotRegexp(t, `access-\d|refresh-\d`, err.Error())
				}
				assert.Equal(t, row.posts, w.posts())

				*whose = "nobody"
				time.Sleep(time.Minute)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pair3JSON))
				_, err := c.Users.Current(t.Context())
				require.NoError(t, err, "the next refresh works")
				assert.Equal(t, row.posts+1, w.posts())
				headers := w.carried()
				assert.Equal(t, "Bearer access-3", headers[len(headers)-1])
				require.NoError(t, w.client.Shutdown(t.Context()))
			})
		})
	}
}

// panickyWorld is a world of which the part that whose names panics with tokens.
func panickyWorld(t *testing.T) (w *world, whose *string) {
	t.Helper()
	whose = new("nobody")
	boom := func(_ context.Context, who string) {
		if who == *whose {
			panic(who + ": access-1 refresh-1 access-2 refresh-2")
		}
	}
	var store *hookedStore
	w = newWorld(t, func(cfg *gitlab.Config) {
		hooked(&store)(cfg)
		cfg.Provider = asProvider(func(ctx context.Context, id gitlab.Identity, tokenURL string) (gitlab.OAuthData, error) {
			boom(ctx, "provider")
			data, err := realProvider.RefreshIdentity(ctx, id, tokenURL)
			boom(ctx, "answered provider")
			return data, err
		})
		cfg.OnRefresh = func(ctx context.Context, _ gitlab.RefreshEvent) { boom(ctx, "OnRefresh") }
		cfg.OnCall = func(ctx context.Context, _ gitlab.CallEvent) { boom(ctx, "OnCall") }
	})
	store.before = boom
	store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
		lock, err := store.IdentityStore.LockIdentity(ctx, key)
		if err != nil {
			return nil, err
		}
		unlock := lock.Unlock
		lock.Unlock = func() { unlock(); boom(ctx, "unlock") }
		return lock, nil
	}
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	return w, whose
}

// tenCalls makes ten calls at a time and returns their errors.
func tenCalls(t *testing.T, c *gitlab.Client) []error {
	t.Helper()
	errs := make([]error, 10)
	var calls sync.WaitGroup
	for i := range errs {
		calls.Go(func() { _, errs[i] = c.Users.Current(t.Context()) })
	}
	calls.Wait()
	return errs
}

func TestPanicOfTheRuntimeIsToldInItsOwnWords(t *testing.T) {
	t.Parallel()
	var none *gitlab.OAuthData
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.Provider = asProvider(func(context.Context, gitlab.Identity, string) (gitlab.OAuthData, error) {
			return *none, nil
		})
	})
	issuing(w, 0, 0)
	c := w.signIn(t, 0)

	_, err := c.Users.Current(t.Context())

	require.ErrorContains(t, err, "the identity provider panicked in github.com/freshgrant/gitlab_test.TestPanicOfTheRuntime")
	require.ErrorContains(t, err, "nil pointer dereference")
	assert.Equal(t, []string{"Bearer access-1"}, w.carried())
}

func TestPanicOfASaveTellsNoSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		left.Store(-1)
		failing(store, &left, func(_ context.Context, id gitlab.Identity) (string, error) {
			panic("cannot store " + id.Data.AccessToken + " " + id.Data.RefreshToken)
		})

		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		told := []error{w.events[0].Err, w.client.Shutdown(t.Context())}
		_, err = w.client.Authorize(t.Context(), "ada", pairOf(9))
		for _, err := range append(told, err) {
			require.ErrorContains(t, err, "panicked")
			assert.NotRegexp(t, `access-\d|refresh-\d`, err.Error())
		}

		left.Store(0)
		require.NoError(t, w.client.Shutdown(t.Context()))
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
	})
}
