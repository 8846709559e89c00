package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
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
)

// attempt is one refresh of one session: lock, load, adopt or spend, save,
// install. What belongs to this refresh alone is here.
type attempt struct {
	*session

	ctx     context.Context // nobody's but this refresh's; marked
	flight  *flight
	lock    *IdentityLock
	posts   int
	round   int // of the provider's rejection, when the last POST began; -1: none has
	outcome RefreshOutcome
	saveErr error // why the new pair is not stored yet
}

// refresh is a flight that replaces f.rejected by a newer token.
func (s *session) refresh(f *flight) {
	started := time.Now()
	a := &attempt{session: s, ctx: marked(context.Background(), s), flight: f, round: -1}
	err := a.settle(a.run())
	event := RefreshEvent{Outcome: a.outcome, Attempts: a.posts, Duration: time.Since(started), Err: err}
	if err == nil {
		event.Err = a.saveErr
	}
	s.report(a.ctx, event)
	f.err = err
	close(f.done)
}

// run refreshes when it is this key's turn.
func (a *attempt) run() error {
	select {
	case a.r.slots <- struct{}{}:
		defer func() { <-a.r.slots }()
	case <-a.r.closing:
		return meaning(ErrRefreshUnavailable, errors.New("gitlab: the client is shut down"))
	}
	if err := a.acquire(); err != nil {
		return meaning(ErrRefreshUnavailable, because(fmt.Sprintf("locking identity %q", a.key), err))
	}
	defer a.release()

	if a.hasPending() {
		_ = a.savePending(a.ctx) // line 8: if it fails, what the load finds decides
	}
	held, outcome, err := a.reload(a.ctx)
	if err != nil {
		return err
	}
	if held.id.Data.AccessToken != a.flight.rejected && time.Now().Before(held.expires) {
		a.outcome = cmp.Or(outcome, OutcomeAdopted) // or what Authorize has installed meanwhile
		return nil
	}
	return a.exchange(held.id)
}

// exchange spends the refresh token of id and keeps what it gets for it.
func (a *attempt) exchange(id Identity) error {
	tries := maxAttempts
	known := a.knownDead(id.Data.RefreshToken)
	if known {
		tries = 1
	}
	data, err := a.spend(id, tries)
	if err == nil || isInvalidGrant(err) {
		a.r.accept() // who judges a grant has taken the application
	}
	if !known && isInvalidGrant(err) {
		var adopted bool
		if data, adopted, err = a.secondOpinion(id); adopted {
			return nil
		}
	}
	if err != nil {
		return err
	}
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
		data, lost, err := a.r.ask(a.ctx, id)
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
	if a.pending == nil {
		a.spent = nil // the store has moved on from them
	} else {
		p.added = mergeObjects(a.pending.added, data.unknown)
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
		a.install(saved, time.Now())
	case err != nil:
		a.outcome, a.saveErr = OutcomeSaveFailed, err
		a.dropPending()
		a.install(p.id, time.Now())
		a.setPending(p, a.lock)
		a.lock = nil // it protects the pair until that is stored
	default:
		a.outcome = OutcomeRefreshed
		a.dropPending()
		a.install(saved, time.Now())
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
	return protect("identity store", func() (err error) {
		a.lock, err = a.r.store.LockIdentity(ctx, a.key)
		if err == nil && (a.lock == nil || a.lock.Context == nil || a.lock.Unlock == nil) {
			err = errors.New("gitlab: the identity store returned an incomplete lock")
		}
		return err
	})
}

// release gives the lock back, unless a pending pair still needs it.
func (a *attempt) release() {
	if a.lock == nil || a.returnPendingLock(a.lock) {
		return
	}
	a.unlock(a.lock)
}

func (s *session) unlock(lock *IdentityLock) {
	_ = protect("identity store", func() error { lock.Unlock(); return nil })
}

// unlockSoon is unlock for who must not wait for I/O; Shutdown waits for it.
func (s *session) unlockSoon(lock *IdentityLock) {
	s.r.launch(false, func() { s.unlock(lock) })
}

// settle draws the session's conclusions from a refresh and ends it for all
// but those who wait. It returns what to tell them.
func (a *attempt) settle(err error) error {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session.flight = nil
	a.sending.Store(false)
	g := a.now.Load()
	if err == nil {
		return nil
	}
	if g != nil && g.id.Data.AccessToken != a.flight.rejected && now.Before(g.expires) {
		a.outcome = OutcomeAdopted // a new sign-in ended what failed here
		return nil
	}
	var refusal *IdentityNotValidError
	switch refused := errors.As(err, &refusal); {
	case errors.Is(err, ErrRefreshUnavailable):
		a.outcome = OutcomeUnavailable
		a.hold(err, now, a.held.count+1)
	case errors.Is(err, ErrClientRejected): // told by maySpend: nobody was asked
		a.outcome = OutcomeClientRejected
	case refused && (isInvalidGrant(err) || g != nil && g.id.Data.RefreshToken == ""):
		err = a.condemn(named(refusal, a.key), g, now)
	case refused && (refusal.Code == "invalid_client" || refusal.Code == "unauthorized_client"):
		a.outcome = OutcomeClientRejected
		refusal = named(refusal, a.key)
		a.r.reject(refusal, a.round, now)
		err = meaning(ErrClientRejected, refusal)
	case refused:
		a.outcome = OutcomeRefused
		err = named(refusal, a.key)
		a.hold(err, now, a.held.count+1)
	default:
		a.outcome = OutcomeFailed
		a.hold(err, now, a.held.count+1)
	}
	if v := a.dead; v != nil && a.posts > 0 && !now.Before(v.next) {
		v.postpone(now) // whatever the answer was, it did not revive the grant
	}
	if g != nil && now.Before(g.expires) && !now.Before(g.due) {
		later := *g
		if later.due = now.Add(earlyRetryPause); later.due.After(g.expires) {
			later.due = g.expires
		}
		a.now.Store(&later)
	}
	return err
}

// hold tells further callers of a failure at once, for longer each time. mu is
// held.
func (s *session) hold(err error, now time.Time, count int) {
	pause := backoff(count, unavailableHold, longestHold)
	if !errors.Is(err, ErrRefreshUnavailable) {
		// The endpoint or the provider did answer, and may answer otherwise
		// now; only a failure that repeats itself is held.
		pause = 0
		if count > 1 {
			pause = backoff(count-1, unavailableHold, longestHold)
		}
	}
	s.held = hold{err: err, until: now.Add(max(pause, askedToWait(err))), count: count}
}

// condemn remembers that g's refresh token is dead and returns what to tell.
// mu is held.
func (a *attempt) condemn(refusal *IdentityNotValidError, g *grant, now time.Time) error {
	var token string
	if g != nil {
		token = g.id.Data.RefreshToken
	}
	v := &verdict{token: token, since: now, abandoned: a.lock.wasAbandoned()}
	if a.dead != nil && a.dead.token == token {
		v.since, v.count = a.dead.since, a.dead.count
		v.abandoned = v.abandoned || a.dead.abandoned
	}
	v.refusal = refusal
	v.postpone(now)
	a.dead = v
	a.outcome = OutcomeDead
	err := v.err(now)
	if errors.Is(err, ErrRefreshUnavailable) {
		a.outcome = OutcomeUnavailable
	}
	return err
}

// postpone plans when the dead token may be sent again. The session's mu is held.
func (v *verdict) postpone(now time.Time) {
	v.count++
	v.next = now.Add(backoff(v.count, deadHold, longestDead))
}

func (l *IdentityLock) wasAbandoned() bool { return l != nil && l.Abandoned }

// knownDead reports whether the token has had its second opinion.
func (s *session) knownDead(refreshToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead != nil && s.dead.token == refreshToken
}

// isInvalidGrant reports a refusal of the grant itself. A 401 refuses the
// application, whatever it says.
func isInvalidGrant(err error) bool {
	var refusal *IdentityNotValidError
	return errors.As(err, &refusal) && refusal.Code == "invalid_grant" && refusal.StatusCode != http.StatusUnauthorized
}

// named is the refusal as that of key.
func named(refusal *IdentityNotValidError, key string) *IdentityNotValidError {
	own := *refusal
	own.Key = key
	return &own
}

// askedToWait is the Retry-After in err's chain, 0 without one.
func askedToWait(err error) time.Duration {
	var api *APIError
	if errors.As(err, &api) {
		return api.RetryAfter
	}
	return 0
}
