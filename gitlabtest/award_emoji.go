package gitlabtest

import (
	"net/http"
	"slices"
	"time"
)

// An award is somebody's reaction to an issue, merge request or note.
type award struct {
	id      int64
	name    string
	user    *account
	created time.Time
}

var awardRoutes = slices.Concat(awardRoutesOf("{noteable}"), awardRoutesOf("{noteable}/notes/:note_id"))

func awardRoutesOf(awardable string) []route {
	return []route{
		{method: "GET", pattern: awardable + "/award_emoji", params: paged, handle: (*Server).listAwards},
		{method: "POST", pattern: awardable + "/award_emoji", params: "name!", handle: (*Server).createAward},
		{method: "GET", pattern: awardable + "/award_emoji/:award_id", handle: (*Server).getAward},
		{method: "DELETE", pattern: awardable + "/award_emoji/:award_id", handle: (*Server).deleteAward},
	}
}

// withAwards answers a call with the reactions to what it names, and how that
// is called.
func (s *Server) withAwards(q *request, handle func(awards *[]*award, kind string, id int64) answer) answer {
	if q.args["note_id"] != "" {
		return s.withNote(q, func(n *note) answer { return handle(&n.awards, "Note", n.id) })
	}
	return s.withNoteable(q, func(i *issuable) answer { return handle(&i.awards, i.kind, i.id) })
}

func (s *Server) awardJSON(a *award, kind string, id int64) object {
	return object{
		"id": a.id, "name": a.name, "user": s.userJSON(a.user), "created_at": apiTime(a.created), "updated_at": apiTime(a.created),
		"awardable_id": id, "awardable_type": kind, "url": nil,
	}
}

func (s *Server) listAwards(q *request) answer {
	return s.withAwards(q, func(awards *[]*award, kind string, id int64) answer {
		return list(q, *awards, func(a *award) any { return s.awardJSON(a, kind, id) })
	})
}

// createAward refuses what somebody has given already with GitLab's 404.
func (s *Server) createAward(q *request) answer {
	return s.withAwards(q, func(awards *[]*award, kind string, id int64) answer {
		name := q.text("name")
		if find(*awards, func(a *award) bool { return a.name == name && a.user == q.caller }) != nil {
			return apiMessage(http.StatusNotFound, "404 Award Emoji Name has already been taken Not Found")
		}
		a := &award{id: s.world.nextID("award"), name: name, user: q.caller, created: time.Now()}
		*awards = append(*awards, a)
		return created(s.awardJSON(a, kind, id))
	})
}

func (s *Server) withAward(q *request, handle func(awards *[]*award, a *award, kind string, id int64) answer) answer {
	return s.withAwards(q, func(awards *[]*award, kind string, id int64) answer {
		a := find(*awards, func(a *award) bool { return a.id == q.arg("award_id") })
		if a == nil {
			return noRecord()
		}
		return handle(awards, a, kind, id)
	})
}

func (s *Server) getAward(q *request) answer {
	return s.withAward(q, func(_ *[]*award, a *award, kind string, id int64) answer { return ok(s.awardJSON(a, kind, id)) })
}

// deleteAward takes a reaction back, which only its giver may.
func (s *Server) deleteAward(q *request) answer {
	return s.withAward(q, func(awards *[]*award, a *award, _ string, _ int64) answer {
		if a.user != q.caller {
			return bareUnauthorized()
		}
		*awards = without(*awards, a)
		return deleted()
	})
}
