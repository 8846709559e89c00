package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
)

// A lock that another holder has is asked for again after pauses that double
// from the first to the last of these.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 250 * time.Millisecond
)

// unlockLimit is how long an unlock may take; then the lease ends the lock.
const unlockLimit = 3 * time.Second

var errLeaseLost = errors.New("redisstore: the lease of the lock was lost")

// LockIdentity implements [gitlab.IdentityStore] with a lease that is renewed
// while it is held. The lock's Context ends when the lease is found lost, and
// when it may have run out because no renewal got through.
//
// It writes to the identity itself, so a server that takes no writes is found
// here, before any token is spent.
func (s *Store) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	if key == "" {
		return nil, errEmptyKey
	}
	token := rand.Text()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		asked := time.Now()
		result, err := s.tryLock(ctx, key, token)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, explain("cannot lock identity "+quote(key), err)
		case result != unchanged:
			lock := s.hold(ctx, key, token, asked.Add(s.lease))
			lock.Abandoned = result == abandoned
			return lock, nil
		}
		select {
		case <-time.After(pause/2 + mathrand.N(pause/2)): //nolint:gosec // jitter, no secret
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryLock asks for the lock once. When it fails, or its caller has left, the
// lock is given back in case it was had.
func (s *Store) tryLock(ctx context.Context, key, token string) (int64, error) {
	return await(ctx, func() (int64, error) {
		result, err := s.write(ctx, lockScript, key, token, s.lease.Milliseconds())
		var refusal redis.Error
		if err != nil && !errors.As(err, &refusal) { // else the server has said no
			go s.unlock(ctx, key, token)
		}
		return result, err
	}, func(result int64, err error) {
		if err == nil && result != unchanged {
			s.unlock(ctx, key, token)
		}
	})
}

// unlock gives the lock back, also if ctx has ended. If that fails the lease
// runs out, and the next holder is more careful than needed.
func (s *Store) unlock(ctx context.Context, key, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockLimit)
	defer cancel()
	_, _ = await(ctx, func() (int64, error) { return s.run(ctx, unlockScript, key, token).Int64() }, nil)
}

// hold renews the lease, which lasts until then, until Unlock is called.
func (s *Store) hold(ctx context.Context, key, token string, until time.Time) *gitlab.IdentityLock {
	held := newLeaseContext(ctx, until)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		held.end(s.renew(held, key, token))
	}()
	return &gitlab.IdentityLock{
		Context: held,
		Unlock: sync.OnceFunc(func() {
			held.end(nil)
			<-stopped
			s.unlock(ctx, key, token)
		}),
	}
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

// renew renews the lease until ctx ends, and then returns nil, or until the
// lease is lost. It counts from before it asks, so it never ends after the
// server's lease; a server's clock that jumps is found with the next renewal.
func (s *Store) renew(ctx *leaseContext, key, token string) error {
	until, pause := *ctx.until.Load(), s.lease/3
	for {
		select {
		case <-time.After(min(pause, time.Until(until))):
		case <-ctx.Done():
			return nil
		}
		asked := time.Now()
		if !asked.Before(until) {
			return errLeaseLost
		}
		limited, cancel := context.WithDeadline(ctx, until)
		result, err := await(limited, func() (int64, error) {
			return s.run(limited, renewScript, key, token, s.lease.Milliseconds()).Int64()
		}, nil)
		cancel()
		switch {
		case err != nil: // there is time to ask again
			pause = s.lease / 10
		case result != done:
			return errLeaseLost
		default:
			pause, until = s.lease/3, asked.Add(s.lease)
			ctx.until.Store(&until)
		}
	}
}
