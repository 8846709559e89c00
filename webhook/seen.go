package webhook

import (
	"context"
	"sync"
)

// Seen remembers which deliveries were handled, so that one that GitLab sends
// again is not handled again. Keys are those of [Delivery.Key].
//
// A delivery is remembered when its function has returned nil, and not before:
// one that failed is handled again, and so are two that come at the same time,
// or whose being handled could not be remembered. Both methods may be called
// concurrently.
type Seen interface {
	// Has reports whether key is remembered. With an error GitLab is told to
	// come again.
	Has(ctx context.Context, key string) (bool, error)
	// Remember remembers key, for as long as GitLab may send a delivery again. An
	// error goes to Config.OnError.
	Remember(ctx context.Context, key string) error
}

// MemorySeen is a [Seen] of one process that knows the newest keys.
type MemorySeen struct {
	mu   sync.Mutex // guards what follows
	keys map[string]struct{}
	ring []string // the keys, the oldest at next once it is full
	next int
}

// NewMemorySeen makes a MemorySeen that knows the newest size keys, at least one.
func NewMemorySeen(size int) *MemorySeen {
	return &MemorySeen{keys: make(map[string]struct{}), ring: make([]string, max(size, 1))}
}

// Has implements [Seen].
func (s *MemorySeen) Has(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.keys[key]
	return ok, nil
}

// Remember implements [Seen].
func (s *MemorySeen) Remember(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.keys[key]; ok || key == "" {
		return nil
	}
	delete(s.keys, s.ring[s.next])
	s.ring[s.next] = key
	s.keys[key] = struct{}{}
	s.next = (s.next + 1) % len(s.ring)
	return nil
}
