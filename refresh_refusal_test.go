package gitlab_test

import (
	"context"
	"errors"
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

// Contract line 7: what a refusal means, and how long it holds refreshes back.

func TestPassingInvalidGrantIsNoRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusBadRequest, grantJSON), always(http.StatusOK, pairJSON)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "GET access-2")
		assert.Equal(t, time.Second, sent[2].At.Sub(sent[1].At))
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
	})
}

func TestPairThatAppearsDuringTheSecondOpinionIsAdopted(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]time.Duration{"before the refusal": 100 * time.Millisecond, "during the pause": 700 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-7"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, after(200*time.Millisecond, always(http.StatusBadRequest, grantJSON)))
				c := w.signIn(t, 0)
				time.AfterFunc(when, func() { put(t, w.store, pairOf(7)) })

				_, err := c.Users.Current(t.Context())

				require.NoError(t, err)
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-7")
				assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeAdopted}, w.outcomes())
				assert.Equal(t, "refresh-7", w.stored(t).RefreshToken)
			})
		})
	}
}

func TestStoreThatIsDownDuringTheSecondOpinionLeavesItOpen(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]int{"at once": 1, "after the pause": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				w := newWorld(t, hooked(&store))
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusBadRequest, grantJSON), always(http.StatusOK, pairJSON)))
				c := w.signIn(t, 0)
				reloads := 0
				store.load = func(ctx context.Context, key string) (gitlab.Identity, error) {
					if w.posts() > 0 {
						if reloads++; reloads >= failing {
							return gitlab.Identity{}, errOfMine
						}
					}
					return store.IdentityStore.LoadIdentity(ctx, key)
				}

				_, err := c.Users.Current(t.Context())

				requireUnavailable(t, err)
				require.ErrorIs(t, err, errOfMine)
				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				requireStory(t, w, "GET access-1", "POST refresh-1")

				store.load = nil
				time.Sleep(time.Second)
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err)
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
			})
		})
	}
}

// A second opinion that does not arrive is none.
func TestSecondOpinionThatIsLostLeavesItOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusBadRequest, grantJSON), page(http.StatusBadGateway)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		requireUnavailable(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1")
	})
}

func TestDeadGrantIsAskedForEverMoreRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		c := w.signIn(t, 0)
		fails := func(posts int) {
			t.Helper()
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrReauthorize)
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.NotErrorIs(t, err, gitlab.ErrClientRejected)
			var refused *gitlab.IdentityNotValidError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "invalid_grant", refused.Code)
			assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
			assert.Equal(t, "ada", refused.Key)
			requirePosts(t, w, posts)
		}

		fails(2)
		for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			fails(0)
			time.Sleep(minutes*time.Minute - 1)
			fails(0)
			time.Sleep(time.Nanosecond)
			fails(1)
		}

		loads := countLoads(store)
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			fails(0)
		}
		assert.Equal(t, 5, *loads, "the store is looked at once every 2 s")
	})
}

// An answer that says nothing of the grant is no reason to send it oftener.
func TestDeadGrantIsAskedForRarelyWhateverTheAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]httpmock.Responder{
		"invalid_grant":   always(http.StatusBadRequest, grantJSON),
		"no answer":       noAnswer,
		"page":            page(http.StatusForbidden),
		"429":             with("Retry-After", "1", plain(http.StatusTooManyRequests, "Retry later")),
		"401":             always(http.StatusUnauthorized, ""),
		"another refusal": always(http.StatusBadRequest, `{"error":"invalid_scope"}`),
		"rejected client": always(http.StatusUnauthorized, clientJSON),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
				c := w.signIn(t, 0)
				_, err := c.Users.Current(t.Context())
				require.ErrorIs(t, err, gitlab.ErrReauthorize)
				requirePosts(t, w, 2)
				w.mock.RegisterResponder(http.MethodPost, tokenURL, answer)

				told := 0
				for range 720 { // an hour
					time.Sleep(5 * time.Second)
					if _, err = c.Users.Current(t.Context()); errors.Is(err, gitlab.ErrReauthorize) {
						told++
					}
				}

				requirePosts(t, w, 5) // after 1, 3, 7, 15 and 31 minutes
				assert.GreaterOrEqual(t, told, 720-5, "in between it is told as dead")
			})
		})
	}
}

func TestSignInElsewhereEndsADeadGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-7"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		requirePosts(t, w, 2)
		time.Sleep(10 * time.Second)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)

		_, err = w.replica(t, w.store).client.Authorize(t.Context(), "ada", pairOf(7))
		require.NoError(t, err)
		signedIn := time.Now()
		for {
			if _, err = c.Users.Current(t.Context()); err == nil {
				break
			}
			require.ErrorIs(t, err, gitlab.ErrReauthorize)
			time.Sleep(100 * time.Millisecond)
		}

		assertBetween(t, 0, time.Since(signedIn), 2*time.Second)
		requirePosts(t, w, 0)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeDead, gitlab.OutcomeRevived}, w.outcomes())
	})
}

// A holder that died may have rotated: another replica may hold the new pair.
func TestAbandonedLockPutsADeadGrantOffForFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		c := w.signIn(t, 0)
		abandoned := true
		store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
			lock, err := store.IdentityStore.LockIdentity(ctx, key)
			if err == nil {
				lock.Abandoned = abandoned
			}
			abandoned = false // told once
			return lock, err
		}
		fails := func(posts int, meaning, not error) {
			t.Helper()
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, meaning)
			require.NotErrorIs(t, err, not)
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			requirePosts(t, w, posts)
		}

		fails(2, gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize)
		judged := time.Now()
		time.Sleep(time.Minute - 1)
		fails(0, gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize)
		time.Sleep(time.Nanosecond)
		fails(1, gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize)
		time.Sleep(2 * time.Minute)
		fails(1, gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize)
		time.Sleep(time.Until(judged.Add(5*time.Minute - 1)))
		fails(0, gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize)
		time.Sleep(time.Nanosecond)
		fails(0, gitlab.ErrReauthorize, gitlab.ErrRefreshUnavailable)
	})
}

func TestAbandonedLockDoesNotDelayAGoodRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		c := w.signIn(t, 0)
		store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
			lock, err := store.IdentityStore.LockIdentity(ctx, key)
			lock.Abandoned = true
			return lock, err
		}
		started := time.Now()

		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Zero(t, time.Since(started))
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
	})
}

func TestOtherRefusalsSignNobodyOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		code   string
	}{
		"invalid_scope":            {400, `{"error":"invalid_scope","error_description":"The requested scope is invalid, unknown, or malformed."}`, "invalid_scope"},
		"invalid_request":          {400, `{"error":"invalid_request","error_description":"Missing required parameter: refresh_token."}`, "invalid_request"},
		"unsupported_grant_type":   {400, `{"error":"unsupported_grant_type"}`, "unsupported_grant_type"},
		"a code nobody knows":      {400, `{"error":"mfa_required"}`, "mfa_required"},
		"403 with a code":          {403, `{"error":"invalid_request"}`, "invalid_request"},
		"401 empty":                {401, "", ""},
		"401 {}":                   {401, `{}`, ""},
		"401 page":                 {401, "<html>sign in</html>", ""},
		"401 bare":                 {401, bareJSON, ""},
		"401 with invalid_grant":   {401, grantJSON, "invalid_grant"},
		"401 with invalid_token":   {401, `{"error":"invalid_token"}`, "invalid_token"},
		"401 with temporary words": {401, `{"error":"temporarily_unavailable"}`, "temporarily_unavailable"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(test.status, test.body), always(http.StatusOK, pairJSON)))
				c := w.signIn(t, 0)
				before := w.stored(t)

				_, err := c.Users.Current(t.Context())

				var refused *gitlab.IdentityNotValidError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, "ada", refused.Key)
				assert.Equal(t, test.status, refused.StatusCode)
				assert.Equal(t, test.code, refused.Code)
				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				require.NotErrorIs(t, err, gitlab.ErrReauthorize)
				require.NotErrorIs(t, err, gitlab.ErrClientRejected)
				require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
				requireStory(t, w, "GET access-1", "POST refresh-1")
				assert.Equal(t, before, w.stored(t))
				assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefused}, w.outcomes())

				time.Sleep(time.Minute)
				_, err = c.Users.Current(t.Context())
				require.NoError(t, err, "nothing is latched")
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
			})
		})
	}
}

func TestRepeatedRefusalsAreNotAStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, `{}`))
		c := w.signIn(t, 0)

		for range 600 { // a minute
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			time.Sleep(100 * time.Millisecond)
		}

		assert.LessOrEqual(t, w.posts(), 8)
	})
}

// Whatever a refusal repeats of the request is left out.
func TestRefusalsDoNotRepeatSecrets(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 429, 500} {
		for _, form := range []string{
			`{"error":"invalid_scope refresh-1","error_description":"client-secret and refresh-1 and access-1"}`,
			`{"error":"access-1","message":{"refresh-1":["client-secret"]}}`,
			`refresh-1 client-secret access-1`,
		} {
			t.Run(fmt.Sprint(status, form), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, nil)
					w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
					w.mock.RegisterResponder(http.MethodPost, tokenURL, always(status, form))

					_, err := w.signIn(t, 0).Users.Current(t.Context())

					require.Error(t, err)
					var refused *gitlab.IdentityNotValidError
					_ = errors.As(err, &refused)
					text := fmt.Sprintf("%v %+v %#v %+v", err, err, err, refused)
					for _, secret := range []string{"refresh-1", "access-1", "client-secret"} {
						assert.NotContains(t, text, secret)
					}
				})
			})
		}
	}
}
