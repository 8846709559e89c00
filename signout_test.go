package gitlab_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

const revokeURL = baseURL + "/oauth/revoke"

// revokes answers w's revocations. A token that was revoked is refused from then
// on, unless it is one of survivors.
func (w *world) revokes(then httpmock.Responder, survivors ...string) {
	w.mock.RegisterResponder(http.MethodPost, revokeURL, func(req *http.Request) (*http.Response, error) {
		resp, err := then(req)
		if err == nil && resp.StatusCode == http.StatusOK {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.dead = make(map[string]bool)
			for _, token := range w.revokedSoFar() {
				w.dead[token] = !slices.Contains(survivors, token)
			}
		}
		return resp, err
	})
}

// revoked are the tokens that were revoked, in their order.
func (w *world) revoked() (tokens []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.revokedSoFar()
}

// revokedSoFar wants w.mu.
func (w *world) revokedSoFar() (tokens []string) {
	for _, c := range w.calls {
		if form, err := url.ParseQuery(c.Body); err == nil && c.URL == revokeURL {
			tokens = append(tokens, form.Get("token"))
		}
	}
	return tokens
}

// requireNothingStored checks that "ada" is not in the store.
func (w *world) requireNothingStored(t *testing.T) {
	t.Helper()
	_, err := w.store.LoadIdentity(t.Context(), "ada")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

// during calls f once, before then answers.
func during(f func(), then httpmock.Responder) httpmock.Responder {
	var once sync.Once
	return func(req *http.Request) (*http.Response, error) {
		once.Do(f)
		return then(req)
	}
}

var (
	gone      = always(http.StatusOK, `{}`)
	notClient = always(http.StatusForbidden, `{"error":"unauthorized_client","error_description":"You are not authorized to revoke this token"}`)
)

// deletion is a store that does something before or instead of deleting.
type deletion struct {
	gitlab.IdentityStore
	do func(ctx context.Context, key, revision string) error
}

func (d *deletion) DeleteIdentity(ctx context.Context, key, revision string) error {
	if d.do != nil {
		if err := d.do(ctx, key, revision); err != nil {
			return err
		}
	}
	return d.IdentityStore.DeleteIdentity(ctx, key, revision)
}

func TestSignOutRevokesThenDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada := w.signIn(t, time.Hour)
	w.revokes(during(func() {
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken, "it is deleted only when it is revoked")
	}, gone))
	require.NoError(t, ada.SignOut(t.Context()))

	sent := w.sent()
	require.Len(t, sent, 2)
	assert.Equal(t, []string{"refresh-1"}, w.spent(), "only a refusal proves that it is revoked")
	form, err := url.ParseQuery(sent[0].Body)
	require.NoError(t, err)
	assert.Equal(t, url.Values{"token": {"refresh-1"}, "client_id": {"client-id"}, "client_secret": {"client-secret"}}, form)
	assert.Empty(t, sent[0].Authorization)
	w.requireNothingStored(t)
	_, err = ada.Users.Current(t.Context())
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrIdentityNotFound, "there is nothing left to sign out")
	assert.Len(t, w.sent(), 2)

	put(t, w.store, pairOf(2)) // the user signs in again, elsewhere
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	_, err = ada.Users.Current(t.Context())
	require.NoError(t, err)
}

func TestSignOutOfWhatIsNoStoredIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	require.ErrorIs(t, w.client.SignOut(t.Context()), gitlab.ErrIdentityNotFound)
	require.ErrorIs(t, w.client.WithToken("glpat-1").SignOut(t.Context()), gitlab.ErrIdentityNotFound)
	require.ErrorContains(t, w.client.As("").SignOut(t.Context()), "key is empty")
	require.ErrorIs(t, w.client.As("ada").SignOut(t.Context()), gitlab.ErrIdentityNotFound)
	foreign := gitlab.Identity{Key: "ada", BaseURL: "https://other.example.com", Data: pairOf(1)}
	_, err := w.store.SaveIdentity(t.Context(), foreign)
	require.NoError(t, err)
	require.ErrorIs(t, w.client.As("ada").SignOut(t.Context()), gitlab.ErrWrongInstance)
	assert.Empty(t, w.sent())
}

func TestSignOutNeedsAProviderThatCanRevoke(t *testing.T) {
	t.Parallel()
	type refresher struct{ gitlab.IdentityProvider }
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = refresher{app} })
	ada := w.signIn(t, time.Hour)
	require.ErrorContains(t, ada.SignOut(t.Context()), "IdentityRevoker; this is a gitlab_test.refresher")
	assert.Equal(t, "access-1", w.stored(t).AccessToken)
	w = newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = nil })
	require.ErrorContains(t, w.signIn(t, time.Hour).SignOut(t.Context()), "IdentityRevoker")
}

// panickyRevoker is a provider that does not survive a revocation.
type panickyRevoker struct{ gitlab.OAuthProvider }

func (panickyRevoker) RevokeIdentity(_ context.Context, id gitlab.Identity, _ string) error {
	panic(id.Data.RefreshToken)
}

func TestSignOutSurvivesItsProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = panickyRevoker{app} })
	err := w.signIn(t, time.Hour).SignOut(t.Context())
	require.ErrorContains(t, err, "the identity provider panicked")
	assert.NotContains(t, err.Error(), "refresh-1")
	assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
}

// rejectedRevoker is a provider that knows of a rejection in its own way.
type rejectedRevoker struct{ gitlab.OAuthProvider }

func (rejectedRevoker) RevokeIdentity(context.Context, gitlab.Identity, string) error {
	return gitlab.ErrClientRejected
}

func TestRejectionInAProvidersOwnWordsDoesNotPass(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = rejectedRevoker{app} })
	err := w.signIn(t, time.Hour).SignOut(t.Context())
	require.ErrorIs(t, err, gitlab.ErrClientRejected)
	require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
}

func TestSignOutThatFailsMayBeRepeated(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fails httpmock.Responder
		is    error
		not   error
		says  string
	}{
		"no answer": {noAnswer, gitlab.ErrRefreshUnavailable, gitlab.ErrClientRejected, `signing out identity "ada": revoking a token: `},
		"503":       {page(http.StatusServiceUnavailable), gitlab.ErrRefreshUnavailable, gitlab.ErrClientRejected, "status 503"},
		"429":       {plain(http.StatusTooManyRequests, "Retry later"), gitlab.ErrRateLimited, gitlab.ErrClientRejected, "Retry later"},
		"rejected":  {notClient, gitlab.ErrClientRejected, gitlab.ErrRefreshUnavailable, "unauthorized_client"},
		"404":       {page(http.StatusNotFound), gitlab.ErrNotFound, gitlab.ErrRefreshUnavailable, "status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			ada := w.signIn(t, time.Hour)
			w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1"))
			w.revokes(inTurn(row.fails, gone))
			err := ada.SignOut(t.Context())
			require.ErrorIs(t, err, row.is)
			require.NotErrorIs(t, err, row.not)
			require.ErrorContains(t, err, row.says)
			assert.True(t, strings.HasPrefix(err.Error(), `gitlab: signing out identity "ada": `), err)
			for _, secret := range []string{"refresh-1", "access-1", "client-secret"} {
				assert.NotContains(t, err.Error(), secret)
			}
			assert.Equal(t, "refresh-1", w.stored(t).RefreshToken, "nothing is deleted")
			_, err = ada.Users.Current(t.Context())
			require.NoError(t, err, "nobody is signed out yet")

			require.NoError(t, ada.SignOut(t.Context()))
			w.requireNothingStored(t)
		})
	}
}

// TestSignOutOfAnExpiredPairLeavesNoRefreshToken: old servers answer 200 to the
// revocation of an expired pair, and keep its refresh token alive.
func TestSignOutOfAnExpiredPairLeavesNoRefreshToken(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"expired": -time.Minute, "expired by GitLab's clock": time.Hour, "unknown expiry": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			ada := w.signIn(t, age)
			w.revokes(gone, "refresh-1")
			w.mock.RegisterResponder(http.MethodPost, tokenURL, during(func() {
				assert.Equal(t, []string{"refresh-1"}, w.revoked())
			}, always(http.StatusOK, pairJSON)))
			require.NoError(t, ada.SignOut(t.Context()))
			assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked(), "what the proof brought to light is ended too")
			assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.spent(), "both are proved")
			w.requireNothingStored(t)
		})
	}
	t.Run("revoked by the first answer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(gone)
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1"}, w.revoked())
		assert.Equal(t, 1, w.posts())
		w.requireNothingStored(t)
	})
	t.Run("no refresh token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada, err := w.client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-1"})
		require.NoError(t, err)
		w.revokes(gone)
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"access-1"}, w.revoked())
		assert.Zero(t, w.posts())
	})
	t.Run("the application is rejected", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(gone, "refresh-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, clientJSON))
		err := ada.SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrClientRejected)
		require.NotErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
	})
	t.Run("no proof", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(gone, "refresh-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(page(http.StatusBadGateway), always(http.StatusBadRequest, grantJSON)))
		err := ada.SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.ErrorContains(t, err, "making sure that it is revoked")
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken, "nothing is deleted on a guess")
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrSignOutIncomplete, "what was refused now may have been rotated then")
		w.requireNothingStored(t)
	})
}

// TestSignOutOnAServerOfOldRules runs against the rules themselves.
func TestSignOutOnAServerOfOldRules(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	tokens := srv.SignIn("ada")
	client, err := gitlab.New(gitlab.Config{
		BaseURL: srv.URL, HTTPClient: srv.Client(), Store: gitlab.NewMemoryStore(),
		Provider: gitlab.OAuthProvider{ClientID: srv.App.ClientID, ClientSecret: srv.App.ClientSecret},
	})
	require.NoError(t, err)
	ada, err := client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken})
	require.NoError(t, err)
	srv.Expire(tokens.AccessToken)
	require.NoError(t, ada.SignOut(t.Context()))
	state := srv.State(tokens.RefreshToken)
	assert.True(t, state.Spent, "the revocation did not end it")
	var newest string
	for _, c := range srv.CallsTo(http.MethodPost, "/oauth/revoke") {
		form, err := url.ParseQuery(string(c.Body))
		require.NoError(t, err)
		newest = form.Get("token")
	}
	assert.NotEqual(t, tokens.RefreshToken, newest)
	assert.True(t, srv.State(newest).Revoked)
}

func TestSignOutWaitsForTheRefreshUnderWayAndEndsItsPair(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"this process", "another one"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.signIn(t, 0)
				other := w
				if where == "another one" {
					other = w.replica(t, w.store)
				}
				issuing(w, 2*time.Second, 0)
				w.revokes(gone)
				refreshed := make(chan struct{})
				go func() {
					defer close(refreshed)
					_, _ = other.client.As("ada").Users.Current(t.Context()) // sent before the sign-out or after it
				}()
				time.Sleep(time.Second)
				require.NoError(t, w.client.As("ada").SignOut(t.Context()))
				assert.Equal(t, []string{"refresh-2"}, w.revoked(), "not the pair that the refresh spends")
				<-refreshed
				w.requireNothingStored(t)
			})
		})
	}
}

// TestNoRefreshInterleavesWithASignOut lets calls of two processes meet the
// revoked token before it is deleted.
func TestNoRefreshInterleavesWithASignOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		other := w.replica(t, w.store)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		var calls sync.WaitGroup
		w.revokes(during(func() {
			for _, c := range []*gitlab.Client{ada, other.client.As("ada")} {
				calls.Go(func() {
					_, err := c.Users.Current(t.Context())
					assert.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
				})
			}
			time.Sleep(5 * time.Second)
		}, gone))
		require.NoError(t, ada.SignOut(t.Context()))
		calls.Wait()
		assert.Equal(t, 1, w.posts()+other.posts(), "the proof alone")
	})
}

func TestSignOutEndsAPairThatAppearedMeanwhile(t *testing.T) {
	t.Parallel()
	t.Run("a sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		w.revokes(during(func() {
			_, err := w.client.Authorize(t.Context(), "ada", pairOf(2))
			assert.NoError(t, err)
		}, gone))
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked())
		w.requireNothingStored(t)
		_, err := ada.Identity(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	})
	t.Run("a rotation of a process that had lost the lock", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		w.revokes(during(func() { put(t, w.store, pairOf(2)) }, gone))
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked())
		w.requireNothingStored(t)
	})
	t.Run("a touched row", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		w.revokes(during(func() { put(t, w.store, w.stored(t)) }, gone))
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-1"}, w.revoked())
		w.requireNothingStored(t)
	})
	t.Run("without an end", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		w.revokes(func(req *http.Request) (*http.Response, error) {
			put(t, w.store, w.stored(t))
			return gone(req)
		})
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrRefreshUnavailable)
		assert.Len(t, w.revoked(), 10)
	})
	t.Run("after the caller has left", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			ada := w.signIn(t, time.Hour)
			ctx, leave := context.WithCancel(t.Context())
			w.revokes(during(func() {
				leave()
				synctest.Wait()
				_, err := w.client.Authorize(t.Context(), "ada", pairOf(2))
				assert.NoError(t, err)
			}, gone))
			require.ErrorIs(t, ada.SignOut(ctx), context.Canceled)
			require.NoError(t, w.client.Shutdown(t.Context()))
			assert.Equal(t, []string{"refresh-1"}, w.revoked(), "a sign-in that came after the caller had left is kept")
			assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		})
	})
}

func TestSignOutFinishesWhatItBeganForACallerWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		ctx, leave := context.WithCancel(t.Context())
		w.revokes(during(func() { leave(); time.Sleep(time.Second) }, gone))
		require.ErrorIs(t, ada.SignOut(ctx), context.Canceled)
		require.NoError(t, w.client.Shutdown(t.Context()), "which waits for it")
		assert.Equal(t, []string{"refresh-1"}, w.revoked())
		w.requireNothingStored(t)
	})
}

func TestSignOutOfACallerWhoLeavesBeforeItBeginsDoesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ada := w.signIn(t, time.Hour)
		lock, err := w.store.LockIdentity(t.Context(), "ada")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, ada.SignOut(ctx), context.DeadlineExceeded)
		lock.Unlock()
		synctest.Wait()
		assert.Empty(t, w.sent())
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)

		leaving, leave := context.WithCancel(t.Context())
		var store *hookedStore
		w = newWorld(t, hooked(&store))
		ada = w.signIn(t, time.Hour)
		store.load = func(_ context.Context, key string) (gitlab.Identity, error) {
			leave()
			return store.IdentityStore.LoadIdentity(t.Context(), key)
		}
		require.ErrorIs(t, ada.SignOut(leaving), context.Canceled)
		synctest.Wait()
		assert.Empty(t, w.sent())
	})
}

func TestSignOutWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	t.Run("before the revocation", func(t *testing.T) {
		t.Parallel()
		for _, method := range []string{"lock", "load"} {
			var store *hookedStore
			w := newWorld(t, hooked(&store))
			ada := w.signIn(t, time.Hour)
			if method == "lock" {
				store.lock = func(context.Context, string) (*gitlab.IdentityLock, error) { return nil, down }
			} else {
				store.load = func(context.Context, string) (gitlab.Identity, error) { return gitlab.Identity{}, down }
			}
			err := ada.SignOut(t.Context())
			require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.ErrorIs(t, err, down)
			assert.Empty(t, w.sent(), "what cannot be deleted is not revoked")
		}
	})
	t.Run("after it", func(t *testing.T) {
		t.Parallel()
		failures := 1
		store := &deletion{IdentityStore: gitlab.NewMemoryStore()}
		store.do = func(context.Context, string, string) error {
			if failures--; failures >= 0 {
				return down
			}
			return nil
		}
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
		ada := w.signIn(t, time.Hour)
		w.revokes(gone)
		err := ada.SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.ErrorIs(t, err, down)
		require.ErrorContains(t, err, `gitlab: signing out identity "ada": deleting it: connection refused`)
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-1"}, w.revoked(), "already revoked is no error")
		w.requireNothingStored(t)
	})
	t.Run("it deleted, and said that it did not", func(t *testing.T) {
		t.Parallel()
		store := &deletion{IdentityStore: gitlab.NewMemoryStore()}
		store.do = func(ctx context.Context, key, revision string) error {
			_ = store.IdentityStore.DeleteIdentity(ctx, key, revision)
			store.do = nil
			return down
		}
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
		ada := w.signIn(t, time.Hour)
		w.revokes(gone)
		require.ErrorIs(t, ada.SignOut(t.Context()), down)
		require.NoError(t, ada.SignOut(t.Context()))
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrIdentityNotFound)
	})
	t.Run("somebody else deletes it first", func(t *testing.T) {
		t.Parallel()
		store := &deletion{IdentityStore: gitlab.NewMemoryStore()}
		store.do = func(ctx context.Context, key, revision string) error {
			return store.IdentityStore.DeleteIdentity(ctx, key, revision)
		}
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
		ada := w.signIn(t, time.Hour)
		w.revokes(gone)
		require.NoError(t, ada.SignOut(t.Context()))
	})
	t.Run("panic", func(t *testing.T) {
		t.Parallel()
		store := &deletion{IdentityStore: gitlab.NewMemoryStore(), do: func(context.Context, string, string) error { panic("refresh-1") }}
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
		ada := w.signIn(t, time.Hour)
		w.revokes(gone)
		err := ada.SignOut(t.Context())
		require.ErrorContains(t, err, "the identity store panicked")
		assert.NotContains(t, err.Error(), "refresh-1")
	})
}

// unsavedPair is a world whose process has refreshed while the store took nothing:
// refresh-2 is in memory alone, and the store's lock is held for it.
func unsavedPair(t *testing.T) (w *world, down *atomic.Bool) {
	t.Helper()
	var store *hookedStore
	w = newWorld(t, hooked(&store))
	down = readOnly(store)
	ada := w.signIn(t, 0)
	issuing(w, 0, 0)
	down.Store(true)
	_, err := ada.Users.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, "refresh-1", w.stored(t).RefreshToken)
	return w, down
}

// readOnly lets store refuse every save while down is set.
func readOnly(store *hookedStore) (down *atomic.Bool) {
	down = new(atomic.Bool)
	store.save = func(ctx context.Context, id gitlab.Identity) (string, error) {
		if down.Load() {
			return "", errors.New("read-only")
		}
		return store.IdentityStore.SaveIdentity(ctx, id)
	}
	return down
}

func TestSignOutEndsAPairThatTheStoreHasNotTakenYet(t *testing.T) {
	t.Parallel()
	t.Run("the store is back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w, down := unsavedPair(t)
			w.revokes(gone)
			down.Store(false)
			require.NoError(t, w.client.As("ada").SignOut(t.Context()), "it does not wait for the lock that its own process holds")
			assert.Equal(t, []string{"refresh-2"}, w.revoked())
			w.requireNothingStored(t)
			lock, err := w.store.LockIdentity(t.Context(), "ada")
			require.NoError(t, err)
			lock.Unlock()
		})
	})
	t.Run("it is not", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w, down := unsavedPair(t)
			w.revokes(gone)
			err := w.client.As("ada").SignOut(t.Context())
			require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.ErrorContains(t, err, "read-only")
			assert.Empty(t, w.revoked())
			id, err := w.client.As("ada").Identity(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "refresh-2", id.Data.RefreshToken, "it is still cared for")

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err = w.store.LockIdentity(ctx, "ada")
			require.ErrorIs(t, err, context.DeadlineExceeded, "the lock protects it again")
			down.Store(false)
			require.NoError(t, w.client.As("ada").SignOut(t.Context()))
		})
	})
	t.Run("deleted by hand", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w, down := unsavedPair(t)
			w.revokes(gone)
			down.Store(false)
			id, err := w.store.LoadIdentity(t.Context(), "ada")
			require.NoError(t, err)
			require.NoError(t, w.store.DeleteIdentity(t.Context(), "ada", id.Revision))
			require.NoError(t, w.client.As("ada").SignOut(t.Context()))
			assert.Equal(t, []string{"refresh-2"}, w.revoked())
			w.requireNothingStored(t)
		})
	})
}

func TestSignOutOfARowThatWasWrittenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada := w.signIn(t, 0)
	issuing(w, 0, 0)
	w.revokes(gone)
	_, err := ada.Users.Current(t.Context())
	require.NoError(t, err)
	put(t, w.store, pairOf(1)) // which is spent
	require.NoError(t, ada.SignOut(t.Context()))
	assert.Equal(t, []string{"refresh-2"}, w.revoked(), "the pair that is alive")
	w.requireNothingStored(t)

	store := &hookedStore{IdentityStore: gitlab.NewMemoryStore()}
	w = newWorld(t, func(cfg *gitlab.Config) { cfg.Store = store })
	ada = w.signIn(t, 0)
	issuing(w, 0, 0)
	_, err = ada.Users.Current(t.Context())
	require.NoError(t, err)
	store.before = func(_ context.Context, method string) {
		if method == "load" {
			put(t, store.IdentityStore, pairOf(1))
		}
	}
	require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrRefreshUnavailable)
	store.before = nil
	w.revokes(gone)
	require.NoError(t, ada.SignOut(t.Context()))
}

func TestSignOutOfAKeyThatWasDeletedEndsWhatMemoryHolds(t *testing.T) {
	t.Parallel()
	remove := func(t *testing.T, w *world) {
		t.Helper()
		id, err := w.store.LoadIdentity(t.Context(), "ada")
		require.NoError(t, err)
		require.NoError(t, w.store.DeleteIdentity(t.Context(), "ada", id.Revision))
	}
	for name, row := range map[string]struct {
		revoke  httpmock.Responder
		token   httpmock.Responder
		is      error
		revoked []string
	}{
		"revoked":      {gone, always(http.StatusBadRequest, grantJSON), nil, []string{"refresh-1"}},
		"alive":        {gone, always(http.StatusOK, pairJSON), nil, []string{"refresh-1", "refresh-2"}},
		"no answer":    {noAnswer, noAnswer, gitlab.ErrSignOutIncomplete, []string{"refresh-1"}},
		"alive, alone": {inTurn(gone, noAnswer), always(http.StatusOK, pairJSON), gitlab.ErrSignOutIncomplete, []string{"refresh-1", "refresh-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			ada := w.signIn(t, 0)
			remove(t, w)
			w.revokes(row.revoke, "refresh-1")
			w.mock.RegisterResponder(http.MethodPost, tokenURL, row.token)
			require.ErrorIs(t, ada.SignOut(t.Context()), row.is)
			assert.Equal(t, row.revoked, w.revoked())
			w.requireNothingStored(t)
		})
	}
}

// TestProofThatMeetsOthers lets the store change while the proof's new pair is
// on its way.
func TestProofThatMeetsOthers(t *testing.T) {
	t.Parallel()
	t.Run("the key is deleted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(gone, "refresh-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, during(func() {
			id, err := w.store.LoadIdentity(t.Context(), "ada")
			assert.NoError(t, err)
			assert.NoError(t, w.store.DeleteIdentity(t.Context(), "ada", id.Revision))
		}, always(http.StatusOK, pairJSON)))
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked())
		w.requireNothingStored(t)
	})
	t.Run("a sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(gone, "refresh-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, during(func() { put(t, w.store, pairOf(3)) }, always(http.StatusOK, pairJSON)))
		require.NoError(t, ada.SignOut(t.Context()))
		assert.Equal(t, []string{"refresh-1", "refresh-2", "refresh-3"}, w.revoked())
		w.requireNothingStored(t)
	})
	t.Run("a sign-in, and then GitLab is gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		ada := w.signIn(t, -time.Minute)
		w.revokes(inTurn(gone, noAnswer), "refresh-1")
		w.mock.RegisterResponder(http.MethodPost, tokenURL, during(func() { put(t, w.store, pairOf(3)) }, always(http.StatusOK, pairJSON)))
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrSignOutIncomplete, "refresh-2 is alive, and nobody has it")
		assert.Equal(t, "refresh-3", w.stored(t).RefreshToken)
	})
	t.Run("the store is back too late", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var store *hookedStore
			w := newWorld(t, hooked(&store))
			down := readOnly(store)
			ada := w.signIn(t, -time.Minute)
			w.revokes(gone, "refresh-1")
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
			down.Store(true)
			time.AfterFunc(12*time.Second, func() { down.Store(false) })
			require.ErrorContains(t, ada.SignOut(t.Context()), "saving the tokens that a refresh found alive")
			time.Sleep(time.Minute)
			assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
			require.NoError(t, ada.SignOut(t.Context()))
		})
	})
	t.Run("the store is down", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var store *hookedStore
			w := newWorld(t, hooked(&store))
			down := readOnly(store)
			ada := w.signIn(t, -time.Minute)
			w.revokes(gone, "refresh-1")
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
			down.Store(true)
			err := ada.SignOut(t.Context())
			require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.ErrorContains(t, err, "read-only")
			down.Store(false)
			require.NoError(t, ada.SignOut(t.Context()))
			assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked())
			w.requireNothingStored(t)
		})
	})
}

func TestSignOutTellsWhatItCannotHaveSeen(t *testing.T) {
	t.Parallel()
	lease := func(end bool, abandoned bool) (w *world, lose func()) {
		var store *hookedStore
		w = newWorld(t, hooked(&store))
		ctx, lose := context.WithCancel(t.Context())
		if end {
			lose()
		}
		store.lock = func(context.Context, string) (*gitlab.IdentityLock, error) {
			return &gitlab.IdentityLock{Context: ctx, Abandoned: abandoned, Unlock: func() {}}, nil
		}
		w.revokes(gone)
		return w, lose
	}
	t.Run("the lock was abandoned", func(t *testing.T) {
		t.Parallel()
		w, lose := lease(false, true)
		defer lose()
		err := w.signIn(t, time.Hour).SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrSignOutIncomplete)
		assert.Equal(t, []string{"refresh-1"}, w.revoked())
		w.requireNothingStored(t)
	})
	t.Run("the lease is lost during the revocation", func(t *testing.T) {
		t.Parallel()
		w, lose := lease(false, false)
		w.revokes(during(lose, gone))
		err := w.signIn(t, time.Hour).SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrSignOutIncomplete)
		w.requireNothingStored(t)
	})
	t.Run("the lease is lost before it", func(t *testing.T) {
		t.Parallel()
		w, _ := lease(true, false)
		err := w.signIn(t, time.Hour).SignOut(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.NotErrorIs(t, err, gitlab.ErrSignOutIncomplete)
		assert.Empty(t, w.revoked())
		assert.Equal(t, "refresh-1", w.stored(t).RefreshToken)
	})
}

func TestSignOutIsNotForThoseItWouldWaitFor(t *testing.T) {
	t.Parallel()
	var got error
	var w *world
	w = newWorld(t, func(cfg *gitlab.Config) {
		cfg.OnRefresh = func(ctx context.Context, _ gitlab.RefreshEvent) { got = w.client.As("ada").SignOut(ctx) }
	})
	ada := w.signIn(t, 0)
	issuing(w, 0, 0)
	_, err := ada.Users.Current(t.Context())
	require.NoError(t, err)
	require.ErrorContains(t, got, "called by what it would wait for")

	require.NoError(t, w.client.Shutdown(t.Context()))
	err = ada.SignOut(t.Context())
	require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	require.ErrorContains(t, err, "the client is shut down", "its proof would be a refresh")
}

func TestSignOutOfADeadGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ada := w.signIn(t, 0)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		_, err := ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		w.revokes(gone)
		require.NoError(t, ada.SignOut(t.Context()))
		w.requireNothingStored(t)
		_, err = ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	})
}

// TestSignOutOfADeletedKeyEndsASignInThatIsStoredMeanwhile: the key is gone from
// the store at first, and there again before its old pair is revoked.
func TestSignOutOfADeletedKeyEndsASignInThatIsStoredMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ada := w.signIn(t, time.Hour)
	id, err := w.store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	require.NoError(t, w.store.DeleteIdentity(t.Context(), "ada", id.Revision))
	w.revokes(during(func() {
		_, err := w.client.Authorize(t.Context(), "ada", pairOf(2))
		assert.NoError(t, err)
	}, gone))
	require.NoError(t, ada.SignOut(t.Context()))
	assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.revoked())
	w.requireNothingStored(t)
}

// TestSignOutAfterALostAnswer: GitLab rotates, and nobody hears of the new pair.
func TestSignOutAfterALostAnswer(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) (*gitlabtest.Server, gitlabtest.Token, *gitlab.Client) {
		t.Helper()
		srv := gitlabtest.New(t)
		tokens := srv.SignIn("ada")
		client, err := gitlab.New(gitlab.Config{
			BaseURL: srv.URL, HTTPClient: srv.Client(), Store: gitlab.NewMemoryStore(),
			Provider: gitlab.OAuthProvider{ClientID: srv.App.ClientID, ClientSecret: srv.App.ClientSecret},
		})
		require.NoError(t, err)
		ada, err := client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken})
		require.NoError(t, err)
		srv.Expire(tokens.AccessToken)
		return srv, tokens, ada
	}
	t.Run("of a refresh", func(t *testing.T) {
		t.Parallel()
		srv, tokens, ada := start(t)
		srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.LoseAnswer()})
		_, err := ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrSignOutIncomplete)
		assert.Equal(t, 1, srv.State(tokens.AccessToken).Live)
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrIdentityNotFound)
	})
	t.Run("of the proof", func(t *testing.T) {
		t.Parallel()
		srv, tokens, ada := start(t)
		srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.LoseAnswer()})
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrRefreshUnavailable)
		require.ErrorIs(t, ada.SignOut(t.Context()), gitlab.ErrSignOutIncomplete)
		assert.Equal(t, 1, srv.State(tokens.AccessToken).Live)
	})
	t.Run("of another grant", func(t *testing.T) {
		t.Parallel()
		srv, _, ada := start(t)
		srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.LoseAnswer()})
		_, err := ada.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		tokens := srv.SignIn("ada")
		_, err = ada.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken})
		require.NoError(t, err)
		require.NoError(t, ada.SignOut(t.Context()))
		assert.True(t, srv.State(tokens.AccessToken).Revoked)
	})
	for name, refuse := range map[string]httpmock.Responder{
		"that was no rotation": plain(http.StatusTooManyRequests, "Retry later"),
		"to what was never sent": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				ada := w.signIn(t, 0)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, refuse)
				w.revokes(gone)
				_, err := ada.Users.Current(t.Context())
				require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
				require.NoError(t, ada.SignOut(t.Context()))
			})
		})
	}
}
