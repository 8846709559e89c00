package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// history is everything that was seen, in the order of its arrival here.
type history struct {
	mu       sync.Mutex // guards all below
	notes    []note     // without counts
	calls    int
	left     int
	failed   map[string]int
	troubles []*trouble
}

// A trouble is a fault that takes time.
type trouble struct {
	Kind   string // faultStop, faultCut, …
	Worker string // whom it is about; "": all
	From   int64
	To     int64 // 0: it goes on
}

func (h *history) add(n note) {
	if n.At == 0 {
		n.At = time.Now().UnixNano()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if n.What != noteCounts {
		h.notes = append(h.notes, n)
		return
	}
	h.calls += n.Calls
	h.left += n.Left
	if h.failed == nil {
		h.failed = map[string]int{}
	}
	for kind, count := range n.Failed {
		h.failed[kind] += count
	}
}

// begin notes a trouble; call what it returns when that is over.
func (h *history) begin(kind, worker string) (over func()) {
	t := &trouble{Kind: kind, Worker: worker, From: time.Now().UnixNano()}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.troubles = append(h.troubles, t)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		t.To = time.Now().UnixNano()
	}
}

// since returns the notes from the nth on.
func (h *history) since(n int) []note {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notes[n:len(h.notes):len(h.notes)]
}

// write writes all of it, and the ledger, as JSON lines.
func (h *history) write(w io.Writer, spends []spend) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	enc := json.NewEncoder(w)
	for _, n := range h.notes {
		if err := enc.Encode(n); err != nil {
			return err
		}
	}
	for _, t := range h.troubles {
		if err := enc.Encode(t); err != nil {
			return err
		}
	}
	for _, s := range spends {
		if err := enc.Encode(s); err != nil {
			return err
		}
	}
	return nil
}
