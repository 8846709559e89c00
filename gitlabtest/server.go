package gitlabtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// TB is what [New] needs of a testing.TB; programs that import this package do
// not link package testing.
type TB interface {
	Helper()
	Cleanup(fn func())
	Fatalf(format string, args ...any)
}

// A Server is one GitLab instance. All its methods may be called concurrently,
// also while requests are served.
type Server struct {
	// URL is the instance's base URL, with the path of [WithPath], without a
	// trailing slash. Read only.
	URL string
	// App is the application that [Server.SignIn] signs in to: confidential,
	// with the scopes api, read_api and read_user. Read only.
	App Application

	path     string // prefix of every path; "" or "/gitlab"
	external string // base of web_url fields and page links
	client   *http.Client
	web      *httptest.Server // nil: in memory
	closed   chan struct{}    // ends the waiting of slow answers
	close    sync.Once

	calls  callLog
	faults faultQueue

	mu    sync.Mutex // guards oauth and world
	oauth oauthState
	world world
}

// New starts a server and closes it when the test ends. A server that cannot
// start ends the test.
func New(tb TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(opts...)
	if err != nil {
		tb.Fatalf("gitlabtest: %v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server for a program; the caller calls [Server.Close]. The
// only possible error is that of listening on the address of [WithAddr].
func Start(opts ...Option) (*Server, error) {
	o := options{addr: "127.0.0.1:0", lifetime: defaultTokenLifetime}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Server{path: o.path, closed: make(chan struct{})}
	s.oauth = newOAuthState(o.lifetime)
	s.world = newWorld()
	if o.inMemory {
		s.URL = "http://gitlab.test" + o.path
		s.client = &http.Client{Transport: &memoryTransport{handler: s}}
	} else if err := s.listen(o); err != nil {
		return nil, err
	}
	s.external = o.externalURL
	if s.external == "" {
		s.external = s.URL
	}
	s.App = s.NewApplication(Application{
		Confidential: true,
		Scopes:       []string{"api", "read_api", "read_user"},
		RedirectURI:  "http://127.0.0.1/callback",
	})
	return s, nil
}

func (s *Server) listen(o options) error {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", o.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.addr, err)
	}
	s.web = &httptest.Server{Listener: l, Config: &http.Server{
		Handler:           s,
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}}
	if o.tls {
		s.web.StartTLS()
	} else {
		s.web.Start()
	}
	s.URL = s.web.URL + o.path
	s.client = s.web.Client()
	return nil
}

// Client returns a client that reaches the server: it trusts the certificate
// of [WithTLS], and is the only one that reaches an [InMemory] server.
func (s *Server) Client() *http.Client { return s.client }

// Handler returns the whole instance as a handler, to be mounted elsewhere.
// Its paths keep the prefix of [WithPath].
func (s *Server) Handler() http.Handler { return s }

// Close ends the server and waits for the requests that it is serving; what a
// [Slow] fault holds up is let go. A second Close does nothing.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.closed)
		if s.web != nil {
			s.web.CloseClientConnections()
			s.web.Close()
		}
	})
}

// ServeHTTP logs the request, lets a fault have it, or answers it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller left before the end of its request
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	path, inside := s.strip(r.URL.EscapedPath())
	fault := s.faults.take(r.Method, path)
	entry := s.calls.begin(r, path, body, fault != nil)
	w.Header().Set("X-Request-Id", entry.requestID)
	rec := &recorder{ResponseWriter: w, log: &s.calls, entry: entry}

	core := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !inside {
			notARoute().write(w, r)
			return
		}
		s.serve(r, path, body, entry).write(w, r)
	})
	if fault == nil {
		core(rec, r)
		return
	}
	ctx := withServer(r.Context(), s)
	fault(core).ServeHTTP(rec, r.WithContext(ctx))
}

// strip takes the instance's prefix off an escaped path.
func (s *Server) strip(escaped string) (path string, inside bool) {
	rest, ok := strings.CutPrefix(escaped, s.path)
	if !ok || (rest != "" && rest[0] != '/') {
		return escaped, false
	}
	return rest, true
}

// serve decides the whole answer under the lock and writes nothing, so that a
// caller who does not read cannot hold the lock.
func (s *Server) serve(r *http.Request, path string, body []byte, entry *callEntry) answer {
	q := &request{Request: r, path: path, body: body, server: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, ok := strings.CutPrefix(path, "/api/v4/"); ok {
		return s.serveAPI(q, rest, entry)
	}
	return s.serveOAuth(q, entry)
}

// randomHex returns n random bytes as hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
