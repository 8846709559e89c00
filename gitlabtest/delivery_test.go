package gitlabtest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestPipelinesAndJobs(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		c := srv.AddCommit("team/app", "One")
		pipeline := srv.AddPipeline("team/app", "main", "running")
		built := srv.AddJob(pipeline, gitlabtest.Job{Name: "build", Stage: "build", Status: "success"})
		tested := srv.AddJob(pipeline, gitlabtest.Job{Name: "test", Status: "failed"})
		srv.SetJobLog(tested.ID, "FAIL\n")
		srv.SetJobArtifacts(built.ID, []byte("PK"))
		token := srv.SignIn("ada").AccessToken
		play(t, srv, token, strings.NewReplacer("$SHA", c.ID, "P/", "/projects/team%2Fapp/").Replace(`
			GET P/pipelines
			200 [{"id":50001,"iid":1,"project_id":101,"ref":"main","sha":"$SHA","status":"failed","source":"push","web_url":"http://gitlab.test/team/app/-/pipelines/50001"}]
			GET P/pipelines/50001
			200 {"status":"failed","user":{"username":"root"},"tag":false,"finished_at":"2000-01-01T00:00:00.000Z","detailed_status":{"group":"failed"}}
			GET P/pipelines/latest
			200 {"id":50001}
			GET P/pipelines/latest?ref=nothing
			403 {"message":"403 Forbidden"}
			GET P/pipelines/9
			404 {"message":"404 Not found"}
			GET P/pipelines/50001/jobs
			200 [{"id":60002,"name":"test","stage":"test","status":"failed","failure_reason":"script_failure","pipeline":{"id":50001},"commit":{"id":"$SHA"}},{"id":60001,"stage":"build","artifacts":[{"file_type":"archive","size":2}]}]
			GET P/jobs?scope[]=failed
			200 [{"id":60002}]
			GET P/jobs?scope[]=broken
			400 {"error":"scope does not have a valid value"}
			POST P/pipelines/50001/retry
			201 {"status":"running"}
			GET P/pipelines/50001/jobs
			200 [{"id":60003,"name":"test","status":"pending","user":{"username":"ada"}},{"id":60001}]
			GET P/pipelines/50001/jobs?include_retried=true
			200 [{"id":60003},{"id":60002},{"id":60001}]
			POST P/pipelines/50001/cancel
			200 {"status":"canceled"}
			GET P/jobs/60003
			200 {"status":"canceled"}
			POST P/jobs/60003/retry
			201 {"id":60004,"status":"pending"}
			POST P/jobs/60003/retry
			403 {"message":"403 Forbidden - Job is not retryable"}
			POST P/jobs/60004/cancel
			201 {"status":"canceled"}
			GET P/jobs/9/trace
			404 {"message":"404 Not found"}
			GET P/jobs/60002/artifacts
			404 {"message":"404 Not Found"}
			POST P/pipeline {"ref":"main"}
			201 {"id":50002,"iid":2,"status":"created","source":"api"}
			POST P/pipeline {"ref":"nothing"}
			400 {"message":{"base":["Reference not found"]}}
			POST P/pipeline {}
			400 {"error":"ref is missing"}
			POST P/repository/files/new.txt {"branch":"main","commit_message":"New","content":"x"}
			201 {"branch":"main"}
			GET P/pipelines/latest?ref=main
			403 {"message":"403 Forbidden"}
			GET P/pipelines?status=created&username=ada&scope=branches&order_by=id&sort=asc
			200 [{"id":50002}]
			GET P/pipelines?scope=finished
			200 [{"id":50001}]
			GET P/pipelines?scope=all&status=fine
			400 {"error":"scope does not have a valid value, status does not have a valid value"}
			DELETE P/pipelines/50001
			204
			GET P/jobs
			200 []
		`))
	})
	t.Run("downloads", func(t *testing.T) {
		srv := gitlabtest.New(t)
		pipeline := srv.AddPipeline("team/app", "main", "created")
		job := srv.AddJob(pipeline, gitlabtest.Job{Name: "test", Status: "created"})
		srv.SetJobLog(job.ID, "log\n")
		srv.SetJobArtifacts(job.ID, []byte("PK\x03"))
		srv.SetJobStatus(job.ID, "success")
		token := srv.SignIn("ada").AccessToken
		r := get(t, srv, token, "/projects/team%2Fapp/jobs/60001/trace")
		require.Equal(t, "log\n", r.body)
		require.Equal(t, "text/plain", r.header.Get("Content-Type"))
		r = get(t, srv, token, "/projects/team%2Fapp/jobs/60001/artifacts")
		require.Equal(t, "PK\x03", r.body)
		require.Equal(t, "application/zip", r.header.Get("Content-Type"))
		play(t, srv, token, `
			GET /projects/team%2Fapp/pipelines/50001
			200 {"status":"success"}
		`)
		require.Panics(t, func() { srv.SetJobStatus(job.ID, "fine") })
		require.Panics(t, func() { srv.SetJobLog(9, "") })
	})
}

func TestReleases(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		c := srv.AddCommit("team/app", "One")
		srv.AddMilestone("team/app", "v1")
		play(t, srv, srv.SignIn("ada").AccessToken, strings.NewReplacer("$SHA", c.ID, "P/", "/projects/team%2Fapp/").Replace(`
			POST P/releases {"tag_name":"v1"}
			422 {"message":"Ref is not specified"}
			POST P/releases {"name":"x","released_at":"soon"}
			400 {"error":"tag_name is missing, released_at is invalid"}
			POST P/releases {"tag_name":"v1","ref":"main","milestones":["v9"]}
			400 {"message":"Milestone(s) not found: v9"}
			POST P/releases {"tag_name":"v1","ref":"main","name":"One","description":"First","milestones":["v1"],"assets":{"links":[{"name":"bin","url":"https://x.example/bin"}]}}
			201 {"tag_name":"v1","name":"One","description":"First","author":{"username":"ada"},"commit":{"id":"$SHA"},"milestones":[{"title":"v1","issue_stats":{"total":0,"closed":0}}],"assets":{"count":5,"links":[{"name":"bin","link_type":"other"}]},"upcoming_release":false,"released_at":"2000-01-01T00:00:00.000Z","tag_path":"/team/app/-/tags/v1","_links":{"self":"http://gitlab.test/team/app/-/releases/v1"}}
			POST P/releases {"tag_name":"v1"}
			409 {"message":"Release already exists"}
			GET P/repository/tags/v1
			200 {"release":{"tag_name":"v1","description":"First"}}
			POST P/releases {"tag_name":"v2","ref":"$SHA","released_at":"2000-02-01T00:00:00Z"}
			201 {"name":"v2","upcoming_release":true}
			GET P/releases
			200 [{"tag_name":"v2"},{"tag_name":"v1"}]
			GET P/releases?order_by=created_at&sort=asc
			200 [{"tag_name":"v1"},{"tag_name":"v2"}]
			GET P/releases/v1?include_html_description=true
			200 {"description_html":"First"}
			PUT P/releases/v1 {"name":"Renamed","milestones":[]}
			200 {"name":"Renamed","description":"First","milestones":[]}
			DELETE P/releases/v1
			200 {"tag_name":"v1"}
			GET P/releases/v1
			404 {"message":"404 Not Found"}
			GET P/repository/tags/v1
			200 {"release":null}
		`))
	})
}

func TestDeployments(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		c := srv.AddCommit("team/app", "One")
		play(t, srv, srv.SignIn("ada").AccessToken, strings.NewReplacer("$SHA", c.ID, "P/", "/projects/team%2Fapp/").Replace(`
			POST P/deployments {"environment":"prod/EU","sha":"$SHA","ref":"main","tag":false,"status":"running"}
			201 {"id":75001,"iid":1,"status":"running","sha":"$SHA","user":{"username":"ada"},"environment":{"id":70001,"name":"prod/EU","slug":"prod-eu"},"deployable":null}
			POST P/deployments {"environment":"prod/EU","sha":"$SHA","ref":"main","tag":"false","status":"success"}
			201 {"id":75002,"iid":2,"environment":{"id":70001}}
			POST P/deployments {"tag":"perhaps","status":"done"}
			400 {"error":"environment is missing, sha is missing, ref is missing, tag is invalid, status does not have a valid value"}
			GET P/deployments
			200 [{"id":75001},{"id":75002}]
			GET P/deployments?status=success&environment=prod%2FEU&order_by=created_at&sort=desc
			200 [{"id":75002}]
			GET P/deployments?updated_after=2000-01-01
			400 {"message":"`+"`updated_at` filter requires `updated_at` sort"+`"}
			PUT P/deployments/75001 {"status":"failed"}
			200 {"id":75001,"status":"failed"}
			PUT P/deployments/75001 {}
			400 {"error":"status is missing"}
			GET P/deployments/75001
			200 {"status":"failed"}
			GET P/deployments/9
			404 {"message":"404 Not found"}
		`))
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddIssue("team/app", "A needle")
		srv.CloseIssue(srv.AddIssue("team/app", "Needle, closed").ID)
		srv.AddIssue("other/needle", "Nothing")
		srv.AddMergeRequest("team/app", "fix", "Needle fix")
		srv.AddMilestone("team/app", "needles")
		srv.AddFile("team/app", "main", "dir/hay.txt", "hay\nthe needle\n")
		srv.AddMember("team", "needleman")
		srv.AddUser("needless", "")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			GET /search?scope=projects&search=NEEDLE
			200 [{"path_with_namespace":"other/needle"}]
			GET /search?scope=issues&search=needle
			200 [{"title":"Needle, closed"},{"title":"A needle"}]
			GET /groups/team/search?scope=issues&search=needle&state=opened
			200 [{"title":"A needle"}]
			GET /groups/other/search?scope=issues&search=needle
			200 []
			GET /search?scope=merge_requests&search=needle
			200 [{"source_branch":"fix"}]
			GET /search?scope=milestones&search=needle
			200 [{"title":"needles"}]
			GET /search?scope=users&search=needle
			200 [{"username":"needless"},{"username":"needleman"}]
			POST /projects/team%2Fapp/issues/1/notes {"body":"no needle"}
			201 {"id":30001}
			GET /projects/team%2Fapp/search?scope=users&search=needle
			200 [{"username":"needleman"}]
			GET /projects/team%2Fapp/search?scope=notes&search=needle
			200 [{"body":"no needle"}]
			GET /projects/team%2Fapp/search?scope=commits&search=hay
			200 [{"title":"Add dir/hay.txt"}]
			GET /projects/team%2Fapp/search?scope=blobs&search=needle
			200 [{"path":"dir/hay.txt","basename":"dir/hay","data":"the needle\n","startline":2,"ref":"main","project_id":101}]
			GET /projects/team%2Fapp/search?scope=wiki_blobs&search=needle
			200 []
			GET /projects/team%2Fapp/search?scope=projects
			400 {"error":"scope does not have a valid value, search is missing"}
			GET /search?scope=blobs&search=needle
			400 {"message":{"error":"Scope supported only with advanced search"}}
		`)
	})
}

func TestUploadsAndOwnToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddProject("team/app")
		token := srv.SignIn("ada").AccessToken
		upload := func(contentType, body string) reply {
			r, err := send(t, srv, "POST", "/api/v4/projects/team%2Fapp/uploads", contentType, body, "Authorization", "Bearer "+token)
			require.NoError(t, err)
			return r
		}
		r := upload("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cat.png\"\r\n\r\nPNG\r\n--b--\r\n")
		require.Equal(t, 201, r.status, r.body)
		require.Regexp(t, `"markdown":"!\[cat\]\(/uploads/[0-9a-f]{32}/cat\.png\)"`, r.body)
		require.Regexp(t, `"full_path":"/-/project/101/uploads/[0-9a-f]{32}/cat\.png"`, r.body)
		requireBody(t, `{"error":"file is invalid"}`, upload("application/json", `{"file":"cat.png"}`))
		requireBody(t, `{"error":"file is missing"}`, upload("", ""))

		personal := srv.PersonalToken("bob", "read_user")
		play(t, srv, personal, `
			GET /personal_access_tokens/self
			200 {"id":90001,"scopes":["read_user"],"user_id":2,"active":true,"revoked":false,"expires_at":null,"created_at":"2000-01-01T00:00:00.000Z"}
		`)
		play(t, srv, token, `
			GET /personal_access_tokens/self
			401 {"message":"401 Unauthorized"}
		`)
	})
}
