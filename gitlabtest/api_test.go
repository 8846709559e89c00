package gitlabtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestGroupsAndProjectsByNumberAndPath(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	token := srv.SignIn("ada").AccessToken
	project := srv.AddProject("team/back.end/app")
	group := srv.AddGroup("team/back.end")
	require.Equal(t, project, srv.AddProject("team/back.end/app"))

	for _, path := range []string{"/groups/team%2Fback.end", fmt.Sprint("/groups/", group.ID), "/groups/team%2fBack.end"} {
		r := get(t, srv, token, path)
		require.Equal(t, 200, r.status, path)
		require.Contains(t, r.body, `"full_path":"team/back.end"`)
		require.Contains(t, r.body, `"web_url":"`+srv.URL+`/groups/team/back.end"`)
	}
	for _, path := range []string{"/projects/team%2Fback.end%2Fapp", fmt.Sprint("/projects/", project.ID)} {
		r := get(t, srv, token, path)
		require.Equal(t, 200, r.status, path)
		require.Contains(t, r.body, `"path_with_namespace":"team/back.end/app"`)
		require.Regexp(t, `"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`, r.body)
	}
	for path, body := range map[string]string{
		"/projects/team%2Fnothing":      `{"message":"404 Project Not Found"}`,
		"/groups/nothing":               `{"message":"404 Group Not Found"}`,
		"/groups/nothing/projects":      `{"message":"404 Group Not Found"}`,
		"/groups/nothing/issues":        `{"message":"404 Group Not Found"}`,
		"/projects/team/back.end/app":   `{"error":"404 Not Found"}`,
		"/groups/team/back.end":         `{"error":"404 Not Found"}`,
		"/projects//issues":             `{"error":"404 Not Found"}`,
		"/projects/1/issues":            `{"message":"404 Project Not Found"}`,
		"/projects/team%252Fback.end":   `{"message":"404 Project Not Found"}`,
		"/projects/team%2Fback.end/app": `{"error":"404 Not Found"}`,
	} {
		r := get(t, srv, token, path)
		require.Equal(t, 404, r.status, path)
		require.Equal(t, body, r.body, path)
	}
}

func TestCurrentUser(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AddUser("root", "")
	var user struct {
		ID       int64
		Username string
		State    string
		WebURL   string `json:"web_url"`
	}
	get(t, srv, srv.SignIn("ada").AccessToken, "/user").decode(t, &user)
	require.EqualValues(t, 2, user.ID)
	require.Equal(t, "ada", user.Username)
	require.Equal(t, "active", user.State)
	require.Equal(t, srv.URL+"/ada", user.WebURL)
	require.Contains(t, get(t, srv, srv.SignIn("ada").AccessToken, "/version").body, `"version":"18.`)
	require.Contains(t, get(t, srv, srv.SignIn("ada").AccessToken, "/metadata").body, `"kas":{`)
}

func paths(t *testing.T, r reply) []string {
	t.Helper()
	require.Equal(t, 200, r.status, r.body)
	var list []struct {
		Path string `json:"path_with_namespace"`
	}
	r.decode(t, &list)
	out := []string{}
	for _, item := range list {
		out = append(out, item.Path)
	}
	return out
}

func TestProjectFilters(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	for _, path := range []string{"team/app", "team/lib", "team/sub/app-two", "other/app"} {
		srv.AddProject(path)
	}
	srv.AddMember("team", "ada")
	srv.AddMember("other/app", "bob")
	token := srv.SignIn("ada").AccessToken
	for query, want := range map[string][]string{
		"/projects?order_by=id&sort=asc":                         {"team/app", "team/lib", "team/sub/app-two", "other/app"},
		"/projects":                                              {"other/app", "team/sub/app-two", "team/lib", "team/app"},
		"/projects?search=APP&order_by=path&sort=asc":            {"team/app", "other/app", "team/sub/app-two"},
		"/projects?membership=true&order_by=id&sort=asc":         {"team/app", "team/lib", "team/sub/app-two"},
		"/groups/team/projects?order_by=name&sort=asc":           {"team/app", "team/lib"},
		"/groups/team/projects?include_subgroups=true&search=pp": {"team/sub/app-two", "team/app"},
		"/groups/team/projects?search=nothing":                   {},
	} {
		require.Equal(t, want, paths(t, get(t, srv, token, query)), query)
	}
	for query, body := range map[string]string{
		"/projects?simple=maybe":                `{"error":"simple is invalid"}`,
		"/projects?page=x":                      `{"error":"page is invalid"}`,
		"/projects?per_page=0":                  `{"error":"per_page does not have a valid value"}`,
		"/projects?order_by=colour&sort=up":     `{"error":"order_by does not have a valid value, sort does not have a valid value"}`,
		"/groups/team/projects?membership=2":    `{"error":"membership is invalid"}`,
		"/groups/team/projects?pagination=free": `{"error":"pagination does not have a valid value"}`,
	} {
		r := get(t, srv, token, query)
		require.Equal(t, 400, r.status, query)
		require.Equal(t, body, r.body)
	}
	require.Contains(t, get(t, srv, token, "/projects/team%2Fapp").body, `"open_issues_count"`)
	require.NotContains(t, get(t, srv, token, "/projects?simple=true").body, `"open_issues_count"`)
}

func TestMovedProject(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	token := srv.SignIn("ada").AccessToken
	id := srv.AddProject("team/app").ID
	srv.MoveProject("team/app", "new/home/app")

	r := get(t, srv, token, "/projects/team%2Fapp/issues?state=opened")
	require.Equal(t, http.StatusMovedPermanently, r.status)
	require.Equal(t, fmt.Sprintf("%s/api/v4/projects/%d/issues?state=opened", srv.URL, id), r.header.Get("Location"))
	r = post(t, srv, token, "/projects/team%2Fapp/issues", `{"title":"x"}`)
	require.Equal(t, 405, r.status)
	requireBody(t, `{"message":"Non GET methods are not allowed for moved projects"}`, r)
	require.Equal(t, 200, get(t, srv, token, "/projects/new%2Fhome%2Fapp").status)
}

func TestIssues(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada").AccessToken
	seeded := srv.AddIssue("team/app", "Seeded one")
	srv.AddIssue("team/sub/lib", "Other place")
	srv.CloseIssue(srv.AddIssue("team/app", "Closed one").ID)

	r := post(t, srv, token, "/projects/team%2Fapp/issues", `{"title":"From a call","description":"needle","labels":"a, b","confidential":true}`)
	require.Equal(t, 201, r.status, r.body)
	for _, part := range []string{`"iid":3`, `"title":"From a call"`, `"description":"needle"`, `"labels":["a","b"]`, `"confidential":true`, `"state":"opened"`, `"username":"ada"`, `"full":"team/app#3"`} {
		require.Contains(t, r.body, part)
	}
	require.Contains(t, get(t, srv, token, "/projects/team%2Fapp/issues/3").body, `"title":"From a call"`)
	require.Contains(t, get(t, srv, token, fmt.Sprint("/projects/", seeded.ProjectID, "/issues/1")).body, `"title":"Seeded one"`)

	for query, want := range map[string]int{
		"/projects/team%2Fapp/issues":                     3,
		"/projects/team%2Fapp/issues?state=opened":        2,
		"/projects/team%2Fapp/issues?state=closed":        1,
		"/projects/team%2Fapp/issues?search=NEEDLE":       1,
		"/projects/team%2Fapp/issues?scope=created_by_me": 1,
		"/projects/team%2Fapp/issues?iids[]=1&iids[]=3":   2,
		"/groups/team/issues?scope=all":                   4,
		"/groups/team/issues?scope=all&search=one":        2,
		"/groups/team%2Fsub/issues":                       1,
	} {
		var list []struct{ ID int64 }
		get(t, srv, token, query).decode(t, &list)
		require.Len(t, list, want, query)
	}
	for _, row := range []struct {
		body   string
		status int
		answer string
	}{
		{`{}`, 400, `{"error":"title is missing"}`},
		{`{"title":" "}`, 400, `{"message":{"title":["can't be blank"]}}`},
		{`{"title":"` + strings.Repeat("x", 256) + `"}`, 400, `{"message":{"title":["is too long (maximum is 255 characters)"]}}`},
		{`{"title":`, 400, `{"error":"message body does not match declared format"}`},
	} {
		r := post(t, srv, token, "/projects/team%2Fapp/issues", row.body)
		require.Equal(t, row.status, r.status)
		require.Equal(t, row.answer, r.body)
	}
	requireBody(t, `{"message":"404 Not found"}`, get(t, srv, token, "/projects/team%2Fapp/issues/99"))
	requireBody(t, `{"error":"issue_iid is invalid"}`, get(t, srv, token, "/projects/team%2Fapp/issues/x"))
	require.Equal(t, 400, get(t, srv, token, "/groups/team/issues?state=open").status)
}

func TestHooks(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	srv.AddProject("team/app")
	token := srv.SignIn("ada").AccessToken
	const path = "/projects/team%2Fapp/hooks"

	r := post(t, srv, token, path, `{"url":"https://hook.example/x","token":"s3cret","merge_requests_events":true,"push_events":false,"enable_ssl_verification":false}`)
	require.Equal(t, 201, r.status, r.body)
	require.NotContains(t, r.body, "s3cret")
	for _, part := range []string{`"push_events":false`, `"merge_requests_events":true`, `"enable_ssl_verification":false`, `"url":"https://hook.example/x"`} {
		require.Contains(t, r.body, part)
	}
	var hook struct{ ID int64 }
	r.decode(t, &hook)
	require.Equal(t, []gitlabtest.Hook{{ID: hook.ID, URL: "https://hook.example/x", Token: "s3cret"}}, srv.Hooks("team/app"))
	one := fmt.Sprint(path, "/", hook.ID)
	require.Equal(t, 200, get(t, srv, token, one).status)
	require.NotContains(t, get(t, srv, token, path).body, "s3cret")

	for body, want := range map[string]string{
		`{}`:                   `400 {"error":"url is missing"}`,
		`{"url":"ftp://x/"}`:   `422 {"error":"Invalid url given"}`,
		`{"url":"nonsense"}`:   `422 {"error":"Invalid url given"}`,
		`{"push_events":"zz"}`: `400 {"error":"url is missing, push_events is invalid"}`,
	} {
		r := post(t, srv, token, path, body)
		require.Equal(t, want, fmt.Sprint(r.status, " ", r.body))
	}
	remove := func() reply {
		r, err := send(t, srv, "DELETE", "/api/v4"+one, "", "", "Authorization", "Bearer "+token)
		require.NoError(t, err)
		return r
	}
	r = remove()
	require.Equal(t, 204, r.status)
	require.Empty(t, r.body)
	require.Empty(t, r.header.Get("Content-Type"))
	require.Equal(t, 404, remove().status)
}

func TestCommits(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada").AccessToken
	first := srv.AddCommit("team/app", "First")
	second := srv.AddCommit("team/app", "Second", "lib/a.rb")
	third := srv.AddCommit("team/app", "Third", "lib/a.rb", "README.md")
	const repo = "/projects/team%2Fapp/repository"
	titles := func(query string) []string {
		var list []struct{ Title string }
		r := get(t, srv, token, repo+query)
		require.Equal(t, 200, r.status, r.body)
		r.decode(t, &list)
		out := []string{}
		for _, c := range list {
			out = append(out, c.Title)
		}
		return out
	}
	require.Equal(t, []string{"Third", "Second", "First"}, titles("/commits"))
	require.Equal(t, []string{"Second", "First"}, titles("/commits?ref_name="+second.ID))
	require.Equal(t, []string{"Second", "First"}, titles("/commits?ref_name="+third.ID+"~1"))
	require.Equal(t, []string{"Third", "Second"}, titles("/commits?path=lib"))
	require.Equal(t, []string{"Third", "First"}, titles("/commits?path=README.md"))
	require.Equal(t, []string{}, titles("/commits?until=2020-01-01T00:00:00Z"))
	require.Equal(t, []string{"Third"}, titles("/commits?per_page=1&since=2020-01-01T00:00:00%2B02:00"))
	require.Equal(t, 400, get(t, srv, token, repo+"/commits?since=2020-01-01T00:00:00+02:00").status, "an unescaped + is a space")

	r := get(t, srv, token, repo+"/commits/"+second.ID)
	require.Contains(t, r.body, `"parent_ids":["`+first.ID+`"]`)
	require.Contains(t, r.body, `"stats":{"additions":1,"deletions":0,"total":1}`)
	require.Contains(t, get(t, srv, token, repo+"/commits/"+second.ID[:8]+"/diff").body, `"new_path":"lib/a.rb"`)
	requireBody(t, `{"message":"404 Commit Not Found"}`, get(t, srv, token, repo+"/commits/0123456789"))
	requireBody(t, `{"message":"404 Commit Not Found"}`, get(t, srv, token, repo+"/commits/0123456789/diff"))

	var compared struct {
		Commits []struct{ Title string }
		Diffs   []struct {
			NewPath string `json:"new_path"`
		}
	}
	get(t, srv, token, repo+"/compare?from="+first.ID+"&to=main").decode(t, &compared)
	require.Len(t, compared.Commits, 2)
	require.Equal(t, "Second", compared.Commits[0].Title)
	require.Len(t, compared.Diffs, 2)
	requireBody(t, `{"error":"from is missing"}`, get(t, srv, token, repo+"/compare?to=main"))
	requireBody(t, `{"error":"from is missing, to is missing"}`, get(t, srv, token, repo+"/compare"))
	requireBody(t, `{"message":"404 Ref Not Found"}`, get(t, srv, token, repo+"/compare?from=zz&to=main"))
}

func TestCallLog(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	token := srv.SignIn("ada").AccessToken
	srv.AddProject("team/app")
	get(t, srv, token, "/projects/team%2Fapp?x=1")
	post(t, srv, token, "/projects/team%2Fapp/issues", `{"title":"t"}`)
	refresh(t, srv, "zz")

	calls := srv.Calls()
	require.Len(t, calls, 3)
	require.Equal(t, "GET", calls[0].Method)
	require.Equal(t, "/api/v4/projects/team%2Fapp", calls[0].Path)
	require.Equal(t, "/api/v4/projects/:id", calls[0].Route)
	require.Equal(t, "1", calls[0].Query.Get("x"))
	require.Equal(t, "Bearer "+token, calls[0].Header.Get("Authorization"))
	require.Equal(t, 200, calls[0].Status)
	require.JSONEq(t, `{"title":"t"}`, string(calls[1].Body))
	require.Equal(t, 201, calls[1].Status)
	require.Equal(t, "/oauth/token", calls[2].Route)
	require.Equal(t, 400, calls[2].Status)
	require.Len(t, srv.CallsTo("", "/api/v4/*"), 2)
	require.Len(t, srv.CallsTo("GET", "*team%2Fapp"), 1)
	require.Empty(t, srv.CallsTo("PUT", ""))
	srv.ResetCalls()
	require.Empty(t, srv.Calls())
	r, err := send(t, srv, "GET", "/../outside", "", "")
	require.NoError(t, err)
	require.Equal(t, 404, r.status)
}
