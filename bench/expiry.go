package main

import (
	"context"
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
)

// The server of these cases: a call is looked at when it arrives, after
// apiTime; a refresh is done when it arrives, and answered after tokenTime. So
// calls that are under way during a refresh meet its end of the old token.
const (
	apiTime   = 20 * time.Millisecond
	tokenTime = 100 * time.Millisecond
)

// stormSize is how many calls meet an expired token.
const stormSize = 1000

var expiryCases = []*benchCase{
	{
		name:    "storm_1000",
		about:   "1000 calls at once with a token that has just run out, by everyone's clock",
		rounds:  5,
		targets: []target{{metric: failCount}, {metric: postCount, plus: 1}},
		start:   startStorm(-time.Second),
	},
	{
		name:    "storm_1000_early",
		about:   "the same with a token that GitLab has ended before its time",
		rounds:  5,
		targets: []target{{metric: failCount}, {metric: postCount, plus: 1}},
		start:   startStorm(time.Hour),
	},
	{
		name:   "rollover",
		about:  "16 callers, again and again, while the token is rotated ten times",
		rounds: 1,
		limit:  2 * time.Minute,
		targets: []target{
			{metric: failCount},
			{metric: resends, plus: 1},
			{metric: maxNS, plus: float64(apiTime + tokenTime + apiTime + scheduling)},
		},
		start: startRollover(10),
	},
}

// scheduling is what is granted to a busy machine in the longest of thousands of
// calls.
const scheduling = 20 * time.Millisecond

// startStorm prepares storms on a token that GitLab no longer takes, and that
// the subjects believe to live so long.
func startStorm(believed time.Duration) func(context.Context) (map[subject]round, func(), error) {
	return func(ctx context.Context) (map[subject]round, func(), error) {
		return eachRefreshing(ctx, func(ctx context.Context, srv *server, s subject, store gitlab.IdentityStore, r *refreshing) (tally, error) {
			ids, err := srv.signIn(ctx, 1, time.Hour, true)
			if err != nil {
				return tally{}, err
			}
			ids[0].Data.ExpiresAt = time.Now().Add(believed)
			calls, err := r.known(ctx, store, ids)
			if err != nil {
				return tally{}, err
			}
			return atOnce(ctx, stormSize, calls[0]), nil
		})
	}
}

// lifetimes are those with which each subject, by its own rules, rotates a token
// about once a second: this library in the last quarter of a token's life, which
// it knows to the second, x/oauth2 10 s before its end, and by hand after it.
var lifetimes = map[subject]time.Duration{
	ours:     2 * time.Second,
	clientGo: 11 * time.Second,
	raw:      time.Second,
	oAuth2:   11 * time.Second,
}

// startRollover prepares steady calls while a token is rotated so many times.
func startRollover(rotations int) func(context.Context) (map[subject]round, func(), error) {
	const callers, pause = 16, 20 * time.Millisecond
	return func(ctx context.Context) (map[subject]round, func(), error) {
		return eachRefreshing(ctx, func(ctx context.Context, srv *server, s subject, store gitlab.IdentityStore, r *refreshing) (tally, error) {
			ids, err := srv.signIn(ctx, 1, lifetimes[s], false)
			if err != nil {
				return tally{}, err
			}
			calls, err := r.known(ctx, store, ids)
			if err != nil {
				return tally{}, err
			}
			done := make(chan struct{})
			watched := make(chan error, 1)
			go func() {
				defer close(done)
				watched <- srv.untilRotated(ctx, rotations)
			}()
			seen := steadily(ctx, callers, pause, calls, done)
			return seen, <-watched
		})
	}
}

// untilRotated returns when tokens have been rotated n times, and a moment more.
func (s *server) untilRotated(ctx context.Context, n int) error {
	before, err := s.state(ctx)
	if err != nil {
		return err
	}
	for now := before; now.Rotations < before.Rotations+n; {
		time.Sleep(20 * time.Millisecond)
		if now, err = s.state(ctx); err != nil {
			return err
		}
	}
	time.Sleep(2 * tokenTime)
	return nil
}

// eachRefreshing starts a server and makes rounds of do, which signs in whom it
// needs.
func eachRefreshing(
	ctx context.Context,
	do func(ctx context.Context, srv *server, s subject, store gitlab.IdentityStore, r *refreshing) (tally, error),
) (map[subject]round, func(), error) {
	srv, err := startServer(ctx, serverConfig{Latency: apiTime, TokenTime: tokenTime})
	if err != nil {
		return nil, nil, err
	}
	rounds := make(map[subject]round)
	for _, s := range subjects {
		store := gitlab.NewMemoryStore()
		r, err := newRefreshing(s, srv.serverHello, store, nil)
		if err != nil {
			return nil, srv.stop, fmt.Errorf("%s: %w", s, err)
		}
		rounds[s] = func(ctx context.Context) (values, error) {
			time.Sleep(settle)
			before, err := srv.state(ctx)
			if err != nil {
				return nil, err
			}
			seen, err := do(ctx, srv, s, store, r)
			if err != nil {
				return nil, err
			}
			after, err := srv.state(ctx)
			if err != nil {
				return nil, err
			}
			got := seen.values()
			got[postCount] = float64(after.Posts - before.Posts)
			return got, nil
		}
	}
	return rounds, srv.stop, nil
}

// known stores identities and makes their calls.
func (r *refreshing) known(ctx context.Context, store gitlab.IdentityStore, ids []gitlab.Identity) ([]call, error) {
	for _, id := range ids {
		if _, err := store.SaveIdentity(ctx, id); err != nil {
			return nil, err
		}
	}
	return r.all(ids)
}

// all makes the calls of identities that the store has.
func (r *refreshing) all(ids []gitlab.Identity) ([]call, error) {
	var calls []call
	for _, id := range ids {
		c, err := r.as(id)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	return calls, nil
}
