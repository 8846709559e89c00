package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
)

// replicasResult is that of replicas that share identities.
type replicasResult struct {
	Case       string  `json:"case"`
	Store      string  `json:"store_kind"`
	Processes  int     `json:"processes"`
	Goroutines int     `json:"goroutines"`
	Identities int     `json:"identities"`
	Seconds    float64 `json:"seconds"`
	Lifetime   float64 `json:"lifetime_seconds"`
	ServerTime float64 `json:"server_time_ms"`
	// LifetimePerP99 is how many slow calls a token's life holds; below 20 the
	// machine was drowned, and the numbers tell little.
	LifetimePerP99 float64 `json:"lifetime_per_p99"`
	summary
}

// replicas lets processes call as shared identities whose tokens live seconds.
func replicas(ctx context.Context, o options) (_ result, err error) {
	s, err := setUp(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := s.signIn(ctx, o.lifetime, false, func(*gitlab.OAuthData) {}); err != nil {
		return nil, err
	}
	if err := s.place.setServerTime(ctx, o.serverTime); err != nil {
		return nil, err
	}
	configs := make([]workerConfig, o.processes)
	for n := range configs {
		configs[n] = workerConfig{
			GitLab: s.place, Store: o.store, DSN: s.dsn, Pool: o.pool, End: o.identities,
			Goroutines: o.goroutines, Length: time.Duration(o.seconds * float64(time.Second)), Pause: o.pause,
		}
	}
	sum, took, err := s.perform(ctx, configs)
	if err != nil {
		return nil, err
	}
	return replicasResult{
		Case: o.name, Store: o.store, Processes: o.processes, Goroutines: o.goroutines, Identities: o.identities,
		Seconds: rounded(took.Seconds()), Lifetime: o.lifetime.Seconds(), ServerTime: milliseconds(o.serverTime),
		LifetimePerP99: rounded(1000 * o.lifetime.Seconds() / sum.P99), summary: sum,
	}, nil
}

// perform lets workers work, and sums up.
func (s *scene) perform(ctx context.Context, configs []workerConfig) (sum summary, took time.Duration, err error) {
	all, err := startCrew(ctx, "worker", configs)
	if err != nil {
		return summary{}, 0, errors.Join(err, all.end())
	}
	reports, took, err := perform[report](all)
	if err = errors.Join(err, all.end()); err != nil {
		return summary{}, 0, err
	}
	c, err := s.counts(ctx)
	if err != nil {
		return summary{}, 0, err
	}
	sum = summarize(reports, c)
	sum.WorkersCPU = rounded(all.cpu().Seconds())
	if sum.Outdated, err = s.outdated(ctx); err != nil {
		return summary{}, 0, err
	}
	if err := s.gitlab.end(); err != nil {
		return summary{}, 0, err
	}
	sum.GitLabCPU = rounded(s.gitlab.cpu().Seconds())
	s.gitlab = nil
	return sum, took, nil
}

// missed implements [result].
func (r replicasResult) missed() []string {
	missed := r.summary.missed()
	if r.Rotations == 0 {
		missed = append(missed, "there were no rotations")
	}
	return missed
}

// missed lists what must hold in every case and does not.
func (s summary) missed() (missed []string) {
	for _, row := range []struct {
		what      string
		got, want int
	}{
		{"failed_calls", s.FailedCalls, 0},
		{"invalid_grant", s.InvalidGrant, 0},
		{"rotations", s.Rotations, s.PostsGood},
		{"outdated", s.Outdated, 0},
	} {
		if row.got != row.want {
			missed = append(missed, fmt.Sprintf("%s is %d, not %d", row.what, row.got, row.want))
		}
	}
	return missed
}
