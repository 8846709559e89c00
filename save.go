package gitlab

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pendingSave is a pair that GitLab has issued and the store is to take. Its
// fields change only in the session's hands, with its mu held.
type pendingSave struct {
	id    Identity    // with the Revision that it replaces
	added string      // the members that came with it, to go over a row of the application's
	spent []OAuthData // the pair that it was issued for, and those before that the store may still have
	lock  *IdentityLock
	done  chan struct{} // closed when nothing is to be saved any more
}

// save stores p, trying again within saveLimit. It is safe to run twice, even
// at the same time. A newer sign-in or rotation that it finds in the store is
// returned as theirs; a key that is not ours any more as an error that isGone
// knows.
func (s *session) save(ctx context.Context, p *pendingSave) (stored Identity, theirs bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	id := p.id
	for n := 1; ; n++ {
		id.Revision, err = s.saveOnce(ctx, id)
		if err == nil {
			return id, false, nil
		}
		id.Revision = p.id.Revision
		if errors.Is(err, ErrIdentityConflict) || errors.Is(err, ErrIdentityNotFound) {
			var found Identity
			found, err = s.r.load(ctx, s)
			switch {
			case isGone(err):
				return Identity{}, false, err
			case err != nil: // looked again with the next try
			case found.Data.samePair(id.Data): // an earlier try had got through
				return found, false, nil
			case !isSpent(found.Data, p.spent, id.Data):
				return found, true, nil
			default: // the application touched its row: ours goes over it
				id.Revision = found.Revision
				id.Data.unknown = mergeObjects(found.Data.unknown, p.added)
				err = ErrIdentityConflict
				if n < 3 {
					continue
				}
			}
		}
		select {
		case <-time.After(jittered(backoff(n, 100*time.Millisecond, 2*time.Second))):
			continue
		case <-p.done: // somebody else has stored it
		case <-ctx.Done():
		}
		return Identity{}, false, because(fmt.Sprintf("saving identity %q", s.key), err)
	}
}

// isGone reports that the store has no identity of this instance under the key:
// there is nothing to save over.
func isGone(err error) bool {
	return errors.Is(err, ErrIdentityNotFound) || errors.Is(err, ErrWrongInstance)
}

func (s *session) saveOnce(ctx context.Context, id Identity) (revision string, err error) {
	ctx, cancel := context.WithTimeout(ctx, saveTryLimit)
	defer cancel()
	err = protect("identity store", func() error {
		revision, err = s.r.store.SaveIdentity(ctx, id)
		return err
	})
	return revision, err
}

// savePending saves what is pending, if anything is, and installs the result.
func (s *session) savePending(ctx context.Context) error {
	s.mu.Lock()
	p := s.pending
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	started := time.Now()
	saved, theirs, err := s.save(ctx, p)
	deleted := isGone(err)
	s.mu.Lock()
	switch {
	case s.pending != p: // somebody else was faster
		s.mu.Unlock()
		return nil
	case err != nil && !deleted:
		s.mu.Unlock()
		return err
	}
	event := RefreshEvent{Outcome: OutcomeSaveRecovered, Duration: time.Since(started)}
	switch {
	case deleted:
		event.Outcome, event.Err = OutcomeFailed, err
		s.forget()
	case theirs:
		event.Outcome = OutcomeConflicted
		s.install(saved, originAdopted)
	default:
		kept := *s.now.Load()
		kept.id = saved
		s.now.Store(&kept)
		s.dropPending()
	}
	s.mu.Unlock()
	s.report(ctx, event)
	return nil
}

// setPending keeps p in memory and saves it in the background until that has
// worked, a newer pair is there, or the key is deleted. lock, if not nil, is
// kept so long: another process must not spend what the store has. mu is held.
func (s *session) setPending(p *pendingSave, lock *IdentityLock) {
	p.lock = lock
	s.pending = p
	s.r.mu.Lock()
	s.r.unsaved[s] = true
	s.r.mu.Unlock()
	go func() {
		ctx := marked(context.Background(), s)
		for n := 1; ; n++ {
			select {
			case <-p.done:
				return
			case <-time.After(jittered(backoff(n, time.Second, 30*time.Second))):
				_ = s.savePending(ctx) // told already; tried again
			}
		}
	}()
}

// dropPending ends the care for a pending pair. mu is held.
func (s *session) dropPending() {
	p := s.pending
	if p == nil {
		return
	}
	s.pending = nil
	close(p.done)
	s.r.mu.Lock()
	delete(s.r.unsaved, s)
	s.r.mu.Unlock()
	if p.lock != nil {
		s.unlockSoon(p.lock)
		p.lock = nil
	}
}

func (s *session) hasPending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending != nil
}

// takePendingLock hands the pending pair's lock to a refresh, or nil if there
// is none that still holds.
func (s *session) takePendingLock() *IdentityLock {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending
	if p == nil || p.lock == nil {
		return nil
	}
	lock := p.lock
	p.lock = nil
	if lock.Context.Err() != nil {
		s.unlockSoon(lock)
		return nil
	}
	return lock
}

// returnPendingLock gives the lock back to a pair that is still pending.
func (s *session) returnPendingLock(lock *IdentityLock) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil || s.pending.lock != nil {
		return false
	}
	s.pending.lock = lock
	return true
}
