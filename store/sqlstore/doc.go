// Package sqlstore keeps identities in one table of a SQL database that any
// number of processes share: PostgreSQL, MySQL or MariaDB, or SQLite. It works
// on a [database/sql.DB] that the program has opened, and brings no driver:
//
//	db, err := sql.Open("pgx", dsn)                        // github.com/jackc/pgx/v5/stdlib
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
//	err = store.CreateSchema(ctx)                          // or with your migrations
//	client, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom, Provider: provider, Store: store})
//
// # The table
//
// [Store.CreateSchema] creates it if it is missing; [Store.Schema] returns the
// same text for a migration tool. There is no other object, and no index but
// the primary key, by which every statement finds its row: millions of rows
// need nothing more. On PostgreSQL (9.5 or later):
//
//	CREATE TABLE IF NOT EXISTS "gitlab_identities" (
//		identity_key   bytea NOT NULL PRIMARY KEY,
//		base_url       text NOT NULL,
//		data           text NOT NULL,
//		revision       text NOT NULL,
//		lock_owner     text NOT NULL DEFAULT '',
//		lock_until     timestamptz NOT NULL DEFAULT 'epoch',
//		lock_revision  text NOT NULL DEFAULT '',
//		lock_abandoned boolean NOT NULL DEFAULT FALSE
//	) WITH (fillfactor = 70);
//
// On MySQL (5.7 or later) and MariaDB (10.2 or later):
//
//	CREATE TABLE IF NOT EXISTS `gitlab_identities` (
//		identity_key   VARBINARY(1024) NOT NULL PRIMARY KEY,
//		base_url       TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
//		data           LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
//		revision       VARBINARY(64) NOT NULL,
//		lock_owner     VARBINARY(64) NOT NULL DEFAULT '',
//		lock_until     DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00',
//		lock_revision  VARBINARY(64) NOT NULL DEFAULT '',
//		lock_abandoned BOOLEAN NOT NULL DEFAULT FALSE
//	) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
//
// On SQLite (3.35 or later):
//
//	CREATE TABLE IF NOT EXISTS "gitlab_identities" (
//		identity_key   BLOB NOT NULL PRIMARY KEY,
//		base_url       TEXT NOT NULL,
//		data           TEXT NOT NULL,
//		revision       TEXT NOT NULL,
//		lock_owner     TEXT NOT NULL DEFAULT '',
//		lock_until     INTEGER NOT NULL DEFAULT 0,
//		lock_revision  TEXT NOT NULL DEFAULT '',
//		lock_abandoned BOOLEAN NOT NULL DEFAULT FALSE
//	);
//
// What is in a row:
//
//	identity_key    the key, as bytes, so that no collation takes one key for
//	                another; at most 1024 of them
//	base_url, data  the identity; data is the JSON of gitlab.OAuthData and holds
//	                the tokens in plain text, in ASCII
//	revision        another random text after every save; '': nothing is stored,
//	                the row is there for its lock alone
//	lock_owner      who holds the lock: a random text for each holder; '': nobody
//	lock_until      when the lease ends, in UTC by the database's clock; on SQLite
//	                in milliseconds since 1970. Later, the lock is free
//	lock_revision   what was stored when the lock was taken, until it is given
//	                back; the lock is abandoned where it equals revision
//	lock_abandoned  whether it was so when the present holder took the lock
//
// A program that puts grants into the table itself gives each row any revision
// that is new, and leaves the lock's columns to their defaults.
//
// # The lock
//
// It is a lease on the row, taken by one conditional statement, 15 s long
// ([WithLease]) and renewed at each third of that while it is held. Between
// statements nothing is held: no connection, no transaction and no state of a
// session. If a holder dies its lease runs out, and the next one is told that
// the lock was abandoned. A holder that cannot renew any more learns of that,
// by its own monotonic clock, before anybody else can have the lock. Only the
// database's clock decides whose lease it is: those of the clients may be
// wrong. A clock of the database that jumps, or goes differently after a
// failover, by more than a lease may give the lock to two holders; the
// compare-and-swap of a save still lets only one of them store.
//
// SaveIdentity asks for the Revision alone and not for the lock. That is
// enough: whoever lost the lease to another holder conflicts as soon as that
// one has saved. Until then the pair that the late holder brings may be the
// only one that still works, so it is kept.
//
// An uncontended refresh costs four statements: lock, load, save, unlock; a
// load costs one. Those who wait for a lock read the row every 20 to 250 ms,
// at random, and often again once a save shows that the holder is about to
// finish; they write nothing.
//
// # What it needs
//
// All statements must reach the one primary: no replicas for reading, no
// proxies that split reads from writes. What the database calls committed must
// survive its crash (on PostgreSQL synchronous_commit, on MySQL
// innodb_flush_log_at_trx_commit = 1, on SQLite synchronous = FULL, all of
// them defaults); a failover that loses commits loses rotations with them. The
// program needs SELECT, INSERT, UPDATE and DELETE on the table. Statement logs
// of the server may show tokens.
//
// PostgreSQL behind PgBouncer or another pooler in transaction mode: nothing
// here needs a session, but drivers keep prepared statements in it. Have pgx
// do without, by default_query_exec_mode=exec (or simple_protocol) in its
// connection string.
//
// MySQL and MariaDB: no setting is needed. With go-sql-driver/mysql,
// interpolateParams=true saves a round trip for each statement.
//
// SQLite: give every connection a busy timeout, as in
// file:/var/lib/app/app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)
// with modernc.org/sqlite. The clock of the database is that of the machine. An
// in-memory database belongs to one connection: set db.SetMaxOpenConns(1).
//
// # What is left over
//
// A lock of a key under which nothing is stored leaves no row behind, unless
// its holder dies. Such rows are small, do no harm, and may be removed at any
// time (here on PostgreSQL):
//
//	DELETE FROM gitlab_identities WHERE revision = '' AND lock_until < now() - interval '1 day';
package sqlstore
