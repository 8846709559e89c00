package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// key is the key of tests that need only one.
const key = "user-1"

// data reads a stored form.
func data(t *testing.T, stored string) gitlab.OAuthData {
	t.Helper()
	var d gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(stored), &d))
	return d
}

// sample is an identity that was not stored yet.
func sample(t *testing.T, key string) gitlab.Identity {
	t.Helper()
	return gitlab.Identity{
		Key:     key,
		BaseURL: "https://gitlab.example.com/git",
		Data: data(t, `{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer","scope":"api read_user",
			"created_at":1700000000,"expires_at":1700007200,"id_token":"header.claims.signature"}`),
	}
}

// save stores id, which must succeed, and returns it with its new revision.
func save(t *testing.T, store gitlab.IdentityStore, id gitlab.Identity) gitlab.Identity {
	t.Helper()
	revision, err := store.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	require.NotEmpty(t, revision, "the revision of a stored identity")
	id.Revision = revision
	return id
}

// create stores a sample under key.
func create(t *testing.T, store gitlab.IdentityStore, key string) gitlab.Identity {
	t.Helper()
	return save(t, store, sample(t, key))
}

// rotated is id with another pair of tokens.
func rotated(id gitlab.Identity, access string) gitlab.Identity {
	id.Data.AccessToken = access
	id.Data.RefreshToken = "refresh of " + access
	return id
}

// remove deletes id, which must succeed.
func remove(t *testing.T, store gitlab.IdentityStore, id gitlab.Identity) {
	t.Helper()
	require.NoError(t, store.DeleteIdentity(t.Context(), id.Key, id.Revision))
}

// stored asserts that exactly want is loaded, through both handles.
func (f Fixture) stored(t *testing.T, want gitlab.Identity) {
	t.Helper()
	for handle, store := range map[string]gitlab.IdentityStore{"A": f.A, "B": f.B} {
		got, err := store.LoadIdentity(t.Context(), want.Key)
		require.NoError(t, err, "handle %s", handle)
		same(t, want, got)
	}
}

// missing asserts that nothing is stored under key, through both handles.
func (f Fixture) missing(t *testing.T, key string) {
	t.Helper()
	for handle, store := range map[string]gitlab.IdentityStore{"A": f.A, "B": f.B} {
		_, err := store.LoadIdentity(t.Context(), key)
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound, "handle %s", handle)
	}
}

// same asserts that both are one identity. The order and the white space of
// unknown members are the store's own affair.
func same(t *testing.T, want, got gitlab.Identity) {
	t.Helper()
	assert.Equal(t, want.Key, got.Key, "Key")
	assert.Equal(t, want.BaseURL, got.BaseURL, "BaseURL")
	assert.Equal(t, want.Revision, got.Revision, "Revision")
	assert.Equal(t, want.Data.AccessToken, got.Data.AccessToken, "AccessToken")
	assert.Equal(t, want.Data.RefreshToken, got.Data.RefreshToken, "RefreshToken")
	assert.Equal(t, want.Data.TokenType, got.Data.TokenType, "TokenType")
	assert.Equal(t, want.Data.Scope, got.Data.Scope, "Scope")
	assert.True(t, want.Data.CreatedAt.Equal(got.Data.CreatedAt), "CreatedAt: want %v, got %v", want.Data.CreatedAt, got.Data.CreatedAt)
	assert.True(t, want.Data.ExpiresAt.Equal(got.Data.ExpiresAt), "ExpiresAt: want %v, got %v", want.Data.ExpiresAt, got.Data.ExpiresAt)
	assert.Equal(t, members(t, want.Data), members(t, got.Data), "all members of the stored form")
	require.False(t, t.Failed(), "the identity differs")
}

// members are those of the stored form, with numbers as they are written.
func members(t *testing.T, d gitlab.OAuthData) map[string]any {
	t.Helper()
	stored, err := json.Marshal(d)
	require.NoError(t, err)
	dec := json.NewDecoder(bytes.NewReader(stored))
	dec.UseNumber()
	var all map[string]any
	require.NoError(t, dec.Decode(&all))
	return all
}

// request is one LockIdentity under way.
type request struct {
	done   chan struct{} // closed when LockIdentity has returned
	lock   *gitlab.IdentityLock
	err    error
	cancel context.CancelFunc

	patience time.Duration
}

// ask asks for the lock of key, beside the test. What it gets is given back at
// the end of the test at the latest.
func (f Fixture) ask(t *testing.T, store gitlab.IdentityStore, key string) *request {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &request{done: make(chan struct{}), cancel: cancel, patience: f.Patience}
	go func() {
		defer close(r.done)
		r.lock, r.err = store.LockIdentity(ctx, key)
		if r.err == nil && r.lock != nil && r.lock.Unlock != nil {
			r.lock.Unlock = sync.OnceFunc(r.lock.Unlock)
		}
	}()
	t.Cleanup(func() {
		cancel()
		within := f.Patience
		if t.Failed() {
			within = glance
		}
		if r.ended(within) && r.err == nil && r.lock != nil && r.lock.Unlock != nil {
			r.lock.Unlock()
		}
	})
	return r
}

func (r *request) ended(within time.Duration) bool {
	select {
	case <-r.done:
		return true
	case <-time.After(within):
		return false
	}
}

// waits asserts that the lock is not given now.
func (r *request) waits(t *testing.T) {
	t.Helper()
	if r.ended(glance) {
		require.Fail(t, "LockIdentity returned although the lock is held", "error: %v", r.err)
	}
}

// granted waits for the lock.
func (r *request) granted(t *testing.T) *gitlab.IdentityLock {
	t.Helper()
	require.True(t, r.ended(r.patience), "LockIdentity does not return although nobody holds the lock")
	require.NoError(t, r.err)
	require.NotNil(t, r.lock)
	require.NotNil(t, r.lock.Context, "the lock's Context")
	require.NotNil(t, r.lock.Unlock, "the lock's Unlock")
	return r.lock
}

// lock takes the lock of key, which must be free.
func (f Fixture) lock(t *testing.T, store gitlab.IdentityStore, key string) *gitlab.IdentityLock {
	t.Helper()
	return f.ask(t, store, key).granted(t)
}

// lockBriefly takes the lock, gives it back and tells whether it was abandoned.
func (f Fixture) lockBriefly(t *testing.T, store gitlab.IdentityStore, key string) (abandoned bool) {
	t.Helper()
	l := f.lock(t, store, key)
	defer l.Unlock()
	return l.Abandoned
}

// ends asserts that ctx ends.
func (f Fixture) ends(t *testing.T, ctx context.Context, because string) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(f.Patience):
		require.Fail(t, "the lock's Context does not end", because)
	}
}
