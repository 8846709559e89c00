package sealed_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sealed"
)

func TestOldValuesOpenAndNewOnesAreSealedWithTheNewKey(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	id := save(t, seal(t, inner, 1), sample(t, "user-1"))

	both := seal(t, inner, 3, 2, 1)
	loaded, err := both.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)
	id = save(t, both, loaded)

	loaded, err = seal(t, inner, 3).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err, "the new key alone opens it")
	assert.Equal(t, id, loaded)
	cannotOpen(t, seal(t, inner, 2, 1), inner, "user-1")
}

func TestReplicasInTheMiddleOfAKeyChangeReadEachOther(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	before, after := seal(t, inner, 1, 2), seal(t, inner, 2, 1)
	id := save(t, before, sample(t, "user-1"))
	for range 3 {
		id = save(t, after, id)
		id = save(t, before, id)
	}
	for _, store := range []*sealed.Store{before, after} {
		loaded, err := store.LoadIdentity(t.Context(), "user-1")
		require.NoError(t, err)
		assert.Equal(t, id, loaded)
	}
}

func TestResealNeedsNobodyToUseTheGrant(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	save(t, inner, sample(t, "plain"))
	save(t, seal(t, inner, 1), sample(t, "old"))
	store := seal(t, inner, 2, 1)
	for _, key := range []string{"plain", "old"} {
		require.NoError(t, store.Reseal(t.Context(), key))
		loaded, err := seal(t, inner, 2).LoadIdentity(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, sample(t, key).Data, loaded.Data)
		assert.NotContains(t, stored(t, inner, key), "secret")

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		lock, err := store.LockIdentity(ctx, key)
		require.NoError(t, err, "the lock was given back")
		lock.Unlock()
	}
	require.ErrorIs(t, store.Reseal(t.Context(), "nobody"), gitlab.ErrIdentityNotFound)
	require.Error(t, store.Reseal(t.Context(), ""))
	require.ErrorIs(t, seal(t, inner, 9).Reseal(t.Context(), "old"), sealed.ErrCannotOpen)
}

// overtaken is a store in which somebody signs in right after each of the first
// loads.
type overtaken struct {
	*gitlab.MemoryStore

	signIn func()
	times  int
}

func (s *overtaken) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if s.times > 0 {
		s.times--
		s.signIn()
	}
	return s.MemoryStore.SaveIdentity(ctx, id)
}

func TestResealKeepsTheNewerSignIn(t *testing.T) {
	t.Parallel()
	memory := gitlab.NewMemoryStore()
	plain := save(t, memory, sample(t, "user-1"))
	inner := &overtaken{MemoryStore: memory, times: 2}
	inner.signIn = func() {
		plain.Data.AccessToken += "+"
		plain = save(t, memory, plain)
	}
	require.NoError(t, seal(t, inner, 1).Reseal(t.Context(), "user-1"))
	loaded, err := seal(t, memory, 1).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, "secret-access++", loaded.Data.AccessToken)
	assert.NotContains(t, stored(t, memory, "user-1"), "secret")
}

func TestResealDoesNotHideAnAbandonedLock(t *testing.T) {
	t.Parallel()
	inner := &leased{MemoryStore: gitlab.NewMemoryStore(), lock: gitlab.IdentityLock{Abandoned: true, Context: t.Context()}}
	unlocked := 0
	inner.lock.Unlock = func() { unlocked++ }
	id := save(t, inner.MemoryStore, sample(t, "user-1"))
	require.ErrorContains(t, seal(t, inner, 1).Reseal(t.Context(), "user-1"), "is not resealed")
	row, err := inner.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id.Revision, row.Revision, "nothing was saved")
	assert.Equal(t, 1, unlocked)
}
