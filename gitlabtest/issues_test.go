package gitlabtest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestIssueLife(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddIssue("team/app", "Seeded") // by user 1, root
		srv.AddUser("bob", "")             // 2
		milestone := srv.AddMilestone("team", "v1")
		require.EqualValues(t, 501, milestone.ID)
		play(t, srv, srv.SignIn("ada").AccessToken, `
			POST /projects/team%2Fapp/issues {"title":"Second","labels":"b,a","assignee_ids":[2,99],"milestone_id":501,"due_date":"2000-02-01","weight":3}
			201 {"id":1002,"iid":2,"project_id":101,"state":"opened","labels":["a","b"],"assignees":[{"id":2}],"assignee":{"username":"bob"},"milestone":{"title":"v1","group_id":11},"author":{"id":3,"username":"ada"},"due_date":"2000-02-01","weight":3,"created_at":"2000-01-01T00:00:00.000Z","closed_at":null,"web_url":"http://gitlab.test/team/app/-/issues/2","references":{"full":"team/app#2"},"issue_type":"issue","type":"ISSUE"}
			GET /projects/team%2Fapp/issues/2
			200 {"iid":2,"subscribed":true}
			PUT /projects/team%2Fapp/issues/2 {"add_labels":"c","remove_labels":"a","assignee_ids":[0],"milestone_id":0,"due_date":"","discussion_locked":true}
			200 {"labels":["b","c"],"assignees":[],"assignee":null,"milestone":null,"due_date":null,"discussion_locked":true}
			PUT /projects/team%2Fapp/issues/2 {"labels":""}
			200 {"labels":[]}
			PUT /projects/team%2Fapp/issues/2 {"state_event":"close"}
			200 {"state":"closed","closed_by":{"username":"ada"},"closed_at":"2000-01-01T00:00:00.000Z"}
			PUT /projects/team%2Fapp/issues/2 {"state_event":"reopen","title":"Again"}
			200 {"state":"opened","title":"Again","closed_by":null,"closed_at":null}
			PUT /projects/team%2Fapp/issues/2 {"title":""}
			400 {"message":{"title":["can't be blank"]}}
			PUT /projects/team%2Fapp/issues/2 {"state_event":"shut","assignee_ids":["bob"],"confidential":"maybe"}
			400 {"error":"state_event does not have a valid value, confidential is invalid, assignee_ids is invalid"}
			PUT /projects/team%2Fapp/issues/99 {"title":"x"}
			404 {"message":"404 Not found"}
			DELETE /projects/team%2Fapp/issues/99
			404 {"message":"404 Issue Not Found"}
			DELETE /projects/team%2Fapp/issues/2
			204
			GET /projects/team%2Fapp/issues/2
			404 {"message":"404 Not found"}
			POST /projects/team%2Fapp/issues {"title":"Third"}
			201 {"iid":3}
			GET /projects/team%2Fapp/labels
			200 [{"name":"a"},{"name":"b"},{"name":"c"}]
		`)
	})
}

func TestIssueFilters(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddIssue("team/app", "Root's one")
		srv.AddMilestone("team/app", "v1")
		time.Sleep(time.Hour)
		ada, bob := srv.SignIn("ada").AccessToken, srv.SignIn("bob").AccessToken
		play(t, srv, ada, `
			POST /projects/team%2Fapp/issues {"title":"Bug here","description":"needle","labels":"bug,big","assignee_ids":[3],"milestone_id":501,"due_date":"1999-12-31"}
			201 {"id":1002,"iid":2}
			POST /projects/team%2Flib/issues {"title":"x"}
			404 {"message":"404 Project Not Found"}
		`)
		srv.AddIssue("other/app", "Elsewhere")
		play(t, srv, bob, `
			POST /projects/team%2Fapp/issues {"title":"Bob's needle","labels":"bug","confidential":true,"issue_type":"incident","weight":2}
			201 {"id":1004,"iid":3}
			POST /projects/team%2Fapp/issues/3/award_emoji {"name":"eyes"}
			201 {"name":"eyes"}
		`)
		list := func(query, want string) {
			t.Helper()
			play(t, srv, bob, "GET "+query+"\n200 "+want)
		}
		for query, want := range map[string]string{
			"":                                            `[{"iid":3},{"iid":2},{"iid":1}]`,
			"state=closed":                                `[]`,
			"labels=bug":                                  `[{"iid":3},{"iid":2}]`,
			"labels=bug,big":                              `[{"iid":2}]`,
			"labels=None":                                 `[{"iid":1}]`,
			"labels=Any&not[labels]=big":                  `[{"iid":3}]`,
			"search=NEEDLE":                               `[{"iid":3},{"iid":2}]`,
			"search=needle&in=title":                      `[{"iid":3}]`,
			"author_username=ada":                         `[{"iid":2}]`,
			"author_id=1":                                 `[{"iid":1}]`,
			"not[author_id]=1&sort=asc":                   `[{"iid":2},{"iid":3}]`,
			"assignee_id=3":                               `[{"iid":2}]`,
			"assignee_id=None":                            `[{"iid":3},{"iid":1}]`,
			"assignee_id=Any":                             `[{"iid":2}]`,
			"assignee_username[]=bob":                     `[{"iid":2}]`,
			"scope=assigned_to_me":                        `[{"iid":2}]`,
			"scope=created-by-me":                         `[{"iid":3}]`,
			"milestone=v1":                                `[{"iid":2}]`,
			"milestone=None":                              `[{"iid":3},{"iid":1}]`,
			"milestone_id=Any":                            `[{"iid":2}]`,
			"confidential=true":                           `[{"iid":3}]`,
			"issue_type=incident":                         `[{"iid":3}]`,
			"my_reaction_emoji=eyes":                      `[{"iid":3}]`,
			"my_reaction_emoji=None":                      `[{"iid":2},{"iid":1}]`,
			"created_after=2000-01-01T00:30:00Z":          `[{"iid":3},{"iid":2}]`,
			"created_before=2000-01-01T00:30:00Z":         `[{"iid":1}]`,
			"due_date=overdue":                            `[{"iid":2}]`,
			"due_date=0":                                  `[{"iid":3},{"iid":1}]`,
			"iids[]=1&iids[]=3&order_by=title&sort=asc":   `[{"iid":3},{"iid":1}]`,
			"order_by=updated_at&sort=asc&per_page=2":     `[{"iid":1},{"iid":2}]`,
			"order_by=weight&sort=desc&per_page=1&page=1": `[{"iid":3}]`,
		} {
			list("/projects/team%2Fapp/issues?"+query, want)
		}
		list("/groups/team/issues", `[{"id":1004},{"id":1002},{"id":1001}]`)
		list("/issues", `[{"id":1004}]`)
		list("/issues?scope=all&sort=asc", `[{"id":1001},{"id":1002},{"id":1003},{"id":1004}]`)
		play(t, srv, bob, `
			GET /issues?scope=mine&iids[]=x&created_after=yesterday&order_by=colour
			400 {"error":"order_by does not have a valid value, scope does not have a valid value, iids is invalid, created_after is invalid"}
			GET /groups/nothing/issues
			404 {"message":"404 Group Not Found"}
		`)
	})
}

func TestIssueLinks(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		for _, project := range []string{"team/app", "team/lib"} {
			srv.AddIssue(project, "In "+project)
		}
		srv.AddMergeRequest("team/app", "fix", "Fix (see #1)")
		srv.AddMergeRequest("team/app", "other", "Not #12")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			GET /projects/team%2Fapp/issues/1/links
			200 []
			POST /projects/team%2Fapp/issues/1/links {"target_project_id":"team/lib","target_issue_iid":1,"link_type":"blocks"}
			201 {"id":45001,"source_issue":{"id":1001},"target_issue":{"id":1002},"link_type":"blocks"}
			GET /projects/team%2Flib/issues/1/links
			200 [{"id":1001,"issue_link_id":45001,"link_type":"is_blocked_by","link_created_at":"2000-01-01T00:00:00.000Z"}]
			GET /projects/team%2Fapp/issues/1/links
			200 [{"id":1002,"link_type":"blocks"}]
			POST /projects/team%2Fapp/issues/1/links {"target_project_id":102,"target_issue_iid":"1"}
			409 {"message":"Issue(s) already assigned"}
			POST /projects/team%2Fapp/issues/1/links {"target_project_id":102,"target_issue_iid":9}
			404 {"message":"404 Not found"}
			POST /projects/team%2Fapp/issues/1/links {"link_type":"likes"}
			400 {"error":"target_project_id is missing, target_issue_iid is missing, link_type does not have a valid value"}
			DELETE /projects/team%2Flib/issues/1/links/45001
			200 {"id":45001}
			DELETE /projects/team%2Fapp/issues/1/links/45001
			404 {"message":"404 Not found"}
			GET /projects/team%2Fapp/issues/1/related_merge_requests
			200 [{"source_branch":"fix"}]
		`)
	})
}

// TestNotesAndAwards shows what issues and merge requests have alike.
func TestNotesAndAwards(t *testing.T) {
	t.Parallel()
	for _, on := range []struct{ path, kind, id, class string }{
		{"issues", "Issue", "1001", "Issue"}, {"merge_requests", "MergeRequest", "20001", "MergeRequest"},
	} {
		t.Run(on.path, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
				srv.AddIssue("team/app", "x")
				srv.AddMergeRequest("team/app", "fix", "x")
				fill := strings.NewReplacer("ON", "/projects/team%2Fapp/"+on.path+"/1", "NONE", "/projects/team%2Fapp/"+on.path+"/9",
					"KIND", on.kind, "OWNER", on.id, "CLASS", on.class)
				ada, bob := srv.SignIn("ada").AccessToken, srv.SignIn("bob").AccessToken
				play(t, srv, ada, fill.Replace(`
					POST ON/notes {"body":"First","internal":true}
					201 {"id":30001,"type":null,"body":"First","author":{"username":"ada"},"internal":true,"confidential":true,"system":false,"noteable_id":OWNER,"noteable_iid":1,"noteable_type":"KIND","resolvable":false,"created_at":"2000-01-01T00:00:00.000Z"}
					POST ON/notes {"body":"Second"}
					201 {"id":30002}
					GET ON/notes
					200 [{"id":30002},{"id":30001}]
					GET ON/notes?sort=asc&order_by=created_at
					200 [{"id":30001},{"id":30002}]
					GET ON/notes?activity_filter=only_activity
					200 []
					GET ON
					200 {"user_notes_count":2}
					GET ON/notes/30001
					200 {"body":"First"}
					PUT ON/notes/30001 {"body":"Changed"}
					200 {"id":30001,"body":"Changed"}
					PUT ON/notes/30001 {}
					400 {"error":"body is missing"}
					POST ON/notes {}
					400 {"error":"body is missing"}
					POST NONE/notes {"body":"x"}
					404 {"message":"404 CLASS Not Found"}
					GET ON/notes/99
					404 {"message":"404 Not found"}
					POST ON/award_emoji {"name":"thumbsup"}
					201 {"id":40001,"name":"thumbsup","user":{"username":"ada"},"awardable_id":OWNER,"awardable_type":"KIND","url":null}
					POST ON/award_emoji {"name":"thumbsup"}
					404 {"message":"404 Award Emoji Name has already been taken Not Found"}
					POST ON/award_emoji {}
					400 {"error":"name is missing"}
					POST ON/notes/30001/award_emoji {"name":"eyes"}
					201 {"id":40002,"awardable_id":30001,"awardable_type":"Note"}
					GET ON/award_emoji
					200 [{"id":40001}]
					GET ON/notes/30001/award_emoji/40002
					200 {"name":"eyes"}
					GET ON/notes/30001/award_emoji/40001
					404 {"message":"404 Not found"}
					GET ON
					200 {"upvotes":1,"downvotes":0}
					DELETE ON/notes/30001
					204
					GET ON/notes/30001/award_emoji
					404 {"message":"404 Not found"}
				`))
				play(t, srv, bob, fill.Replace(`
					DELETE ON/award_emoji/40001
					401 {"message":"401 Unauthorized"}
				`))
				play(t, srv, ada, fill.Replace(`
					DELETE ON/award_emoji/40001
					204
					GET ON/award_emoji
					200 []
				`))
			})
		})
	}
}

func TestDiscussions(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddIssue("team/app", "x")
		srv.AddMergeRequest("team/app", "fix", "x")
		token := srv.SignIn("ada").AccessToken
		discussion := func(path, body string) string {
			var d struct {
				ID string
			}
			r := post(t, srv, token, "/projects/team%2Fapp/"+path, body)
			require.Equal(t, 201, r.status, r.body)
			r.decode(t, &d)
			require.Regexp(t, `^[0-9a-f]{40}$`, d.ID)
			return d.ID
		}
		on := "/projects/team%2Fapp/merge_requests/1/discussions/"
		d := discussion("merge_requests/1/discussions",
			`{"body":"Here","position":{"base_sha":"a","start_sha":"b","head_sha":"c","position_type":"text","new_path":"f","new_line":3}}`)
		play(t, srv, token, strings.ReplaceAll(`
			GET DISC
			200 {"individual_note":false,"notes":[{"id":30001,"type":"DiffNote","resolvable":true,"resolved":false,"position":{"new_path":"f","new_line":3}}]}
			POST DISC/notes {"body":"Reply"}
			201 {"id":30002,"type":"DiscussionNote","resolvable":true}
			GET /projects/team%2Fapp/merge_requests/1
			200 {"blocking_discussions_resolved":false}
			PUT DISC {"resolved":true}
			200 {"notes":[{"resolved":true,"resolved_by":{"username":"ada"},"resolved_at":"2000-01-01T00:00:00.000Z"},{"resolved":true}]}
			GET /projects/team%2Fapp/merge_requests/1
			200 {"blocking_discussions_resolved":true}
			PUT DISC/notes/30002 {"resolved":false}
			200 {"resolved":false,"resolved_by":null}
			PUT DISC/notes/30002 {"body":"Better"}
			200 {"body":"Better"}
			PUT DISC/notes/30002 {}
			400 {"error":"body, resolved are missing, exactly one parameter must be provided"}
			PUT DISC {}
			400 {"error":"resolved is missing"}
			DELETE DISC/notes/30002
			204
			DELETE DISC/notes/30001
			204
			GET DISC
			404 {"message":"404 Discussion Not Found"}
			POST DISC/notes {"body":"Late"}
			404 {"message":"404 Discussion Not Found"}
			POST /projects/team%2Fapp/merge_requests/1/discussions {"body":"x","position":{"base_sha":"a"}}
			400 {"error":"position is invalid"}
			POST /projects/team%2Fapp/merge_requests/1/notes {"body":"Alone"}
			201 {"type":null}
			GET /projects/team%2Fapp/merge_requests/1/discussions
			200 [{"individual_note":true,"notes":[{"body":"Alone"}]}]
			PUT /projects/team%2Fapp/issues/1/discussions/x {"resolved":true}
			405 {"error":"405 Not Allowed"}
		`, "DISC", on+d))
		d = discussion("issues/1/discussions", `{"body":"On an issue"}`)
		play(t, srv, token, `
			GET /projects/team%2Fapp/issues/1/discussions/`+d+`
			200 {"notes":[{"type":"DiscussionNote","resolvable":false,"noteable_type":"Issue"}]}
		`)
		single := post(t, srv, token, "/projects/team%2Fapp/issues/1/notes", `{"body":"A comment"}`)
		require.Contains(t, single.body, `"type":null`)
		var discussions []struct{ ID string }
		get(t, srv, token, "/projects/team%2Fapp/issues/1/discussions").decode(t, &discussions)
		play(t, srv, token, `
			POST /projects/team%2Fapp/issues/1/discussions/`+discussions[1].ID+`/notes {"body":"Answered"}
			201 {"type":"DiscussionNote"}
			GET /projects/team%2Fapp/issues/1/discussions/`+discussions[1].ID+`
			200 {"individual_note":false,"notes":[{"body":"A comment","type":"DiscussionNote"},{"body":"Answered"}]}
		`)
	})
}
