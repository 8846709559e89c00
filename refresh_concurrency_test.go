package gitlab_test

import (
	"context"
	"fmt"
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

// Contract lines 1 and 2.

func TestThousandGoroutinesOfTwoHundredClientsRefreshOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		var locks atomic.Int64
		store.before = func(_ context.Context, method string) {
			if method == "lock" {
				locks.Add(1)
			}
		}
		gl := issuing(w, 20*time.Millisecond, 20*time.Millisecond)
		w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
			resp, err := gl.api(req)
			time.Sleep(10 * time.Millisecond) // many are under way when the first comes back
			return resp, err
		})
		w.signIn(t, 0)
		clients := make([]*gitlab.Client, 200)
		for i := range clients {
			clients[i] = w.client.As("ada")
		}
		failed := make(chan error, 1000)
		var calls sync.WaitGroup
		for i := range 1000 {
			calls.Go(func() {
				time.Sleep(time.Duration(i%50) * time.Millisecond) // before, during and after the refresh
				if _, err := clients[i%200].Users.Current(t.Context()); err != nil {
					failed <- err
				}
			})
		}
		calls.Wait()

		assert.Empty(t, failed)
		assert.Equal(t, 1, w.posts())
		assert.EqualValues(t, 1, locks.Load(), "nobody else has even tried")
		count := map[string]int{}
		for _, header := range w.carried() {
			count[header]++
		}
		assert.Equal(t, 1000, count["Bearer access-2"])
		assert.Greater(t, count["Bearer access-1"], 100, "so many were refused")
		assert.Len(t, count, 2)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
	})
}

// slow answers after d, in the way of the moment when the request arrived.
func slow(w *world, path string, d time.Duration, api func(*http.Request) (*http.Response, error)) gitlab.Path {
	w.mock.RegisterResponder(http.MethodGet, baseURL+"/api/v4"+path, func(req *http.Request) (*http.Response, error) {
		resp, err := api(req)
		time.Sleep(d)
		return resp, err
	})
	return gitlab.PathTo(path)
}

func TestLate401IsSentAgainWithTheNewTokenWithoutASecondRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		gl := issuing(w, 0, 0)
		path := slow(w, "/slow", time.Second, gl.api)
		c := w.signIn(t, 0)
		late := make(chan error, 1)
		go func() {
			_, err := gitlab.Get[gitlab.User](t.Context(), c, path)
			late <- err
		}()
		synctest.Wait()

		_, err := w.client.As("ada").Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, w.posts())

		require.NoError(t, <-late)
		assert.Equal(t, 1, w.posts(), "the 401 was for a token that is no longer in use")
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2", "Bearer access-2"}, w.carried())
	})
}

func TestWaitersLeaveWhenTheirOwnContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 5*time.Second, 0)
		c := w.signIn(t, 0)
		patient := make(chan error, 1)
		go func() {
			_, err := c.Users.Current(t.Context())
			patient <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, w.posts())

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		started := time.Now()
		_, err := c.Users.Current(ctx)

		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Equal(t, 2*time.Second, time.Since(started))
		require.NoError(t, <-patient)
		assert.Equal(t, 1, w.posts(), "the refresh went on")
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, w.carried())
	})
}

func TestRefreshSurvivesTheCallerThatStartedIt(t *testing.T) {
	t.Parallel()
	for name, lifetime := range map[string]time.Duration{"after a 401": 0, "after expiry": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				issuing(w, 0, time.Second) // committed at once, answered late
				c := w.signIn(t, lifetime)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					_, err := c.Users.Current(ctx)
					done <- err
				}()
				synctest.Wait()
				require.Equal(t, 1, w.posts())
				time.Sleep(time.Millisecond)
				cancel()
				require.ErrorIs(t, <-done, context.Canceled)

				time.Sleep(2 * time.Second)
				assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
				_, err := c.Users.Current(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, w.posts())
				headers := w.carried()
				assert.Equal(t, "Bearer access-2", headers[len(headers)-1])
			})
		})
	}
}

func TestNoMoreKeysAreRefreshedAtATimeThanConfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxConcurrentRefreshes = 3 })
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		gl := &issuer{delay: time.Second}
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			_, _ = gl.token(req) // counts
			return answer(req, http.StatusOK, pairJSON), nil
		})
		var calls sync.WaitGroup
		failed := make(chan error, 12)
		started := time.Now()
		for i := range 12 {
			c, err := w.client.Authorize(t.Context(), fmt.Sprintf("user %d", i), gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"})
			require.NoError(t, err)
			calls.Go(func() {
				if _, err := c.Users.Current(t.Context()); err != nil {
					failed <- err
				}
			})
		}
		calls.Wait()

		assert.Empty(t, failed)
		assert.Equal(t, 3, gl.mostRuns)
		assert.Equal(t, 12, w.posts())
		assert.Equal(t, 4*time.Second, time.Since(started))
	})
}

func TestAdoptedPairThatIsRefusedTooStillGetsItsRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	gl := issuing(w, 0, 0)
	gl.rotated = 4
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-6")) // access-5 is revoked
	c := w.signIn(t, 0)
	put(t, w.store, pairOf(5))

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, []string{"refresh-5"}, w.spent())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-5", "Bearer access-6"}, w.carried())
	assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeAdopted, gitlab.OutcomeRefreshed}, w.outcomes())
}

func TestAdoptionsEndByThemselves(t *testing.T) {
	t.Parallel()
	var store *hookedStore
	w := newWorld(t, hooked(&store))
	issuing(w, 0, 0)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
	c := w.signIn(t, 0)
	n := 1
	store.load = func(ctx context.Context, key string) (gitlab.Identity, error) { // always something newer
		n++
		put(t, store.IdentityStore, pairOf(n))
		return store.IdentityStore.LoadIdentity(ctx, key)
	}

	_, err := c.Users.Current(t.Context())

	require.ErrorIs(t, err, gitlab.ErrUnauthorized)
	assert.Zero(t, w.posts())
	assert.LessOrEqual(t, len(w.carried()), 4)
}

func TestStaleReadOfThePairJustSpentIsNotTakenForNewer(t *testing.T) {
	t.Parallel()
	var store *hookedStore
	w := newWorld(t, hooked(&store))
	gl := issuing(w, 0, 0)
	c := w.signIn(t, 0)
	old, err := store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	_, err = c.Users.Current(t.Context())
	require.NoError(t, err)

	store.load = func(context.Context, string) (gitlab.Identity, error) { return old, nil } // a lagging replica of the store
	inUse, err := c.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "access-2", inUse.Data.AccessToken)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
	_, err = c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.spent())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-2", "Bearer access-3"}, w.carried())
	assert.Equal(t, 2, gl.rotated)
	store.load = nil
	assert.Equal(t, "refresh-3", w.stored(t).RefreshToken)
}

func TestNewerAccessTokenOfAServerThatKeepsItsRefreshTokenIsAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(accepts(userJSON, "access-2"), accepts(userJSON, "access-2"), accepts(userJSON, "access-7")))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, `{"access_token":"access-2","expires_in":7200}`))
	c := w.signIn(t, 0)
	_, err := c.Users.Current(t.Context())
	require.NoError(t, err)
	theirs := pairOf(7)
	theirs.RefreshToken = "refresh-1"
	put(t, w.store, theirs) // by another replica

	_, err = c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, 1, w.posts())
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-2", "Bearer access-7"}, w.carried())
}

func TestTokenReplacedAfterItsOwnRefreshIsSentAgainToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 0, 0)
		path := slow(w, "/slow", time.Second, accepts(userJSON, "access-9"))
		c := w.signIn(t, -time.Hour) // refreshed before the call
		late := make(chan error, 1)
		go func() {
			_, err := gitlab.Get[gitlab.User](t.Context(), c, path)
			late <- err
		}()
		synctest.Wait()
		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		require.NoError(t, <-late)
		assert.Equal(t, []string{"Bearer access-2", "Bearer access-9"}, w.carried())
		assert.Equal(t, 1, w.posts())
	})
}
