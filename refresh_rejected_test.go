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

// Contract line 7: a refusal of the application holds back all its refreshes.

func TestRejectedApplicationHoldsAllRefreshesBack(t *testing.T) {
	t.Parallel()
	tests := map[string]httpmock.Responder{
		"invalid_client":      always(http.StatusUnauthorized, clientJSON),
		"invalid_client, 400": always(http.StatusBadRequest, clientJSON),
		"unauthorized_client": always(http.StatusForbidden, `{"error":"unauthorized_client","error_description":"You are not authorized to revoke this token"}`),
	}
	for name, refuses := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, refuses)
				ada := w.signIn(t, 0)
				bob, err := w.client.Authorize(t.Context(), "bob", gitlab.OAuthData{AccessToken: "access-b", RefreshToken: "refresh-b"})
				require.NoError(t, err)
				fails := func(posts int) {
					t.Helper()
					for key, c := range map[string]*gitlab.Client{"ada": ada, "bob": bob} {
						_, err := c.Users.Current(t.Context())
						require.ErrorIs(t, err, gitlab.ErrClientRejected)
						require.ErrorIs(t, err, gitlab.ErrUnauthorized)
						require.NotErrorIs(t, err, gitlab.ErrReauthorize)
						require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
						var refused *gitlab.IdentityNotValidError
						require.ErrorAs(t, err, &refused)
						assert.Equal(t, key, refused.Key)
					}
					requirePosts(t, w, posts)
				}

				fails(1)
				for _, hold := range []time.Duration{10, 20, 40, 80, 160, 300, 300} {
					fails(0)
					time.Sleep(hold*time.Second - 1)
					fails(0)
					time.Sleep(time.Nanosecond)
					fails(1) // one probes for both
				}

				time.Sleep(300 * time.Second)
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				_, err = ada.Users.Current(t.Context())
				require.NoError(t, err)
				_, err = bob.Users.Current(t.Context())
				require.NoError(t, err, "the probe's success frees all")
				requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2", "GET access-b", "POST refresh-b", "GET access-2")
			})
		})
	}
}

// The probe of a dead grant shows, too, that the application is taken again.
func TestRefusedGrantSaysNothingOfARejectedApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, clientJSON))
		ada := w.signIn(t, 0)
		bob, err := w.client.Authorize(t.Context(), "bob", gitlab.OAuthData{AccessToken: "access-b", RefreshToken: "refresh-b"})
		require.NoError(t, err)
		_, err = ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrClientRejected)
		time.Sleep(10 * time.Second)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			if err := req.ParseForm(); err != nil {
				return nil, err
			}
			if req.PostForm.Get("refresh_token") == "refresh-1" {
				return answer(req, http.StatusBadRequest, grantJSON), nil
			}
			return answer(req, http.StatusOK, pairJSON), nil
		})

		_, err = ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		_, err = bob.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrClientRejected, "GitLab judges the grant before the secret")
		time.Sleep(10 * time.Second)
		_, err = bob.Users.Current(t.Context())

		require.NoError(t, err)
	})
}

func TestThousandIdentitiesBehindAWrongSecretAskAHandfulOfTimes(t *testing.T) {
	t.Parallel()
	for name, latency := range map[string]time.Duration{"at once": 0, "after 300 ms": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, after(latency, always(http.StatusUnauthorized, clientJSON)))
				errs := make(chan error)
				for n := range 1000 {
					c, err := w.client.Authorize(t.Context(), fmt.Sprint("user-", n),
						gitlab.OAuthData{AccessToken: fmt.Sprint("access-", n), RefreshToken: fmt.Sprint("refresh-", n)})
					require.NoError(t, err)
					go func() {
						_, err := c.Users.Current(t.Context())
						errs <- err
					}()
				}
				for range 1000 {
					require.ErrorIs(t, <-errs, gitlab.ErrClientRejected)
				}

				assert.Len(t, w.apiCalls(), 1000)
				assert.LessOrEqual(t, w.posts(), 16, "those that were under way at the first refusal")

				time.Sleep(10 * time.Second)
				before := w.posts()
				for n := range 1000 {
					go func() {
						_, err := w.client.As(fmt.Sprint("user-", n)).Users.Current(t.Context())
						errs <- err
					}()
				}
				for range 1000 {
					require.ErrorIs(t, <-errs, gitlab.ErrClientRejected)
				}
				assert.Equal(t, before+1, w.posts(), "one probes for all")
			})
		})
	}
}

func TestPairOfAnotherReplicaIsFoundWhileTheApplicationIsRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-7"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, clientJSON))
		c := w.signIn(t, 0)
		for range 3 { // until it holds for longer than this test
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrClientRejected)
			time.Sleep(20 * time.Second)
		}
		requirePosts(t, w, 3)
		locks := 0
		store.lock = func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
			locks++
			return store.IdentityStore.LockIdentity(ctx, key)
		}
		loads := countLoads(store)
		for range 100 { // 10 s
			_, err := c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrClientRejected)
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, 5, *loads, "once every 2 s")
		assert.Zero(t, locks, "nobody waits for a refresh that is held back")

		put(t, w.store, pairOf(7))
		time.Sleep(2 * time.Second)
		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		requirePosts(t, w, 0)
	})
}
