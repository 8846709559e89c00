package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// quickstart runs the program with an empty environment.
func quickstart(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, func(string) string { return "" }, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestItTellsTheStory(t *testing.T) {
	t.Parallel()
	code, out, errOut := quickstart(t)

	assert.Zero(t, code, errOut)
	assert.Regexp(t, `(?s)The store has access token (\w{6})….*`+
		`1\. GET  /gitlab/api/v4/user → 401 Unauthorized.*`+
		`2\. POST /gitlab/oauth/token → 200 OK.*`+
		`3\. GET  /gitlab/api/v4/user → 200 OK.*`+
		`The store has access token (\w{6})….*`+
		`ada/engine`, out)
	tokens := regexp.MustCompile(`store has access token (\w{6})`).FindAllStringSubmatch(out, -1)
	require.Len(t, tokens, 2)
	assert.NotEqual(t, tokens[0][1], tokens[1][1], "the store has the new pair")
	assert.NotRegexp(t, `[0-9a-f]{16}`, out, "no token is shown whole")
}

func TestARealServerIsGoneOnWithFromThePersistedPair(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t)
	server.AddProject("ada/engine")
	server.AddMember("ada/engine", "ada")
	token := server.SignIn("ada")
	flags := []string{"-url", server.URL, "-client-id", server.App.ClientID, "-client-secret", server.App.ClientSecret, "-store", t.TempDir()}

	code, out, errOut := quickstart(t, append(flags, "-refresh-token", token.RefreshToken)...)
	require.Zero(t, code, errOut)
	assert.Contains(t, out, "ada/engine")
	require.Len(t, server.CallsTo(http.MethodPost, "/oauth/token"), 1)

	code, out, errOut = quickstart(t, flags...)
	require.Zero(t, code, errOut)
	assert.Contains(t, out, "ada/engine")
	assert.Len(t, server.CallsTo(http.MethodPost, "/oauth/token"), 1, "the stored access token is still good")

	server.Revoke(token.RefreshToken)
	for _, call := range server.CallsTo(http.MethodGet, "/api/v4/user") {
		if bearer := strings.TrimPrefix(call.Header.Get("Authorization"), "Bearer "); call.Status == http.StatusOK {
			server.Revoke(bearer)
		}
	}
	code, _, errOut = quickstart(t, flags...)
	assert.Equal(t, 1, code)
	assert.Contains(t, errOut, "sign in again and pass a new one with -refresh-token")

	code, _, errOut = quickstart(t, append(flags, "-refresh-token", server.SignIn("ada").RefreshToken)...)
	assert.Zero(t, code, "a new sign-in replaces the dead grant: %s", errOut)
}

func TestWhatIsWrongIsSaidInOneSentence(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t)
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	throttled := gitlabtest.New(t)
	throttled.Fault(gitlabtest.Fault{On: "/oauth/token", Times: -1, Do: gitlabtest.TooMany(20 * time.Second)})

	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no GitLab at the URL", []string{"-url", web.URL, "-refresh-token", "t"}, "does not answer like a GitLab (status 404"},
		{"unreachable host", []string{"-url", gone.URL, "-refresh-token", "t"}, "cannot be reached; check -url and the network (dial tcp"},
		{"no URL at all", []string{"-url", "gitlab", "-refresh-token", "t"}, "no http(s) scheme and host"},
		{"dead token", []string{"-url", server.URL, "-client-secret", server.App.ClientSecret, "-refresh-token", "t"}, "no longer accepts the refresh token"},
		{"wrong secret", []string{"-url", server.URL, "-client-secret", "wrong", "-refresh-token", server.SignIn("ada").RefreshToken}, "check -client-id and -client-secret"},
		{"too many requests", []string{"-url", throttled.URL, "-refresh-token", "t"}, "try again in 20s"},
		{"nothing stored", []string{"-url", server.URL}, "no tokens are stored yet; start with -refresh-token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, _, errOut := quickstart(t, append([]string{"-client-id", server.App.ClientID, "-store", t.TempDir()}, test.args...)...)

			assert.Equal(t, 1, code)
			assert.Contains(t, errOut, test.want)
			assert.Equal(t, 1, strings.Count(errOut, "\n"), "one line: %s", errOut)
		})
	}
}

func TestHelpAndWrongFlags(t *testing.T) {
	t.Parallel()
	code, _, errOut := quickstart(t, "-h")
	assert.Zero(t, code)
	assert.Contains(t, errOut, "-refresh-token")

	code, _, _ = quickstart(t, "-no-such-flag")
	assert.Equal(t, 2, code)

	code, _, errOut = quickstart(t, "-client-id", "id")
	assert.Equal(t, 2, code)
	assert.Contains(t, errOut, "-url")

	code, _, errOut = quickstart(t, "bogus")
	assert.Equal(t, 2, code)
	assert.Contains(t, errOut, `"bogus"`)

	code, _, errOut = quickstart(t, "-url", "https://gitlab.example.com")
	assert.Equal(t, 1, code)
	assert.Contains(t, errOut, "-client-id")
}
