package gitlab_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 5: one POST per attempt, at most 3 attempts of 10 s each, then
// ErrRefreshUnavailable for a while.

func TestUnusableAnswersAreAskedForThreeTimes(t *testing.T) {
	t.Parallel()
	tests := map[string]httpmock.Responder{
		"no answer":                  noAnswer,
		"500":                        always(http.StatusInternalServerError, `{"message":"500 Internal Server Error"}`),
		"502 page":                   page(http.StatusBadGateway),
		"503 with short Retry-After": with("Retry-After", "0", page(http.StatusServiceUnavailable)),
		"429":                        plain(http.StatusTooManyRequests, "Retry later"),
		"429 with odd Retry-After":   with("Retry-After", "soon", plain(http.StatusTooManyRequests, "Retry later")),
		"200 page":                   page(http.StatusOK),
		"200 empty":                  always(http.StatusOK, ""),
		"200 without access_token":   always(http.StatusOK, `{"token_type":"Bearer","expires_in":7200,"refresh_token":"refresh-2"}`),
		"200 access_token a number":  always(http.StatusOK, `{"access_token":5,"refresh_token":"refresh-2"}`),
		"200 access_token empty":     always(http.StatusOK, `{"access_token":"","refresh_token":"refresh-2"}`),
		"200 cut off too early":      always(http.StatusOK, `{"access_token":"access-2","refresh_tok`),
		"200 an array":               always(http.StatusOK, `[{"access_token":"access-2"}]`),
		"204":                        always(http.StatusNoContent, ""),
		"400 page":                   page(http.StatusBadRequest),
		"400 without a code":         always(http.StatusBadRequest, `{"message":"400 Bad Request"}`),
		"400 temporarily":            always(http.StatusBadRequest, `{"error":"temporarily_unavailable"}`),
		"403 page":                   page(http.StatusForbidden),
		"403 in the API's words":     always(http.StatusForbidden, `{"error":"insufficient_scope","scope":"api"}`),
		"404 page":                   page(http.StatusNotFound),
		"404 in JSON":                always(http.StatusNotFound, `{"error":"404 Not Found"}`),
		"405":                        page(http.StatusMethodNotAllowed),
		"301 elsewhere":              redirect(http.StatusMovedPermanently, elsewhereURL),
		"302 elsewhere":              redirect(http.StatusFound, elsewhereURL),
		"303 elsewhere":              redirect(http.StatusSeeOther, elsewhereURL),
		"307 elsewhere":              redirect(http.StatusTemporaryRedirect, elsewhereURL),
		"308 elsewhere":              redirect(http.StatusPermanentRedirect, elsewhereURL),
		"307 to the same host":       redirect(http.StatusTemporaryRedirect, "/oauth/token2"),
		"302 to sign in":             redirect(http.StatusFound, baseURL+"/users/sign_in"),
		"307 to nowhere":             redirect(http.StatusTemporaryRedirect, ""),
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, answer)
				c := w.signIn(t, 0)
				before := w.stored(t)

				_, err := c.Users.Current(t.Context())

				requireUnavailable(t, err)
				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				sent := w.sent()
				requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "POST refresh-1")
				assertBetween(t, 400*time.Millisecond, sent[2].At.Sub(sent[1].At), 500*time.Millisecond)
				assertBetween(t, 800*time.Millisecond, sent[3].At.Sub(sent[2].At), time.Second)
				assert.Equal(t, before, w.stored(t))
				assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeUnavailable}, w.outcomes())
				for _, secret := range []string{"access-1", "access-2", "refresh-1", "refresh-2", "client-secret"} {
					assert.NotContains(t, err.Error(), secret)
				}
			})
		})
	}
}

func TestSecondAnswerIsEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(noAnswer, page(http.StatusOK), always(http.StatusOK, pairJSON)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "POST refresh-1", "GET access-2")
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		require.Len(t, w.events, 1)
		assert.Equal(t, 3, w.events[0].Attempts)
	})
}

func TestUnavailableEndpointIsLeftAloneForLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusBadGateway))
		c := w.signIn(t, 0)
		fails := func(posts int) {
			t.Helper()
			started := time.Now()
			_, err := c.Users.Current(t.Context())
			requireUnavailable(t, err)
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			if posts == 0 {
				assert.Zero(t, time.Since(started), "told at once")
			}
			requirePosts(t, w, posts)
		}

		fails(3)
		for _, hold := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			fails(0)
			time.Sleep(hold*time.Second - 1)
			fails(0)
			time.Sleep(time.Nanosecond)
			fails(3)
		}

		// A success ends it: the next failure counts as the first.
		time.Sleep(30 * time.Second)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusBadGateway))
		fails(3)
		time.Sleep(time.Second - 1)
		fails(0)
		time.Sleep(time.Nanosecond)
		fails(3)
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value func() string
		hold  time.Duration
	}{
		"seconds":            {func() string { return "120" }, 2 * time.Minute},
		"just too long":      {func() string { return "6" }, 6 * time.Second},
		"HTTP date":          {func() string { return time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat) }, 2 * time.Minute},
		"more than a day":    {func() string { return "900000" }, 24 * time.Hour},
		"absurd":             {func() string { return "9223372036854775807" }, 24 * time.Hour},
		"date beyond a day":  {func() string { return "Sun, 06 Nov 2094 08:49:37 GMT" }, 24 * time.Hour},
		"longer than a hold": {func() string { return "45" }, 45 * time.Second},
	}
	for name, test := range tests {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, nil)
					w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
					w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
						with("Retry-After", test.value(), plain(status, "Retry later")), always(http.StatusOK, pairJSON)))
					c := w.signIn(t, 0)
					fails := func(posts int) {
						t.Helper()
						_, err := c.Users.Current(t.Context())
						requireUnavailable(t, err)
						var api *gitlab.APIError
						require.ErrorAs(t, err, &api)
						assert.Equal(t, test.hold, api.RetryAfter)
						requirePosts(t, w, posts)
					}

					fails(1)
					fails(0)
					time.Sleep(test.hold - 1)
					fails(0)
					time.Sleep(time.Nanosecond)
					_, err := c.Users.Current(t.Context())

					require.NoError(t, err)
					requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
				})
			})
		}
	}
}

func TestShortRetryAfterIsWaitedForWithinTheRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			with("Retry-After", "5", plain(http.StatusTooManyRequests, "Retry later")), always(http.StatusOK, pairJSON)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "GET access-2")
		assert.Equal(t, 5*time.Second, sent[2].At.Sub(sent[1].At))
	})
}

func TestStoreIsLookedAtWhileTheEndpointIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-7"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, with("Retry-After", "600", plain(http.StatusTooManyRequests, "Retry later")))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		requireUnavailable(t, err)
		loads := countLoads(store)

		for range 200 { // 20 s
			time.Sleep(100 * time.Millisecond)
			_, err := c.Users.Current(t.Context())
			requireUnavailable(t, err)
		}
		assert.Equal(t, 10, *loads, "once every 2 s")
		requirePosts(t, w, 1)

		put(t, w.store, pairOf(7))
		found := time.Now()
		for {
			if _, err = c.Users.Current(t.Context()); err == nil {
				break
			}
			requireUnavailable(t, err)
			time.Sleep(100 * time.Millisecond)
		}
		assertBetween(t, 0, time.Since(found), 2*time.Second)
		requirePosts(t, w, 0)
		id, err := c.Identity(t.Context())
		require.NoError(t, err)
		assert.Equal(t, w.stored(t), id.Data)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeUnavailable, gitlab.OutcomeAdopted}, w.outcomes())
	})
}

func TestSlowAnswerIsCutAndAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			after(10*time.Second+time.Millisecond, always(http.StatusOK, pair3JSON)), always(http.StatusOK, pairJSON)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "GET access-2")
		assertBetween(t, 10*time.Second+400*time.Millisecond, sent[2].At.Sub(sent[1].At), 10*time.Second+500*time.Millisecond)
	})
}

// The body of an answer is part of the attempt, too.
func TestAnswerThatStopsHalfwayIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		stops := func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, "")
			resp.Body = &brokenBody{text: strings.NewReader(`{"access_token":`), ctx: req.Context()}
			return resp, nil
		}
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(stops, always(http.StatusOK, pairJSON)))

		started := time.Now()
		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "POST refresh-1", "GET access-2")
		assertBetween(t, 10*time.Second+400*time.Millisecond, time.Since(started), 10*time.Second+500*time.Millisecond)
	})
}

func TestSlowAnswerLeavesTheSaveItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, after(10*time.Second-time.Millisecond, always(http.StatusOK, pairJSON)))
		c := w.signIn(t, 0)
		tries := 0
		store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
			if tries++; tries < 3 {
				<-ctx.Done()
				return "", ctx.Err()
			}
			time.Sleep(2900 * time.Millisecond)
			return store.IdentityStore.SaveIdentity(ctx, id)
		}

		started := time.Now()
		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		assert.Equal(t, 3, tries)
		assertBetween(t, 18*time.Second, time.Since(started), 20*time.Second)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
	})
}

func TestLostAnswerThenRefusalIsADeadGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(noAnswer, always(http.StatusBadRequest, grantJSON)))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requirePosts(t, w, 3)
	})
}
