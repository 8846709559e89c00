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
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// project is the one that workers open issues in.
const project = "soak/app"

// gitlabConfig is what the GitLab process is told at its start.
type gitlabConfig struct {
	Seed   uint64
	Faults []string
}

// gitlabPlace is where a GitLab process can be reached, and as what.
type gitlabPlace struct {
	URL, Control           string // base URLs
	ClientID, ClientSecret string
	Personal               string // a token that never expires
}

// instance is the GitLab of a soak: a gitlabtest.Server behind a handler that
// keeps a ledger of token requests and makes the faults.
type instance struct {
	*gitlabtest.Server

	ledger ledger
	faults *serverFaults
}

// serveGitLab is the GitLab process. It ends with its standard input.
func serveGitLab(ctx context.Context, config string, stdin io.Reader, stdout io.Writer) error {
	var cfg gitlabConfig
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	srv, err := gitlabtest.Start(gitlabtest.WithTokenLifetime(time.Hour))
	if err != nil {
		return err
	}
	defer srv.Close()
	srv.AddProject(project)
	g := &instance{Server: srv, faults: newServerFaults(plan{seed: cfg.Seed, faults: cfg.Faults})}
	api, err := serve(ctx, http.HandlerFunc(g.serveAPI))
	if err != nil {
		return err
	}
	control, err := serve(ctx, g.control())
	if err != nil {
		return err
	}
	place := gitlabPlace{
		URL: api, Control: control, ClientID: srv.App.ClientID, ClientSecret: srv.App.ClientSecret,
		Personal: srv.PersonalToken("soak"),
	}
	if err := json.NewEncoder(stdout).Encode(place); err != nil {
		return err
	}
	go func() {
		for range time.Tick(time.Second) {
			srv.ResetCalls() // the ledger has what matters
		}
	}()
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
		token := g.SignIn(r.FormValue("key"))
		g.ledger.signedIn(r.FormValue("key"), token.RefreshToken)
		answer(w, token)
	})
	mux.HandleFunc("POST /state", func(w http.ResponseWriter, r *http.Request) {
		answer(w, g.State(r.FormValue("token")))
	})
	mux.HandleFunc("GET /audit", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, g.Audit())
	})
	mux.HandleFunc("POST /expire", func(w http.ResponseWriter, r *http.Request) {
		token, ok := g.ledger.newestOf(r.FormValue("key"))
		if ok {
			g.Expire(token)
		}
		answer(w, ok)
	})
	mux.HandleFunc("POST /lifetime", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("d"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		g.SetTokenLifetime(d)
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
		return errors.New("soak: " + path + ": " + resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("soak: %s: %w", path, err)
	}
	return nil
}
