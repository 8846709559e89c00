package gitlab

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// hold keeps the error of failed refreshes for further callers.
type hold struct {
	err   error
	until time.Time
	count int // failures in a row
}

// verdict is what is known of a refresh token that GitLab refused twice.
type verdict struct {
	token     string // the refresh token; "": there is none
	refusal   error  // holds an IdentityNotValidError
	since     time.Time
	abandoned bool      // the lock was: somebody may hold the new pair
	next      time.Time // when the token may be sent again
	count     int       // how often it was found dead
}

// err is the verdict in the caller's words.
func (v *verdict) err(now time.Time) error {
	if v.abandoned && now.Before(v.since.Add(abandonedGrace)) {
		return meaning(ErrRefreshUnavailable, v.refusal)
	}
	return meaning(ErrReauthorize, v.refusal)
}

// judge finds out whose fault a failed refresh is, and holds back what would
// only repeat it. mu is held.
func (a *attempt) judge(err error, now time.Time) error {
	refusal, refused := errors.AsType[*IdentityNotValidError](err)
	if refused && refusal.Key != a.key {
		refusal = named(refusal, a.key)
		err = &compoundError{text: refusal.Error(), errs: []error{refusal, err}}
	}
	switch {
	case errors.Is(err, ErrRefreshUnavailable):
		a.outcome = OutcomeUnavailable
	case errors.Is(err, ErrClientRejected): // by an answer to another refresh, or in a provider's own words
		a.outcome = OutcomeClientRejected
	case isInvalidGrant(err), refused && a.tried == "": // there was no refresh token
		return a.condemn(err, now)
	case refused && rejectsClient(refusal.Code):
		a.outcome = OutcomeClientRejected
		a.r.reject(refusal, a.round, now)
		return meaning(ErrClientRejected, err)
	case refused:
		a.outcome = OutcomeRefused
	default:
		a.outcome = OutcomeFailed
	}
	a.hold(err, now, a.held.count+1)
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

// condemn remembers that the refresh token that was tried is dead, and returns
// what to tell. mu is held.
func (a *attempt) condemn(refusal error, now time.Time) error {
	v := &verdict{token: a.tried, refusal: refusal, since: now, abandoned: a.lock.wasAbandoned()}
	if known := a.dead; known != nil && known.token == v.token {
		v.since, v.count = known.since, known.count
		v.abandoned = v.abandoned || known.abandoned
	}
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

// ask is the refresher's, and remembers whose answer was lost.
func (s *session) ask(ctx context.Context, id Identity) (data OAuthData, lost bool, err error) {
	data, lost, err = s.r.ask(ctx, id)
	if lost && mayHaveIssued(err) {
		s.mu.Lock()
		s.lost = id.Data.RefreshToken
		s.mu.Unlock()
	}
	return data, lost, err
}

// mayHaveIssued reports whether a pair may exist of which no answer told. GitLab
// did not rotate if it was not reached, or said so.
func mayHaveIssued(err error) bool {
	api, answered := asAPIError(err)
	return !neverSent(err) && (!answered || api.StatusCode >= http.StatusInternalServerError)
}

// lostAnswer reports whether the answer to a refresh with that token was lost.
func (s *session) lostAnswer(refreshToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return refreshToken != "" && s.lost == refreshToken
}

// isInvalidGrant reports a refusal of the grant itself. A 401 refuses the
// application, whatever it says.
func isInvalidGrant(err error) bool {
	refusal, ok := errors.AsType[*IdentityNotValidError](err)
	return ok && refusal.Code == "invalid_grant" && refusal.StatusCode != http.StatusUnauthorized
}

// named is the refusal as that of key.
func named(refusal *IdentityNotValidError, key string) *IdentityNotValidError {
	own := *refusal
	own.Key = key
	return &own
}

// askedToWait is the Retry-After in err's chain, 0 without one.
func askedToWait(err error) time.Duration {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.RetryAfter
	}
	return 0
}

// ownLimit is err for a caller to whom the limit of ctx means nothing: who asks
// for context.DeadlineExceeded asks about a context of their own.
func ownLimit(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return errors.New(err.Error())
	}
	return err
}
