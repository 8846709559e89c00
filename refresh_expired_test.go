package gitlab_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 12: after expiry the refresh comes first, and what cannot be
// sent again waits for one that is due.

func TestExpiredTokenIsRefreshedFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, after(5*time.Second, always(http.StatusOK, pairJSON)))
		c := w.signIn(t, time.Hour)
		time.Sleep(time.Hour)
		started := time.Now()

		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(started), "however long it takes")
		requireStory(t, w, "POST refresh-1", "GET access-2")
	})
}

// Without a new token no call is made, and what is said of the refresh is no 401.
func TestExpiredTokenThatCannotBeRefreshedMakesNoCall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer httpmock.Responder
		means  error
		posts  int
	}{
		"unavailable":     {page(http.StatusBadGateway), gitlab.ErrRefreshUnavailable, 3},
		"dead":            {always(http.StatusBadRequest, grantJSON), gitlab.ErrReauthorize, 2},
		"rejected client": {always(http.StatusUnauthorized, clientJSON), gitlab.ErrClientRejected, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodPost, tokenURL, test.answer)
				c := w.signIn(t, time.Hour)
				time.Sleep(time.Hour)

				for _, posts := range []int{test.posts, 0} {
					_, err := c.Users.Current(t.Context())
					require.ErrorIs(t, err, test.means)
					require.NotErrorIs(t, err, gitlab.ErrUnauthorized)
					assert.Empty(t, w.apiCalls())
					requirePosts(t, w, posts)
				}
				_, err := c.TokenSource(t.Context()).Token()
				require.ErrorIs(t, err, test.means)
				_, err = statusOf(t, c.HTTPClient())
				require.ErrorIs(t, err, test.means)
				assert.Empty(t, w.sent())
			})
		})
	}
}

func TestStreamWaitsForARefreshThatIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPut, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, after(4*time.Second, always(http.StatusOK, pairJSON)))
		c := w.signIn(t, 2*time.Hour)
		time.Sleep(2*time.Hour - 4*time.Minute)
		started := time.Now()

		require.NoError(t, upload(t, c, "a stream"))

		assert.Equal(t, 4*time.Second, time.Since(started))
		assert.Equal(t, "a stream", w.apiCalls()[0].Body)
		requireStory(t, w, "POST refresh-1", "PUT access-2")
	})
}

// If the refresh fails, the stream goes out with the token that is still good.
func TestStreamGoesOutAfterAFailedEarlyRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPut, userURL, accepts(userJSON, "access-1"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		c := w.signIn(t, 2*time.Hour)
		time.Sleep(2*time.Hour - 4*time.Minute)

		require.NoError(t, upload(t, c, "a stream"))
		require.NoError(t, upload(t, c, "a stream"))

		requireStory(t, w, "POST refresh-1", "POST refresh-1", "PUT access-1", "PUT access-1")
	})
}

func TestManyCallsOnADueTokenAreOneRefresh(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Duration{"before expiry": 2*time.Hour - 4*time.Minute, "after expiry": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				w := newWorld(t, hooked(&store))
				locks := 0
				store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
					locks++
					return store.IdentityStore.LockIdentity(ctx, key)
				}
				gitLab := issuing(w, 100*time.Millisecond, 100*time.Millisecond)
				w.mock.RegisterResponder(http.MethodGet, userURL, after(time.Millisecond, func(req *http.Request) (*http.Response, error) {
					access, _ := gitLab.pair()
					return accepts(userJSON, access)(req)
				}))
				c := w.signIn(t, 2*time.Hour)
				time.Sleep(at)
				errs := make(chan error)
				for n := range 200 {
					go func() {
						time.Sleep(time.Duration(n) * 2 * time.Millisecond)
						_, err := w.client.As("ada").Users.Current(t.Context())
						errs <- err
					}()
				}
				for range 200 {
					require.NoError(t, <-errs)
				}

				assert.Equal(t, 1, w.posts())
				assert.Equal(t, 1, locks)
				if name == "after expiry" {
					for _, c := range w.apiCalls() {
						assert.Equal(t, "Bearer access-2", c.Authorization)
					}
				}
				_, err := c.Users.Current(t.Context())
				require.NoError(t, err, fmt.Sprint(w.outcomes()))
			})
		})
	}
}
