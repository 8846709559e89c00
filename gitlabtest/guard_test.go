package gitlabtest_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }

func TestGuardRefusals(t *testing.T) {
	t.Parallel()
	const (
		bare    = `{"message":"401 Unauthorized"}`
		expired = "Token is expired. You can either do re-authorization or token refresh."
		revoked = "Token was revoked. You have to re-authorize from the user."
	)
	srv := gitlabtest.New(t)
	old, gone, both, narrow, good := srv.SignIn("ada"), srv.SignIn("ada"), srv.SignIn("ada"), srv.SignIn("ada", "openid"), srv.SignIn("ada")
	pat, deadPAT := srv.PersonalToken("ada", "read_api"), srv.PersonalToken("ada")
	srv.Expire(old.AccessToken)
	srv.Revoke(gone.AccessToken)
	srv.Expire(both.RefreshToken)
	srv.Revoke(both.RefreshToken)
	srv.Revoke(deadPAT)
	known := func(text string) (body, challenge string) {
		return `{"error":"invalid_token","error_description":"` + text + `"}`,
			`Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="` + text + `"`
	}
	expiredBody, expiredChallenge := known(expired)
	revokedBody, revokedChallenge := known(revoked)
	const scopeText = `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":`
	for _, row := range []struct {
		name, method, path string
		header             []string
		status             int
		body, challenge    string
	}{
		{"no token", "GET", "/user", nil, 401, bare, ""},
		{"unknown", "GET", "/user", []string{"Authorization", "Bearer zz"}, 401, bare, ""},
		{"unknown personal", "GET", "/user", []string{"Private-Token", "zz"}, 401, bare, ""},
		{"refresh token", "GET", "/user", []string{"Authorization", "Bearer " + good.RefreshToken}, 401, bare, ""},
		{"OAuth token as personal", "GET", "/user", []string{"Private-Token", good.AccessToken}, 401, bare, ""},
		{"expired", "GET", "/user", []string{"Authorization", "Bearer " + old.AccessToken}, 401, expiredBody, expiredChallenge},
		{"revoked", "GET", "/user", []string{"Authorization", "bearer " + gone.AccessToken}, 401, revokedBody, revokedChallenge},
		{"revoked and expired", "GET", "/user", []string{"Authorization", "Bearer " + both.AccessToken}, 401, expiredBody, expiredChallenge},
		{"revoked personal", "GET", "/user", []string{"Private-Token", deadPAT}, 401, revokedBody, revokedChallenge},
		{"narrow", "GET", "/user", []string{"Authorization", "Bearer " + narrow.AccessToken}, 403, scopeText + `"read_user api read_api"}`, ""},
		{"read only", "POST", "/projects/1/issues", []string{"Private-Token", pat}, 403, scopeText + `"api"}`, ""},
		{"two tokens", "GET", "/user?access_token=x", []string{"Authorization", "Bearer " + good.AccessToken}, 400, `{"error":"invalid_request","error_description":"Both Authorization header and payload includes access token."}`, ""},
		{"no such route", "GET", "/nothing", nil, 404, `{"error":"404 Not Found"}`, ""},
		{"no such method", "PUT", "/user", nil, 405, `{"error":"405 Not Allowed"}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := send(t, srv, row.method, "/api/v4"+row.path, "", "", row.header...)
			require.NoError(t, err)
			require.Equal(t, row.status, r.status, r.body)
			require.Equal(t, row.body, r.body)
			require.Equal(t, row.challenge, r.header.Get("WWW-Authenticate"))
			require.Equal(t, "application/json", r.header.Get("Content-Type"))
			require.NotEmpty(t, r.header.Get("X-Request-Id"))
		})
	}
}

func TestGuardLetsGoodTokensPass(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	good, pat := srv.SignIn("ada"), srv.PersonalToken("ada", "read_api")
	for name, header := range map[string][]string{
		"OAuth": {"Authorization", "Bearer " + good.AccessToken}, "personal": {"Private-Token", pat},
		"personal as bearer": {"Authorization", "Bearer " + pat},
	} {
		r, err := send(t, srv, "GET", "/api/v4/user", "", "", header...)
		require.NoError(t, err)
		require.Equal(t, 200, r.status, name)
	}
	r, err := send(t, srv, "GET", "/api/v4/user?access_token="+good.AccessToken, "", "")
	require.NoError(t, err)
	require.Equal(t, 200, r.status)
}

func TestReplicaLagIsABareUnauthorizedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.InMemory())
		before := srv.SignIn("ada")
		srv.ReplicaLag(time.Second)
		token := srv.SignIn("ada")
		require.Equal(t, 200, get(t, srv, before.AccessToken, "/user").status)
		r := get(t, srv, token.AccessToken, "/user")
		require.Equal(t, 401, r.status)
		requireBody(t, `{"message":"401 Unauthorized"}`, r)
		require.Empty(t, r.header.Get("WWW-Authenticate"))
		time.Sleep(time.Second)
		require.Equal(t, 200, get(t, srv, token.AccessToken, "/user").status)
	})
}
