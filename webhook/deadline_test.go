package webhook_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

// A sender who stops in the middle of a large body is let go of, also where few
// enough bytes are missing for the server to wait for them.
func TestSenderWhoStopsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	server := httptest.NewUnstartedServer(handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}}))
	server.Config.ReadTimeout = 5 * time.Second
	server.Start()
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	var head strings.Builder
	head.WriteString("POST / HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\nX-Gitlab-Event: Push Hook\r\nContent-Length: " + strconv.Itoa(200_000) + "\r\n")
	for name, value := range forgery() {
		head.WriteString(name + ": " + value + "\r\n")
	}
	_, err = io.WriteString(conn, head.String()+"\r\n"+strings.Repeat(" ", 100_000))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	said, err := io.ReadAll(conn)
	require.NoError(t, err, "the connection is not closed")
	assert.Contains(t, string(said), strconv.Itoa(http.StatusServiceUnavailable))
}

// limited records the limits of time that its handler sets for the body.
type limited struct {
	*httptest.ResponseRecorder
	limits []time.Time
}

func (l *limited) SetReadDeadline(at time.Time) error {
	l.limits = append(l.limits, at)
	return nil
}

// The time for a large body ends with it: else it would cut off the function.
func TestTimeForALargeBodyEndsWhenItIsProven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
		body := []byte(`"` + strings.Repeat("x", 100_000) + `"`)
		w := &limited{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, signedBy(signingToken, body, time.Now()))
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Equal(t, []time.Time{time.Now().Add(10 * time.Second), {}}, w.limits)

		w = &limited{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, signedBy(anotherToken, body, time.Now()))
		assert.Equal(t, http.StatusUnauthorized, w.Code)
		assert.Equal(t, []time.Time{time.Now().Add(10 * time.Second)}, w.limits)
	})
}

// panics is a body that an application's middleware fails to read.
type panics struct{}

func (panics) Read([]byte) (int, error) { panic("broken") }

func TestPanicKeepsNoTurnAndNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // Windows
	h := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
	body := []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	for range 8 {
		r := signedBy(signingToken, body, time.Now())
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:70_000]), panics{}))
		assert.Equal(t, http.StatusInternalServerError, answer(h, r).Code)
	}
	assert.Equal(t, http.StatusOK, answer(h, signedBy(signingToken, body, time.Now())).Code)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
