// Package sqlstores proves store/sqlstore on real databases: SQLite,
// PostgreSQL, also through PgBouncer, and MariaDB. It has only tests.
package sqlstores
