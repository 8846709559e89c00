package peers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// A row is one trouble, and what comes of it with each of the libraries.
type row struct {
	trouble string
	how     string // how it is measured
	cells   []string
	measure func(t *testing.T, lib library) string
}

var rows = []row{
	{
		"the access token dies before its time",
		"GitLab has let a token expire that by its stored time has an hour left, as when another process has refreshed; one `GET /user`",
		[]string{"healed", "401", "401", "401"},
		deadEarly,
	},
	{
		"the token has expired, and 100 goroutines use one client",
		"100 calls at once: requests for a new pair, and failed calls. go-scm's documentation says that its `Refresher` is not for that",
		[]string{"1 POST, 0 fail", "1 POST, 0 fail", "1 POST, 0 fail", "not for concurrent use"},
		herdOnOneClient,
	},
	{
		"the token has expired, and 100 requests make a client each of what is stored",
		"The same with a client for each call, as a web backend may make them, all before the first refresh: failed calls. GitLab " +
			"refuses a refresh token that is used again",
		[]string{"0 of 100 fail", "99 of 100 fail", "99 of 100 fail", "99 of 100 fail"},
		herdOfClients,
	},
	{
		"the process starts anew after a refresh",
		"A process refreshes and ends; another one starts with what is stored, and calls. An application can store the pair " +
			"itself: with x/oauth2 and client-go by a token source of its own around theirs " +
			"([golang/oauth2#84](https://github.com/golang/oauth2/issues/84)), with go-scm by looking at its `scm.Token` after calls",
		[]string{"goes on", "sign in again", "sign in again", "sign in again"},
		startAnew,
	},
	{
		"two replicas share a stored pair, and it expires",
		"Both start; one calls, then the other",
		[]string{"0 of 2 fail", "1 of 2 fails", "1 of 2 fails", "1 of 2 fails"},
		twoReplicas,
	},
	{
		"the store is down when the new pair is saved",
		"One save fails; the call, and then what is stored",
		[]string{"served, saved again", "no store", "no store", "no store"},
		storeDown,
	},
	{
		"the token endpoint needs 2 s, the caller has 200 ms",
		"GitLab rotates, and answers after 2 s: when the call returns. The clients belong to the process, and none of them loses the pair",
		[]string{"back after 200 ms", "back after 2 s", "back after 2 s", "back after 2 s"},
		slowRefresh,
	},
	{
		"the new pair comes with `\"expires_in\": 7200.0`",
		"The answer to the refresh has it; two calls. Lost means that the spent refresh token is sent again, and refused",
		[]string{"kept", "lost", "lost", "lost"},
		oddLifetime,
	},
	{
		"the token endpoint answers 502 twice",
		"The call that needs a refresh, and how many requests for a new pair it made. None of them loses the grant",
		[]string{"served, 3 POSTs", "fails, 2 POSTs", "fails, 2 POSTs", "fails, 1 POST"},
		badGateway,
	},
	{
		"the answer to a refresh is lost",
		"GitLab rotates and the connection is cut; two calls. Nobody has the new pair then, with any client",
		[]string{"sign in again", "sign in again", "sign in again", "sign in again"},
		lostAnswer,
	},
	{
		"the grant is dead, and 10 calls are made",
		"The user has withdrawn the application's rights: requests for a new pair. This library asks once more, since a lagging " +
			"replica may have answered; x/oauth2, as long as it has had no success, tries both ways to send the client's credentials",
		[]string{"2 POSTs", "20 POSTs", "20 POSTs", "10 POSTs"},
		deadGrant,
	},
	{
		"how the error says that the user must sign in again",
		"The error of such a call",
		[]string{"`ErrReauthorize`", "`RetrieveError.ErrorCode`", "`RetrieveError.ErrorCode`", "by its text"},
		knowsDeadGrant,
	},
	{
		"an API call is redirected to another host: does the token go there? (OAuth, personal)",
		"`GET /user` answers 302; with an OAuth token, then with a personal access token, each the way that the library has for it " +
			"([golang/oauth2#500](https://github.com/golang/oauth2/issues/500), [#805](https://github.com/golang/oauth2/issues/805))",
		[]string{"no, no", "no, yes", "yes, yes", "yes, yes"},
		redirectedCall,
	},
	{
		"the token endpoint redirects to another host: does the refresh token go there?",
		"`POST /oauth/token` answers 307",
		[]string{"no", "yes", "yes", "yes"},
		redirectedRefresh,
	},
	{
		"the API answers 502: how often is it asked? (`GET`, `POST`)",
		"`GET /user` meets one 502, the `POST` of a comment nothing else. client-go's default, but for its pauses, which " +
			"`WithCustomBackoff` takes out; with its option `WithOnlyIdempotentRetries` it sends the `POST` once",
		[]string{"2, 1", "2, 6", "1, 1", "1, 1"},
		unavailable,
	},
	{
		"the API answers 429: is the time that it asks for waited out? (GitLab's headers, `Retry-After` alone)",
		"One 429 that asks for 2 s; when the call is sent again. client-go waits for `RateLimit-Reset`, which a proxy in front of " +
			"GitLab does not send",
		[]string{"yes, yes", "yes, no", "returned, returned", "returned, returned"},
		throttled,
	},
	{
		"a webhook comes with the wrong secret",
		"A push event, once with the right one before. client-go has `HookEventToken`, to be compared by its caller",
		[]string{"refused", "up to the caller", "–", "refused"},
		forgedWebhook,
	},
	{
		"typed calls",
		"Counted by reflection; go-scm's are those that send a request to a GitLab",
		[]string{"over 100", "over 1200", "–", "over 60"},
		typedCalls,
	},
}

func deadEarly(t *testing.T, lib library) string {
	s := newSite(t, fresh)
	s.Expire(s.stored.access)
	if lib.start(t, s)().user(t.Context()) == nil {
		return "healed"
	}
	calls := s.CallsTo("GET", "/api/v4/user")
	require.NotEmpty(t, calls)
	return strconv.Itoa(calls[len(calls)-1].Status)
}

func herdOnOneClient(t *testing.T, lib library) string {
	if lib.shareable != nil && !lib.shareable(t) {
		return "not for concurrent use"
	}
	s := newSite(t, stale)
	c := lib.start(t, s)()
	failed := herd(t, func() client { return c })
	return fmt.Sprintf("%s, %d fail", times(s.posts(), "POST"), failed)
}

func herdOfClients(t *testing.T, lib library) string {
	s := newSite(t, stale)
	failed := herd(t, lib.start(t, s))
	assert.GreaterOrEqual(t, s.posts(), failed)
	return fmt.Sprintf("%d of 100 fail", failed)
}

// herd lets 100 goroutines call at once, and counts those who fail.
func herd(t *testing.T, p process) (failed int) {
	t.Helper()
	var clients []client
	for range 100 {
		clients = append(clients, p())
	}
	var lost atomic.Int64
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			if c.user(t.Context()) != nil {
				lost.Add(1)
			}
		})
	}
	all.Wait()
	return int(lost.Load())
}

func startAnew(t *testing.T, lib library) string {
	s := newSite(t, stale)
	require.NoError(t, lib.start(t, s)().user(t.Context()))
	return s.grant(t, lib.start(t, s)(), "goes on", "sign in again")
}

// grant tells whether a client goes on. If not, GitLab has refused its refresh
// token, and the user must sign in again.
func (s *site) grant(t *testing.T, c client, kept, lost string) string {
	t.Helper()
	err := c.user(t.Context())
	if err == nil {
		return kept
	}
	posts := s.CallsTo("POST", "/oauth/token")
	require.NotEmpty(t, posts)
	require.Equal(t, http.StatusBadRequest, posts[len(posts)-1].Status)
	require.NotEmpty(t, saysDead(err), "%v", err)
	return lost
}

func twoReplicas(t *testing.T, lib library) string {
	s := newSite(t, stale)
	one, other := lib.start(t, s)(), lib.start(t, s)()
	failed := 0
	for _, c := range []client{one, other} {
		if c.user(t.Context()) != nil {
			failed++
		}
	}
	if failed == 1 {
		return "1 of 2 fails"
	}
	return fmt.Sprintf("%d of 2 fail", failed)
}

func storeDown(t *testing.T, lib library) string {
	if !lib.stores {
		return "no store"
	}
	s := newSite(t, stale)
	s.store.failures.Store(1)
	if lib.start(t, s)().user(t.Context()) != nil {
		return "fails"
	}
	require.Negative(t, s.store.failures.Load(), "no save came after the one that failed")
	id, err := s.store.LoadIdentity(t.Context(), "ada")
	require.NoError(t, err)
	if !s.State(id.Data.AccessToken).Active() {
		return "served, not saved"
	}
	return "served, saved again"
}

func slowRefresh(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.onRefresh(1, gitlabtest.SlowAnswer(2*time.Second))
	c := lib.start(t, s)()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	require.Error(t, c.user(ctx))
	took := time.Since(begun)
	require.NoError(t, c.user(t.Context()), "the pair is lost")
	require.Equal(t, 1, s.posts())
	switch {
	case took < time.Second: // the machine may be busy
		return "back after 200 ms"
	case took >= 2*time.Second:
		return "back after 2 s"
	}
	return "back after " + took.String()
}

func oddLifetime(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.onRefresh(1, gitlabtest.OddExpiresIn("7200.0"))
	c := lib.start(t, s)()
	_ = c.user(t.Context())
	require.Zero(t, s.PendingFaults())
	return s.grant(t, c, "kept", "lost")
}

func badGateway(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.onRefresh(2, gitlabtest.Status(http.StatusBadGateway, "text/html", "<h1>Bad gateway</h1>"))
	c := lib.start(t, s)()
	outcome := "served"
	if c.user(t.Context()) != nil {
		outcome = "fails"
	}
	outcome += ", " + times(s.posts(), "POST")
	s.ClearFaults()
	require.NoError(t, c.user(t.Context()), "the grant is lost")
	return outcome
}

func lostAnswer(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.onRefresh(1, gitlabtest.LoseAnswer())
	c := lib.start(t, s)()
	_ = c.user(t.Context())
	require.Zero(t, s.PendingFaults())
	return s.grant(t, c, "goes on", "sign in again")
}

func deadGrant(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.Revoke(s.stored.refresh)
	c := lib.start(t, s)()
	for range 10 {
		require.Error(t, c.user(t.Context()))
	}
	return times(s.posts(), "POST")
}

func knowsDeadGrant(t *testing.T, lib library) string {
	s := newSite(t, stale)
	s.Revoke(s.stored.refresh)
	return saysDead(lib.start(t, s)().user(t.Context()))
}

// saysDead is how an error says that the grant is dead; "": it does not.
func saysDead(err error) string {
	if errors.Is(err, gitlab.ErrReauthorize) {
		return "`ErrReauthorize`"
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
		return "`RetrieveError.ErrorCode`"
	}
	if err != nil && strings.Contains(err.Error(), "authorization grant is invalid") {
		return "by its text"
	}
	return ""
}

// times is a count of things.
func times(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
