package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
)

// counts are what has become of the token requests.
type counts struct {
	Posts        int
	Good         int // answered with a new pair
	InvalidGrant int
}

// ledger knows every token request, and the newest refresh token of every user.
type ledger struct {
	mu     sync.Mutex // guards all below
	counts counts
	owner  map[string]string // of a refresh token
	newest map[string]string // refresh token, by key
}

func (l *ledger) signedIn(key, refreshToken string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner == nil {
		l.owner, l.newest = map[string]string{}, map[string]string{}
	}
	l.owner[refreshToken], l.newest[key] = key, refreshToken
}

// pass hands a token request on to h and takes down its outcome.
func (l *ledger) pass(h http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller has left
	}
	form, _ := url.ParseQuery(string(body)) // what is no form has no token
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	l.add(form.Get("refresh_token"), rec.Body.Bytes())
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func (l *ledger) add(shown string, answered []byte) {
	var got struct {
		RefreshToken string `json:"refresh_token"`
		Error        string `json:"error"`
	}
	_ = json.Unmarshal(answered, &got) // anything else has neither
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Posts++
	switch {
	case got.RefreshToken != "":
		l.counts.Good++
		key := l.owner[shown]
		delete(l.owner, shown)
		l.owner[got.RefreshToken], l.newest[key] = key, got.RefreshToken
	case got.Error == "invalid_grant":
		l.counts.InvalidGrant++
	}
}

func (l *ledger) sum() counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

func (l *ledger) all() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.newest)
}
