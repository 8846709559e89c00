package peers_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// stranger is another host, and knows whether a secret came there.
type stranger struct {
	url   string
	calls atomic.Int32
	told  atomic.Bool
}

// newStranger listens under another name than a site: net/http takes all ports of
// a name for one host.
func newStranger(t *testing.T, secret string) *stranger {
	t.Helper()
	other := &stranger{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		other.calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		told := strings.Contains(string(body), secret)
		for _, values := range r.Header {
			told = told || strings.Contains(strings.Join(values, " "), secret)
		}
		if told {
			other.told.Store(true)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	other.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	require.NotEqual(t, server.URL, other.url)
	return other
}

func (o *stranger) knows() string {
	if o.told.Load() {
		return "yes"
	}
	return "no"
}

func redirectedCall(t *testing.T, lib library) string {
	s := newSite(t, fresh)
	leaks := func(c client, secret string) string {
		other := newStranger(t, secret)
		s.onUser(gitlabtest.Redirect(http.StatusFound, other.url+"/api/v4/user"))
		_ = c.user(t.Context())
		require.Zero(t, s.PendingFaults())
		require.EqualValues(t, 1, other.calls.Load(), "the redirect was not followed")
		return other.knows()
	}
	personal := s.PersonalToken("ada")
	return leaks(lib.start(t, s)(), s.stored.access) + ", " + leaks(lib.personal(t, s, personal), personal)
}

func redirectedRefresh(t *testing.T, lib library) string {
	s := newSite(t, stale)
	other := newStranger(t, s.stored.refresh)
	s.onRefresh(-1, gitlabtest.Redirect(http.StatusTemporaryRedirect, other.url+"/oauth/token"))
	require.Error(t, lib.start(t, s)().user(t.Context()))
	require.NotZero(t, s.posts())
	return other.knows()
}

func unavailable(t *testing.T, lib library) string {
	s := newSite(t, fresh)
	s.clientGo = append(s.clientGo, hurried())
	return askedOfBadGateway(t, s, lib)
}

// askedOfBadGateway counts the requests of one GET that meets a 502, and of one
// POST that meets nothing else.
func askedOfBadGateway(t *testing.T, s *site, lib library) string {
	t.Helper()
	down := gitlabtest.Status(http.StatusBadGateway, "text/html", "<h1>Bad gateway</h1>")
	s.onUser(down)
	s.Fault(gitlabtest.Fault{Method: "POST", On: "/api/v4/*", Times: -1, Do: down})
	c := lib.start(t, s)()
	_ = c.user(t.Context())
	require.Error(t, c.note(t.Context()))
	return fmt.Sprintf("%d, %d", len(s.CallsTo("GET", "/api/v4/user")), len(s.CallsTo("POST", "/api/v4/*")))
}

func throttled(t *testing.T, lib library) string {
	const asked = 2 * time.Second
	alone := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusTooManyRequests)
		})
	}
	waits := func(do gitlabtest.Effect) string {
		s := newSite(t, fresh)
		s.onUser(do)
		err := lib.start(t, s)().user(t.Context())
		calls := s.CallsTo("GET", "/api/v4/user")
		if len(calls) == 1 {
			require.Error(t, err)
			return "returned"
		}
		require.NoError(t, err)
		// RateLimit-Reset, which client-go waits for, is in whole seconds.
		if calls[1].Time.Sub(calls[0].Time) < asked-time.Second {
			return "no"
		}
		return "yes"
	}
	return waits(gitlabtest.TooMany(asked)) + ", " + waits(alone)
}

func forgedWebhook(t *testing.T, lib library) string {
	if lib.receive == nil {
		return "–"
	}
	push := func() *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"object_kind":"push","event_name":"push","ref":"refs/heads/main"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Gitlab-Event", "Push Hook")
		r.Header.Set("X-Gitlab-Token", "made up")
		return r
	}
	require.NoError(t, lib.receive(t, push(), "made up"))
	if lib.receive(t, push(), "another") == nil {
		return "up to the caller"
	}
	return "refused"
}

func typedCalls(t *testing.T, lib library) string {
	n := lib.calls(t)
	switch {
	case n == 0:
		return "–"
	case n < 100:
		return fmt.Sprintf("over %d", n/10*10)
	}
	return fmt.Sprintf("over %d", n/100*100)
}
