package gitlabtest_test

import (
	"strings"
	"testing"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
		srv.AddIssue("team/app", "x")
		srv.AddLabel("team", "from-group")
		play(t, srv, srv.SignIn("ada").AccessToken, `
			POST /projects/team%2Fapp/labels {"name":"bug / big","color":"#ff0000","description":"Broken","priority":0}
			201 {"id":302,"name":"bug / big","color":"#ff0000","description":"Broken","priority":0,"is_project_label":true}
			POST /projects/team%2Fapp/labels {"name":"bug / big","color":"red"}
			409 {"message":"Label already exists"}
			POST /projects/team%2Fapp/labels {"name":"from-group","color":"red"}
			409 {"message":"Label already exists"}
			POST /projects/team%2Fapp/labels {"name":"x","color":"#12345"}
			400 {"message":{"color":["must be a valid color code"]}}
			POST /projects/team%2Fapp/labels {"priority":"high"}
			400 {"error":"name is missing, color is missing, priority is invalid"}
			GET /projects/team%2Fapp/labels
			200 [{"name":"bug / big"},{"name":"from-group","is_project_label":false}]
			GET /projects/team%2Fapp/labels?include_ancestor_groups=false&search=BROKEN
			200 [{"id":302}]
			GET /groups/team/labels
			200 [{"id":301}]
			PUT /projects/team%2Fapp/issues/1 {"labels":"bug / big"}
			200 {"labels":["bug / big"]}
			GET /projects/team%2Fapp/labels?with_counts=true&search=bug
			200 [{"open_issues_count":1,"closed_issues_count":0,"open_merge_requests_count":0}]
			GET /projects/team%2Fapp/labels/bug%20%2F%20big
			200 {"id":302}
			PUT /projects/team%2Fapp/labels/302 {"new_name":"defect","priority":null,"archived":true}
			200 {"id":302,"name":"defect","priority":null,"archived":true,"color":"#ff0000"}
			GET /projects/team%2Fapp/issues/1
			200 {"labels":["defect"]}
			PUT /projects/team%2Fapp/labels/defect {}
			400 {"error":"new_name, color, description, priority, archived are missing, at least one parameter must be provided"}
			PUT /projects/team%2Fapp/labels/from-group {"color":"blue"}
			404 {"message":"404 Label Not Found"}
			DELETE /projects/team%2Fapp/labels/defect
			204
			GET /projects/team%2Fapp/labels/defect
			404 {"message":"404 Label Not Found"}
			GET /projects/team%2Fapp/issues/1
			200 {"labels":[]}
			POST /groups/team/labels {"name":"g","color":"green"}
			201 {"name":"g"}
			DELETE /groups/team/labels/g
			204
		`)
	})
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	for _, place := range []struct{ path, owner string }{
		{"/projects/team%2Fapp", `"project_id":101,"web_url":"http://gitlab.test/team/app/-/milestones/1"`},
		{"/groups/team", `"group_id":11,"web_url":"http://gitlab.test/groups/team/-/milestones/1"`},
	} {
		t.Run(place.path, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *gitlabtest.Server) {
				srv.AddIssue("team/app", "x")
				play(t, srv, srv.SignIn("ada").AccessToken, strings.NewReplacer("PLACE", place.path, "OWNER", place.owner).Replace(`
					POST PLACE/milestones {"title":"v1","description":"First","start_date":"1999-01-01","due_date":"1999-12-31"}
					201 {"id":501,"iid":1,OWNER,"title":"v1","description":"First","state":"active","start_date":"1999-01-01","due_date":"1999-12-31","expired":true,"created_at":"2000-01-01T00:00:00.000Z"}
					POST PLACE/milestones {"title":"V1"}
					400 {"message":{"title":["has already been taken"]}}
					POST PLACE/milestones {"due_date":"soon"}
					400 {"error":"title is missing, due_date is invalid"}
					POST PLACE/milestones {"title":"v2"}
					201 {"id":502,"iid":2,"expired":false,"due_date":null}
					GET PLACE/milestones
					200 [{"id":501},{"id":502}]
					GET PLACE/milestones?iids[]=2
					200 [{"id":502}]
					GET PLACE/milestones?search=FIRST&title=v1&containing_date=1999-06-01
					200 [{"id":501}]
					GET PLACE/milestones?search_title=first
					200 []
					GET PLACE/milestones?start_date=2000-01-01&end_date=2000-02-01
					200 [{"id":502}]
					PUT PLACE/milestones/501 {"state_event":"close","due_date":""}
					200 {"state":"closed","due_date":null,"start_date":"1999-01-01"}
					GET PLACE/milestones?state=active
					200 [{"id":502}]
					PUT PLACE/milestones/501 {"state_event":"activate","title":"v2"}
					400 {"message":{"title":["has already been taken"]}}
					PUT PLACE/milestones/501 {"state_event":"end"}
					400 {"error":"state_event does not have a valid value"}
					PUT /projects/team%2Fapp/issues/1 {"milestone_id":501}
					200 {"milestone":{"id":501}}
					DELETE PLACE/milestones/501
					204
					GET /projects/team%2Fapp/issues/1
					200 {"milestone":null}
					GET PLACE/milestones/501
					404 {"message":"404 Not found"}
				`))
			})
		})
	}
}
