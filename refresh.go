package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// How often the token endpoint is asked, and how long before asking again
// (contract lines 5 and 7).
const (
	maxAttempts     = 3
	attemptPause    = 500 * time.Millisecond // doubling
	longestPause    = 5 * time.Second        // a Retry-After beyond it ends the refresh
	opinionPause    = time.Second            // before invalid_grant gets its second opinion
	unavailableHold = time.Second            // doubling
	longestHold     = 30 * time.Second
	deadHold        = time.Minute // doubling
	longestDead     = time.Hour
	unlockWait      = time.Second // how long those who wait for a refresh wait for the lock to be given back
	keptSpent       = 2           // older spent pairs that are remembered, against rows that are written back
)

var (
	errShutDown = meaning(ErrRefreshUnavailable, errors.New("gitlab: the client is shut down"))
	errExited   = meaning(ErrRefreshUnavailable, errors.New("gitlab: the identity provider or store ended its goroutine"))
)

// attempt is one refresh of one session: lock, load, adopt or spend, save,
// install. What belongs to this refresh alone is here.
type attempt struct {
	*session

	ctx     context.Context // nobody's but this refresh's; marked
	flight  *flight
	lock    *IdentityLock
	posts   int
	tried   string // the refresh token that was to be spent; "": none yet
	round   int    // of the provider's rejection, when the last POST began; -1: none has
	outcome RefreshOutcome
	saveErr error // why the new pair is not stored yet
}

// refresh is a flight that replaces f.rejected by a newer token. ctx never ends.
func (s *session) refresh(ctx context.Context, f *flight) {
	started := time.Now()
	a := &attempt{session: s, ctx: marked(ctx, s), flight: f, round: -1}
	err := errExited
	defer func() {
		err = a.settle(err)
		event := RefreshEvent{Outcome: a.outcome, Attempts: a.posts, Duration: time.Since(started), Err: err}
		if err == nil {
			event.Err = a.saveErr
		}
		s.report(a.ctx, event)
		f.err = err
		close(f.done)
	}()
	err = a.run()
}

// run refreshes when it is this key's turn.
func (a *attempt) run() error {
	waited, err := a.turn()
	if err != nil {
		return err
	}
	defer func() { <-a.r.slots }()
	if waited { // others may have been faster: then there is nothing to lock
		if _, done, err := a.overtaken(); done || err != nil {
			return err
		}
	}
	if err := a.acquire(); err != nil {
		return meaning(ErrRefreshUnavailable, because(fmt.Sprintf("locking identity %q", a.key), err))
	}
	defer a.release()

	if a.hasPending() {
		_ = a.savePending(a.ctx) // line 8: if it fails, what the load finds decides
	}
	held, done, err := a.overtaken()
	if done || err != nil {
		return err
	}
	return a.exchange(held.id)
}

// turn waits until fewer than MaxConcurrentRefreshes keys are refreshed.
func (a *attempt) turn() (waited bool, err error) {
	select {
	case a.r.slots <- struct{}{}:
		return false, nil
	default:
	}
	select {
	case a.r.slots <- struct{}{}:
		return true, nil
	case <-a.r.closing:
		return true, errShutDown
	}
}

// overtaken reads the store, and reports whether it, or a sign-in, has made the
// refresh needless.
func (a *attempt) overtaken() (held *grant, done bool, err error) {
	held, outcome, err := a.reload(a.ctx)
	if err != nil {
		return nil, false, err
	}
	if held.id.Data.AccessToken != a.flight.rejected && held.usable(time.Now()) {
		a.outcome = cmp.Or(outcome, OutcomeAdopted) // or what Authorize has installed meanwhile
		return held, true, nil
	}
	return held, false, nil
}

// exchange spends the refresh token of id and keeps what it gets for it.
func (a *attempt) exchange(id Identity) error {
	tries := maxAttempts
	known := a.knownDead(id.Data.RefreshToken)
	if known {
		tries = 1
	}
	data, err := a.spend(id, tries)
	if !known && isInvalidGrant(err) && !switchOffOpinion {
		var adopted bool
		if data, adopted, err = a.secondOpinion(id); adopted {
			return nil
		}
	}
	if err != nil {
		return err
	}
	a.r.accept() // invalid_grant would not tell: GitLab judges the grant first
	return a.keep(id, data)
}

// spend asks the endpoint, tries times at the most, until it answers. Between
// the tries it makes sure that the token is still ours to spend.
func (a *attempt) spend(id Identity, tries int) (OAuthData, error) {
	if id.Data.RefreshToken == "" {
		return OAuthData{}, &IdentityNotValidError{Key: a.key, Description: "it has no refresh token"}
	}
	for n := 1; ; n++ {
		if err := a.maySpend(id); err != nil {
			return OAuthData{}, err
		}
		a.posts++
		data, lost, err := a.ask(a.ctx, id)
		if !lost {
			return data, err
		}
		pause := max(jittered(backoff(n, attemptPause, longestPause)), askedToWait(err))
		if n == tries || pause > longestPause {
			return OAuthData{}, err
		}
		_ = sleep(a.ctx, pause) // a.ctx never ends
	}
}

// maySpend checks, right before a POST, that nothing has made it pointless or
// dangerous.
func (a *attempt) maySpend(id Identity) error {
	a.tried = id.Data.RefreshToken
	if a.lock.Context.Err() != nil {
		return meaning(ErrRefreshUnavailable, fmt.Errorf("gitlab: the lock of identity %q was lost", a.key))
	}
	round, err := a.r.mayAsk(a.key, a.round, time.Now())
	if err != nil {
		return err
	}
	a.round = round
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.now.Load()
	if g == nil || g.id.Data.RefreshToken != id.Data.RefreshToken {
		return meaning(ErrRefreshUnavailable, fmt.Errorf("gitlab: identity %q was replaced meanwhile", a.key))
	}
	a.sending.Store(true)
	return nil
}

// secondOpinion asks the store, and then GitLab again, whether a refused grant
// is really dead (contract line 7).
func (a *attempt) secondOpinion(id Identity) (data OAuthData, adopted bool, err error) {
	for _, pause := range []time.Duration{opinionPause, 0} {
		_, outcome, err := a.reload(a.ctx)
		if err != nil {
			return OAuthData{}, false, err
		}
		if outcome != "" {
			a.outcome = outcome
			return OAuthData{}, true, nil
		}
		_ = sleep(a.ctx, pause) // a.ctx never ends
	}
	data, err = a.spend(id, 1)
	return data, false, err
}

// keep saves the pair that was issued for id's, and installs it whether or not
// the store takes it (contract line 8).
func (a *attempt) keep(id Identity, data OAuthData) error {
	a.flight.spent = true
	if !data.ExpiresAt.After(time.Now()) {
		data.ExpiresAt = time.Time{} // a new token is not past (line 6): its expiry is not known
	}
	p := &pendingSave{id: id, done: make(chan struct{})}
	p.id.BaseURL = a.r.baseURL
	p.id.Data = id.Data.rotated(data)
	p.added = data.unknown
	a.mu.Lock()
	if a.pending != nil { // the store may still have the first of them
		p.added = mergeObjects(a.pending.added, data.unknown)
	} else if n := len(a.spent); n > keptSpent {
		a.spent = a.spent[n-keptSpent:]
	}
	p.spent = append(slices.Clone(a.spent), id.Data)
	a.spent = p.spent
	a.mu.Unlock()
	saved, theirs, err := a.save(a.ctx, p)

	a.mu.Lock()
	defer a.mu.Unlock()
	switch g := a.now.Load(); {
	case g != nil && g.id.Data.RefreshToken != id.Data.RefreshToken: // a new sign-in is stored and installed
		a.outcome = OutcomeConflicted
	case isGone(err):
		a.forget()
		return err
	case theirs:
		a.outcome = OutcomeConflicted
		a.install(saved, originAdopted)
	case err != nil && switchOffPending:
		return meaning(ErrRefreshUnavailable, err)
	case err != nil:
		a.outcome, a.saveErr = OutcomeSaveFailed, err
		a.dropPending()
		a.install(p.id, originIssued)
		a.setPending(p, a.lock)
		a.lock = nil // it protects the pair until that is stored
	default:
		a.outcome = OutcomeRefreshed
		a.dropPending()
		a.install(saved, originIssued)
	}
	return nil
}

// acquire takes the store's lock, or the one that protects a pending pair.
func (a *attempt) acquire() error {
	if a.lock = a.takePendingLock(); a.lock != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(a.ctx, lockLimit)
	defer cancel()
	var lock *IdentityLock
	err := protect("identity store", func() (err error) {
		lock, err = a.r.store.LockIdentity(ctx, a.key)
		return err
	})
	switch {
	case err != nil:
		return ownLimit(ctx, err)
	case lock == nil || lock.Context == nil || lock.Unlock == nil:
		if lock != nil && lock.Unlock != nil {
			a.unlockSoon(lock)
		}
		return errors.New("gitlab: the identity store returned an incomplete lock")
	}
	a.lock = lock
	return nil
}

// release gives the lock back, unless a pending pair still needs it.
func (a *attempt) release() {
	if a.lock == nil || a.returnPendingLock(a.lock) {
		return
	}
	select {
	case <-a.unlockSoon(a.lock):
	case <-time.After(unlockWait):
	}
}

// unlockSoon gives a lock back in the background, since that may be I/O without
// a limit. Shutdown waits for it.
func (s *session) unlockSoon(lock *IdentityLock) (done chan struct{}) {
	done = make(chan struct{})
	s.r.launch(false, func() {
		defer close(done)
		_ = protect("identity store", func() error { lock.Unlock(); return nil })
	})
	return done
}

// settle draws the session's conclusions from a refresh and ends it for all
// but those who wait. It returns what to tell them.
func (a *attempt) settle(err error) error {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session.flight = nil
	a.sending.Store(false)
	if err == nil {
		return nil
	}
	g := a.now.Load()
	if g != nil && (a.tried != "" && g.id.Data.RefreshToken != a.tried ||
		g.id.Data.AccessToken != a.flight.rejected && g.usable(now)) {
		a.outcome = OutcomeAdopted // a new sign-in made pointless what failed here
		return nil
	}
	err = a.judge(err, now)
	if v := a.dead; v != nil && a.posts > 0 && !now.Before(v.next) {
		v.postpone(now) // whatever the answer was, it did not revive the grant
	}
	if g.usable(now) && !now.Before(g.due) {
		later := *g
		if later.due = now.Add(earlyRetryPause); later.due.After(g.expires) {
			later.due = g.expires
		}
		a.now.Store(&later)
	}
	return err
}
