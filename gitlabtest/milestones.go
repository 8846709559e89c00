package gitlabtest

import (
	"net/http"
	"strings"
	"time"
)

type milestone struct {
	id, iid int64
	in      *node
	title   string
	about   *string
	closed  bool
	start   *string
	due     *string
	created time.Time
	updated time.Time
}

const milestoneParams = "description start_date:date due_date:date "

var milestoneRoutes = []route{
	{
		method: "GET", pattern: "{place}/milestones", handle: (*Server).listMilestones,
		params: "iids:ints state=active|closed|all title search search_title include_ancestors:bool include_parent_milestones:bool " +
			"include_descendants:bool updated_after:time updated_before:time containing_date:date start_date:date end_date:date" + paged,
	},
	{method: "POST", pattern: "{place}/milestones", params: "title! " + milestoneParams, handle: (*Server).createMilestone},
	{method: "GET", pattern: "{place}/milestones/:milestone_id", handle: (*Server).getMilestone},
	{
		method: "PUT", pattern: "{place}/milestones/:milestone_id", params: "title state_event=close|activate " + milestoneParams,
		handle: (*Server).updateMilestone,
	},
	{method: "DELETE", pattern: "{place}/milestones/:milestone_id", handle: (*Server).deleteMilestone},
}

// A Milestone is a milestone as its seeder sees it.
type Milestone struct {
	ID, IID int64
	Title   string
}

// AddMilestone creates a milestone in the project or group with that full path.
// An unknown path panics.
func (s *Server) AddMilestone(fullPath, title string) Milestone {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.newMilestone(s.node("AddMilestone", fullPath), title)
	return Milestone{ID: m.id, IID: m.iid, Title: m.title}
}

func (s *Server) newMilestone(n *node, title string) *milestone {
	now := time.Now()
	m := &milestone{id: s.world.nextID("milestone"), iid: 1, in: n, title: title, created: now, updated: now}
	for _, other := range n.milestones {
		m.iid = max(m.iid, other.iid+1)
	}
	n.milestones = append(n.milestones, m)
	return m
}

func (m *milestone) state() string {
	if m.closed {
		return stateClosed
	}
	return "active"
}

func (s *Server) milestoneOrNil(m *milestone) object {
	if m == nil {
		return nil
	}
	v := object{
		"id": m.id, "iid": m.iid, "title": m.title, "description": value(m.about), "state": m.state(),
		"created_at": apiTime(m.created), "updated_at": apiTime(m.updated), "due_date": m.due, "start_date": m.start,
		"expired": m.due != nil && *m.due < time.Now().UTC().Format(time.DateOnly),
		"web_url": s.url(m.in) + "/-/milestones/" + idText(m.iid),
	}
	if m.in.isProject {
		v["project_id"] = m.in.id
	} else {
		v["group_id"] = m.in.id
	}
	return v
}

func (s *Server) listMilestones(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		places := []*node{n}
		if q.flag("include_ancestors") || q.flag("include_parent_milestones") {
			places = n.above()
		}
		var all []*milestone
		for _, place := range places {
			all = append(all, place.milestones...)
		}
		items := filter(all, func(m *milestone) bool {
			day, state := q.text("containing_date"), q.text("state")
			return among(q.numbers("iids"), m.iid) && (state == "" || state == "all" || state == m.state()) && same(q.text("title"), m.title) &&
				contains(q.text("search"), m.title, value(m.about)) && contains(q.text("search_title"), m.title) &&
				q.during("updated", m.updated) && m.between(day, day) && m.between(q.text("start_date"), q.text("end_date"))
		})
		l := sorted(q, items, order[*milestone]{"due": func(m *milestone) string {
			if m.due == nil {
				return "~" // behind all dates
			}
			return *m.due
		}}, "due asc", func(m *milestone) int64 { return m.id })
		l.render = func(m *milestone) any { return s.milestoneOrNil(m) }
		return paginate(q, l)
	})
}

// between reports whether a milestone's time touches that from one day to
// another; "" is open.
func (m *milestone) between(from, to string) bool {
	return (from == "" || m.due == nil || *m.due >= from) && (to == "" || m.start == nil || *m.start <= to)
}

// badMilestone refuses what a milestone of n cannot be called.
func badMilestone(n *node, m *milestone, title string) (answer, bool) {
	problem := ""
	switch other := find(n.milestones, func(o *milestone) bool { return o != m && strings.EqualFold(o.title, title) }); {
	case blank(title):
		problem = "can't be blank"
	case other != nil:
		problem = "has already been taken"
	default:
		return answer{}, false
	}
	return apiMessage(http.StatusBadRequest, map[string][]string{"title": {problem}}), true
}

func (s *Server) createMilestone(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		if refused, wrong := badMilestone(n, nil, q.text("title")); wrong {
			return refused
		}
		m := s.newMilestone(n, q.text("title"))
		m.set(q)
		return created(s.milestoneOrNil(m))
	})
}

func (m *milestone) set(q *request) {
	q.setOptional("description", &m.about)
	q.setOptional("start_date", &m.start)
	q.setOptional("due_date", &m.due)
	switch q.text("state_event") {
	case "close":
		m.closed = true
	case "activate":
		m.closed = false
	}
	m.updated = time.Now()
}

func (s *Server) withMilestone(q *request, handle func(*node, *milestone) answer) answer {
	return s.withPlace(q, func(n *node) answer {
		m := find(n.milestones, func(m *milestone) bool { return m.id == q.arg("milestone_id") })
		if m == nil {
			return noRecord()
		}
		return handle(n, m)
	})
}

func (s *Server) getMilestone(q *request) answer {
	return s.withMilestone(q, func(_ *node, m *milestone) answer { return ok(s.milestoneOrNil(m)) })
}

func (s *Server) updateMilestone(q *request) answer {
	return s.withMilestone(q, func(n *node, m *milestone) answer {
		if title := q.text("title"); title != "" {
			if refused, wrong := badMilestone(n, m, title); wrong {
				return refused
			}
			m.title = title
		}
		m.set(q)
		return ok(s.milestoneOrNil(m))
	})
}

func (s *Server) deleteMilestone(q *request) answer {
	return s.withMilestone(q, func(n *node, m *milestone) answer {
		n.milestones = without(n.milestones, m)
		for _, p := range s.world.projects {
			for _, i := range p.issues {
				i.forget(m)
			}
			for _, mr := range p.mergeRequests {
				mr.forget(m)
			}
		}
		return deleted()
	})
}

func (i *issuable) forget(m *milestone) {
	if i.milestone == m {
		i.milestone = nil
	}
}
