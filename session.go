package gitlab

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// How long things hold back a refresh (contract lines 5, 7, 11 and 12).
const (
	lookEvery       = 2 * time.Second // the store is looked at no oftener while something holds a refresh back
	uncuredPause    = 30 * time.Second
	earlyRetryPause = 30 * time.Second
	abandonedGrace  = 5 * time.Minute // another replica may still hold the new pair
	sendingWait     = time.Second     // how long a call waits for a refresh while its token is not expired
)

// session is one key's state in this process. Its decisions are made under its
// mutex; its I/O happens in flights, one at a time.
type session struct {
	r   *refresher
	key string

	now     atomic.Pointer[grant] // what calls are sent with; nil: not loaded. Written with mu held
	sending atomic.Bool           // the refresh token is being spent. Written with mu held

	mu      sync.Mutex  // guards all below
	flight  *flight     // nil: none
	spent   []OAuthData // the pairs that this process spent last: more than one while the store takes nothing
	pending *pendingSave
	held    hold
	dead    *verdict  // nil: the grant is not known to be dead
	lost    string    // the refresh token that was sent last without an answer: GitLab may have issued a pair for it
	uncured time.Time // until then no 401 causes a refresh
	looked  time.Time // when the store was last read
}

// flight is I/O on behalf of a session, detached from every caller.
type flight struct {
	kind     flightKind
	rejected string        // the access token that a refresh is to replace
	urgent   chan struct{} // closed when it must not wait for its turn any more
	done     chan struct{} // closed when the fields below are set
	spent    bool          // GitLab was asked and issued a new pair
	err      error
}

type flightKind int

const (
	flightLook    flightKind = iota // reads the store
	flightRefresh                   // refresh.go
)

// token returns the grant to send a call with. It costs two atomic reads unless
// the token is due for a refresh. replayable tells that the call can be sent
// again after a 401; refreshed, that the call has had its one refresh.
func (s *session) token(ctx context.Context, replayable bool) (g *grant, refreshed bool, err error) {
	if g := s.now.Load(); g != nil && !s.sending.Load() && time.Now().Before(g.due) {
		return g, false, nil
	}
	for {
		g, f, err := s.tokenOrFlight(ctx, replayable)
		if g != nil || err != nil {
			return g, false, err
		}
		if err := f.wait(ctx); err != nil {
			return nil, false, err
		}
		if f.err != nil {
			return nil, false, f.err
		}
		if newest := s.now.Load(); f.spent && newest != nil {
			return newest, true, nil // even if it expires at once
		}
	}
}

// tokenOrFlight returns the grant to send a call with, or the flight that must
// end first.
func (s *session) tokenOrFlight(ctx context.Context, replayable bool) (*grant, *flight, error) {
	now := time.Now()
	s.mu.Lock()
	g := s.now.Load()
	switch mark := markOf(ctx); {
	case g == nil && mark == s:
		s.mu.Unlock()
		return nil, nil, s.notLoaded()
	case g == nil:
		defer s.mu.Unlock()
		f, err := s.look(ctx)
		return nil, f, err
	case mark != nil || now.Before(g.due) && s.flight == nil:
		s.mu.Unlock()
		return g, nil, nil
	case !now.Before(g.expires):
		defer s.mu.Unlock()
		f, err := s.refreshOrLook(ctx, now)
		return nil, f, err
	}
	f := s.flight
	if f == nil {
		f, _ = s.refreshOrLook(ctx, now) // nil while a failed refresh holds it back
	}
	sending := s.sending.Load()
	s.mu.Unlock()
	switch {
	case f == nil:
	case f.kind == flightLook:
		if !replayable && !now.Before(g.due) {
			return nil, f, nil // the refresh that is due comes after it
		}
	case f.rejected != g.id.Data.AccessToken: // it is about a token that is not in use any more
	case !replayable:
		_ = f.wait(ctx) // if ctx has ended, so will the call
	case sending:
		f.waitAtMost(ctx, sendingWait)
	}
	if newest := s.now.Load(); newest != nil {
		return newest, nil, nil
	}
	return g, nil, nil
}

// notLoaded is for a store that, asked for an identity, calls GitLab as it.
func (s *session) notLoaded() error {
	return meaning(ErrRefreshUnavailable, fmt.Errorf("gitlab: identity %q is used by its own store before it is loaded", s.key))
}

// remedy is what became of a 401.
type remedy struct {
	grant     *grant // send the call again with it; nil: do not
	refreshed bool   // grant comes from a refresh, not from one that others had made
	err       error  // why a refresh did not help; nil if none was tried
}

// heal looks for a better grant than sent, which GitLab answered with 401
// (contract line 1).
func (s *session) heal(ctx context.Context, sent *grant) remedy {
	for {
		s.mu.Lock()
		g, now := s.now.Load(), time.Now()
		switch {
		case g.usable(now) && !g.sameToken(sent):
			s.mu.Unlock()
			return remedy{grant: g}
		case markOf(ctx) != nil:
			s.mu.Unlock()
			return remedy{}
		}
		var f *flight
		var err error
		switch {
		case g == nil:
			f, err = s.look(ctx)
		case s.r.provider == nil || now.Before(s.uncured):
			if f = s.flight; f == nil && !now.Before(s.looked.Add(lookEvery)) {
				f, err = s.look(ctx)
			}
		default:
			f, err = s.refreshOrLook(ctx, now)
		}
		s.mu.Unlock()
		if f == nil {
			return remedy{err: err}
		}
		if err := f.wait(ctx); err != nil {
			return remedy{err: err}
		}
		if f.err != nil {
			return remedy{err: f.err}
		}
		if newest := s.now.Load(); f.spent && newest != nil {
			return remedy{grant: newest, refreshed: true}
		}
	}
}

// notCured remembers that a refresh did not help against a 401 (contract line
// 11). refused is what the call was sent with last.
func (s *session) notCured(refused *grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.now.Load(); g == nil || !g.sameToken(refused) {
		return // others have replaced it
	}
	s.uncured = time.Now().Add(uncuredPause)
}

// refreshOrLook returns the flight under way, or starts a refresh. What holds a
// refresh back is told as an error, after a look at the store if the last one
// is long ago. ctx is of the caller, which the refresh is detached from. mu is
// held.
func (s *session) refreshOrLook(ctx context.Context, now time.Time) (*flight, error) {
	if s.flight != nil {
		return s.flight, nil
	}
	err := s.heldBack(now)
	switch {
	case err == nil:
		return s.start(ctx, flightRefresh)
	case now.Before(s.looked.Add(lookEvery)):
		return nil, err
	default:
		return s.start(ctx, flightLook)
	}
}

// heldBack returns what a refresh now would only repeat, or nil. mu is held.
func (s *session) heldBack(now time.Time) error {
	switch {
	case s.r.isClosing():
		return errShutDown
	case s.dead != nil && now.Before(s.dead.next):
		return s.dead.err(now)
	case now.Before(s.held.until):
		return s.held.err
	}
	return s.r.heldBack(s.key, now)
}

// look returns the flight under way, or starts one that reads the store, for a
// caller with ctx. mu is held.
func (s *session) look(ctx context.Context) (f *flight, err error) {
	if f = s.flight; f == nil {
		if f, err = s.start(ctx, flightLook); err != nil {
			return nil, err
		}
	}
	if markOf(ctx) != nil { // what f would wait for may be waiting for f
		f.hurry()
	}
	return f, nil
}

// start launches a flight, detached from the ctx of whoever caused it. mu is
// held.
func (s *session) start(ctx context.Context, kind flightKind) (*flight, error) {
	f := &flight{kind: kind, urgent: make(chan struct{}), done: make(chan struct{})}
	work := func() { s.lookUp(f) }
	if kind == flightRefresh {
		f.rejected = s.now.Load().id.Data.AccessToken
		if !switchOffDetach {
			ctx = context.Background()
		}
		work = func() { s.refresh(ctx, f) }
	}
	if !s.r.launch(kind == flightRefresh, work) {
		return nil, errShutDown
	}
	s.flight = f
	return f, nil
}

// lookUp is a flight that adopts what the store has.
func (s *session) lookUp(f *flight) {
	started, before := time.Now(), s.now.Load()
	ctx := marked(context.Background(), s)
	var outcome RefreshOutcome
	err := errExited
	defer func() {
		s.mu.Lock()
		if f.err = err; before != nil && s.now.Load() != nil {
			f.err = nil // the caller is told what held the refresh back instead
		}
		s.flight = nil
		s.mu.Unlock()
		if outcome != "" {
			s.report(ctx, RefreshEvent{Outcome: outcome, Duration: time.Since(started)})
		}
		close(f.done)
	}()
	var done func()
	if done, err = s.r.lookTurn(f); err == nil {
		defer done()
		_, outcome, err = s.reload(ctx)
	}
}

func (s *session) report(ctx context.Context, event RefreshEvent) {
	event.Key = s.key
	hook(ctx, s.r.onRefresh, event)
}

// hurry lets f do without a turn. The session's mu is held.
func (f *flight) hurry() {
	select {
	case <-f.urgent:
	default:
		close(f.urgent)
	}
}

// wait returns ctx's error if that ends before f.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitAtMost waits for f, for ctx to end, or for d.
func (f *flight) waitAtMost(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	_ = f.wait(ctx)
}
