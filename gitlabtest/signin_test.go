package gitlabtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func authorizeQuery(srv *gitlabtest.Server, verifier string, more ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {srv.App.ClientID}, "redirect_uri": {"http://127.0.0.1:4711/callback"}, "response_type": {"code"},
		"state": {"x y"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q.Encode()
}

func codeFrom(t *testing.T, r reply) string {
	t.Helper()
	require.Equal(t, 302, r.status, r.body)
	u, err := url.Parse(r.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:4711", u.Host)
	require.Equal(t, "x y", u.Query().Get("state"))
	return u.Query().Get("code")
}

func TestAuthorizationCodeWithPKCE(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AutoApprove("ada")
	r, err := send(t, srv, "GET", "/oauth/authorize?"+authorizeQuery(srv, "the verifier"), "", "")
	require.NoError(t, err)
	params := []string{
		"grant_type", "authorization_code", "code", codeFrom(t, r), "redirect_uri", "http://127.0.0.1:4711/callback",
		"client_id", srv.App.ClientID, "client_secret", srv.App.ClientSecret,
	}

	requireRefusal(t, form(t, srv, "/oauth/token", params...), 400, "invalid_request", "Missing required parameter: code_verifier.")
	requireRefusal(t, form(t, srv, "/oauth/token", append(params, "code_verifier", "no")...), 400, "invalid_grant", genericGrantText)
	r = form(t, srv, "/oauth/token", append(params, "code_verifier", "the verifier")...)
	require.Equal(t, 200, r.status, r.body)
	var token gitlabtest.Token
	r.decode(t, &token)
	require.Equal(t, "ada", srv.State(token.AccessToken).Username)
	requireRefusal(t, form(t, srv, "/oauth/token", append(params, "code_verifier", "the verifier")...), 400, "invalid_grant", genericGrantText)
}

func TestAuthorizePageAsksAndObeys(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	query := authorizeQuery(srv, "v")
	r, err := send(t, srv, "GET", "/oauth/authorize?"+query, "", "")
	require.NoError(t, err)
	require.Equal(t, 200, r.status)
	require.Contains(t, r.body, `<input type="hidden" name="state" value="x y">`)
	require.Contains(t, r.body, `<form method="post">`)

	r, err = send(t, srv, "POST", "/oauth/authorize", "application/x-www-form-urlencoded", query+"&username=ada&decision=approve")
	require.NoError(t, err)
	require.NotEmpty(t, codeFrom(t, r))
	r, err = send(t, srv, "POST", "/oauth/authorize", "application/x-www-form-urlencoded", query+"&decision=deny")
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:4711/callback?error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request.&state=x+y", r.header.Get("Location"))
}

func TestAuthorizeRefusesOnAPageAndNeverRedirectsAbroad(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AutoApprove("ada")
	for text, more := range map[string][]string{
		"The requested redirect uri is malformed":   {"redirect_uri", "http://evil.example/callback"},
		"Client authentication failed":              {"client_id", "zz"},
		"Missing required parameter: response_type": {"response_type", ""},
		"The requested scope is invalid":            {"scope", "sudo"},
		"does not support this response type":       {"response_type", "token"},
	} {
		r, err := send(t, srv, "GET", "/oauth/authorize?"+authorizeQuery(srv, "v", more...), "", "")
		require.NoError(t, err)
		require.GreaterOrEqual(t, r.status, 400)
		require.Contains(t, r.body, text)
		require.Empty(t, r.header.Get("Location"))
	}
}

func TestDeviceGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.InMemory())
		client := []string{"client_id", srv.App.ClientID, "client_secret", srv.App.ClientSecret}
		start := func() (device, user string) {
			r := form(t, srv, "/oauth/authorize_device", client...)
			require.Equal(t, 200, r.status, r.body)
			var v struct {
				DeviceCode string `json:"device_code"`
				UserCode   string `json:"user_code"`
				Interval   int    `json:"interval"`
				ExpiresIn  int    `json:"expires_in"`
			}
			r.decode(t, &v)
			require.Len(t, v.UserCode, 8)
			require.Equal(t, 5, v.Interval)
			require.Equal(t, 300, v.ExpiresIn)
			return v.DeviceCode, v.UserCode
		}
		poll := func(code string) reply {
			return form(t, srv, "/oauth/token", append(client,
				"grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", code)...)
		}
		wants := func(code, want string) {
			t.Helper()
			r := poll(code)
			require.Equal(t, 400, r.status)
			require.Contains(t, r.body, `{"error":"`+want+`"`)
		}

		r := form(t, srv, "/oauth/authorize_device", append(client, "scope", "everything")...)
		require.Equal(t, 422, r.status)
		require.Empty(t, r.body)

		device, user := start()
		wants(device, "authorization_pending")
		wants(device, "slow_down")
		require.NoError(t, srv.ApproveDevice(user, "ada"))
		wants(device, "slow_down")
		time.Sleep(5 * time.Second)
		require.Equal(t, 200, poll(device).status)
		wants(device, "invalid_grant")

		device, user = start()
		require.NoError(t, srv.DenyDevice(user))
		require.Error(t, srv.ApproveDevice(user, "ada"))
		wants(device, "access_denied")

		device, user = start()
		time.Sleep(5*time.Minute + time.Second)
		require.Error(t, srv.ApproveDevice(user, "ada"))
		wants(device, "expired_token")
	})
}
