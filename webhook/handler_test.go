package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/webhook"
)

const token = "secret-token"

// request is a delivery of a file in testdata, with the token.
func request(t testing.TB, name string) *http.Request {
	t.Helper()
	return requestOf(kinds[name].event, payload(t, name))
}

func requestOf(event webhook.EventName, body []byte) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/webhooks/gitlab", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Gitlab-Event", string(event))
	r.Header.Set("X-Gitlab-Token", token)
	return r
}

// handler makes a handler that knows the token, unless cfg has secrets.
func handler(t testing.TB, cfg webhook.Config) *webhook.Handler {
	t.Helper()
	if cfg.FindSecrets == nil && cfg.Secrets.SigningTokens == nil && cfg.Secrets.Tokens == nil {
		cfg.Secrets.Tokens = []string{token}
	}
	h, err := webhook.New(cfg)
	require.NoError(t, err)
	return h
}

// answer is what a handler says to a request.
func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// never is a body that must not be read.
type never struct{ t *testing.T }

func (n never) Read([]byte) (int, error) {
	n.t.Error("the body was read")
	return 0, io.EOF
}

// unread makes reading the body of r fail the test.
func unread(t *testing.T, r *http.Request) *http.Request {
	t.Helper()
	r.Body = io.NopCloser(never{t})
	return r
}

// collect is a Config whose functions put what they get into got.
func collect(got *[]any) webhook.Config {
	return webhook.Config{
		OnPush:         keep[webhook.PushEvent](got),
		OnTagPush:      keep[webhook.TagPushEvent](got),
		OnIssue:        keep[webhook.IssueEvent](got),
		OnMergeRequest: keep[webhook.MergeRequestEvent](got),
		OnNote:         keep[webhook.NoteEvent](got),
		OnPipeline:     keep[webhook.PipelineEvent](got),
		OnJob:          keep[webhook.JobEvent](got),
		OnDeployment:   keep[webhook.DeploymentEvent](got),
		OnRelease:      keep[webhook.ReleaseEvent](got),
		OnMember:       keep[webhook.MemberEvent](got),
		OnOther: func(_ context.Context, d webhook.Delivery) error {
			*got = append(*got, d)
			return nil
		},
	}
}

func keep[E any](got *[]any) func(context.Context, *E) error {
	return func(_ context.Context, e *E) error {
		*got = append(*got, e)
		return nil
	}
}

func TestEventsReachTheirFunctions(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		var got []any
		h := handler(t, collect(&got))
		w := answer(h, request(t, name))
		assert.Equal(t, http.StatusOK, w.Code, name)
		assert.Empty(t, w.Body.String(), name)
		require.Len(t, got, 1, name)
		d, _ := reflect.TypeAssert[webhook.Delivery](reflect.ValueOf(got[0]).Elem().FieldByName("Delivery"))
		assert.Equal(t, webhook.Delivery{Event: kind.event, Body: payload(t, name)}, d, name)
		assert.Equal(t, expected[name], withoutDelivery(got[0]), name)
	}
	var got []any
	h := handler(t, collect(&got))
	for _, name := range []webhook.EventName{"Issue Hook", "Confidential Issue Hook"} {
		assert.Equal(t, http.StatusOK, answer(h, requestOf(name, payload(t, "issue"))).Code)
	}
	for _, name := range []webhook.EventName{"Note Hook", "Confidential Note Hook"} {
		assert.Equal(t, http.StatusOK, answer(h, requestOf(name, payload(t, "note_issue"))).Code)
	}
	assert.Len(t, got, 4)
	assert.IsType(t, &webhook.IssueEvent{}, got[1])
	assert.IsType(t, &webhook.NoteEvent{}, got[3])
}

func TestEventsWithoutAFunctionGoToOnOther(t *testing.T) {
	t.Parallel()
	var got []any
	h := handler(t, webhook.Config{OnOther: collect(&got).OnOther, OnIssue: collect(&got).OnIssue})
	for _, name := range []webhook.EventName{"System Hook", "Push Hook", "Hook of Tomorrow"} {
		got = nil
		assert.Equal(t, http.StatusOK, answer(h, requestOf(name, []byte(`{"event_name":"x"}`))).Code)
		assert.Equal(t, []any{webhook.Delivery{Event: name, Body: []byte(`{"event_name":"x"}`)}}, got)
	}
	got = nil
	assert.Equal(t, http.StatusBadRequest, answer(h, requestOf("System Hook", []byte(`{"event_name":`))).Code, "what is called JSON is JSON")
	assert.Empty(t, got)

	none := handler(t, webhook.Config{})
	assert.Equal(t, http.StatusOK, answer(none, requestOf("System Hook", []byte(`{}`))).Code)
	assert.Equal(t, http.StatusOK, answer(none, request(t, "push")).Code)
}

func TestHeadersAreInTheDelivery(t *testing.T) {
	t.Parallel()
	var got []any
	h := handler(t, collect(&got))
	r := requestOf("Wiki Page Hook", []byte(`{}`))
	r.Header.Set("X-Gitlab-Event-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e")
	r.Header.Set("X-Gitlab-Webhook-UUID", "02affd2d-2cba-4033-917d-ec22d5dc4b38")
	r.Header.Set("Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f")
	r.Header.Set("X-Gitlab-Instance", "https://gitlab.com")
	r.Header.Set("Webhook-Id", "msg_1") // not signed, so it counts for nothing
	require.Equal(t, http.StatusOK, answer(h, r).Code)
	want := webhook.Delivery{
		Event:          webhook.EventWikiPage,
		EventUUID:      "13792a34-cac6-4fda-95a8-c58e00a3954e",
		WebhookUUID:    "02affd2d-2cba-4033-917d-ec22d5dc4b38",
		IdempotencyKey: "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
		Instance:       "https://gitlab.com",
		Body:           []byte(`{}`),
	}
	assert.Equal(t, []any{want}, got)
	assert.Equal(t, "/f5e5f430-f57b-4e6e-9fac-d9128cd7232f", want.Key())
	for key, d := range map[string]webhook.Delivery{
		"":             {Tenant: "acme", EventUUID: "1", WebhookUUID: "2"},
		"acme/1":       {Tenant: "acme", IdempotencyKey: "1"},
		"acme/msg_1":   {Tenant: "acme", IdempotencyKey: "1", WebhookID: "msg_1"},
		"acme/b/1":     {Tenant: "acme", IdempotencyKey: "b/1"},
		"acme%2Fb/1":   {Tenant: "acme/b", IdempotencyKey: "1"},
		"acme%2Fb%2F/": {Tenant: "acme/b/", IdempotencyKey: "", WebhookID: ""},
	} {
		if d.IdempotencyKey == "" {
			key = ""
		}
		assert.Equal(t, key, d.Key())
	}
}

// With a wrong token nothing is read of the body, whatever else is right.
func TestTokensAreCheckedBeforeTheBody(t *testing.T) {
	t.Parallel()
	var got []any
	cfg := collect(&got)
	cfg.Secrets.Tokens = []string{"old-token", token}
	h := handler(t, cfg)
	for _, given := range []string{token, "old-token"} {
		r := request(t, "push")
		r.Header.Set("X-Gitlab-Token", given)
		assert.Equal(t, http.StatusOK, answer(h, r).Code)
	}
	got = nil
	for _, given := range []string{"", "secret-toke", "secret-token ", "Secret-token", "old-tokensecret-token", strings.Repeat("x", 100_000)} {
		r := unread(t, request(t, "push"))
		r.Header.Set("X-Gitlab-Token", given)
		w := answer(h, r)
		assert.Equal(t, http.StatusUnauthorized, w.Code)
		assert.Equal(t, "the secret token or the signature is missing or wrong\n", w.Body.String())
	}
	r := unread(t, request(t, "push"))
	r.Header.Del("X-Gitlab-Token")
	assert.Equal(t, http.StatusUnauthorized, answer(h, r).Code)
	assert.Empty(t, got)
}

func TestWhatSendersDoWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		text   string
	}{
		"another method":      {func(r *http.Request) { r.Method = http.MethodGet }, 405, "webhooks are sent with POST"},
		"a form":              {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "the body must be application/json"},
		"no type":             {func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "the body must be application/json"},
		"no valid type":       {func(r *http.Request) { r.Header.Set("Content-Type", "application/json;;") }, 415, "the body must be application/json"},
		"compressed":          {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, "the body must be application/json"},
		"no event":            {func(r *http.Request) { r.Header.Del("X-Gitlab-Event") }, 400, "X-Gitlab-Event is missing"},
		"too large, and said": {func(r *http.Request) { r.ContentLength = 26<<20 + 1 }, 413, "the body is too large"},
	} {
		var got []any
		cfg := collect(&got)
		cfg.OnError = func(_ context.Context, _ webhook.Delivery, err error) { t.Error(name, err) }
		r := unread(t, request(t, "push"))
		c.change(r)
		w := answer(handler(t, cfg), r)
		assert.Equal(t, c.status, w.Code, name)
		assert.Equal(t, c.text+"\n", w.Body.String(), name)
		assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
		assert.Empty(t, w.Header().Get("Retry-After"))
		assert.Equal(t, c.status == 405, w.Header().Get("Allow") == "POST")
		assert.Empty(t, got)
	}
	for _, body := range []string{"", "hush", `{"object_kind":"tag_push"}`, "[]"} {
		w := answer(handler(t, webhook.Config{
			OnPush:  keep[webhook.PushEvent](nil),
			OnError: func(_ context.Context, _ webhook.Delivery, err error) { t.Error(err) },
		}), requestOf("Push Hook", []byte(body)))
		assert.Equal(t, http.StatusBadRequest, w.Code)
		assert.Equal(t, "the body is not that of the event in X-Gitlab-Event\n", w.Body.String())
	}
	r := request(t, "push")
	r.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	assert.Equal(t, http.StatusOK, answer(handler(t, webhook.Config{}), r).Code)
}

func TestBodiesHaveALimit(t *testing.T) {
	t.Parallel()
	// 70 000 bytes need a second reading, beyond the first 64 KiB.
	for _, size := range []int{100, 1 << 16, 70_000} {
		h := handler(t, webhook.Config{MaxBytes: int64(size), OnOther: func(_ context.Context, d webhook.Delivery) error {
			assert.Len(t, d.Body, size)
			return nil
		}})
		body := []byte(`"` + strings.Repeat("x", size-2) + `"`)
		for _, known := range []bool{true, false} {
			for over, status := range map[string]int{"": 200, " ": 413} {
				r := requestOf("System Hook", append(bytes.Clone(body), over...))
				if !known {
					r.ContentLength = -1
				}
				assert.Equal(t, status, answer(h, r).Code, "%d bytes, length known: %v", size+len(over), known)
			}
		}
	}
	whole := handler(t, webhook.Config{})
	assert.Equal(t, http.StatusOK, answer(whole, requestOf("Push Hook", make([]byte, 25<<20))).Code, "as much as GitLab sends")
}

func TestBodyThatBreaksOffIsNoFaultOfTheSenders(t *testing.T) {
	t.Parallel()
	for _, before := range []int{10, 100_000} {
		r := request(t, "push")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat(" ", before)), iotest.ErrReader(errors.New("hush"))))
		w := answer(handler(t, webhook.Config{}), r)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "the body did not arrive\n", w.Body.String())
	}
}

func TestFailedFunctionsAreToldToBothSides(t *testing.T) {
	t.Parallel()
	failed := errors.New("hush: the database is down")
	var told []error
	var of []webhook.EventName
	cfg := webhook.Config{
		OnPush:  func(context.Context, *webhook.PushEvent) error { return failed },
		OnIssue: func(context.Context, *webhook.IssueEvent) error { panic("hush") },
		OnNote:  func(context.Context, *webhook.NoteEvent) error { panic(failed) },
		OnOther: func(_ context.Context, d webhook.Delivery) error {
			_, err := webhook.Parse[webhook.PushEvent](d)
			return fmt.Errorf("ours: %w", err)
		},
		OnError: func(_ context.Context, d webhook.Delivery, err error) {
			told, of = append(told, err), append(of, d.Event)
			panic("and it fails itself")
		},
	}
	h := handler(t, cfg)
	for _, name := range []string{"push", "issue", "note_issue"} {
		w := answer(h, request(t, name))
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.Equal(t, "the webhook could not be handled\n", w.Body.String())
	}
	w := answer(h, requestOf("Push Hook", []byte(`{"object_kind":"push","project":{"id":"new"}}`)))
	assert.Equal(t, http.StatusInternalServerError, w.Code, "JSON that these types do not fit is no fault of the sender's")
	require.Len(t, told, 4)
	assert.Equal(t, []webhook.EventName{"Push Hook", "Confidential Issue Hook", "Confidential Note Hook", "Push Hook"}, of)
	assert.Same(t, failed, told[0])
	var panicked *webhook.PanicError
	require.ErrorAs(t, told[1], &panicked)
	assert.Equal(t, "hush", panicked.Value)
	assert.Contains(t, string(panicked.Stack), "TestFailedFunctionsAreToldToBothSides")
	assert.Equal(t, "webhook: panic: hush", panicked.Error())
	require.ErrorAs(t, told[2], &panicked)
	assert.Equal(t, failed, panicked.Value)

	assert.Equal(t, http.StatusBadRequest, answer(h, requestOf("System Hook", []byte(`{}`))).Code, "a body that the application found malformed")
	cfg.OnError = nil
	assert.Equal(t, http.StatusInternalServerError, answer(handler(t, cfg), request(t, "push")).Code)
}

func TestSecretsOfManyTenants(t *testing.T) {
	t.Parallel()
	var got []any
	var told []error
	cfg := collect(&got)
	cfg.OnError = func(_ context.Context, _ webhook.Delivery, err error) { told = append(told, err) }
	down := errors.New("hush: the database is down")
	cfg.FindSecrets = func(r *http.Request) (webhook.Secrets, error) {
		switch r.PathValue("tenant") {
		case "acme":
			return webhook.Secrets{Tenant: "acme", Tokens: []string{token}}, nil
		case "initech":
			return webhook.Secrets{Tenant: "initech", Tokens: []string{"another"}}, nil
		case "broken":
			return webhook.Secrets{}, down
		case "panic":
			panic("hush")
		case "empty":
			return webhook.Secrets{Tokens: []string{""}}, nil
		}
		return webhook.Secrets{}, nil
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/{tenant}", handler(t, cfg))
	to := func(tenant string) *httptest.ResponseRecorder {
		r := request(t, "push")
		if tenant != "acme" {
			r = unread(t, r)
		}
		r.URL.Path = "/hooks/" + tenant
		return answer(mux, r)
	}
	assert.Equal(t, http.StatusOK, to("acme").Code)
	require.Len(t, got, 1)
	assert.Equal(t, "acme", got[0].(*webhook.PushEvent).Delivery.Tenant)
	assert.Equal(t, http.StatusUnauthorized, to("initech").Code, "one tenant's token is not another's")
	assert.Equal(t, http.StatusUnauthorized, to("nobody").Code)
	require.Empty(t, told)

	w := to("broken")
	assert.Equal(t, http.StatusServiceUnavailable, w.Code, "a hook must not be disabled for that")
	assert.Equal(t, "10", w.Header().Get("Retry-After"))
	assert.Equal(t, "the webhook's secrets could not be looked up\n", w.Body.String())
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], down)
	assert.Equal(t, http.StatusInternalServerError, to("panic").Code)
	assert.Equal(t, http.StatusServiceUnavailable, to("empty").Code, "an empty token would fit everybody")
	require.Len(t, told, 3)
	assert.Contains(t, told[2].Error(), "a secret token is empty")
	assert.Len(t, got, 1)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	tokens := webhook.Secrets{Tokens: []string{token}}
	find := func(*http.Request) (webhook.Secrets, error) { return tokens, nil }
	for says, cfg := range map[string]webhook.Config{
		"webhook: Config needs either Secrets or FindSecrets":                             {},
		"webhook: Config needs either Secrets or FindSecrets\n":                           {Secrets: tokens, FindSecrets: find},
		"webhook: a secret token is empty":                                                {Secrets: webhook.Secrets{Tokens: []string{token, ""}}},
		"webhook: a number of Config is negative":                                         {Secrets: tokens, Queue: -1},
		"webhook: a number of Config is negative\n":                                       {Secrets: tokens, Workers: -1},
		"webhook: a number of Config is negative\n\n":                                     {Secrets: tokens, MaxBytes: -1},
		"webhook: a number of Config is negative\n\n\n":                                   {Secrets: tokens, Tolerance: -1},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64":             {Secrets: webhook.Secrets{SigningTokens: []string{"whsec_AAAA"}}},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64\n":           {Secrets: webhook.Secrets{SigningTokens: []string{strings.TrimPrefix(signingToken, "whsec_")}}},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64\n\n":         {Secrets: webhook.Secrets{SigningTokens: []string{signingToken + "!"}}},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64\n\n\n":       {Secrets: webhook.Secrets{SigningTokens: []string{"whsec_" + strings.Repeat("AAAA", 22)}}},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64\n\n\n\n":     {Secrets: webhook.Secrets{SigningTokens: []string{""}}},
		"webhook: a signing token is not whsec_ and 24 to 64 bytes in base64\n\n\n\n\n\n": {Secrets: webhook.Secrets{SigningTokens: []string{"whsec_"}}},
	} {
		_, err := webhook.New(cfg)
		require.EqualError(t, err, strings.TrimRight(says, "\n"))
	}
	for _, groups := range []int{8, 21} { // 24 bytes, and the most in whole groups of base64
		_, err := webhook.New(webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{"whsec_" + strings.Repeat("AAAA", groups)}}})
		require.NoError(t, err)
	}
	_, err := webhook.New(webhook.Config{Secrets: webhook.Secrets{SigningTokens: []string{"whsec_" + strings.Repeat("AAAA", 21) + "AA=="}}})
	require.NoError(t, err, "64 bytes")
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	cfg := webhook.Config{Secrets: webhook.Secrets{Tokens: []string{"hush-1"}, SigningTokens: []string{signingToken}, Tenant: "acme"}}
	h, err := webhook.New(cfg)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{cfg.Secrets, &cfg.Secrets, cfg, &cfg, h} {
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, "hush")
			assert.NotContains(t, text, signingToken[6:])
			assert.NotContains(t, text, "687573682d31")
			assert.NotContains(t, text, "104 117 115 104")
		}
	}
	assert.Equal(t, `Secrets{tokens:1 signing_tokens:1 tenant:"acme"}`, fmt.Sprint(cfg.Secrets))
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("secrets", "it", cfg.Secrets)
	assert.Contains(t, out.String(), "signing_tokens:1")
	assert.NotContains(t, out.String(), "hush")
}

// seen is a Seen that does what its functions do.
type seen struct {
	has      func(ctx context.Context, key string) (bool, error)
	remember func(ctx context.Context, key string) error
}

func (s seen) Has(ctx context.Context, key string) (bool, error) { return s.has(ctx, key) }
func (s seen) Remember(ctx context.Context, key string) error    { return s.remember(ctx, key) }

// keyed is a delivery with that Idempotency-Key.
func keyed(t testing.TB, key string) *http.Request {
	t.Helper()
	r := request(t, "push")
	r.Header.Set("Idempotency-Key", key)
	return r
}

func TestDeliveriesAreHandledOnce(t *testing.T) {
	t.Parallel()
	calls, fail := 0, true
	h := handler(t, webhook.Config{Seen: webhook.NewMemorySeen(2), OnPush: func(context.Context, *webhook.PushEvent) error {
		calls++
		if fail {
			return errors.New("not now")
		}
		return nil
	}})
	assert.Equal(t, http.StatusInternalServerError, answer(h, keyed(t, "1")).Code)
	fail = false
	assert.Equal(t, http.StatusOK, answer(h, keyed(t, "1")).Code, "what failed is not remembered as done")
	assert.Equal(t, 2, calls)
	assert.Equal(t, http.StatusOK, answer(h, keyed(t, "1")).Code)
	assert.Equal(t, 2, calls)
	assert.Equal(t, http.StatusOK, answer(h, keyed(t, "")).Code)
	assert.Equal(t, http.StatusOK, answer(h, keyed(t, "")).Code)
	assert.Equal(t, 4, calls, "without a key all are handled")
	answer(h, keyed(t, "2"))
	answer(h, keyed(t, "3"))
	answer(h, keyed(t, "1"))
	assert.Equal(t, 7, calls, "the oldest key is forgotten")
}

func TestTroubleOfRememberingIsTold(t *testing.T) {
	t.Parallel()
	down := errors.New("hush")
	var told []error
	var order []string
	s := seen{
		has:      func(context.Context, string) (bool, error) { return false, down },
		remember: func(ctx context.Context, key string) error { order = append(order, "remember "+key); return ctx.Err() },
	}
	cfg := webhook.Config{
		OnPush:  func(context.Context, *webhook.PushEvent) error { order = append(order, "handle"); return nil },
		OnError: func(_ context.Context, _ webhook.Delivery, err error) { told = append(told, err) },
		Seen:    &s,
	}
	h := handler(t, cfg)
	assert.Equal(t, http.StatusInternalServerError, answer(h, keyed(t, "1")).Code)
	assert.Equal(t, []error{down}, told)
	assert.Empty(t, order)

	s.has = func(context.Context, string) (bool, error) { return false, nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, http.StatusOK, answer(h, keyed(t, "1").WithContext(ctx)).Code)
	assert.Equal(t, []string{"handle", "remember /1"}, order)
	assert.Len(t, told, 1, "GitLab has left, which does not keep it from being remembered")

	for _, s.remember = range []func(context.Context, string) error{
		func(context.Context, string) error { return down },
		func(context.Context, string) error { panic(down) },
	} {
		assert.Equal(t, http.StatusOK, answer(h, keyed(t, "1")).Code, "it was handled")
	}
	require.Len(t, told, 3)
	require.EqualError(t, told[1], "webhook: remembering that a delivery was handled: hush")
}

func TestMemorySeenIsBounded(t *testing.T) {
	t.Parallel()
	s := webhook.NewMemorySeen(3)
	has := func(keys ...string) (known []bool) {
		for _, key := range keys {
			ok, err := s.Has(t.Context(), key)
			require.NoError(t, err)
			known = append(known, ok)
		}
		return known
	}
	for _, key := range []string{"a", "b", "a", "c", "", "d"} {
		require.NoError(t, s.Remember(t.Context(), key))
	}
	assert.Equal(t, []bool{false, true, true, true, false}, has("a", "b", "c", "d", ""))
	require.NoError(t, s.Remember(t.Context(), "e"))
	assert.Equal(t, []bool{false, true, true, true}, has("b", "c", "d", "e"))
	one := webhook.NewMemorySeen(0)
	require.NoError(t, one.Remember(t.Context(), "a"))
	ok, _ := one.Has(t.Context(), "a")
	assert.True(t, ok)
}
