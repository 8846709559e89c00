package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/internal/e2e/doorkeeper"
)

// behind is the real Doorkeeper behind a proxy.
type behind struct {
	*doorkeeper.Process

	app   doorkeeper.App
	proxy *httputil.ReverseProxy
}

func startDoorkeeper(ctx context.Context, dir string) (server, error) {
	p, err := doorkeeper.Boot(ctx, dir)
	if err != nil {
		return nil, err
	}
	b := behind{Process: p}
	if b.app, err = p.NewApplication(ctx, doorkeeper.Application{Confidential: true}); err != nil {
		return nil, err
	}
	target, err := url.Parse(p.URL)
	if err != nil {
		return nil, err
	}
	b.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			// A POST on a connection that the server is about to close would
			// fail, and nobody knew whether it was read.
			r.Out.Close = r.In.Method == http.MethodPost
		},
		Transport:    &http.Transport{MaxIdleConnsPerHost: 64},
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: badGateway,
	}
	return b, nil
}

// badGateway is what a request gets that Doorkeeper did not answer. If it did
// its work all the same, the census will tell.
func badGateway(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		fmt.Fprintf(os.Stderr, "soak: no answer of Doorkeeper to %s %s: %v\n", r.Method, r.URL.Path, err)
	}
	w.WriteHeader(http.StatusBadGateway)
}

func (b behind) Handler() http.Handler { return b.proxy }

func (b behind) application() (clientID, clientSecret string) {
	return b.app.ClientID, b.app.ClientSecret
}

func (b behind) signIn(ctx context.Context, username string, lifetime time.Duration) (gitlabtest.Token, error) {
	token, err := b.SignInTo(ctx, b.app, username, lifetime)
	return gitlabtest.Token(token), err
}

func (b behind) expire(ctx context.Context, refreshToken string) error {
	return b.Expire(ctx, refreshToken)
}

func (b behind) isGood(ctx context.Context, refreshToken string) (bool, error) {
	state, err := b.State(ctx, refreshToken)
	return !state.Revoked, err
}

// census counts rotations by what they leave: nothing but a refresh revokes a
// pair here. Doorkeeper keeps no count of the refreshes that it refuses.
func (b behind) census(ctx context.Context) (census, error) {
	own, err := b.Census(ctx)
	return census{Rotations: own.Revoked}, err
}

func (b behind) close() error { return b.Process.Close() }
