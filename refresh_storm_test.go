package gitlab_test

import (
	"context"
	"fmt"
	"io"
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

// Contract lines 10 and 11: a fresh token gets its grace where asked for, and a
// 401 that no refresh cures causes no storm.

func grace(cfg *gitlab.Config) { cfg.FreshTokenGrace = 2 * time.Second }

// bareUntil answers like a replica that does not know token before a time.
func bareUntil(token string, known time.Time) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		switch {
		case req.Header.Get("Authorization") != "Bearer "+token:
			return expired(req), nil
		case time.Now().Before(known):
			return answer(req, http.StatusUnauthorized, bareJSON), nil
		}
		return answer(req, http.StatusOK, userJSON), nil
	}
}

func TestGraceSendsAFreshTokenAgainUntilItIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodGet, userURL, bareUntil("access-2", time.Now().Add(time.Second)))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2", "GET access-2", "GET access-2", "GET access-2", "GET access-2")
		assert.Equal(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}, pauses(sent[2:]))
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
	})
}

func TestGraceEndsAndThe401IsReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodGet, userURL, bareUntil("access-2", time.Now().Add(time.Hour)))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		started := time.Now()
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		sent := w.sent()
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2", "GET access-2", "GET access-2", "GET access-2", "GET access-2", "GET access-2")
		assert.Equal(t, started.Add(2*time.Second), sent[len(sent)-1].At, "once more when the time is over")
		assert.Equal(t, 2*time.Second, time.Since(started))

		// The refresh did not cure it: contract line 11.
		time.Sleep(time.Second)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "GET access-2")
		time.Sleep(29*time.Second - 1)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "GET access-2")
		time.Sleep(time.Nanosecond)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requirePosts(t, w, 1)
	})
}

func TestGraceCoversANewSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodGet, userURL, bareUntil("access-1", time.Now().Add(1500*time.Millisecond)))

		c := w.signIn(t, 2*time.Hour)
		time.Sleep(500 * time.Millisecond)
		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		requirePosts(t, w, 0)
	})
}

func TestGraceKnowsTheFormOfGraphQL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		ready := time.Now().Add(1500 * time.Millisecond)
		w.mock.RegisterResponder(http.MethodPost, baseURL+"/api/graphql", func(req *http.Request) (*http.Response, error) {
			if time.Now().Before(ready) {
				return answer(req, http.StatusUnauthorized, `{"errors":[{"message":"Invalid token"}]}`), nil
			}
			return answer(req, http.StatusOK, `{"data":{"currentUser":{"username":"ada"}}}`), nil
		})
		c := w.signIn(t, 2*time.Hour)

		_, err := gitlab.GraphQL[any](t.Context(), c, `{ currentUser { username } }`, nil)

		require.NoError(t, err)
		requirePosts(t, w, 0)
	})
}

func TestGraceIsOver(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age   time.Duration
		posts int
	}{"just before": {2*time.Second - 1, 0}, "exactly": {2 * time.Second, 1}, "later": {time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, grace)
				w.mock.RegisterResponder(http.MethodGet, userURL, bareUntil("access-1", time.Now().Add(time.Hour)))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				c := w.signIn(t, 2*time.Hour)
				time.Sleep(test.age)

				_, err := c.Users.Current(t.Context())

				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				requirePosts(t, w, test.posts)
			})
		})
	}
}

func TestNoGraceWhereItDoesNotApply(t *testing.T) {
	t.Parallel()
	challenged := with("WWW-Authenticate", `Bearer realm="Protected by OAuth 2.0", error="invalid_token"`, always(http.StatusUnauthorized, bareJSON))
	tests := map[string]struct {
		change func(*gitlab.Config)
		answer httpmock.Responder
	}{
		"not asked for":      {nil, always(http.StatusUnauthorized, bareJSON)},
		"expired":            {grace, func(req *http.Request) (*http.Response, error) { return expired(req), nil }},
		"revoked":            {grace, always(http.StatusUnauthorized, `{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}`)},
		"with a challenge":   {grace, challenged},
		"with a reason":      {grace, always(http.StatusUnauthorized, `{"message":"401 Unauthorized - the group enforces SSO"}`)},
		"with another error": {grace, always(http.StatusUnauthorized, `{"message":"401 Unauthorized","error":"invalid_token"}`)},
		"empty":              {grace, always(http.StatusUnauthorized, "")},
		"page":               {grace, page(http.StatusUnauthorized)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, test.change)
				w.mock.RegisterResponder(http.MethodGet, userURL, test.answer)
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				started := time.Now()

				_, err := w.signIn(t, 0).Users.Current(t.Context())

				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
				assert.Zero(t, time.Since(started))
			})
		})
	}
}

func TestNoGraceForAStoredToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(always(http.StatusUnauthorized, bareJSON), always(http.StatusOK, userJSON)))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		put(t, w.store, pairOf(1))

		_, err := w.client.As("ada").Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
	})
}

// What cannot be sent again is not refreshed for either while the token is fresh.
func TestGraceRefreshesNothingForAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodPut, userURL, always(http.StatusUnauthorized, bareJSON))
		c := w.signIn(t, 2*time.Hour)

		err := upload(t, c, "a stream")

		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "PUT access-1")
	})
}

func TestGraceEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, grace)
		w.mock.RegisterResponder(http.MethodGet, userURL, always(http.StatusUnauthorized, bareJSON))
		c := w.signIn(t, 2*time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 350*time.Millisecond)
		defer cancel()
		started := time.Now()

		_, err := c.Users.Current(ctx)

		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Equal(t, 350*time.Millisecond, time.Since(started))
		requireStory(t, w, "GET access-1", "GET access-1", "GET access-1")
	})
}

func TestUncured401CausesNoRefreshForHalfAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusOK, pairJSON), always(http.StatusOK, pair3JSON)))
		c := w.signIn(t, 0)
		fails := func(want ...string) {
			t.Helper()
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.NotErrorIs(t, err, gitlab.ErrReauthorize)
			requireStory(t, w, want...)
		}

		fails("GET access-1", "POST refresh-1", "GET access-2")
		for range 29 {
			time.Sleep(time.Second)
			fails("GET access-2")
		}
		time.Sleep(time.Second - 1)
		fails("GET access-2")
		time.Sleep(time.Nanosecond)
		fails("GET access-2", "POST refresh-2", "GET access-3")
		fails("GET access-3")
	})
}

func TestUncured401HoldsBackOnlyItsIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusOK, pairJSON), always(http.StatusOK, pair3JSON)))
		_, err := w.signIn(t, 0).Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		bob, err := w.client.Authorize(t.Context(), "bob", gitlab.OAuthData{AccessToken: "access-b", RefreshToken: "refresh-b"})
		require.NoError(t, err)

		_, err = bob.Users.Current(t.Context())

		require.NoError(t, err)
	})
}

func TestExpiryRefreshesWhateverA401HoldsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			always(http.StatusOK, `{"access_token":"access-2","refresh_token":"refresh-2","expires_in":10}`), always(http.StatusOK, pair3JSON)))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")

		time.Sleep(10 * time.Second)
		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "POST refresh-2", "GET access-3")
	})
}

func TestPairOfAnotherReplicaIsFoundWhateverA401HoldsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-7"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requirePosts(t, w, 1)

		loads := countLoads(store)
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			_, err = c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		}
		assert.Equal(t, 5, *loads, "the store is looked at once every 2 s")

		put(t, w.store, pairOf(7))
		found := time.Now()
		for {
			if _, err = c.Users.Current(t.Context()); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		assertBetween(t, 0, time.Since(found), 2*time.Second)
		requirePosts(t, w, 0)
	})
}

// A refused token that came by an expiry refresh had the call's one refresh.
func TestCallMakesOneRefreshWhateverCausesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusOK, pairJSON), always(http.StatusOK, pair3JSON)))
		c := w.signIn(t, time.Second)
		time.Sleep(time.Second)

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "POST refresh-1", "GET access-2")
	})
}

func TestUnauthorizedThatIsNotTheTokensNeverRefreshes(t *testing.T) {
	t.Parallel()
	tests := map[string]httpmock.Responder{
		"Basic challenge":          with("WWW-Authenticate", `Basic realm="GitLab"`, always(http.StatusUnauthorized, `{"message":"401 Unauthorized"}`)),
		"basic challenge":          with("WWW-Authenticate", `basic`, page(http.StatusUnauthorized)),
		"dpop_error":               always(http.StatusUnauthorized, `{"error":"dpop_error","error_description":"DPoP validation error"}`),
		"dpop_error and challenge": with("WWW-Authenticate", `Bearer realm="x"`, always(http.StatusUnauthorized, `{"error":"dpop_error"}`)),
	}
	for name, answer := range tests {
		for _, change := range []func(*gitlab.Config){nil, grace} {
			t.Run(fmt.Sprint(name, change != nil), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, change)
					w.mock.RegisterResponder(http.MethodGet, userURL, answer)
					c := w.signIn(t, 2*time.Hour)

					for range 5 {
						_, err := c.Users.Current(t.Context())
						require.ErrorIs(t, err, gitlab.ErrUnauthorized)
						requireStory(t, w, "GET access-1")
						time.Sleep(time.Minute)
					}
					assert.Empty(t, w.outcomes())
				})
			})
		}
	}
}

// Such a 401 says nothing of a refresh that has just been made, either.
func TestUnauthorizedThatIsNotTheTokensDoesNotCountAsUncured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(
			func(req *http.Request) (*http.Response, error) { return expired(req), nil },
			always(http.StatusUnauthorized, `{"error":"dpop_error"}`), accepts(userJSON, "access-3")))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(always(http.StatusOK, pairJSON), always(http.StatusOK, pair3JSON)))
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")

		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		requireStory(t, w, "GET access-2", "POST refresh-2", "GET access-3")
	})
}

// upload sends a body that cannot be sent twice.
func upload(t *testing.T, c *gitlab.Client, text string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, userURL, io.NopCloser(strings.NewReader(text)))
	require.NoError(t, err)
	resp, err := c.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

// pauses are the times between calls.
func pauses(calls []call) (pauses []time.Duration) {
	for n := 1; n < len(calls); n++ {
		pauses = append(pauses, calls[n].At.Sub(calls[n-1].At))
	}
	return pauses
}
