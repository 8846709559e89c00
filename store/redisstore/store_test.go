package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/storetest"
)

func TestRedisStoreIsAStore(t *testing.T) {
	t.Parallel()
	to := startServer(t).access()
	restrict(t, &to)
	storetest.Run(t, fixtures(to))
}

func TestRedisStoreIsAStoreOnACluster(t *testing.T) {
	t.Parallel()
	to := startCluster(t)
	restrict(t, &to, "+cluster|slots")
	storetest.Run(t, fixtures(to))
}

func TestRedisStoreIsAStoreThatWaitsForReplicas(t *testing.T) {
	t.Parallel()
	primary := startServer(t)
	startReplica(t, primary)
	to := primary.access()
	to.Replicas = 1
	storetest.Run(t, fixtures(to))
}

// restrict lets to be a user with no more rights than the package documentation
// names.
func restrict(t *testing.T, to *access, more ...any) {
	t.Helper()
	rule := []any{
		"acl", "setuser", "gitlab", "on", ">password", "~gitlab:identity:*", "+eval", "+evalsha", "+wait",
		"+get", "+set", "+del", "+pexpire", "+exists", "+hget", "+hexists", "+hmget", "+hset", "+hdel",
	}
	for _, addr := range to.Addrs {
		admin := access{Addrs: []string{addr}}.client()
		defer func() { _ = admin.Close() }()
		require.NoError(t, admin.Do(t.Context(), append(rule, more...)...).Err())
	}
	to.User, to.Password = "gitlab", "password"
}

// fixtures are stores on the same servers, each under a prefix of its own.
func fixtures(to access) func(t *testing.T) storetest.Fixture {
	return func(t *testing.T) storetest.Fixture {
		to := to
		to.Prefix = defaultPrefix + rand.Text() + ":"
		to.Lease = 2 * time.Second
		a, b, other := to.open(t), to.open(t), to
		other.User, other.Password, other.Lease = "", "", 300*time.Millisecond // the third party
		cuts := map[gitlab.IdentityStore]*cut{a: {}, b: {}}
		a.client.AddHook(cuts[a])
		b.client.AddHook(cuts[b])
		return storetest.Fixture{
			A: a,
			B: b,
			Abandon: func(t *testing.T, key string) {
				lockElsewhere(t, other, key)()
				awaitFree(t, a, key)
			},
			LoseLease: func(t *testing.T, holder gitlab.IdentityStore, key string) {
				cuts[holder].renewals.Store(true)
				awaitFree(t, a, key)
			},
		}
	}
}

// awaitFree waits until nobody holds the lock of key.
func awaitFree(t *testing.T, s *Store, key string) {
	t.Helper()
	look := redis.NewScript(`return redis.call('EXISTS', KEYS[2])`)
	require.Eventually(t, func() bool {
		held, err := s.run(t.Context(), look, key).Int()
		return err == nil && held == 0
	}, 10*time.Second, 10*time.Millisecond)
}

// cut is a network on which a client's renewals fail, once they are to.
type cut struct{ renewals atomic.Bool }

func (c *cut) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *cut) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c.renewals.Load() && slices.Contains(cmd.Args(), any(renewScript.Hash())) {
			return errors.New("the network is away")
		}
		return next(ctx, cmd)
	}
}

func (c *cut) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
