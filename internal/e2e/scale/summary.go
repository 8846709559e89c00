package main

import (
	"math"
	"slices"
	"time"
)

// summary is what all workers of a case have seen together. Times are in
// milliseconds unless a name says otherwise.
type summary struct {
	Calls        int             `json:"calls"`
	FailedCalls  int             `json:"failed_calls"`
	Failures     map[string]int  `json:"failures,omitempty"` // by what callers were told; the first few
	Posts        int             `json:"posts"`              // token requests, by GitLab's ledger
	PostsGood    int             `json:"posts_good"`         // those that were answered with a new pair
	InvalidGrant int             `json:"invalid_grant"`      // those that were refused
	Rotations    int             `json:"rotations"`          // how often a stored pair was replaced by a new one
	Outdated     int             `json:"outdated"`           // identities whose newest pair is not in the store, in the end
	P50          float64         `json:"call_p50_ms"`
	P99          float64         `json:"call_p99_ms"`
	Max          float64         `json:"call_max_ms"`
	Refreshes    map[string]int  `json:"refreshes"` // by outcome
	Store        map[string]cost `json:"store"`     // by operation
	PoolWaits    int64           `json:"pool_waits"`
	PoolWaitMean float64         `json:"pool_wait_mean_ms"`
	WorkersCPU   float64         `json:"workers_cpu_seconds"`
	GitLabCPU    float64         `json:"gitlab_cpu_seconds"`
}

// cost is what an operation of the store has cost, waiting for the pool and for
// other holders included.
type cost struct {
	Count  int     `json:"count"`
	Failed int     `json:"failed,omitempty"`
	Mean   float64 `json:"mean_ms"`
	Max    float64 `json:"max_ms"`
}

const shownFailures = 5

func summarize(reports []report, c counts) summary {
	s := summary{
		Posts: c.Posts, PostsGood: c.Good, InvalidGrant: c.InvalidGrant,
		Failures: map[string]int{}, Refreshes: map[string]int{}, Store: map[string]cost{},
	}
	var took []time.Duration
	var pool waits
	operations := map[string]operation{}
	for _, r := range reports {
		took = append(took, r.Calls...)
		for what, n := range r.Failed {
			s.FailedCalls += n
			if _, shown := s.Failures[what]; shown || len(s.Failures) < shownFailures {
				s.Failures[what] += n
			}
		}
		for outcome, n := range r.Refresh {
			s.Refreshes[outcome] += n
		}
		for name, o := range r.Store {
			operations[name] = operations[name].plus(o)
		}
		pool = waits{Count: pool.Count + r.PoolWait.Count, Total: pool.Total + r.PoolWait.Total}
	}
	for name, o := range operations {
		s.Store[name] = cost{Count: o.Count, Failed: o.Failed, Mean: milliseconds(o.Total / time.Duration(o.Count)), Max: milliseconds(o.Max)}
	}
	s.Rotations = operations["save"].Count - operations["save"].Failed // workers save nothing else
	s.Calls = len(took)
	slices.Sort(took)
	s.P50, s.P99, s.Max = milliseconds(quantile(took, 0.5)), milliseconds(quantile(took, 0.99)), milliseconds(quantile(took, 1))
	s.PoolWaits = pool.Count
	if pool.Count > 0 {
		s.PoolWaitMean = milliseconds(pool.Total / time.Duration(pool.Count))
	}
	return s
}

// quantile is that of values in ascending order; 0 if there are none.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	return values[int(q*float64(len(values)-1))]
}

func milliseconds(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

// rounded has two decimals.
func rounded(x float64) float64 { return math.Round(100*x) / 100 }
