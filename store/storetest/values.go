package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// values are about what is kept.
func values() []behaviour {
	return []behaviour{
		{"a saved identity is loaded through both handles", loadsWhatWasSaved},
		{"every field is kept", keepsEveryField},
		{"what is absent stays absent", keepsAbsence},
		{"unknown members are kept", keepsUnknownMembers},
		{"what was never saved is not found", findsNothing},
		{"a deleted identity is not found", deletes},
		{"deleting what is not stored is not found", deletesNothing},
		{"an ended context is an error and changes nothing", honoursTheContext},
	}
}

func loadsWhatWasSaved(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	f.stored(t, id)
	id = save(t, f.B, rotated(id, "access-2"))
	f.stored(t, id)
	id = save(t, f.A, rotated(id, "access-3"))
	f.stored(t, id)
}

func keepsEveryField(t *testing.T, f Fixture) {
	id := gitlab.Identity{
		Key:     "tenant/7: Zoë <zoe@example.com>",
		BaseURL: "http://gitlab.example.com:8080/a/path",
		Data: gitlab.OAuthData{
			AccessToken:  `access-"\<>&` + "\u2028é日本\U0001F511",
			RefreshToken: "refresh-_.~+/==",
			TokenType:    "bearer",
			Scope:        "api read_user openid",
			CreatedAt:    time.Unix(1700000001, 0).In(time.FixedZone("", 5*3600+1800)),
			ExpiresAt:    time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC),
		},
	}
	f.stored(t, save(t, f.A, id))
}

func keepsAbsence(t *testing.T, f Fixture) {
	id := save(t, f.A, gitlab.Identity{Key: key, Data: gitlab.OAuthData{AccessToken: "access-1"}})
	f.stored(t, id)
	got, err := f.B.LoadIdentity(t.Context(), key)
	require.NoError(t, err)
	assert.True(t, got.Data.CreatedAt.IsZero(), "CreatedAt: %v", got.Data.CreatedAt)
	assert.True(t, got.Data.ExpiresAt.IsZero(), "ExpiresAt: %v", got.Data.ExpiresAt)
}

func keepsUnknownMembers(t *testing.T, f Fixture) {
	id := sample(t, key)
	id.Data = data(t, `{"access_token":"access-1","refresh_token":"refresh-1","id_token":"header.claims.signature","dpop":false,
		"nothing":null,"empty":"","large":12345678901234567890,"deep":{"list":[1,2.5,"<&>\u2028é",{"":[]}]},"Access_Token":"not mine"}`)
	id = save(t, f.A, id)
	f.stored(t, id)

	// A holder writes what it loaded.
	loaded, err := f.B.LoadIdentity(t.Context(), key)
	require.NoError(t, err)
	id = save(t, f.B, rotated(loaded, "access-2"))
	f.stored(t, id)
	assert.Contains(t, members(t, id.Data), "deep")
}

func findsNothing(t *testing.T, f Fixture) {
	f.missing(t, key)
	create(t, f.A, key)
	f.missing(t, "user-2")
}

func deletes(t *testing.T, f Fixture) {
	id, other := create(t, f.A, key), create(t, f.A, "user-2")
	remove(t, f.B, id)
	f.missing(t, key)
	f.stored(t, other)
	f.stored(t, create(t, f.A, key))
}

func deletesNothing(t *testing.T, f Fixture) {
	require.ErrorIs(t, f.A.DeleteIdentity(t.Context(), key, ""), gitlab.ErrIdentityNotFound)
	id := create(t, f.A, key)
	remove(t, f.A, id)
	require.ErrorIs(t, f.B.DeleteIdentity(t.Context(), key, id.Revision), gitlab.ErrIdentityNotFound)
}

func honoursTheContext(t *testing.T, f Fixture) {
	id := create(t, f.A, key)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	verdict := func(call string, err error) {
		t.Helper()
		require.Error(t, err, call)
		require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound, call)
		require.NotErrorIs(t, err, gitlab.ErrIdentityConflict, call)
	}
	_, err := f.A.LoadIdentity(ctx, key)
	verdict("LoadIdentity", err)
	_, err = f.A.SaveIdentity(ctx, rotated(id, "access-2"))
	verdict("SaveIdentity", err)
	verdict("DeleteIdentity", f.A.DeleteIdentity(ctx, key, id.Revision))
	f.stored(t, id)
}
