package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestDefaultLeaseIsHalfOfWhatClientsWait(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(&fake{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	s, err := New(db, PostgreSQL)
	require.NoError(t, err)
	assert.Equal(t, 15*time.Second, s.lease)
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(&fake{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for want, make := range map[string]func() (*Store, error){
		"sqlstore: no database given":                                   func() (*Store, error) { return New(nil, SQLite) },
		"sqlstore: Dialect(0) is none of PostgreSQL, MySQL and SQLite":  func() (*Store, error) { return New(db, 0) },
		"sqlstore: Dialect(9) is none of PostgreSQL, MySQL and SQLite":  func() (*Store, error) { return New(db, 9) },
		`sqlstore: "" is no table: give its name, or schema.name`:       func() (*Store, error) { return New(db, MySQL, WithTable("")) },
		`sqlstore: "a.b.c" is no table: give its name, or schema.name`:  func() (*Store, error) { return New(db, MySQL, WithTable("a.b.c")) },
		`sqlstore: "a." is no table: give its name, or schema.name`:     func() (*Store, error) { return New(db, MySQL, WithTable("a.")) },
		"sqlstore: a lease of 1ms is too short, give at least 100ms":    func() (*Store, error) { return New(db, MySQL, WithLease(time.Millisecond)) },
		"sqlstore: a lease of 0s is too short, give at least 100ms":     func() (*Store, error) { return New(db, MySQL, WithLease(0)) },
		`sqlstore: "a\x00b" is no table: give its name, or schema.name`: func() (*Store, error) { return New(db, MySQL, WithTable("a\x00b")) },
	} {
		_, err := make()
		assert.EqualError(t, err, want)
	}
}

func TestTableIsQuotedInEveryStatement(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[Dialect]string{PostgreSQL: `"a""b?"."c` + "`" + `d"`, MySQL: "`a\"b?`.`c``d`", SQLite: `"a""b?"."c` + "`" + `d"`} {
		quoted, err := dialect.quoted(`a"b?.c` + "`d")
		require.NoError(t, err)
		assert.Equal(t, want, quoted)
		text := fmt.Sprintf("%+v", dialect.statements(quoted, time.Minute))
		for _, name := range []string{"{table}", "{now}", "{until}"} {
			assert.NotContains(t, text, name)
		}
	}
}

func TestSchemaIsThatOfTheDocumentation(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	documentation := strings.ReplaceAll(strings.ReplaceAll(string(source), "\r\n", "\n"), "//\t", "//")
	for _, dialect := range []Dialect{PostgreSQL, MySQL, SQLite} {
		s, err := New(new(sql.DB), dialect)
		require.NoError(t, err)
		schema := "//" + strings.ReplaceAll(strings.TrimSpace(s.Schema()), "\n", "\n//") + "\n"
		assert.Contains(t, documentation, schema, dialect)
	}
}

func TestStoreShowsItsTableAlone(t *testing.T) {
	t.Parallel()
	s := (&fake{}).open(t, WithTable("app.tokens"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Equal(t, "sqlstore(app.tokens)", fmt.Sprintf(verb, s))
	}
	assert.Equal(t, "sqlstore(app.tokens)", s.String())
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "store", s)
	assert.Contains(t, log.String(), "store=sqlstore(app.tokens)\n")
}

// The clock is the database's, and so is the arithmetic of time.
func TestNoStatementCarriesATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: answers(nil)}
		s := f.open(t)
		held, err := s.LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		time.Sleep(time.Minute)
		held.Unlock()
		_, err = s.SaveIdentity(t.Context(), gitlab.Identity{Key: "ann"})
		require.NoError(t, err)
		_, err = s.SaveIdentity(t.Context(), gitlab.Identity{Key: "ann", Revision: "1"})
		require.NoError(t, err)
		require.NoError(t, s.DeleteIdentity(t.Context(), "ann", "1"))
		for _, sent := range f.all("") {
			for _, arg := range sent.args {
				switch value := arg.Value.(type) {
				case []byte:
					assert.Equal(t, "ann", string(value), sent.statement)
				default:
					assert.IsType(t, "", value, sent.statement)
				}
			}
		}
	})
}

func TestKeyThatIsTooLongIsNotSent(t *testing.T) {
	t.Parallel()
	f := &fake{answer: answers(nil)}
	s := f.open(t)
	long := strings.Repeat("k", longestKey+1)
	_, load := s.LoadIdentity(t.Context(), long)
	_, save := s.SaveIdentity(t.Context(), gitlab.Identity{Key: long})
	_, lock := s.LockIdentity(t.Context(), long)
	for _, err := range []error{load, save, lock, s.DeleteIdentity(t.Context(), long, "1")} {
		require.ErrorContains(t, err, "has 1025 bytes, more than 1024")
		assert.Less(t, len(err.Error()), 300)
	}
	assert.Empty(t, f.all(""))
}

func TestDamagedDataIsNotShown(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "secret", `{"access_token":"secret`, `["secret"]`, "\x00"} {
		f := &fake{answer: answers(map[string]func() reply{
			load: func() reply { return reply{row: []driver.Value{"", []byte(data), "1"}} },
		})}
		_, err := f.open(t).LoadIdentity(t.Context(), "ann")
		require.ErrorContains(t, err, `"ann" in table gitlab_identities is damaged`)
		assert.NotContains(t, err.Error(), "secret")
	}
}

type stateError string

func (e stateError) Error() string    { return "state " + string(e) }
func (e stateError) SQLState() string { return string(e) }

func TestOnlyCollisionsAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		dialect Dialect
		err     error
		want    bool
	}{
		{PostgreSQL, stateError("40001"), true},
		{PostgreSQL, fmt.Errorf("wrapped: %w", stateError("40P01")), true},
		{PostgreSQL, stateError("23505"), false},
		{PostgreSQL, errors.New("unexpected EOF"), false},
		{MySQL, errors.New("Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"), true},
		{MySQL, errors.New("Error 1205 (HY000): Lock wait timeout exceeded"), false},
		{SQLite, errors.New("database is locked (5) (SQLITE_BUSY)"), true},
		{SQLite, errors.New("database table is locked"), true},
		{SQLite, errors.New("disk I/O error"), false},
	} {
		assert.Equal(t, row.want, row.dialect.collided(row.err), "%v: %v", row.dialect, row.err)
	}

	synctest.Test(t, func(t *testing.T) {
		tries := 0
		f := &fake{answer: func(context.Context, string, []driver.NamedValue) reply {
			if tries++; tries < 4 {
				return reply{err: stateError("40001")}
			}
			return done
		}}
		s := f.open(t)
		_, err := s.SaveIdentity(t.Context(), gitlab.Identity{Key: "ann"})
		require.NoError(t, err)
		assert.Equal(t, 4, tries)

		f.answer = func(context.Context, string, []driver.NamedValue) reply { return reply{err: stateError("40001")} }
		began := time.Now()
		_, err = s.SaveIdentity(t.Context(), gitlab.Identity{Key: "ann"})
		require.ErrorIs(t, err, stateError("40001"))
		assert.InDelta(t, collisionTime.Seconds(), time.Since(began).Seconds(), 0.2)
	})
}

func TestEndOfTheContextIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{answer: func(context.Context, string, []driver.NamedValue) reply {
		cancel()
		return reply{err: errors.New("interrupted")}
	}}
	_, err := f.open(t).LoadIdentity(ctx, "ann")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "interrupted")
}

func TestStoredDataIsASCIIAndTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"a":"é日本\u2028"}`, "{\"\U0001F511\":\"\u2028\U0010FFFF\x7f\"}", `{"a":"\\u00e9\"/<&>"}`, "{\"a\":\"\ufffd\"}"} {
		stored := ascii([]byte(text))
		for _, b := range []byte(stored) {
			require.Less(t, b, byte(0x80), stored)
		}
		assert.JSONEq(t, text, stored)
	}
	var broken map[string]string
	require.NoError(t, json.Unmarshal([]byte(ascii([]byte("{\"a\":\"\xff\"}"))), &broken))
	assert.Equal(t, "\ufffd", broken["a"])
}
