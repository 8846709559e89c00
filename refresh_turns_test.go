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

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// slowStore takes a second for each load, and notes how many there are at a time.
type slowStore struct {
	*gitlab.MemoryStore

	loading, most atomic.Int64
	before        func(ctx context.Context, key string) error // nil: nothing
}

func (s *slowStore) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if n := s.loading.Add(1); n > s.most.Load() {
		s.most.Store(n)
	}
	defer s.loading.Add(-1)
	if s.before != nil {
		if err := s.before(ctx, key); err != nil {
			return gitlab.Identity{}, err
		}
	}
	time.Sleep(time.Second)
	return s.MemoryStore.LoadIdentity(ctx, key)
}

func slowly(t *testing.T, keys int) (*slowStore, *gitlab.Client) {
	t.Helper()
	store := &slowStore{MemoryStore: gitlab.NewMemoryStore()}
	for n := range keys {
		_, err := store.SaveIdentity(t.Context(), gitlab.Identity{
			Key: fmt.Sprint("user-", n), Data: gitlab.OAuthData{AccessToken: fmt.Sprint("access-", n), RefreshToken: "r"},
		})
		require.NoError(t, err)
	}
	api := httpmock.NewMockTransport()
	api.RegisterResponder(http.MethodGet, "https://gitlab.example.com/api/v4/user", httpmock.NewStringResponder(http.StatusOK, `{"id":1}`))
	client, err := gitlab.New(gitlab.Config{
		BaseURL: "https://gitlab.example.com", Provider: gitlab.OAuthProvider{ClientID: "id"}, Store: store,
		HTTPClient: &http.Client{Transport: api}, MaxConcurrentRefreshes: 4,
	})
	require.NoError(t, err)
	return store, client
}

// Whoever waits for a turn is not waiting for the store: 60 loads of a second
// each, 4 at a time, take longer than a load may.
func TestManyKeysAtOnceAreReadFewAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, client := slowly(t, 60)
		var calls sync.WaitGroup
		for n := range 60 {
			calls.Go(func() {
				_, err := client.As(fmt.Sprint("user-", n)).Users.Current(t.Context())
				assert.NoError(t, err)
			})
		}
		calls.Wait()
		assert.EqualValues(t, 4, store.most.Load())
	})
}

func TestStoreThatActsAsAnIdentityOfItsOwnWaitsForNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, client := slowly(t, 60)
		store.before = func(ctx context.Context, key string) error {
			if key == "user-0" {
				return nil
			}
			time.Sleep(time.Millisecond) // until all turns are taken
			_, err := client.As("user-0").Users.Current(ctx)
			return err
		}
		began := time.Now()
		var calls sync.WaitGroup
		for n := range 40 {
			calls.Go(func() {
				_, err := client.As(fmt.Sprint("user-", n+1)).Users.Current(t.Context())
				assert.NoError(t, err)
			})
		}
		calls.Wait()
		assert.Less(t, time.Since(began), 15*time.Second)
	})
}

// Whoever is overtaken while it waits has nothing to lock.
func TestRefreshThatIsOvertakenWhileItWaitsTakesNoLock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var locked []string
		inner := gitlab.NewMemoryStore()
		w := newWorld(t, func(cfg *gitlab.Config) {
			cfg.MaxConcurrentRefreshes = 1
			cfg.Store = &hookedStore{IdentityStore: inner, lock: func(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
				locked = append(locked, key)
				return inner.LockIdentity(ctx, key)
			}}
			cfg.Provider = &fakeProvider{answer: func(context.Context, int) (gitlab.OAuthData, error) {
				time.Sleep(time.Second)
				return gitlab.OAuthData{AccessToken: "new-slow", RefreshToken: "r"}, nil
			}}
		})
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "new-slow", "new-quick"))
		for _, key := range []string{"slow", "quick"} {
			_, err := w.client.Authorize(t.Context(), key, gitlab.OAuthData{AccessToken: "old-" + key, RefreshToken: "r-" + key})
			require.NoError(t, err)
		}
		var calls sync.WaitGroup
		call := func(key string) {
			calls.Go(func() {
				_, err := w.client.As(key).Users.Current(t.Context())
				assert.NoError(t, err)
			})
		}
		call("slow")
		time.Sleep(time.Millisecond)
		call("quick")
		time.Sleep(time.Millisecond)
		id, err := inner.LoadIdentity(t.Context(), "quick")
		require.NoError(t, err)
		id.Data.AccessToken, id.Data.RefreshToken = "new-quick", "r-2"
		_, err = inner.SaveIdentity(t.Context(), id)
		require.NoError(t, err)
		calls.Wait()

		assert.Equal(t, []string{"slow"}, locked)
	})
}
