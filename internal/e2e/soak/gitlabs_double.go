package main

import (
	"context"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// double is the test server that users of the library get.
type double struct {
	*gitlabtest.Server

	forget *time.Ticker
}

func startDouble(context.Context, string) (server, error) {
	srv, err := gitlabtest.Start()
	if err != nil {
		return nil, err
	}
	srv.AddProject(project)
	d := double{srv, time.NewTicker(time.Second)}
	go func() {
		for range d.forget.C {
			srv.ResetCalls() // the ledger has what matters
		}
	}()
	return d, nil
}

func (d double) application() (clientID, clientSecret string) {
	return d.App.ClientID, d.App.ClientSecret
}

func (d double) signIn(_ context.Context, username string, lifetime time.Duration) (gitlabtest.Token, error) {
	d.SetTokenLifetime(lifetime)
	return d.SignIn(username), nil
}

func (d double) expire(_ context.Context, refreshToken string) error {
	d.Expire(refreshToken)
	return nil
}

func (d double) isGood(_ context.Context, refreshToken string) (bool, error) {
	state := d.State(refreshToken)
	return state.Known && !state.Revoked && !state.Spent, nil
}

func (d double) census(context.Context) (census, error) {
	own := d.Audit()
	return census{Rotations: own.Rotations, DoubleSpends: &own.DoubleSpends}, nil
}

func (d double) close() error {
	d.forget.Stop()
	d.Close()
	return nil
}
