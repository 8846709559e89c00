package gitlab

import (
	"context"
	"errors"
	"slices"
	"time"
)

// grant is an identity as calls use it. It is immutable.
type grant struct {
	id      Identity
	header  []string // the Authorization header
	origin  grantOrigin
	got     time.Time // when this process got it
	due     time.Time // when the early refresh starts; far away: never
	expires time.Time // when calls must not go on with it; far away: never
}

// grantOrigin is how this process got a grant.
type grantOrigin int

const (
	originStored   grantOrigin = iota // it was in the store when it was first needed; its age is not known
	originSignedIn                    // Authorize
	originAdopted                     // from the store, in place of another one
	originIssued                      // by a refresh of this process
)

// never is later than any call.
var never = time.Unix(1<<40, 0)

// newGrant plans the refresh of id (contract line 12).
func (r *refresher) newGrant(id Identity, from grantOrigin) *grant {
	now := time.Now()
	g := &grant{id: id, header: []string{"Bearer " + id.Data.AccessToken}, origin: from, got: now, due: never, expires: never}
	switch {
	case r.provider == nil:
		return g
	case id.Data.AccessToken == "": // only a refresh token was stored: it comes first
		g.due, g.expires = time.Time{}, time.Time{}
		return g
	case id.Data.ExpiresAt.IsZero() || r.before < 0:
		return g
	}
	g.expires = id.Data.ExpiresAt
	if id.Data.RefreshToken == "" { // nothing to refresh it with: it serves to its end
		g.due = g.expires
		return g
	}
	start := now
	if from == originStored && !id.Data.CreatedAt.IsZero() && id.Data.CreatedAt.Before(g.expires) {
		start = id.Data.CreatedAt
	}
	g.due = g.expires.Add(-jittered(max(0, min(r.before, g.expires.Sub(start)/4))))
	return g
}

// notCuring reports whether a 401 for g says that the refresh which issued it was
// of no use: it is new, and its time is not up.
func (g *grant) notCuring() bool {
	ended := !g.id.Data.ExpiresAt.IsZero() && !time.Now().Before(g.id.Data.ExpiresAt)
	return g.origin == originIssued && time.Since(g.got) < uncuredPause && !ended
}

// usable reports whether calls may be sent with g.
func (g *grant) usable(now time.Time) bool { return g != nil && now.Before(g.expires) }

// sameToken reports whether calls with either look the same to GitLab.
func (g *grant) sameToken(other *grant) bool {
	return g.id.Data.AccessToken == other.id.Data.AccessToken
}

// reload reads the store and installs what is newer than what is held: the one
// place that decides it (contract line 1). outcome is "" if calls go on with the
// same tokens.
func (s *session) reload(ctx context.Context) (held *grant, outcome RefreshOutcome, err error) {
	var stored Identity
	for {
		before := s.now.Load()
		stored, err = s.r.load(ctx, s)
		s.mu.Lock()
		if s.now.Load() == before {
			break
		}
		s.mu.Unlock() // a sign-in or a save has overtaken the read
	}
	defer s.mu.Unlock()
	s.looked = time.Now()
	if errors.Is(err, ErrIdentityNotFound) {
		s.forget()
	}
	if err != nil {
		return nil, "", err
	}
	g := s.now.Load()
	switch {
	case g == nil:
		s.install(stored, originStored)
	case stored.Revision == g.id.Revision:
	case isSpent(stored.Data, s.spent, g.id.Data):
		if s.pending == nil { // the application wrote an old row back: ours goes over it
			s.setPending(&pendingSave{id: g.id, spent: s.spent, done: make(chan struct{})}, nil)
		}
	case stored.Data.samePair(g.id.Data): // the application touched its row
		kept := *g
		kept.id = stored
		s.now.Store(&kept)
	default:
		outcome = OutcomeAdopted
		if s.dead != nil && s.dead.token != stored.Data.RefreshToken {
			outcome = OutcomeRevived
		}
		s.install(stored, originAdopted)
	}
	return s.now.Load(), outcome, nil
}

// isSpent reports whether d was spent to get next. If the server keeps its
// refresh tokens, the access token alone tells.
func isSpent(d OAuthData, spent []OAuthData, next OAuthData) bool {
	return slices.ContainsFunc(spent, func(old OAuthData) bool {
		return old.RefreshToken == d.RefreshToken && (old.AccessToken == d.AccessToken || next.RefreshToken != d.RefreshToken)
	})
}

// install makes id what calls are sent with. mu is held.
func (s *session) install(id Identity, from grantOrigin) {
	s.now.Store(s.r.newGrant(id, from))
	s.held = hold{}
	if s.dead != nil && s.dead.token != id.Data.RefreshToken {
		s.dead = nil
	}
	if p := s.pending; p != nil && !p.id.Data.samePair(id.Data) {
		s.dropPending()
	}
}

// forget drops what is held of a key that the store no longer has. mu is held.
func (s *session) forget() {
	s.now.Store(nil)
	s.dead, s.held, s.spent = nil, hold{}, nil
	s.dropPending()
}

// authorized takes over a new sign-in that the store has (contract line 8).
// before is what calls were sent with when the storing began.
func (s *session) authorized(ctx context.Context, id Identity, before *grant) {
	s.mu.Lock()
	revived := s.dead != nil
	g := s.now.Load()
	if g == nil || !isSpent(id.Data, s.spent, g.id.Data) { // else a refresh has found and spent it already
		s.spent = nil
		s.uncured = time.Time{}
		s.dead = nil
		s.sending.Store(false) // what is under way is about another token
		s.install(id, originSignedIn)
	}
	if g != before { // somebody else was at work too: the store knows who came last
		_, _ = s.look(ctx)
	}
	s.mu.Unlock()
	if revived {
		s.report(marked(context.WithoutCancel(ctx), s), RefreshEvent{Outcome: OutcomeRevived})
	}
}

// identity returns the newest tokens that can be had without a refresh.
func (s *session) identity(ctx context.Context) (Identity, error) {
	for looked := false; ; looked = true {
		s.mu.Lock()
		g := s.now.Load()
		switch mark := markOf(ctx); {
		case g != nil && (looked || mark != nil):
			s.mu.Unlock()
			return g.id, nil
		case g == nil && mark == s:
			s.mu.Unlock()
			return Identity{}, s.notLoaded()
		}
		f, err := s.look(ctx)
		s.mu.Unlock()
		if err != nil {
			return Identity{}, err
		}
		if err := f.wait(ctx); err != nil {
			return Identity{}, err
		}
		if f.err != nil && f.kind == flightLook {
			return Identity{}, f.err
		}
	}
}
