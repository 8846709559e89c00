package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// locks are about holders that unlock.
func locks() []behaviour {
	return []behaviour{
		{"one holder among both handles", locksOnce},
		{"a waiter gets the lock when it is unlocked", handsOver},
		{"a waiter leaves when its context ends, and takes nothing", leavesWithTheContext},
		{"an ended context gets no lock", locksNothingForTheDead},
		{"locks of different keys do not block each other", locksEachKey},
		{"the lock outlives the context it was asked with", outlivesItsContext},
		{"the lock's context lives until Unlock", endsWithUnlock},
		{"a key that is not stored can be locked", locksWhatIsNotStored},
		{"loads, saves and deletes wait for no lock", savesWithoutLock},
		{"concurrent holders exclude each other", excludes},
		{"a lock that was unlocked is not abandoned", unlocksCleanly},
	}
}

func locksOnce(t *testing.T, f Fixture) {
	create(t, f.A, key)
	held := f.lock(t, f.A, key)
	f.ask(t, f.A, key).waits(t)
	f.ask(t, f.B, key).waits(t)
	assert.NoError(t, held.Context.Err())
}

func handsOver(t *testing.T, f Fixture) {
	create(t, f.A, key)
	held := f.lock(t, f.A, key)
	for _, store := range []gitlab.IdentityStore{f.B, f.A, f.A, f.B} {
		next := f.ask(t, store, key)
		next.waits(t)
		held.Unlock()
		held = next.granted(t)
	}
}

func leavesWithTheContext(t *testing.T, f Fixture) {
	create(t, f.A, key)
	held := f.lock(t, f.A, key)
	for _, store := range []gitlab.IdentityStore{f.A, f.B} {
		waiter := f.ask(t, store, key)
		waiter.waits(t)
		waiter.cancel()
		require.True(t, waiter.ended(f.Patience), "LockIdentity does not return although its context has ended")
		require.ErrorIs(t, waiter.err, context.Canceled)

		ctx, cancel := context.WithTimeout(t.Context(), glance)
		_, err := store.LockIdentity(ctx, key)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	held.Unlock()
	f.lock(t, f.A, key).Unlock()
	f.lock(t, f.B, key)
}

func locksNothingForTheDead(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 { // a select among two ready channels is luck
		_, err := f.A.LockIdentity(ctx, key)
		require.ErrorIs(t, err, context.Canceled)
	}
	f.lock(t, f.B, key)
}

func locksEachKey(t *testing.T, f Fixture) {
	for _, odd := range []string{"a", "A", "a ", "a/b", "../a", "b"} {
		f.lock(t, f.A, odd)
	}
	f.lock(t, f.B, "c")
}

func outlivesItsContext(t *testing.T, f Fixture) {
	create(t, f.A, key)
	r := f.ask(t, f.A, key)
	held := r.granted(t)
	r.cancel()
	f.ask(t, f.B, key).waits(t)
	require.NoError(t, held.Context.Err())
}

func endsWithUnlock(t *testing.T, f Fixture) {
	held := f.lock(t, f.A, key)
	time.Sleep(glance)
	require.NoError(t, held.Context.Err())
	held.Unlock()
	f.ends(t, held.Context, "Unlock was called")

	next := f.lock(t, f.A, key)
	require.NoError(t, next.Context.Err(), "the lock of the next holder")
}

func locksWhatIsNotStored(t *testing.T, f Fixture) {
	held := f.lock(t, f.A, key)
	f.missing(t, key)
	next := f.ask(t, f.B, key)
	next.waits(t)
	f.stored(t, create(t, f.A, key))
	held.Unlock()
	next.granted(t)
}

// A new sign-in must not wait for a refresh.
func savesWithoutLock(t *testing.T, f Fixture) {
	held := f.lock(t, f.A, key)
	id := sample(t, key)
	done := make(chan error, 1)
	go func() { done <- useOnce(t.Context(), f, id) }()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(f.Patience):
		require.Fail(t, "a load, save or delete waits for the lock")
	}
	require.NoError(t, held.Context.Err())
}

// useOnce calls everything but LockIdentity.
func useOnce(ctx context.Context, f Fixture, id gitlab.Identity) (err error) {
	for _, store := range []gitlab.IdentityStore{f.A, f.B} {
		if id.Revision, err = store.SaveIdentity(ctx, id); err != nil {
			return err
		}
		if _, err = store.LoadIdentity(ctx, id.Key); err != nil {
			return err
		}
	}
	return f.B.DeleteIdentity(ctx, id.Key, id.Revision)
}

func excludes(t *testing.T, f Fixture) {
	create(t, f.A, key)
	ctx, cancel := context.WithTimeout(t.Context(), 3*f.Patience)
	defer cancel()
	var inside, total atomic.Int32
	f.atOnce(func(store gitlab.IdentityStore, _ int) {
		for range 3 {
			held, err := store.LockIdentity(ctx, key)
			if err != nil {
				assert.NoError(t, err)
				return
			}
			assert.EqualValues(t, 1, inside.Add(1), "holders at once")
			time.Sleep(time.Millisecond)
			inside.Add(-1)
			total.Add(1)
			held.Unlock()
		}
	})
	require.EqualValues(t, 3*2*writersPerHandle, total.Load())
}

func unlocksCleanly(t *testing.T, f Fixture) {
	assert.False(t, f.lockBriefly(t, f.A, key), "the first lock ever")
	id := create(t, f.A, key)
	assert.False(t, f.lockBriefly(t, f.A, key), "after an unlock of what was not stored")
	assert.False(t, f.lockBriefly(t, f.B, key), "after an unlock without a save")

	held := f.lock(t, f.A, key)
	save(t, f.A, rotated(id, "access-2"))
	held.Unlock()
	assert.False(t, f.lockBriefly(t, f.B, key), "after a save and an unlock")
	assert.False(t, f.lockBriefly(t, f.A, key))
}
