package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/freshgrant/gitlab"
)

// identitiesResult is that of clients which are all kept.
type identitiesResult struct {
	Case       string  `json:"case"`
	Identities int     `json:"identities"`
	Before     float64 `json:"heap_before_mib"`
	After      float64 `json:"heap_after_mib"`
	// BytesEach is what one of them takes: its tokens, what the library knows
	// of it, and its client.
	BytesEach float64 `json:"bytes_each"`
	Allowed   float64 `json:"allowed_bytes_each"`
}

const allowedBytesEach = 1536

// identities measures clients that are all kept, after a call with each.
func identities(ctx context.Context, o options) (result, error) {
	c, err := newMadeUp()
	if err != nil {
		return nil, err
	}
	clients := make([]*gitlab.Client, o.identities)
	before := heap()
	for n := range clients {
		if clients[n], err = touch(ctx, c, n); err != nil {
			return nil, err
		}
	}
	after := heap()
	runtime.KeepAlive(clients)
	return identitiesResult{
		Case: o.name, Identities: o.identities, Before: mib(before), After: mib(after),
		BytesEach: each(after, before, o.identities), Allowed: allowedBytesEach,
	}, nil
}

// missed implements [result].
func (r identitiesResult) missed() []string {
	if r.BytesEach <= r.Allowed {
		return nil
	}
	return []string{fmt.Sprintf("bytes_each is %g, more than %g", r.BytesEach, r.Allowed)}
}
