package redisstore

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// program is the Redis server to test with.
const program = "redis-server"

// server is a redis-server of the test's own on a free port of the loopback
// interface. It ends with the test.
type server struct {
	addr    string
	dir     string
	args    []string
	process *exec.Cmd
}

// startServer starts a server that keeps nothing unless args say so.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	return launch(t, append([]string{"--save", "", "--repl-diskless-sync-delay", "0"}, args...))
}

func launch(t *testing.T, args []string) *server {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("GITLAB_E2E") == "required" {
			require.NoError(t, err, "redis-server is not installed, but GITLAB_E2E is required")
		}
		t.Skip("skipped, redis-server is not installed (set GITLAB_E2E=required to make this a failure)")
	}
	s := &server{dir: t.TempDir(), args: args}
	t.Cleanup(func() { s.kill() })
	for range 5 { // somebody else may be faster to take the port
		s.addr = freeAddr(t)
		if s.start(t) {
			return s
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	require.Fail(t, "redis-server does not start", "%s", log)
	return nil
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// start starts the process and waits until it serves.
func (s *server) start(t *testing.T) bool {
	t.Helper()
	host, port, err := net.SplitHostPort(s.addr)
	require.NoError(t, err)
	args := append(slices.Clone(s.args), "--bind", host, "--port", port, "--dir", s.dir, "--logfile", "log")
	s.process = exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	require.NoError(t, s.process.Start())
	ended := make(chan struct{})
	go func(process *exec.Cmd) {
		defer close(ended)
		_, _ = process.Process.Wait()
	}(s.process)

	client := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	mine := fmt.Sprintf("process_id:%d\r\n", s.process.Process.Pid)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if info, err := client.Info(t.Context(), "server").Result(); err == nil && strings.Contains(info, mine) {
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.kill()
	return false
}

// kill ends the process as SIGKILL does.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	for range 500 { // until its port is free
		conn, err := net.DialTimeout("tcp", s.addr, time.Second) //nolint:noctx // a cleanup has no context
		if err != nil {
			return
		}
		_ = conn.Close()
		time.Sleep(10 * time.Millisecond)
	}
}

// access is how to reach one or several servers; a second process gets it as
// JSON.
type access struct {
	Addrs                  []string
	User, Password, Prefix string
	Lease                  time.Duration
	Replicas               int
}

func (s *server) access() access { return access{Addrs: []string{s.addr}} }

// client connects as every program would; several addresses are a Cluster.
func (a access) client() redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: a.Addrs, Username: a.User, Password: a.Password, DialerRetries: 1})
}

// store is a store on a client of its own, which the caller closes.
func (a access) store() (*Store, error) {
	options := []Option{Prefix(a.Prefix)}
	if a.Lease > 0 {
		options = append(options, Lease(a.Lease))
	}
	if a.Replicas > 0 {
		options = append(options, WaitReplicas(a.Replicas, time.Second))
	}
	return New(a.client(), options...)
}

// open is a store on a client that ends with the test.
func (a access) open(t *testing.T) *Store {
	t.Helper()
	s, err := a.store()
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.client.Close() })
	return s
}

// startCluster starts three servers that share all slots.
func startCluster(t *testing.T) access {
	t.Helper()
	const nodes, slots = 3, 16384
	var all access
	clients := make([]*redis.Client, nodes)
	for i := range nodes {
		_, bus, err := net.SplitHostPort(freeAddr(t))
		require.NoError(t, err)
		s := startServer(t, "--cluster-enabled", "yes", "--cluster-port", bus)
		all.Addrs = append(all.Addrs, s.addr)
		clients[i] = redis.NewClient(&redis.Options{Addr: s.addr})
		defer func() { _ = clients[i].Close() }()
		require.NoError(t, clients[i].ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err())
		require.NoError(t, clients[i].Do(t.Context(), "cluster", "set-config-epoch", i+1).Err())
		host, port, err := net.SplitHostPort(s.addr)
		require.NoError(t, err)
		require.NoError(t, clients[0].Do(t.Context(), "cluster", "meet", host, port, bus).Err())
	}
	for _, client := range clients {
		require.Eventually(t, func() bool {
			info, err := client.ClusterInfo(t.Context()).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, "cluster_slots_assigned:"+strconv.Itoa(slots)) &&
				strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(nodes))
		}, 30*time.Second, 50*time.Millisecond)
	}
	return all
}

// startReplica starts a server that follows primary, and waits until it does.
func startReplica(t *testing.T, primary *server) *server {
	t.Helper()
	host, port, err := net.SplitHostPort(primary.addr)
	require.NoError(t, err)
	replica := startServer(t, "--replicaof", host+" "+port)
	client := redis.NewClient(&redis.Options{Addr: replica.addr})
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool {
		info, err := client.Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	}, 30*time.Second, 20*time.Millisecond)
	return replica
}

// startSentinel starts a sentinel that alone decides on primary, called "main",
// and waits until it knows the replica.
func startSentinel(t *testing.T, primary *server) *server {
	t.Helper()
	host, port, err := net.SplitHostPort(primary.addr)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "sentinel.conf") // which it writes to
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "sentinel monitor main %s %s 1\n"+
		"sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n", host, port), 0o600))
	sentinel := launch(t, []string{file, "--sentinel"})
	client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.addr})
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool {
		replicas, err := client.Replicas(t.Context(), "main").Result()
		return err == nil && len(replicas) == 1
	}, 30*time.Second, 50*time.Millisecond)
	return sentinel
}
