package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// What a call's caller may notice of a refresh.
const (
	maxNS   metric = "max_ns"  // the longest call
	resends metric = "resends" // the most that one call was sent again
)

// tally is what callers have seen.
type tally struct {
	Took   []time.Duration // of every call, failed ones included
	Failed int
	Resent int // the most that one call was sent again
}

// add makes a call and takes down what became of it.
func (t *tally) add(ctx context.Context, c call) {
	var sent atomic.Int64
	started := time.Now()
	err := c(context.WithValue(ctx, sendings{}, &sent))
	t.Took = append(t.Took, time.Since(started))
	if err != nil {
		t.Failed++
	}
	t.Resent = max(t.Resent, int(sent.Load())-1)
}

func sum(tallies []tally) tally {
	var all tally
	for _, t := range tallies {
		all.Took = append(all.Took, t.Took...)
		all.Failed += t.Failed
		all.Resent = max(all.Resent, t.Resent)
	}
	return all
}

// values are those of at least one call.
func (t *tally) values() values {
	took := slices.Sorted(slices.Values(t.Took))
	quantile := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))]) }
	return values{
		failCount: float64(t.Failed),
		resends:   float64(t.Resent),
		p50NS:     quantile(0.5),
		p99NS:     quantile(0.99),
		maxNS:     quantile(1),
	}
}

// atOnce makes n calls at the same moment.
func atOnce(ctx context.Context, n int, c call) tally {
	tallies := make([]tally, n)
	begin := make(chan struct{})
	var callers sync.WaitGroup
	for i := range tallies {
		callers.Go(func() {
			<-begin
			tallies[i].add(ctx, c)
		})
	}
	close(begin)
	callers.Wait()
	return sum(tallies)
}

// steadily has callers make calls in turn, with a pause after each, until done or
// ctx ends.
func steadily(ctx context.Context, callers int, pause time.Duration, calls []call, done <-chan struct{}) tally {
	tallies := make([]tally, callers)
	var all sync.WaitGroup
	for i := range tallies {
		all.Go(func() {
			for n := i; ; n++ {
				tallies[i].add(ctx, calls[n%len(calls)])
				select {
				case <-done:
					return
				case <-ctx.Done():
					return
				case <-time.After(pause):
				}
			}
		})
	}
	all.Wait()
	return sum(tallies)
}
