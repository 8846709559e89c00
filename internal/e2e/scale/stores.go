package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// An engine is a kind of store.
type engine interface {
	// start brings the engine up, empty.
	start(ctx context.Context) (dsn string, stop func(), err error)
	// open opens the store at a DSN, with that many connections at the most.
	open(dsn string, pool int) (*opened, error)
}

// opened is an open store.
type opened struct {
	gitlab.IdentityStore

	waited func() waits
	close  func()
}

// waits are those for a connection of the pool.
type waits struct {
	Count int64
	Total time.Duration
}

var engineOf = map[string]engine{
	"postgres": sqlEngine{driver: "pgx", dialect: sqlstore.PostgreSQL, boot: engines.StartPostgreSQL},
	"mariadb":  sqlEngine{driver: "mysql", dialect: sqlstore.MySQL, boot: engines.StartMariaDB, settings: "?interpolateParams=true"},
	"sqlite":   sqlEngine{driver: "sqlite", dialect: sqlstore.SQLite},
	"redis":    redisEngine{},
}

type sqlEngine struct {
	driver   string
	dialect  sqlstore.Dialect
	boot     func(context.Context) (*engines.Server, error) // nil: a file
	settings string                                         // added to the DSN
}

func (e sqlEngine) start(ctx context.Context) (dsn string, stop func(), err error) {
	if e.boot == nil {
		dsn, stop, err = startFile()
	} else {
		var server *engines.Server
		if server, err = e.boot(ctx); err == nil {
			dsn, stop = server.DSN+e.settings, func() { _ = server.Close() }
		}
	}
	if err != nil {
		return "", nil, err
	}
	if err := e.createTable(ctx, dsn); err != nil {
		stop()
		return "", nil, err
	}
	return dsn, stop, nil
}

func startFile() (dsn string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return "", nil, err
	}
	dsn = "file:" + filepath.Join(dir, "scale.db") + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"
	return dsn, func() { _ = os.RemoveAll(dir) }, nil
}

func (e sqlEngine) createTable(ctx context.Context, dsn string) error {
	db, store, err := e.connect(dsn)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it has done its work
	return store.CreateSchema(ctx)
}

func (e sqlEngine) connect(dsn string) (*sql.DB, *sqlstore.Store, error) {
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.New(db, e.dialect)
	return db, store, err
}

func (e sqlEngine) open(dsn string, pool int) (*opened, error) {
	db, store, err := e.connect(dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	return &opened{
		IdentityStore: store,
		waited: func() waits {
			s := db.Stats()
			return waits{Count: s.WaitCount, Total: s.WaitDuration}
		},
		close: func() { _ = db.Close() },
	}, nil
}

// load fills an empty store with identities.
func load(ctx context.Context, store gitlab.IdentityStore, ids []gitlab.Identity) error {
	errs := make(chan error)
	const loaders = 8
	for n := range loaders {
		go func() {
			var err error
			for i := n; i < len(ids) && err == nil; i += loaders {
				_, err = store.SaveIdentity(ctx, ids[i])
			}
			errs <- err
		}()
	}
	var first error
	for range loaders {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// outdated lists the identities whose stored refresh token is not the newest.
func outdated(ctx context.Context, store gitlab.IdentityStore, newest map[string]string) ([]string, error) {
	var lost []string
	for key, token := range newest {
		id, err := store.LoadIdentity(ctx, key)
		if err != nil {
			return nil, err
		}
		if id.Data.RefreshToken != token {
			lost = append(lost, key)
		}
	}
	return lost, nil
}
