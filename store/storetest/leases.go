package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// deaths are about holders that end without unlocking.
func deaths() []behaviour {
	all := []behaviour{
		{"the lock of a dead holder is free, and abandoned", freesTheLockOfTheDead},
		{"an unlock without a save leaves the lock abandoned", staysAbandoned},
		{"a save without the lock ends the abandonment", savesEndAbandonment},
		{"a save under the lock ends the abandonment", holdersEndAbandonment},
		{"a refused save does not end the abandonment", conflictsEndNothing},
		{"an abandoned lock says nothing of other keys", abandonsOneKey},
		{"what was deleted and created anew is not abandoned", createsAfresh},
	}
	for i, b := range all {
		all[i].prove = func(t *testing.T, f Fixture) {
			if f.Abandon == nil {
				t.Skip("no holder of this store can end without it")
			}
			b.prove(t, f)
		}
	}
	return all
}

func freesTheLockOfTheDead(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.Abandon(t, key)
	assert.True(t, f.lock(t, f.B, key).Abandoned)
	f.stored(t, id)
}

func staysAbandoned(t *testing.T, f Fixture) {
	create(t, f.A, key)
	f.Abandon(t, key)
	for _, store := range []gitlab.IdentityStore{f.B, f.A, f.A, f.B} {
		require.True(t, f.lockBriefly(t, store, key))
	}
	f.Abandon(t, key)
	require.True(t, f.lockBriefly(t, f.A, key), "after another holder died")
}

func savesEndAbandonment(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.Abandon(t, key)
	save(t, f.A, rotated(id, "access-2"))
	require.False(t, f.lockBriefly(t, f.B, key), "saved before the next holder came")

	f.Abandon(t, key)
	require.True(t, f.lockBriefly(t, f.B, key), "another holder died since")
}

func holdersEndAbandonment(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.Abandon(t, key)
	held := f.lock(t, f.A, key)
	require.True(t, held.Abandoned)
	save(t, f.A, rotated(id, "access-2"))
	held.Unlock()
	require.False(t, f.lockBriefly(t, f.B, key))
}

func conflictsEndNothing(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.Abandon(t, key)
	f.conflicts(t, sample(t, key))
	require.ErrorIs(t, f.A.DeleteIdentity(t.Context(), key, id.Revision+"0"), gitlab.ErrIdentityConflict)
	f.stored(t, id)
	require.True(t, f.lockBriefly(t, f.B, key))
}

func abandonsOneKey(t *testing.T, f Fixture) {
	create(t, f.A, "a")
	other := create(t, f.A, "A")
	f.Abandon(t, "a")
	require.False(t, f.lockBriefly(t, f.B, "A"))
	save(t, f.A, other)
	require.True(t, f.lockBriefly(t, f.B, "a"), "only the other key was saved")
}

func createsAfresh(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.Abandon(t, key)
	remove(t, f.A, id)
	create(t, f.B, key)
	require.False(t, f.lockBriefly(t, f.A, key))
}

// losses are about holders that live on after their lease.
func losses() []behaviour {
	all := []behaviour{
		{"a lost lease ends the context of its holder", endsWithTheLease},
		{"a lost lease is abandoned for the next holder", abandonsLostLeases},
		{"the late save of a lost lease conflicts with the next holder's", refusesLateSaves},
		{"the late save of a lost lease is kept if nobody saved since", keepsLateSaves},
		{"unlocking a lost lease frees nobody else's lock", unlocksOnlyItsOwn},
	}
	for i, b := range all {
		all[i].prove = func(t *testing.T, f Fixture) {
			if f.LoseLease == nil {
				t.Skip("no lease of this store can be lost while its holder lives")
			}
			b.prove(t, f)
		}
	}
	return all
}

func endsWithTheLease(t *testing.T, f Fixture) {
	create(t, f.A, key)
	held := f.lock(t, f.A, key)
	f.LoseLease(t, f.A, key)
	f.ends(t, held.Context, "the lease was lost")
}

func abandonsLostLeases(t *testing.T, f Fixture) {
	create(t, f.A, key)
	f.lock(t, f.A, key)
	f.LoseLease(t, f.A, key)
	require.True(t, f.lock(t, f.B, key).Abandoned)
}

func refusesLateSaves(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.lock(t, f.A, key)
	f.LoseLease(t, f.A, key)
	held := f.lock(t, f.B, key)
	theirs := save(t, f.B, rotated(id, "access-2"))
	_, err := f.A.SaveIdentity(t.Context(), rotated(id, "access-3"))
	require.ErrorIs(t, err, gitlab.ErrIdentityConflict)
	f.stored(t, theirs)
	require.NoError(t, held.Context.Err())
}

// The old holder may come back with the only pair that still works.
func keepsLateSaves(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.lock(t, f.A, key)
	f.LoseLease(t, f.A, key)
	held := f.lock(t, f.B, key)
	f.stored(t, save(t, f.A, rotated(id, "access-2")))
	held.Unlock()
	require.False(t, f.lockBriefly(t, f.B, key))
}

func unlocksOnlyItsOwn(t *testing.T, f Fixture) {
	create(t, f.A, key)
	lost := f.lock(t, f.A, key)
	f.LoseLease(t, f.A, key)
	held := f.lock(t, f.B, key)
	lost.Unlock()
	f.ask(t, f.A, key).waits(t)
	require.NoError(t, held.Context.Err())
}
