package redisstore

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func create(t *testing.T, s *Store, key string) gitlab.Identity {
	t.Helper()
	id := gitlab.Identity{
		Key:     key,
		BaseURL: "https://gitlab.example.com/git",
		Data:    gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1", ExpiresAt: time.Unix(1700007200, 0).UTC()},
	}
	revision, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	id.Revision = revision
	return id
}

func lockBriefly(t *testing.T, s *Store, key string) (abandoned bool) {
	t.Helper()
	lock, err := s.LockIdentity(t.Context(), key)
	require.NoError(t, err)
	defer lock.Unlock()
	return lock.Abandoned
}

func TestLockOfAKilledProcessIsAbandonedAfterItsLease(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	to.Lease = 2 * time.Second
	s := to.open(t)
	id := create(t, s, "user-1")
	kill := lockElsewhere(t, to, "user-1")

	ctx, cancel := context.WithTimeout(t.Context(), 2*to.Lease)
	defer cancel()
	_, err := s.LockIdentity(ctx, "user-1")
	require.ErrorIs(t, err, context.DeadlineExceeded, "its holder lives and renews")

	killed := time.Now()
	kill()
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Less(t, time.Since(killed), to.Lease+3*time.Second)
	assert.True(t, lock.Abandoned)

	_, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	lock.Unlock()
	assert.False(t, lockBriefly(t, s, "user-1"), "saved since")
}

// A holder that was killed after its save has finished its rotation.
func TestSaveOfAKilledHolderEndsTheAbandonment(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	to.Lease = 300 * time.Millisecond
	s := to.open(t)
	id := create(t, s, "user-1")
	kill := lockElsewhere(t, to, "user-1")
	_, err := s.SaveIdentity(t.Context(), id) // as the holder would
	require.NoError(t, err)
	kill()
	assert.False(t, lockBriefly(t, s, "user-1"))
}

func TestLockIsRenewedAndItsLeaseIsTheServers(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	to.Lease = 3 * time.Second
	s := to.open(t)
	create(t, s, "user-1")
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	names := s.keys("user-1")
	for until := time.Now().Add(2 * to.Lease); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		left, err := s.client.PTTL(t.Context(), names[1]).Result()
		require.NoError(t, err)
		require.Positive(t, left)
		require.LessOrEqual(t, left, to.Lease)
	}
	require.NoError(t, lock.Context.Err())
	forever, err := s.client.PTTL(t.Context(), names[0]).Result()
	require.NoError(t, err)
	assert.EqualValues(t, -1, forever, "an identity has no time to live")

	lock.Unlock()
	lock.Unlock() // harmless, as is often deferred
	left, err := s.client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Equal(t, names[:1], left)
	fields, err := s.client.HKeys(t.Context(), names[0]).Result()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"key", "base_url", "data", "revision"}, fields)
}

func TestLockEndsWithAServerThatIsGone(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	to := server.access()
	to.Lease = 3 * time.Second
	s := to.open(t)
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	locked := time.Now()
	server.kill()
	select {
	case <-lock.Context.Done():
	case <-time.After(10 * time.Second):
		require.Fail(t, "the lock's Context does not end")
	}
	assert.Less(t, time.Since(locked), 2*to.Lease)
	require.ErrorIs(t, context.Cause(lock.Context), errLeaseLost)
	lock.Unlock()
}

// As after a failover to a replica that did not have the lock.
func TestLockThatTheServerForgotEndsWithTheNextRenewal(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	to.Lease = 3 * time.Second
	s, other := to.open(t), to.open(t)
	create(t, s, "user-1")
	forgotten, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	defer forgotten.Unlock()
	require.NoError(t, s.client.Del(t.Context(), s.keys("user-1")[1]).Err())
	lock, err := other.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	defer lock.Unlock()
	assert.True(t, lock.Abandoned)
	select {
	case <-forgotten.Context.Done():
	case <-time.After(2 * to.Lease):
		require.Fail(t, "the lock's Context does not end although another holder has the lock")
	}
	require.NoError(t, lock.Context.Err())
}

func TestRenewalThatFailedOnceIsTriedAgain(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	to.Lease = 3 * time.Second
	s := to.open(t)
	network := &cut{}
	s.client.AddHook(network)
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	defer lock.Unlock()
	network.renewals.Store(true)
	time.Sleep(to.Lease / 2)
	network.renewals.Store(false)
	time.Sleep(2 * to.Lease)
	require.NoError(t, lock.Context.Err())
}

// A server that accepts and never answers.
func TestHangingServerHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), ReadTimeout: 10 * time.Second})
	t.Cleanup(func() { _ = client.Close() })
	s, err := New(client)
	require.NoError(t, err)

	calls := map[string]func(context.Context) error{
		"LoadIdentity": func(ctx context.Context) error { _, err := s.LoadIdentity(ctx, "user-1"); return err },
		"SaveIdentity": func(ctx context.Context) error {
			_, err := s.SaveIdentity(ctx, gitlab.Identity{Key: "user-1"})
			return err
		},
		"DeleteIdentity": func(ctx context.Context) error { return s.DeleteIdentity(ctx, "user-1", "r") },
		"LockIdentity":   func(ctx context.Context) error { _, err := s.LockIdentity(ctx, "user-1"); return err },
	}
	for name, call := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		started := time.Now()
		require.ErrorIs(t, call(ctx), context.Canceled, name)
		assert.Less(t, time.Since(started), 3*time.Second, name)
	}
}

// The answer that says yes may come when its asker has left.
func TestLockWhoseAskerHasLeftIsGivenBack(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	s, other := to.open(t), to.open(t)
	create(t, s, "user-1")
	lockBriefly(t, s, "user-1") // so that the server has the script, and the first answer is the lock's
	ctx, cancel := context.WithCancel(t.Context())
	s.client.AddHook(after(func(cmd redis.Cmder) {
		if cmd.Name() == "evalsha" && ctx.Err() == nil {
			cancel()
			time.Sleep(100 * time.Millisecond)
		}
	}))
	_, err := s.LockIdentity(ctx, "user-1")
	require.ErrorIs(t, err, context.Canceled)
	soon, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	lock, err := other.LockIdentity(soon, "user-1")
	require.NoError(t, err)
	assert.False(t, lock.Abandoned)
	lock.Unlock()
}

// after is called after each command, before its sender gets the answer.
type after func(cmd redis.Cmder)

func (h after) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h after) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		h(cmd)
		return err
	}
}

func (h after) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestLeaseIsOverForWhoeverAsksAfterItsTime(t *testing.T) {
	t.Parallel()
	held := newLeaseContext(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, held.Err())
	past := time.Now() // as after a stop of the process: no timer has run yet
	held.until.Store(&past)

	require.ErrorIs(t, held.Err(), context.Canceled)
	require.ErrorIs(t, context.Cause(held), errLeaseLost)
	<-held.Done()
}

func TestDefaultLeaseIsHalfOfWhatClientsWait(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{}) // which dials when it is used
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	s, err := New(client)
	require.NoError(t, err)
	assert.Equal(t, 15*time.Second, s.lease)
}
