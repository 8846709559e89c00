package doorkeeper

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcessIsToldLifetimesAndCounts(t *testing.T) {
	t.Parallel()
	p := Start(t).process
	app, err := p.NewApplication(t.Context(), Application{Confidential: true})
	require.NoError(t, err)
	token, err := p.SignInTo(t.Context(), app, "ann", 100*time.Second)
	require.NoError(t, err)
	assert.InDelta(t, 100, token.ExpiresIn, 10)
	require.NoError(t, p.Revoke(t.Context(), token.RefreshToken))
	_, err = p.SignInTo(t.Context(), app, "ann", 0)
	require.NoError(t, err)
	census, err := p.Census(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Census{Issued: 2, Revoked: 1}, census)
	_, err = p.State(t.Context(), "never issued")
	require.Error(t, err)
}

func TestServerEndsWithItsTest(t *testing.T) {
	t.Parallel()
	var server *Server
	t.Run("runs", func(t *testing.T) {
		server = Start(t)
		app := server.NewApplication(Application{Confidential: true})
		token := server.SignInTo(app, "ann")
		assert.Equal(t, State{Live: 1}, server.State(token.AccessToken))
		server.Expire(token.RefreshToken)
		assert.Equal(t, State{Expired: true, Live: 1}, server.State(token.AccessToken))
		server.Revoke(token.AccessToken)
		assert.Equal(t, State{Expired: true, Revoked: true}, server.State(token.RefreshToken))
	})
	if server == nil {
		t.Skip("Doorkeeper is not installed")
	}
	root, err := url.Parse(server.URL)
	require.NoError(t, err)
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", root.Host)
	if err == nil {
		conn.Close()
	}
	assert.Error(t, err, "nothing listens any more at %s", root.Host)
}
