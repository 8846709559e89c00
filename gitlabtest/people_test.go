package gitlabtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestUsers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		for _, name := range []string{"ada", "bob", "eve"} {
			srv.AddUser(name, "")
		}
		play(t, srv, srv.SignIn("ada", "read_user").AccessToken, `
			GET /users
			200 [{"id":3,"username":"eve"},{"id":2,"username":"bob"},{"id":1,"username":"ada","name":"ada","state":"active","locked":false,"avatar_url":null,"web_url":"http://gitlab.test/ada"}]
			GET /users?username=BOB
			200 [{"id":2}]
			GET /users?username=bo
			200 []
			GET /users?search=E&active=true&order_by=username&sort=asc
			200 [{"username":"eve"}]
			GET /users?blocked=true
			200 []
			GET /users/2
			200 {"id":2,"username":"bob","created_at":"2000-01-01T00:00:00.000Z","bot":false}
			GET /users/99
			404 {"message":"404 User Not Found"}
			GET /users?active=perhaps&order_by=age
			400 {"error":"active is invalid, order_by does not have a valid value"}
		`)
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddProject("team/back/app")
		srv.AddProject("team/site")
		srv.AddGroup("team/front")
		srv.AddGroup("other")
		srv.AddMember("team", "ada")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			GET /groups
			200 [{"full_path":"team/back"},{"full_path":"team/front"},{"full_path":"team","parent_id":null}]
			GET /groups?all_available=true&order_by=path&sort=desc
			200 [{"path":"team"},{"path":"other"},{"path":"front"},{"path":"back"}]
			GET /groups?top_level_only=true&search=EA
			200 [{"id":11,"full_path":"team"}]
			GET /groups?owned=true
			200 []
			GET /groups?min_access_level=30&skip_groups[]=11&skip_groups[]=12
			200 [{"full_path":"team/front"}]
			GET /groups/team/subgroups
			200 [{"full_path":"team/back","parent_id":11},{"full_path":"team/front"}]
			GET /groups/team
			200 {"id":11,"name":"team","projects":[{"path_with_namespace":"team/site"}]}
			GET /groups/team%2Fback?with_projects=false
			200 {"id":12,"full_name":"team / back","web_url":"http://gitlab.test/groups/team/back"}
			GET /groups/nothing/subgroups
			404 {"message":"404 Group Not Found"}
			GET /groups?pagination=keyset&order_by=path
			405 {"error":"Keyset pagination is not yet available for this type of request"}
		`)
		require.NotContains(t, get(t, srv, srv.SignIn("ada").AccessToken, "/groups/team?with_projects=false").body, `"projects"`)
		play(t, srv, srv.SignIn("bob").AccessToken, `
			GET /groups
			200 []
		`)
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"/projects/team%2Fapp", "/groups/team%2Fapp"} {
		t.Run(place, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
				srv.AddUser("root", "")
				if strings.HasPrefix(place, "/groups") {
					srv.AddGroup("team/app")
				} else {
					srv.AddProject("team/app")
				}
				srv.AddUser("ada", "")
				srv.AddUser("bob", "")
				srv.AddMember("team", "ada")
				play(t, srv, srv.SignIn("ada").AccessToken, strings.ReplaceAll(`
					GET PLACE/members
					200 []
					GET PLACE/members/all
					200 [{"id":2,"username":"ada","access_level":30,"created_by":{"username":"root"},"expires_at":null,"membership_state":"active"}]
					GET PLACE/members/2
					404 {"message":"404 Not found"}
					GET PLACE/members/all/2
					200 {"username":"ada"}
					POST PLACE/members {"user_id":3,"access_level":40,"expires_at":"2030-01-02"}
					201 {"id":3,"username":"bob","access_level":40,"expires_at":"2030-01-02","created_by":{"username":"ada"},"created_at":"2000-01-01T00:00:00.000Z"}
					POST PLACE/members {"username":"bob","access_level":40}
					409 {"message":"Member already exists"}
					POST PLACE/members {"user_id":99,"access_level":40}
					404 {"message":"404 User Not Found"}
					POST PLACE/members {"user_id":2,"access_level":31}
					400 {"message":{"access_level":["is not included in the list"]}}
					POST PLACE/members {"access_level":"high","expires_at":"soon"}
					400 {"error":"access_level is invalid, expires_at is invalid"}
					POST PLACE/members {}
					400 {"error":"access_level is missing"}
					PUT PLACE/members/3 {"access_level":20,"expires_at":""}
					200 {"id":3,"access_level":20,"expires_at":null}
					GET PLACE/members/all?query=b
					200 [{"username":"bob"}]
					GET PLACE/members/all?user_ids=2
					200 [{"username":"ada"}]
					GET PLACE/members?skip_users[]=3
					200 []
					DELETE PLACE/members/3
					204
					DELETE PLACE/members/3
					404 {"message":"404 Not found"}
				`, "PLACE", place))
			})
		})
	}
}

func TestGroupHooksAndUpdates(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddProject("team/app")
		token := srv.SignIn("ada").AccessToken
		play(t, srv, token, `
			POST /groups/team/hooks {"url":"https://hook.example/x","token":"s3cret","name":"ci","subgroup_events":true,"custom_headers":[{"key":"X-A","value":"hidden"}]}
			201 {"id":5001,"group_id":11,"url":"https://hook.example/x","name":"ci","subgroup_events":true,"push_events":true,"custom_headers":[{"key":"X-A"}],"alert_status":"executable"}
			PUT /groups/team/hooks/5001 {"push_events":false,"token":"new","branch_filter_strategy":"regex"}
			200 {"id":5001,"push_events":false,"subgroup_events":true,"branch_filter_strategy":"regex","name":"ci"}
			GET /groups/team/hooks
			200 [{"id":5001}]
			GET /projects/team%2Fapp/hooks
			200 []
			GET /projects/team%2Fapp/hooks/5001
			404 {"message":"404 Not found"}
			PUT /groups/team/hooks/5001 {"url":"nowhere"}
			422 {"error":"Invalid url given"}
			PUT /groups/team/hooks/5001 {"push_events":"often","branch_filter_strategy":"some"}
			400 {"error":"push_events is invalid, branch_filter_strategy does not have a valid value"}
			POST /groups/team/hooks/5001/test/issues_events
			201 {"message":"201 Created"}
			POST /groups/team/hooks/5001/test/nothing
			400 {"error":"trigger does not have a valid value"}
			POST /projects/team%2Fapp/hooks {"url":"https://hook.example/y"}
			201 {"id":5002,"project_id":101}
			POST /projects/team%2Fapp/hooks/5002/test/push_events
			422 {"message":"Ensure the project has at least one commit."}
		`)
		require.NotContains(t, get(t, srv, token, "/groups/team/hooks").body, "hidden")
		require.Equal(t, []gitlabtest.Hook{{ID: 5001, URL: "https://hook.example/x", Token: "new"}}, srv.Hooks("team"))
		play(t, srv, token, `
			PUT /groups/team/hooks/5001 {"url":"https://other.example/"}
			200 {"url":"https://other.example/"}
			DELETE /projects/team%2Fapp/hooks/5002
			204
		`)
		require.Empty(t, srv.Hooks("team")[0].Token, "another URL takes the secret away")
		require.Empty(t, srv.Hooks("team/app"))
	})
}

func TestProjectsByAccessAndLanguage(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddProject("team/app")
		srv.SetLanguages("team/lib", map[string]float64{"Go": 98.5, "Shell": 1.5})
		srv.AddMember("team/lib", "ada")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			GET /projects/team%2Flib/languages
			200 {"Go":98.5,"Shell":1.5}
			GET /projects/team%2Fapp/languages
			200 {}
			GET /projects?with_programming_language=go
			200 [{"path":"lib","namespace":{"full_path":"team","kind":"group"}}]
			GET /projects?min_access_level=30
			200 [{"path":"lib"}]
			GET /projects?owned=true
			200 []
			GET /projects?search=team&search_namespaces=true&order_by=id&sort=asc
			200 [{"path":"app"},{"path":"lib"}]
			GET /projects?archived=true
			200 []
		`)
	})
}

// TestKeysetGoesOnBehindWhatIsGone follows the cursor of each list that has
// one, and takes away an item that has been read meanwhile.
func TestKeysetGoesOnBehindWhatIsGone(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("user-0").AccessToken
	pipeline := srv.AddPipeline("team/app", "main", "running")
	for i := range 5 {
		srv.AddUser(fmt.Sprint("user-", i), "")
		srv.AddGroup(fmt.Sprint("group-", i))
		srv.AddFile("team/app", "main", fmt.Sprintf("dir/file-%d", i), "x")
		srv.AddBranch("team/app", fmt.Sprint("branch-", i))
		srv.AddIssue("team/app", fmt.Sprint("issue ", i))
		srv.AddJob(pipeline, gitlabtest.Job{Name: fmt.Sprint("job-", i), Status: "running"})
	}
	for _, row := range []struct {
		path, name string
		want       []string
	}{
		{"/groups?all_available=true&order_by=name&sort=asc&", "name", []string{"group-0", "group-1", "group-2", "group-3", "group-4", "team"}},
		{"/users?order_by=id&sort=desc&search=user-&", "username", []string{"user-4", "user-3", "user-2", "user-1", "user-0"}},
		{"/projects/team%2Fapp/jobs?", "name", []string{"job-4", "job-3", "job-2", "job-1", "job-0"}},
		{"/projects/team%2Fapp/repository/tree?path=dir&", "name", []string{"file-0", "file-1", "file-2", "file-3", "file-4"}},
		{"/projects/team%2Fapp/repository/branches?search=^branch&", "name", []string{"branch-0", "branch-1", "branch-2", "branch-3", "branch-4"}},
		{"/projects/team%2Fapp/issues?order_by=title&sort=asc&", "title", []string{"issue 0", "issue 1", "issue 2", "issue 3", "issue 4"}},
		{"/projects/team%2Fapp/issues?", "title", []string{"issue 4", "issue 3", "issue 2", "issue 1", "issue 0"}},
	} {
		t.Run(row.path, func(t *testing.T) {
			var all []string
			for next := row.path + "pagination=keyset&per_page=2"; next != ""; {
				r := get(t, srv, token, next)
				require.Equal(t, 200, r.status, r.body)
				var items []map[string]any
				r.decode(t, &items)
				require.LessOrEqual(t, len(items), 2)
				for _, item := range items {
					all = append(all, item[row.name].(string))
				}
				require.Empty(t, r.header.Values("X-Total"))
				require.Empty(t, r.header.Values("X-Page"))
				link := r.header.Get("Link")
				next = strings.TrimSuffix(strings.TrimPrefix(link, "<"+srv.URL+"/api/v4"), `>; rel="next"`)
				require.True(t, link == "" || next != link)
			}
			require.Equal(t, row.want, all)
		})
	}

	r := get(t, srv, token, "/projects/team%2Fapp/issues?pagination=keyset&per_page=2")
	play(t, srv, token, `
		DELETE /projects/team%2Fapp/issues/4
		204
		`+"GET "+strings.TrimSuffix(strings.TrimPrefix(r.header.Get("Link"), "<"+srv.URL+"/api/v4"), `>; rel="next"`)+`
		200 [{"iid":3},{"iid":2}]
		GET /projects/team%2Fapp/issues?pagination=keyset&cursor=!
		400 {"error":"cursor is invalid"}
		GET /groups/team/issues?pagination=keyset
		405 {"error":"Keyset pagination is not yet available for this type of request"}
	`)
}
