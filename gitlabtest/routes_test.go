package gitlabtest_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// notKnown are the requests of the client library's typed calls that the test
// server does not answer, and why. Whoever adds a call adds it to the server, or
// here.
var notKnown = map[string]string{}

// TestKnowsEveryTypedCall walks the table of the client library's calls.
func TestKnowsEveryTypedCall(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../docs/resources.md")
	require.NoError(t, err)
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada").AccessToken
	argument := regexp.MustCompile(`\{[a-z_]+\}`)
	requests := regexp.MustCompile("`([A-Z]+) (/[^`]*)`").FindAllStringSubmatch(string(table), -1)
	require.Greater(t, len(requests), 150)
	seen := map[string]bool{}
	for _, request := range requests {
		method, template := request[1], request[2]
		name := method + " " + template
		if seen[name] {
			continue
		}
		seen[name] = true
		path := "/api/v4" + argument.ReplaceAllString(template, "1")
		if strings.HasPrefix(template, "/oauth/") {
			path = template
		}
		srv.ResetCalls()
		_, err := send(t, srv, method, path, "", "", "Authorization", "Bearer "+token)
		require.NoError(t, err)
		known := srv.Calls()[0].Route != ""
		if why, excepted := notKnown[name]; excepted {
			require.False(t, known, "%s is known now: take it out of notKnown (%s)", name, why)
			continue
		}
		require.True(t, known, "%s reaches nothing", name)
	}
	for name := range notKnown {
		require.True(t, seen[name], "%s is no typed call: take it out of notKnown", name)
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AddProject("team/app")
	play(t, srv, srv.SignIn("ada").AccessToken, `
		GET /nothing
		404 {"error":"404 Not Found"}
		GET /projects/team%2Fapp/nothing
		404 {"error":"404 Not Found"}
		POST /users/1/block
		404 {"error":"404 Not Found"}
		PATCH /projects/team%2Fapp/issues
		405 {"error":"405 Not Allowed"}
		GET /projects/team%2Fapp/issues/x/notes
		400 {"error":"noteable_id is invalid"}
		GET /users/ada
		400 {"error":"id is invalid"}
	`)
	r := get(t, srv, "unknown", "/nothing")
	require.Equal(t, http.StatusNotFound, r.status)
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AddProject("team/app")
	token := srv.SignIn("ada").AccessToken
	first := get(t, srv, token, "/projects/team%2Fapp/issues")
	tag := first.header.Get("ETag")
	require.Regexp(t, `^W/"[0-9a-f]{32}"$`, tag)
	again := func(tag string) reply {
		r, err := send(t, srv, "GET", "/api/v4/projects/team%2Fapp/issues", "", "", "Authorization", "Bearer "+token, "If-None-Match", tag)
		require.NoError(t, err)
		return r
	}
	for _, known := range []string{tag, `"x", ` + tag, strings.TrimPrefix(tag, "W/"), "*"} {
		r := again(known)
		require.Equal(t, http.StatusNotModified, r.status, known)
		require.Empty(t, r.body)
		require.Equal(t, tag, r.header.Get("ETag"))
		require.Equal(t, "0", r.header.Get("X-Total"))
	}
	require.Equal(t, 200, again(`"other"`).status)
	srv.AddIssue("team/app", "New")
	r := again(tag)
	require.Equal(t, 200, r.status)
	require.NotEqual(t, tag, r.header.Get("ETag"))
	require.Contains(t, r.body, `"title":"New"`)
	r, err := send(t, srv, "PUT", "/api/v4/projects/team%2Fapp/issues/1", "application/json", `{"title":"x"}`,
		"Authorization", "Bearer "+token, "If-None-Match", "*")
	require.NoError(t, err)
	require.Equal(t, 200, r.status)
	require.Empty(t, r.header.Get("ETag"), "only what is read has one")
}
