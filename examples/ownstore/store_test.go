package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/storetest"
)

// database is an empty one, which lives as long as the test.
func database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := open(t.Context(), filepath.Join(t.TempDir(), "app.db"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// signUp makes the application know a user.
func signUp(t *testing.T, db *sql.DB, login string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), `INSERT INTO users (login, email) VALUES (?, 'user@example.com') ON CONFLICT DO NOTHING`, login)
	require.NoError(t, err)
}

// everyoneSignsUp is the store for a suite that knows nothing of users: whoever is to be
// saved has signed up a moment ago.
type everyoneSignsUp struct {
	*users
}

func (s everyoneSignsUp) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	if id.Key != "" && ctx.Err() == nil {
		if _, err := s.db.ExecContext(ctx, `INSERT INTO users (login, email) VALUES (?, '') ON CONFLICT DO NOTHING`, id.Key); err != nil {
			return "", err
		}
	}
	return s.users.SaveIdentity(ctx, id)
}

// This is all that a store needs to be done.
func TestUsersAreAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		store := everyoneSignsUp{&users{db: database(t)}}
		return storetest.Fixture{A: store, B: store} // one process, so one handle
	})
}

func TestTheUserStaysWhenTheTokensGo(t *testing.T) {
	t.Parallel()
	db := database(t)
	store := &users{db: db}
	signUp(t, db, "ada")
	revision, err := store.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{AccessToken: "access"}})
	require.NoError(t, err)
	require.NoError(t, store.DeleteIdentity(t.Context(), "ada", revision))

	var email string
	var left int
	require.NoError(t, db.QueryRowContext(t.Context(),
		`SELECT email, (gitlab_url IS NOT NULL) + (gitlab_tokens IS NOT NULL) + (gitlab_revision IS NOT NULL) FROM users WHERE login = 'ada'`).Scan(&email, &left))
	assert.Equal(t, "user@example.com", email)
	assert.Zero(t, left)
}

// A conflict would make Client.Authorize try for ever.
func TestSignInOfAStrangerIsNoConflict(t *testing.T) {
	t.Parallel()
	store := &users{db: database(t)}
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  "https://gitlab.example.com",
		Provider: gitlab.OAuthProvider{ClientID: "id"},
		Store:    store,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = client.Authorize(ctx, "nobody", gitlab.OAuthData{AccessToken: "access"})
	require.ErrorIs(t, err, errNoUser)
}

// The user's grant ends with the user; no save that comes late brings it back.
func TestSaveForAUserWhoWasDeletedConflicts(t *testing.T) {
	t.Parallel()
	db := database(t)
	store := &users{db: db}
	signUp(t, db, "ada")
	revision, err := store.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{AccessToken: "access"}})
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `DELETE FROM users WHERE login = 'ada'`)
	require.NoError(t, err)

	_, err = store.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada", Revision: revision, Data: gitlab.OAuthData{AccessToken: "access-2"}})
	require.ErrorIs(t, err, gitlab.ErrIdentityConflict)
	_, err = store.LoadIdentity(t.Context(), "ada")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

// Who is not found may get signed out, so a database that is away must not look
// like that.
func TestDatabaseThatIsAwayIsNoMissingIdentity(t *testing.T) {
	t.Parallel()
	db := database(t)
	store := &users{db: db}
	signUp(t, db, "ada")
	require.NoError(t, db.Close())
	_, load := store.LoadIdentity(t.Context(), "ada")
	_, save := store.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada"})
	for _, err := range []error{load, save, store.DeleteIdentity(t.Context(), "ada", "1")} {
		require.ErrorContains(t, err, "database is closed")
		assert.False(t, errors.Is(err, gitlab.ErrIdentityNotFound) || errors.Is(err, gitlab.ErrIdentityConflict))
	}
}

func TestDamagedTokensAreNotShown(t *testing.T) {
	t.Parallel()
	db := database(t)
	_, err := db.ExecContext(t.Context(), `INSERT INTO users VALUES ('ada', '', '', '{"access_token":"secret', '1')`)
	require.NoError(t, err)
	_, err = (&users{db: db}).LoadIdentity(t.Context(), "ada")
	require.Error(t, err)
	require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound)
	assert.NotContains(t, err.Error(), "secret")
}
