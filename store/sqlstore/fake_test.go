package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a database that answers as a test says. Real ones are in
// internal/e2e/sqlstores.
type fake struct {
	answer func(ctx context.Context, statement string, args []driver.NamedValue) reply

	mu   sync.Mutex // guards sent
	sent []sending
}

type sending struct {
	statement string
	args      []driver.NamedValue
	at        time.Time
}

// reply is one row, or none, or an error.
type reply struct {
	row      []driver.Value
	affected int64
	err      error
}

var (
	done    = reply{affected: 1}
	nothing = reply{}
)

// open makes a store on the fake; in a bubble it must be made there.
func (f *fake) open(t *testing.T, opts ...Option) *Store {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s, err := New(db, PostgreSQL, append([]Option{WithLease(30 * time.Second)}, opts...)...)
	require.NoError(t, err)
	return s
}

// all returns the statements that begin so, in order.
func (f *fake) all(begin string) []sending {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []sending
	for _, s := range f.sent {
		if strings.HasPrefix(s.statement, begin) {
			found = append(found, s)
		}
	}
	return found
}

func (f *fake) handle(ctx context.Context, statement string, args []driver.NamedValue) reply {
	f.mu.Lock()
	f.sent = append(f.sent, sending{statement, args, time.Now()})
	f.mu.Unlock()
	return f.answer(ctx, statement, args)
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fake }

func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (fakeConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (fakeConn) Close() error                        { return nil }

func (c fakeConn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	r := c.handle(ctx, statement, args)
	return driver.RowsAffected(r.affected), r.err
}

func (c fakeConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	r := c.handle(ctx, statement, args)
	return &fakeRows{r.row}, r.err
}

type fakeRows struct{ row []driver.Value }

func (r *fakeRows) Columns() []string { return make([]string, len(r.row)) }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(into []driver.Value) error {
	if r.row == nil {
		return io.EOF
	}
	copy(into, r.row)
	r.row = nil
	return nil
}

// The statements of a test are told apart by how they begin.
const (
	take    = "INSERT INTO \"gitlab_identities\" AS kept (identity_key, base_url, data, revision, lock_owner, lock_until)"
	load    = "SELECT base_url"
	peek    = "SELECT revision"
	renew   = "UPDATE \"gitlab_identities\" SET lock_until"
	release = "UPDATE \"gitlab_identities\" SET lock_owner = ''"
	drop    = "DELETE"
)

// answers answers each statement by the first text it begins with; others
// succeed.
func answers(byBegin map[string]func() reply) func(context.Context, string, []driver.NamedValue) reply {
	return func(_ context.Context, statement string, _ []driver.NamedValue) reply {
		for begin, answer := range byBegin {
			if strings.HasPrefix(statement, begin) {
				return answer()
			}
		}
		if strings.HasPrefix(statement, take) {
			return taken
		}
		return done
	}
}

var (
	taken = reply{row: []driver.Value{false}}
	held  = reply{row: []driver.Value{"revision-1", true}}
)
