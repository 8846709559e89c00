package gitlab_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

var itemsPath = gitlab.PathTo("/items")

// refusedConnection is what net says where nobody listens.
func refusedConnection(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// resetConnection is what net says when the other side hangs up.
func resetConnection(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// unresolved is a host name that is not known, for good or for now.
func unresolved(forGood bool) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "gitlab.example.com", IsNotFound: forGood, IsTemporary: !forGood}}
	}
}

// untrusted is a server with a certificate of nobody's.
func untrusted(*http.Request) (*http.Response, error) {
	return nil, &tls.CertificateVerificationError{Err: errors.New("signed by unknown authority")}
}

// cut answers with a part of text, and then breaks off.
func cut(text string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "")
		resp.Body = &brokenBody{text: strings.NewReader(text)}
		return resp, nil
	}
}

// pauses are the times between the API's calls.
func (w *world) pauses() (pauses []time.Duration) {
	calls := w.apiCalls()
	for i := range calls[1:] {
		pauses = append(pauses, calls[i+1].At.Sub(calls[i].At))
	}
	return pauses
}

// requirePauses checks that there were as many pauses as in longest, each of
// 0.8 to 1 times that.
func requirePauses(t *testing.T, w *world, longest ...time.Duration) {
	t.Helper()
	got := w.pauses()
	require.Len(t, got, len(longest))
	for i, most := range longest {
		assertBetween(t, most*8/10, got[i], most)
	}
}

func seconds(each ...float64) (pauses []time.Duration) {
	for _, n := range each {
		pauses = append(pauses, time.Duration(n*float64(time.Second)))
	}
	return pauses
}

func TestWhatFailsInPassingIsSentAgainWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	type safety int
	const (
		never safety = iota
		harmless
		everything
	)
	ofServer, ofLimit := seconds(0.25, 0.5, 1), seconds(1, 2, 4)
	for name, row := range map[string]struct {
		fails  httpmock.Responder
		again  safety
		pauses []time.Duration
	}{
		"429":                     {plain(http.StatusTooManyRequests, "Retry later"), everything, ofLimit},
		"429 of the application":  {always(http.StatusTooManyRequests, `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`), everything, ofLimit},
		"connection refused":      {refusedConnection, everything, ofServer},
		"host not known now":      {unresolved(false), everything, ofServer},
		"host does not exist":     {unresolved(true), never, nil},
		"certificate not trusted": {untrusted, never, nil},
		"connection reset":        {resetConnection, harmless, ofServer},
		"no answer":               {noAnswer, harmless, ofServer},
		"500":                     {always(http.StatusInternalServerError, `{"message":"500 Internal Server Error"}`), harmless, ofServer},
		"502":                     {page(http.StatusBadGateway), harmless, ofServer},
		"503":                     {page(http.StatusServiceUnavailable), harmless, ofServer},
		"deploy page":             {page(http.StatusOK), harmless, ofServer},
		"200":                     {always(http.StatusOK, `{}`), never, nil},
		"304":                     {always(http.StatusNotModified, ""), never, nil},
		"400":                     {always(http.StatusBadRequest, `{}`), never, nil},
		"404":                     {with("Retry-After", "1", page(http.StatusNotFound)), never, nil},
		"409":                     {always(http.StatusConflict, `{}`), never, nil},
		"499":                     {always(499, `{}`), never, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
					for _, idempotent := range []bool{false, true} {
						w := newWorld(t, nil)
						w.mock.RegisterNoResponder(row.fails)
						var in any
						var opts []gitlab.RequestOption
						if method != http.MethodGet && method != http.MethodHead {
							in = map[string]int{"a": 1}
						}
						if idempotent {
							opts = append(opts, gitlab.Idempotent())
						}
						err := w.client.Call(t.Context(), method, itemsPath, in, nil, opts...)
						assert.Equal(t, name != "200", err != nil, method)
						want := row.pauses
						if row.again == harmless && in != nil && !idempotent {
							want = nil
						}
						requirePauses(t, w, want...)
						for _, c := range w.sent() {
							assert.Equal(t, w.sent()[0].Body, c.Body)
						}
					}
				}
			})
		})
	}
}

func TestSuccessAfterFailuresIsTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closed := 0
		failing := func(req *http.Request) (*http.Response, error) {
			resp, err := page(http.StatusBadGateway)(req)
			resp.Body = &countedBody{Reader: resp.Body, closed: &closed}
			return resp, err
		}
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(inTurn(failing, resetConnection, failing, always(http.StatusOK, userJSON)))
		user, err := w.client.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "ada", user.Username)
		assert.Equal(t, 2, closed)
		requirePauses(t, w, seconds(0.25, 0.5, 1)...)
	})
}

func TestPausesGrowToALimitAndDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for want, fails := range map[string]httpmock.Responder{
			"0.25 0.5 1 2 4 5 5 5 5 5": page(http.StatusBadGateway),
			"1 2 4 5 5 5 5 5 5 5":      plain(http.StatusTooManyRequests, "Retry later"),
		} {
			w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = 10 })
			w.mock.RegisterNoResponder(fails)
			_, err := w.client.Users.Current(t.Context())
			require.Error(t, err)
			var longest []time.Duration
			for text := range strings.FieldsSeq(want) {
				n, err := strconv.ParseFloat(text, 64)
				require.NoError(t, err)
				longest = append(longest, seconds(n)...)
			}
			requirePauses(t, w, longest...)
			last := w.pauses()[5:]
			assert.NotEqual(t, slices.Min(last), slices.Max(last), "many clients do not come back together")
			assert.Less(t, slices.Min(last), 5*time.Second)
		}
	})
}

func TestNumberOfRetriesIsConfigured(t *testing.T) {
	t.Parallel()
	for retries, sends := range map[int]int{-1: 1, 0: 4, 1: 2, 5: 6} {
		for name, fails := range map[string]httpmock.Responder{
			"refusal": page(http.StatusBadGateway), "limit": plain(http.StatusTooManyRequests, "Retry later"), "connection": resetConnection, "body": cut(`{"id":`),
		} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = retries })
				w.mock.RegisterNoResponder(fails)
				_, err := w.client.Users.Current(t.Context())
				require.Error(t, err)
				assert.Len(t, w.sent(), sends, "%d %s", retries, name)
			})
		}
	}
}

func TestLongestPauseHoldsForEveryPause(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]httpmock.Responder{
		"refusal": page(http.StatusBadGateway), "limit": plain(http.StatusTooManyRequests, "Retry later"), "connection": resetConnection, "body": cut(`{"id":`),
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetryWait = 100 * time.Millisecond })
			w.mock.RegisterNoResponder(fails)
			_, err := w.client.Users.Current(t.Context())
			require.Error(t, err)
			require.Len(t, w.sent(), 4, name)
			for _, pause := range w.pauses() {
				assert.LessOrEqual(t, pause, 100*time.Millisecond, name)
			}
		})
	}
}

func TestNegativeLongestPauseIsRefused(t *testing.T) {
	t.Parallel()
	_, err := gitlab.New(gitlab.Config{BaseURL: baseURL, MaxRetryWait: -1})
	require.ErrorContains(t, err, "MaxRetryWait")
}

// limited answers with status and the header that header makes of the time.
func limited(status int, name string, value func(now time.Time) string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		return with(name, value(time.Now()), plain(status, "Retry later"))(req)
	}
}

func TestPauseThatGitLabAsksForIsMade(t *testing.T) {
	t.Parallel()
	inSeconds := func(n int) func(time.Time) string { return func(time.Time) string { return strconv.Itoa(n) } }
	asDate := func(now time.Time) string { return now.Add(40 * time.Second).UTC().Format(http.TimeFormat) }
	asReset := func(now time.Time) string { return strconv.FormatInt(now.Add(30*time.Second).Unix(), 10) }
	for name, row := range map[string]struct {
		says  httpmock.Responder
		least time.Duration
		most  time.Duration
	}{
		"429 in seconds":            {limited(429, "Retry-After", inSeconds(20)), 20 * time.Second, 20800 * time.Millisecond},
		"503 in seconds":            {limited(503, "Retry-After", inSeconds(20)), 20 * time.Second, 20800 * time.Millisecond},
		"429 until a date":          {limited(429, "Retry-After", asDate), 40 * time.Second, 41600 * time.Millisecond},
		"503 until a date":          {limited(503, "Retry-After", asDate), 40 * time.Second, 41600 * time.Millisecond},
		"429 by the limit's reset":  {limited(429, "RateLimit-Reset", asReset), 30 * time.Second, 31200 * time.Millisecond},
		"Retry-After before reset":  {with("Retry-After", "3", limited(429, "RateLimit-Reset", asReset)), 3 * time.Second, 3120 * time.Millisecond},
		"a minute":                  {limited(429, "Retry-After", inSeconds(60)), time.Minute, 62400 * time.Millisecond},
		"nothing":                   {limited(429, "Retry-After", inSeconds(0)), 800 * time.Millisecond, time.Second},
		"429 of a past reset":       {limited(429, "RateLimit-Reset", inSeconds(12)), 800 * time.Millisecond, time.Second},
		"reset of what is no limit": {limited(503, "RateLimit-Reset", asReset), 200 * time.Millisecond, 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterNoResponder(inTurn(row.says, always(http.StatusOK, userJSON)))
				_, err := w.client.Users.Current(t.Context())
				require.NoError(t, err)
				require.Len(t, w.sent(), 2)
				assertBetween(t, row.least, w.pauses()[0], row.most)
			})
		})
	}
}

func TestClientsThatWereLimitedTogetherDoNotComeBackTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = 20 })
		w.mock.RegisterNoResponder(with("Retry-After", "50", plain(http.StatusTooManyRequests, "Retry later")))
		_, err := w.client.Users.Current(t.Context())
		require.Error(t, err)
		assert.Len(t, w.pauses(), 20)
		assert.GreaterOrEqual(t, slices.Min(w.pauses()), 50*time.Second)
		assert.NotEqual(t, slices.Min(w.pauses()), slices.Max(w.pauses()))
		assert.LessOrEqual(t, slices.Max(w.pauses()), 52*time.Second)
	})
}

func TestPauseThatIsTooLongIsTheCallers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status  int
		asked   int
		longest time.Duration
		timeout time.Duration // of the context; 0: none
		client  time.Duration // of the HTTP client; 0: none
		sends   int
	}{
		"longer than a minute":           {429, 61, 0, 0, 0, 1},
		"503 longer than a minute":       {503, 61, 0, 0, 0, 1},
		"longer than configured":         {429, 11, 10 * time.Second, 0, 0, 1},
		"as long as configured":          {429, 10, 10 * time.Second, 0, 0, 4},
		"longer than the context":        {429, 11, 0, 10 * time.Second, 0, 1},
		"as long as the context":         {503, 10, 0, 10 * time.Second, 0, 1},
		"second pause past the context":  {429, 6, 0, 10 * time.Second, 0, 2},
		"longer than the client's limit": {429, 11, 0, 0, 10 * time.Second, 1},
		"a day":                          {429, 86400, 0, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(cfg *gitlab.Config) {
					cfg.MaxRetryWait = row.longest
					cfg.HTTPClient.Timeout = row.client
				})
				w.mock.RegisterNoResponder(with("Retry-After", strconv.Itoa(row.asked), plain(row.status, "Retry later")))
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if row.timeout > 0 {
					ctx, cancel = context.WithTimeout(ctx, row.timeout)
				}
				defer cancel()
				err := w.client.Call(ctx, http.MethodGet, itemsPath, nil, nil)
				require.ErrorIs(t, err, gitlab.ErrRateLimited)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				var api *gitlab.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, time.Duration(row.asked)*time.Second, api.RetryAfter)
				require.Len(t, w.sent(), row.sends)
				last := w.sent()[row.sends-1].At
				assert.Zero(t, time.Since(last), "at once")
			})
		})
	}
}

func TestPauseBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]httpmock.Responder{"refusal": page(http.StatusBadGateway), "connection": resetConnection, "body": cut(`{`)} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(fails)
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			defer cancel()
			begun := time.Now()
			_, err := w.client.Users.Current(ctx)
			require.Error(t, err, name)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Zero(t, time.Since(begun), name)
			assert.Len(t, w.sent(), 1, name)
		})
	}
}

func TestCancelledContextEndsAPause(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]httpmock.Responder{
		"limit": with("Retry-After", "30", plain(http.StatusTooManyRequests, "Retry later")), "refusal": page(http.StatusBadGateway), "connection": resetConnection, "body": cut(`{`),
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(fails)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			begun := time.Now()
			_, err := w.client.Users.Current(ctx)
			require.Error(t, err, name)
			assert.Equal(t, 100*time.Millisecond, time.Since(begun), name)
			assert.Len(t, w.sent(), 1, name)
		})
	}
}

func TestCancelledCallIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		w.mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
			cancel()
			return nil, context.Canceled
		})
		_, err := w.client.Users.Current(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, w.sent(), 1)
	})
}

func TestHTTPClientSendsNothingAgain(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]httpmock.Responder{
		"429": with("Retry-After", "1", plain(http.StatusTooManyRequests, "Retry later")), "503": page(http.StatusServiceUnavailable), "page": page(http.StatusOK),
		"connection": refusedConnection,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(fails)
			_, _ = statusOf(t, w.client.HTTPClient())
			assert.Len(t, w.sent(), 1, name)
		})
	}
}

func TestDoSendsAgainToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(inTurn(page(http.StatusBadGateway), refusedConnection, always(http.StatusOK, userJSON)))
		req := request(t, http.MethodGet, userURL, "")
		req.Method = ""
		resp, err := w.client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Len(t, w.sent(), 3, "a request without a method is a GET")
	})
}

func TestPageThatDoAsksForIsAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(page(http.StatusOK))
	resp, err := w.client.Do(request(t, http.MethodGet, baseURL+"/help", ""))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Len(t, w.sent(), 1, "only where JSON was asked for it is a deployment's")
}

func TestBodyThatCannotBeRewoundIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]httpmock.Responder{
		"limit": plain(http.StatusTooManyRequests, "Retry later"), "refusal": page(http.StatusBadGateway), "connection": refusedConnection, "body": cut(`{"id":`),
	} {
		synctest.Test(t, func(t *testing.T) {
			for of, in := range map[string]any{
				"stream": gitlab.Stream{Content: io.MultiReader(strings.NewReader("once"))},
				"upload": gitlab.Upload{Name: "a.txt", Content: io.MultiReader(strings.NewReader("once"))},
			} {
				w := newWorld(t, nil)
				w.mock.RegisterNoResponder(fails)
				var out any
				require.Error(t, w.client.Call(t.Context(), http.MethodPut, itemsPath, in, &out, gitlab.Idempotent()))
				require.Len(t, w.sent(), 1, "%s %s", name, of)
				assert.Contains(t, w.sent()[0].Body, "once")
			}
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(fails)
			req := request(t, http.MethodGet, itemsURL, "")
			req.Body, req.GetBody = io.NopCloser(strings.NewReader("once")), nil
			if resp, err := w.client.Do(req); err == nil {
				_ = resp.Body.Close()
			}
			assert.Len(t, w.sent(), 1, name)
		})
	}
}

func TestBodyThatFailsToRewindIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(plain(http.StatusTooManyRequests, "Retry later"))
		req := request(t, http.MethodPost, itemsURL, "x")
		req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
		_, err := w.client.Do(req) //nolint:bodyclose // nil
		require.ErrorIs(t, err, gitlab.ErrRateLimited)
		assert.Len(t, w.sent(), 1)
	})
}

func TestAnswerThatIsCutOffIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		method string
		opts   []gitlab.RequestOption
		sends  int
	}{
		"GET":             {http.MethodGet, nil, 3},
		"POST":            {http.MethodPost, nil, 1},
		"idempotent POST": {http.MethodPost, []gitlab.RequestOption{gitlab.Idempotent()}, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(inTurn(cut(`{"id":1,"username":"eve"`), cut(``), always(http.StatusOK, userJSON)))
			var user gitlab.User
			err := w.client.Call(t.Context(), row.method, itemsPath, map[string]int{"a": 1}, &user, row.opts...)
			require.Len(t, w.sent(), row.sends, name)
			requirePauses(t, w, seconds(0.25, 0.5)[:row.sends-1]...)
			if row.sends == 1 {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				assert.Zero(t, user)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "ada", user.Username)
		})
	}
}

func TestWrongAnswerIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxResponseBytes = 100 })
	w.mock.RegisterNoResponder(inTurn(always(http.StatusOK, `{"id":`), always(http.StatusOK, strings.Repeat(" ", 200)), always(http.StatusOK, `[]`)))
	for range 3 {
		_, err := w.client.Users.Current(t.Context())
		require.Error(t, err)
	}
	assert.Len(t, w.sent(), 3)
}

// telling makes OnCall keep what it is told, as "attempt status".
func telling(events *[]string) func(*gitlab.Config) {
	return func(cfg *gitlab.Config) {
		cfg.RefreshBefore = -1
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) {
			*events = append(*events, fmt.Sprintf("%d %d", e.Attempt, e.Status))
		}
	}
}

func TestRetriesAndRefreshHealACallTogether(t *testing.T) {
	t.Parallel()
	busy, limit := page(http.StatusServiceUnavailable), plain(http.StatusTooManyRequests, "Retry later")
	rejected := func(req *http.Request) (*http.Response, error) { return expired(req), nil }
	good := always(http.StatusOK, userJSON)
	for name, row := range map[string]struct {
		answers []httpmock.Responder
		story   []string
		events  []string
		err     error
	}{
		"401, then busy": {
			[]httpmock.Responder{rejected, busy, good},
			[]string{"GET access-1", "POST refresh-1", "GET access-2", "GET access-2"},
			[]string{"1 401", "2 503", "3 200"},
			nil,
		},
		"busy, then 401": {
			[]httpmock.Responder{busy, rejected, good},
			[]string{"GET access-1", "GET access-1", "POST refresh-1", "GET access-2"},
			[]string{"1 503", "2 401", "3 200"},
			nil,
		},
		"all of it": {
			[]httpmock.Responder{limit, resetConnection, rejected, busy, good},
			[]string{"GET access-1", "GET access-1", "GET access-1", "POST refresh-1", "GET access-2", "GET access-2"},
			[]string{"1 429", "2 0", "3 401", "4 503", "5 200"},
			nil,
		},
		"a 401 after the refresh and a pause": {
			[]httpmock.Responder{rejected, busy, rejected, good},
			[]string{"GET access-1", "POST refresh-1", "GET access-2", "GET access-2"},
			[]string{"1 401", "2 503", "3 401"},
			gitlab.ErrUnauthorized,
		},
		"too busy after the refresh": {
			[]httpmock.Responder{rejected, busy},
			[]string{"GET access-1", "POST refresh-1", "GET access-2", "GET access-2", "GET access-2", "GET access-2"},
			[]string{"1 401", "2 503", "3 503", "4 503", "5 503"},
			&gitlab.APIError{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var events []string
				w := newWorld(t, telling(&events))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
				w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(row.answers...))
				_, err := w.signIn(t, 2*time.Hour).Users.Current(t.Context())
				switch {
				case row.err == nil:
					require.NoError(t, err)
				case errors.Is(row.err, gitlab.ErrUnauthorized):
					require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				default:
					var api *gitlab.APIError
					require.ErrorAs(t, err, &api)
					assert.Equal(t, http.StatusServiceUnavailable, api.StatusCode)
				}
				requireStory(t, w, row.story...)
				assert.Equal(t, row.events, events)
			})
		})
	}
}

func TestBodyIsTheSameThroughRetriesAndRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		w.mock.RegisterResponder(http.MethodPost, itemsURL, inTurn(
			plain(http.StatusTooManyRequests, "Retry later"), func(req *http.Request) (*http.Response, error) { return expired(req), nil },
			refusedConnection, plain(http.StatusTooManyRequests, "Retry later"), always(http.StatusCreated, `{}`),
		))
		require.NoError(t, w.signIn(t, 2*time.Hour).Call(t.Context(), http.MethodPost, itemsPath, map[string]string{"title": "<é>"}, nil))
		calls := w.apiCalls()
		require.Len(t, calls, 5)
		for _, c := range calls {
			assert.Equal(t, calls[0].Body, c.Body)
			assert.NotEmpty(t, c.Body)
		}
		assert.Equal(t, 1, w.posts())
	})
}

func TestFailedRefreshIsNotRepeatedByTheCall(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		lifetime time.Duration
		api      httpmock.Responder
		endpoint httpmock.Responder
		posts    int
		calls    int
		err      error
	}{
		"endpoint away, token expired":           {-time.Second, page(http.StatusBadGateway), page(http.StatusBadGateway), 3, 0, gitlab.ErrRefreshUnavailable},
		"endpoint away, 401":                     {2 * time.Hour, accepts(userJSON), page(http.StatusBadGateway), 3, 1, gitlab.ErrRefreshUnavailable},
		"endpoint away, expired while it waited": {10 * time.Second, with("Retry-After", "20", page(http.StatusServiceUnavailable)), page(http.StatusBadGateway), 3, 1, gitlab.ErrRefreshUnavailable},
		"grant gone, token expired":              {-time.Second, page(http.StatusBadGateway), always(http.StatusBadRequest, grantJSON), 2, 0, gitlab.ErrReauthorize},
		"grant gone, 401":                        {2 * time.Hour, accepts(userJSON), always(http.StatusBadRequest, grantJSON), 2, 1, gitlab.ErrReauthorize},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(cfg *gitlab.Config) { cfg.RefreshBefore = 1 }) // when it has expired
				w.mock.RegisterResponder(http.MethodPost, tokenURL, row.endpoint)
				w.mock.RegisterResponder(http.MethodGet, userURL, row.api)
				_, err := w.signIn(t, row.lifetime).Users.Current(t.Context())
				require.ErrorIs(t, err, row.err)
				assert.Equal(t, row.posts, w.posts())
				assert.Len(t, w.apiCalls(), row.calls)
			})
		})
	}
}

func TestRetriesOnRealConnections(t *testing.T) {
	t.Parallel()
	var sends []string
	hangingUp := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if assert.NoError(t, err) {
			assert.NoError(t, conn.Close())
		}
	})
	nobody := newSite(t, func(http.ResponseWriter, *http.Request) {})
	nobody.Close()
	for name, row := range map[string]struct {
		url    string
		method string
		sends  int
	}{
		"GET of a server that hangs up": {hangingUp.URL, http.MethodGet, 2},
		"POST to one that hangs up":     {hangingUp.URL, http.MethodPost, 1},
		"POST where nobody listens":     {nobody.URL, http.MethodPost, 2},
	} {
		sends = nil
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		c, err := gitlab.New(gitlab.Config{
			BaseURL: row.url, HTTPClient: &http.Client{Transport: transport}, MaxRetries: 1, MaxRetryWait: time.Millisecond,
			OnCall: func(_ context.Context, e gitlab.CallEvent) { sends = append(sends, e.Method) },
		})
		require.NoError(t, err)
		require.Error(t, c.Call(t.Context(), row.method, itemsPath, gitlab.Form(url.Values{"a": {"b"}}), nil), name)
		assert.Len(t, sends, row.sends, name)
	}
}

func TestRetriesOfACutAnswerAreCountedToo(t *testing.T) {
	t.Parallel()
	busy := page(http.StatusServiceUnavailable)
	rejected := func(req *http.Request) (*http.Response, error) { return expired(req), nil }
	for name, row := range map[string]struct {
		answers []httpmock.Responder
		story   []string
		events  []string
	}{
		"busy and cut in turn": {
			[]httpmock.Responder{busy, cut(`{`), busy, cut(`{`), busy, cut(`{`)},
			[]string{"GET access-1", "GET access-1", "GET access-1", "GET access-1"},
			[]string{"1 503", "2 200", "3 503", "4 200"},
		},
		"cut each time": {
			[]httpmock.Responder{cut(`{`)},
			[]string{"GET access-1", "GET access-1", "GET access-1", "GET access-1"},
			[]string{"1 200", "2 200", "3 200", "4 200"},
		},
		"refreshed, cut, and refused": {
			[]httpmock.Responder{rejected, cut(`{`), rejected},
			[]string{"GET access-1", "POST refresh-1", "GET access-2", "GET access-2"},
			[]string{"1 401", "2 200", "3 401"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, list := range []bool{false, true} {
					var events []string
					w := newWorld(t, telling(&events))
					w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
					w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(row.answers...))
					c := w.signIn(t, 2*time.Hour)
					var err error
					if list {
						_, err = every[item](t.Context(), t, c, itemsPath)
					} else {
						_, err = gitlab.Get[item](t.Context(), c, itemsPath)
					}
					require.Error(t, err)
					requireStory(t, w, row.story...)
					assert.Equal(t, row.events, events)
				}
			})
		})
	}
}
