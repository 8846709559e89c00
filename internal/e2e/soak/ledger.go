package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// requestHeader names a worker's token request, so that both sides speak of the
// same one.
const requestHeader = "X-Soak-Request"

// A spend is one token request, or a sign-in, as GitLab saw it. Times are Unix
// nanoseconds.
type spend struct {
	Request  string // "": a sign-in
	Key      string // of a sign-in
	Token    string // mark of the refresh token that was shown
	Pair     string // mark of the refresh token that was given out; "": none
	Refused  string // the code of GitLab's own refusal; "": none
	Fault    string // what was done to it; "": nothing
	Arrived  int64
	Decided  int64 // when GitLab had done its work; 0: it never did
	Answered int64 // when the whole answer was on its way; 0: never
}

// ledger keeps the spends in the order of their decision.
type ledger struct {
	mu     sync.Mutex // guards all below
	spends []*spend
	owners map[string]string // the keys of refresh tokens, by mark
	newest map[string]string // the newest refresh tokens, by key
}

// since returns a copy of the spends from the nth on. The last ones may not be
// answered yet.
func (l *ledger) since(n int) []spend {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []spend{}
	for _, s := range l.spends[min(n, len(l.spends)):] {
		out = append(out, *s)
	}
	return out
}

// add appends s; refreshToken is the one that was given out, "" for none.
func (l *ledger) add(s *spend, refreshToken string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spends = append(l.spends, s)
	if refreshToken == "" {
		return
	}
	if l.owners == nil {
		l.owners, l.newest = map[string]string{}, map[string]string{}
	}
	key := cmp.Or(s.Key, l.owners[s.Token])
	l.owners[s.Pair], l.newest[key] = key, refreshToken
}

// newestOf returns the newest refresh token of key.
func (l *ledger) newestOf(key string) (refreshToken string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	refreshToken, ok = l.newest[key]
	return refreshToken, ok
}

func (l *ledger) change(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
}

func (l *ledger) signedIn(key, refreshToken string) {
	now := time.Now().UnixNano()
	l.add(&spend{Key: key, Pair: mark(refreshToken), Arrived: now, Decided: now, Answered: now}, refreshToken)
}

// serveAPI lets a fault have the request, or GitLab.
func (g *instance) serveAPI(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/oauth/token" {
		g.faults.ofCall().Do(g.Handler()).ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller left before the end of its request
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body)) // GitLab will refuse what cannot be read
	shown := form.Get("refresh_token")
	s := &spend{Request: r.Header.Get(requestHeader), Token: mark(shown), Arrived: time.Now().UnixNano()}
	g.spends.RLock()
	defer g.spends.RUnlock()
	fault := g.faults.ofSpend(s.Token)
	s.Fault = fault.name
	if fault.instead { // GitLab never hears of it
		g.ledger.add(s, "")
	}
	fault.Do(g.spending(s)).ServeHTTP(w, r)
	g.ledger.change(func() { s.Answered = time.Now().UnixNano() })
}

// spending is GitLab with a look at what it decides. It does its work whether
// or not the caller waits for that.
func (g *instance) spending(s *spend) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		g.Handler().ServeHTTP(rec, r.WithContext(context.WithoutCancel(r.Context())))
		var told struct {
			Refresh string `json:"refresh_token"`
			Error   string `json:"error"`
		}
		_ = json.Unmarshal(rec.Body.Bytes(), &told) // a page has neither
		s.Decided, s.Pair, s.Refused = time.Now().UnixNano(), mark(told.Refresh), told.Error
		g.ledger.add(s, told.Refresh)
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // an answer that cannot be sent is what the audit looks for
	})
}
