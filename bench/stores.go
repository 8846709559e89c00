package main

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/redisstore"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// poolSize is how many connections to the store a replica may have.
const poolSize = 8

// engine is a kind of store that replicas share.
type engine struct {
	start func(context.Context) (*engines.Server, error) // with an empty store
	open  func(dsn string) (store gitlab.IdentityStore, closeStore func(), err error)
}

var engineOf = map[string]engine{
	"postgres": {start: startPostgres, open: openPostgres},
	"redis":    {start: engines.StartRedis, open: openRedis},
}

func startPostgres(ctx context.Context) (*engines.Server, error) {
	server, err := engines.StartPostgreSQL(ctx)
	if err != nil {
		return nil, err
	}
	store, closeStore, err := openSQL(server.DSN)
	if err == nil {
		err = store.CreateSchema(ctx)
		closeStore()
	}
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, nil
}

func openPostgres(dsn string) (gitlab.IdentityStore, func(), error) { return openSQL(dsn) }

func openSQL(dsn string) (*sqlstore.Store, func(), error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, func() { _ = db.Close() }, nil
}

func openRedis(dsn string) (gitlab.IdentityStore, func(), error) {
	client := redis.NewClient(&redis.Options{Addr: dsn, PoolSize: poolSize})
	store, err := redisstore.New(client)
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, func() { _ = client.Close() }, nil
}
