package gitlabtest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

const repo = "/projects/team%2Fapp/repository"

func TestBranchesAndTags(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		first := srv.AddCommit("team/app", "First")
		second := srv.AddCommit("team/app", "Second")
		srv.AddTag("team/app", "v1")
		play(t, srv, srv.SignIn("ada").AccessToken, strings.NewReplacer("REPO", repo, "$FIRST", first.ID, "$SECOND", second.ID).Replace(`
			POST REPO/branches {"branch":"fix/it","ref":"main~1"}
			201 {"name":"fix/it","commit":{"id":"$FIRST","title":"First"},"default":false,"protected":false,"merged":true,"web_url":"http://gitlab.test/team/app/-/tree/fix/it"}
			POST REPO/branches {"branch":"fix/it","ref":"main"}
			400 {"message":"Branch already exists"}
			POST REPO/branches {"branch":"x","ref":"nothing"}
			400 {"message":"Invalid reference name: nothing"}
			POST REPO/branches {"branch":"a b","ref":"main"}
			400 {"message":"Branch name is invalid"}
			POST REPO/branches {"branch":" "}
			400 {"error":"branch is empty, ref is missing"}
			GET REPO/branches?search=^fix
			200 [{"name":"fix/it"}]
			GET REPO/branches?search=it$
			200 [{"name":"fix/it"}]
			GET REPO/branches?regex=^m
			200 [{"name":"main","default":true,"protected":true}]
			GET REPO/branches/fix%2Fit
			200 {"name":"fix/it"}
			GET REPO/branches/nothing
			404 {"message":"404 Branch Not Found"}
			DELETE REPO/branches/main
			403 {"message":"Cannot remove HEAD branch"}
			DELETE REPO/merged_branches
			202 {"message":"202 Accepted"}
			GET REPO/branches
			200 [{"name":"main"}]
			POST REPO/branches {"branch":"x","ref":"v1"}
			201 {"commit":{"id":"$SECOND"}}
			DELETE REPO/branches/x
			204
			DELETE REPO/branches/x
			404 {"message":"404 Branch Not Found"}
			GET REPO/tags/v1
			200 {"name":"v1","message":"","target":"$SECOND","commit":{"id":"$SECOND"},"release":null,"created_at":null}
			POST REPO/tags {"tag_name":"v0","ref":"$FIRST","message":"Old"}
			201 {"name":"v0","message":"Old","commit":{"id":"$FIRST"},"created_at":"2000-01-01T00:00:00.000Z"}
			POST REPO/tags {"tag_name":"v0","ref":"main"}
			400 {"message":"Tag v0 already exists"}
			POST REPO/tags {"tag_name":"v9","ref":"nothing"}
			400 {"message":"Target nothing is invalid"}
			POST REPO/tags {}
			400 {"error":"tag_name is missing, ref is missing"}
			GET REPO/tags?order_by=name&sort=asc
			200 [{"name":"v0"},{"name":"v1"}]
			GET REPO/tags?search=^v1
			200 [{"name":"v1"}]
			GET REPO/commits/$FIRST/refs
			200 [{"type":"branch","name":"main"},{"type":"tag","name":"v0"},{"type":"tag","name":"v1"}]
			GET REPO/commits/$SECOND/refs?type=tag
			200 [{"name":"v1"}]
			DELETE REPO/tags/v0
			204
			GET REPO/tags/v0
			404 {"message":"404 Tag Not Found"}
		`))
	})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddProject("team/app")
		token := srv.SignIn("ada").AccessToken
		play(t, srv, token, strings.NewReplacer("REPO", repo).Replace(`
			GET REPO/files/a.txt?ref=main
			404 {"message":"404 Commit Not Found"}
			POST REPO/files/dir%2Fa.txt {"branch":"main","commit_message":"Begin\n\nMore","content":"one\ntwo\n"}
			201 {"file_path":"dir/a.txt","branch":"main"}
			GET REPO/files/dir%2Fa.txt?ref=main
			200 {"file_name":"a.txt","file_path":"dir/a.txt","size":8,"encoding":"base64","content":"b25lCnR3bwo=","ref":"main","blob_id":"814f4a422927b82f5f8a43f8fab6d3839e3983f2","content_sha256":"c3f9c8c283a2b1f2f1896f27a01cbe3cddc0c9d93f752e4639035a0f5b36f6e8","execute_filemode":false}
			GET REPO/files/dir%2Fa.txt
			400 {"error":"ref is missing"}
			GET REPO/files/nothing?ref=main
			404 {"message":"404 File Not Found"}
			GET REPO/commits
			200 [{"title":"Begin","message":"Begin\n\nMore","author_name":"ada","author_email":"ada@example.com","parent_ids":[]}]
			POST REPO/files/dir%2Fa.txt {"branch":"main","commit_message":"x","content":""}
			400 {"message":"A file with this name already exists"}
			POST REPO/files/b {"branch":"absent","commit_message":"x","content":""}
			400 {"message":"You can only create or edit files when you are on a branch"}
			POST REPO/files/b {"branch":"","commit_message":"x","encoding":"hex"}
			400 {"error":"branch is empty, content is missing, encoding does not have a valid value"}
			POST REPO/files/b {"branch":"side","start_branch":"main","commit_message":"Side","content":"AAE=","encoding":"base64","author_name":"Eve","author_email":"eve@example.com","execute_filemode":true}
			201 {"branch":"side"}
			GET REPO/commits/side
			200 {"title":"Side","author_name":"Eve","author_email":"eve@example.com","committer_name":"ada","stats":{"additions":0,"deletions":0,"total":0}}
			GET REPO/files/b?ref=side
			200 {"size":2,"content":"AAE=","execute_filemode":true}
			GET REPO/files/b?ref=main
			404 {"message":"404 File Not Found"}
			PUT REPO/files/dir%2Fa.txt {"branch":"main","commit_message":"Change","content":"one\nzwei\nthree"}
			200 {"file_path":"dir/a.txt","branch":"main"}
			GET REPO/commits/main/diff
			200 [{"new_path":"dir/a.txt","new_file":false,"diff":"@@ -1,2 +1,3 @@\n one\n-two\n+zwei\n+three\n\\ No newline at end of file\n"}]
			GET REPO/commits/main/diff?unidiff=true
			200 [{"diff":"--- a/dir/a.txt\n+++ b/dir/a.txt\n@@ -1,2 +1,3 @@\n one\n-two\n+zwei\n+three\n\\ No newline at end of file\n"}]
			GET REPO/files/dir%2Fa.txt/blame?ref=main
			200 [{"commit":{"title":"Begin"},"lines":["one"]},{"commit":{"title":"Change"},"lines":["zwei","three"]}]
			GET REPO/files/dir%2Fa.txt/blame?ref=main&range[start]=2&range[end]=2
			200 [{"lines":["zwei"]}]
			GET REPO/files/dir%2Fa.txt/blame?ref=main&range[start]=3&range[end]=2
			400 {"message":"range[start] must be less than or equal to range[end]"}
			PUT REPO/files/dir%2Fa.txt {"branch":"main","commit_message":"Late","content":"x","last_commit_id":"0123"}
			400 {"message":"You are attempting to update a file that has changed since you started editing it."}
			PUT REPO/files/nothing {"branch":"main","commit_message":"x","content":"x"}
			400 {"message":"A file with this name doesn't exist"}
			DELETE REPO/files/dir%2Fa.txt {"branch":"main"}
			400 {"error":"commit_message is missing"}
			DELETE REPO/files/dir%2Fa.txt {"branch":"main","commit_message":"Away"}
			204
			GET REPO/commits/main/diff
			200 [{"deleted_file":true,"a_mode":"100644","b_mode":"0"}]
		`))

		raw := get(t, srv, token, repo+"/files/b/raw?ref=side")
		require.Equal(t, 200, raw.status)
		require.Equal(t, "\x00\x01", raw.body)
		require.Equal(t, "b", raw.header.Get("X-Gitlab-File-Path"))
		head, err := send(t, srv, "HEAD", "/api/v4"+repo+"/files/b?ref=side", "", "", "Authorization", "Bearer "+token)
		require.NoError(t, err)
		require.Equal(t, 200, head.status)
		require.Empty(t, head.body)
		for name, want := range map[string]string{
			"X-Gitlab-Size": "2", "X-Gitlab-Ref": "side", "X-Gitlab-File-Name": "b", "X-Gitlab-Execute-Filemode": "true",
			"X-Gitlab-Blob-Id": "bdc955b7b2e610ad5a72302b139a2e6cb325519a",
		} {
			require.Equal(t, want, head.header.Get(name), name)
		}
	})
}

func TestTreeCompareAndMergeBase(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		base := srv.AddCommit("team/app", "Base", "README.md", "lib/a/x.go", "lib/b.go")
		side := srv.AddFile("team/app", "side", "lib/c.go", "c\n")
		main := srv.AddFile("team/app", "main", "main.go", "m\n")
		play(t, srv, srv.SignIn("ada").AccessToken,
			strings.NewReplacer("REPO", repo, "$BASE", base.ID, "$SIDE", side.ID, "$MAIN", main.ID).Replace(`
			GET REPO/tree
			200 [{"path":"lib","type":"tree","mode":"040000"},{"path":"README.md","type":"blob","mode":"100644"},{"path":"main.go"}]
			GET REPO/tree?path=lib&ref=side
			200 [{"path":"lib/a","name":"a","type":"tree"},{"path":"lib/b.go","name":"b.go"},{"path":"lib/c.go"}]
			GET REPO/tree?recursive=true&path=lib
			200 [{"path":"lib/a"},{"path":"lib/a/x.go"},{"path":"lib/b.go"}]
			GET REPO/tree?path=nothing
			404 {"message":"404 invalid revision or path Not Found"}
			GET REPO/tree?ref=nothing
			404 {"message":"404 Tree Not Found"}
			GET REPO/compare?from=main&to=side
			200 {"commit":{"id":"$SIDE"},"commits":[{"id":"$SIDE"}],"diffs":[{"new_path":"lib/c.go"}],"compare_same_ref":false,"web_url":"http://gitlab.test/team/app/-/compare/main...side"}
			GET REPO/compare?from=main&to=side&straight=true
			200 {"diffs":[{"new_path":"lib/c.go","new_file":true},{"new_path":"main.go","deleted_file":true}]}
			GET REPO/compare?from=main&to=main
			200 {"commit":null,"commits":[],"diffs":[],"compare_same_ref":true}
			GET REPO/merge_base?refs[]=main&refs[]=side
			200 {"id":"$BASE"}
			GET REPO/merge_base?refs[]=main
			400 {"message":"Provide at least 2 refs"}
			GET REPO/merge_base?refs[]=main&refs[]=x&refs[]=y
			400 {"message":"Could not find refs: x, y"}
			GET REPO/merge_base
			400 {"error":"refs is missing"}
			GET REPO/commits?all=true
			200 [{"id":"$MAIN"},{"id":"$SIDE"},{"id":"$BASE"}]
			GET REPO/commits?with_stats=true&ref_name=side&author=ROOT
			200 [{"stats":{"additions":1,"deletions":0,"total":1}},{"stats":{"additions":3}}]
			GET REPO/commits?author=nobody
			200 []
		`))
	})
}

func TestCommitCommentsAndStatuses(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		c := srv.AddCommit("team/app", "One")
		play(t, srv, srv.SignIn("ada").AccessToken, strings.NewReplacer("COMMIT", repo+"/commits/"+c.ID, "$SHA", c.ID).Replace(`
			POST COMMIT/comments {"note":"Hm","path":"README.md","line":1}
			201 {"note":"Hm","path":"README.md","line":1,"line_type":"new","author":{"username":"ada"}}
			POST COMMIT/comments {"note":"Elsewhere","path":"other","line":1,"line_type":"old"}
			201 {"path":null,"line":null,"line_type":null}
			POST COMMIT/comments {"path":"x","line_type":"both"}
			400 {"error":"note is missing, line_type does not have a valid value"}
			GET COMMIT/comments
			200 [{"note":"Hm"},{"note":"Elsewhere"}]
			POST /projects/team%2Fapp/statuses/$SHA {"state":"running","name":"ci","target_url":"https://ci.example/1"}
			201 {"id":60001,"sha":"$SHA","ref":"main","status":"running","name":"ci","target_url":"https://ci.example/1","pipeline_id":50001,"started_at":"2000-01-01T00:00:00.000Z","finished_at":null,"author":{"username":"ada"}}
			POST /projects/team%2Fapp/statuses/$SHA {"state":"success","name":"ci","coverage":98.5}
			201 {"id":60001,"status":"success","coverage":98.5,"finished_at":"2000-01-01T00:00:00.000Z"}
			POST /projects/team%2Fapp/statuses/$SHA {"state":"failed","context":"lint","description":"No"}
			201 {"id":60002,"name":"lint","description":"No"}
			POST /projects/team%2Fapp/statuses/$SHA {"state":"pending","name":"ci"}
			201 {"id":60003,"status":"pending"}
			GET COMMIT/statuses
			200 [{"id":60002},{"id":60003}]
			GET COMMIT/statuses?all=true&name=ci&sort=desc
			200 [{"id":60003},{"id":60001}]
			GET COMMIT
			200 {"status":"running","last_pipeline":{"id":50001,"source":"external"}}
			POST /projects/team%2Fapp/statuses/$SHA {"state":"done"}
			400 {"error":"state does not have a valid value"}
			POST /projects/team%2Fapp/statuses/$SHA {"state":"success","pipeline_id":9}
			404 {"message":"404 Pipeline Not Found"}
			POST /projects/team%2Fapp/statuses/0123456789 {"state":"success"}
			404 {"message":"404 Commit Not Found"}
		`))
	})
}
