package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/bench/answers"
)

// identityCount is how many users there are at the same time.
const identityCount = 2000

var identityCases = []*benchCase{{
	name:   "identity",
	about:  "As for one of 2000 users; bytes is what stays of each after a call, in the heap",
	rounds: 7,
	start:  startIdentities,
}}

func startIdentities(ctx context.Context) (map[subject]round, func(), error) {
	store := &rows{gitlab.NewMemoryStore()}
	for n := range identityCount {
		_, err := store.SaveIdentity(ctx, gitlab.Identity{Key: fmt.Sprintf("user-%d", n), BaseURL: stubURL, Data: gitlab.OAuthData{
			AccessToken:  fmt.Sprintf("%064d", n),
			RefreshToken: fmt.Sprintf("%064d", n),
			TokenType:    "Bearer",
			Scope:        "api",
			CreatedAt:    time.Now(),
			ExpiresAt:    time.Now().Add(2 * time.Hour),
		}})
		if err != nil {
			return nil, nil, err
		}
	}
	transport := &stub{answers.One(answers.User, 1)}
	rounds := make(map[subject]round)
	for _, s := range subjects {
		rounds[s] = func(ctx context.Context) (values, error) { return holdIdentities(ctx, s, store, transport) }
	}
	return rounds, nil, nil
}

// holdIdentities makes a call as every identity of a store and measures what the
// subject needs for one.
func holdIdentities(ctx context.Context, s subject, store gitlab.IdentityStore, transport http.RoundTripper) (values, error) {
	r, err := newRefreshing(s, serverHello{API: stubURL, ClientID: "bench", ClientSecret: "made up"}, store, transport)
	if err != nil {
		return nil, err
	}
	calls := make([]call, identityCount)
	var empty, before, after, full runtime.MemStats
	readLive(&empty)
	ids := make([]gitlab.Identity, identityCount)
	for n := range ids {
		if ids[n], err = store.LoadIdentity(ctx, fmt.Sprintf("user-%d", n)); err != nil {
			return nil, err
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	started := time.Now()
	for n := range calls {
		if calls[n], err = r.as(ids[n]); err != nil {
			return nil, err
		}
	}
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	for _, c := range calls {
		if err := c(ctx); err != nil {
			return nil, err
		}
	}
	readLive(&full) // without ids, which are not used any more
	got := values{
		timeNS:     float64(took) / identityCount,
		allocCount: float64(after.Mallocs-before.Mallocs) / identityCount,
		sizeBytes:  (float64(full.HeapAlloc) - float64(empty.HeapAlloc)) / identityCount,
	}
	runtime.KeepAlive(calls)
	return got, r.finish(ctx)
}

// readLive reads the heap without what is dead. Things with cleanups take one
// collection more.
func readLive(stats *runtime.MemStats) {
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(stats)
}

// rows is a store that, like a database, makes anew whatever it loads.
type rows struct{ *gitlab.MemoryStore }

// LoadIdentity implements [gitlab.IdentityStore].
func (r *rows) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	id, err := r.MemoryStore.LoadIdentity(ctx, key)
	for _, text := range []*string{
		&id.Key, &id.BaseURL, &id.Revision,
		&id.Data.AccessToken, &id.Data.RefreshToken, &id.Data.TokenType, &id.Data.Scope,
	} {
		*text = strings.Clone(*text)
	}
	return id, err
}
