package gitlab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 14: secrets are not printed.

// Every secret of these tests has this in it.
const hush = "hUsHhUsH"

// verbs are all that fmt has, with some flags; but for %p, which of anything
// but a pointer is a mistake that vet finds and fmt prints past all methods.
var verbs = []string{
	"%v", "%+v", "%#v", "%T", "%d", "%x", "%X", "%s", "%q", "%+q", "%#q", "% x", "%#x", "%o", "%b", "%c", "%U", "%e", "%g", "%t", "%10.3v", "%!",
}

// printed is value in every way that fmt and slog print it.
func printed(value any) string {
	var b strings.Builder
	for _, verb := range verbs {
		fmt.Fprintf(&b, verb+"\n", value)
	}
	fmt.Fprintln(&b, value)
	b.WriteString(logged(value))
	return b.String()
}

// logged is value as slog prints it, as text and as JSON.
func logged(value any) string {
	var b bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		log := slog.New(handler)
		log.Info("value", "value", value)
		log.With("with", value).WithGroup("group").Info("group", slog.Group("inner", "value", value))
	}
	return b.String()
}

// assertQuiet asserts that no way of printing value shows a secret. wrapped
// values are printed by fmt and slog's text handler alone: JSON of OAuthData is
// the stored form.
func assertQuiet[T any](t *testing.T, name string, value T) {
	t.Helper()
	show := func(how, text string) {
		t.Helper()
		for _, form := range []string{hush, strings.ToLower(hush), fmt.Sprintf("%x", hush), fmt.Sprintf("%X", hush), fmt.Sprintf("% x", hush), "104 85 115 72"} {
			assert.NotContains(t, text, form, "%s %s", name, how)
		}
	}
	show("as a value", printed(value))
	show("as a pointer", printed(&value))
	type wrapper struct {
		Value   T
		Pointer *T
		Any     any
		List    []T
		Array   [1]*T
		Map     map[string]T
		Nested  struct{ Value T }
	}
	w := wrapper{Value: value, Pointer: &value, Any: value, List: []T{value}, Array: [1]*T{&value}, Map: map[string]T{"key": value}}
	w.Nested.Value = value
	for _, verb := range verbs {
		show("in another struct", fmt.Sprintf(verb, w))
		show("in a pointer to another struct", fmt.Sprintf(verb, &w))
		show("in a slice", fmt.Sprintf(verb, []T{value}))
		show("in a map", fmt.Sprintf(verb, map[string]*T{"key": &value}))
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("wrapped", "in", w, "list", []T{value}, "pointer", &w)
	show("in slog's text", b.String())
}

func secretData() gitlab.OAuthData {
	var d gitlab.OAuthData
	stored := `{"access_token":"access-` + hush + `","refresh_token":"refresh-` + hush + `","token_type":"Bearer","scope":"api","created_at":1,"expires_at":2000000000,"id_token":"` + hush + `"}`
	if err := json.Unmarshal([]byte(stored), &d); err != nil {
		panic(err)
	}
	return d
}

func TestSecretsOfValuesAreNotPrinted(t *testing.T) {
	t.Parallel()
	data := secretData()
	id := gitlab.Identity{Key: "ada", BaseURL: baseURL, Data: data, Revision: "3"}
	provider := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "secret-" + hush, RedirectURL: "https://app.example.com/callback", Scopes: []string{"api"}}
	store := gitlab.NewMemoryStore()
	cfg := gitlab.Config{BaseURL: baseURL, Provider: provider, Store: store}
	client, err := gitlab.New(cfg)
	require.NoError(t, err)
	ada, err := client.Authorize(t.Context(), "ada", data)
	require.NoError(t, err)

	assertQuiet(t, "OAuthData", data)
	assertQuiet(t, "Identity", id)
	assertQuiet(t, "OAuthProvider", provider)
	assertQuiet(t, "Config", cfg)
	assertQuiet(t, "Config of a pointer", gitlab.Config{BaseURL: "https://ada:" + hush + "@gitlab.example.com", Provider: &provider})
	assertQuiet(t, "Config of a token", gitlab.Config{BaseURL: "https://" + hush + "@gitlab.example.com/?private_token=" + hush})
	assertQuiet(t, "*MemoryStore", store)
	assertQuiet(t, "Client", client)
	assertQuiet(t, "Client of an identity", ada)
	assertQuiet(t, "Client of a token", client.WithToken("glpat-"+hush))
	assertQuiet(t, "TokenSource", ada.TokenSource(t.Context()))
	assertQuiet(t, "TokenSource of a token", client.WithToken("glpat-"+hush).TokenSource(t.Context()))
	assertQuiet(t, "HTTPClient", ada.HTTPClient())
	assertQuiet(t, "HTTPClient's transport", ada.HTTPClient().Transport)
	assertQuiet(t, "a service", ada.Users)
	secret := gitlab.Secret("hook-" + hush)
	assertQuiet(t, "Secret", secret)
	for _, verb := range verbs { // what a pointer to a client points to, and inputs, whose JSON is what GitLab gets
		assert.NotContains(t, fmt.Sprintf(verb, *ada.HTTPClient()), hush)
		assert.NotContains(t, fmt.Sprintf(verb, gitlab.CreateHook{Token: secret, SigningToken: secret}), hush)
		assert.NotContains(t, fmt.Sprintf(verb, gitlab.UpdateHook{Token: &secret, SigningToken: &secret}), hush)
	}
}

func TestPrintingTellsWhatIsNotSecret(t *testing.T) {
	t.Parallel()
	data := secretData()
	id := gitlab.Identity{Key: "ada", BaseURL: baseURL, Data: data, Revision: "3"}
	provider := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "hush", RedirectURL: "https://app.example.com/callback", Scopes: []string{"api", "read_user"}}
	store := gitlab.NewMemoryStore()
	cfg := gitlab.Config{BaseURL: baseURL, Provider: provider, Store: store}
	client, err := gitlab.New(cfg)
	require.NoError(t, err)
	ada, err := client.Authorize(t.Context(), "ada", data)
	require.NoError(t, err)
	shown := `OAuthData{access_token:[redacted] refresh_token:[redacted] scope:"api" expires_at:2033-05-18T03:33:20Z}`
	for want, value := range map[string]any{
		shown: data,
		`OAuthData{access_token:"" refresh_token:""}`:                                                                                              gitlab.OAuthData{},
		`Identity{key:"ada" base_url:"https://gitlab.example.com/gitlab" revision:"3" data:` + shown + `}`:                                         &id,
		`Config{base_url:"https://gitlab.example.com/gitlab" provider:gitlab.OAuthProvider store:*gitlab.MemoryStore}`:                             cfg,
		`Config{base_url:"" provider:<nil> store:<nil>}`:                                                                                           gitlab.Config{},
		`Config{base_url:"invalid" provider:<nil> store:<nil>}`:                                                                                    gitlab.Config{BaseURL: "https://hush hush"},
		`OAuthProvider{client_id:"client-id" client_secret:[redacted] redirect_url:"https://app.example.com/callback" scopes:["api" "read_user"]}`: provider,
		`Client{base_url:https://gitlab.example.com/gitlab as:anonymous}`:                                                                          client,
		`Client{base_url:https://gitlab.example.com/gitlab as:"ada"}`:                                                                              ada,
		`Client{base_url:https://gitlab.example.com/gitlab as:a fixed token}`:                                                                      client.WithToken("glpat-1"),
		`Client{}`:                     &gitlab.Client{},
		`MemoryStore{1 identities}`:    store,
		`MemoryStore{}`:                (*gitlab.MemoryStore)(nil),
		`[redacted] is never "secret"`: `[redacted] is never "secret"`,
	} {
		assert.Equal(t, want, fmt.Sprint(value))
		assert.Equal(t, want, fmt.Sprintf("%#s", value))
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "value", value)
		quoted, err := json.Marshal(want)
		require.NoError(t, err)
		unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(quoted))
		assert.Contains(t, b.String(), `"value":`+unescaped)
	}
	assert.Equal(t, "Client{}", gitlab.Client{}.String())
	assert.Equal(t, "<nil>", fmt.Sprint((*gitlab.Client)(nil)))
}

// TestSecretsThatAServerEchoesAreNotPrinted has every answer repeat the request.
func TestSecretsThatAServerEchoesAreNotPrinted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 985) // so that what is cut off an overlong text ends in the secret
	// echo fills a body's %s with a secret, as it is.
	bodies := []string{
		`{"error":"invalid_grant","error_description":"%[1]s"}`,
		`{"error":"invalid_grant","error_description":"` + long + ` %[1]s"}`,
		`{"error":"invalid_client","error_description":"%[1]s"}`,
		`{"error":"%[1]s","error_description":"%[1]s"}`,
		`{"error":"%[1]s"}`,
		`{"error":"` + long + `%[1]s"}`,
		`{"message":"%[1]s"}`,
		`{"message":"` + long + `%[1]s"}`,
		`{"message":{"token":["%[1]s is bad"],"%[1]s":["is bad"],"base":{"%[1]s":["bad %[1]s"]}},"error":"%[1]s"}`,
		`{"message":["` + long + `","%[1]s"]}`,
		`{"message":{"` + long + `%[1]s":["bad"]}}`,
		`%[1]s`,
		long + `%[1]s`,
		`<html>%[1]s`,
		`grant_type=refresh_token&refresh_token=%[1]s`,
		`{"access_token":%[1]q`,
	}
	for _, status := range []int{200, 400, 401, 403, 429} {
		for _, body := range bodies {
			for _, secret := range []string{"access-" + hush, "refresh-" + hush, "secret-" + hush} {
				synctest.Test(t, func(t *testing.T) {
					assertEchoIsQuiet(t, status, fmt.Sprintf(body, secret))
				})
			}
		}
	}
}

// A page that shows the request has the secrets as they were sent, in a form.
func TestSecretsInAnEchoedFormAreNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	secret := "a+b/c=" + hush
	w.mock.RegisterResponder(http.MethodPost, baseURL+"/oauth/revoke", plain(http.StatusBadRequest, "token="+url.QueryEscape(secret)))
	err := gitlab.OAuthProvider{ClientID: "client-id"}.Revoke(clientIn(t.Context(), w), baseURL, secret)
	require.ErrorContains(t, err, "token=[redacted]")
	assertQuietError(t, err)
}

// assertEchoIsQuiet lets the API, and then the token endpoint, answer with body.
func assertEchoIsQuiet(t *testing.T, status int, body string) {
	t.Helper()
	var events []gitlab.RefreshEvent
	var calls []gitlab.CallEvent
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.Provider = gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "secret-" + hush}
		cfg.OnRefresh = func(_ context.Context, e gitlab.RefreshEvent) { events = append(events, e) }
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) { calls = append(calls, e) }
	})
	api := always(http.StatusUnauthorized, bareJSON)
	w.mock.RegisterResponder(http.MethodGet, userURL, api)
	w.mock.RegisterResponder(http.MethodGet, baseURL+"/api/v4/echo", always(status, body))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(status, body))
	w.mock.RegisterResponder(http.MethodPost, baseURL+"/oauth/revoke", always(status, body))
	c, err := w.client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-" + hush, RefreshToken: "refresh-" + hush})
	require.NoError(t, err)

	_, refreshed := c.Users.Current(t.Context())
	require.Error(t, refreshed)
	assertQuietError(t, refreshed)
	if strings.Contains(body, "access-") { // the only one that the API was sent
		_, err = c.WithToken("access-" + hush).Users.Current(t.Context())
		assertQuietError(t, err)
		_, err = gitlab.Get[map[string]any](t.Context(), c.WithToken("access-"+hush), gitlab.PathTo("/echo"))
		assertQuietError(t, err)
	}
	provider := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "secret-" + hush}
	id := gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{AccessToken: "access-" + hush, RefreshToken: "refresh-" + hush}}
	ctx := clientIn(t.Context(), w)
	_, err = provider.RefreshIdentity(ctx, id, tokenURL)
	assertQuietError(t, err)
	if !strings.Contains(body, "access-") {
		assertQuietError(t, provider.Revoke(ctx, baseURL, "refresh-"+hush))
		_, err = provider.Exchange(ctx, baseURL, "refresh-"+hush, "verifier-of-some-length")
		assertQuietError(t, err)
	}
	for _, e := range events {
		assert.NotContains(t, printed(e)+printed(&e)+fmt.Sprintf("%+v %#v", e.Err, e.Err), hush[:4])
	}
	for _, e := range calls {
		assert.NotContains(t, printed(e), hush[:4])
	}
}

// assertQuietError prints all errors in err's tree.
func assertQuietError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v\n%+v\n%#v\n%s\n%q\n%d\n%x\n", err, err, err, err, err, err, err) + logged(err)
	assert.NotContains(t, text, hush)
	assert.NotContains(t, text, hush[:4])
	if api, ok := errors.AsType[*gitlab.APIError](err); ok {
		assert.NotContains(t, fmt.Sprintf("%#v %#v", *api, api.Fields), hush[:4])
	}
	if refused, ok := errors.AsType[*gitlab.IdentityNotValidError](err); ok {
		assert.NotContains(t, fmt.Sprintf("%#v", *refused), hush[:4])
	}
	switch wrapped := err.(type) { //nolint:errorlint // every link of the chain is looked at
	case interface{ Unwrap() error }:
		assertQuietError(t, wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range wrapped.Unwrap() {
			assertQuietError(t, inner)
		}
	}
}

func TestSecretsOfFailedConnectionsAreNotPrinted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) { // as a transport that dumps what it cannot send
		var form strings.Builder
		if req.GetBody != nil {
			body, err := req.GetBody()
			require.NoError(t, err)
			_, err = io.Copy(&form, body)
			require.NoError(t, err)
		}
		values, err := url.ParseQuery(form.String())
		require.NoError(t, err)
		return nil, fmt.Errorf("cannot send %s, that is %v", form.String(), values)
	})
	ctx := clientIn(t.Context(), w)
	provider := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "secret-" + hush}
	_, err := provider.RefreshIdentity(ctx, gitlab.Identity{Key: "ada", Data: secretData()}, tokenURL)
	require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	assertQuietError(t, err)
	_, err = provider.Exchange(ctx, baseURL, "code-"+hush, "verifier-"+hush)
	require.Error(t, err)
	assertQuietError(t, err)
	_, err = gitlab.OAuthProvider{ClientID: "public"}.Exchange(ctx, baseURL, "code-"+hush, "verifier-"+hush)
	require.Error(t, err)
	assertQuietError(t, err)
	require.ErrorContains(t, provider.Revoke(ctx, baseURL, "token-"+hush), "gitlab: revoking a token: cannot send")
	assertQuietError(t, provider.Revoke(ctx, baseURL, "token-"+hush))
	_, err = provider.DeviceAuth(ctx, baseURL)
	require.Error(t, err)
	assertQuietError(t, err)
}

func TestPanickingProviderDoesNotPrintTheTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = panicking{} })
	w.mock.RegisterNoResponder(always(http.StatusUnauthorized, bareJSON))
	c, err := w.client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-" + hush, RefreshToken: "refresh-" + hush})
	require.NoError(t, err)
	_, err = c.Users.Current(t.Context())
	require.ErrorContains(t, err, "the identity provider panicked")
	assertQuietError(t, err)
}

type panicking struct{}

func (panicking) RefreshIdentity(_ context.Context, id gitlab.Identity, _ string) (gitlab.OAuthData, error) {
	panic("cannot parse " + id.Data.AccessToken + id.Data.RefreshToken)
}

func TestEventsHaveNothingToHide(t *testing.T) {
	t.Parallel()
	plain := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[time.Duration](), reflect.TypeFor[error](), reflect.TypeFor[gitlab.RefreshOutcome](),
	}
	for _, event := range []reflect.Type{reflect.TypeFor[gitlab.RefreshEvent](), reflect.TypeFor[gitlab.CallEvent]()} {
		for field := range event.Fields() {
			assert.Contains(t, plain, field.Type, "%s.%s: what it prints is for this file to look at", event, field.Name)
		}
	}
}

func TestCopiedClientDoesNotPrintItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []*gitlab.Client{w.client.WithToken("glpat-secret"), w.signIn(t, 0)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed := fmt.Sprintf(verb, any(*c))
			assert.NotContains(t, printed, "glpat-secret", verb)
			assert.NotContains(t, printed, "access-1", verb)
			assert.NotContains(t, printed, "676c7061742d736563726574", verb)
		}
	}
}
