package sealed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/filestore"
	"github.com/freshgrant/gitlab/store/sealed"
	"github.com/freshgrant/gitlab/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// aead is AES with a key that consists of one byte's repetitions.
func aead(t testing.TB, key byte) sealed.AEAD {
	t.Helper()
	a, err := sealed.AESGCM(bytes.Repeat([]byte{key}, 32))
	require.NoError(t, err)
	return a
}

// seal wraps a store with the AEADs of those keys, the newest first.
func seal(t testing.TB, inner gitlab.IdentityStore, keys ...byte) *sealed.Store {
	t.Helper()
	all := make([]sealed.AEAD, len(keys))
	for i, key := range keys {
		all[i] = aead(t, key)
	}
	s, err := sealed.New(inner, all[0], all[1:]...)
	require.NoError(t, err)
	return s
}

// data reads a stored form.
func data(t testing.TB, stored string) (d gitlab.OAuthData) {
	t.Helper()
	require.NoError(t, d.UnmarshalJSON([]byte(stored)))
	return d
}

// stored is the JSON that store keeps of key.
func stored(t testing.TB, store gitlab.IdentityStore, key string) string {
	t.Helper()
	id, err := store.LoadIdentity(t.Context(), key)
	require.NoError(t, err)
	text, err := json.Marshal(id.Data)
	require.NoError(t, err)
	return string(text)
}

const baseURL = "https://gitlab.example.com/git"

// sample is an identity with a secret in every place where one may be.
func sample(t testing.TB, key string) gitlab.Identity {
	t.Helper()
	return gitlab.Identity{Key: key, BaseURL: baseURL, Data: data(t, `{"access_token":"secret-access","refresh_token":"secret-refresh",
		"token_type":"Bearer","scope":"api openid","created_at":1700000000,"expires_at":1700007200,"id_token":"secret.id.token"}`)}
}

// save stores id and returns it with its new revision.
func save(t testing.TB, store gitlab.IdentityStore, id gitlab.Identity) gitlab.Identity {
	t.Helper()
	revision, err := store.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	id.Revision = revision
	return id
}

// put lets somebody else write the data of id into its row.
func put(t testing.TB, store gitlab.IdentityStore, id gitlab.Identity, d gitlab.OAuthData) {
	t.Helper()
	row, err := store.LoadIdentity(t.Context(), id.Key)
	require.NoError(t, err)
	row.Data = d
	save(t, store, row)
}

func TestSealedStoresAreStores(t *testing.T) {
	t.Parallel()
	inMemory := func(*testing.T) (a, b gitlab.IdentityStore) {
		store := gitlab.NewMemoryStore()
		return store, store
	}
	inFiles := func(t *testing.T) (a, b gitlab.IdentityStore) {
		dir := t.TempDir()
		a, err := filestore.New(dir)
		require.NoError(t, err)
		b, err = filestore.New(dir)
		require.NoError(t, err)
		return a, b
	}
	for _, test := range []struct {
		name  string
		open  func(*testing.T) (a, b gitlab.IdentityStore)
		a, b  []byte // keys
		twice bool
	}{
		{name: "on memory", open: inMemory, a: []byte{1}, b: []byte{1}},
		{name: "on files", open: inFiles, a: []byte{1}, b: []byte{1}},
		{name: "while keys change", open: inFiles, a: []byte{1, 2}, b: []byte{2, 1}},
		{name: "on a sealed store", open: inMemory, a: []byte{1}, b: []byte{1}, twice: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Fixture {
				a, b := test.open(t)
				if test.twice {
					a, b = seal(t, a, 3), seal(t, b, 3)
				}
				return storetest.Fixture{A: seal(t, a, test.a...), B: seal(t, b, test.b...)}
			})
		})
	}
}

func TestNothingOfTheGrantIsReadableInTheWrappedStore(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	id := save(t, seal(t, inner, 1), sample(t, "user-1"))

	row, err := inner.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, baseURL, row.BaseURL)
	assert.Equal(t, id.Revision, row.Revision)
	text := stored(t, inner, "user-1")
	assert.Regexp(t, `^\{"access_token":"","sealed":"sealed:v1:[A-Za-z0-9+/]+"\}$`, text)
	for _, secret := range []string{"secret", "Bearer", "api", "1700007200"} {
		assert.NotContains(t, text, secret)
	}
}

func TestTheSameIdentityIsNeverSealedToTheSameText(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	store := seal(t, inner, 1)
	id := save(t, store, sample(t, "user-1"))
	first := stored(t, inner, "user-1")
	save(t, store, id)
	assert.NotEqual(t, first, stored(t, inner, "user-1"))
}

func TestPlainRowIsReadAndSealedByItsNextSave(t *testing.T) {
	t.Parallel()
	inner := gitlab.NewMemoryStore()
	store := seal(t, inner, 1)
	plain := save(t, inner, sample(t, "user-1"))

	id, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, plain, id)
	assert.Contains(t, stored(t, inner, "user-1"), "secret-access", "a load changes nothing")

	id = save(t, store, id)
	assert.NotContains(t, stored(t, inner, "user-1"), "secret")
	loaded, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)
}

func TestPlainMembersThatAreCalledSealedToo(t *testing.T) {
	t.Parallel()
	for _, foreign := range []string{`"sealed":true`, `"sealed":"with a kiss"`, `"Sealed":"sealed:v1:AAAA"`, `"sealed":null`} {
		inner := gitlab.NewMemoryStore()
		store := seal(t, inner, 1)
		id := sample(t, "user-1")
		id.Data = data(t, `{"access_token":"secret-access",`+foreign+`}`)
		save(t, inner, id)
		id, err := store.LoadIdentity(t.Context(), "user-1")
		require.NoError(t, err, foreign)
		save(t, store, id)
		loaded, err := store.LoadIdentity(t.Context(), "user-1")
		require.NoError(t, err, foreign)
		assert.Equal(t, id.Data, loaded.Data)
	}
}

// leased is a store whose lock is told apart by its address.
type leased struct {
	*gitlab.MemoryStore

	lock gitlab.IdentityLock
	err  error
}

func (s *leased) LockIdentity(context.Context, string) (*gitlab.IdentityLock, error) {
	return &s.lock, s.err
}

func TestLockIsThatOfTheWrappedStore(t *testing.T) {
	t.Parallel()
	inner := &leased{MemoryStore: gitlab.NewMemoryStore(), lock: gitlab.IdentityLock{Abandoned: true}}
	lock, err := seal(t, inner, 1).LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Same(t, &inner.lock, lock)

	inner.err = context.DeadlineExceeded
	_, err = seal(t, inner, 1).LockIdentity(t.Context(), "user-1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNewRefusesWhatWouldLoseTokens(t *testing.T) {
	t.Parallel()
	_, err := sealed.New(nil, aead(t, 1))
	require.ErrorContains(t, err, "no store")
	_, err = sealed.New(gitlab.NewMemoryStore(), nil)
	require.ErrorContains(t, err, "AEAD 1 of 1 is nil")
	_, err = sealed.New(gitlab.NewMemoryStore(), aead(t, 1), aead(t, 2), nil)
	require.ErrorContains(t, err, "AEAD 3 of 3 is nil")
}

func TestKeysOfAnotherLengthAreRefused(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 16, 24, 31, 33, 44, 64} {
		_, err := sealed.AESGCM([]byte(strings.Repeat("k", n)))
		require.ErrorContains(t, err, "has 32 bytes", "%d bytes", n)
		assert.NotContains(t, err.Error(), "kkk")
	}
}
