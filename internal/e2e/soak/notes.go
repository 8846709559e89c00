package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// A note is one line of what a process tells the controller.
type note struct {
	At   int64    `json:"at"` // Unix nanoseconds; one machine, one clock
	What noteKind `json:"what"`
	Key  string   `json:"key,omitempty"`

	Request string `json:"req,omitempty"`    // the token request that it is about
	Token   string `json:"token,omitempty"`  // mark of the refresh token that is spent
	Pair    string `json:"pair,omitempty"`   // mark of the refresh token that was got or saved
	Loaded  int64  `json:"loaded,omitempty"` // when the last look at the store began, before that request

	Point    string         `json:"point,omitempty"`
	Outcome  string         `json:"outcome,omitempty"` // a RefreshEvent's
	Attempts int            `json:"attempts,omitempty"`
	Calls    int            `json:"calls,omitempty"`  // since the last such note
	Failed   map[string]int `json:"failed,omitempty"` // of those, by kind
	Left     int            `json:"left,omitempty"`   // calls that their caller gave up, on top
	Error    string         `json:"error,omitempty"`

	Process string `json:"process,omitempty"` // whose note it is; the controller sets it
}

type noteKind string

const (
	noteReady   noteKind = "ready"    // the process can be used
	noteCounts  noteKind = "counts"   // Calls, Failed
	notePost    noteKind = "post"     // a token request begins
	noteAnswer  noteKind = "answer"   // it has ended: with Pair, or with Error
	noteSaved   noteKind = "saved"    // the store said that it has Pair
	noteEvent   noteKind = "event"    // a RefreshEvent; if it is about a dead grant, with its last request
	noteTold    noteKind = "told"     // a call was told ErrReauthorize; Loaded: when it began
	noteSignIn  noteKind = "sign-in"  // the plan wants the user to sign in now
	noteCut     noteKind = "cut"      // the plan wants the store to be cut now
	noteDies    noteKind = "dies"     // at Point
	noteDone    noteKind = "done"     // the process has shut down; Error: not cleanly
	noteStarted noteKind = "started"  // the controller's: a process began
	noteEnded   noteKind = "ended"    // the controller's: it is gone; Point "killed" if it did not end itself
	noteTrouble noteKind = "trouble"  // the controller's: a fault began or ended
	noteStored  noteKind = "stored"   // the controller's: a sign-in, Pair, is stored
	noteReplace noteKind = "replaced" // the controller's: what became of the grant before the sign-in
)

// mark is a name for a secret that tells nothing of it.
func mark(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:6])
}

// reporter writes notes, each in one piece, so that a process that is killed
// leaves whole lines.
type reporter struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (r *reporter) tell(n note) {
	n.At = time.Now().UnixNano()
	line, err := json.Marshal(n)
	if err != nil {
		panic(err) // notes are plain values
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(append(line, '\n')) // without a controller there is nobody to tell
}

// readNotes hands every note in r to got. What is no note goes to other.
func readNotes(r io.Reader, got func(note), other func(string)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n note
		if json.Unmarshal(lines.Bytes(), &n) != nil || n.What == "" {
			other(lines.Text())
			continue
		}
		got(n)
	}
}
