package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/freshgrant/gitlab"
)

// schema is the application's own table, and in it three columns for the GitLab
// client. They are NULL while a user has not connected GitLab.
const schema = `CREATE TABLE IF NOT EXISTS users (
	login           TEXT NOT NULL PRIMARY KEY,
	email           TEXT NOT NULL,
	gitlab_url      TEXT, -- the instance
	gitlab_tokens   TEXT, -- JSON: the tokens, their expiry and whatever else GitLab sent
	gitlab_revision TEXT  -- changes with every save
)`

// errNoUser means that the application has no user of that login.
var errNoUser = errors.New("the application has no such user")

// users is a gitlab.IdentityStore in the application's own table. A user's
// identity is in the user's row; its key is the user's login.
type users struct {
	gitlab.SingleProcess // LockIdentity, among the goroutines of one process. For several: README.md

	db *sql.DB
}

// LoadIdentity reads the row, always from the database: a cache would show old
// tokens after another program has written.
func (u *users) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	id := gitlab.Identity{Key: key}
	var tokens []byte
	err := u.db.QueryRowContext(ctx, `SELECT gitlab_url, gitlab_tokens, gitlab_revision FROM users
		WHERE login = ? AND gitlab_revision IS NOT NULL`, key).Scan(&id.BaseURL, &tokens, &id.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return gitlab.Identity{}, gitlab.ErrIdentityNotFound // here and nowhere else: a database that is down is another error
	}
	if err == nil {
		err = json.Unmarshal(tokens, &id.Data)
	}
	return id, err
}

// SaveIdentity writes the row if it still is the one that the caller has seen.
// The comparison stands in the statement that writes, so of two writers at the
// same moment one wins, and the other one is told of the conflict.
func (u *users) SaveIdentity(ctx context.Context, id gitlab.Identity) (revision string, err error) {
	tokens, err := json.Marshal(id.Data)
	if err != nil {
		return "", err
	}
	revision = rand.Text() // never used before, not even for a user of that login who was deleted
	changed, err := u.change(ctx, `UPDATE users SET gitlab_url = ?, gitlab_tokens = ?, gitlab_revision = ?
		WHERE login = ? AND COALESCE(gitlab_revision, '') = ?`, id.BaseURL, string(tokens), revision, id.Key, id.Revision)
	switch {
	case err != nil:
		return "", err
	case changed:
		return revision, nil
	case id.Key == "" || id.Revision == "" && !u.exists(ctx, id.Key):
		return "", errNoUser // no conflict: after one, the caller would load the row and try again
	}
	return "", gitlab.ErrIdentityConflict
}

// DeleteIdentity empties the columns, under the same condition. The user stays.
func (u *users) DeleteIdentity(ctx context.Context, key, revision string) error {
	changed, err := u.change(ctx, `UPDATE users SET gitlab_url = NULL, gitlab_tokens = NULL, gitlab_revision = NULL
		WHERE login = ? AND gitlab_revision = ?`, key, revision)
	if err != nil || changed {
		return err
	}
	if _, err := u.LoadIdentity(ctx, key); err != nil {
		return err // gitlab.ErrIdentityNotFound if there is nothing to delete
	}
	return gitlab.ErrIdentityConflict
}

// change runs an UPDATE and tells whether it met its row.
func (u *users) change(ctx context.Context, update string, args ...any) (bool, error) {
	result, err := u.db.ExecContext(ctx, update, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// exists reports whether there is a user, and true if that cannot be found out.
func (u *users) exists(ctx context.Context, login string) bool {
	err := u.db.QueryRowContext(ctx, `SELECT login FROM users WHERE login = ?`, login).Scan(&login)
	return !errors.Is(err, sql.ErrNoRows)
}
