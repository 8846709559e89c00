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

// cause is the fault that lost a pair in the window; "": it was not lost there.
type cause string

const (
	causeAsking    cause = "killed asking"      // its process, before the answer was there
	causeUnsaved   cause = "killed unsaved"     // its process, after that
	causeStoreDown cause = "killed, store down" // the same, and the store could not be reached meanwhile
	causeSwallowed cause = "answer swallowed"
	causeTorn      cause = "answer torn"
	causeCut       cause = "connection cut"
	causeSlow      cause = "connection slow"
	causeStopped   cause = "stopped" // its process, while it waited
)

// endOfTime is after everything.
const endOfTime = math.MaxInt64

// fate judges a grant at a moment; the pair with the mark stored is what the
// store had then or a little later.
func (r *records) fate(g *grant, stored string, at int64) (fate, cause) {
	newest, p := g.newest(at), r.pairs[stored]
	switch {
	case p != nil && p.grant == g && p.by.Decided >= newest.by.Decided:
		return fateAlive, ""
	case p != nil && p.grant.key == g.key && p.grant.number > g.number:
		return fateOver, ""
	case p == nil || p.grant != g, newest.by.Request == "":
		return fateOutside, "" // an older grant, or nothing, was saved over it
	case newest.saved != 0 && newest.saved <= at:
		return fateOutside, "" // an older pair was saved over it
	}
	return r.fateOfAnswer(newest.by, at)
}

// fateOfAnswer judges a pair that was given out for s and that the store never
// had.
func (r *records) fateOfAnswer(s *spend, at int64) (fate, cause) {
	answer, ended := r.answers[s.Request]
	ended = ended && answer.At <= at
	process := r.lives[processOf(s.Request)]
	switch {
	case !process.deadAt(at):
		if !ended || answer.Error == "" {
			return fateHeld, ""
		}
	case process.killed && !ended:
		return fateWindow, causeAsking
	case process.killed && answer.Error == "":
		if r.troubled(workerOf(s.Request), answer.At, process.ended, faultStoreCut, faultRestart) {
			return fateWindow, causeStoreDown
		}
		return fateWindow, causeUnsaved
	case ended && answer.Error == "":
		return fateOutside, "" // it had the pair, and ended as if all were well
	}
	if why := r.undelivered(s); why != "" {
		return fateWindow, why
	}
	return fateOutside, ""
}

// undelivered tells the fault that kept GitLab's answer from the process that
// asked: GitLab swallowed or tore it, the connection was cut or slow, or the
// process was stopped, at a moment between the beginning of the request and its
// end; "" if none did.
func (r *records) undelivered(s *spend) cause {
	switch s.Fault {
	case swallowed:
		return causeSwallowed
	case torn:
		return causeTorn
	}
	answer, ended := r.answers[s.Request]
	if ended && answer.Error == "" {
		return ""
	}
	to := int64(endOfTime)
	if ended {
		to = answer.At
	}
	worker, from := workerOf(s.Request), r.posts[s.Request].At
	for _, row := range []struct {
		fault string
		cause cause
	}{{faultCut, causeCut}, {faultSlow, causeSlow}, {faultStop, causeStopped}} {
		if r.troubled(worker, from, to, row.fault) {
			return row.cause
		}
	}
	return ""
}

// explained reports whether a fault explains that d shows a token that s had
// used up: the fault opened a window after s, in which nobody but the process of
// s could know of the new pair, or it held d itself up.
func (r *records) explained(d, s *spend, lease int64) bool {
	worker, post := workerOf(d.Request), r.posts[d.Request]
	if r.undelivered(s) != "" || d.Fault == slowed || r.troubled(worker, post.At, d.Decided, faultCut, faultSlow, faultStop) {
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
