package main

import "math"

// fate is what became of the newest pair of a grant.
type fate string

const (
	fateAlive   fate = "alive"     // the store has it
	fateHeld    fate = "held"      // a live process has it, or may have it any moment
	fateWindow  fate = "window"    // lost, and a fault hit between GitLab's commit and the save
	fateOutside fate = "outside"   // lost, and no fault explains it
	fateOver    fate = "signed in" // the user has signed in again since, and the store has that
)

// endOfTime is after everything.
const endOfTime = math.MaxInt64

// fate judges a grant at a moment; the pair with the mark stored is what the
// store had then or a little later.
func (r *records) fate(g *grant, stored string, at int64) fate {
	newest, p := g.newest(at), r.pairs[stored]
	switch {
	case p != nil && p.grant == g && p.by.Decided >= newest.by.Decided:
		return fateAlive
	case p != nil && p.grant.key == g.key && p.grant.number > g.number:
		return fateOver
	case p == nil || p.grant != g, newest.by.Request == "":
		return fateOutside // an older grant, or nothing, was saved over it
	case newest.saved != 0 && newest.saved <= at:
		return fateOutside // an older pair was saved over it
	}
	return r.fateOfAnswer(newest.by, at)
}

// fateOfAnswer judges a pair that was given out for s and that the store never
// had.
func (r *records) fateOfAnswer(s *spend, at int64) fate {
	answer, ended := r.answers[s.Request]
	ended = ended && answer.At <= at
	process := r.lives[processOf(s.Request)]
	switch {
	case !process.deadAt(at):
		if !ended || answer.Error == "" {
			return fateHeld
		}
	case process.killed && (!ended || answer.Error == ""):
		return fateWindow // it died with the pair, or waiting for it
	case ended && answer.Error == "":
		return fateOutside // it had the pair, and ended as if all were well
	}
	if r.undelivered(s) {
		return fateWindow
	}
	return fateOutside
}

// undelivered reports whether a fault kept GitLab's answer from the process that
// asked: GitLab swallowed or tore it, the connection was cut or slow, or the
// process was stopped, at a moment between the beginning of the request and its
// end.
func (r *records) undelivered(s *spend) bool {
	if s.Fault == swallowed || s.Fault == torn {
		return true
	}
	answer, ended := r.answers[s.Request]
	if ended && answer.Error == "" {
		return false
	}
	to := int64(endOfTime)
	if ended {
		to = answer.At
	}
	return r.troubled(workerOf(s.Request), r.posts[s.Request].At, to, faultCut, faultSlow, faultStop)
}

// explained reports whether a fault explains that d shows a token that s had
// used up: the fault opened a window after s, in which nobody but the process of
// s could know of the new pair, or it held d itself up.
func (r *records) explained(d, s *spend, lease int64) bool {
	worker, post := workerOf(d.Request), r.posts[d.Request]
	if r.undelivered(s) || d.Fault == slowed || r.troubled(worker, post.At, d.Decided, faultCut, faultSlow, faultStop) {
		return true
	}
	if r.lives[processOf(d.Request)].deadAt(d.Decided) {
		return true // it died while its request was on the way, and its lock with it
	}
	saved := int64(endOfTime)
	if p := r.pairs[s.Pair]; p.saved != 0 {
		saved = p.saved
	}
	if process := r.lives[processOf(s.Request)]; process != nil && process.killed && saved > process.ended {
		return true // it died before it had saved
	}
	if lease == 0 {
		return false
	}
	// A process that is stopped, or cannot reach the store, for as long as the
	// lease loses the lock: before it has saved, or before it spends.
	return r.kept(workerOf(s.Request), s.Arrived, min(saved, d.Arrived), lease) ||
		r.kept(worker, post.Loaded, d.Arrived, lease)
}

// kept reports whether something kept a worker from renewing its leases for so
// long, at a moment between two others.
func (r *records) kept(worker string, from, to, lease int64) bool {
	for _, t := range r.troubles {
		over := t.To
		if over == 0 {
			over = endOfTime
		}
		switch t.Kind {
		case faultStop, faultStoreCut, faultStoreSlow, faultRestart:
			if (t.Worker == "" || t.Worker == worker) && t.From <= to && over >= from && over-t.From >= lease/2 {
				return true
			}
		}
	}
	return false
}
