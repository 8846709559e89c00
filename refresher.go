package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// The limits of a refresh, each its own (contract line 5).
const (
	lockLimit    = 30 * time.Second // to wait for the store's lock
	loadLimit    = 10 * time.Second
	turnLimit    = 30 * time.Second // to wait until fewer others read the store
	attemptLimit = 10 * time.Second // for one request to the token endpoint
	saveLimit    = 10 * time.Second // for all tries to save a new pair
	saveTryLimit = 3 * time.Second  // for one of them
)

// refresher is what all clients of one New share for keeping tokens fresh.
type refresher struct {
	provider  IdentityProvider // nil: nothing is ever refreshed
	store     IdentityStore
	baseURL   string // normal form
	tokenURL  string
	tokenHTTP *http.Client  // for the provider: the API's transport, no redirects
	before    time.Duration // Config.RefreshBefore with its default; negative: only after a 401
	onRefresh func(context.Context, RefreshEvent)
	slots     chan struct{} // one value for each refresh under way
	looks     chan struct{} // one value for each key that is read from the store otherwise
	closing   chan struct{} // closed by shutdown

	sessions sessions

	mu       sync.Mutex        // guards all below
	unsaved  map[*session]bool // those with a pair that the store has not taken
	running  int               // flights under way, and locks being given back
	idle     chan struct{}     // closed when running is 0 while closing; nil before
	rejected rejection
}

// rejection is the token endpoint's refusal of the application itself, which
// holds back every refresh of the provider (contract line 7).
type rejection struct {
	refusal *IdentityNotValidError // nil: none
	until   time.Time
	count   int // how often in a row
	round   int // tells answers to refreshes before the last change from later ones
}

// session returns the one session of key, for all clients.
func (r *refresher) session(key string) *session {
	return r.sessions.get(key, func() *session { return &session{r: r, key: key} })
}

// launch runs work in the background, unless the client is shut down and work
// is a refresh. It may be called with a session's mutex held.
func (r *refresher) launch(refresh bool, work func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refresh && r.isClosing() {
		return false
	}
	r.running++
	go func() {
		defer func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.running--; r.running == 0 && r.idle != nil {
				close(r.idle)
				r.idle = nil
			}
		}()
		work()
	}()
	return true
}

// lookTurn waits until f may read the store. Without turns, thousands of keys
// that are needed at once would queue before the connections of the store, where
// the time limits of those that refresh run already.
func (r *refresher) lookTurn(f *flight) (done func(), err error) {
	limit := time.NewTimer(turnLimit)
	defer limit.Stop()
	select {
	case r.looks <- struct{}{}:
		return func() { <-r.looks }, nil
	case <-f.urgent:
		return func() {}, nil
	case <-limit.C:
		return nil, meaning(ErrRefreshUnavailable, errors.New("gitlab: the store is too slow for all that is asked of it"))
	}
}

func (r *refresher) isClosing() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
	}
}

// shutdown implements [Client.Shutdown].
func (r *refresher) shutdown(ctx context.Context) error {
	if markOf(ctx) != nil {
		return errors.New("gitlab: shutdown: called by what it would wait for: a provider, store or hook")
	}
	r.mu.Lock()
	if !r.isClosing() {
		close(r.closing)
	}
	r.mu.Unlock()
	if err := r.whenIdle(ctx); err != nil {
		return err
	}
	return errors.Join(r.saveAll(ctx), r.whenIdle(ctx)) // saved pairs give their locks back
}

// whenIdle waits until no flight is under way and no lock is being given back.
func (r *refresher) whenIdle(ctx context.Context) error {
	r.mu.Lock()
	if r.running == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gitlab: shutdown: refreshes are still under way: %w", ctx.Err())
	}
}

// saveAll tries to save every pending pair and names those that no store took.
func (r *refresher) saveAll(ctx context.Context) error {
	r.mu.Lock()
	sessions := make([]*session, 0, len(r.unsaved))
	for s := range r.unsaved {
		sessions = append(sessions, s)
	}
	r.mu.Unlock()
	errs := make([]error, len(sessions))
	var saves sync.WaitGroup
	for i, s := range sessions {
		saves.Go(func() {
			select {
			case r.slots <- struct{}{}:
				defer func() { <-r.slots }()
				errs[i] = s.savePending(marked(ctx, s))
			case <-ctx.Done():
				errs[i] = ctx.Err()
			}
			if errs[i] != nil {
				errs[i] = because(fmt.Sprintf("shutdown: the new tokens of identity %q are not stored yet", s.key), errs[i])
			}
		})
	}
	saves.Wait()
	return errors.Join(errs...)
}

// heldBack returns the error for refreshes that the provider's rejection holds
// back, or nil.
func (r *refresher) heldBack(key string, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rejected.refusal == nil || !now.Before(r.rejected.until) {
		return nil
	}
	return rejectedClient(r.rejected.refusal, key)
}

// mayAsk is heldBack for whoever is about to ask the endpoint; round is what it
// returned to the same refresh before, -1 at first. When a rejection's time is
// over it lets one refresh through to find out.
func (r *refresher) mayAsk(key string, round int, now time.Time) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rejected.refusal != nil && r.rejected.round != round {
		if now.Before(r.rejected.until) {
			return round, rejectedClient(r.rejected.refusal, key)
		}
		r.rejected.until = now.Add(attemptLimit)
	}
	return r.rejected.round, nil
}

// reject holds back all refreshes for 10 s, and for longer each time; those
// that were asking at the same time count once.
func (r *refresher) reject(refusal *IdentityNotValidError, round int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rejected.round != round {
		return
	}
	r.rejected.refusal = refusal
	r.rejected.round++
	r.rejected.count++
	r.rejected.until = now.Add(backoff(r.rejected.count, 10*time.Second, 5*time.Minute))
}

// accept forgets a rejection: the endpoint took the application.
func (r *refresher) accept() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rejected.refusal != nil {
		r.rejected = rejection{round: r.rejected.round + 1}
	}
}

// rejectedClient is the rejection as key's own error.
func rejectedClient(refusal *IdentityNotValidError, key string) error {
	return meaning(ErrClientRejected, named(refusal, key))
}

// markKey finds, in a context, the session on whose behalf a provider, a store
// or a hook was called (contract line 9).
type markKey struct{}

// marked is ctx for calls of provider, store and hooks on behalf of s.
func marked(ctx context.Context, s *session) context.Context {
	return context.WithValue(ctx, markKey{}, s)
}

// markOf is the session whose refresh the context belongs to, or nil.
func markOf(ctx context.Context) *session {
	s, _ := ctx.Value(markKey{}).(*session)
	return s
}

// load reads key from the store and checks that it is this instance's.
func (r *refresher) load(ctx context.Context, s *session) (id Identity, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	err = protect("identity store", func() error {
		id, err = r.store.LoadIdentity(ctx, s.key)
		return err
	})
	switch {
	case errors.Is(err, ErrIdentityNotFound):
		return Identity{}, because(fmt.Sprintf("loading identity %q", s.key), err)
	case err != nil:
		return Identity{}, meaning(ErrRefreshUnavailable, because(fmt.Sprintf("loading identity %q", s.key), ownLimit(ctx, err)))
	}
	id.Key = s.key
	if err := r.checkInstance(id); err != nil {
		return Identity{}, err
	}
	if id.Data.AccessToken == "" && (id.Data.RefreshToken == "" || r.provider == nil) {
		return Identity{}, fmt.Errorf("gitlab: identity %q is stored without an access token", s.key)
	}
	return id, nil
}

func (r *refresher) checkInstance(id Identity) error {
	if id.BaseURL == "" || id.BaseURL == r.baseURL {
		return nil
	}
	if base, err := normalBaseURL(id.BaseURL); err == nil && base.String() == r.baseURL {
		return nil
	}
	return meaning(ErrWrongInstance, fmt.Errorf("gitlab: identity %q is of %q, this client calls %q", id.Key, id.BaseURL, r.baseURL))
}

// ask sends the refresh token of id once, within attemptLimit. lost tells that
// the answer, if there was one, did not arrive: asking again is no worse.
func (r *refresher) ask(ctx context.Context, id Identity) (data OAuthData, lost bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, r.tokenHTTP), attemptLimit)
	defer cancel()
	panicked := true
	err = protect("identity provider", func() error {
		data, err = r.provider.RefreshIdentity(ctx, id, r.tokenURL)
		panicked = false
		return err
	})
	var refusal *IdentityNotValidError
	switch {
	case panicked:
		return OAuthData{}, false, meaning(ErrRefreshUnavailable, err)
	case err == nil && data.AccessToken == "":
		return OAuthData{}, true, meaning(ErrRefreshUnavailable, errors.New("gitlab: the identity provider returned no access token"))
	case err == nil:
		return data, false, nil
	case errors.Is(err, ErrRefreshUnavailable):
		return OAuthData{}, true, meaning(ErrRefreshUnavailable, ownLimit(ctx, err))
	case errors.As(err, &refusal):
		return OAuthData{}, false, err
	case ctx.Err() != nil:
		return OAuthData{}, true, meaning(ErrRefreshUnavailable, ownLimit(ctx, err))
	default:
		return OAuthData{}, false, err
	}
}

// protect turns a panic of the application's code into an error. It tells what
// panicked and where; the panic's own words may hold tokens, unless they are
// the runtime's.
func protect(whose string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("with a %T", p)
			if fault, ok := p.(runtime.Error); ok {
				what = clean(fault.Error())
			}
			err = fmt.Errorf("gitlab: the %s panicked in %s: %s", whose, panicSite(), what)
		}
	}()
	return f()
}

// panicSite is where the panic that is being recovered began.
func panicSite() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch ofRuntime := strings.HasPrefix(frame.Function, "runtime."); {
		case panicked && !ofRuntime:
			return fmt.Sprintf("%s, line %d", frame.Function, frame.Line)
		case !more:
			return "an unknown place"
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
	}
}
