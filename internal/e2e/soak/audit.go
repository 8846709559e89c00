package main

import (
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
)

// Findings are red by the name of the field that counts them.
const (
	redDoubleSpend = "double_spends"
	redRefused     = "invalid_grant_without_fault"
	redLost        = "lost_outside_window"
	redReauthorize = "false_reauthorize"
)

// tellMargin is how long a call may go on to be told that a grant is gone after
// the user has signed in again: the library looks at the store every 2 s.
const tellMargin = 5 * time.Second

// finding is one thing that must not be.
type finding struct {
	field, key, text string
	at               int64
}

// audit compares what GitLab did with what processes did and said.
type audit struct {
	*records

	lease    time.Duration
	stored   map[string]string // by key, the mark of what the store has in the end
	findings []finding

	lost                     map[cause]int // in the window
	alive, explainedRefusals int
}

func (a *audit) find(field, key string, at int64, format string, args ...any) {
	a.findings = append(a.findings, finding{field: field, key: key, at: at, text: fmt.Sprintf(format, args...)})
}

// run judges everything.
func (a *audit) run() {
	for i := range a.spends {
		if a.spends[i].Refused == "invalid_grant" {
			a.judgeRefusal(&a.spends[i])
		}
	}
	for _, n := range a.events {
		switch {
		case n.What == noteReplace:
			a.judgeGrant(a.current(n.Key, n.At), n.Pair, n.At)
		case n.What == noteTold:
			a.judgeTold(n)
		case n.Outcome == string(gitlab.OutcomeDead):
			a.judgeVerdict(n)
		}
	}
	for key := range a.byKey {
		g := a.current(key, endOfTime)
		a.judgeGrant(g, a.stored[key], endOfTime)
	}
}

// judgeRefusal is about a token request that GitLab itself refused with
// invalid_grant.
func (a *audit) judgeRefusal(d *spend) {
	shown := a.pairs[d.Token]
	if shown == nil || shown.spent == nil {
		a.find(redRefused, a.posts[d.Request].Key, d.Arrived, "%s shows %s, which nobody had spent", d.Request, d.Token)
		return
	}
	if a.explained(d, shown.spent, int64(a.lease)) {
		a.explainedRefusals++
		return
	}
	for _, field := range []string{redDoubleSpend, redRefused} {
		a.find(field, shown.grant.key, d.Arrived, "%s shows %s, which %s had spent for %s, and no fault explains it",
			d.Request, d.Token, shown.spent.Request, shown.spent.Pair)
	}
}

// judgeGrant is about a grant at its end: the store has the pair with that mark.
func (a *audit) judgeGrant(g *grant, stored string, at int64) {
	if g == nil {
		return // the key's first sign-in replaces nothing
	}
	switch fate, cause := a.fate(g, stored, at); fate {
	case fateWindow:
		a.lost[cause]++
	case fateOutside:
		newest := g.newest(at)
		a.find(redLost, g.key, newest.by.Decided, "grant %d's newest pair is %s, given out for %q, but the store has %s",
			g.number, newest.mark, newest.by.Request, stored)
	}
}

// judgeVerdict is about an OutcomeDead: true if the grant of the refused token
// was lost, and no later sign-in was stored, when the process last looked.
func (a *audit) judgeVerdict(n note) {
	request, shown := a.requests[n.Request], a.pairs[n.Token]
	if request == nil || shown == nil {
		a.find(redReauthorize, n.Key, n.At, "%s found the grant dead, but GitLab knows of no request %q", n.Process, n.Request)
		return
	}
	newest := shown.grant.newest(max(request.Arrived, request.Decided))
	switch current := a.current(n.Key, n.Loaded); {
	case newest == shown:
		a.find(redReauthorize, n.Key, n.At, "%s found the grant dead after %s, but its token %s was good", n.Process, n.Request, n.Token)
	case current != nil && current.number > shown.grant.number:
		a.find(redReauthorize, n.Key, n.At, "%s found grant %d dead, but had grant %d in the store", n.Process, shown.grant.number, current.number)
	case newest.saved != 0 && newest.saved < n.Loaded:
		a.find(redReauthorize, n.Key, n.At, "%s found the grant dead, but had its newest pair %s in the store", n.Process, newest.mark)
	case newest.saved == 0 && newest.by.Request != "":
		if fate, _ := a.fateOfAnswer(newest.by, n.At); fate == fateHeld {
			a.find(redReauthorize, n.Key, n.At, "%s found the grant dead, but %s has its newest pair %s", n.Process, processOf(newest.by.Request), newest.mark)
		}
	}
}

// judgeTold is about a call that was told ErrReauthorize although the store had
// had a good pair for longer than it takes to find it, in quiet.
func (a *audit) judgeTold(n note) {
	since := n.Loaded - int64(tellMargin)
	g := a.current(n.Key, since)
	if g == nil || g != a.current(n.Key, n.At) {
		return
	}
	newest := g.newest(n.At)
	if newest.saved == 0 || newest.saved > since ||
		a.troubled(workerOf(n.Process), since, n.At, faultStop, faultStoreCut, faultStoreSlow, faultRestart) {
		return
	}
	a.find(redReauthorize, n.Key, n.At, "a call of %s was told that the grant is gone, but the store has had its newest pair %s for %v",
		n.Process, newest.mark, time.Duration(n.At-newest.saved))
}
