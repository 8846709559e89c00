package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/freshgrant/gitlab"
)

// Store is a [gitlab.IdentityStore] in a table of a SQL database. It is safe for
// concurrent use and keeps nothing in memory, so it needs no closing. Make one
// with [New].
type Store struct {
	db      *sql.DB
	dialect Dialect
	table   string // as it was given
	lease   time.Duration
	text    statements
}

var _ gitlab.IdentityStore = (*Store)(nil)

const (
	defaultTable  = "gitlab_identities"
	defaultLease  = 15 * time.Second // half of what a gitlab.Client waits for a lock
	shortestLease = 100 * time.Millisecond
	longestKey    = 1024
)

// Option changes what [New] makes.
type Option func(*Store)

// WithTable names the table, as "name" or as "schema.name" (on MySQL
// "database.name"), instead of gitlab_identities. It is quoted, so on PostgreSQL
// upper case counts.
func WithTable(name string) Option { return func(s *Store) { s.table = name } }

// WithLease says how long the lock of a key outlasts a holder that died, instead
// of 15 s; at least 100 ms. Keep it well below the 30 s that a [gitlab.Client]
// waits for a lock, so that the first refresh after a death gets it. A holder
// that lives renews its lease, and loses it if it cannot reach the database for
// that long. All processes that share a table should use the same.
func WithLease(lease time.Duration) Option { return func(s *Store) { s.lease = lease } }

// New makes a store on db, which stays the caller's and must be open as long as
// the store is used. It does not speak to the database; the table must be there
// when the store is used, see [Store.CreateSchema].
func New(db *sql.DB, dialect Dialect, opts ...Option) (*Store, error) {
	s := &Store{db: db, dialect: dialect, table: defaultTable, lease: defaultLease}
	for _, opt := range opts {
		opt(s)
	}
	switch {
	case db == nil:
		return nil, errors.New("sqlstore: no database given")
	case dialect < PostgreSQL || dialect > SQLite:
		return nil, fmt.Errorf("sqlstore: %v is none of PostgreSQL, MySQL and SQLite", dialect)
	case s.lease < shortestLease:
		return nil, fmt.Errorf("sqlstore: a lease of %v is too short, give at least %v", s.lease, shortestLease)
	}
	table, err := dialect.quoted(s.table)
	if err != nil {
		return nil, err
	}
	s.text = dialect.statements(table, s.lease)
	return s, nil
}

// Format prints the name of the store's table, for every verb.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "sqlstore(%s)", s.table) }

// String names the store's table.
func (s *Store) String() string { return fmt.Sprint(s) }

// Schema returns the statement that creates the store's table if it is missing,
// for a migration tool or for reading.
func (s *Store) Schema() string { return s.text.schema }

// CreateSchema creates the store's table if it is missing. Any number of
// processes may do so at once, also such as may not create tables, if the table
// is there. It does not change a table that is.
func (s *Store) CreateSchema(ctx context.Context) error {
	_, err := s.exec(ctx, s.text.schema)
	if err == nil {
		return nil
	}
	// Another process may just have created it, or this one may not.
	if _, found := s.exec(ctx, s.text.probe); found == nil {
		return nil
	}
	return s.explain(ctx, "cannot create the table", err)
}

// LoadIdentity implements [gitlab.IdentityStore].
func (s *Store) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if err := check(ctx, key); err != nil {
		return gitlab.Identity{}, err
	}
	id := gitlab.Identity{Key: key}
	var data []byte
	err := s.queryRow(ctx, s.text.load, []any{[]byte(key)}, &id.BaseURL, &data, &id.Revision)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return gitlab.Identity{}, gitlab.ErrIdentityNotFound
	case err != nil:
		return gitlab.Identity{}, s.explain(ctx, "cannot load identity "+quote(key), err)
	}
	// The error of package json is not told, for it may repeat the data.
	if json.Unmarshal(data, &id.Data) != nil {
		return gitlab.Identity{}, fmt.Errorf("sqlstore: the data of identity %s in table %s is damaged: restore it from a backup, "+
			"or delete the row and let the user authorize again", quote(key), s.table)
	}
	return id, nil
}

// SaveIdentity implements [gitlab.IdentityStore], in one statement. It asks for
// the Revision and not for the lock; the package's documentation says why.
func (s *Store) SaveIdentity(ctx context.Context, id gitlab.Identity) (revision string, err error) {
	if err := check(ctx, id.Key); err != nil {
		return "", err
	}
	data, err := json.Marshal(id.Data)
	if err != nil {
		return "", fmt.Errorf("sqlstore: cannot encode identity %s: %w", quote(id.Key), err)
	}
	revision = rand.Text() // more than 128 bits
	var stored bool
	if id.Revision == "" {
		stored, err = s.create(ctx, []byte(id.Key), id.BaseURL, ascii(data), revision)
	} else {
		stored, err = s.affects(ctx, s.text.replace, id.BaseURL, ascii(data), revision, []byte(id.Key), id.Revision)
	}
	switch {
	case err != nil:
		return "", s.explain(ctx, "cannot save identity "+quote(id.Key), err)
	case !stored:
		return "", gitlab.ErrIdentityConflict
	}
	return revision, nil
}

func (s *Store) create(ctx context.Context, values ...any) (stored bool, err error) {
	if s.dialect != MySQL {
		return s.affects(ctx, s.text.create, values...)
	}
	result, err := s.exec(ctx, s.text.create, values...)
	if err != nil {
		return false, err
	}
	id, err := result.LastInsertId()
	return id == 0 || id == mysqlFilled, err
}

// DeleteIdentity implements [gitlab.IdentityStore]. The lock of key stays with
// its holder.
func (s *Store) DeleteIdentity(ctx context.Context, key, revision string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	what := "cannot delete identity " + quote(key)
	if revision != "" {
		switch deleted, err := s.affects(ctx, s.text.empty, []byte(key), revision); {
		case err != nil:
			return s.explain(ctx, what, err)
		case deleted:
			// It is gone; a row that stays only takes space.
			_, _ = s.exec(ctx, s.text.sweep, []byte(key))
			return nil
		}
	}
	var stored string
	var held bool
	err := s.queryRow(ctx, s.text.peek, []any{[]byte(key)}, &stored, &held)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && stored == "":
		return gitlab.ErrIdentityNotFound
	case err != nil:
		return s.explain(ctx, what, err)
	}
	return gitlab.ErrIdentityConflict
}
