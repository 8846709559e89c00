package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"strings"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// openSQL opens stores as a service would: with a small pool, and with limits
// on connecting that the drivers do not have by themselves.
func openSQL(driver string, dialect sqlstore.Dialect) func(context.Context, string) (gitlab.IdentityStore, func(), error) {
	return func(_ context.Context, dsn string) (gitlab.IdentityStore, func(), error) {
		_ = mysql.SetLogger(log.New(io.Discard, "", 0)) // it would tell of every cut connection
		db, err := sql.Open(driver, dsn)
		if err != nil {
			return nil, nil, err
		}
		db.SetMaxOpenConns(10)
		store, err := sqlstore.New(db, dialect, sqlstore.WithLease(lease))
		return store, func() { _ = db.Close() }, err
	}
}

// createTable makes the table of a store at dsn.
func createTable(ctx context.Context, driver string, dialect sqlstore.Dialect, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it has done its work
	store, err := sqlstore.New(db, dialect)
	if err != nil {
		return err
	}
	return store.CreateSchema(ctx)
}

// startServer makes a backend of a database server.
func startServer(boot func(context.Context) (*engines.Server, error), dialect sqlstore.Dialect) func(context.Context, *spawner, string) (*backend, error) {
	return func(ctx context.Context, _ *spawner, _ string) (*backend, error) {
		server, err := boot(ctx)
		if err != nil {
			return nil, err
		}
		address := fmt.Sprintf("127.0.0.1:%d", server.Port)
		options := "&connect_timeout=2"
		if dialect == sqlstore.MySQL {
			options = "?timeout=2s&readTimeout=5s&writeTimeout=5s&interpolateParams=true"
		}
		hard := false
		b := &backend{
			address: address,
			dsn:     func(at string) string { return strings.Replace(server.DSN, address, at, 1) + options },
			restart: func(ctx context.Context) error {
				if hard = !hard; !hard {
					server.Stop()
				} else if err := server.Crash(); err != nil {
					return err
				}
				return server.Start(ctx)
			},
			stop: func() { _ = server.Close() },
		}
		return b, createTable(ctx, server.Driver, dialect, b.dsn(address))
	}
}

// startSQLite makes a database file. It is away while somebody else writes.
func startSQLite(ctx context.Context, _ *spawner, dir string) (*backend, error) {
	dsn := "file:" + filepath.Join(dir, "soak.db") + "?_pragma=busy_timeout(2000)&_pragma=journal_mode(WAL)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	b := &backend{
		dsn: func(string) string { return dsn },
		away: func() (func() error, error) {
			conn, err := db.Conn(ctx)
			if err != nil {
				return nil, err
			}
			for range 20 { // the others leave little room
				if _, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err == nil {
					break
				}
			}
			return func() error {
				_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
				return errors.Join(err, conn.Close())
			}, err
		},
		stop: func() { _ = db.Close() },
	}
	return b, createTable(ctx, "sqlite", sqlstore.SQLite, dsn)
}
