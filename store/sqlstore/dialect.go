package sqlstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Dialect is the kind of database, which its driver does not tell.
type Dialect int

// The databases that a [Store] speaks to.
const (
	PostgreSQL Dialect = iota + 1
	MySQL              // MariaDB too
	SQLite
)

func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// quoted is a table's name, perhaps after that of its schema, for use in a
// statement.
func (d Dialect) quoted(table string) (string, error) {
	mark := `"`
	if d == MySQL {
		mark = "`"
	}
	parts := strings.Split(table, ".")
	for i, part := range parts {
		if part == "" || len(parts) > 2 || strings.Contains(part, "\x00") {
			return "", fmt.Errorf("sqlstore: %q is no table: give its name, or schema.name", table)
		}
		parts[i] = mark + strings.ReplaceAll(part, mark, mark+mark) + mark
	}
	return strings.Join(parts, "."), nil
}

// collided reports whether the database undid the statement because of others
// that ran beside it, so that it can be sent again. Drivers differ, and none is
// known here.
func (d Dialect) collided(err error) bool {
	switch d {
	case PostgreSQL: // serialization failure, deadlock
		var coded interface{ SQLState() string }
		return errors.As(err, &coded) && (coded.SQLState() == "40001" || coded.SQLState() == "40P01")
	case MySQL: // deadlock, and a failed certification of Galera
		return strings.Contains(err.Error(), "Error 1213")
	case SQLite: // SQLITE_BUSY, SQLITE_LOCKED
		return strings.Contains(err.Error(), "is locked")
	}
	return false
}

// clock is how a statement asks the database for the time, and for the end of a
// lease that begins now. PostgreSQL's now() would be that of the statement's
// start, before it waited for the row.
func (d Dialect) clock(lease time.Duration) (now, until string) {
	ms := lease.Milliseconds()
	switch d {
	case PostgreSQL:
		now = "clock_timestamp()"
		return now, fmt.Sprintf("%s + interval '%d milliseconds'", now, ms)
	case MySQL:
		now = "UTC_TIMESTAMP(6)"
		return now, fmt.Sprintf("%s + INTERVAL %d MICROSECOND", now, 1000*ms)
	default:
		now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
		return now, fmt.Sprintf("%s + %d", now, ms)
	}
}

// statements are the texts that a Store sends. Their arguments are in the order
// of the comments, where key and revision are those of the row to be found.
type statements struct {
	schema, probe string

	load    string // key: base_url, data, revision
	create  string // key, base_url, data, new revision
	replace string // base_url, data, new revision; key, revision
	empty   string // key, revision
	sweep   string // key

	take    string // PostgreSQL, SQLite: key, owner: lock_abandoned, or no row. MySQL: owner; key
	insert  string // MySQL: key, owner
	peek    string // key: revision, held
	renew   string // key, owner
	release string // key, owner
	drop    string // key, owner
}

// statements writes the texts for a table, whose name is quoted, and a lease.
func (d Dialect) statements(table string, lease time.Duration) statements {
	now, until := d.clock(lease)
	names := strings.NewReplacer("{table}", table, "{now}", now, "{until}", until)
	st := shared
	switch d {
	case PostgreSQL:
		st.schema = postgresSchema
	case MySQL:
		st.schema, st.create, st.take, st.insert = mysqlSchema, mysqlCreate, mysqlTake, mysqlInsert
	case SQLite:
		st.schema = sqliteSchema
	}
	for _, text := range []*string{
		&st.schema, &st.probe, &st.load, &st.create, &st.replace, &st.empty, &st.sweep,
		&st.take, &st.insert, &st.peek, &st.renew, &st.release, &st.drop,
	} {
		if d == PostgreSQL {
			*text = numbered(*text)
		}
		*text = names.Replace(*text)
	}
	return st
}

// numbered writes placeholders as PostgreSQL wants them.
func numbered(text string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}
