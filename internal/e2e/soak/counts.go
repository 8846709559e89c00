package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
)

// counts are a worker's calls since it last told them.
type counts struct {
	mu     sync.Mutex // guards all below
	calls  int
	left   int
	failed map[string]int
	told   map[string]time.Time // by key, when ErrReauthorize was last noted
}

// errOther is a call that was made as somebody else.
var errOther = errors.New("soak: the wrong identity")

// The kinds of failures that are more than numbers.
const kindReauthorize = "reauthorize"

// kindOf sorts a call's error; "" for nil.
func kindOf(err error) string {
	api, isAPI := errors.AsType[*gitlab.APIError](err)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, gitlab.ErrReauthorize):
		return kindReauthorize
	case errors.Is(err, gitlab.ErrClientRejected):
		return "client rejected"
	case errors.Is(err, gitlab.ErrRefreshUnavailable):
		return "refresh unavailable"
	case errors.Is(err, gitlab.ErrIdentityNotFound):
		return "not found"
	case errors.Is(err, errOther):
		return "wrong identity"
	case isAPI:
		return strconv.Itoa(api.StatusCode)
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	default:
		return "connection"
	}
}

func (c *counts) add(kind string, left bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if left {
		c.left++
		return
	}
	c.calls++
	if kind != "" {
		if c.failed == nil {
			c.failed = map[string]int{}
		}
		c.failed[kind]++
	}
}

// firstFor reports whether ErrReauthorize was not noted for key during the last
// half second.
func (c *counts) firstFor(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.told[key]) < 500*time.Millisecond {
		return false
	}
	if c.told == nil {
		c.told = map[string]time.Time{}
	}
	c.told[key] = time.Now()
	return true
}

func (c *counts) report(tell *reporter) {
	c.mu.Lock()
	n := note{What: noteCounts, Calls: c.calls, Failed: maps.Clone(c.failed), Left: c.left}
	c.calls, c.left, c.failed = 0, 0, nil
	c.mu.Unlock()
	tell.tell(n)
}

// count reports four times a second, so that a kill loses few of them.
func (w *worker) count(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, 250*time.Millisecond)
		w.counts.report(w.tell)
	}
}

// newBody is a body that cannot be sent twice.
func newBody(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }
