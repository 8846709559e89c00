package gitlab

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newAnonymous(t *testing.T) *Client {
	t.Helper()
	c, err := New(Config{BaseURL: "https://gitlab.example.com", Provider: OAuthProvider{ClientID: "id"}, Store: NewMemoryStore()})
	require.NoError(t, err)
	return c
}

// collect frees what nothing refers to, and runs its cleanups.
func collect() {
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func TestKeysThatAreUsedNoMoreAreForgotten(t *testing.T) {
	t.Parallel()
	c := newAnonymous(t)
	for n := range 10_000 {
		c.As(fmt.Sprint("user-", n))
	}
	held := c.As("held")
	sessions := &c.core.sessions
	for range 2 { // two generations later
		sessions.changed = sessions.changed.Add(-idleTime)
		c.As("recent")
	}

	require.Eventually(t, func() bool {
		collect()
		sessions.mu.Lock()
		defer sessions.mu.Unlock()
		return len(sessions.all) < 100 // a few may still be on a stack
	}, 10*time.Second, time.Millisecond)

	assert.Same(t, held.session, c.As("held").session, "a key has one session while any client of it is held")
	assert.Equal(t, 10_002, sessions.most)
	sessions.changed = sessions.changed.Add(-idleTime)
	c.As("recent")
	assert.Less(t, sessions.most, 100, "the map of the crowd is given back")
}

func TestClientThatTheApplicationDropsIsFreed(t *testing.T) {
	t.Parallel()
	dropped := func() weak.Pointer[refresher] {
		c := newAnonymous(t)
		c.As("ada")
		return weak.Make(c.core.refresher)
	}()
	require.Eventually(t, func() bool {
		collect()
		return dropped.Value() == nil
	}, 10*time.Second, time.Millisecond, "with its keys, connections and store")
}

func TestKeyKeepsItsSessionWhileItIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newAnonymous(t)
		first := fmt.Sprintf("%p", c.As("ada").session)
		for range 10 {
			time.Sleep(idleTime - time.Second)
			c.As("bob")
			runtime.GC()
			require.Equal(t, first, fmt.Sprintf("%p", c.As("ada").session))
		}
	})
}

// What is told late of a session that is gone is not the end of its successor.
func TestSuccessorOfASessionIsKept(t *testing.T) {
	t.Parallel()
	c := newAnonymous(t)
	ada := c.As("ada")
	sessions := &c.core.sessions
	forget(gone{weak.Make(sessions), "ada"})
	clear(sessions.young)
	assert.Same(t, ada.session, c.As("ada").session)
}

// brokenStore takes nothing.
type brokenStore struct{ *MemoryStore }

func (brokenStore) SaveIdentity(context.Context, Identity) (string, error) {
	return "", errors.New("disk full")
}

func TestUnsavedPairKeepsItsSession(t *testing.T) {
	t.Parallel()
	c, err := New(Config{BaseURL: "https://gitlab.example.com", Provider: OAuthProvider{ClientID: "id"}, Store: brokenStore{NewMemoryStore()}})
	require.NoError(t, err)
	id := Identity{Key: "ada", Data: OAuthData{AccessToken: "access-2", RefreshToken: "refresh-2"}}
	s := c.core.session("ada")
	s.mu.Lock()
	s.install(id, originIssued)
	s.setPending(&pendingSave{id: id, done: make(chan struct{})}, nil)
	s.mu.Unlock()
	want := fmt.Sprintf("%p", s)
	c.core.sessions.mu.Lock()
	clear(c.core.sessions.young)
	c.core.sessions.mu.Unlock()
	collect()

	kept := c.core.session("ada")

	assert.Equal(t, want, fmt.Sprintf("%p", kept))
	kept.mu.Lock()
	kept.dropPending()
	kept.mu.Unlock()
}

func TestThoseWhoActAsKnownKeysDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	c := newAnonymous(t)
	ada := c.As("ada")
	found := make(chan *Client)
	c.core.sessions.mu.RLock() // as another one does
	defer c.core.sessions.mu.RUnlock()
	go func() { found <- c.As("ada") }()
	select {
	case again := <-found:
		assert.Same(t, ada.session, again.session)
	case <-time.After(10 * time.Second):
		require.Fail(t, "it waits")
	}
}
