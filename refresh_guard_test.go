package gitlab_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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

// Contract line 9: one refresh a call.

// asProvider is an IdentityProvider made of a function.
type asProvider func(context.Context, gitlab.Identity, string) (gitlab.OAuthData, error)

func (f asProvider) RefreshIdentity(ctx context.Context, id gitlab.Identity, tokenURL string) (gitlab.OAuthData, error) {
	return f(ctx, id, tokenURL)
}

// realProvider is the provider of newWorld, for an asProvider to go on with.
var realProvider = gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"}

func TestBodyIsSentAgainByteForByte(t *testing.T) {
	t.Parallel()
	hooksURL := baseURL + "/api/v4/projects/7/hooks/3"
	for name, put := range map[string]func(*testing.T, *gitlab.Client) error{
		"of Call": func(t *testing.T, c *gitlab.Client) error {
			in := map[string]string{"url": "https://example.com/?a=1&b=<ü>"}
			return c.Call(t.Context(), http.MethodPut, gitlab.PathTo("/projects/{project}/hooks/{hook}", 7, 3), in, nil)
		},
		"of Do": func(t *testing.T, c *gitlab.Client) error {
			resp, err := c.Do(request(t, http.MethodPut, hooksURL, "\x00\xff raw\n"))
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		},
		"that only GetBody can rewind": func(t *testing.T, c *gitlab.Client) error {
			req := request(t, http.MethodPut, hooksURL, "")
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(neverEnding('x'), 1<<20)), nil }
			req.Body, _ = req.GetBody()
			req.ContentLength = 1 << 20
			resp, err := c.Do(req)
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			issuing(w, 0, 0)
			w.mock.RegisterResponder(http.MethodPut, hooksURL, accepts(`{}`, "access-2"))
			c := w.signIn(t, 0)

			require.NoError(t, put(t, c))

			sent := w.apiCalls()
			require.Len(t, sent, 2)
			assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
			assert.NotEmpty(t, sent[0].Body)
			assert.Equal(t, sha256.Sum256([]byte(sent[0].Body)), sha256.Sum256([]byte(sent[1].Body)))
			assert.Equal(t, sent[0].Header.Get("Content-Type"), sent[1].Header.Get("Content-Type"))
			assert.Equal(t, 1, w.posts())
		})
	}
}

// neverEnding is a reader of one byte without end.
type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestBodyThatCannotBeRewoundIsNotSentAgain(t *testing.T) {
	t.Parallel()
	broken := func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
	for name, getBody := range map[string]func() (io.ReadCloser, error){"a stream": nil, "a GetBody that fails": broken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			issuing(w, 0, 0)
			w.mock.RegisterResponder(http.MethodPost, userURL, accepts(userJSON, "access-2"))
			c := w.signIn(t, 0)
			upload := func() error {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, userURL, io.MultiReader(strings.NewReader("a stream")))
				require.NoError(t, err)
				req.GetBody = getBody
				resp, err := c.Do(req)
				if err == nil {
					err = resp.Body.Close()
				}
				return err
			}

			err := upload()

			var refused *gitlab.APIError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
			assert.Equal(t, 1, w.posts(), "refreshed for the next call")
			assert.Equal(t, "access-2", w.stored(t).AccessToken)
			require.NoError(t, upload())
			assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
			for _, call := range w.apiCalls() {
				assert.Equal(t, "a stream", call.Body)
			}
			assert.Equal(t, 1, w.posts())
		})
	}
}

func TestSecond401IsReturned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	issuing(w, 0, 0)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
	c := w.signIn(t, 0)

	_, err := c.Users.Current(t.Context())

	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	require.NotErrorIs(t, err, gitlab.ErrReauthorize)
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
	assert.Equal(t, 1, w.posts())
}

func TestCallIsRefreshedOnceAcrossRedirects(t *testing.T) {
	t.Parallel()
	for name, lifetime := range map[string]time.Duration{"after a 401": 0, "after expiry": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			gl := issuing(w, 0, 0)
			w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
				resp, err := gl.api(req)
				if err == nil && resp.StatusCode == http.StatusOK {
					resp = answer(req, http.StatusFound, "")
					resp.Header.Set("Location", userURL+"/moved")
				}
				return resp, err
			})
			w.mock.RegisterResponder(http.MethodGet, userURL+"/moved", accepts(userJSON))
			c := w.signIn(t, lifetime)

			_, err := c.Users.Current(t.Context())

			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			assert.Equal(t, 1, w.posts())
			headers := w.carried()
			assert.Equal(t, []string{"Bearer access-2", "Bearer access-2"}, headers[len(headers)-2:])
			assert.LessOrEqual(t, len(headers), 3)
		})
	}
}

func TestTokenThatIsNewIsNeverPast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.Provider = asProvider(func(ctx context.Context, id gitlab.Identity, tokenURL string) (gitlab.OAuthData, error) {
			data, err := realProvider.RefreshIdentity(ctx, id, tokenURL)
			data.ExpiresAt = time.Now().Add(-time.Hour) // by a clock that is wrong
			return data, err
		})
	})
	issuing(w, 0, 0)
	c := w.signIn(t, -time.Hour)

	for range 3 {
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
	}

	assert.Equal(t, 1, w.posts())
	assert.True(t, w.stored(t).ExpiresAt.IsZero())
	assert.Equal(t, []string{"Bearer access-2", "Bearer access-2", "Bearer access-2"}, w.carried())
}

func TestFailedRefreshLeavesNoGuardBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := true
		w := newWorld(t, func(cfg *gitlab.Config) {
			cfg.Provider = asProvider(func(ctx context.Context, id gitlab.Identity, tokenURL string) (gitlab.OAuthData, error) {
				if broken {
					return gitlab.OAuthData{}, errDiskFull
				}
				return realProvider.RefreshIdentity(ctx, id, tokenURL)
			})
		})
		issuing(w, 0, 0)
		c := w.signIn(t, 0)
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, errDiskFull, "told as it is")
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		broken = false

		_, err = c.Users.Current(t.Context())

		require.NoError(t, err)
		assert.Equal(t, 1, w.posts())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-1", "Bearer access-2"}, w.carried())
	})
}

// callBack calls GitLab in every way as ada, who is being refreshed, as bob, who
// should be, and as eve, who need not be. It returns what should not be.
func callBack(ctx context.Context, c *gitlab.Client) error {
	var wrong []error
	for _, key := range []string{"ada", "bob"} {
		_, err := c.As(key).Users.Current(ctx)
		if !errors.Is(err, gitlab.ErrUnauthorized) || errors.Is(err, gitlab.ErrRefreshUnavailable) {
			wrong = append(wrong, fmt.Errorf("call as %s: %w", key, err))
		}
		_, err = c.As(key).Identity(ctx)
		wrong = append(wrong, err)
		token, err := c.As(key).TokenSource(ctx).Token()
		wrong = append(wrong, err)
		if err == nil && token.AccessToken != "access-1" {
			wrong = append(wrong, fmt.Errorf("the token of %s is %s", key, token.AccessToken))
		}
	}
	_, err := c.As("eve").Users.Current(ctx)
	return errors.Join(append(wrong, err)...)
}

func TestCallsMadeDuringARefreshCauseNone(t *testing.T) {
	t.Parallel()
	for _, caller := range []string{"provider", "lock", "load", "save"} {
		for name, lifetime := range map[string]time.Duration{"after a 401": 0, "after expiry": -time.Hour} {
			t.Run(caller+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { callsBack(t, caller, lifetime) })
			})
		}
	}
}

// callsBack refreshes ada while caller, a part of the refresh, calls the client.
func callsBack(t *testing.T, caller string, lifetime time.Duration) {
	t.Helper()
	var w *world
	var store *hookedStore
	var wrong error
	called := -1 // not yet
	back := func(ctx context.Context, who string) {
		if who == caller && called == 0 {
			called++
			wrong = callBack(ctx, w.client)
		}
	}
	w = newWorld(t, func(cfg *gitlab.Config) {
		hooked(&store)(cfg)
		cfg.Provider = asProvider(func(ctx context.Context, id gitlab.Identity, tokenURL string) (gitlab.OAuthData, error) {
			back(ctx, "provider")
			return realProvider.RefreshIdentity(ctx, id, tokenURL)
		})
	})
	store.before = back
	issuing(w, 0, 0)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2", "access-3"))
	c := w.signIn(t, lifetime)
	bob, err := w.client.Authorize(t.Context(), "bob", gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-b"})
	require.NoError(t, err)
	_, err = w.client.Authorize(t.Context(), "eve", pairOf(3))
	require.NoError(t, err)
	called = 0
	started := time.Now()

	_, err = c.Users.Current(t.Context())

	require.NoError(t, err)
	require.NoError(t, wrong)
	assert.Equal(t, 1, called)
	assert.Equal(t, []string{"refresh-1"}, w.spent())
	assert.Less(t, time.Since(started), 5*time.Second, "nothing waited for itself")
	headers := w.carried()
	assert.Equal(t, "Bearer access-2", headers[len(headers)-1])
	_, err = bob.Users.Current(t.Context())
	require.Error(t, err)
	assert.Contains(t, w.spent(), "refresh-b", "no mark stays")
}

func TestStoreThatCallsAsTheIdentityItIsToLoadIsTold(t *testing.T) {
	t.Parallel()
	var store *hookedStore
	w := newWorld(t, hooked(&store))
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	put(t, store, pairOf(2))
	c := w.client.As("ada")
	var called, asked error
	store.load = func(ctx context.Context, key string) (gitlab.Identity, error) {
		_, called = c.Users.Current(ctx)
		_, asked = c.Identity(ctx)
		return store.IdentityStore.LoadIdentity(ctx, key)
	}

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	require.ErrorIs(t, called, gitlab.ErrRefreshUnavailable)
	require.ErrorIs(t, asked, gitlab.ErrRefreshUnavailable)
	assert.Equal(t, []string{"Bearer access-2"}, w.carried())
	assert.Zero(t, w.posts())
}

func TestHookMayCallTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w *world
		told := 0
		var marked, own, signIn error
		w = newWorld(t, func(cfg *gitlab.Config) {
			cfg.OnRefresh = func(ctx context.Context, _ gitlab.RefreshEvent) {
				if told++; told > 1 {
					return
				}
				_, marked = w.client.As("ada").Users.Current(ctx)
				_, own = w.client.As("ada").Users.Current(t.Context())
				_, signIn = w.client.Authorize(ctx, "ada", pairOf(9))
			}
		})
		issuing(w, 0, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2", "access-9"))
		c := w.signIn(t, 0)

		_, err := c.Users.Current(t.Context())

		require.NoError(t, err)
		require.NoError(t, errors.Join(marked, own, signIn))
		assert.Equal(t, 1, told)
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-2", "Bearer access-9"}, w.carried())
		assert.Equal(t, 1, w.posts())
	})
}
