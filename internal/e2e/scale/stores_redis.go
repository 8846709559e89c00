package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/redisstore"
)

type redisEngine struct{}

func (redisEngine) start(ctx context.Context) (address string, stop func(), err error) {
	server, err := engines.StartRedis(ctx)
	if err != nil {
		return "", nil, err
	}
	return server.DSN, func() { _ = server.Close() }, nil
}

func (redisEngine) open(dsn string, pool int) (*opened, error) {
	client := redis.NewClient(&redis.Options{Addr: dsn, PoolSize: pool})
	store, err := redisstore.New(client)
	if err != nil {
		return nil, err
	}
	return &opened{
		IdentityStore: store,
		waited: func() waits {
			s := client.PoolStats()
			return waits{Count: int64(s.WaitCount), Total: time.Duration(s.WaitDurationNs)}
		},
		close: func() { _ = client.Close() },
	}, nil
}
