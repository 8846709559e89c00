package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// scene is one grant of w0.g0's: "old", signed in and stored, was spent for
// "new" by request w0.g0.1 at 100.
func scene() (*records, *grant) {
	r := newRecords()
	r.addSpends([]spend{
		{Key: "ann", Pair: "old", Arrived: 10, Decided: 10},
		{Request: "w0.g0.1", Token: "old", Pair: "new", Arrived: 100, Decided: 101},
	})
	r.addNotes([]note{
		{At: 1, What: noteStarted, Process: "w0.g0"},
		{At: 11, What: noteStored, Key: "ann", Pair: "old"},
		{At: 99, What: notePost, Key: "ann", Request: "w0.g0.1", Token: "old", Process: "w0.g0"},
	})
	return r, r.byKey["ann"][0]
}

func TestFateOfAGrant(t *testing.T) {
	t.Parallel()
	answered := note{At: 110, What: noteAnswer, Request: "w0.g0.1", Pair: "new", Process: "w0.g0"}
	unanswered := note{At: 110, What: noteAnswer, Request: "w0.g0.1", Error: "EOF", Process: "w0.g0"}
	killed := note{At: 120, What: noteEnded, Point: "killed", Process: "w0.g0"}
	ended := []note{{At: 119, What: noteDone, Process: "w0.g0"}, {At: 120, What: noteEnded, Process: "w0.g0"}}
	for name, row := range map[string]struct {
		notes   []note
		trouble trouble
		fault   string // of the rotation
		stored  string
		fate    fate
		cause   cause
	}{
		"stored":                              {nil, trouble{}, "", "new", fateAlive, ""},
		"on the way":                          {nil, trouble{}, "", "old", fateHeld, ""},
		"in a process":                        {[]note{answered}, trouble{}, "", "old", fateHeld, ""},
		"died with its process":               {[]note{answered, killed}, trouble{}, "", "old", fateWindow, causeUnsaved},
		"died while the store was away":       {[]note{answered, killed}, trouble{Kind: faultStoreCut, From: 105, To: 300}, "", "old", fateWindow, causeStoreDown},
		"the store was back before it died":   {[]note{answered, killed}, trouble{Kind: faultStoreCut, From: 90, To: 109}, "", "old", fateWindow, causeUnsaved},
		"its process died while it waited":    {[]note{killed}, trouble{}, "", "old", fateWindow, causeAsking},
		"forgotten by a process that ended":   {append([]note{answered}, ended...), trouble{}, "", "old", fateOutside, ""},
		"never arrived":                       {[]note{unanswered}, trouble{}, "", "old", fateOutside, ""},
		"swallowed":                           {[]note{unanswered}, trouble{}, swallowed, "old", fateWindow, causeSwallowed},
		"torn":                                {[]note{unanswered}, trouble{}, torn, "old", fateWindow, causeTorn},
		"cut off":                             {[]note{unanswered}, trouble{Kind: faultCut, Worker: "w0", From: 105, To: 300}, "", "old", fateWindow, causeCut},
		"stopped":                             {[]note{unanswered}, trouble{Kind: faultStop, Worker: "w0", From: 105, To: 300}, "", "old", fateWindow, causeStopped},
		"somebody else was cut off":           {[]note{unanswered}, trouble{Kind: faultCut, Worker: "w1", From: 105, To: 300}, "", "old", fateOutside, ""},
		"cut off too late to matter":          {[]note{unanswered}, trouble{Kind: faultCut, Worker: "w0", From: 111, To: 300}, "", "old", fateOutside, ""},
		"the store's failing excuses nothing": {append([]note{answered}, ended...), trouble{Kind: faultStoreCut, From: 105, To: 300}, "", "old", fateOutside, ""},
		"rolled back":                         {[]note{answered, {At: 115, What: noteSaved, Pair: "new", Process: "w0.g0"}}, trouble{}, "", "old", fateOutside, ""},
		"overwritten by who knows what":       {[]note{answered}, trouble{}, "", "other", fateOutside, ""},
	} {
		r, g := scene()
		r.addNotes(row.notes)
		r.troubles = []trouble{row.trouble}
		r.pairs["old"].spent.Fault = row.fault
		fate, cause := r.fate(g, row.stored, 200)
		assert.Equal(t, row.fate, fate, name)
		assert.Equal(t, row.cause, cause, name)
	}
}

// A server that works while others wait may refuse a token before the answer to
// the rotation that used it up is out.
func TestARefusalTellsThatTheTokenWasUsedUp(t *testing.T) {
	t.Parallel()
	refusal := spend{Request: "w1.g0.1", Token: "old", Refused: "invalid_grant", Arrived: 40, Decided: 60}
	rotation := spend{Request: "w0.g0.1", Token: "old", Pair: "new", Arrived: 50, Decided: 90}
	for name, spends := range map[string][]spend{
		"the refusal is known first":  {refusal, rotation},
		"the rotation is known first": {rotation, refusal},
	} {
		r := newRecords()
		r.addSpends([]spend{{Key: "ann", Pair: "old", Arrived: 10, Decided: 10}})
		r.addSpends(spends)
		g := r.byKey["ann"][0]
		assert.Equal(t, "old", g.newest(59).mark, name)
		assert.Equal(t, "new", g.newest(60).mark, name)
	}
}

func TestASecondSpendNeedsAnExplanation(t *testing.T) {
	t.Parallel()
	second := spend{Request: "w1.g0.1", Token: "old", Refused: "invalid_grant", Arrived: 500, Decided: 501}
	saved := note{At: 115, What: noteSaved, Pair: "new", Process: "w0.g0"}
	killed := note{At: 120, What: noteEnded, Point: "killed", Process: "w0.g0"}
	for name, row := range map[string]struct {
		notes     []note
		trouble   trouble
		fault     string // of the rotation
		lease     int64
		explained bool
	}{
		"nothing happened":                        {nil, trouble{}, "", 0, false},
		"the pair was saved":                      {[]note{saved}, trouble{}, "", 0, false},
		"its process died before it saved":        {[]note{killed}, trouble{}, "", 0, true},
		"its process died after it saved":         {[]note{saved, killed}, trouble{}, "", 0, false},
		"the answer was swallowed":                {nil, trouble{}, swallowed, 0, true},
		"its process stood still":                 {[]note{saved}, trouble{Kind: faultStop, Worker: "w0", From: 105, To: 114}, "", 0, false},
		"its process lost its lease":              {nil, trouble{Kind: faultStop, Worker: "w0", From: 115, To: 450}, "", 300, true},
		"the other stood still before it spent":   {[]note{saved}, trouble{Kind: faultStop, Worker: "w1", From: 80, To: 490}, "", 300, true},
		"the other's request was long on its way": {[]note{saved}, trouble{Kind: faultSlow, Worker: "w1", From: 495, To: 600}, "", 0, true},
	} {
		r, _ := scene()
		r.addNotes([]note{
			{At: 110, What: noteAnswer, Request: "w0.g0.1", Pair: "new", Process: "w0.g0"},
			{At: 1, What: noteStarted, Process: "w1.g0"},
			{At: 490, What: notePost, Request: "w1.g0.1", Token: "old", Loaded: 90, Process: "w1.g0"},
		})
		r.addNotes(row.notes)
		r.troubles = []trouble{row.trouble}
		rotation := r.pairs["old"].spent
		rotation.Fault = row.fault
		assert.Equal(t, row.explained, r.explained(&second, rotation, row.lease), name)
	}
}
