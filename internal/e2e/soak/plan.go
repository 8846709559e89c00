package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// plan makes all decisions of a soak from its seed.
type plan struct {
	seed   uint64
	faults []string
}

// has reports whether that kind of fault is wanted.
func (p plan) has(fault string) bool { return slices.Contains(p.faults, fault) }

// stream is the source of the decisions that what names: always the same for
// the same seed and words.
func (p plan) stream(what ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintln(h, what...)
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// The points of a refresh at which a process dies.
const (
	pointLock   = "after-lock"
	pointLoad   = "after-load"
	pointSent   = "after-post-sent"
	pointAnswer = "after-answer"
	pointSave   = "after-save"
)

var points = []string{pointLock, pointLoad, pointSent, pointAnswer, pointSave}

// sentence says when a process kills itself: the nth time that it comes to the
// point. The zero sentence is none.
type sentence struct {
	Point string
	Nth   int
}

// sentence is that of the generation-th process of a worker. Each worker comes
// by all points in turn, in an order of its own.
func (p plan) sentence(worker, generation int) sentence {
	if !p.has(faultPoints) {
		return sentence{}
	}
	order := p.stream("points", worker).Perm(len(points))
	at := order[generation%len(points)]
	return sentence{Point: points[at], Nth: 4 + p.stream("sentence", worker, generation).IntN(20)}
}

// between is a random duration of at least low and less than high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

// about is a random duration whose mean is d, as between events that do not
// know of each other; at most 4 × d.
func about(r *rand.Rand, d time.Duration) time.Duration {
	return min(time.Duration(r.ExpFloat64()*float64(d)), 4*d)
}
