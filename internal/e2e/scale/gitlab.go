package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// gitlabPlace is where a GitLab process can be reached, and as what.
type gitlabPlace struct {
	URL, Control           string // base URLs
	ClientID, ClientSecret string
}

// instance is a gitlabtest.Server whose token endpoint takes its time and keeps
// a ledger.
type instance struct {
	*gitlabtest.Server

	serverTime atomic.Int64 // of the token endpoint, in nanoseconds
	ledger     ledger
}

// serveGitLab is the GitLab process.
func serveGitLab(ctx context.Context, c *controller) error {
	var config struct{}
	if err := c.told.Decode(&config); err != nil {
		return err
	}
	ctx, _ = c.alive(ctx)
	srv, err := gitlabtest.Start()
	if err != nil {
		return err
	}
	defer srv.Close()
	g := &instance{Server: srv}
	place := gitlabPlace{ClientID: srv.App.ClientID, ClientSecret: srv.App.ClientSecret}
	if place.URL, err = serve(ctx, g); err != nil {
		return err
	}
	if place.Control, err = serve(ctx, g.control()); err != nil {
		return err
	}
	if err := c.say.Encode(place); err != nil {
		return err
	}
	for {
		select {
		case <-time.After(time.Second):
			srv.ResetCalls() // they would fill the memory
		case <-ctx.Done():
			return nil
		}
	}
}

// serve answers on a free port of the loopback interface until the process ends.
func serve(ctx context.Context, h http.Handler) (baseURL string, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = (&http.Server{Handler: h, ReadHeaderTimeout: time.Minute}).Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// ServeHTTP implements [http.Handler].
func (g *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/oauth/token" {
		g.Server.ServeHTTP(w, r)
		return
	}
	if d := time.Duration(g.serverTime.Load()); d > 0 {
		time.Sleep(d)
	}
	g.ledger.pass(g.Server, w, r)
}

// control is the endpoint for the controller.
func (g *instance) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		lifetime, _ := time.ParseDuration(r.FormValue("lifetime"))
		answer(w, g.signIn(n, lifetime, r.FormValue("expired") == "true"))
	})
	mux.HandleFunc("POST /server-time", func(w http.ResponseWriter, r *http.Request) {
		d, _ := time.ParseDuration(r.FormValue("d"))
		g.serverTime.Store(int64(d))
		answer(w, d)
	})
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) { answer(w, g.ledger.sum()) })
	mux.HandleFunc("GET /newest", func(w http.ResponseWriter, _ *http.Request) { answer(w, g.ledger.all()) })
	return mux
}

// keyOf names the n-th identity.
func keyOf(n int) string { return fmt.Sprintf("user-%d", n) }

// signIn gives n users a token each.
func (g *instance) signIn(n int, lifetime time.Duration, expired bool) []gitlabtest.Token {
	g.SetTokenLifetime(lifetime)
	tokens := make([]gitlabtest.Token, n)
	for i := range tokens {
		tokens[i] = g.SignIn(keyOf(i))
		if expired {
			g.Expire(tokens[i].AccessToken)
		}
		g.ledger.signedIn(keyOf(i), tokens[i].RefreshToken)
	}
	return tokens
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// ask calls the control endpoint; out gets the answer.
func (p gitlabPlace) ask(ctx context.Context, method, path string, query url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.Control+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("scale: %s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// signIn signs n users in, with tokens that GitLab may take for expired at once.
func (p gitlabPlace) signIn(ctx context.Context, n int, lifetime time.Duration, expired bool) (tokens []gitlabtest.Token, err error) {
	query := url.Values{"n": {strconv.Itoa(n)}, "lifetime": {lifetime.String()}, "expired": {strconv.FormatBool(expired)}}
	return tokens, p.ask(ctx, http.MethodPost, "/sign-in", query, &tokens)
}

func (p gitlabPlace) setServerTime(ctx context.Context, d time.Duration) error {
	return p.ask(ctx, http.MethodPost, "/server-time", url.Values{"d": {d.String()}}, new(time.Duration))
}
