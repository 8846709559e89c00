package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/freshgrant/gitlab"
)

// keysResult is that of keys which are used once each, and whose clients are
// dropped at once.
type keysResult struct {
	Case string `json:"case"`
	Keys int    `json:"keys"`

	// All of them within seconds: a key is kept for at least half an hour, so
	// dropping its clients frees nothing yet.
	Before    float64 `json:"heap_before_mib"`
	After     float64 `json:"heap_after_mib"`
	BytesEach float64 `json:"bytes_each"`
	// The same after two more hours, with one other key each half hour.
	HoursLater      float64 `json:"heap_hours_later_mib"`
	HoursLaterBytes float64 `json:"bytes_each_hours_later"`

	// Spread evenly over a day: what is in use is that of the last hour at the
	// most.
	DayPeak float64 `json:"day_peak_heap_mib"`
	DayEnd  float64 `json:"day_end_heap_mib"` // two hours after its last key
}

// spread is for how long keys are used that are not used all at once.
const spread = 24 * time.Hour

// keys measures what is left of keys that are used no more. Hours pass as they
// do under testing/synctest.
func keys(ctx context.Context, o options) (_ result, err error) {
	c, err := start(ctx, "bubble", bubbleConfig{Keys: o.identities})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	var said bubbleReport
	if err := c.hear(&said); err != nil {
		return nil, err
	}
	if said.Error != "" {
		return nil, errors.New(said.Error)
	}
	return said.Result, nil
}

// burst uses all keys at once.
func (r *keysResult) burst(ctx context.Context) error {
	c, err := newMadeUp()
	if err != nil {
		return err
	}
	before := heap()
	for n := range r.Keys {
		if _, err := touch(ctx, c, n); err != nil {
			return err
		}
	}
	after := heap()
	if err := halfHours(ctx, c, 4); err != nil {
		return err
	}
	later := heap()
	runtime.KeepAlive(c)
	r.Before, r.After, r.BytesEach = mib(before), mib(after), each(after, before, r.Keys)
	r.HoursLater, r.HoursLaterBytes = mib(later), each(later, before, r.Keys)
	return nil
}

// day uses all keys one after the other.
func (r *keysResult) day(ctx context.Context) error {
	c, err := newMadeUp()
	if err != nil {
		return err
	}
	for n := range r.Keys {
		time.Sleep(spread / time.Duration(r.Keys))
		if _, err := touch(ctx, c, n); err != nil {
			return err
		}
		if n%(r.Keys/100+1) == 0 {
			runtime.GC()
			r.DayPeak = max(r.DayPeak, mib(heapNow()))
		}
	}
	if err := halfHours(ctx, c, 4); err != nil {
		return err
	}
	r.DayEnd = mib(heap())
	runtime.KeepAlive(c)
	return nil
}

// halfHours lets n of them pass, and uses one key after each.
func halfHours(ctx context.Context, c *gitlab.Client, n int) error {
	for range n {
		time.Sleep(30 * time.Minute)
		if _, err := touch(ctx, c, -1); err != nil {
			return err
		}
		heap() // what is free by now is found before the next one
	}
	return nil
}

// missed implements [result].
func (r keysResult) missed() (missed []string) {
	if r.HoursLater > r.Before+r.After/10 {
		missed = append(missed, fmt.Sprintf("%g MiB are left hours later", r.HoursLater))
	}
	if r.DayPeak > r.After/8 {
		missed = append(missed, fmt.Sprintf("%g MiB are in use during the day, of %g MiB for all keys", r.DayPeak, r.After))
	}
	return missed
}
