package gitlabtest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestMergeRequestLife(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddUser("root", "")
		srv.AddUser("bob", "")
		base := srv.AddCommit("team/app", "Begin")
		head := srv.AddFile("team/app", "feature", "new.txt", "one\ntwo\n")
		main := srv.AddFile("team/app", "main", "other.txt", "x\n")
		fill := strings.NewReplacer("$BASE", base.ID, "$HEAD", head.ID, "$MAIN", main.ID)
		ada := srv.SignIn("ada").AccessToken
		play(t, srv, ada, fill.Replace(`
			POST /projects/team%2Fapp/merge_requests {"source_branch":"feature","target_branch":"main","title":"Draft: Add it","description":"Why","labels":"a","assignee_ids":[3],"reviewer_ids":[2],"remove_source_branch":true}
			201 {"id":20001,"iid":1,"project_id":101,"source_project_id":101,"target_project_id":101,"state":"opened","draft":true,"sha":"$HEAD","author":{"username":"ada"},"assignees":[{"username":"ada"}],"reviewers":[{"username":"bob"}],"labels":["a"],"detailed_merge_status":"draft_status","force_remove_source_branch":true,"diff_refs":{"base_sha":"$BASE","head_sha":"$HEAD","start_sha":"$BASE"},"changes_count":"1","web_url":"http://gitlab.test/team/app/-/merge_requests/1","references":{"full":"team/app!1"},"merged_at":null,"merge_user":null,"head_pipeline":null}
			POST /projects/team%2Fapp/merge_requests {"source_branch":"feature","target_branch":"main","title":"Twice"}
			409 {"message":["Another open merge request already exists for this source branch: !1"]}
			POST /projects/team%2Fapp/merge_requests {"source_branch":"main","target_branch":"main","title":"x"}
			422 {"message":["You can't use same project/branch for source and target"]}
			POST /projects/team%2Fapp/merge_requests {"squash":"perhaps"}
			400 {"error":"title is missing, source_branch is missing, target_branch is missing, squash is invalid"}
			GET /projects/team%2Fapp/merge_requests/1?include_diverged_commits_count=true&include_rebase_in_progress=true
			200 {"diverged_commits_count":1,"rebase_in_progress":false,"user":{"can_merge":true}}
			GET /projects/team%2Fapp/merge_requests/1/commits
			200 [{"id":"$HEAD","parent_ids":["$BASE"]}]
			GET /projects/team%2Fapp/merge_requests/1/diffs
			200 [{"new_path":"new.txt","new_file":true,"a_mode":"0","b_mode":"100644","diff":"@@ -0,0 +1,2 @@\n+one\n+two\n"}]
			GET /projects/team%2Fapp/merge_requests/1/versions
			200 [{"id":20001,"head_commit_sha":"$HEAD","base_commit_sha":"$BASE","state":"collected","real_size":"1"}]
			GET /projects/team%2Fapp/merge_requests/1/versions/20001
			200 {"commits":[{"id":"$HEAD"}],"diffs":[{"new_path":"new.txt"}]}
			GET /projects/team%2Fapp/merge_requests/1/versions/9
			404 {"message":"404 Not found"}
			PUT /projects/team%2Fapp/merge_requests/1/merge {}
			405 {"message":"405 Method Not Allowed"}
			PUT /projects/team%2Fapp/merge_requests/1 {"title":"Add it","reviewer_ids":[0],"squash":true}
			200 {"draft":false,"reviewers":[],"squash":true,"detailed_merge_status":"mergeable"}
			PUT /projects/team%2Fapp/merge_requests/1 {"state_event":"close"}
			200 {"state":"closed","detailed_merge_status":"not_open","closed_by":{"username":"ada"}}
			PUT /projects/team%2Fapp/merge_requests/1 {"state_event":"reopen","squash":false}
			200 {"state":"opened"}
			PUT /projects/team%2Fapp/merge_requests/1/merge {"sha":"$BASE"}
			409 {"message":"SHA does not match HEAD of source branch: $HEAD"}
			PUT /projects/team%2Fapp/merge_requests/1/merge {"sha":"$HEAD","merge_commit_message":"Merged!"}
			200 {"state":"merged","merge_user":{"username":"ada"},"merged_at":"2000-01-01T00:00:00.000Z","sha":"$HEAD","squash_commit_sha":null}
			PUT /projects/team%2Fapp/merge_requests/1/merge {}
			405 {"message":"405 Method Not Allowed"}
			GET /projects/team%2Fapp/repository/commits/main
			200 {"title":"Merged!","parent_ids":["$MAIN","$HEAD"],"author_name":"ada"}
			GET /projects/team%2Fapp/repository/branches
			200 [{"name":"main"}]
			GET /projects/team%2Fapp/repository/tree
			200 [{"path":"README.md"},{"path":"new.txt"},{"path":"other.txt"}]
			GET /projects/team%2Fapp/merge_requests/1/commits
			200 [{"id":"$HEAD"}]
			GET /projects/team%2Fapp/repository/commits/$HEAD/merge_requests?state=merged
			200 [{"iid":1}]
			GET /projects/team%2Fapp/repository/commits/$MAIN/merge_requests
			200 []
			GET /projects/team%2Fapp/merge_requests/9
			404 {"message":"404 Not found"}
			PUT /projects/team%2Fapp/merge_requests/9/merge {}
			404 {"message":"404 Not found"}
			DELETE /projects/team%2Fapp/merge_requests/1
			204
		`))
	})
}

func TestMergeConflictSquashAndAutoMerge(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddCommit("team/app", "Begin", "a.txt")
		srv.AddFile("team/app", "clash", "a.txt", "theirs\n")
		srv.AddFile("team/app", "two", "b.txt", "one\n")
		srv.AddFile("team/app", "two", "b.txt", "two\n")
		srv.AddFile("team/app", "main", "a.txt", "ours\n")
		srv.AddMergeRequest("team/app", "clash", "Clash")
		srv.AddMergeRequest("team/app", "two", "Two commits")
		srv.AddMergeRequest("team/app", "later", "Later")
		pipeline := srv.AddPipeline("team/app", "later", "running")
		token := srv.SignIn("ada").AccessToken
		play(t, srv, token, `
			GET /projects/team%2Fapp/merge_requests/1
			200 {"has_conflicts":true,"detailed_merge_status":"conflict","merge_status":"cannot_be_merged"}
			PUT /projects/team%2Fapp/merge_requests/1/merge
			422 {"message":"Branch cannot be merged"}
			PUT /projects/team%2Fapp/merge_requests/2/merge {"squash":true,"squash_commit_message":"Squashed"}
			200 {"state":"merged","squash":true}
			GET /projects/team%2Fapp/repository/commits?per_page=2
			200 [{"title":"Merge branch 'two' into 'main'"},{"title":"Squashed"}]
			GET /projects/team%2Fapp/repository/files/b.txt?ref=main
			200 {"content":"dHdvCg=="}
			PUT /projects/team%2Fapp/merge_requests/3/merge {"auto_merge":true}
			200 {"state":"opened","merge_when_pipeline_succeeds":true,"head_pipeline":{"id":50001,"status":"running"}}
			GET /projects/team%2Fapp/merge_requests/3/pipelines
			200 [{"id":50001,"ref":"later"}]
			POST /projects/team%2Fapp/merge_requests {"source_branch":"absent","target_branch":"main","title":"x"}
			201 {"sha":null,"detailed_merge_status":"commits_status","diff_refs":null}
		`)
		require.EqualValues(t, 50001, pipeline.ID)
	})
}

func TestMergeRequestFilters(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddMergeRequest("team/app", "one", "One")
		srv.AddMergeRequest("team/lib", "other", "Other")
		srv.AddBranch("team/app", "two")
		token := srv.SignIn("ada").AccessToken
		play(t, srv, token, `
			POST /projects/team%2Fapp/merge_requests {"source_branch":"two","target_branch":"one","title":"Draft: Two","labels":"bug","reviewer_ids":[2]}
			201 {"id":20003,"iid":2}
			POST /projects/team%2Fapp/merge_requests/2/approve
			201 {"approved":true}
		`)
		for query, want := range map[string]string{
			"":                             `[{"iid":2},{"iid":1}]`,
			"state=merged":                 `[]`,
			"wip=yes":                      `[{"iid":2}]`,
			"wip=no":                       `[{"iid":1}]`,
			"labels=bug":                   `[{"iid":2}]`,
			"source_branch=one":            `[{"iid":1}]`,
			"target_branch=one":            `[{"iid":2}]`,
			"reviewer_username=ada":        `[{"iid":2}]`,
			"reviewer_id=None":             `[{"iid":1}]`,
			"scope=reviews_for_me":         `[{"iid":2}]`,
			"approved_by_ids[]=2":          `[{"iid":2}]`,
			"approved_by_ids=None":         `[{"iid":1}]`,
			"author_id=1&iids[]=1":         `[{"iid":1}]`,
			"search=two":                   `[{"iid":2}]`,
			"order_by=title&sort=asc":      `[{"iid":2},{"iid":1}]`,
			"source_project_id=102":        `[]`,
			"merge_user_username=ada":      `[]`,
			"updated_before=1999-01-01":    `[]`,
			"non_archived=true&per_page=1": `[{"iid":2}]`,
		} {
			play(t, srv, token, "GET /projects/team%2Fapp/merge_requests?"+query+"\n200 "+want)
		}
		play(t, srv, token, `
			GET /merge_requests
			200 [{"id":20003}]
			GET /merge_requests?scope=all
			200 [{"id":20003},{"id":20002},{"id":20001}]
			GET /groups/team/merge_requests?sort=asc
			200 [{"id":20001},{"id":20002},{"id":20003}]
			GET /merge_requests?state=open&wip=maybe&author_id=ada
			400 {"error":"state does not have a valid value, wip does not have a valid value, author_id is invalid"}
		`)
	})
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddMergeRequest("team/app", "fix", "Fix")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			GET /projects/team%2Fapp/merge_requests/1/approvals
			200 {"approved":false,"approved_by":[],"user_has_approved":false,"user_can_approve":true}
			POST /projects/team%2Fapp/merge_requests/1/approve
			201 {"approved":true,"approved_by":[{"user":{"username":"ada"},"approved_at":"2000-01-01T00:00:00.000Z"}],"user_has_approved":true}
			POST /projects/team%2Fapp/merge_requests/1/approve
			401 {"message":"401 Unauthorized"}
			POST /projects/team%2Fapp/merge_requests/1/unapprove
			201 {"approved":false}
			POST /projects/team%2Fapp/merge_requests/1/unapprove
			404 {"message":"404 Not Found"}
		`)
		r := post(t, srv, srv.SignIn("ada").AccessToken, "/projects/team%2Fapp/merge_requests/1/approve", `{"sha":"0123"}`)
		require.Equal(t, 409, r.status)
		require.Regexp(t, `^{"message":"SHA does not match HEAD of source branch: [0-9a-f]{40}"}$`, r.body)
	})
}
