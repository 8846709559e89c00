package gitlab

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is the pause after the n-th failure in a row, counted from 1: first,
// doubling up to limit.
func backoff(n int, first, limit time.Duration) time.Duration {
	for ; n > 1 && first < limit; n-- {
		first *= 2
	}
	return min(first, limit)
}

// jittered is a random duration between 0.8 × d and d, so that many clients
// that failed together do not come back together.
func jittered(d time.Duration) time.Duration {
	return d - time.Duration(rand.Float64()*0.2*float64(d)) //nolint:gosec // spreads load, guards nothing
}

// sleep waits for d, or returns ctx's error when ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
