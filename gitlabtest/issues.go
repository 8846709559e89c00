package gitlabtest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

type issue struct {
	issuable

	issueType    string
	confidential bool
	due          *string
	weight       *int64
}

// An Issue is an issue as its seeder sees it.
type Issue struct {
	ID, IID, ProjectID int64
	Title              string
}

const (
	issueTypes   = "issue_type=issue|incident|test_case|task "
	issueFilters = "state=opened|closed|all " + issueTypes + "confidential:bool due_date milestone_id weight " +
		"order_by=created_at|updated_at|title|due_date|priority|label_priority|milestone_due|relative_position|popularity|weight|id " +
		issuableFilters
	issueParams = issueTypes + "confidential:bool due_date:date weight:int " + issuableParams
)

var issueRoutes = []route{
	{method: "GET", pattern: "issues", params: issueFilters, handle: (*Server).allIssues},
	{method: "GET", pattern: "groups/:id/issues", params: issueFilters, handle: (*Server).groupIssues},
	{method: "GET", pattern: "projects/:id/issues", params: issueFilters, handle: (*Server).projectIssues},
	{
		method: "POST", pattern: "projects/:id/issues", params: "title! iid:int created_at:time " + issueParams,
		handle: (*Server).createIssue,
	},
	{method: "GET", pattern: "projects/:id/issues/:issue_iid", handle: (*Server).getIssue},
	{
		method: "PUT", pattern: "projects/:id/issues/:issue_iid", params: "title state_event=close|reopen " + issueParams,
		handle: (*Server).updateIssue,
	},
	{method: "DELETE", pattern: "projects/:id/issues/:issue_iid", handle: (*Server).deleteIssue},
	{method: "GET", pattern: "projects/:id/issues/:issue_iid/related_merge_requests", params: paged, handle: (*Server).relatedMergeRequests},
}

// AddIssue opens an issue in the project with that full path, which is created
// if new. Its author is the user "root".
func (s *Server) AddIssue(project, title string) Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.openIssue(s.ensureProject(project), s.account("root"), title)
	return Issue{ID: i.id, IID: i.iid, ProjectID: i.project.id, Title: i.title}
}

// CloseIssue closes an issue that [Server.AddIssue] or a call has opened; an
// unknown one does nothing.
func (s *Server) CloseIssue(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.world.projects {
		for _, i := range p.issues {
			if i.id == id && i.state == stateOpened {
				i.state, i.updated = stateClosed, time.Now()
				i.closed, i.closedBy = i.updated, s.account("root")
			}
		}
	}
}

func (s *Server) openIssue(p *project, author *account, title string) *issue {
	now := time.Now()
	p.lastIssue++
	i := &issue{issueType: "issue", issuable: issuable{
		id: s.world.nextID("issue"), iid: p.lastIssue, kind: "Issue", project: p, title: title,
		state: stateOpened, labels: []string{}, author: author, created: now, updated: now,
	}}
	p.issues = append(p.issues, i)
	return i
}

func (s *Server) issueJSON(i *issue) object {
	v := s.issuableJSON(&i.issuable, "#", "issues")
	api := s.external + "/api/v4/projects/" + idText(i.project.id)
	self := api + "/issues/" + idText(i.iid)
	maps.Copy(v, object{
		"type": strings.ToUpper(i.issueType), "issue_type": i.issueType, "confidential": i.confidential, "due_date": i.due,
		"severity": "UNKNOWN", "weight": i.weight, "has_tasks": false, "task_status": "", "moved_to_id": nil,
		"service_desk_reply_to": nil, "merge_requests_count": 0, "blocking_issues_count": 0,
		"_links": object{
			"self": self, "notes": self + "/notes", "award_emoji": self + "/award_emoji", "project": api, "closed_as_duplicate_of": nil,
		},
	})
	return v
}

func (s *Server) allIssues(q *request) answer {
	return s.listIssues(q, "created_by_me", func(*project) bool { return true })
}

// groupIssues lists the issues of a group's projects, and of those below.
func (s *Server) groupIssues(q *request) answer {
	return s.withGroup(q, func(g *group) answer {
		return s.listIssues(q, "all", func(p *project) bool { return p.inside(g) })
	})
}

func (s *Server) projectIssues(q *request) answer {
	return s.withProject(q, func(in *project) answer {
		return s.listIssues(q, "all", func(p *project) bool { return p == in })
	})
}

var issueOrders = issuableOrders(func(i *issue) *issuable { return &i.issuable }, order[*issue]{
	"due_date": func(i *issue) string { return value(i.due) },
	"weight": func(i *issue) string {
		if i.weight == nil {
			return ""
		}
		return numberKey(*i.weight)
	},
})

func (s *Server) listIssues(q *request, scope string, in func(*project) bool) answer {
	var all []*issue
	for _, p := range s.world.projects {
		if in(p) {
			all = append(all, p.issues...)
		}
	}
	l := sorted(q, filter(all, func(i *issue) bool {
		return i.matches(q, scope) && same(q.text("issue_type"), i.issueType) &&
			(q.text("confidential") == "" || q.flag("confidential") == i.confidential) &&
			inMilestone(q.text("milestone_id"), i.milestone) && i.dueWhen(q.text("due_date"))
	}), issueOrders, "created_at desc", func(i *issue) int64 { return i.id })
	l.render = func(i *issue) any { return s.issueJSON(i) }
	l.keyset = q.route.pattern == "projects/:id/issues" &&
		!slices.Contains([]string{"priority", "label_priority", "milestone_due", "popularity"}, q.text("order_by"))
	return paginate(q, l)
}

// dueWhen understands the words for any, none and a day in the past.
func (i *issue) dueWhen(asked string) bool {
	switch asked {
	case "0":
		return i.due == nil
	case "any":
		return i.due != nil
	case "overdue":
		return i.due != nil && *i.due < time.Now().UTC().Format(time.DateOnly)
	}
	return true
}

func (s *Server) createIssue(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		if refused, wrong := badTitle(q.text("title")); wrong {
			return refused
		}
		i := s.openIssue(p, q.caller, q.text("title"))
		s.setIssue(q, i)
		if at := q.moment("created_at"); !at.IsZero() {
			i.created = at
		}
		i.updated = i.created
		return created(s.issueJSON(i))
	})
}

func (s *Server) setIssue(q *request, i *issue) {
	s.set(q, &i.issuable)
	q.setFlag("confidential", &i.confidential)
	q.setOptional("due_date", &i.due)
	if kind := q.text("issue_type"); kind != "" {
		i.issueType = kind
	}
	if q.text("weight") != "" {
		weight := q.number("weight")
		i.weight = &weight
	}
}

func (p *project) issue(iid int64) *issue {
	return find(p.issues, func(i *issue) bool { return i.iid == iid })
}

func (s *Server) withIssue(q *request, handle func(*issue) answer) answer {
	return s.withProject(q, func(p *project) answer {
		i := p.issue(q.arg("issue_iid"))
		if i == nil {
			return noRecord()
		}
		return handle(i)
	})
}

func (s *Server) getIssue(q *request) answer {
	return s.withIssue(q, func(i *issue) answer {
		v := s.issueJSON(i)
		v["subscribed"] = i.author == q.caller
		return ok(v)
	})
}

func (s *Server) updateIssue(q *request) answer {
	return s.withIssue(q, func(i *issue) answer {
		if refused, wrong := badTitle(q.text("title")); wrong && q.has("title") {
			return refused
		}
		s.setIssue(q, i)
		return ok(s.issueJSON(i))
	})
}

func (s *Server) deleteIssue(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		i := p.issue(q.arg("issue_iid"))
		if i == nil {
			return notFound("Issue")
		}
		p.issues = without(p.issues, i)
		for _, other := range s.world.projects {
			other.links = filter(other.links, func(l *issueLink) bool { return l.source != i && l.target != i })
		}
		return deleted()
	})
}

// relatedMergeRequests lists those of the project whose texts name the issue.
func (s *Server) relatedMergeRequests(q *request) answer {
	return s.withIssue(q, func(i *issue) answer {
		name := "#" + idText(i.iid)
		related := filter(i.project.mergeRequests, func(m *mergeRequest) bool {
			return slices.ContainsFunc(strings.FieldsFunc(m.title+" "+value(m.description), func(r rune) bool {
				return r != '#' && (r < '0' || r > '9')
			}), func(word string) bool { return word == name })
		})
		return list(q, related, func(m *mergeRequest) any { return s.mergeRequestJSON(m) })
	})
}

// value is *v, or "" for nil.
func value(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}
