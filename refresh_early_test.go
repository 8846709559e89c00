package gitlab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 12: before expiry the refresh happens in the background, after
// it first of all.

func TestEarlyRefreshStartsInItsTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, lifetime time.Duration
		from, to         time.Duration // before expiry
	}{
		"default":                 {0, 2 * time.Hour, 5 * time.Minute, 4 * time.Minute},
		"as configured":           {10 * time.Minute, 2 * time.Hour, 10 * time.Minute, 8 * time.Minute},
		"a quarter at most":       {time.Hour, 2 * time.Hour, 30 * time.Minute, 24 * time.Minute},
		"default, short lifetime": {0, 8 * time.Minute, 2 * time.Minute, 96 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			starts := make(map[time.Duration]bool)
			for range 10 {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, func(cfg *gitlab.Config) { cfg.RefreshBefore = test.before })
					w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1", "access-2"))
					w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
					c := w.signIn(t, test.lifetime)
					expiry := time.Now().Add(test.lifetime)
					calls := func(posts int) {
						t.Helper()
						_, err := c.Users.Current(t.Context())
						require.NoError(t, err)
						synctest.Wait()
						require.Equal(t, posts, w.posts())
					}

					time.Sleep(time.Until(expiry.Add(-test.from - 1)))
					calls(0)
					for w.posts() == 0 {
						require.LessOrEqual(t, time.Until(expiry.Add(-test.to)), test.from)
						require.GreaterOrEqual(t, time.Until(expiry), test.to, "it is late")
						_, err := c.Users.Current(t.Context())
						require.NoError(t, err)
						synctest.Wait()
						if w.posts() == 0 {
							time.Sleep((test.from - test.to) / 100)
						}
					}
					starts[time.Until(expiry)] = true
					assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
				})
			}
			assert.Greater(t, len(starts), 1, "they differ, so that many do not come at once")
		})
	}
}

func TestNegativeRefreshBeforeNeverRefreshesByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.RefreshBefore = -1 })
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		c := w.signIn(t, time.Hour)

		for range 12 {
			_, err := c.Users.Current(t.Context())
			require.NoError(t, err)
			time.Sleep(10 * time.Minute)
		}
		requirePosts(t, w, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
	})
}

// The lifetime of a stored token is told by its created_at.
func TestEarlyRefreshOfAStoredToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stored string
		posts  int
	}{ // the bubble's clock starts at 946684800; RefreshBefore is 5 minutes
		"long before":             {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":946681200,"expires_at":946688400}`, 0},
		"just before":             {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":946681200,"expires_at":946685101}`, 0},
		"due":                     {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":946681200,"expires_at":946685040}`, 1},
		"a quarter of a lifetime": {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":946684700,"expires_at":946684900}`, 0},
		"without created_at":      {`{"access_token":"access-1","refresh_token":"refresh-1","expires_at":946684900}`, 0},
		"created in the future":   {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":1536798907,"expires_at":946684900}`, 0},
		"without expires_at":      {`{"access_token":"access-1","refresh_token":"refresh-1","created_at":946684700}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1", "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				var data gitlab.OAuthData
				require.NoError(t, json.Unmarshal([]byte(test.stored), &data))
				put(t, w.store, data)

				_, err := w.client.As("ada").Users.Current(t.Context())

				require.NoError(t, err)
				synctest.Wait()
				requirePosts(t, w, test.posts)
			})
		})
	}
}

func TestCallsGoOnUntilTheEarlyRefreshIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		gitLab := issuing(w, 0, 500*time.Millisecond) // rotates at once, answers late
		w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
			access, _ := gitLab.pair()
			return accepts(userJSON, access)(req)
		})
		c := w.signIn(t, 2*time.Hour)
		lockAfter(store, 3*time.Second) // another replica has it
		time.Sleep(2*time.Hour - 4*time.Minute)
		takes := func(want time.Duration, story ...string) {
			t.Helper()
			started := time.Now()
			_, err := c.Users.Current(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, time.Since(started))
			requireStory(t, w, story...)
		}

		for range 3 {
			takes(0, "GET access-1")
			time.Sleep(time.Second - 1)
		}
		time.Sleep(4 * time.Nanosecond)
		takes(500*time.Millisecond-1, "POST refresh-1", "GET access-2")
		takes(0, "GET access-2")
	})
}

func TestCallsWaitAtMostASecondForAnEarlyRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		lockAfter(store, time.Millisecond)
		gitLab := issuing(w, 0, 5*time.Second)
		w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
			if access, _ := gitLab.pair(); req.Header.Get("Authorization") != "Bearer "+access {
				return answer(req, http.StatusUnauthorized, `{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}`), nil
			}
			return answer(req, http.StatusOK, userJSON), nil
		})
		c := w.signIn(t, 2*time.Hour)
		time.Sleep(2*time.Hour - 4*time.Minute)
		_, err := c.Users.Current(t.Context()) // starts it
		require.NoError(t, err)
		time.Sleep(2 * time.Millisecond)
		started := time.Now()

		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, 5*time.Second-time.Millisecond, time.Since(started))
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-1", "GET access-2")
		assert.Equal(t, time.Second, sent[2].At.Sub(started))
	})
}

// A token that is rejected before its time is no better: GitLab kills it with the
// POST.
func TestCallsWaitForTheRefreshThatA401Caused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 0, 500*time.Millisecond)
		c := w.signIn(t, 0)
		go func() {
			_, err := c.Users.Current(t.Context())
			assert.NoError(t, err)
		}()
		synctest.Wait() // it is at GitLab
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2", "GET access-2")
	})
}

func TestCallUnderWayDuringAnEarlyRefreshIsHealed(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]time.Duration{"while it runs": 400 * time.Millisecond, "afterwards": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				w := newWorld(t, hooked(&store))
				lockAfter(store, time.Millisecond)
				gitLab := issuing(w, 0, time.Second)
				w.mock.RegisterResponder(http.MethodPut, userURL, after(slow, func(req *http.Request) (*http.Response, error) {
					access, _ := gitLab.pair()
					return accepts(userJSON, access)(req)
				}))
				w.mock.RegisterResponder(http.MethodGet, userURL, always(http.StatusOK, userJSON))
				c := w.signIn(t, 2*time.Hour)
				time.Sleep(2*time.Hour - 4*time.Minute)
				done := make(chan error)
				go func() { // its own call starts the refresh
					done <- c.Call(t.Context(), http.MethodPut, gitlab.PathTo("/user"), map[string]int{"n": 1}, nil)
				}()

				require.NoError(t, <-done)
				requireStory(t, w, "PUT access-1", "POST refresh-1", "PUT access-2")
			})
		})
	}
}

func TestFailedEarlyRefreshLeavesTheOldTokenInService(t *testing.T) {
	t.Parallel()
	for name, refuses := range map[string]httpmock.Responder{
		"unavailable":      page(http.StatusBadGateway),
		"dead":             always(http.StatusBadRequest, grantJSON),
		"rejected client":  always(http.StatusUnauthorized, clientJSON),
		"another refusal":  always(http.StatusBadRequest, `{"error":"invalid_scope"}`),
		"asked to wait":    with("Retry-After", "20", plain(http.StatusTooManyRequests, "Retry later")),
		"not even a token": always(http.StatusOK, `{}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, refuses)
				c := w.signIn(t, 2*time.Hour)
				expiry := time.Now().Add(2 * time.Hour)
				time.Sleep(2*time.Hour - 4*time.Minute)
				calls := func() {
					t.Helper()
					_, err := c.Users.Current(t.Context())
					require.NoError(t, err)
					synctest.Wait()
				}

				calls()
				for len(w.outcomes()) == 0 { // the second attempts, and the opinion
					time.Sleep(time.Millisecond)
					synctest.Wait()
				}
				failed := time.Now()
				posts := w.posts()
				require.Positive(t, posts)
				for time.Since(failed) < 29*time.Second {
					calls()
					time.Sleep(time.Second)
				}
				time.Sleep(time.Until(failed.Add(30*time.Second - 2*time.Millisecond)))
				calls()
				require.Equal(t, posts, w.posts(), "the next try is 30 s away")

				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1", "access-2"))
				time.Sleep(2 * time.Millisecond)
				for w.stored(t).AccessToken == "access-1" {
					calls()
					time.Sleep(time.Second)
				}
				next := time.Since(failed)
				if name == "dead" { // contract line 7: not for a minute
					assertBetween(t, time.Minute, next, 92*time.Second)
				} else {
					assertBetween(t, 30*time.Second, next, 32*time.Second)
				}
				assert.Equal(t, posts+1, w.posts())
				require.True(t, time.Now().Before(expiry))
			})
		})
	}
}

func TestExpiredTokenIsNotUsedAfterAFailedEarlyRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		lockAfter(store, time.Millisecond)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1", "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusBadGateway))
		c := w.signIn(t, time.Minute) // due at 45 to 48 s, the next try would be after expiry
		time.Sleep(50 * time.Second)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		time.Sleep(10*time.Second - 1)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err, "not expired yet")
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "POST refresh-1", "GET access-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))

		time.Sleep(time.Nanosecond)
		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "POST refresh-1", "GET access-2")
	})
}

// lockAfter makes the store's lock come late.
func lockAfter(store *hookedStore, d time.Duration) {
	store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
		time.Sleep(d)
		return store.IdentityStore.LockIdentity(ctx, key)
	}
}
