package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/freshgrant/gitlab"
)

// The load of the replicas: each has replicaCallers that call as one identity
// after another.
const (
	replicaCount      = 4
	replicaIdentities = 8
	replicaCallers    = 8
	replicaPause      = 20 * time.Millisecond
	replicaLength     = 4 * time.Second // of the work
)

var replicaCases = []*benchCase{replicaCase("postgres", "PostgreSQL"), replicaCase("redis", "Redis")}

func replicaCase(store, name string) *benchCase {
	return &benchCase{
		name:    "replicas_" + store,
		about:   "4 processes call as the same 8 users, with their store in " + name + "; posts are those per rotation",
		rounds:  1,
		limit:   2 * time.Minute,
		targets: []target{{metric: failCount}, {metric: postCount, plus: 1}},
		start:   func(ctx context.Context) (map[subject]round, func(), error) { return startReplicas(ctx, store) },
	}
}

func startReplicas(ctx context.Context, name string) (_ map[subject]round, stop func(), err error) {
	engine := engineOf[name]
	db, err := engine.start(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop = func() { _ = db.Close() }
	store, closeStore, err := engine.open(db.DSN)
	if err != nil {
		return nil, stop, err
	}
	stop = func() { closeStore(); _ = db.Close() }
	srv, err := startServer(ctx, serverConfig{Latency: apiTime, TokenTime: tokenTime})
	if err != nil {
		return nil, stop, err
	}
	rounds := make(map[subject]round)
	for _, s := range subjects {
		rounds[s] = func(ctx context.Context) (values, error) {
			ids, err := srv.signIn(ctx, replicaIdentities, lifetimes[s], false)
			if err != nil {
				return nil, err
			}
			for n, id := range ids {
				if ids[n].Revision, err = store.SaveIdentity(ctx, id); err != nil {
					return nil, err
				}
			}
			return measureReplicas(ctx, srv, replicaConfig{Subject: s, GitLab: srv.serverHello, Store: name, DSN: db.DSN, Identities: ids})
		}
	}
	return rounds, func() { srv.stop(); closeStore(); _ = db.Close() }, nil
}

// roleReplica is a process that calls as identities which others call as too.
const roleReplica = "replica"

// replicaConfig is what a replica is told. It says true when it is ready, is told
// true when all are, and says its tally in the end.
type replicaConfig struct {
	Subject    subject
	GitLab     serverHello
	Store, DSN string
	Identities []gitlab.Identity
}

// measureReplicas lets replicas work for a while, and all of them do the same.
func measureReplicas(ctx context.Context, srv *server, cfg replicaConfig) (values, error) {
	before, err := srv.state(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := runReplicas(ctx, cfg)
	if err != nil {
		return nil, err
	}
	after, err := srv.state(ctx)
	if err != nil {
		return nil, err
	}
	rotations := after.Rotations - before.Rotations
	if rotations == 0 {
		return nil, errors.New("there were no rotations")
	}
	got := seen.values()
	got[postCount] = float64(after.Posts-before.Posts) / float64(rotations)
	return got, nil
}

func runReplicas(ctx context.Context, cfg replicaConfig) (tally, error) {
	var all []*process
	defer func() {
		for _, p := range all {
			p.stop()
		}
	}()
	for range replicaCount {
		p, err := startProcess(ctx, roleReplica, cfg)
		if err != nil {
			return tally{}, err
		}
		all = append(all, p)
	}
	var ready bool
	for _, p := range all {
		if err := p.answers.Decode(&ready); err != nil {
			return tally{}, fmt.Errorf("a replica has failed: %w", err)
		}
	}
	for _, p := range all {
		if err := p.say.Encode(true); err != nil {
			return tally{}, err
		}
	}
	tallies := make([]tally, len(all))
	for n, p := range all {
		if err := p.answers.Decode(&tallies[n]); err != nil {
			return tally{}, fmt.Errorf("a replica has failed: %w", err)
		}
	}
	return sum(tallies), nil
}

// replicate is the role of a replica.
func replicate(ctx context.Context, in io.Reader, out io.Writer) error {
	told, say := json.NewDecoder(in), json.NewEncoder(out)
	var cfg replicaConfig
	if err := told.Decode(&cfg); err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	store, closeStore, err := engineOf[cfg.Store].open(cfg.DSN)
	if err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	defer closeStore()
	r, err := newRefreshing(cfg.Subject, cfg.GitLab, store, nil)
	if err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	calls, err := r.all(cfg.Identities)
	if err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	var begin bool
	if err := errors.Join(say.Encode(true), told.Decode(&begin)); err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	done := make(chan struct{})
	time.AfterFunc(replicaLength, func() { close(done) })
	seen := steadily(ctx, replicaCallers, replicaPause, calls, done)
	if err := errors.Join(r.finish(ctx), say.Encode(seen)); err != nil {
		return fmt.Errorf("bench: replica: %w", err)
	}
	return nil
}
