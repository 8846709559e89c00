package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// summary is the last line of a soak.
type summary struct {
	// Calls are those that workers made and told of, without those that their
	// caller gave up; FailedCalls, those that returned an error.
	Calls       int `json:"calls"`
	FailedCalls int `json:"failed_calls"`
	// Rotations are pairs that GitLab gave out for a refresh token; Posts, token
	// requests that reached it or a fault in front of it.
	Rotations int `json:"rotations"`
	Posts     int `json:"posts"`
	// DoubleSpends are token requests with a refresh token that a rotation had
	// used up, where no fault explains it. What does: the rotation's answer was
	// kept from the process that asked (swallowed, torn, its connection cut or
	// slow, the process stopped meanwhile), that process was killed before it had
	// saved, it lost its lease by standing still, or the second request was
	// itself held up on its way, or its process killed meanwhile. Contract line 5 asks again after a lost answer,
	// and line 7 once more after a refusal: both fall under that.
	DoubleSpends int `json:"double_spends"`
	// InvalidGrantWithoutFault are refusals by GitLab itself, not those of the
	// fault, that are an unexplained double spend or name a token that no
	// rotation had used up.
	InvalidGrantWithoutFault int `json:"invalid_grant_without_fault"`
	// ExplainedInvalidGrants are its refusals that a fault explains.
	ExplainedInvalidGrants int `json:"explained_invalid_grants"`
	// Grants are sign-ins that were stored; GrantsAlive, keys whose stored pair
	// is at the end the newest of the key's last grant, and good, as GitLab says.
	Grants      int `json:"grants"`
	GrantsAlive int `json:"grants_alive"`
	// LostInWindow are grants whose newest pair neither the store nor a live
	// process has, where a fault hit between GitLab's commit and the save: the
	// answer was kept from its process, as above, or the process was killed after
	// asking and before the store had the pair. A store that failed does not
	// excuse the loss of a pair that a process had got and lived to save.
	LostInWindow int `json:"lost_in_window"`
	// LostByCause are the same, by the fault that hit.
	LostByCause map[cause]int `json:"lost_by_cause"`
	// LostOutsideWindow are all others, and those whose newest pair the store had
	// and has no more.
	LostOutsideWindow int `json:"lost_outside_window"`
	// FalseReauthorize are verdicts (OutcomeDead) on a grant whose token was good,
	// or whose newest pair, or a later sign-in, was in the store when the process
	// last looked, or in the hands of a live process; and calls told
	// ErrReauthorize although the store had had a good pair for 5 s in quiet.
	FalseReauthorize int `json:"false_reauthorize"`
	// Kills are processes killed with SIGKILL; Faults, all other faults that
	// happened.
	Kills  int `json:"kills"`
	Faults int `json:"faults"`

	// What the numbers are made of.
	FailedByKind map[string]int `json:"failed_by_kind"`
	LeftCalls    int            `json:"left_calls"`     // that their caller gave up
	Outcomes     map[string]int `json:"outcomes"`       // of RefreshEvents
	KillsByPoint map[string]int `json:"kills_by_point"` // the points of a refresh, and "random"
	FaultsByKind map[string]int `json:"faults_by_kind"`

	// What was run.
	Store           string  `json:"store"`
	GitLab          string  `json:"gitlab"`
	Off             string  `json:"off,omitempty"`
	Seed            uint64  `json:"seed"`
	Seconds         float64 `json:"seconds"`
	CallP99         float64 `json:"call_p99_ms"` // without faults, measured before
	TokenLifetimeMS int64   `json:"token_lifetime_ms"`
}

// red reports whether a field is not 0 that must be.
func (s summary) red() bool {
	return s.DoubleSpends != 0 || s.InvalidGrantWithoutFault != 0 || s.LostOutsideWindow != 0 || s.FalseReauthorize != 0
}

// sum fills in what was counted and what the audit found.
func (s *summary) sum(a *audit, h *history) {
	s.Calls, s.LeftCalls, s.FailedByKind = h.calls, h.left, h.failed
	for _, count := range h.failed {
		s.FailedCalls += count
	}
	s.Outcomes = map[string]int{}
	for _, n := range a.events {
		if n.What == noteEvent {
			s.Outcomes[n.Outcome]++
		}
	}
	s.sumSpends(a)
	s.sumFaults(a)
	s.GrantsAlive, s.LostByCause, s.ExplainedInvalidGrants = a.alive, a.lost, a.explainedRefusals
	for _, count := range a.lost {
		s.LostInWindow += count
	}
	for _, f := range a.findings {
		switch f.field {
		case redDoubleSpend:
			s.DoubleSpends++
		case redRefused:
			s.InvalidGrantWithoutFault++
		case redLost:
			s.LostOutsideWindow++
		case redReauthorize:
			s.FalseReauthorize++
		}
	}
}

func (s *summary) sumSpends(a *audit) {
	for _, spend := range a.spends {
		if spend.Request == "" {
			continue
		}
		s.Posts++
		if spend.Pair != "" {
			s.Rotations++
		}
	}
	for _, grants := range a.byKey {
		for _, g := range grants {
			if g.stored != 0 {
				s.Grants++
			}
		}
	}
}

// sumFaults adds those that happened in time to those of GitLab.
func (s *summary) sumFaults(a *audit) {
	for _, l := range a.lives {
		if l.killed {
			s.Kills++
		}
	}
	s.KillsByPoint = map[string]int{"random": s.Kills}
	for _, point := range points {
		s.KillsByPoint[point] = a.dead[point]
		s.KillsByPoint["random"] -= a.dead[point]
	}
	for _, t := range a.troubles {
		kind := t.Kind
		if kind == faultStop && a.lease > 0 && t.To-t.From > int64(a.lease) {
			kind = "stop past the lease"
		}
		s.FaultsByKind[kind]++
	}
	for _, count := range s.FaultsByKind {
		s.Faults += count
	}
}

// isGood asks GitLab whether a refresh token can be spent.
func (p gitlabPlace) isGood(ctx context.Context, token string) (bool, error) {
	var good bool
	err := p.ask(ctx, "POST", "/good?token="+url.QueryEscape(token), &good)
	return good, err
}

// explain tells the story of the first findings.
func explain(w io.Writer, findings []finding, h *history, spends []spend) {
	slices.SortFunc(findings, func(a, b finding) int { return int(min(1, max(-1, a.at-b.at))) })
	for i, f := range findings {
		fmt.Fprintf(w, "RED %s: %s: %s\n", f.field, f.key, f.text)
		if i < 3 {
			fmt.Fprint(w, story(f, h, spends))
		}
	}
}

// story is what happened to a key around a finding, in the order of time.
func story(f finding, h *history, spends []spend) string {
	type line struct {
		at   int64
		text string
	}
	var lines []line
	tokens := map[string]bool{}
	for _, n := range h.notes {
		if n.Key == f.key || n.Key == "" && (n.What == noteEnded || n.What == noteStarted) {
			tokens[n.Token], tokens[n.Pair] = true, true
			lines = append(lines, line{n.At, fmt.Sprintf("%-8s %s", n.Process, strings.Join(strings.Fields(fmt.Sprint(
				n.What, " ", n.Request, " ", n.Token, " ", n.Pair, " ", n.Point, " ", n.Outcome, " ", n.Error)), " "))})
		}
	}
	for _, s := range spends {
		if s.Request != "" && tokens[s.Token] || s.Key == f.key {
			lines = append(lines, line{s.Arrived, fmt.Sprintf("gitlab   %s %s -> %s%s %s (decided +%dms, answered %v)", s.Request, s.Token, s.Pair, s.Refused,
				s.Fault, (s.Decided-s.Arrived)/1e6, s.Answered != 0)})
		}
	}
	for _, t := range h.troubles {
		if t.Kind == faultExpire {
			continue // too many to be of interest
		}
		lines = append(lines, line{t.From, fmt.Sprintf("trouble  %s %s for %dms", t.Kind, t.Worker, (t.To-t.From)/1e6)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return int(min(1, max(-1, a.at-b.at))) })
	var b strings.Builder
	for _, l := range lines {
		if ms := (l.at - f.at) / 1e6; ms > -15_000 && ms < 5_000 {
			fmt.Fprintf(&b, "  %+7dms %s\n", ms, l.text)
		}
	}
	return b.String()
}
