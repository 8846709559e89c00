package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/redisstore"
)

// redisServer is a redis-server that survives its own death, as package
// redisstore asks.
type redisServer struct {
	spawn   *spawner
	dir     string
	address string

	mu      sync.Mutex // guards process
	process *exec.Cmd
}

func startRedis(ctx context.Context, spawn *spawner, dir string) (*backend, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, fmt.Errorf("redis-server is %w: %w", engines.ErrMissing, err)
	}
	s := &redisServer{spawn: spawn, dir: dir}
	var err error
	for range 3 { // somebody else may be faster to take the port
		var l net.Listener
		if l, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		s.address = l.Addr().String()
		_ = l.Close()
		if err = s.start(ctx); err == nil {
			break
		}
	}
	return &backend{
		address: s.address,
		dsn:     func(address string) string { return address },
		restart: func(ctx context.Context) error {
			s.kill()
			return s.start(ctx)
		},
		stop: s.kill,
	}, err
}

func openRedis(_ context.Context, dsn string) (gitlab.IdentityStore, func(), error) {
	redis.SetLogger(silence{}) // it would tell of every cut connection
	client := redis.NewClient(&redis.Options{Addr: dsn})
	store, err := redisstore.New(client, redisstore.Lease(lease))
	return store, func() { _ = client.Close() }, err
}

type silence struct{}

// Printf is what go-redis logs with.
func (silence) Printf(context.Context, string, ...any) {}

// start returns when the server answers.
func (s *redisServer) start(ctx context.Context) error {
	host, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "redis-server", "--bind", host, "--port", port, "--dir", s.dir,
		"--logfile", "redis.log", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
	if err := s.spawn.run(cmd); err != nil {
		return err
	}
	s.mu.Lock()
	s.process = cmd
	s.mu.Unlock()
	client := redis.NewClient(&redis.Options{Addr: s.address, MaxRetries: -1})
	defer func() { _ = client.Close() }() // it has done its work
	for range 400 {
		if err = client.Ping(ctx).Err(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.kill()
	return fmt.Errorf("soak: redis-server does not answer: %w", err)
}

// kill ends the server as SIGKILL does.
func (s *redisServer) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait() // it was killed
		s.process = nil
	}
}
