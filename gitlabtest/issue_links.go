package gitlabtest

import (
	"net/http"
	"strconv"
	"time"
)

// An issueLink is kept by the source's project, and seen from both issues.
type issueLink struct {
	id             int64
	source, target *issue
	linkType       string
	created        time.Time
}

var issueLinkRoutes = []route{
	{method: "GET", pattern: "projects/:id/issues/:issue_iid/links", handle: (*Server).listIssueLinks},
	{
		method: "POST", pattern: "projects/:id/issues/:issue_iid/links", handle: (*Server).createIssueLink,
		params: "target_project_id! target_issue_iid! link_type=relates_to|blocks|is_blocked_by",
	},
	{method: "GET", pattern: "projects/:id/issues/:issue_iid/links/:issue_link_id", handle: (*Server).getIssueLink},
	{method: "DELETE", pattern: "projects/:id/issues/:issue_iid/links/:issue_link_id", handle: (*Server).deleteIssueLink},
}

// linksOf are the links that i has, oldest first.
func (s *Server) linksOf(i *issue) []*issueLink {
	var links []*issueLink
	for _, p := range s.world.projects {
		links = append(links, filter(p.links, func(l *issueLink) bool { return l.source == i || l.target == i })...)
	}
	return sorted(&request{}, links, nil, "id asc", func(l *issueLink) int64 { return l.id }).items
}

func (s *Server) issueLinkJSON(l *issueLink) object {
	return object{
		"id": l.id, "source_issue": s.issueJSON(l.source), "target_issue": s.issueJSON(l.target), "link_type": l.linkType,
	}
}

// listIssueLinks lists the issues at the other end, all on one page.
func (s *Server) listIssueLinks(q *request) answer {
	return s.withIssue(q, func(i *issue) answer {
		linked := []object{}
		for _, l := range s.linksOf(i) {
			other, as := l.target, l.linkType
			if l.target == i {
				other = l.source
				if as == "blocks" {
					as = "is_blocked_by"
				}
			}
			v := s.issueJSON(other)
			v["issue_link_id"], v["link_type"] = l.id, as
			v["link_created_at"], v["link_updated_at"] = apiTime(l.created), apiTime(l.created)
			linked = append(linked, v)
		}
		return ok(linked)
	})
}

func (s *Server) createIssueLink(q *request) answer {
	return s.withIssue(q, func(i *issue) answer {
		p := s.findProject(q.text("target_project_id"))
		if p == nil {
			return notFound("Project")
		}
		iid, _ := strconv.ParseInt(q.text("target_issue_iid"), 10, 64)
		target := p.issue(iid)
		if target == nil {
			return noRecord()
		}
		for _, l := range s.linksOf(i) {
			if l.source == target || l.target == target {
				return apiMessage(http.StatusConflict, "Issue(s) already assigned")
			}
		}
		l := &issueLink{id: s.world.nextID("link"), source: i, target: target, linkType: "relates_to", created: time.Now()}
		switch q.text("link_type") {
		case "blocks":
			l.linkType = "blocks"
		case "is_blocked_by":
			l.linkType, l.source, l.target = "blocks", target, i
		}
		if l.source == l.target {
			return apiMessage(http.StatusNotFound, "No matching issue found. Make sure that you are adding a valid issue URL.")
		}
		l.source.project.links = append(l.source.project.links, l)
		return created(s.issueLinkJSON(l))
	})
}

func (s *Server) withIssueLink(q *request, handle func(*issueLink) answer) answer {
	return s.withIssue(q, func(i *issue) answer {
		l := find(s.linksOf(i), func(l *issueLink) bool { return l.id == q.arg("issue_link_id") })
		if l == nil {
			return noRecord()
		}
		return handle(l)
	})
}

func (s *Server) getIssueLink(q *request) answer {
	return s.withIssueLink(q, func(l *issueLink) answer { return ok(s.issueLinkJSON(l)) })
}

func (s *Server) deleteIssueLink(q *request) answer {
	return s.withIssueLink(q, func(l *issueLink) answer {
		l.source.project.links = without(l.source.project.links, l)
		return ok(s.issueLinkJSON(l))
	})
}
