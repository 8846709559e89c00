package gitlab_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// app is the application of these tests, public of the same without a secret.
var (
	app = gitlab.OAuthProvider{
		ClientID: "client-id", ClientSecret: "client-secret", RedirectURL: "https://app.example.com/callback?a=b", Scopes: []string{"api", "read_user"},
	}
	public = gitlab.OAuthProvider{ClientID: "client-id", RedirectURL: "https://app.example.com/callback"}
)

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // of RFC 7636, appendix B, with its challenge below

func TestSignInStartsAtAPageWithStateAndChallenge(t *testing.T) {
	t.Parallel()
	got, err := app.AuthCodeURL("HTTPS://GitLab.Example.com:443/gitlab/", "state-1", verifier)
	require.NoError(t, err)
	page, query, _ := strings.Cut(got, "?")
	assert.Equal(t, "https://gitlab.example.com/gitlab/oauth/authorize", page)
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"response_type": {"code"}, "client_id": {"client-id"}, "redirect_uri": {"https://app.example.com/callback?a=b"}, "scope": {"api read_user"},
		"state": {"state-1"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}, values, "neither the verifier nor the secret")

	got, err = public.AuthCodeURL(baseURL, "state-1", verifier, oauth2.SetAuthURLParam("prompt", "login"))
	require.NoError(t, err)
	assert.Contains(t, got, "prompt=login")
	assert.NotContains(t, got, "scope=")
	for _, row := range [][3]string{{"", "state-1", verifier}, {"gitlab.example.com", "state-1", verifier}, {baseURL, "", verifier}, {baseURL, "state-1", ""}} {
		got, err = app.AuthCodeURL(row[0], row[1], row[2])
		require.ErrorContains(t, err, "gitlab: ", row)
		assert.Empty(t, got)
	}
}

func TestExchangeSpendsTheCodeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		data, err := app.Exchange(clientIn(t.Context(), w), baseURL+"/", "code-1", verifier)
		require.NoError(t, err)
		assert.Equal(t, gitlab.OAuthData{
			AccessToken: "access-2", RefreshToken: "refresh-2", TokenType: "Bearer", Scope: "api",
			CreatedAt: time.Unix(1536798907, 0).UTC(), ExpiresAt: time.Now().Add(2 * time.Hour).UTC(),
		}, data)
		sent := w.sent()
		require.Len(t, sent, 1)
		assert.Equal(t, "application/x-www-form-urlencoded", sent[0].Header.Get("Content-Type"))
		assert.Empty(t, sent[0].Authorization)
		form, err := url.ParseQuery(sent[0].Body)
		require.NoError(t, err)
		assert.Equal(t, url.Values{
			"grant_type": {"authorization_code"}, "code": {"code-1"}, "code_verifier": {verifier}, "redirect_uri": {"https://app.example.com/callback?a=b"},
			"client_id": {"client-id"}, "client_secret": {"client-secret"},
		}, form)

		_, err = public.Exchange(clientIn(t.Context(), w), baseURL, "code-1", verifier)
		require.NoError(t, err)
		assert.NotContains(t, w.sent()[1].Body, "client_secret", "a public application has none")
	})
}

func TestExchangeThatFailsSaysWhyAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status   int
		body     string
		code     string
		rejected bool
		says     string
	}{
		"used code":       {400, grantJSON, "invalid_grant", false, "status 400: invalid_grant: The provided authorization grant is invalid"},
		"wrong secret":    {401, clientJSON, "invalid_client", true, "check client ID and secret"},
		"not allowed":     {400, `{"error":"unauthorized_client"}`, "unauthorized_client", true, "unauthorized_client"},
		"error in a 200":  {200, `{"error":"invalid_grant"}`, "invalid_grant", false, "status 200: invalid_grant"},
		"page":            {200, `<html>`, "", false, "gitlab: exchanging the code: "},
		"no token":        {200, `{"token_type":"Bearer"}`, "", false, "missing access_token"},
		"502":             {502, `<html>hush</html>`, "", false, "status 502: an HTML page"},
		"429":             {429, `Retry later`, "", false, "status 429: Retry later"},
		"empty 400":       {400, ``, "", false, "status 400"},
		"a code to clean": {400, `{"error":"a_\u001b[31m","error_description":"x\ny"}`, "a_ [31m", false, "status 400: a_ [31m: x y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(row.status, row.body))
			data, err := app.Exchange(clientIn(t.Context(), w), baseURL, "code-1", verifier)
			require.ErrorContains(t, err, row.says)
			assert.True(t, strings.HasPrefix(err.Error(), "gitlab: "), err)
			assert.Zero(t, data)
			assert.Equal(t, row.rejected, errors.Is(err, gitlab.ErrClientRejected))
			require.NotErrorIs(t, err, gitlab.ErrReauthorize)
			if api, ok := errors.AsType[*gitlab.APIError](err); ok {
				assert.Equal(t, row.code, api.Code)
				assert.Equal(t, "/gitlab/oauth/token", api.Path)
			}
			for _, secret := range []string{"code-1", verifier, "client-secret", "hush"} {
				assert.NotContains(t, err.Error(), secret)
			}
			assert.Equal(t, 1, w.posts())
		})
	}
	_, err := app.Exchange(t.Context(), "gitlab.example.com", "code-1", verifier)
	require.ErrorContains(t, err, "base URL")
}

// deviceJSON is GitLab's answer to a device that asks to sign in.
const deviceJSON = `{"device_code":"device-1","user_code":"0A44L90H","verification_uri":"https://gitlab.example.com/gitlab/oauth/device","verification_uri_complete":"https://gitlab.example.com/gitlab/oauth/device?user_code=0A44L90H","expires_in":300,"interval":5}`

const deviceURL = baseURL + "/oauth/authorize_device"

func TestDeviceSignInAsksAsOftenAsGitLabAllows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, deviceURL, always(http.StatusOK, deviceJSON))
		pending := always(http.StatusBadRequest, `{"error":"authorization_pending","error_description":"pending"}`)
		slower := always(http.StatusBadRequest, `{"error":"slow_down","error_description":"slower"}`)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(pending, slower, pending, slower, always(http.StatusOK, pairJSON)))
		ctx := clientIn(t.Context(), w)
		started := time.Now()

		device, err := app.DeviceAuth(ctx, baseURL)
		require.NoError(t, err)
		assert.Equal(t, "0A44L90H", device.UserCode)
		assert.Equal(t, "https://gitlab.example.com/gitlab/oauth/device", device.VerificationURI)
		data, err := app.DeviceToken(ctx, baseURL, device)
		require.NoError(t, err)

		assert.Equal(t, "access-2", data.AccessToken)
		assert.Equal(t, "refresh-2", data.RefreshToken)
		sent := w.sent()
		require.Len(t, sent, 6)
		form, err := url.ParseQuery(sent[0].Body)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"client_id": {"client-id"}, "client_secret": {"client-secret"}, "scope": {"api read_user"}}, form)
		var after []time.Duration
		for _, c := range sent[1:] {
			after = append(after, c.At.Sub(started))
			form, err = url.ParseQuery(c.Body)
			require.NoError(t, err)
			assert.Equal(t, "urn:ietf:params:oauth:grant-type:device_code", form.Get("grant_type"))
			assert.Equal(t, "device-1", form.Get("device_code"))
			assert.Equal(t, "client-id", form.Get("client_id"))
		}
		assert.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second}, after)
	})
}

// TestDeviceSignInOutlivesAnOutage asks ever more slowly while there is no
// answer, and as slowly as a 429 says.
func TestDeviceSignInOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, deviceURL, always(http.StatusOK, deviceJSON))
		pending := always(http.StatusBadRequest, `{"error":"authorization_pending","error_description":"pending"}`)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, inTurn(
			noAnswer, page(http.StatusOK), page(http.StatusBadGateway), pending,
			with("Retry-After", "60", plain(http.StatusTooManyRequests, "Retry later")), always(http.StatusOK, pairJSON),
		))
		ctx := w.client.SignInContext(t.Context())
		started := time.Now()
		device, err := app.DeviceAuth(ctx, baseURL)
		require.NoError(t, err)
		data, err := app.DeviceToken(ctx, baseURL, device)
		require.NoError(t, err)
		assert.Equal(t, "access-2", data.AccessToken)
		var after []time.Duration
		for _, c := range w.sent()[1:] {
			after = append(after, c.At.Sub(started))
		}
		assert.Equal(t, []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, 50 * time.Second, 70 * time.Second, 130 * time.Second}, after)
		assert.Equal(t, int64(5), device.Interval, "the caller's answer is left as it is")
	})
}

func TestDeviceSignInGivesUpOnAServerThatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, noAnswer)
		_, err := app.DeviceToken(clientIn(t.Context(), w), baseURL, &oauth2.DeviceAuthResponse{DeviceCode: "device-1"})
		require.ErrorContains(t, err, "gitlab: waiting for the device sign-in: read tcp")
		assert.Equal(t, 10, w.posts(), "nobody has said when the code expires")

		w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusNotFound))
		_, err = app.DeviceToken(clientIn(t.Context(), w), baseURL, &oauth2.DeviceAuthResponse{DeviceCode: "device-1"})
		require.ErrorIs(t, err, gitlab.ErrNotFound)
		assert.Equal(t, 11, w.posts())
	})
}

func TestSignInUsesTheConnectionsOfItsClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	w.signIn(t, time.Hour)
	_, err := app.Exchange(w.client.As("ada").SignInContext(t.Context()), w.client.BaseURL(), "code-1", verifier)
	require.NoError(t, err)
	require.Len(t, w.sent(), 1)
	assert.Empty(t, w.sent()[0].Authorization, "no token of anybody's goes with it")
	client, err := gitlab.New(gitlab.Config{BaseURL: "HTTPS://GitLab.Example.com:443/gitlab/"})
	require.NoError(t, err)
	assert.Equal(t, "https://gitlab.example.com/gitlab", client.BaseURL())
}

func TestRevocationTakesTheTokenThatEndsAnExpiredPairToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, baseURL+"/oauth/revoke", always(http.StatusOK, `{}`))
	for _, data := range []gitlab.OAuthData{{AccessToken: "access-1", RefreshToken: "refresh-1"}, {AccessToken: "access-1"}} {
		require.NoError(t, app.RevokeIdentity(clientIn(t.Context(), w), gitlab.Identity{Key: "ada", Data: data}, baseURL+"/oauth/revoke"))
	}
	assert.Equal(t, []string{"refresh-1", "access-1"}, w.revoked())
}

func TestDeviceSignInEnds(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer string
		leave  time.Duration
		code   string
		is     error
		after  time.Duration
	}{
		"denied":     {answer: `{"error":"access_denied","error_description":"no"}`, code: "access_denied", after: 5 * time.Second},
		"expired":    {answer: `{"error":"expired_token","error_description":"late"}`, code: "expired_token", after: 5 * time.Second},
		"no answer":  {answer: `{"error":"authorization_pending"}`, is: context.DeadlineExceeded, after: 300 * time.Second},
		"left alone": {answer: `{"error":"authorization_pending"}`, leave: 12 * time.Second, is: context.Canceled, after: 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodPost, deviceURL, always(http.StatusOK, deviceJSON))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, row.answer))
				ctx, cancel := context.WithCancel(clientIn(t.Context(), w))
				defer cancel()
				if row.leave > 0 {
					time.AfterFunc(row.leave, cancel)
				}
				started := time.Now()
				device, err := app.DeviceAuth(ctx, baseURL)
				require.NoError(t, err)
				_, err = app.DeviceToken(ctx, baseURL, device)
				require.ErrorContains(t, err, "gitlab: ")
				assert.NotContains(t, err.Error(), "device-1")
				assert.Equal(t, row.after, time.Since(started))
				if row.is != nil {
					require.ErrorIs(t, err, row.is)
					return
				}
				var api *gitlab.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, row.code, api.Code)
			})
		})
	}
}

func TestDeviceSignInThatCannotStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, deviceURL, inTurn(
		always(http.StatusUnauthorized, clientJSON), always(http.StatusNotFound, `<html>`), always(http.StatusOK, `<html>`),
	))
	ctx := clientIn(t.Context(), w)
	_, err := app.DeviceAuth(ctx, baseURL)
	require.ErrorIs(t, err, gitlab.ErrClientRejected)
	_, err = app.DeviceAuth(ctx, baseURL)
	require.ErrorIs(t, err, gitlab.ErrNotFound, "before GitLab 17.1")
	_, err = app.DeviceAuth(ctx, baseURL)
	require.ErrorContains(t, err, "gitlab: starting the device sign-in: ")
	_, err = app.DeviceAuth(ctx, "nonsense")
	require.ErrorContains(t, err, "base URL")
	_, err = app.DeviceToken(ctx, "nonsense", &oauth2.DeviceAuthResponse{})
	require.ErrorContains(t, err, "base URL")
	_, err = app.DeviceToken(ctx, baseURL, nil)
	require.ErrorContains(t, err, "needs the answer of DeviceAuth")
	assert.Len(t, w.sent(), 3)
}

func TestRevokeEndsAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodPost, baseURL+"/oauth/revoke", inTurn(
		always(http.StatusOK, `{}`),
		always(http.StatusForbidden, `{"error":"unauthorized_client","error_description":"You are not authorized to revoke this token"}`),
		always(http.StatusForbidden, `{"error":"unauthorized_client"}`),
		always(http.StatusServiceUnavailable, `<html>`),
	))
	ctx := clientIn(t.Context(), w)
	require.NoError(t, app.Revoke(ctx, baseURL+"/", "refresh-1"))
	form, err := url.ParseQuery(w.sent()[0].Body)
	require.NoError(t, err)
	assert.Equal(t, url.Values{"token": {"refresh-1"}, "client_id": {"client-id"}, "client_secret": {"client-secret"}}, form)
	assert.Empty(t, w.sent()[0].Authorization)

	for range 2 {
		err = app.Revoke(ctx, baseURL, "refresh-1")
		require.ErrorIs(t, err, gitlab.ErrClientRejected)
		require.ErrorIs(t, err, gitlab.ErrForbidden)
	}
	err = app.Revoke(ctx, baseURL, "refresh-1")
	var api *gitlab.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusServiceUnavailable, api.StatusCode)
	require.NotErrorIs(t, err, gitlab.ErrClientRejected)
	require.ErrorContains(t, app.Revoke(ctx, baseURL, ""), "needs a token")
	require.ErrorContains(t, app.Revoke(ctx, "nonsense", "refresh-1"), "base URL")
	assert.Len(t, w.sent(), 4)
}

// TestProviderFollowsNoRedirects lets a server send every method elsewhere.
func TestProviderFollowsNoRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		foreign := newSite(t, ok)
		server := newSite(t, func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, foreign.URL+"/?hush", status) })
		ctx := context.WithValue(t.Context(), oauth2.HTTPClient, server.Client()) // which follows them
		_, err := app.RefreshIdentity(ctx, gitlab.Identity{Data: gitlab.OAuthData{RefreshToken: "refresh-1"}}, server.URL+"/oauth/token")
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		assert.NotContains(t, err.Error(), "hush")
		_, exchanged := app.Exchange(ctx, server.URL, "code-1", verifier)
		_, started := app.DeviceAuth(ctx, server.URL)
		for _, err := range []error{exchanged, started, app.Revoke(ctx, server.URL, "refresh-1")} {
			var api *gitlab.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, status, api.StatusCode)
		}
		assert.Len(t, server.arrived(), 4)
		assert.Empty(t, foreign.arrived())
		assert.Nil(t, server.Client().CheckRedirect, "the context's client is left as it is")
	}
}

func TestRefreshTellsWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := clientIn(t.Context(), w)
	good := gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{RefreshToken: "refresh-1"}}
	var refused *gitlab.IdentityNotValidError
	_, err := app.RefreshIdentity(ctx, gitlab.Identity{Key: "ada"}, tokenURL)
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, gitlab.IdentityNotValidError{Key: "ada", Description: "it has no refresh token"}, *refused)
	_, err = app.RefreshIdentity(ctx, good, "")
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, gitlab.IdentityNotValidError{Key: "ada", Description: "there is no token URL"}, *refused)
	_, err = app.RefreshIdentity(ctx, good, "https://gitlab.example.com/\x7f?hush")
	require.EqualError(t, err, "gitlab: no refresh possible now, try again later: asking the token endpoint: the URL cannot be read")
	assert.Empty(t, w.sent())
}

func TestProviderNeedsNoClientInItsContext(t *testing.T) {
	t.Parallel()
	server := newSite(t, instance)
	data, err := app.RefreshIdentity(t.Context(), gitlab.Identity{Data: gitlab.OAuthData{RefreshToken: "refresh-1"}}, server.URL+"/gitlab/oauth/token")
	require.NoError(t, err)
	assert.Equal(t, "access-2", data.AccessToken)
	none := context.WithValue(t.Context(), oauth2.HTTPClient, (*http.Client)(nil))
	_, err = app.RefreshIdentity(none, gitlab.Identity{Data: gitlab.OAuthData{RefreshToken: "refresh-1"}}, server.URL+"/gitlab/oauth/token")
	require.NoError(t, err)
}
