package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// revisions are about compare-and-swap, one caller at a time.
func revisions() []behaviour {
	return []behaviour{
		{"creating what is stored conflicts", createsOnce},
		{"a stale save conflicts and changes nothing", refusesStaleSaves},
		{"a save of what was never stored conflicts", savesNothingUnknown},
		{"a save of a deleted identity conflicts and does not bring it back", neverResurrects},
		{"a stale delete conflicts and removes nothing", refusesStaleDeletes},
		{"every save changes the revision", changesRevisions},
		{"a revision is not used again after delete and create", neverReusesRevisions},
	}
}

// conflicts asserts that id cannot be saved through either handle.
func (f Fixture) conflicts(t *testing.T, id gitlab.Identity) {
	t.Helper()
	for _, store := range []gitlab.IdentityStore{f.A, f.B} {
		_, err := store.SaveIdentity(t.Context(), id)
		require.ErrorIs(t, err, gitlab.ErrIdentityConflict)
	}
}

func createsOnce(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.conflicts(t, rotated(sample(t, key), "access-2"))
	f.conflicts(t, sample(t, key)) // not even with what is stored
	f.stored(t, id)
}

func refusesStaleSaves(t *testing.T, f Fixture) {
	first := create(t, f.A, key)
	second := save(t, f.B, rotated(first, "access-2"))
	f.conflicts(t, rotated(first, "access-3"))
	f.conflicts(t, first)

	foreign := rotated(second, "access-4")
	foreign.Revision = create(t, f.A, "user-2").Revision + "0"
	f.conflicts(t, foreign)
	f.stored(t, second)
}

func savesNothingUnknown(t *testing.T, f Fixture) {
	id := sample(t, key)
	id.Revision = create(t, f.A, "user-2").Revision
	f.conflicts(t, id)
	f.missing(t, key)
}

func neverResurrects(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	remove(t, f.B, id)
	f.conflicts(t, rotated(id, "access-2"))
	f.missing(t, key)
}

func refusesStaleDeletes(t *testing.T, f Fixture) {
	first := create(t, f.A, key)
	second := save(t, f.A, rotated(first, "access-2"))
	for _, stale := range []string{first.Revision, "", second.Revision + "0"} {
		require.ErrorIs(t, f.A.DeleteIdentity(t.Context(), key, stale), gitlab.ErrIdentityConflict)
		require.ErrorIs(t, f.B.DeleteIdentity(t.Context(), key, stale), gitlab.ErrIdentityConflict)
	}
	f.stored(t, second)
}

func changesRevisions(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	seen := map[string]bool{id.Revision: true}
	for i := range 10 {
		store := f.A
		if i%2 == 1 {
			store = f.B
		}
		id = save(t, store, id) // the same content again and again
		require.False(t, seen[id.Revision], "revision %q was used before", id.Revision)
		seen[id.Revision] = true
	}
}

// A process that saw the identity before it was deleted must not take a new one
// of the same key for it.
func neverReusesRevisions(t *testing.T, f Fixture) {
	first := create(t, f.A, key)
	remove(t, f.A, first)
	second := create(t, f.B, key)
	require.NotEqual(t, first.Revision, second.Revision)
	f.conflicts(t, rotated(first, "access-2"))
	require.ErrorIs(t, f.A.DeleteIdentity(t.Context(), key, first.Revision), gitlab.ErrIdentityConflict)
	f.stored(t, second)

	remove(t, f.A, second)
	third := create(t, f.A, key)
	require.NotContains(t, []string{first.Revision, second.Revision}, third.Revision)
}
