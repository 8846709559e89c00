package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// subject is what is compared.
type subject string

// The subjects: this library, GitLab's own, net/http with encoding/json, and
// that with x/oauth2's transport.
const (
	ours     subject = "gitlab"
	clientGo subject = "client-go"
	raw      subject = "raw"
	oAuth2   subject = "oauth2"
)

// subjects is the order of the subjects in the table.
var subjects = []subject{ours, clientGo, raw, oAuth2}

// metric is what is measured. A name that ends in _ns counts nanoseconds.
type metric string

// The metrics. Cases say what theirs are of; without a word they are those of
// one operation.
const (
	timeNS     metric = "time_ns"
	sizeBytes  metric = "bytes"
	allocCount metric = "allocs"
	connCount  metric = "conns"  // opened
	postCount  metric = "posts"  // to the token endpoint
	failCount  metric = "failed" // calls
	p50NS      metric = "p50_ns"
	p99NS      metric = "p99_ns"
)

// allMetrics is the order of the metrics in the table.
var allMetrics = []metric{timeNS, p50NS, p99NS, maxNS, sizeBytes, firstTenth, lastTenth, allocCount, connCount, postCount, failCount, resends}

// values are what one round of one subject has measured.
type values map[metric]float64

// round measures a subject once.
type round func(context.Context) (values, error)

// benchCase is one comparison.
type benchCase struct {
	name    string
	about   string // in one line
	rounds  int
	limit   time.Duration // of all rounds; 0: a minute
	targets []target

	// start prepares a round for each subject that takes part. Whatever it
	// starts is stopped by stop, which may be nil.
	start func(context.Context) (rounds map[subject]round, stop func(), err error)
}

// target is what this library is to reach: at most factor times what another
// subject needs, plus a constant.
type target struct {
	metric  metric
	against subject
	factor  float64
	plus    float64
}

// registry is all cases, in the order of the table.
var registry = slices.Concat(
	callCases, pageCases, webhookCases, listCases, burstCases, expiryCases, identityCases, replicaCases, buildCases,
)

func find(name string) *benchCase {
	i := slices.IndexFunc(registry, func(c *benchCase) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return registry[i]
}

// measure runs the case: in each round every subject, so that what else the
// machine does meets all of them, and each time another one first.
func (c *benchCase) measure(ctx context.Context, rounds int) ([]result, error) {
	if rounds == 0 {
		rounds = c.rounds
	}
	limit := c.limit
	if limit == 0 {
		limit = time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v", limit))
	defer cancel()
	run, stop, err := c.start(ctx)
	if stop != nil {
		defer stop()
	}
	if err != nil {
		return nil, err
	}
	measured := make(map[subject]map[metric][]float64)
	for n := range rounds {
		for i := range subjects {
			s := subjects[(i+n)%len(subjects)]
			if run[s] == nil {
				continue
			}
			got, err := run[s](ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s, errors.Join(err, context.Cause(ctx)))
			}
			if measured[s] == nil {
				measured[s] = make(map[metric][]float64)
			}
			for m, v := range got {
				measured[s][m] = append(measured[s][m], v)
			}
		}
	}
	var results []result
	for _, m := range allMetrics {
		for _, s := range subjects {
			if got := measured[s][m]; len(got) > 0 {
				results = append(results, summarize(c.name, s, m, got))
			}
		}
	}
	return results, nil
}
