package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
)

// workerConfig is what a worker is told. One with a Length calls at a bounded
// rate for so long, the others call once as each key, all at once.
type workerConfig struct {
	GitLab     gitlabPlace
	Store, DSN string
	Pool       int
	First, End int // the numbers of its keys
	Refreshes  int // Config.MaxConcurrentRefreshes; 0: its default

	Goroutines int
	Length     time.Duration
	Pause      time.Duration
}

// A report is what a worker has seen.
type report struct {
	Calls    []time.Duration // how long each took
	Failed   map[string]int  // by what they were told
	Refresh  map[string]int  // RefreshEvents, by outcome
	Store    map[string]operation
	PoolWait waits
}

// worker calls GitLab as many identities.
type worker struct {
	workerConfig

	client *gitlab.Client

	mu     sync.Mutex // guards report
	report report
}

const shutdownLimit = time.Minute

// work is the worker process.
func work(ctx context.Context, c *controller) error {
	w := &worker{report: report{Failed: map[string]int{}, Refresh: map[string]int{}}}
	if err := c.told.Decode(&w.workerConfig); err != nil {
		return err
	}
	ctx, begin := c.alive(ctx)
	store, err := engineOf[w.Store].open(w.DSN, w.Pool)
	if err != nil {
		return err
	}
	defer store.close()
	seen := newWatched(store)
	w.client, err = gitlab.New(gitlab.Config{
		BaseURL:                w.GitLab.URL,
		Provider:               gitlab.OAuthProvider{ClientID: w.GitLab.ClientID, ClientSecret: w.GitLab.ClientSecret},
		Store:                  seen,
		MaxConcurrentRefreshes: w.Refreshes,
		OnRefresh:              w.refreshed,
	})
	if err != nil {
		return err
	}
	if err := c.ready(ctx, begin); err != nil {
		return err
	}
	if w.Length > 0 {
		w.callOften(ctx)
	} else {
		w.callAtOnce(ctx)
	}
	late, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	if err := w.client.Shutdown(late); err != nil {
		return err
	}
	w.report.Store, w.report.PoolWait = seen.seen, store.waited()
	return c.say.Encode(w.report)
}

// refreshed is the client's OnRefresh.
func (w *worker) refreshed(_ context.Context, event gitlab.RefreshEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Refresh[string(event.Outcome)]++
}

// callOften calls as random identities until the time is over.
func (w *worker) callOften(ctx context.Context) {
	end := time.Now().Add(w.Length)
	var callers sync.WaitGroup
	for range w.Goroutines {
		callers.Go(func() {
			for sleep(ctx, rand.N(2*w.Pause)) && time.Now().Before(end) {
				w.call(ctx, w.First+rand.IntN(w.End-w.First))
			}
		})
	}
	callers.Wait()
}

// callAtOnce calls once as every identity, in a random order.
func (w *worker) callAtOnce(ctx context.Context) {
	var callers sync.WaitGroup
	for _, n := range rand.Perm(w.End - w.First) {
		callers.Go(func() { w.call(ctx, w.First+n) })
	}
	callers.Wait()
}

// call makes one call as the n-th identity.
func (w *worker) call(ctx context.Context, n int) {
	key := keyOf(n)
	began := time.Now()
	user, err := w.client.As(key).Users.Current(ctx)
	took := time.Since(began)
	if err == nil && user.Username != key {
		err = fmt.Errorf("scale: called as %s, answered as %s", key, user.Username)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.report.Calls = append(w.report.Calls, took)
	if err != nil {
		w.report.Failed[err.Error()]++
	}
}

// sleep reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
