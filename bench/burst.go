package main

import (
	"context"
	"fmt"
	"time"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"
	"golang.org/x/sync/errgroup"
)

// burstSize is how many calls are made at the same time.
const burstSize = 64

var burstCases = []*benchCase{{
	name:   "burst_64",
	about:  "64 calls at once that take 5 ms each; conns are those newly opened in a burst",
	rounds: 100,
	targets: []target{
		{metric: timeNS, against: clientGo, factor: 0.7},
		{metric: connCount, plus: 1},
	},
	start: startBurst,
}}

func startBurst(ctx context.Context) (map[subject]round, func(), error) {
	srv, err := startServer(ctx, serverConfig{Latency: 5 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	mine, err := newOurs(ctx, srv.API, nil)
	if err != nil {
		return nil, srv.stop, err
	}
	theirs, err := newClientGo(srv.API, nil)
	if err != nil {
		return nil, srv.stop, err
	}
	calls := map[subject]func(context.Context) error{
		ours: func(ctx context.Context) error {
			_, err := mine.Users.Current(ctx)
			return err
		},
		clientGo: func(ctx context.Context) error {
			_, _, err := theirs.Users.CurrentUser(clientgo.WithContext(ctx))
			return err
		},
		raw:    getUser(newRaw(srv.API, nil)),
		oAuth2: getUser(newOAuth2(srv.API, nil)),
	}
	rounds := make(map[subject]round)
	for s, call := range calls {
		if err := burst(ctx, call); err != nil { // what is opened once for all bursts
			return nil, srv.stop, fmt.Errorf("%s: %w", s, err)
		}
		rounds[s] = srv.countingConns(once(func(ctx context.Context) error { return burst(ctx, call) }))
	}
	return rounds, srv.stop, nil
}

// burst makes all calls at once and waits for them.
func burst(ctx context.Context, call func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for range burstSize {
		group.Go(func() error { return call(ctx) })
	}
	return group.Wait()
}

// settle is a pause in which both processes get done with what a burst leaves
// behind: most of its connections, with some subjects.
const settle = 20 * time.Millisecond

// countingConns is r, after a pause, with the connections that were opened
// meanwhile.
func (s *server) countingConns(r round) round {
	return func(ctx context.Context) (values, error) {
		time.Sleep(settle)
		before, err := s.state(ctx)
		if err != nil {
			return nil, err
		}
		got, err := r(ctx)
		if err != nil {
			return nil, err
		}
		after, err := s.state(ctx)
		if err != nil {
			return nil, err
		}
		got[connCount] = float64(after.Conns - before.Conns)
		return got, nil
	}
}
