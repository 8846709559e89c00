package gitlabtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Call is one request that arrived, and what became of it.
type Call struct {
	Method string
	Path   string      // escaped, without the instance's prefix: "/api/v4/projects/team%2Fapp"
	Route  string      // what it reached: "/api/v4/projects/:id"; "" where nothing was reached
	Query  url.Values  // never nil
	Header http.Header // the request's; it holds whatever secrets the caller sent
	Body   []byte      // the request's, complete
	Status int         // of the answer; 0 while there is none, and for ever where the connection was cut
	Fault  bool        // a [Fault] had it
	Time   time.Time   // when it had arrived
}

// An Audit counts what a correct client does only with reason.
type Audit struct {
	Issued       int // tokens given out: sign-ins and rotations
	Rotations    int // refreshes that succeeded
	DoubleSpends int // refreshes with a refresh token that a rotation had already used up
}

// callEntry is a Call that is still being written.
type callEntry struct {
	call      Call
	requestID string
}

type callLog struct {
	mu      sync.Mutex // guards entries and what they point to
	entries []*callEntry
}

func (l *callLog) begin(r *http.Request, path string, body []byte, fault bool) *callEntry {
	e := &callEntry{
		call: Call{
			Method: r.Method, Path: path, Query: r.URL.Query(), Header: r.Header.Clone(),
			Body: body, Fault: fault, Time: time.Now(),
		},
		requestID: randomHex(16),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	return e
}

func (l *callLog) status(e *callEntry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.call.Status = status
}

func (l *callLog) route(e *callEntry, route string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.call.Route = route
}

func (l *callLog) list(keep func(Call) bool) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	var calls []Call
	for _, e := range l.entries {
		if keep(e.call) {
			c := e.call
			c.Header, c.Body = c.Header.Clone(), slices.Clone(c.Body)
			calls = append(calls, c)
		}
	}
	return calls
}

// Calls returns all calls in the order of their arrival, those that are not
// answered yet included. An answer is in the log before its caller sees it.
func (s *Server) Calls() []Call {
	return s.calls.list(func(Call) bool { return true })
}

// CallsTo returns the calls with that method ("": any) whose path matches
// pattern, as in [Fault.On].
func (s *Server) CallsTo(method, pattern string) []Call {
	return s.calls.list(func(c Call) bool {
		return (method == "" || strings.EqualFold(method, c.Method)) && matches(pattern, c.Path)
	})
}

// ResetCalls forgets all calls. What [Server.Audit] counts stays.
func (s *Server) ResetCalls() {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.entries = nil
}

// Audit returns the counts since the server started.
func (s *Server) Audit() Audit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oauth.audit
}

// A recorder logs the status before the caller can see it.
type recorder struct {
	http.ResponseWriter

	log   *callLog
	entry *callEntry
	wrote bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote && status >= http.StatusOK {
		r.wrote = true
		r.log.status(r.entry, status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if !r.wrote {
		r.WriteHeader(http.StatusOK)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
