package gitlabtest

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// A Fault makes some requests go wrong. A request meets at most one: the
// oldest that matches, has its After behind it and its Times not used up.
type Fault struct {
	Method string // "" for any
	On     string // path without the instance's prefix, escaped; "*" stands for any characters, "" for any path
	After  int    // lets that many matching requests pass first
	Times  int    // how many requests it meets; 0: one; negative: all, until ClearFaults
	Do     Effect // required
}

// An Effect stands between the network and the server, which is next: it may
// call next or not, and change the request or the answer. Panicking with
// [http.ErrAbortHandler] cuts the connection. See [LoseAnswer], [CutBefore],
// [TruncateBody], [HTMLPage], [Status], [TooMany], [Slow], [SlowAnswer],
// [OddExpiresIn], [Rewrite], [Redirect], [InvalidGrant], [BareUnauthorized]
// and [Both].
type Effect func(next http.Handler) http.Handler

type pendingFault struct {
	Fault

	passed, met int
}

type faultQueue struct {
	mu     sync.Mutex // guards faults
	faults []*pendingFault
}

// Fault adds f to the server's faults. A Fault without Do panics.
func (s *Server) Fault(f Fault) {
	if f.Do == nil {
		panic("gitlabtest: Fault: Do is missing")
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = append(s.faults.faults, &pendingFault{Fault: f})
}

// ClearFaults drops all faults that are left.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = nil
}

// PendingFaults counts the faults that have requests left to meet: a test that
// wants all of them to have happened asserts 0.
func (s *Server) PendingFaults() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	n := 0
	for _, f := range s.faults.faults {
		if f.left() {
			n++
		}
	}
	return n
}

func (f *pendingFault) left() bool { return f.Times < 0 || f.met < f.Times }

// take returns the effect that a request meets, nil for none.
func (q *faultQueue) take(method, path string) Effect {
	q.mu.Lock()
	defer q.mu.Unlock()
	var met *pendingFault
	for _, f := range q.faults {
		if !f.left() || (f.Method != "" && !strings.EqualFold(f.Method, method)) || !matches(f.On, path) {
			continue
		}
		if f.passed < f.After {
			f.passed++
			continue
		}
		if met == nil {
			met = f
		}
	}
	if met == nil {
		return nil
	}
	met.met++
	return met.Do
}

// matches compares a path with a pattern in which "*" stands for any run of
// characters; the empty pattern matches everything.
func matches(pattern, path string) bool {
	if pattern == "" {
		return true
	}
	first, rest, star := strings.Cut(pattern, "*")
	path, ok := strings.CutPrefix(path, first)
	if !ok || !star {
		return ok && path == ""
	}
	if rest == "" {
		return true
	}
	for i := range len(path) + 1 {
		if matches(rest, path[i:]) {
			return true
		}
	}
	return false
}

type serverKey struct{}

func withServer(ctx context.Context, s *Server) context.Context {
	return context.WithValue(ctx, serverKey{}, s)
}

// closing is closed when the request's server ends; nil outside of one.
func closing(r *http.Request) <-chan struct{} {
	if s, ok := r.Context().Value(serverKey{}).(*Server); ok {
		return s.closed
	}
	return nil
}
