package redisstore

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestKilledServerComesBackWithWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	s := server.access().open(t)
	saved, held := create(t, s, "user-1"), create(t, s, "user-2")
	for range 20 {
		revision, err := s.SaveIdentity(t.Context(), saved)
		require.NoError(t, err)
		saved.Revision = revision
	}
	lock, err := s.LockIdentity(t.Context(), "user-2")
	require.NoError(t, err)

	server.kill()
	require.True(t, server.start(t))
	for _, want := range []gitlab.Identity{saved, held} {
		got, err := s.LoadIdentity(t.Context(), want.Key)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	require.NoError(t, lock.Context.Err())
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = s.LockIdentity(soon, "user-2")
	require.ErrorIs(t, err, context.DeadlineExceeded, "the lock outlived the server too")
	lock.Unlock()
	assert.False(t, lockBriefly(t, s, "user-2"))
}

func TestServerThatForgotTheScriptsIsToldThem(t *testing.T) {
	t.Parallel()
	s := startServer(t).access().open(t)
	id := create(t, s, "user-1")
	require.NoError(t, s.client.ScriptFlush(t.Context()).Err())
	_, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
}

func TestFullServerRefusesTheLock(t *testing.T) {
	t.Parallel()
	s := startServer(t).access().open(t)
	id := create(t, s, "user-1")
	require.NoError(t, s.client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, err := s.LockIdentity(t.Context(), "user-1")
	require.ErrorContains(t, err, "more memory")
	_, err = s.SaveIdentity(t.Context(), id)
	require.ErrorContains(t, err, "more memory")
	loaded, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err, "reading goes on")
	assert.Equal(t, id, loaded)

	require.NoError(t, s.client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	assert.False(t, lockBriefly(t, s, "user-1"), "a refused lock leaves nothing")
}

func TestReplicaRefusesTheLock(t *testing.T) {
	t.Parallel()
	primary := startServer(t)
	s := startReplica(t, primary).access().open(t)
	_, err := s.LockIdentity(t.Context(), "user-1")
	require.ErrorContains(t, err, "connected to a replica")
}

func TestWithoutItsReplicaNothingIsLocked(t *testing.T) {
	t.Parallel()
	primary := startServer(t)
	replica := startReplica(t, primary)
	to := primary.access()
	careless := to.open(t)
	to.Replicas = 1
	careful := to.open(t)
	id := create(t, careful, "user-1")
	assert.False(t, lockBriefly(t, careful, "user-1"))
	there, err := redisGet(t, replica, careful.keys("user-1")[0], "revision")
	require.NoError(t, err)
	assert.Equal(t, id.Revision, there, "the replica had it when the save returned")

	replica.kill()
	_, err = careful.LockIdentity(t.Context(), "user-1")
	require.ErrorIs(t, err, errNotReplicated)
	assert.False(t, lockBriefly(t, careless, "user-1"), "it was given back")

	_, err = careful.SaveIdentity(t.Context(), id)
	require.ErrorIs(t, err, errNotReplicated)
	stored, err := careful.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.NotEqual(t, id.Revision, stored.Revision, "the primary has it all the same")
	_, err = careful.SaveIdentity(t.Context(), id)
	require.ErrorIs(t, err, gitlab.ErrIdentityConflict)
}

func TestFailoverKeepsWhatTheReplicaHad(t *testing.T) {
	t.Parallel()
	primary := startServer(t)
	startReplica(t, primary)
	sentinel := startSentinel(t, primary)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: []string{sentinel.addr}, DialerRetries: 1})
	t.Cleanup(func() { _ = client.Close() })
	careful, err := New(client, WaitReplicas(1, time.Second))
	require.NoError(t, err)
	s, err := New(client)
	require.NoError(t, err)
	want := create(t, careful, "user-1")
	held, err := careful.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)

	primary.kill()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		got, err := s.LoadIdentity(t.Context(), "user-1")
		require.NoError(c, err)
		require.Equal(c, want, got)
		_, err = s.SaveIdentity(t.Context(), gitlab.Identity{Key: "user-2"})
		require.NoError(c, err, "the new primary takes writes")
	}, 30*time.Second, 100*time.Millisecond)
	require.NoError(t, held.Context.Err())
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = s.LockIdentity(soon, "user-1")
	require.ErrorIs(t, err, context.DeadlineExceeded, "the lock moved too")
	held.Unlock()
	assert.False(t, lockBriefly(t, s, "user-1"))
}

// redisGet reads a field from a server itself, without a store.
func redisGet(t *testing.T, from *server, name, field string) (string, error) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: from.addr})
	defer func() { _ = client.Close() }()
	return client.HGet(t.Context(), name, field).Result()
}

// With WAIT the store goes to the nodes itself, so it must find them itself.
func TestSlotThatMovedIsFollowed(t *testing.T) {
	t.Parallel()
	to := startCluster(t)
	to.Replicas = 1 // that no node here has
	s := to.open(t)
	_, err := s.SaveIdentity(t.Context(), gitlab.Identity{Key: "warm"})
	require.ErrorIs(t, err, errNotReplicated)

	cluster := s.client.(*redis.ClusterClient)
	name := s.keys("user-1")[0]
	slot := cluster.ClusterKeySlot(t.Context(), name).Val()
	from, err := cluster.MasterForKey(t.Context(), name)
	require.NoError(t, err)
	next := to.Addrs[0]
	if next == from.Options().Addr {
		next = to.Addrs[1]
	}
	target := redis.NewClient(&redis.Options{Addr: next})
	defer func() { _ = target.Close() }()
	id := target.Do(t.Context(), "cluster", "myid").Val()
	require.NoError(t, target.Do(t.Context(), "cluster", "setslot", slot, "node", id).Err())
	require.NoError(t, from.Do(t.Context(), "cluster", "setslot", slot, "node", id).Err())

	_, err = s.SaveIdentity(t.Context(), gitlab.Identity{Key: "user-1"})
	require.ErrorIs(t, err, errNotReplicated)
	revision, err := target.HGet(t.Context(), name, "revision").Result()
	require.NoError(t, err)
	assert.NotEmpty(t, revision)
}

// go-redis sends again what got no answer; that must not count twice.
func TestLostAnswersAreAskedForAgain(t *testing.T) {
	t.Parallel()
	network := &lossy{}
	client := redis.NewClient(&redis.Options{Addr: startServer(t).addr, Dialer: network.dial})
	t.Cleanup(func() { _ = client.Close() })
	s, err := New(client)
	require.NoError(t, err)
	id := create(t, s, "user-1")
	lockBriefly(t, s, "user-1")

	network.lose.Store(true)
	id.Revision, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err, "no conflict with itself")
	require.False(t, network.lose.Load())
	loaded, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)

	network.lose.Store(true)
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	lock, err := s.LockIdentity(soon, "user-1")
	require.NoError(t, err, "it does not wait for itself")
	require.False(t, network.lose.Load())
	assert.False(t, lock.Abandoned)
	lock.Unlock()
	assert.False(t, lockBriefly(t, s, "user-1"))
}

// lossy is a network that loses one answer, once it is to, and the connection
// with it.
type lossy struct{ lose atomic.Bool }

func (l *lossy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &lossyConn{conn, l}, err
}

type lossyConn struct {
	net.Conn
	network *lossy
}

func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.network.lose.CompareAndSwap(true, false) {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}
