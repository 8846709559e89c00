package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// issuer stands before an API, gives tokens and looks at them, by GitLab's
// rules: a refresh token works once, and using it kills the old access token.
type issuer struct {
	*gitlabtest.Server

	api      http.Handler
	latency  time.Duration // before a call's token is looked at
	posts    atomic.Int64  // to the token endpoint
	signedIn atomic.Int64  // users
}

func newIssuer(cfg serverConfig) (*issuer, error) {
	srv, err := gitlabtest.Start(gitlabtest.InMemory())
	if err != nil {
		return nil, err
	}
	srv.Fault(gitlabtest.Fault{On: "/oauth/token", Times: -1, Do: gitlabtest.SlowAnswer(cfg.TokenTime)})
	return &issuer{Server: srv, api: newAPI(serverConfig{Items: cfg.Items}), latency: cfg.Latency}, nil
}

// ServeHTTP implements [http.Handler].
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/oauth/token" {
		i.posts.Add(1)
		i.Server.ServeHTTP(w, r)
		return
	}
	time.Sleep(i.latency)
	if !i.State(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")).Active() {
		i.Server.ServeHTTP(w, r) // which refuses it
		return
	}
	i.api.ServeHTTP(w, r)
}

// signIn signs n new users in.
func (i *issuer) signIn(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	lifetime, err := time.ParseDuration(r.FormValue("lifetime"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i.ResetCalls() // they would fill the memory
	i.SetTokenLifetime(lifetime)
	tokens := make(map[string]gitlabtest.Token)
	for range n {
		name := fmt.Sprintf("user-%d", i.signedIn.Add(1))
		tokens[name] = i.SignIn(name)
		if r.FormValue("dead") == "true" {
			i.Expire(tokens[name].AccessToken)
		}
	}
	_ = json.NewEncoder(w).Encode(tokens) //nolint:gosec // G117: they are made up; who asks finds out of an error
}
