package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// project is the one that workers open issues in.
const project = "soak/app"

// gitlabConfig is what the GitLab process is told at its start.
type gitlabConfig struct {
	Kind   string // a key of gitlabs
	Dir    string // its own, and empty
	Seed   uint64
	Faults []string
}

// gitlabPlace is where a GitLab process can be reached, and as what.
type gitlabPlace struct {
	URL, Control           string // base URLs
	ClientID, ClientSecret string
	AccessToken            string // of nobody's grant; it lives for longestLife
}

// longestLife is that of access tokens until the controller says otherwise.
const longestLife = time.Hour

// instance is the GitLab of a soak: a server behind a handler that keeps a
// ledger of token requests and makes the faults.
type instance struct {
	server

	lifetime atomic.Int64 // of the access tokens of new grants, a time.Duration
	ledger   ledger
	faults   *serverFaults
	spends   sync.RWMutex // held for reading by each token request, until its end
}

// serveGitLab is the GitLab process. It ends with its standard input.
func serveGitLab(ctx context.Context, config string, stdin io.Reader, stdout io.Writer) (err error) {
	var cfg gitlabConfig
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	srv, err := gitlabs()[cfg.Kind].start(ctx, cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	g := &instance{server: srv, faults: newServerFaults(plan{seed: cfg.Seed, faults: cfg.Faults})}
	g.lifetime.Store(int64(longestLife))
	token, err := srv.signIn(ctx, "soak", longestLife)
	if err != nil {
		return err
	}
	api, err := serve(ctx, http.HandlerFunc(g.serveAPI))
	if err != nil {
		return err
	}
	control, err := serve(ctx, g.control())
	if err != nil {
		return err
	}
	place := gitlabPlace{URL: api, Control: control, AccessToken: token.AccessToken}
	place.ClientID, place.ClientSecret = srv.application()
	if err := json.NewEncoder(stdout).Encode(place); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// serve answers on a free port of the loopback interface until the process ends.
func serve(ctx context.Context, h http.Handler) (baseURL string, err error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = (&http.Server{Handler: h, ReadHeaderTimeout: time.Minute}).Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// control is the endpoint for the controller.
func (g *instance) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ledger", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.FormValue("from"))
		answer(w, g.ledger.since(from))
	})
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		token, err := g.signIn(r.Context(), r.FormValue("key"), time.Duration(g.lifetime.Load()))
		if err == nil {
			g.ledger.signedIn(r.FormValue("key"), token.RefreshToken)
		}
		answerOr(w, token, err)
	})
	mux.HandleFunc("POST /good", func(w http.ResponseWriter, r *http.Request) {
		good, err := g.isGood(r.Context(), r.FormValue("token"))
		answerOr(w, good, err)
	})
	mux.HandleFunc("POST /census", func(w http.ResponseWriter, r *http.Request) {
		g.spends.Lock() // those of processes that are gone may not be over
		defer g.spends.Unlock()
		count, err := g.census(r.Context())
		answerOr(w, count, err)
	})
	mux.HandleFunc("POST /expire", func(w http.ResponseWriter, r *http.Request) {
		token, ok := g.ledger.newestOf(r.FormValue("key"))
		var err error
		if ok {
			err = g.expire(r.Context(), token)
		}
		answerOr(w, ok, err)
	})
	mux.HandleFunc("POST /lifetime", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("d"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		g.lifetime.Store(int64(d))
		answer(w, d)
	})
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		g.faults.on.Store(r.FormValue("on") == "true")
		answer(w, g.faults.counts())
	})
	return mux
}

func answer(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// answerOr tells err, if there is one, instead of v.
func answerOr(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, v)
}

// ask calls the control endpoint; out gets the answer.
func (p gitlabPlace) ask(ctx context.Context, method, path string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.Control+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // the status tells enough
		return fmt.Errorf("soak: %s: %s: %s", path, resp.Status, text)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("soak: %s: %w", path, err)
	}
	return nil
}
