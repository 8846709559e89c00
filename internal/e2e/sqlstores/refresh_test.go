package sqlstores

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// client acts as ann, with a store of its own.
func client(t *testing.T, server *gitlabtest.Server, store gitlab.IdentityStore) *gitlab.Client {
	t.Helper()
	c, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    store,
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		assert.NoError(t, c.Shutdown(ctx))
	})
	return c.As("ann")
}

// signIn stores a grant of ann's.
func signIn(t *testing.T, server *gitlabtest.Server, c *gitlab.Client) gitlabtest.Token {
	t.Helper()
	token := server.SignIn("ann")
	data := gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, TokenType: "Bearer"}
	_, err := c.Authorize(t.Context(), "ann", data)
	require.NoError(t, err)
	return token
}

func TestRefreshCostsFourStatementsAndACallNone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		server := gitlabtest.New(t)
		h := p.open(t)
		c := client(t, server, h)
		token := signIn(t, server, c)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)

		h.spy.forget()
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Empty(t, h.spy.sent(), "a good token")

		server.Expire(token.AccessToken)
		_, err = c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Len(t, server.CallsTo(http.MethodPost, "/oauth/token"), 1)
		// Whoever waits for a refresh does not always wait for the unlock.
		lock(t, h, "ann").Unlock()
		assert.Len(t, h.spy.sent(), 4+2, "lock, load, save, unlock; and this test's lock and unlock: %q", h.spy.sent())

		h.spy.forget()
		_, err = h.LoadIdentity(t.Context(), "ann")
		require.NoError(t, err)
		assert.Len(t, h.spy.sent(), 1, "load")
	})
}

func TestTwoReplicasInABurstRefreshOnce(t *testing.T) {
	t.Parallel()
	const burst = 64
	onEach(t, func(t *testing.T, p place) {
		server := gitlabtest.New(t)
		replicas := []*gitlab.Client{client(t, server, p.open(t)), client(t, server, p.open(t))}
		token := signIn(t, server, replicas[0])
		for _, replica := range replicas {
			_, err := replica.Users.Current(t.Context())
			require.NoError(t, err)
		}
		for round := 1; round <= 3; round++ {
			server.Expire(token.AccessToken)
			var calls sync.WaitGroup
			for _, replica := range replicas {
				for range burst {
					calls.Go(func() {
						_, err := replica.Users.Current(t.Context())
						assert.NoError(t, err)
					})
				}
			}
			calls.Wait()
			assert.Len(t, server.CallsTo(http.MethodPost, "/oauth/token"), round)
			assert.Equal(t, gitlabtest.Audit{Issued: 1 + round, Rotations: round}, server.Audit())
			id, err := replicas[1].Identity(t.Context())
			require.NoError(t, err)
			token.AccessToken = id.Data.AccessToken
		}
	})
}
