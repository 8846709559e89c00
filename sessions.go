package gitlab

import (
	"maps"
	"runtime"
	"sync"
	"time"
	"weak"
)

// idleTime is for how long at least a session that no client holds is kept. It
// is dropped after twice that time at the most, when other keys are used.
const idleTime = 30 * time.Minute

// sessions finds the one session of each key. Memory is bounded by the clients
// that the application holds and the keys of the last hour: a session is kept by
// its clients, by its I/O, and by the generation in which it was last asked for.
type sessions struct {
	mu      sync.RWMutex // guards all below
	all     map[string]weak.Pointer[session]
	young   map[string]*session
	old     map[string]*session // young, until the last change of generations
	changed time.Time
	most    int // how many all has had since it was made
}

// get returns the session of key, made by create if there is none.
func (c *sessions) get(key string, create func() *session) *session {
	if s := c.recent(key); s != nil {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.changed) >= idleTime {
		c.old, c.young, c.changed = c.young, make(map[string]*session), now
		c.shrink()
	}
	if s := c.young[key]; s != nil {
		return s
	}
	s := c.all[key].Value()
	if s == nil {
		s = create()
		if c.all == nil {
			c.all = make(map[string]weak.Pointer[session])
		}
		c.all[key] = weak.Make(s)
		c.most = max(c.most, len(c.all))
		runtime.AddCleanup(s, forget, gone{weak.Make(c), key})
	}
	c.young[key] = s
	delete(c.old, key)
	return s
}

// recent returns the session of key if it was asked for in this generation; nil:
// it was not, or the generation is over. Those who ask do not wait for each other.
func (c *sessions) recent(key string) *session {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if time.Since(c.changed) >= idleTime {
		return nil
	}
	return c.young[key]
}

// shrink gives back the memory of a crowd that has gone, which a map keeps. mu
// is held.
func (c *sessions) shrink() {
	if len(c.all) > c.most/4 {
		return
	}
	all := make(map[string]weak.Pointer[session], len(c.all))
	maps.Copy(all, c.all)
	c.all, c.most = all, len(all)
}

// gone is a session that is no more. It does not hold the sessions that it was
// one of: they would hold it, and all of a client that the application has
// dropped.
type gone struct {
	sessions weak.Pointer[sessions]
	key      string
}

// forget removes what is left of a session that is gone.
func forget(g gone) {
	c := g.sessions.Value()
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[g.key].Value() == nil { // else the key has another session by now
		delete(c.all, g.key)
	}
}
