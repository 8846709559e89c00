// Package storetest proves that a store of identities keeps the contract of
// [gitlab.IdentityStore]. A store is done when [Run] passes:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Fixture {
//			dir := t.TempDir()
//			return storetest.Fixture{A: open(t, dir), B: open(t, dir)}
//		})
//	}
//
// It is meant for tests alone.
package storetest

import (
	"cmp"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

// Fixture is one store, empty at first, with the means to do to it what the
// interface cannot: take its holders away.
type Fixture struct {
	// A and B are two handles on the same data, as two processes would have
	// them. They are the same value where a store cannot be opened twice.
	A, B gitlab.IdentityStore

	// Abandon takes the lock of key as a third party and ends it as SIGKILL
	// ends a process: nothing is given back, nothing is renewed. It returns
	// when the lock can be had again, so with leases when this one has run out.
	// nil: no holder can end without the whole store; what is proved with it
	// is skipped.
	Abandon func(t *testing.T, key string)

	// LoseLease makes the lease of key, whose lock was taken through holder (A
	// or B), run out while its holder lives: its renewals fail from now on. It
	// returns when the lock can be had by others. nil: a lease lasts as long
	// as its holder; what is proved with it is skipped.
	LoseLease func(t *testing.T, holder gitlab.IdentityStore, key string)

	// Patience is how long the suite waits for what must happen. 0: 10 s.
	Patience time.Duration
}

// glance is how long the suite watches for what must not happen.
const glance = 50 * time.Millisecond

// behaviour is one thing that every store does.
type behaviour struct {
	name  string
	prove func(t *testing.T, f Fixture)
}

// Run proves every behaviour in a subtest of its own, named after it. It calls
// open for each of them, concurrently; every Fixture must have data of its own,
// and cleans up through t.Cleanup. Run returns when all subtests are done.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	group := func(name string, all ...[]behaviour) {
		t.Run(name, func(t *testing.T) {
			for _, some := range all {
				for _, b := range some {
					t.Run(b.name, func(t *testing.T) {
						t.Parallel()
						f := open(t)
						f.Patience = cmp.Or(f.Patience, 10*time.Second)
						b.prove(t, f)
					})
				}
			}
		})
	}
	group("identity", values(), revisions(), keys(), races())
	group("lock", locks())
	group("lease", deaths(), losses())
}
