package main

import "slices"

// A grant is what one sign-in gave, and all pairs that were made of it since.
type grant struct {
	key    string
	number int     // of the key, counted from 0
	pairs  []*pair // in the order of GitLab's decisions
	stored int64   // when the sign-in was stored; 0: it was not yet
}

// A pair is known by the mark of its refresh token.
type pair struct {
	mark  string
	grant *grant
	by    *spend // the request that it was given out for; of no process for a sign-in
	spent *spend // the request that used it up; nil: none
	saved int64  // when a process was told first that the store has it; 0: never
}

// A life is one process's.
type life struct {
	started, ended int64 // 0: not yet
	killed, done   bool
	unclean        string // why its Shutdown failed
}

// deadAt reports whether the process was gone.
func (l *life) deadAt(at int64) bool { return l == nil || l.ended != 0 && l.ended <= at }

// records are the ledger and the history, put together.
type records struct {
	spends   []spend
	pairs    map[string]*pair
	byKey    map[string][]*grant
	requests map[string]*spend // by name
	posts    map[string]note
	answers  map[string]note
	lives    map[string]*life
	events   []note // noteEvent, noteTold, noteReplace
	troubles []trouble
	refused  map[string]int64 // by mark, when GitLab first refused the token
	dead     map[string]int   // deaths by point
	notes    int              // that were read
}

func newRecords() *records {
	return &records{
		pairs: map[string]*pair{}, byKey: map[string][]*grant{}, requests: map[string]*spend{},
		posts: map[string]note{}, answers: map[string]note{}, lives: map[string]*life{}, refused: map[string]int64{}, dead: map[string]int{},
	}
}

// addSpends takes over what GitLab has decided since the last time. A spend is
// known to be decided when its answer comes; a token that GitLab refuses before
// that was used up already.
func (r *records) addSpends(spends []spend) {
	for i := range spends {
		s := &spends[i]
		r.spends = append(r.spends, *s)
		if s.Request != "" {
			r.requests[s.Request] = s
		}
		if s.Refused == "invalid_grant" {
			r.usedUpBy(s.Token, s.Decided)
		}
		if s.Pair == "" {
			continue
		}
		made := &pair{mark: s.Pair, by: s}
		if s.Request == "" {
			made.grant = &grant{key: s.Key, number: len(r.byKey[s.Key])}
			r.byKey[s.Key] = append(r.byKey[s.Key], made.grant)
		} else {
			old := r.pairs[s.Token] // GitLab spends only what it gave out
			old.spent = s
			made.grant = old.grant
			if at, ok := r.refused[s.Token]; ok {
				r.usedUpBy(s.Token, at)
			}
		}
		made.grant.pairs = append(made.grant.pairs, made)
		r.pairs[made.mark] = made
	}
}

// usedUpBy notes that a token was not good at a moment.
func (r *records) usedUpBy(token string, at int64) {
	if first, ok := r.refused[token]; !ok || at < first {
		r.refused[token] = at
	}
	if shown := r.pairs[token]; shown != nil && shown.spent != nil {
		shown.spent.Decided = min(shown.spent.Decided, max(shown.spent.Arrived, at))
	}
}

// addNotes takes over what processes have said. What they say of a pair comes
// after GitLab's word on it, so the spends are to be added after fetching the
// notes and before adding them.
func (r *records) addNotes(notes []note) {
	for _, n := range notes {
		switch n.What {
		case notePost:
			r.posts[n.Request] = n
		case noteAnswer:
			r.answers[n.Request] = n
		case noteSaved, noteStored:
			if p := r.pairs[n.Pair]; p != nil && p.saved == 0 {
				p.saved = n.At
				if n.What == noteStored {
					p.grant.stored = n.At
				}
			}
		case noteStarted:
			r.lives[n.Process] = &life{started: n.At}
		case noteEnded:
			r.lives[n.Process].ended, r.lives[n.Process].killed = n.At, n.Point == "killed"
		case noteDone:
			r.lives[n.Process].done, r.lives[n.Process].unclean = true, n.Error
		case noteDies:
			r.dead[n.Point]++
		case noteEvent, noteTold, noteReplace:
			r.events = append(r.events, n)
		}
	}
	r.notes += len(notes)
}

// newest is the last pair of g that GitLab had made by then.
func (g *grant) newest(at int64) *pair {
	newest := g.pairs[0]
	for _, p := range g.pairs {
		if p.by.Decided <= at {
			newest = p
		}
	}
	return newest
}

// current is the last grant of key that was stored by then; nil: none.
func (r *records) current(key string, at int64) *grant {
	var current *grant
	for _, g := range r.byKey[key] {
		if g.stored != 0 && g.stored <= at {
			current = g
		}
	}
	return current
}

// troubled reports whether one of the kinds was at work on a worker between two
// moments.
func (r *records) troubled(worker string, from, to int64, kinds ...string) bool {
	for _, t := range r.troubles {
		if t.Worker != "" && t.Worker != worker || t.From > to || t.To != 0 && t.To < from {
			continue
		}
		if slices.Contains(kinds, t.Kind) {
			return true
		}
	}
	return false
}
