package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the API says of a token that is no longer good; literals of GitLab's.
const (
	expiredText = "Token is expired. You can either do re-authorization or token refresh."
	revokedText = "Token was revoked. You have to re-authorize from the user."
)

func TestRefreshKillsTheOldPairAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		call := get("/api/v4/user")
		require.Equal(t, http.StatusOK, scene.send(call.bearer(scene.grant.access)).Status)

		newer := scene.spend()

		refused := scene.send(call.bearer(scene.grant.access))
		assert.Equal(t, http.StatusUnauthorized, refused.Status)
		assert.JSONEq(t, `{"error":"invalid_token","error_description":"`+revokedText+`"}`, refused.Body)
		again := scene.send(scene.refresh())
		assert.Equal(t, http.StatusBadRequest, again.Status)
		assert.Equal(t, "invalid_grant", again.code())
		assert.Equal(t, http.StatusOK, scene.send(call.bearer(newer.access)).Status)
		assert.NotEqual(t, scene.grant, newer)
	})
}

func TestOneOfManyRefreshesWins(t *testing.T) {
	t.Parallel()
	const rounds, rivals = 20, 8
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		for round := range rounds {
			scene.grant = race(scene, round, rivals)
		}
	})
}

// race sends the same refresh many times at once and returns the winner's pair.
func race(s *scene, round, rivals int) pair {
	s.t.Helper()
	answers := make([]answer, rivals)
	begin, refresh := make(chan struct{}), s.refresh()
	var done sync.WaitGroup
	for i := range answers {
		done.Go(func() {
			<-begin
			answers[i] = s.send(refresh)
		})
	}
	close(begin)
	done.Wait()

	var winners []pair
	for _, answer := range answers {
		if answer.Status == http.StatusOK {
			winners = append(winners, answer.pair(s.t))
			continue
		}
		assert.Equal(s.t, "400 invalid_grant", answer.summary(), "round %d", round)
	}
	require.Len(s.t, winners, 1, "winners of round %d", round)
	call := get("/api/v4/user").bearer(winners[0].access)
	require.Equal(s.t, http.StatusOK, s.send(call).Status, "the winner's token of round %d", round)
	return winners[0]
}

// TestHangUpLosesTheGrant shows why a refresh that was sent is never cancelled:
// the server commits, and the new pair has no reader.
func TestHangUpLosesTheGrant(t *testing.T) {
	t.Parallel()
	const rounds, patience = 5, 120 * time.Millisecond
	onEach(t, func(t *testing.T, s system) {
		for range rounds {
			scene := newScene(t, s, true)
			hangUp(t, s, scene.refresh(), patience)

			require.Eventually(t, func() bool { return s.isRevoked(scene.grant.refresh) }, 5*time.Second, 10*time.Millisecond)
			assert.Equal(t, "400 invalid_grant", scene.send(scene.refresh()).summary())
			assert.Equal(t, "401 invalid_token", scene.send(get("/api/v4/user").bearer(scene.grant.access)).summary())
		}
	})
}

// hangUp sends a request and leaves after a while without having read a byte.
func hangUp(t *testing.T, s system, r request, after time.Duration) {
	t.Helper()
	root, err := url.Parse(s.root())
	require.NoError(t, err)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", root.Host)
	require.NoError(t, err)
	defer conn.Close()
	out := bufio.NewWriter(conn)
	fmt.Fprintf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.method, strings.TrimSuffix(root.Path, "/")+r.path, root.Host, len(r.body))
	require.NoError(t, r.header.Write(out))
	fmt.Fprintf(out, "\r\n%s", r.body)
	require.NoError(t, out.Flush())
	time.Sleep(after)
}
