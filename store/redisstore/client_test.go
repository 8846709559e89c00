package redisstore

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// newClient is one replica of an application, as key.
func newClient(t *testing.T, srv *gitlabtest.Server, store gitlab.IdentityStore) *gitlab.Client {
	t.Helper()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    srv.URL,
		Provider:   gitlab.OAuthProvider{ClientID: srv.App.ClientID, ClientSecret: srv.App.ClientSecret, RedirectURL: srv.App.RedirectURI},
		Store:      store,
		HTTPClient: srv.Client(),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		assert.NoError(t, client.Shutdown(ctx))
	})
	return client
}

func authorize(t *testing.T, client *gitlab.Client, token gitlabtest.Token) {
	t.Helper()
	_, err := client.Authorize(t.Context(), "user-1", gitlab.OAuthData{
		AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, TokenType: token.TokenType, Scope: token.Scope,
	})
	require.NoError(t, err)
}

// trips counts what a client sends to Redis.
type trips struct{ count atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.count.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.count.Add(1)
		return next(ctx, cmds)
	}
}

func TestRefreshCostsFourRoundTripsAndAGoodTokenNone(t *testing.T) {
	t.Parallel()
	primary := startServer(t)
	startReplica(t, primary)
	for name, replicas := range map[string]int{"alone": 0, "waiting for a replica": 1} {
		to := primary.access()
		to.Prefix, to.Replicas = name+":", replicas
		s := to.open(t)
		srv := gitlabtest.New(t)
		client := newClient(t, srv, s)
		token := srv.SignIn("ada")
		authorize(t, client, token)
		lockBriefly(t, s, "warm") // the server has seen the scripts
		as := client.As("user-1")
		call := func() {
			t.Helper()
			_, err := as.Users.Current(t.Context())
			require.NoError(t, err)
		}
		call()
		counted := &trips{}
		s.client.AddHook(counted)

		call()
		require.Zero(t, counted.count.Load(), name)

		srv.Expire(token.AccessToken)
		call()
		require.Equal(t, 1, srv.Audit().Rotations, name)
		require.Eventually(t, func() bool { // the unlock comes after the answer
			free, err := s.client.Exists(t.Context(), s.keys("user-1")[1]).Result()
			counted.count.Add(-1) // that was ours
			return err == nil && free == 0
		}, 5*time.Second, 10*time.Millisecond)
		assert.EqualValues(t, 4, counted.count.Load(), "lock, load, save, unlock, %s", name)
	}
}

func TestBurstOfTwoReplicasIsOneRefresh(t *testing.T) {
	t.Parallel()
	const goroutines = 64
	to := startServer(t).access()
	srv := gitlabtest.New(t)
	first, second := newClient(t, srv, to.open(t)), newClient(t, srv, to.open(t))
	token := srv.SignIn("ada")
	authorize(t, first, token)
	for round := range 5 {
		before, err := first.As("user-1").Identity(t.Context())
		require.NoError(t, err)
		srv.Expire(before.Data.AccessToken)
		srv.ResetCalls()
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range 2 * goroutines {
			client := first
			if i%2 == 1 {
				client = second
			}
			all.Go(func() {
				<-start
				_, err := client.As("user-1").Users.Current(t.Context())
				assert.NoError(t, err)
			})
		}
		close(start)
		all.Wait()
		assert.Len(t, srv.CallsTo(http.MethodPost, "/oauth/token"), 1, "round %d", round)
		assert.Equal(t, round+1, srv.Audit().Rotations)
	}
	assert.Zero(t, srv.Audit().DoubleSpends)
}
