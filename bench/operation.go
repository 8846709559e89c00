package main

import (
	"context"
	"runtime"
	"time"
)

// slice is for how long a round repeats an operation: short, so that the
// subjects take turns often.
const slice = 25 * time.Millisecond

// perOperation is a round that repeats op and measures one of them: time, bytes
// and allocations. The first round warms op up and finds out how often.
func perOperation(op func(context.Context) error) round {
	times := 0
	return func(ctx context.Context) (values, error) {
		if times == 0 {
			for started := time.Now(); times == 0 || time.Since(started) < 2*slice; times++ {
				if err := op(ctx); err != nil {
					return nil, err
				}
			}
			times = max(times/2, 1)
		}
		var before, after runtime.MemStats
		runtime.GC() // the others' garbage is not for this one to clear away
		if err := op(ctx); err != nil {
			return nil, err // and what it keeps between operations is there again
		}
		runtime.ReadMemStats(&before)
		started := time.Now()
		for range times {
			if err := op(ctx); err != nil {
				return nil, err
			}
		}
		took := time.Since(started)
		runtime.ReadMemStats(&after)
		n := float64(times)
		return values{
			timeNS:     float64(took) / n,
			sizeBytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
			allocCount: float64(after.Mallocs-before.Mallocs) / n,
		}, nil
	}
}

// once is a round that measures the time of one run of op.
func once(op func(context.Context) error) round {
	return func(ctx context.Context) (values, error) {
		started := time.Now()
		if err := op(ctx); err != nil {
			return nil, err
		}
		return values{timeNS: float64(time.Since(started))}, nil
	}
}
