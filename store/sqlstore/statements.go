package sqlstore

// The columns in full, so that a column that an older table lacks is found.
const probe = `SELECT identity_key, base_url, data, revision, lock_owner, lock_until, lock_revision, lock_abandoned
FROM {table} WHERE 1 = 0`

// shared is what all databases understand, or PostgreSQL and SQLite do.
//
// MySQL computes the assignments of an UPDATE from left to right, each from
// what those before it left; the others compute all from the old row. Both
// orders give the same here.
var shared = statements{
	probe: probe,

	load: `SELECT base_url, data, revision FROM {table} WHERE identity_key = ? AND revision <> ''`,

	// There may be a row already, for the lock alone.
	create: `INSERT INTO {table} AS kept (identity_key, base_url, data, revision) VALUES (?, ?, ?, ?)
ON CONFLICT (identity_key) DO UPDATE
SET base_url = excluded.base_url, data = excluded.data, revision = excluded.revision
WHERE kept.revision = ''`,

	replace: `UPDATE {table} SET base_url = ?, data = ?, revision = ? WHERE identity_key = ? AND revision = ?`,

	// A delete leaves the row to whoever holds its lock, and removes it if
	// nobody does.
	empty: `UPDATE {table} SET base_url = '', data = '', revision = '' WHERE identity_key = ? AND revision = ?`,
	sweep: `DELETE FROM {table} WHERE identity_key = ? AND revision = '' AND (lock_owner = '' OR lock_until <= {now})`,

	take: `INSERT INTO {table} AS kept (identity_key, base_url, data, revision, lock_owner, lock_until)
VALUES (?, '', '', '', ?, {until})
ON CONFLICT (identity_key) DO UPDATE
SET lock_abandoned = (kept.revision <> '' AND kept.lock_revision = kept.revision),
lock_revision = kept.revision, lock_owner = excluded.lock_owner, lock_until = {until}
WHERE kept.lock_owner = '' OR kept.lock_until <= {now}
RETURNING lock_abandoned`,

	// A poll writes nothing, which take would do to the row even in vain.
	peek: `SELECT revision, lock_owner <> '' AND lock_until > {now} FROM {table} WHERE identity_key = ?`,

	renew: `UPDATE {table} SET lock_until = {until} WHERE identity_key = ? AND lock_owner = ?`,

	// What an earlier holder left unfinished stays marked.
	release: `UPDATE {table} SET lock_owner = '', lock_revision = CASE WHEN lock_abandoned THEN lock_revision ELSE '' END
WHERE identity_key = ? AND lock_owner = ? AND revision <> ''`,
	drop: `DELETE FROM {table} WHERE identity_key = ? AND lock_owner = ? AND revision = ''`,
}

// MySQL has no RETURNING, and its count of affected rows depends on the
// connection's flags. LAST_INSERT_ID(n) instead is part of the statement's own
// answer, so it needs no session.
const (
	mysqlCreate = `INSERT INTO {table} (identity_key, base_url, data, revision) VALUES (?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
lock_abandoned = IF(LAST_INSERT_ID(IF(revision = '', 1, 2)), lock_abandoned, 0),
base_url = IF(revision = '', VALUES(base_url), base_url),
data = IF(revision = '', VALUES(data), data),
revision = IF(revision = '', VALUES(revision), revision)`

	mysqlTake = `UPDATE {table}
SET lock_abandoned = LAST_INSERT_ID(IF(revision <> '' AND lock_revision = revision, 2, 1)) - 1,
lock_revision = revision, lock_owner = ?, lock_until = {until}
WHERE identity_key = ? AND (lock_owner = '' OR lock_until <= {now})`

	mysqlInsert = `INSERT INTO {table} (identity_key, base_url, data, revision, lock_owner, lock_until)
VALUES (?, '', '', '', ?, {until})
ON DUPLICATE KEY UPDATE lock_abandoned = IF(LAST_INSERT_ID(2), lock_abandoned, 0)`
)

// What LastInsertId says after those; 0: the row was inserted.
const (
	mysqlFilled    = 1 // create: there was a row for the lock alone
	mysqlAbandoned = 2 // take
)

const (
	postgresSchema = `CREATE TABLE IF NOT EXISTS {table} (
	identity_key   bytea NOT NULL PRIMARY KEY,
	base_url       text NOT NULL,
	data           text NOT NULL,
	revision       text NOT NULL,
	lock_owner     text NOT NULL DEFAULT '',
	lock_until     timestamptz NOT NULL DEFAULT 'epoch',
	lock_revision  text NOT NULL DEFAULT '',
	lock_abandoned boolean NOT NULL DEFAULT FALSE
) WITH (fillfactor = 70);
`

	mysqlSchema = `CREATE TABLE IF NOT EXISTS {table} (
	identity_key   VARBINARY(1024) NOT NULL PRIMARY KEY,
	base_url       TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	data           LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	revision       VARBINARY(64) NOT NULL,
	lock_owner     VARBINARY(64) NOT NULL DEFAULT '',
	lock_until     DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00',
	lock_revision  VARBINARY(64) NOT NULL DEFAULT '',
	lock_abandoned BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
`

	sqliteSchema = `CREATE TABLE IF NOT EXISTS {table} (
	identity_key   BLOB NOT NULL PRIMARY KEY,
	base_url       TEXT NOT NULL,
	data           TEXT NOT NULL,
	revision       TEXT NOT NULL,
	lock_owner     TEXT NOT NULL DEFAULT '',
	lock_until     INTEGER NOT NULL DEFAULT 0,
	lock_revision  TEXT NOT NULL DEFAULT '',
	lock_abandoned BOOLEAN NOT NULL DEFAULT FALSE
);
`
)
