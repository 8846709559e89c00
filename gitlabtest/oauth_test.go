package gitlabtest_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestRefreshKillsTheOldPairAtOnce(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	old := srv.SignIn("ada", "api", "read_user")

	r := refresh(t, srv, old.RefreshToken)

	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Regexp(t, `^{"access_token":"[0-9a-f]{64}","token_type":"Bearer","expires_in":7200,`+
		`"refresh_token":"[0-9a-f]{64}","scope":"api read_user","created_at":\d+}$`, r.body)
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	require.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))
	require.Empty(t, r.header.Get("WWW-Authenticate"))
	var fresh gitlabtest.Token
	r.decode(t, &fresh)

	require.Equal(t, http.StatusOK, get(t, srv, fresh.AccessToken, "/user").status)
	require.Equal(t, http.StatusUnauthorized, get(t, srv, old.AccessToken, "/user").status)
	requireRefusal(t, refresh(t, srv, old.RefreshToken), 400, "invalid_grant", genericGrantText)
	require.Equal(t, http.StatusOK, get(t, srv, fresh.AccessToken, "/user").status, "a reused token must not hurt the winner's")
	require.Equal(t, gitlabtest.Audit{Issued: 2, Rotations: 1, DoubleSpends: 1}, srv.Audit())
	require.Equal(t, 1, srv.State(fresh.AccessToken).Live)
}

func TestConcurrentRefreshesHaveOneWinner(t *testing.T) {
	t.Parallel()
	for _, option := range map[string]gitlabtest.Option{"network": gitlabtest.WithPath(""), "memory": gitlabtest.InMemory()} {
		srv := gitlabtest.New(t, option)
		token := srv.SignIn("ada")
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				switch r := refresh(t, srv, token.RefreshToken); r.status {
				case http.StatusOK:
					won.Add(1)
				case http.StatusBadRequest:
					lost.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		require.EqualValues(t, 49, lost.Load())
		require.Equal(t, gitlabtest.Audit{Issued: 2, Rotations: 1, DoubleSpends: 49}, srv.Audit())
		require.Equal(t, 1, srv.State(token.AccessToken).Live)
	}
}

func TestTokenEndpointRefusals(t *testing.T) {
	t.Parallel()
	const (
		clientText = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."
		scopeText  = "The requested scope is invalid, unknown, or malformed."
	)
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	other := srv.NewApplication(gitlabtest.Application{Confidential: true})
	public := srv.NewApplication(gitlabtest.Application{})
	publicToken := srv.SignInTo(public, "ada")
	id, secret, rt := srv.App.ClientID, srv.App.ClientSecret, token.RefreshToken
	for _, row := range []struct {
		name       string
		params     []string
		status     int
		code, text string
	}{
		{"no grant type", []string{"x", "1"}, 400, "invalid_request", "Missing required parameter: grant_type."},
		{"unknown grant type", []string{"grant_type", "foo"}, 400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."},
		{"no refresh token", []string{"grant_type", "refresh_token", "client_id", id, "client_secret", secret}, 400, "invalid_request", "Missing required parameter: refresh_token."},
		{"unknown refresh token", []string{"grant_type", "refresh_token", "refresh_token", "zz", "client_id", id, "client_secret", secret}, 400, "invalid_grant", genericGrantText},
		{"access token instead", []string{"grant_type", "refresh_token", "refresh_token", token.AccessToken, "client_id", id, "client_secret", secret}, 400, "invalid_grant", genericGrantText},
		{"no client", []string{"grant_type", "refresh_token", "refresh_token", rt}, 400, "invalid_grant", genericGrantText},
		{"another application", []string{"grant_type", "refresh_token", "refresh_token", rt, "client_id", other.ClientID, "client_secret", other.ClientSecret}, 400, "invalid_grant", genericGrantText},
		{"wrong secret", []string{"grant_type", "refresh_token", "refresh_token", rt, "client_id", id, "client_secret", "no"}, 401, "invalid_client", clientText},
		{"no secret", []string{"grant_type", "refresh_token", "refresh_token", rt, "client_id", id}, 401, "invalid_client", clientText},
		{"unknown client", []string{"grant_type", "refresh_token", "refresh_token", rt, "client_id", "zz"}, 401, "invalid_client", clientText},
		{"public client, wrong secret", []string{"grant_type", "refresh_token", "refresh_token", publicToken.RefreshToken, "client_id", public.ClientID, "client_secret", "no"}, 401, "invalid_client", clientText},
		{"wider scope", []string{"grant_type", "refresh_token", "refresh_token", rt, "client_id", id, "client_secret", secret, "scope", "api read_user"}, 400, "invalid_scope", scopeText},
		{"password without user", []string{"grant_type", "password", "username", "ada", "password", "", "client_id", id, "client_secret", secret}, 400, "invalid_grant", genericGrantText},
	} {
		t.Run(row.name, func(t *testing.T) {
			requireRefusal(t, form(t, srv, "/oauth/token", row.params...), row.status, row.code, row.text)
		})
	}
	require.Equal(t, http.StatusOK, refresh(t, srv, rt).status, "no refusal burns the token")
	require.Equal(t, http.StatusOK, form(t, srv, "/oauth/token", "grant_type", "refresh_token",
		"refresh_token", publicToken.RefreshToken, "client_id", public.ClientID).status)
}

func TestTokenEndpointEmptyRefusals(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	for _, row := range []struct {
		method, path, contentType, body string
		status                          int
	}{
		{"POST", "/oauth/token", "application/json", `{"grant_type":`, 400},
		{"POST", "/oauth/token", "application/x-www-form-urlencoded", `grant_type=%zz`, 400},
		{"GET", "/oauth/token", "", "", 404},
		{"GET", "/oauth/revoke", "", "", 404},
		{"GET", "/oauth/nothing", "", "", 404},
	} {
		r, err := send(t, srv, row.method, row.path, row.contentType, row.body)
		require.NoError(t, err)
		require.Equal(t, row.status, r.status, row)
		require.Empty(t, r.body)
		require.Equal(t, "text/html; charset=UTF-8", r.header.Get("Content-Type"))
	}
}

func TestCredentialsMayComeAsBasicOrJSON(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")

	body, err := json.Marshal(map[string]any{
		"grant_type": "refresh_token", "refresh_token": token.RefreshToken,
		"client_id": srv.App.ClientID, "client_secret": srv.App.ClientSecret,
	})
	require.NoError(t, err)
	r, err := send(t, srv, "POST", "/oauth/token", "application/json", string(body))
	require.NoError(t, err)
	require.Equal(t, 200, r.status, r.body)
	r.decode(t, &token)

	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, nil)
	require.NoError(t, err)
	req.SetBasicAuth(srv.App.ClientID, srv.App.ClientSecret)
	r, err = send(t, srv, "POST", "/oauth/token", "application/x-www-form-urlencoded",
		"grant_type=refresh_token&refresh_token="+token.RefreshToken, "Authorization", req.Header.Get("Authorization"))
	require.NoError(t, err)
	require.Equal(t, 200, r.status, r.body)
}

func TestRefreshNarrowsScopesForGood(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada", "api", "read_user")

	r := refresh(t, srv, token.RefreshToken, "scope", "read_user")
	require.Equal(t, 200, r.status)
	r.decode(t, &token)
	require.Equal(t, "read_user", token.Scope)
	require.Equal(t, 400, refresh(t, srv, token.RefreshToken, "scope", "api").status)
	require.Equal(t, 200, get(t, srv, token.AccessToken, "/user").status)
	require.Equal(t, 403, get(t, srv, token.AccessToken, "/projects").status)
}

func TestRefreshDropsScopesThatTheApplicationLost(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	app := srv.NewApplication(gitlabtest.Application{Confidential: true, Scopes: []string{"read_api", "read_user"}})
	token := srv.SignInTo(app, "ada", "api", "read_api")
	require.Equal(t, "api read_api", token.Scope)

	r := form(t, srv, "/oauth/token", "grant_type", "refresh_token", "refresh_token", token.RefreshToken,
		"client_id", app.ClientID, "client_secret", app.ClientSecret)
	require.Equal(t, 200, r.status)
	r.decode(t, &token)
	require.Equal(t, "read_api", token.Scope)
}

func TestTokenExpiresWithTheClockAndItsRefreshInheritsTheLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.InMemory(), gitlabtest.WithTokenLifetime(time.Minute))
		token := srv.SignIn("ada")
		require.Equal(t, 60, token.ExpiresIn)
		srv.SetTokenLifetime(time.Hour)
		time.Sleep(time.Minute)
		require.Equal(t, 200, get(t, srv, token.AccessToken, "/user").status)
		time.Sleep(time.Second)
		require.Equal(t, 401, get(t, srv, token.AccessToken, "/user").status)

		r := refresh(t, srv, token.RefreshToken)
		require.Equal(t, 200, r.status)
		var fresh gitlabtest.Token
		r.decode(t, &fresh)
		require.Equal(t, 60, fresh.ExpiresIn)
		require.Equal(t, token.CreatedAt+61, fresh.CreatedAt)
	})
}

func TestTokensWithoutExpiry(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithTokenLifetime(-1))
	token := srv.SignIn("ada")
	payload, err := json.Marshal(token)
	require.NoError(t, err)
	require.NotContains(t, string(payload), "expires_in")
	r := refresh(t, srv, token.RefreshToken)
	require.Equal(t, 200, r.status)
	require.NotContains(t, r.body, "expires_in")

	r.decode(t, &token)
	srv.Expire(token.AccessToken)
	require.Equal(t, 401, get(t, srv, token.AccessToken, "/user").status)
	r = refresh(t, srv, token.RefreshToken)
	require.NotContains(t, r.body, "expires_in", "the expired token's lifetime is inherited, not its end")
	r.decode(t, &token)
	require.Equal(t, 200, get(t, srv, token.AccessToken, "/user").status)
}

func TestRevokingEitherTokenKillsBoth(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	id, secret := srv.App.ClientID, srv.App.ClientSecret
	other := srv.NewApplication(gitlabtest.Application{Confidential: true})
	const refused = `{"error":"unauthorized_client","error_description":"You are not authorized to revoke this token"}`
	for _, which := range []func(gitlabtest.Token) string{
		func(t gitlabtest.Token) string { return t.AccessToken },
		func(t gitlabtest.Token) string { return t.RefreshToken },
	} {
		token := srv.SignIn("ada")
		for _, credentials := range [][]string{
			{"client_id", id},
			{"client_id", id, "client_secret", "no"},
			{"client_id", other.ClientID, "client_secret", other.ClientSecret},
			{},
		} {
			r := form(t, srv, "/oauth/revoke", append(credentials, "token", which(token))...)
			require.Equal(t, 403, r.status)
			requireBody(t, refused, r)
			require.Equal(t, "no-cache", r.header.Get("Cache-Control"))
			require.Empty(t, r.header.Get("WWW-Authenticate"))
		}
		require.True(t, srv.State(token.AccessToken).Active())
		r := form(t, srv, "/oauth/revoke", "token", which(token), "client_id", id, "client_secret", secret)
		require.Equal(t, 200, r.status)
		require.Equal(t, "{}", r.body)
		require.True(t, srv.State(token.AccessToken).Revoked)
		require.Equal(t, 400, refresh(t, srv, token.RefreshToken).status)
	}
	require.Equal(t, 200, form(t, srv, "/oauth/revoke", "token", "zz", "client_id", id, "client_secret", secret).status)
	require.Zero(t, srv.Audit().DoubleSpends, "a revoked token was not spent")
}

func TestTokenInfoAndIntrospection(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada", "api", "read_user")
	id, secret := srv.App.ClientID, srv.App.ClientSecret

	r, err := send(t, srv, "GET", "/oauth/token/info", "", "", "Authorization", "Bearer "+token.AccessToken)
	require.NoError(t, err)
	require.Equal(t, 200, r.status)
	require.JSONEq(t, `{"resource_owner_id":1,"scope":["api","read_user"],"expires_in":7200,"application":{"uid":"`+id+`"},"scopes":["api","read_user"],"expires_in_seconds":7200,"created_at":`+jsonNumber(token.CreatedAt)+`}`, r.body)

	r = form(t, srv, "/oauth/introspect", "token", token.AccessToken, "client_id", id, "client_secret", secret)
	require.JSONEq(t, `{"active":true,"scope":"api read_user","client_id":"`+id+`","token_type":"Bearer","exp":`+
		jsonNumber(token.CreatedAt+7200)+`,"iat":`+jsonNumber(token.CreatedAt)+`}`, r.body)

	other := srv.NewApplication(gitlabtest.Application{Confidential: true})
	r = form(t, srv, "/oauth/introspect", "token", token.AccessToken, "client_id", other.ClientID, "client_secret", other.ClientSecret)
	requireBody(t, `{"active":false}`, r, "another application learns nothing")

	srv.Revoke(token.AccessToken)
	r, err = send(t, srv, "GET", "/oauth/token/info", "", "", "Authorization", "Bearer "+token.AccessToken)
	require.NoError(t, err)
	require.Equal(t, 401, r.status)
	requireBody(t, `{"error":"invalid_token","error_description":"The access token is invalid","state":"unauthorized"}`, r)
	r = form(t, srv, "/oauth/introspect", "token", token.AccessToken, "client_id", id, "client_secret", secret)
	requireBody(t, `{"active":false}`, r)
	require.Equal(t, 401, form(t, srv, "/oauth/introspect", "token", "x", "client_id", id).status)
	require.Equal(t, 400, form(t, srv, "/oauth/introspect", "token", "x").status)
}

func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AddUser("ada", "lovelace")
	params := []string{"grant_type", "password", "username", "ada", "client_id", srv.App.ClientID, "client_secret", srv.App.ClientSecret}
	require.Equal(t, 200, form(t, srv, "/oauth/token", append(params, "password", "lovelace")...).status)
	requireRefusal(t, form(t, srv, "/oauth/token", append(params, "password", "no")...), 400, "invalid_grant", genericGrantText)
}

func TestUnknownTokensPanicInControls(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	require.PanicsWithValue(t, "gitlabtest: Expire: this server never issued that token", func() { srv.Expire("zz") })
	require.PanicsWithValue(t, "gitlabtest: Revoke: this server never issued that token", func() { srv.Revoke("zz") })
	require.False(t, srv.State("zz").Known)
}
