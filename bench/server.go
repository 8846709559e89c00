package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab/bench/answers"
)

// roleServer is a GitLab in a process of its own, so that what it costs is not
// the subjects'.
const roleServer = "server"

// serverConfig is what a server is told.
type serverConfig struct {
	Latency   time.Duration // before each answer
	Items     int           // in every list
	TokenTime time.Duration // of the token endpoint, after its work; 0: there is none, and tokens are not looked at
}

// serverHello is what a server tells.
type serverHello struct {
	API     string // its base URL
	Control string // answers with a serverState; its connections do not count

	ClientID, ClientSecret string // of the application that users sign in to, if there are tokens
}

// serverState is what a server has seen so far.
type serverState struct {
	Conns     int64 // that were opened to the API
	Posts     int64 // to the token endpoint
	Rotations int   // those that were answered with a new pair
}

// serve is the role of the server.
func serve(_ context.Context, in io.Reader, out io.Writer) error {
	input := json.NewDecoder(in)
	var cfg serverConfig
	if err := input.Decode(&cfg); err != nil {
		return fmt.Errorf("bench: server: %w", err)
	}
	handler, control := newAPI(cfg), http.NewServeMux()
	var hello serverHello
	state := func() serverState { return serverState{} }
	if cfg.TokenTime > 0 {
		tokens, err := newIssuer(cfg)
		if err != nil {
			return fmt.Errorf("bench: server: %w", err)
		}
		defer tokens.Close()
		handler, hello.ClientID, hello.ClientSecret = tokens, tokens.App.ClientID, tokens.App.ClientSecret
		control.HandleFunc("POST /sign-in", tokens.signIn)
		state = func() serverState {
			return serverState{Posts: tokens.posts.Load(), Rotations: tokens.Audit().Rotations}
		}
	}
	var opened atomic.Int64
	api := httptest.NewUnstartedServer(handler)
	api.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	api.Start()
	control.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		now := state()
		now.Conns = opened.Load()
		_ = json.NewEncoder(w).Encode(now) // who asks finds out
	})
	hello.API, hello.Control = api.URL, httptest.NewServer(control).URL
	if err := json.NewEncoder(out).Encode(hello); err != nil { //nolint:gosec // G117: a made-up secret
		return fmt.Errorf("bench: server: %w", err)
	}
	_, _ = io.Copy(io.Discard, in) // until whoever started it has ended
	return nil
}

// newAPI is the part of GitLab that the cases call.
func newAPI(cfg serverConfig) http.Handler {
	mux := http.NewServeMux()
	user := answers.One(answers.User, 1)
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(cfg.Latency)
		answer(w, user)
	})
	issues := answers.Page(answers.Issue, 1, pageSize)
	mux.HandleFunc("GET /api/v4/projects/{project}/issues", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(cfg.Latency)
		link(w, r, cfg.Items)
		answer(w, issues)
	})
	return mux
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever has left does not want it
}

// link tells where the next page of a list of so many items is, as GitLab does:
// by a cursor for keyset pagination, otherwise by its number and, up to 10 000
// items, how many there are.
func link(w http.ResponseWriter, r *http.Request, items int) {
	query := r.URL.Query()
	name := "page"
	if query.Get("pagination") == "keyset" {
		name = "cursor" // here the number of a page too
	}
	page, err := strconv.Atoi(query.Get(name))
	if err != nil {
		page = 1
	}
	pages := items / pageSize
	if name == "page" && items <= 10_000 {
		w.Header().Set("X-Total", strconv.Itoa(items))
		w.Header().Set("X-Total-Pages", strconv.Itoa(pages))
	}
	if page >= pages {
		return
	}
	if name == "page" {
		w.Header().Set("X-Page", strconv.Itoa(page))
		w.Header().Set("X-Per-Page", strconv.Itoa(pageSize))
		w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
	}
	query.Set(name, strconv.Itoa(page+1))
	w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.EscapedPath(), query.Encode()))
}
