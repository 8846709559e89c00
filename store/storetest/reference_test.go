package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

// reference is a store with leases, in memory, that breaks one rule on demand:
// the one that fault names, or none.
type reference struct {
	fault string

	mu        sync.Mutex // guards all below
	stored    map[string]gitlab.Identity
	saves     int
	leases    map[string]*lease
	abandoned map[string]bool
}

// lease is the lock of one key; its pointer is who holds it.
type lease struct {
	holder  *handle
	expired bool
	end     context.CancelFunc
}

// handle is one process's view of the data.
type handle struct {
	*reference

	seen sync.Map // key → identity, for the fault of caching
}

func openReference(fault string) Fixture {
	r := &reference{
		fault:     fault,
		stored:    make(map[string]gitlab.Identity),
		leases:    make(map[string]*lease),
		abandoned: make(map[string]bool),
	}
	f := Fixture{A: &handle{reference: r}, B: &handle{reference: r}}
	if fault != "" { // what must happen does not
		f.Patience = time.Second
	}
	if r.is("handles of their own data") {
		f.B = gitlab.NewMemoryStore()
	}
	f.Abandon = func(t *testing.T, key string) {
		Fixture{Patience: time.Minute}.lock(t, &handle{reference: r}, key)
		r.expire(key, false)
	}
	f.LoseLease = func(_ *testing.T, _ gitlab.IdentityStore, key string) {
		r.expire(key, !r.is("leases that end silently"))
	}
	return f
}

func (r *reference) is(fault string) bool { return r.fault == fault }

func (r *reference) expire(key string, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.leases[r.row(key)]
	l.expired = true
	if tell {
		l.end()
	}
}

// row is what a key is stored under.
func (r *reference) row(key string) string {
	switch {
	case r.is("keys case-folded"):
		return strings.ToLower(key)
	case r.is("keys cut at a NUL"):
		key, _, _ = strings.Cut(key, "\x00")
	case r.is("keys made valid UTF-8"):
		return strings.ToValidUTF8(key, "\ufffd")
	}
	return key
}

func (h *handle) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if err := ctx.Err(); err != nil && !h.is("context ignored") {
		return gitlab.Identity{}, err
	}
	if cached, ok := h.seen.Load(key); ok && h.is("loads cached") {
		return cached.(gitlab.Identity), nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	id, ok := h.stored[h.row(key)]
	switch {
	case !ok && h.is("nothing found without an error"):
		return gitlab.Identity{}, nil
	case !ok:
		return gitlab.Identity{}, gitlab.ErrIdentityNotFound
	}
	h.seen.Store(key, id)
	return id, nil
}

func (h *handle) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if id.Key == "" && !h.is("the empty key allowed") {
		return "", errors.New("the key is empty")
	}
	if err := ctx.Err(); err != nil && !h.is("context ignored") {
		return "", err
	}
	key := h.row(id.Key)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.is("saves wait for the lock") {
		h.awaitUnlock(key)
	}
	current, ok := h.stored[key]
	if h.is("compare and swap in two steps") || h.is("deletes in two steps") && ok {
		h.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		h.mu.Lock()
	}
	if h.is("a refused save ends the abandonment") {
		h.endAbandonment(key)
	}
	switch {
	case current.Revision == id.Revision, h.is("no compare and swap"):
	case !ok && h.is("deleted identities come back"), ok && id.Revision == "" && h.is("creates replace"):
	default:
		return "", gitlab.ErrIdentityConflict
	}
	h.saves++
	id.Revision = "r" + strconv.Itoa(h.saves)
	switch {
	case h.is("revisions start anew"):
		number, _ := strconv.Atoi(strings.TrimPrefix(current.Revision, "r"))
		id.Revision = "r" + strconv.Itoa(number+1)
	case h.is("the same content keeps its revision") && current.Data == id.Data:
		id.Revision = cmp.Or(current.Revision, id.Revision)
	}
	h.stored[key] = h.kept(id)
	if !h.is("abandoned for ever") {
		h.endAbandonment(key)
	}
	return id.Revision, nil
}

// endAbandonment is called with the mutex held.
func (r *reference) endAbandonment(key string) {
	r.abandoned[key] = false
	if l := r.leases[key]; l != nil && l.expired {
		delete(r.leases, key)
	}
}

// kept is id as this store keeps it.
func (h *handle) kept(id gitlab.Identity) gitlab.Identity {
	known := gitlab.OAuthData{
		AccessToken: id.Data.AccessToken, RefreshToken: id.Data.RefreshToken, TokenType: id.Data.TokenType,
		Scope: id.Data.Scope, CreatedAt: id.Data.CreatedAt, ExpiresAt: id.Data.ExpiresAt,
	}
	switch {
	case h.is("the base URL forgotten"):
		id.BaseURL = ""
	case h.is("the scope forgotten"):
		id.Data.Scope = ""
	case h.is("unknown members forgotten"):
		id.Data = known
	case h.is("unknown numbers as floats"):
		var all map[string]any
		stored, _ := json.Marshal(id.Data)
		_ = json.Unmarshal(stored, &all)
		stored, _ = json.Marshal(all)
		_ = json.Unmarshal(stored, &id.Data)
	case h.is("zero times as 1970"):
		id.Data.ExpiresAt = time.Unix(id.Data.ExpiresAt.Unix()*min(1, max(0, id.Data.ExpiresAt.Unix())), 0)
	}
	return id
}

func (h *handle) DeleteIdentity(ctx context.Context, key, revision string) error {
	if err := ctx.Err(); err != nil && !h.is("context ignored") {
		return err
	}
	key = h.row(key)
	h.mu.Lock()
	defer h.mu.Unlock()
	id, ok := h.stored[key]
	if h.is("deletes in two steps") {
		h.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		h.mu.Lock()
	}
	switch {
	case !ok && h.is("deletes of nothing succeed"):
		return nil
	case !ok:
		return gitlab.ErrIdentityNotFound
	case id.Revision != revision && !h.is("deletes without compare"):
		return gitlab.ErrIdentityConflict
	case !h.is("deletes forgotten"):
		delete(h.stored, key)
	}
	return nil
}

// awaitUnlock is called, and returns, with the mutex held.
func (r *reference) awaitUnlock(key string) {
	for r.leases[key] != nil && !r.leases[key].expired {
		r.mu.Unlock()
		time.Sleep(time.Millisecond)
		r.mu.Lock()
	}
}

func (h *handle) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	if key == "" && !h.is("the empty key allowed") {
		return nil, errors.New("the key is empty")
	}
	row := h.row(key)
	switch {
	case h.is("one lock for all keys"):
		row = ""
	case h.is("a lock needs a stored key"):
		if _, err := h.LoadIdentity(ctx, key); err != nil {
			return nil, err
		}
	}
	for first := true; ; first = false {
		if ctx.Err() != nil && !(first && h.is("a free lock given to an ended context")) && !h.is("waiters that stay") {
			return nil, ctx.Err()
		}
		if l := h.take(ctx, row); l != nil {
			return l, nil
		}
		time.Sleep(time.Millisecond)
	}
}

// take takes the lock if it is free.
func (h *handle) take(ctx context.Context, key string) *gitlab.IdentityLock {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.leases[key]
	free := old == nil || old.expired || h.is("no exclusion") || h.is("exclusion within a handle") && old.holder != h
	if !free {
		return nil
	}
	if old != nil && old.expired && !h.is("never abandoned") {
		h.abandoned[key] = true
	}
	abandoned := h.abandoned[key]
	switch {
	case h.is("all locks abandoned if one is"):
		for _, other := range h.leases {
			abandoned = abandoned || other.expired
		}
	case h.is("abandoned once"):
		h.abandoned[key] = false
	}
	base := context.WithoutCancel(ctx)
	if h.is("locks end with their context") {
		base = ctx
	}
	lease := &lease{holder: h}
	var c context.Context
	c, lease.end = context.WithCancel(base)
	h.leases[key] = lease
	return &gitlab.IdentityLock{Context: c, Abandoned: abandoned, Unlock: func() { h.unlock(key, lease) }}
}

func (h *handle) unlock(key string, mine *lease) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.is("contexts that live on") {
		mine.end()
	}
	if h.leases[key] == mine || h.is("anyone's lock unlocked") {
		switch {
		case h.is("never unlocked"):
		case h.is("unlocks that count as deaths"):
			h.abandoned[key] = true
			fallthrough
		default:
			delete(h.leases, key)
		}
	}
}
