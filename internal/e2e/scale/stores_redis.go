package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/redisstore"
)

// untilInputEnds runs a server until the shell's own input ends, as it does when
// this process is gone.
const untilInputEnds = `"$@" >/dev/null & pid=$!
read -r _
kill -s TERM $pid 2>/dev/null
wait $pid`

type redisEngine struct{}

func (redisEngine) start(ctx context.Context) (address string, stop func(), err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, fmt.Errorf("redis-server is %w", engines.ErrMissing)
	}
	dir, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return "", nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	_, port, _ := net.SplitHostPort(address) // it is one
	_ = l.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", "-c", untilInputEnds, "sh", program, "--bind", "127.0.0.1", "--port", port,
		"--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait() // the server's exit code tells nothing
		_ = os.RemoveAll(dir)
	}
	if err := answers(ctx, address); err != nil {
		stop()
		return "", nil, err
	}
	return address, stop, nil
}

// answers returns when the server does.
func answers(ctx context.Context, address string) error {
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	defer func() { _ = client.Close() }() // it has done its work
	for n := 0; ; n++ {
		err := client.Ping(ctx).Err()
		if err == nil || n == 200 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
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
