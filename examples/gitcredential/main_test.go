package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/store/filestore"
)

// TestMain lets git start the test's own binary as its helper.
func TestMain(m *testing.M) {
	if slices.Contains([]string{"get", "store", "erase"}, os.Args[len(os.Args)-1]) {
		main()
	}
	os.Exit(m.Run())
}

func TestGitClonesWithATokenThatHasExpired(t *testing.T) {
	t.Parallel()
	if _, err := findGit(t.Context()); err != nil {
		require.NotEqual(t, "required", os.Getenv("GITLAB_E2E"), err)
		t.Skipf("skipped: %v (set GITLAB_E2E=required to make this a failure)", err)
	}
	var out, errOut bytes.Buffer

	code := run(t.Context(), nil, os.Getenv, strings.NewReader(""), &out, &errOut)

	require.Zero(t, code, out.String()+errOut.String())
	assert.Regexp(t, `^Ada's access token has expired\. .*
  GET  /team/app\.git/info/refs → 401
  POST /oauth/token → 200
  GET  /team/app\.git/info/refs → 200
(  POST /team/app\.git/git-upload-pack → 200
)+The clone is there; its README says: It works\.
git clones again, with the stored token:
  GET  /team/app\.git/info/refs → 401
  GET  /team/app\.git/info/refs → 200
(  POST /team/app\.git/git-upload-pack → 200
)+GitLab was asked for new tokens 1 time\(s\)\.
$`, out.String())
	assert.NotRegexp(t, `[0-9a-f]{16}`, out.String(), "no token is shown")
}

// Otherwise the demonstration would show nothing.
func TestGitIsRefusedWithABadToken(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t)
	expired, good := server.SignIn("ada"), server.SignIn("ada")
	server.Expire(expired.AccessToken)
	h := &host{gitlab: server, out: io.Discard}
	for _, credential := range [][2]string{{"oauth2", expired.AccessToken}, {"oauth2", good.RefreshToken}, {"oauth2", ""}, {"ada", good.AccessToken}} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/team/app.git/info/refs", nil)
		req.SetBasicAuth(credential[0], credential[1])
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, req)
		assert.Equal(t, http.StatusUnauthorized, answer.Code)
		assert.Contains(t, answer.Header().Get("WWW-Authenticate"), "Basic")
	}
}

// signIn is a GitLab, and the flags of a helper that has a sign-in to it whose
// access token ends after left.
func signIn(t *testing.T, left time.Duration) (server *gitlabtest.Server, token gitlabtest.Token, flags []string) {
	t.Helper()
	server = gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	token = server.SignIn("ada")
	if left <= 0 {
		server.Expire(token.AccessToken)
	}
	dir := t.TempDir()
	store, err := filestore.New(dir)
	require.NoError(t, err)
	_, err = store.SaveIdentity(t.Context(), gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{
		AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, ExpiresAt: time.Now().Add(left),
	}})
	require.NoError(t, err)
	return server, token, []string{"-url", server.URL, "-client-id", server.App.ClientID, "-store", dir, "-key", "ada"}
}

// ask runs the helper as git does.
func ask(t *testing.T, server *gitlabtest.Server, flags []string, operation, question string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := func(name string) string {
		return map[string]string{"GITLAB_CLIENT_SECRET": server.App.ClientSecret}[name]
	}
	code = run(t.Context(), append(slices.Clone(flags), operation), env, strings.NewReader(question), &stdout, &stderr)
	assert.NotContains(t, stderr.String(), server.App.ClientSecret)
	return code, stdout.String(), stderr.String()
}

func about(server *gitlabtest.Server, more ...string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), "/")
	return strings.Join(append([]string{"protocol=http", "host=" + host, "capability[]=authtype"}, more...), "\n") + "\n\n"
}

func TestExpiredTokenIsRefreshedForGit(t *testing.T) {
	t.Parallel()
	server, old, flags := signIn(t, -time.Minute)

	code, first, errOut := ask(t, server, flags, "get", about(server))

	require.Zero(t, code, errOut)
	assert.Empty(t, errOut)
	fields := regexp.MustCompile(`^username=oauth2\npassword=(\w+)\npassword_expiry_utc=(\d+)\n$`).FindStringSubmatch(first)
	require.Len(t, fields, 3, first)
	assert.NotEqual(t, old.AccessToken, fields[1])
	assert.True(t, server.State(fields[1]).Active())
	expiry, err := strconv.ParseInt(fields[2], 10, 64)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(2*time.Hour), time.Unix(expiry, 0), time.Minute)

	_, second, _ := ask(t, server, flags, "get", about(server, "username=oauth2"))
	assert.Equal(t, first, second, "the stored pair serves on")
	assert.Equal(t, 1, server.Audit().Rotations)
	assert.Zero(t, server.Audit().DoubleSpends)
}

func TestTokenGoesNowhereElse(t *testing.T) {
	t.Parallel()
	server, token, flags := signIn(t, -time.Minute)
	for name, question := range map[string]string{
		"another host":    "protocol=http\nhost=example.com\n\n",
		"another port":    "protocol=http\nhost=127.0.0.1:1\n\n",
		"another scheme":  strings.Replace(about(server), "protocol=http", "protocol=https", 1),
		"another account": about(server, "username=deploy"),
		"no host":         "protocol=http\n\n",
		"nothing":         "",
	} {
		code, out, errOut := ask(t, server, flags, "get", question)
		assert.Zero(t, code, name)
		assert.Empty(t, out+errOut, "%s: git asks its next helper", name)
	}
	assert.Empty(t, server.Calls())
	assert.False(t, server.State(token.RefreshToken).Spent)
}

func TestOtherOperationsAreIgnored(t *testing.T) {
	t.Parallel()
	server, token, flags := signIn(t, time.Hour)
	_, before, _ := ask(t, server, flags, "get", about(server))
	require.Contains(t, before, "password="+token.AccessToken+"\n")
	for _, operation := range []string{"store", "erase", "capability"} {
		code, out, errOut := ask(t, server, flags, operation, about(server, "username=oauth2", "password="+token.AccessToken))
		assert.Zero(t, code, operation)
		assert.Empty(t, out+errOut, operation)
	}
	_, after, _ := ask(t, server, flags, "get", about(server))
	assert.Equal(t, before, after)
}

func TestWhatIsWrongIsSaidWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before func(*gitlabtest.Server, gitlabtest.Token)
		change []string // flags
		want   string
	}{
		{"dead grant", func(s *gitlabtest.Server, token gitlabtest.Token) { s.Revoke(token.RefreshToken) }, nil, "sign in again"},
		{"nothing stored", nil, []string{"-key", "bob"}, "nobody has signed in"},
		{"wrong application", nil, []string{"-client-id", "another"}, "check -client-id"},
		{"GitLab says wait", func(s *gitlabtest.Server, _ gitlabtest.Token) {
			s.Fault(gitlabtest.Fault{On: "/oauth/token", Times: -1, Do: gitlabtest.TooMany(time.Hour)})
		}, nil, "try later"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server, token, flags := signIn(t, -time.Minute)
			if test.before != nil {
				test.before(server, token)
			}
			code, out, errOut := ask(t, server, append(flags, test.change...), "get", about(server))
			assert.Equal(t, 1, code)
			assert.Equal(t, "quit=1\n", out, "git asks nobody else")
			assert.Contains(t, errOut, test.want)
			assert.Equal(t, 1, strings.Count(errOut, "\n"), errOut)
			assert.NotContains(t, errOut, token.AccessToken)
			assert.NotContains(t, errOut, token.RefreshToken)
		})
	}
	server, token, flags := signIn(t, time.Hour)
	code, out, errOut := ask(t, server, flags, "get", "protocol=http\n"+token.AccessToken+"\n\n")
	assert.Equal(t, 1, code)
	assert.Empty(t, out)
	assert.NotContains(t, errOut, token.AccessToken, "not even what git said")
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	server, _, flags := signIn(t, time.Hour)
	code, _, errOut := ask(t, server, []string{"-h"}, "get", "")
	assert.Zero(t, code)
	assert.Contains(t, errOut, "-store")
	for _, args := range [][]string{flags[2:], append(slices.Clone(flags), "get"), {"-no-such-flag"}} {
		code, out, errOut := ask(t, server, args, "get", "")
		assert.Equal(t, 2, code)
		assert.Empty(t, out)
		assert.NotEmpty(t, errOut)
	}
}

func TestDefaultPortsAreNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		base, protocol, host string
		want                 bool
	}{
		{"https://gitlab.example.com", "https", "gitlab.example.com:443", true},
		{"https://GitLab.example.com:443/gitlab", "https", "gitlab.example.com", true},
		{"http://gitlab.example.com:80", "http", "GITLAB.example.com", true},
		{"https://gitlab.example.com", "https", "gitlab.example.com:80", false},
		{"https://gitlab.example.com", "https", "gitlab.example.com.evil.example", false},
		{"https://gitlab.example.com", "ssh", "gitlab.example.com", false},
	} {
		got, err := concerns(map[string]string{"protocol": test.protocol, "host": test.host}, test.base)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, test)
	}
	_, err := concerns(nil, "://")
	require.Error(t, err)
}
