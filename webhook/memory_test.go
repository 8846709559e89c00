package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

const large = 25 << 20

// zeros is a body that costs no memory.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// added is by how much the heap grew at most while f ran, in bytes.
func added(f func()) int64 {
	live := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before := live()
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		top := before
		for {
			select {
			case <-done:
				most <- top
				return
			case <-time.After(time.Millisecond):
				top = max(top, live())
			}
		}
	}()
	f()
	close(done)
	return <-most - before
}

// A hundred strangers with 25 MiB each, over real connections, at once.
//
//nolint:paralleltest // it measures the heap of the whole process
func TestStrangersCostNoMemory(t *testing.T) {
	for name, c := range map[string]struct {
		secrets webhook.Secrets
		headers map[string]string
		limit   int64
	}{
		"no token":                {webhook.Secrets{Tokens: []string{token}}, nil, 8 << 20},
		"a wrong token":           {webhook.Secrets{Tokens: []string{token}}, map[string]string{"X-Gitlab-Token": "wrong"}, 8 << 20},
		"no signature":            {webhook.Secrets{SigningTokens: []string{signingToken}}, nil, 8 << 20},
		"both, and one is forged": {webhook.Secrets{Tokens: []string{token}, SigningTokens: []string{signingToken}}, forgery(), 8 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			h := handler(t, webhook.Config{Secrets: c.secrets})
			server := httptest.NewServer(h)
			defer server.Close()
			grown := added(func() { flood(t, server.Listener.Addr().String(), c.headers) })
			t.Logf("%.1f MiB", float64(grown)/(1<<20))
			assert.Less(t, grown, c.limit)
		})
	}
}

// Only the end of a body shows that its signature is forged.
//
//nolint:paralleltest // it measures the heap of the whole process
func TestForgersCostNoMemory(t *testing.T) {
	h := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
	grown := added(func() {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				r := requestOf("Push Hook", nil)
				r.ContentLength = large
				r.Body = io.NopCloser(io.LimitReader(zeros{}, large))
				for name, value := range forgery() {
					r.Header.Set(name, value)
				}
				r.Header.Del("X-Gitlab-Token")
				assert.Equal(t, http.StatusUnauthorized, answer(h, r).Code)
			})
		}
		all.Wait()
	})
	t.Logf("%.1f MiB", float64(grown)/(1<<20))
	assert.Less(t, grown, int64(16<<20), "64 KiB of each, and what the collector has not taken yet")
}

// forgery is the headers of a signature that may be right.
func forgery() map[string]string {
	return map[string]string{
		"Webhook-Id":        "msg_1",
		"Webhook-Timestamp": strconv.FormatInt(time.Now().Unix(), 10),
		"Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)),
	}
}

// flood sends a hundred large bodies at once, for as long as the server takes
// them, and asserts that all are answered with 401.
func flood(t *testing.T, address string, headers map[string]string) {
	t.Helper()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			var head strings.Builder
			head.WriteString("POST / HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\nX-Gitlab-Event: Push Hook\r\nContent-Length: " + strconv.Itoa(large) + "\r\n")
			for name, value := range headers {
				head.WriteString(name + ": " + value + "\r\n")
			}
			answered := make(chan []byte, 1)
			go func() {
				buf := make([]byte, 12)
				_, _ = io.ReadFull(conn, buf)
				answered <- buf
			}()
			_, _ = io.WriteString(conn, head.String()+"\r\n")
			_, _ = io.CopyBuffer(struct{ io.Writer }{conn}, io.LimitReader(zeros{}, large), make([]byte, 4096))
			assert.Equal(t, "HTTP/1.1 401", string(<-answered))
		})
	}
	all.Wait()
}

func TestLargeBodiesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := handler(t, webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{signingToken}}})
		big, small := []byte(`"`+strings.Repeat("x", 100_000)+`"`), []byte(`{}`)
		slow := func(pause time.Duration) *http.Request {
			r := signedBy(signingToken, big, time.Now())
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(big[:70_000]), pauses(pause), bytes.NewReader(big[70_000:])))
			return r
		}
		codes := make(chan int, 8)
		go func() { codes <- answer(h, slow(7*time.Second)).Code }()
		synctest.Wait()
		assert.Equal(t, http.StatusOK, answer(h, signedBy(signingToken, small, time.Now())).Code, "small ones do not wait")
		started := time.Now()
		for range 7 {
			go func() { codes <- answer(h, slow(20*time.Second)).Code }()
		}
		synctest.Wait()
		assert.Empty(t, codes, "there are eight turns")
		go func() { codes <- answer(h, slow(13*time.Second)).Code }()
		assert.Equal(t, http.StatusOK, <-codes)
		assert.Equal(t, 7*time.Second, time.Since(started))
		time.Sleep(time.Second)
		w := answer(h, signedBy(signingToken, big, time.Now()))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code, "ten seconds are too long")
		assert.Equal(t, "too much to do\n", w.Body.String())
		assert.Equal(t, 18*time.Second, time.Since(started))
		for range 8 {
			assert.Equal(t, http.StatusOK, <-codes)
		}
		assert.Equal(t, http.StatusOK, answer(h, signedBy(signingToken, big, time.Now())).Code)

		both := handler(t, webhook.Config{Secrets: webhook.Secrets{Tokens: []string{token}}})
		go func() {
			r := slow(time.Second)
			r.Header.Set("X-Gitlab-Token", token)
			codes <- answer(both, r).Code
		}()
		synctest.Wait()
		r := requestOf("System Hook", big)
		assert.Equal(t, http.StatusOK, answer(both, r).Code, "who has the token does not wait")
		assert.Equal(t, http.StatusOK, <-codes)
	})
}

// A large body that only its signature vouches for is on disk meanwhile.
func TestLargeSignedBodyArrivesWhole(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // Windows
	var got []byte
	var failed error
	h := handler(t, webhook.Config{
		Secrets: webhook.Secrets{SigningTokens: []string{signingToken}},
		OnOther: func(_ context.Context, d webhook.Delivery) error { got = d.Body; return nil },
		OnError: func(_ context.Context, _ webhook.Delivery, err error) { failed = err },
	})
	for _, size := range []int{64<<10 - 2, 64<<10 - 1, 64 << 10, 300_000} {
		body := []byte(`"` + strings.Repeat("xyz", size/3+1)[:size] + `"`)
		assert.Equal(t, http.StatusOK, answer(h, signedBy(signingToken, body, time.Now())).Code)
		assert.Equal(t, string(body), string(got), "%d bytes", len(body))
		forged := signedBy(signingToken, body, time.Now())
		body[len(body)-2] = '!'
		assert.Equal(t, http.StatusUnauthorized, answer(h, forged).Code, "its end is another one")
	}
	assertEmpty := func() {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	assertEmpty()
	require.NoError(t, failed)
	if runtime.GOOS != "windows" {
		begun := []byte(`"` + strings.Repeat("x", 200_000))
		r := signedBy(signingToken, append(begun, '"'), time.Now())
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(begun), looks(assertEmpty), strings.NewReader(`"`)))
		assert.Equal(t, http.StatusOK, answer(h, r).Code, "a crash in the middle leaves nothing")
	}

	require.NoError(t, os.Remove(dir))
	body := []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	assert.Equal(t, http.StatusServiceUnavailable, answer(h, signedBy(signingToken, body, time.Now())).Code)
	require.ErrorIs(t, failed, os.ErrNotExist)
	assert.Equal(t, http.StatusOK, answer(h, signedBy(signingToken, []byte(`{}`), time.Now())).Code, "a small one needs no disk")
}

// looks is no content, but a look at something.
type looks func()

func (l looks) Read([]byte) (int, error) {
	l()
	return 0, io.EOF
}

// pauses is no content, but time.
type pauses time.Duration

func (p pauses) Read([]byte) (int, error) {
	time.Sleep(time.Duration(p))
	return 0, io.EOF
}

// Over a real connection a sender who trickles loses its turn.
func TestTurnEndsOnRealConnections(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	var got []any
	cfg := collect(&got)
	cfg.Secrets.SigningTokens = []string{signingToken}
	server := httptest.NewServer(handler(t, cfg))
	defer server.Close()
	body := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	send := func(body io.Reader, signature *http.Request) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		require.NoError(t, err)
		r.Header = signature.Header
		r.ContentLength = 1<<20 + 2
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	right := signedBy(signingToken, body, time.Now())
	assert.Equal(t, http.StatusOK, send(bytes.NewReader(body), right))
	started := time.Now()
	stuck, end := io.Pipe()
	go func() { _, _ = end.Write(body[:100_000]) }()
	code := send(stuck, right)
	assert.Contains(t, []int{0, http.StatusServiceUnavailable}, code)
	assert.Less(t, time.Since(started), 20*time.Second)
	assert.Equal(t, http.StatusOK, send(bytes.NewReader(body), right))
	_ = end.Close()
	assert.Len(t, got, 2)
}
