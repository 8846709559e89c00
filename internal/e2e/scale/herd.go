package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
)

// herdResult is that of identities which expire at once.
type herdResult struct {
	Case       string  `json:"case"`
	Store      string  `json:"store_kind"`
	Share      string  `json:"share"`
	Expired    string  `json:"expired"`
	Processes  int     `json:"processes"`
	Identities int     `json:"identities"`
	Concurrent int     `json:"max_concurrent_refreshes"` // in each process
	ServerTime float64 `json:"server_time_ms"`

	Seconds float64 `json:"seconds"` // until the last call was answered and all was stored
	// Ideal is how long the token endpoint takes for all of them, asked by all
	// slots of all processes without a pause.
	Ideal float64 `json:"ideal_seconds"`
	// ServerLimit is how long this GitLab takes for as many refreshes when it
	// is asked directly by as many connections, and takes no time of its own.
	ServerLimit float64 `json:"server_limit_seconds"`
	// Direct is the same with its time.
	Direct  float64 `json:"direct_seconds"`
	Allowed float64 `json:"allowed_seconds"` // 1.3 times Ideal, or ServerLimit if that is longer
	Ratio   float64 `json:"ratio"`           // of Seconds to Ideal; 0 if that is 0
	summary
}

// allowance is how much longer than ideal a herd may take.
const allowance = 1.3

// herd lets processes call as identities whose tokens have all expired.
func herd(ctx context.Context, o options) (_ result, err error) {
	serverLimit, err := direct(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	directly, err := direct(ctx, o, o.serverTime)
	if err != nil {
		return nil, err
	}
	s, err := setUp(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	change := func(d *gitlab.OAuthData) {
		switch o.expired {
		case expiredKnown:
			d.ExpiresAt = time.Now().Add(-time.Minute).Truncate(time.Second)
		case expiredAtServer:
			d.ExpiresAt = time.Time{}
		}
	}
	if err := s.signIn(ctx, time.Hour, o.expired == expiredAtServer, change); err != nil {
		return nil, err
	}
	if err := s.place.setServerTime(ctx, o.serverTime); err != nil {
		return nil, err
	}
	configs := make([]workerConfig, o.processes)
	for n := range configs {
		configs[n] = workerConfig{GitLab: s.place, Store: o.store, DSN: s.dsn, Pool: o.pool, End: o.identities, Refreshes: o.refreshes}
		if o.share == shareSplit {
			configs[n].First, configs[n].End = part(o.identities, o.processes, n)
		}
	}
	sum, took, err := s.perform(ctx, configs)
	if err != nil {
		return nil, err
	}
	ideal, ratio := float64(o.identities)*o.serverTime.Seconds()/float64(o.processes*o.refreshes), 0.0
	if ideal > 0 {
		ratio = rounded(took.Seconds() / ideal)
	}
	return herdResult{
		Case: o.name, Store: o.store, Share: o.share, Expired: o.expired, Processes: o.processes, Identities: o.identities,
		Concurrent: o.refreshes, ServerTime: milliseconds(o.serverTime), Seconds: rounded(took.Seconds()), Ideal: rounded(ideal),
		ServerLimit: rounded(serverLimit.Seconds()), Direct: rounded(directly.Seconds()),
		Allowed: rounded(max(allowance*ideal, serverLimit.Seconds())), Ratio: ratio, summary: sum,
	}, nil
}

// part is the n-th of so many parts of all.
func part(all, parts, n int) (first, end int) { return all * n / parts, all * (n + 1) / parts }

// missed implements [result].
func (r herdResult) missed() []string {
	missed := r.summary.missed()
	want := r.Identities
	if r.Expired == expiredNot {
		want = 0
	}
	if r.Posts != want {
		missed = append(missed, fmt.Sprintf("posts is %d, not %d", r.Posts, want))
	}
	if r.Seconds > r.Allowed {
		missed = append(missed, fmt.Sprintf("it took %g s, more than %g s", r.Seconds, r.Allowed))
	}
	return missed
}
