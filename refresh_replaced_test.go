package gitlab_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// A grant that is replaced while it is being refreshed (contract lines 1, 7, 8).

func TestSignInIsNotCondemnedWithTheGrantItReplaces(t *testing.T) {
	t.Parallel()
	for name, arrives := range map[string]int{"with the second opinion under way": 2, "in the pause before it": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
				signIn := func() {
					_, err := w.client.Authorize(context.WithoutCancel(t.Context()), "ada", gitlab.OAuthData{RefreshToken: "refresh-9"})
					if err != nil {
						t.Error(err)
					}
				}
				w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
					body, err := io.ReadAll(req.Body)
					if err != nil {
						t.Error(err)
					}
					if strings.Contains(string(body), "refresh_token=refresh-9") {
						return answer(req, http.StatusOK, pairJSON), nil
					}
					switch {
					case arrives == 2 && w.posts() == 2:
						signIn()
					case arrives == 1 && w.posts() == 1:
						time.AfterFunc(500*time.Millisecond, signIn)
					}
					return answer(req, http.StatusBadRequest, grantJSON), nil
				})
				c := w.signIn(t, 0)

				_, err := c.Users.Current(t.Context())

				require.NoError(t, err, "the new sign-in is refreshed for the call that waited")
				assert.Equal(t, "refresh-9", w.spent()[len(w.spent())-1])
				assert.NotContains(t, w.outcomes(), gitlab.OutcomeDead)
				for _, carried := range w.carried() {
					assert.NotEqual(t, "Bearer ", carried, "no call goes out without a token")
				}
			})
		})
	}
}

func TestExpiredSignInIsRefreshedBeforeTheCallIsSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Authorization") == "Bearer access-1" {
				old := pairOf(9)
				old.ExpiresAt = time.Now().Add(-time.Hour)
				if _, err := w.client.Authorize(context.WithoutCancel(t.Context()), "ada", old); err != nil {
					return nil, err
				}
			}
			return accepts(userJSON, "access-2")(req)
		})
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))

		_, err := w.signIn(t, 0).Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
		assert.Equal(t, []string{"refresh-9"}, w.spent())
	})
}

func TestRowThatIsWrittenBackIsSavedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		old := w.stored(t)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		inUse := w.stored(t)
		put(t, w.store, old)

		_, err = c.Identity(t.Context()) // reads the store
		require.NoError(t, err)
		time.Sleep(time.Minute)

		assert.Equal(t, inUse, w.stored(t), "the pair in use is stored again")
		assert.Equal(t, 1, w.posts())
	})
}

func TestRowThatIsWrittenBackDoesNotUndoTheNextRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		old := w.stored(t)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		put(t, w.store, old)

		time.Sleep(3 * time.Hour)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute)

		assert.Equal(t, "access-3", w.stored(t).AccessToken)
		assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.spent())
	})
}

func TestLaterOfTwoSignInsIsInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		w := newWorld(t, hooked(&store))
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-8", "access-9"))
		store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
			revision, err := store.IdentityStore.SaveIdentity(ctx, id)
			if id.Data.AccessToken == "access-8" { // overtaken before it is installed
				_, err := w.client.Authorize(context.WithoutCancel(ctx), "ada", pairOf(9))
				assert.NoError(t, err)
			}
			return revision, err
		}

		c, err := w.client.Authorize(t.Context(), "ada", pairOf(8))
		require.NoError(t, err)
		synctest.Wait()
		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, []string{"Bearer access-9"}, w.carried())
	})
}

func TestSignInDoesNotWaitForTheRefreshOfWhatItReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		c := w.signIn(t, 0)
		waiter := make(chan error)
		go func() {
			_, err := c.Users.Current(t.Context())
			waiter <- err
		}()
		time.Sleep(5 * time.Second)
		_, err := w.client.Authorize(t.Context(), "ada", pairOf(9))
		require.NoError(t, err)

		started := time.Now()
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		stream, err := http.NewRequestWithContext(t.Context(), http.MethodGet, userURL, io.MultiReader(strings.NewReader("x")))
		require.NoError(t, err)
		resp, err := c.Do(stream)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())

		assert.Zero(t, time.Since(started))
		require.NoError(t, <-waiter, "its call is sent again with the new sign-in")
	})
}
