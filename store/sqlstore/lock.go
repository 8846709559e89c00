package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab"
)

// Pauses between two looks at a lock that somebody else holds. A refresh takes
// the better part of a second.
const (
	shortestWait = 20 * time.Millisecond
	longestWait  = 250 * time.Millisecond
)

// A lock that cannot be given back is tried again, for so long in all.
const (
	releaseLimit = 5 * time.Second
	releaseTries = 3
	releasePause = 300 * time.Millisecond
)

var errLeaseLost = errors.New("sqlstore: the lease was lost")

// LockIdentity implements [gitlab.IdentityStore] with a lease on the row, which
// is renewed until Unlock. Taking it is a write like that of a save, so a
// database that cannot be written is found here, before any token is spent.
// When the lease is lost, [context.Cause] of the lock's Context says so.
func (s *Store) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	what := "cannot lock identity " + quote(key)
	w := waiter{store: s, key: key, pause: shortestWait}
	for {
		owner, since := rand.Text(), time.Now()
		switch abandoned, err := s.take(ctx, key, owner); {
		case err == nil:
			return s.hold(ctx, key, owner, since, abandoned), nil
		case !errors.Is(err, errHeld):
			// The lock may have been taken all the same, for nobody.
			go s.release(context.WithoutCancel(ctx), key, owner)
			return nil, s.explain(ctx, what, err)
		}
		if err := w.untilFree(ctx); err != nil {
			return nil, s.explain(ctx, what, err)
		}
	}
}

var errHeld = errors.New("sqlstore: somebody else holds the lock")

// take tries for the lock once.
func (s *Store) take(ctx context.Context, key, owner string) (abandoned bool, err error) {
	if s.dialect == MySQL {
		return s.takeByUpdate(ctx, key, owner)
	}
	err = s.queryRow(ctx, s.text.take, []any{[]byte(key), owner}, &abandoned)
	if errors.Is(err, sql.ErrNoRows) {
		err = errHeld
	}
	return abandoned, err
}

func (s *Store) takeByUpdate(ctx context.Context, key, owner string) (abandoned bool, err error) {
	result, err := s.exec(ctx, s.text.take, owner, []byte(key))
	if err != nil {
		return false, err
	}
	taken, err := result.RowsAffected()
	if err != nil {
		return false, err
	}
	if taken > 0 {
		id, err := result.LastInsertId()
		return id == mysqlAbandoned, err
	}
	// Somebody holds it, or there is no row.
	if result, err = s.exec(ctx, s.text.insert, []byte(key), owner); err != nil {
		return false, err
	}
	id, err := result.LastInsertId()
	if err == nil && id != 0 {
		err = errHeld
	}
	return false, err
}

// waiter is one LockIdentity whose lock somebody else holds.
type waiter struct {
	store    *Store
	key      string
	pause    time.Duration
	revision string // last seen
}

// untilFree returns when the lock looks free.
func (w *waiter) untilFree(ctx context.Context) error {
	for {
		if err := sleep(ctx, jittered(w.pause)); err != nil {
			return err
		}
		var revision string
		var held bool
		err := w.store.queryRow(ctx, w.store.text.peek, []any{[]byte(w.key)}, &revision, &held)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		case !held:
			return nil
		case revision != w.revision: // saved: the holder is about to unlock
			w.revision, w.pause = revision, shortestWait
		default:
			w.pause = min(w.pause*3/2, longestWait)
		}
	}
}

// lease is a lock that is held.
type lease struct {
	store      *Store
	key, owner string
	ctx        *leaseContext // the lock's
	expiry     *time.Timer   // ends ctx when the last renewal is too long ago
}

// leaseContext ends with the time of its lease, also for who asks it right after
// the process was stopped for longer than that, before any timer has run.
type leaseContext struct {
	context.Context

	end   context.CancelCauseFunc
	until atomic.Pointer[time.Time]
}

func newLeaseContext(ctx context.Context, until time.Time) *leaseContext {
	held, end := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &leaseContext{Context: held, end: end}
	c.until.Store(&until)
	return c
}

// Err implements [context.Context].
func (c *leaseContext) Err() error {
	if !time.Now().Before(*c.until.Load()) {
		c.end(errLeaseLost)
	}
	return c.Context.Err()
}

// hold starts the lease that owner took after since.
func (s *Store) hold(ctx context.Context, key, owner string, since time.Time, abandoned bool) *gitlab.IdentityLock {
	held := newLeaseContext(ctx, since.Add(s.lease))
	l := &lease{store: s, key: key, owner: owner, ctx: held}
	l.expiry = time.AfterFunc(s.lease-time.Since(since), func() { held.end(errLeaseLost) })
	go l.keep(since)
	return &gitlab.IdentityLock{Context: held, Abandoned: abandoned, Unlock: sync.OnceFunc(l.unlock)}
}

// keep renews the lease, taken after since, until it ends: a third of its time
// after the last renewal, and sooner after a failure.
func (l *lease) keep(since time.Time) {
	third := l.store.lease / 3
	for due := since.Add(third); sleep(l.ctx, time.Until(due)) == nil; {
		sent := time.Now() // before the database's clock is asked
		switch renewed, err := l.renew(third); {
		case err != nil:
			due = time.Now().Add(third / 4)
		case !renewed:
			l.ctx.end(errLeaseLost)
		default:
			until := sent.Add(l.store.lease)
			l.ctx.until.Store(&until)
			l.expiry.Reset(l.store.lease - time.Since(sent))
			due = sent.Add(third)
		}
	}
	l.expiry.Stop()
}

// renew reports whether the lease is still this holder's. Unlock does not break
// it off, since drivers close the connection for that.
func (l *lease) renew(limit time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), limit)
	defer cancel()
	return l.store.affects(ctx, l.store.text.renew, []byte(l.key), l.owner)
}

func (l *lease) unlock() {
	l.ctx.end(nil)
	l.store.release(context.WithoutCancel(l.ctx), l.key, l.owner)
}

// release gives the lock back if owner has it. If that fails the lease ends by
// itself, and makes the next holder more careful than needed.
func (s *Store) release(ctx context.Context, key, owner string) {
	ctx, cancel := context.WithTimeout(ctx, releaseLimit)
	defer cancel()
	for range releaseTries {
		if s.tryRelease(ctx, key, owner) == nil || sleep(ctx, releasePause) != nil {
			return
		}
	}
}

// tryRelease finds out by trying whether something is stored, since that may
// change at any time.
func (s *Store) tryRelease(ctx context.Context, key, owner string) error {
	for _, text := range []string{s.text.release, s.text.drop, s.text.release} {
		if done, err := s.affects(ctx, text, []byte(key), owner); done || err != nil {
			return err
		}
	}
	return nil
}
