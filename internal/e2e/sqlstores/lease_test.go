package sqlstores

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// request is one LockIdentity under way.
type request struct {
	lock *gitlab.IdentityLock
	at   time.Time
	done chan struct{} // closed when lock is there, or nil after an error
}

func ask(t *testing.T, store gitlab.IdentityStore, key string) *request {
	t.Helper()
	r := &request{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		lock, err := store.LockIdentity(t.Context(), key)
		if assert.NoError(t, err) {
			r.lock, r.at = lock, time.Now()
		}
	}()
	return r
}

// waits asserts that the lock is not given for that long.
func (r *request) waits(t *testing.T, long time.Duration) {
	t.Helper()
	select {
	case <-r.done:
		require.Fail(t, "two hold the lock")
	case <-time.After(long):
	}
}

// granted waits for the lock, and gives it back at the end of the test.
func (r *request) granted(t *testing.T) *gitlab.IdentityLock {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		require.Fail(t, "the lock is not given")
	}
	require.NotNil(t, r.lock)
	t.Cleanup(r.lock.Unlock)
	return r.lock
}

func TestKilledHolderIsAbandonedAfterItsLease(t *testing.T) {
	t.Parallel()
	const short = 1500 * time.Millisecond
	onEach(t, func(t *testing.T, p place) {
		h := p.open(t)
		id := create(t, h, "ann")
		kill := p.lockElsewhere(t, "ann", short)
		next := ask(t, h, "ann")
		next.waits(t, 2*short) // it renews

		killed := time.Now()
		kill()
		assert.True(t, next.granted(t).Abandoned)
		assert.Less(t, next.at.Sub(killed), short+2*time.Second)

		_, err := h.SaveIdentity(t.Context(), id)
		require.NoError(t, err)
		next.lock.Unlock()
		assert.False(t, lock(t, h, "ann").Abandoned, "saved since")
	})
}

func TestHolderThatCannotRenewLearnsOfItBeforeTheNextOneHasTheLock(t *testing.T) {
	t.Parallel()
	const short = 1500 * time.Millisecond
	onEach(t, func(t *testing.T, p place) {
		cut, other := p.open(t, sqlstore.WithLease(short)), p.open(t)
		create(t, other, "ann")
		held := lock(t, cut, "ann")
		cut.spy.refuse(renewal)

		next := ask(t, other, "ann")
		taken := next.granted(t)
		require.Error(t, held.Context.Err(), "it is over by now, whether or not a timer has run")
		assert.True(t, taken.Abandoned)
		select {
		case <-held.Context.Done():
		case <-time.After(time.Minute):
			require.Fail(t, "the lock's Context does not end")
		}
		require.ErrorContains(t, context.Cause(held.Context), "lease was lost")

		held.Unlock()
		require.NoError(t, next.lock.Context.Err())
		last := ask(t, cut, "ann")
		last.waits(t, 300*time.Millisecond)
		next.lock.Unlock()
		last.granted(t)
	})
}

// Nothing may hold a connection between statements, and whoever waits for a
// lock may not starve its holder.
func TestPoolOfOneConnectionIsEnough(t *testing.T) {
	t.Parallel()
	const short = 1500 * time.Millisecond
	onEach(t, func(t *testing.T, p place) {
		h := p.open(t, sqlstore.WithLease(short))
		h.db.SetMaxOpenConns(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		id := create(t, h, "ann")
		held := lock(t, h, "ann")
		var waiters sync.WaitGroup
		for range 3 {
			waiters.Go(func() {
				if lock, err := h.LockIdentity(ctx, "ann"); assert.NoError(t, err) {
					lock.Unlock()
				}
			})
		}
		defer waiters.Wait()
		defer held.Unlock()
		lock(t, h, "bob")
		time.Sleep(2 * short) // renewals
		require.NoError(t, held.Context.Err())
		loaded, err := h.LoadIdentity(ctx, "ann")
		require.NoError(t, err)
		assert.Equal(t, id, loaded)
		_, err = h.SaveIdentity(ctx, loaded)
		require.NoError(t, err)
	})
}

func TestDeletedIdentityKeepsItsLockAndLeavesNoRow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		a, b := p.open(t), p.open(t)
		id := create(t, a, "ann")
		held := lock(t, a, "ann")
		require.NoError(t, b.DeleteIdentity(t.Context(), "ann", id.Revision))
		next := ask(t, b, "ann")
		next.waits(t, 200*time.Millisecond)
		held.Unlock()
		assert.False(t, next.granted(t).Abandoned)
		next.lock.Unlock()
		assert.Zero(t, a.rows(t, p))

		lock(t, b, "never stored").Unlock()
		assert.Zero(t, a.rows(t, p))

		id = create(t, a, "ann")
		require.NoError(t, b.DeleteIdentity(t.Context(), "ann", id.Revision))
		assert.Zero(t, a.rows(t, p))
	})
}
