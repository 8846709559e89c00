package main

import (
	"context"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// troubles makes the faults that happen in time.
type troubles struct {
	plan    plan
	history *history
	fleet   *fleet
	backend *backend
	lease   time.Duration
	place   gitlabPlace
	keys    []string
	long    bool // outages of the store may be longer than a save is tried

	storeCuts chan int // workers whose store is to be cut now
	toHub     []proxy  // each worker's way to GitLab
	toStore   []proxy  // each worker's way to the store; none if that is no server

	mu  sync.Mutex // guards err
	err error      // the first fault that could not be made or mended
}

// A repeated fault happens at random moments, and to the workers that are wanted.
type repeated struct {
	fault  string
	mean   time.Duration // between two of them
	wanted <-chan int    // nil: at random moments only
	once   func(ctx context.Context, r *rand.Rand, worker int) error
	then   func(ctx context.Context, r *rand.Rand, worker int) error // once, for a worker that is wanted
}

// run makes faults until ctx ends, and mends all of them.
func (t *troubles) run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, f := range []repeated{
		{fault: faultKill, mean: 8 * time.Second, once: t.kill},
		{fault: faultStop, mean: 3 * time.Second, once: t.stop},
		{fault: faultCut, mean: 4 * time.Second, once: t.cutHub},
		{fault: faultSlow, mean: 5 * time.Second, once: t.slowHub},
		{fault: faultStoreCut, mean: 4 * time.Second, wanted: t.storeCuts, once: t.cutStore, then: t.loseStore},
		{fault: faultStoreSlow, mean: 5 * time.Second, once: t.slowStore},
		{fault: faultRestart, mean: 15 * time.Second, once: t.restart},
		{fault: faultExpire, mean: 150 * time.Millisecond, once: t.expire},
	} {
		if t.plan.has(f.fault) {
			all.Go(func() { t.repeat(ctx, f) })
		}
	}
	all.Wait()
	return t.err
}

func (t *troubles) repeat(ctx context.Context, f repeated) {
	r := t.plan.stream("trouble", f.fault)
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case worker := <-f.wanted:
			err = f.then(ctx, r, worker)
		case <-time.After(100*time.Millisecond + about(r, f.mean)):
			err = f.once(ctx, r, r.IntN(len(t.toHub)))
		}
		if err != nil {
			t.fail(err)
		}
	}
}

func (t *troubles) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

func (t *troubles) kill(_ context.Context, _ *rand.Rand, worker int) error {
	if p := t.fleet.get(worker); p != nil {
		p.signal(syscall.SIGKILL)
	}
	return nil
}

// stop lets a worker stand still. Where the lock is a lease, every other time
// for longer than that.
func (t *troubles) stop(ctx context.Context, r *rand.Rand, worker int) error {
	p := t.fleet.get(worker)
	d := between(r, 50*time.Millisecond, time.Second)
	if t.lease > 0 && r.IntN(2) == 0 {
		d = t.lease + between(r, 0, t.lease)
	}
	if p == nil {
		return nil
	}
	over := t.history.begin(faultStop, workerOf(p.name))
	defer over()
	if p.signal(syscall.SIGSTOP) {
		pause(ctx, d)
		p.signal(syscall.SIGCONT)
	}
	return nil
}

// during begins a trouble, waits, and mends it.
func (t *troubles) during(ctx context.Context, kind, worker string, d time.Duration, begin func() (func() error, error)) error {
	over := t.history.begin(kind, worker)
	defer over()
	mend, err := begin()
	if err != nil {
		return err
	}
	pause(ctx, d)
	return mend()
}

func (t *troubles) cutHub(ctx context.Context, r *rand.Rand, worker int) error {
	return t.cut(ctx, r, faultCut, worker, t.toHub[worker], between(r, 50*time.Millisecond, 2*time.Second))
}

func (t *troubles) cut(ctx context.Context, r *rand.Rand, kind string, worker int, p proxy, d time.Duration) error {
	begin := p.hole
	if r.IntN(2) == 0 {
		begin = func() (func() error, error) { return p.cut(), nil }
	}
	return t.during(ctx, kind, workerName(worker), d, begin)
}

func (t *troubles) slowHub(ctx context.Context, r *rand.Rand, worker int) error {
	return t.slow(ctx, r, faultSlow, worker, t.toHub[worker])
}

func (t *troubles) slow(ctx context.Context, r *rand.Rand, kind string, worker int, p proxy) error {
	d, delay := between(r, 500*time.Millisecond, 3*time.Second), between(r, 20*time.Millisecond, 300*time.Millisecond)
	return t.during(ctx, kind, workerName(worker), d, func() (func() error, error) { return p.slow(delay) })
}

func (t *troubles) slowStore(ctx context.Context, r *rand.Rand, worker int) error {
	if len(t.toStore) == 0 {
		return nil
	}
	return t.slow(ctx, r, faultStoreSlow, worker, t.toStore[worker])
}

// want asks for the cut of a process's way to the store, unless one is cut already.
func (t *troubles) want(process string) {
	worker, err := strconv.Atoi(strings.TrimPrefix(workerOf(process), "w"))
	if err != nil {
		return
	}
	select {
	case t.storeCuts <- worker:
	default:
	}
}

// cutStore cuts one worker's way to the store for a moment.
func (t *troubles) cutStore(ctx context.Context, r *rand.Rand, worker int) error {
	return t.cutStoreFor(ctx, r, worker, between(r, 100*time.Millisecond, 4*time.Second))
}

// loseStore cuts it for longer than the library tries to save, if there is time
// for that.
func (t *troubles) loseStore(ctx context.Context, r *rand.Rand, worker int) error {
	d := between(r, 100*time.Millisecond, 4*time.Second)
	if t.long {
		d += 10 * time.Second
	}
	return t.cutStoreFor(ctx, r, worker, d)
}

// cutStoreFor takes the store away from all, where it is no server.
func (t *troubles) cutStoreFor(ctx context.Context, r *rand.Rand, worker int, d time.Duration) error {
	if len(t.toStore) > 0 {
		return t.cut(ctx, r, faultStoreCut, worker, t.toStore[worker], d)
	}
	t.fleet.storeGate.Lock()
	defer t.fleet.storeGate.Unlock()
	return t.during(ctx, faultStoreCut, "", d, t.backend.away)
}

// expire ends the time of a user's newest access token.
func (t *troubles) expire(ctx context.Context, r *rand.Rand, _ int) error {
	over := t.history.begin(faultExpire, "nobody")
	defer over()
	var known bool
	err := t.place.ask(ctx, "POST", "/expire?key="+url.QueryEscape(t.keys[r.IntN(len(t.keys))]), &known)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (t *troubles) restart(ctx context.Context, _ *rand.Rand, _ int) error {
	if t.backend.restart == nil {
		return nil
	}
	over := t.history.begin(faultRestart, "")
	defer over()
	return t.backend.restart(context.WithoutCancel(ctx))
}
