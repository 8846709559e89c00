package gitlabtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func tryRefresh(t *testing.T, srv *gitlabtest.Server, refreshToken string) (reply, error) {
	t.Helper()
	return send(t, srv, "POST", "/oauth/token", "application/x-www-form-urlencoded",
		"grant_type=refresh_token&refresh_token="+refreshToken+
			"&client_id="+srv.App.ClientID+"&client_secret="+srv.App.ClientSecret)
}

func TestLostAndCutAnswers(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]gitlabtest.Option{"network": gitlabtest.WithPath("/gitlab"), "memory": gitlabtest.InMemory()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := gitlabtest.New(t, option)
			token := srv.SignIn("ada")

			srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.CutBefore()})
			_, err := tryRefresh(t, srv, token.RefreshToken)
			require.Error(t, err)
			require.True(t, srv.State(token.RefreshToken).Active(), "nothing was done")

			srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.LoseAnswer()})
			_, err = tryRefresh(t, srv, token.RefreshToken)
			require.Error(t, err)
			require.True(t, srv.State(token.RefreshToken).Spent, "the work was done")
			require.Equal(t, 1, srv.Audit().Rotations)

			token = srv.SignIn("ada")
			srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.TruncateBody(10)})
			r, err := tryRefresh(t, srv, token.RefreshToken)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, 200, r.status)
			requireBody(t, `{"access_t`, r)
			require.True(t, srv.State(token.RefreshToken).Spent)

			calls := srv.CallsTo("POST", "/oauth/token")
			require.Len(t, calls, 3)
			for i, status := range []int{0, 0, 200} {
				require.Equal(t, status, calls[i].Status)
				require.True(t, calls[i].Fault)
			}
			require.Zero(t, srv.PendingFaults())
		})
	}
}

func TestAnswersInsteadOfWork(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	for name, row := range map[string]struct {
		do     gitlabtest.Effect
		status int
		header map[string]string
		body   string
	}{
		"page":           {gitlabtest.HTMLPage(), 200, map[string]string{"Content-Type": "text/html; charset=utf-8"}, "<!DOCTYPE html>"},
		"status":         {gitlabtest.Status(502, "text/plain", "oops"), 502, map[string]string{"Content-Type": "text/plain"}, "oops"},
		"too many":       {gitlabtest.TooMany(1500 * time.Millisecond), 429, map[string]string{"Content-Type": "text/plain", "Retry-After": "2", "RateLimit-Remaining": "0"}, "Retry later\n"},
		"redirect":       {gitlabtest.Redirect(307, "http://other.example/oauth/token"), 307, map[string]string{"Location": "http://other.example/oauth/token"}, ""},
		"invalid grant":  {gitlabtest.InvalidGrant(), 400, map[string]string{"Cache-Control": "no-store"}, `{"error":"invalid_grant"`},
		"invalid client": {gitlabtest.InvalidClient(), 401, map[string]string{"Cache-Control": "no-store"}, `{"error":"invalid_client"`},
		"bare":           {gitlabtest.BareUnauthorized(), 401, map[string]string{"Www-Authenticate": ""}, `{"message":"401 Unauthorized"}`},
	} {
		srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: row.do})
		r, err := tryRefresh(t, srv, token.RefreshToken)
		require.NoError(t, err, name)
		require.Equal(t, row.status, r.status, name)
		require.True(t, strings.HasPrefix(r.body, row.body), r.body)
		for header, value := range row.header {
			require.Equal(t, value, r.header.Get(header), name)
		}
	}
	require.Zero(t, srv.Audit().Rotations)
	require.Equal(t, 200, refresh(t, srv, token.RefreshToken).status, "no fault is left and the token is good")
}

func TestOddExpiresIn(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	for _, raw := range []string{`7200.0`, `"7200"`, `""`, `null`, `-1`, `nonsense`} {
		srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.OddExpiresIn(raw)})
		r := refresh(t, srv, token.RefreshToken)
		require.Contains(t, r.body, `"expires_in":`+raw+`,`)
		if raw != "nonsense" {
			r.decode(t, &struct{}{})
		}
		token = srv.SignIn("ada")
	}
	srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.OddExpiresIn("")})
	require.NotContains(t, refresh(t, srv, token.RefreshToken).body, "expires_in")
}

func TestRewriteChangesAnAnswer(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.Rewrite(func(m map[string]any) {
		require.Equal(t, json.Number("7200"), m["expires_in"])
		delete(m, "refresh_token")
		m["created_at"] = "1536798907"
	})})
	r := refresh(t, srv, token.RefreshToken)
	require.NotContains(t, r.body, "refresh_token")
	require.Contains(t, r.body, `"created_at":"1536798907"`)
}

func TestFaultsSkipCountAndQueue(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	srv.Fault(gitlabtest.Fault{Method: "GET", On: "/api/v4/*", After: 1, Times: 2, Do: gitlabtest.Status(502, "text/plain", "")})
	srv.Fault(gitlabtest.Fault{On: "/api/v4/user", After: 2, Do: gitlabtest.Status(503, "text/plain", "")})
	var got []int
	for range 6 {
		got = append(got, get(t, srv, token.AccessToken, "/user").status)
	}
	require.Equal(t, []int{200, 502, 502, 503, 200, 200}, got)

	srv.Fault(gitlabtest.Fault{Times: -1, Do: gitlabtest.HTMLPage()})
	require.Equal(t, "text/html; charset=utf-8", get(t, srv, token.AccessToken, "/user").header.Get("Content-Type"))
	require.Equal(t, 1, srv.PendingFaults())
	srv.ClearFaults()
	require.Equal(t, "application/json", get(t, srv, token.AccessToken, "/user").header.Get("Content-Type"))
}

func TestCallerWhoLeavesASlowServerLosesTheGrant(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]gitlabtest.Effect{
		"slow": gitlabtest.Slow(time.Minute), "slow answer": gitlabtest.SlowAnswer(time.Minute),
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := gitlabtest.New(t, gitlabtest.InMemory())
			token := srv.SignIn("ada")
			srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: effect})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/oauth/token", strings.NewReader(
				"grant_type=refresh_token&refresh_token="+token.RefreshToken+"&client_id="+srv.App.ClientID+"&client_secret="+srv.App.ClientSecret))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			_, err = srv.Client().Do(req) //nolint:bodyclose // there is no answer
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, name == "slow answer", srv.State(token.RefreshToken).Spent)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.True(t, srv.State(token.RefreshToken).Spent)
		})
	}
}

func TestCallerWhoLeavesTheNetworkLosesTheGrantToo(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada")
	srv.Fault(gitlabtest.Fault{On: "/oauth/token", Do: gitlabtest.Slow(50 * time.Millisecond)})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/oauth/token", strings.NewReader(
		"grant_type=refresh_token&refresh_token="+token.RefreshToken+"&client_id="+srv.App.ClientID+"&client_secret="+srv.App.ClientSecret))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	go func() {
		for len(srv.Calls()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err = srv.Client().Do(req) //nolint:bodyclose // there is no answer
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool { return srv.State(token.RefreshToken).Spent }, 5*time.Second, time.Millisecond)
}

func TestEffectsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := gitlabtest.New(t, gitlabtest.InMemory())
		token := srv.SignIn("ada")
		srv.Fault(gitlabtest.Fault{Do: gitlabtest.Both(gitlabtest.Slow(time.Second), gitlabtest.LoseAnswer())})
		start := time.Now()
		_, err := tryRefresh(t, srv, token.RefreshToken)
		require.Error(t, err)
		require.Equal(t, time.Second, time.Since(start))
		require.True(t, srv.State(token.RefreshToken).Spent)
	})
}

func TestCloseLetsSlowCallsGo(t *testing.T) {
	t.Parallel()
	srv, err := gitlabtest.Start()
	require.NoError(t, err)
	srv.Fault(gitlabtest.Fault{Do: gitlabtest.Slow(time.Hour)})
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v4/user", nil)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := srv.Client().Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return len(srv.Calls()) == 1 }, 5*time.Second, time.Millisecond)
	srv.Close()
	srv.Close()
	<-done
}
