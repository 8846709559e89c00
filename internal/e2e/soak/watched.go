package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab"
)

// watchedStore tells what the store answers, and knows the points of a refresh.
type watchedStore struct {
	gitlab.IdentityStore

	worker *worker

	mu     sync.Mutex // guards locked
	locked map[string]int
}

func newWatchedStore(w *worker, store gitlab.IdentityStore) *watchedStore {
	return &watchedStore{IdentityStore: store, worker: w, locked: map[string]int{}}
}

// LockIdentity implements [gitlab.IdentityStore].
func (s *watchedStore) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	lock, err := s.IdentityStore.LockIdentity(ctx, key)
	if err != nil {
		return nil, err
	}
	s.hold(key, 1)
	s.worker.doom.at(pointLock, key, "")
	watched := *lock
	watched.Unlock = func() {
		s.hold(key, -1)
		lock.Unlock()
	}
	return &watched, nil
}

func (s *watchedStore) hold(key string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked[key] += n
}

func (s *watchedStore) holds(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked[key] > 0
}

// LoadIdentity implements [gitlab.IdentityStore].
func (s *watchedStore) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	began := time.Now().UnixNano()
	id, err := s.IdentityStore.LoadIdentity(ctx, key)
	if err != nil {
		return id, err
	}
	s.worker.spent.looked(key, began)
	if s.holds(key) {
		s.worker.doom.at(pointLoad, key, "")
	}
	return id, nil
}

// SaveIdentity implements [gitlab.IdentityStore].
func (s *watchedStore) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	revision, err := s.IdentityStore.SaveIdentity(ctx, id)
	if err != nil {
		return revision, err
	}
	s.worker.tell.tell(note{What: noteSaved, Key: id.Key, Pair: mark(id.Data.RefreshToken)})
	s.worker.doom.at(pointSave, id.Key, "")
	return revision, nil
}

// watchedProvider names and tells every token request.
type watchedProvider struct {
	gitlab.IdentityProvider

	worker   *worker
	requests atomic.Int64
}

// requestKey finds the name of a token request in its context.
type requestKey struct{}

// RefreshIdentity implements [gitlab.IdentityProvider].
func (p *watchedProvider) RefreshIdentity(ctx context.Context, id gitlab.Identity, url string) (gitlab.OAuthData, error) {
	w := p.worker
	n := p.requests.Add(1)
	request := processName(w.Worker, w.Generation) + "." + strconv.FormatInt(n, 10)
	token := mark(id.Data.RefreshToken)
	w.tell.tell(note{What: notePost, Key: id.Key, Request: request, Token: token, Loaded: w.spent.lastLook(id.Key)})
	ctx = context.WithValue(ctx, requestKey{}, request)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				w.doom.at(pointSent, id.Key, request)
			}
		},
	})
	data, err := p.IdentityProvider.RefreshIdentity(ctx, id, url)
	told := note{What: noteAnswer, Key: id.Key, Request: request, Token: token, Pair: mark(data.RefreshToken)}
	if err != nil {
		told.Error = err.Error()
		w.spent.refuse(id.Key, request, token)
	}
	w.tell.tell(told)
	if err == nil {
		w.doom.at(pointAnswer, id.Key, request)
		w.disturb(w.plan.stream("disturb", w.Worker, w.Generation, n), id.Key)
	}
	return data, err
}

// disturb lets, now and then, something happen between GitLab's answer and the
// save: the user signs in, or the store goes away.
func (w *worker) disturb(r *rand.Rand, key string) {
	var what noteKind
	switch n := r.IntN(150); {
	case w.quiet.Load():
		return
	case n < 5 && w.plan.has(faultSignIn):
		what = noteSignIn
	case n < 7 && w.plan.has(faultStoreCut):
		what = noteCut
	default:
		return
	}
	w.tell.tell(note{What: what, Key: key})
	time.Sleep(between(r, 50*time.Millisecond, 500*time.Millisecond))
}

// namingTransport puts the name of a token request into its header.
type namingTransport struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t *namingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if name, ok := req.Context().Value(requestKey{}).(string); ok {
		req = req.Clone(req.Context())
		req.Header.Set(requestHeader, name)
	}
	return t.base.RoundTrip(req)
}

// lastSpends knows, for each key, the last token request that was refused, and
// the last look at the store before it.
type lastSpends struct {
	mu    sync.Mutex // guards looks, spent
	looks map[string]int64
	spent map[string]lastSpend
}

type lastSpend struct {
	request, token string
	loaded         int64
}

func (l *lastSpends) looked(key string, began int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looks == nil {
		l.looks = map[string]int64{}
	}
	l.looks[key] = began
}

func (l *lastSpends) lastLook(key string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looks[key]
}

func (l *lastSpends) refuse(key, request, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.spent == nil {
		l.spent = map[string]lastSpend{}
	}
	l.spent[key] = lastSpend{request: request, token: token, loaded: l.looks[key]}
}

func (l *lastSpends) refused(key string) lastSpend {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent[key]
}
