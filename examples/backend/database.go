package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"github.com/freshgrant/gitlab/store/sqlstore"
)

// schema is the service's own tables, beside the one of the library's store.
// The texts that differ between the databases are in braces.
const schema = `
CREATE TABLE IF NOT EXISTS cookie_keys (
	purpose TEXT NOT NULL PRIMARY KEY,
	value   {bytes} NOT NULL
);
CREATE TABLE IF NOT EXISTS connections (
	id         TEXT NOT NULL PRIMARY KEY, -- random, a part of the hook's URL
	user_key   TEXT NOT NULL,
	project_id BIGINT NOT NULL,
	project    TEXT NOT NULL,             -- its full path
	hook_id    BIGINT NOT NULL DEFAULT 0, -- 0: GitLab has not answered yet
	secret     TEXT NOT NULL,             -- which GitLab sends as X-Gitlab-Token
	UNIQUE (user_key, project_id)
);
CREATE TABLE IF NOT EXISTS events (
	id            {serial},
	connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
	delivery      TEXT NOT NULL UNIQUE,   -- what tells it from another one that GitLab sends
	user_key      TEXT NOT NULL,
	kind          TEXT NOT NULL,
	project       TEXT NOT NULL,
	summary       TEXT NOT NULL,
	received      TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of_user ON events (user_key, id);`

var (
	sqliteTexts   = strings.NewReplacer("{bytes}", "BLOB", "{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT")
	postgresTexts = strings.NewReplacer("{bytes}", "BYTEA", "{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
)

// database is everything that the service keeps. Both databases understand all
// of its statements.
type database struct {
	*sql.DB

	// identities are the users' tokens. They are stored as they are; package
	// store/sealed, put around this one, encrypts them.
	identities *sqlstore.Store
	temporary  string // a directory to remove at the end; "": none
}

// openDatabase opens PostgreSQL, or SQLite where there is none, and creates what
// is missing. A service with migrations takes the library's part of them from
// sqlstore's Schema.
func openDatabase(ctx context.Context, o options) (db *database, err error) {
	db = &database{}
	driver, dsn, dialect, texts := "pgx", o.postgres, sqlstore.PostgreSQL, postgresTexts
	if dsn == "" {
		dir := o.data
		if dir == "" {
			if dir, err = os.MkdirTemp("", "gitlab-backend-"); err != nil {
				return nil, err
			}
			db.temporary = dir
		}
		if err = os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		// Of two connections that write at the same moment one waits, instead of failing.
		driver, dialect, texts = "sqlite", sqlstore.SQLite, sqliteTexts
		dsn = "file:" + filepath.ToSlash(filepath.Join(dir, "backend.db")) +
			"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)"
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.close())
		}
	}()
	if db.DB, err = sql.Open(driver, dsn); err != nil {
		return nil, err
	}
	if db.identities, err = sqlstore.New(db.DB, dialect); err != nil {
		return nil, err
	}
	if err = db.identities.CreateSchema(ctx); err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, texts.Replace(schema))
	return db, err
}

// cookieKey returns a random key that is made once and kept, so that all replicas
// have it and a restart signs nobody out. Who can read the database can forge
// cookies with it; where that matters, keys come from the place that has the
// client secret.
func (db *database) cookieKey(ctx context.Context, purpose string) (value []byte, err error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	_, err = db.ExecContext(ctx, `INSERT INTO cookie_keys (purpose, value) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING`, purpose, fresh)
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT value FROM cookie_keys WHERE purpose = $1`, purpose).Scan(&value)
	}
	return value, err
}

func (db *database) close() (err error) {
	if db.DB != nil {
		err = db.DB.Close()
	}
	if db.temporary != "" {
		err = errors.Join(err, os.RemoveAll(db.temporary)) //nolint:gosec // G703: it is the one that we have made
	}
	return err
}
