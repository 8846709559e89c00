package sqlstores

import (
	"context"
	"crypto/rand"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// engine is a database, and a way to reach it.
type engine struct {
	name    string
	dialect sqlstore.Dialect
	server  func() (*engines.Server, error) // nil: a file
	options string                          // to end its DSN with
}

var all = []engine{
	{"SQLite", sqlstore.SQLite, nil, ""},
	{"PostgreSQL", sqlstore.PostgreSQL, postgres, ""},
	{"PostgreSQL with serializable transactions", sqlstore.PostgreSQL, postgres, "&default_transaction_isolation=serializable"},
	{"PostgreSQL behind PgBouncer", sqlstore.PostgreSQL, bouncer, ""},
	{"MariaDB", sqlstore.MySQL, mariadb, "?interpolateParams=true"},
	{"MariaDB with prepared statements and found rows", sqlstore.MySQL, mariadb, "?clientFoundRows=true"},
}

// named returns one of the engines.
func named(t *testing.T, name string) engine {
	t.Helper()
	for _, e := range all {
		if e.name == name {
			return e
		}
	}
	require.Fail(t, "no such engine", name)
	return engine{}
}

// onEach runs a test on every engine.
func onEach(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e.place(t))
		})
	}
}

// place is where a store is.
type place struct {
	Dialect            sqlstore.Dialect
	Driver, DSN, Table string
}

// place makes an empty table that only the test uses.
func (e engine) place(t *testing.T) place {
	t.Helper()
	p := place{Dialect: e.dialect, Table: "table_" + strings.ToLower(rand.Text())}
	if e.server == nil {
		p.Driver = "sqlite"
		// What was committed outlives the process, though not the machine.
		p.DSN = "file:" + filepath.Join(t.TempDir(), "test.db") +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
	} else {
		server, err := e.server()
		engines.Need(t, err)
		p.Driver, p.DSN = server.Driver, server.DSN+e.options
	}
	require.NoError(t, p.open(t).CreateSchema(t.Context()))
	return p
}

// lease is that of handles whose lease is not the matter. A loaded machine must
// not lose it.
const lease = 5 * time.Second

// handle is a store as a process of its own would have it.
type handle struct {
	*sqlstore.Store

	db  *sql.DB
	spy *spy
}

// open opens one more handle.
func (p place) open(t *testing.T, opts ...sqlstore.Option) handle {
	t.Helper()
	spy := &spy{}
	db, err := spy.open(p.Driver, p.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(10)
	opts = append([]sqlstore.Option{sqlstore.WithTable(p.Table), sqlstore.WithLease(lease)}, opts...)
	store, err := sqlstore.New(db, p.Dialect, opts...)
	require.NoError(t, err)
	return handle{store, db, spy}
}

// create stores a grant.
func create(t *testing.T, store gitlab.IdentityStore, key string) gitlab.Identity {
	t.Helper()
	id := gitlab.Identity{Key: key, Data: gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"}}
	revision, err := store.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	id.Revision = revision
	return id
}

// lock takes the lock of key, and gives it back at the end of the test at the
// latest.
func lock(t *testing.T, store gitlab.IdentityStore, key string) *gitlab.IdentityLock {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	held, err := store.LockIdentity(ctx, key)
	require.NoError(t, err)
	t.Cleanup(held.Unlock)
	return held
}

// expire lets the lease of key run out, by the database's clock.
func (h handle) expire(t *testing.T, p place, key string) {
	t.Helper()
	h.exec(t, "UPDATE "+p.Table+" SET revision = revision, lock_until = "+map[sqlstore.Dialect]string{
		sqlstore.PostgreSQL: "'epoch'", sqlstore.MySQL: "'1970-01-01'", sqlstore.SQLite: "0",
	}[p.Dialect]+" WHERE identity_key = "+literal(p, key))
}

// literal is a key in a statement.
func literal(p place, key string) string {
	if p.Dialect == sqlstore.SQLite {
		return "CAST('" + key + "' AS BLOB)"
	}
	return "'" + key + "'"
}

func (h handle) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := h.db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// rows counts the rows of the table.
func (h handle) rows(t *testing.T, p place) (n int) {
	t.Helper()
	require.NoError(t, h.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+p.Table).Scan(&n))
	return n
}
