package main

import (
	"context"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
)

// An operation is what calls of one method of a store have cost, waiting for the
// pool included.
type operation struct {
	Count  int
	Failed int // conflicts included
	Total  time.Duration
	Max    time.Duration
}

// plus is both together.
func (o operation) plus(p operation) operation {
	return operation{Count: o.Count + p.Count, Failed: o.Failed + p.Failed, Total: o.Total + p.Total, Max: max(o.Max, p.Max)}
}

// watched is a store whose calls are counted.
type watched struct {
	gitlab.IdentityStore

	mu   sync.Mutex // guards seen
	seen map[string]operation
}

func newWatched(store gitlab.IdentityStore) *watched {
	return &watched{IdentityStore: store, seen: map[string]operation{}}
}

func (w *watched) add(name string, began time.Time, err error) {
	took := time.Since(began)
	one := operation{Count: 1, Total: took, Max: took}
	if err != nil {
		one.Failed = 1
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[name] = w.seen[name].plus(one)
}

// LoadIdentity implements [gitlab.IdentityStore].
func (w *watched) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	began := time.Now()
	id, err := w.IdentityStore.LoadIdentity(ctx, key)
	w.add("load", began, err)
	return id, err
}

// SaveIdentity implements [gitlab.IdentityStore].
func (w *watched) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	began := time.Now()
	revision, err := w.IdentityStore.SaveIdentity(ctx, id)
	w.add("save", began, err)
	return revision, err
}

// LockIdentity implements [gitlab.IdentityStore].
func (w *watched) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	began := time.Now()
	lock, err := w.IdentityStore.LockIdentity(ctx, key)
	w.add("lock", began, err)
	if err != nil {
		return nil, err
	}
	unlock := lock.Unlock
	lock.Unlock = func() {
		began := time.Now()
		unlock()
		w.add("unlock", began, nil)
	}
	return lock, nil
}
