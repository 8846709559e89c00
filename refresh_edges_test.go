package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestStatusOfTheTokenEndpointIsNotTheResources(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, with("Retry-After", "60", plain(status, "no")))

				_, err := w.signIn(t, 0).Users.Current(t.Context())

				require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				for _, kind := range []error{gitlab.ErrForbidden, gitlab.ErrNotFound, gitlab.ErrConflict, gitlab.ErrRateLimited} {
					require.NotErrorIs(t, err, kind)
				}
				var api *gitlab.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, http.StatusUnauthorized, api.StatusCode, "the call's own answer comes first")
				assert.Equal(t, time.Minute, api.RetryAfter)
			})
		})
	}
}

func TestSlowUnlockDelaysCallsByAtMostASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
			lock, err := store.IdentityStore.LockIdentity(ctx, key)
			if err != nil {
				return nil, err
			}
			unlock := lock.Unlock
			lock.Unlock = func() { time.Sleep(20 * time.Second); unlock() }
			return lock, nil
		}
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		c := w.signIn(t, 0)
		started := time.Now()

		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.LessOrEqual(t, time.Since(started), time.Second)
		require.NoError(t, w.client.Shutdown(t.Context()))
		assert.Equal(t, 20*time.Second, time.Since(started), "Shutdown waits for the lock to be given back")
	})
}

func TestTokenThatCannotBeRefreshedServesToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1"))
		c, err := w.client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-1", ExpiresAt: time.Now().Add(2 * time.Hour)})
		require.NoError(t, err)

		time.Sleep(2*time.Hour - time.Second)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		assert.Empty(t, w.outcomes(), "nothing is dead while the token works")

		time.Sleep(time.Second)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeDead}, w.outcomes())
		assert.Zero(t, w.posts())
	})
}

func TestStreamsThatNoRefreshCuresAreNoStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		rotations := issuing(w, 0, 0)
		uploadURL := baseURL + "/api/v4/upload"
		w.mock.RegisterResponder(http.MethodPost, uploadURL, accepts(userJSON))
		c := w.signIn(t, 0)
		upload := func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, uploadURL, io.MultiReader(strings.NewReader("x")))
			require.NoError(t, err)
			_, err = c.Do(req) //nolint:bodyclose // nil with an error
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		}
		for range 8 {
			upload()
		}
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, 1, rotations.rotated)

		time.Sleep(30 * time.Second)
		upload()
		assert.Equal(t, 2, w.posts())
	})
}

func TestGoroutineThatEndsLeavesNoKeyStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		exits := true
		w := newWorld(t, func(cfg *gitlab.Config) {
			cfg.Provider = &fakeProvider{answer: func(context.Context, int) (gitlab.OAuthData, error) {
				if exits {
					runtime.Goexit() // as a mock's t.FailNow does
				}
				return pairOf(2), nil
			}}
		})
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		exits = false
		time.Sleep(2 * time.Second)
		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
	})
}

func TestProviderThatRejectsItsClientInItsOwnWordsIsHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		w := newWorld(t, func(cfg *gitlab.Config) {
			cfg.Provider = &fakeProvider{answer: func(context.Context, int) (gitlab.OAuthData, error) {
				asked++
				return gitlab.OAuthData{}, fmt.Errorf("vault is sealed: %w", gitlab.ErrClientRejected)
			}}
		})
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		c := w.signIn(t, 0)
		for range 20 {
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrClientRejected)
		}
		assert.LessOrEqual(t, asked, 2)
	})
}

func TestIncompleteLockIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		unlocked := false
		store.lock = func(context.Context, string) (*gitlab.IdentityLock, error) {
			return &gitlab.IdentityLock{Unlock: func() { unlocked = true }}, nil
		}
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		synctest.Wait()
		assert.True(t, unlocked)
		assert.Zero(t, w.posts())
	})
}

func TestCallersWithoutADeadlineSeeNone(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, change := range map[string]func(*gitlab.Config){
		"the endpoint hangs": func(cfg *gitlab.Config) {
			cfg.Provider = &fakeProvider{answer: func(ctx context.Context, _ int) (gitlab.OAuthData, error) { return gitlab.OAuthData{}, hang(ctx) }}
		},
		"the lock is not had": func(cfg *gitlab.Config) {
			cfg.Store = &hookedStore{IdentityStore: cfg.Store, lock: func(ctx context.Context, _ string) (*gitlab.IdentityLock, error) { return nil, hang(ctx) }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, change)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				c := w.signIn(t, 0)

				_, err := c.Users.Current(t.Context())

				require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
				require.NotErrorIs(t, err, context.DeadlineExceeded, "the limit was the library's own")
			})
		})
	}
}

func TestHookThatShutsTheClientDownIsToldNoTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w *world
		var shutdown error
		w = newWorld(t, func(cfg *gitlab.Config) {
			cfg.OnRefresh = func(ctx context.Context, _ gitlab.RefreshEvent) { shutdown = w.client.Shutdown(ctx) }
		})
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		require.Error(t, shutdown)
	})
}

func TestLargestLimitReadsTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxResponseBytes = math.MaxInt64 })
	w.mock.RegisterResponder(http.MethodGet, userURL, always(http.StatusOK, userJSON))

	user, err := w.client.WithToken("token").Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, "ada", user.Username)
}

func TestIdentityWithoutAnyTokenIsRefusedBeforeACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	put(t, w.store, gitlab.OAuthData{Scope: "api"})

	_, err := w.client.As("ada").Users.Current(t.Context())

	require.ErrorContains(t, err, `identity "ada" is stored without an access token`)
	assert.Empty(t, w.sent())
	assert.NotErrorIs(t, err, gitlab.ErrReauthorize)
}

func TestStreamWhoseTokenHasRunOutIsNoUncuredRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.RefreshBefore = -1 })
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			always(http.StatusOK, `{"access_token":"access-2","refresh_token":"refresh-2","expires_in":10}`), always(http.StatusOK, pair3JSON)))
		end := time.Now().Add(10 * time.Second)
		answer := func(req *http.Request) (*http.Response, error) {
			if time.Now().Before(end) {
				return accepts(userJSON, "access-2")(req)
			}
			return accepts(userJSON, "access-3")(req)
		}
		w.mock.RegisterResponder(http.MethodGet, userURL, answer)
		w.mock.RegisterResponder(http.MethodPut, userURL, answer)
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)

		time.Sleep(11 * time.Second)
		require.ErrorIs(t, upload(t, c, "x"), gitlab.ErrUnauthorized)

		require.NoError(t, upload(t, c, "x"), "refreshed for the next call")
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, w.posts())
	})
}

// What is known of a grant is told, not that the store cannot be looked at.
func TestDeadGrantIsToldWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		ada := w.signIn(t, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		_, err := ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		time.Sleep(3 * time.Second) // it is time to look
		looked := false
		store.load = func(context.Context, string) (gitlab.Identity, error) {
			looked = true
			return gitlab.Identity{}, errors.New("connection refused")
		}
		_, err = ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.True(t, looked)
	})
}
