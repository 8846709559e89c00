package gitlabtest

import (
	"slices"
	"time"
)

type approval struct {
	user *account
	at   time.Time
}

var approvalRoutes = []route{
	{method: "GET", pattern: mergeRequestPath + "/approvals", handle: (*Server).getApprovals},
	{method: "POST", pattern: mergeRequestPath + "/approve", params: "sha", handle: (*Server).approveMergeRequest},
	{method: "POST", pattern: mergeRequestPath + "/unapprove", handle: (*Server).unapprove},
}

func (m *mergeRequest) approvedBy(a *account) bool {
	return slices.ContainsFunc(m.approvals, func(given approval) bool { return given.user == a })
}

// approvedByAll understands "None" and "Any" too.
func (m *mergeRequest) approvedByAll(ids []string) bool {
	for _, id := range ids {
		switch id {
		case "None":
			if len(m.approvals) > 0 {
				return false
			}
		case "Any":
			if len(m.approvals) == 0 {
				return false
			}
		default:
			if !slices.ContainsFunc(m.approvals, func(given approval) bool { return idText(given.user.ID) == id }) {
				return false
			}
		}
	}
	return true
}

func (s *Server) approvalsJSON(q *request, m *mergeRequest) object {
	by := []object{}
	for _, given := range m.approvals {
		by = append(by, object{"user": s.userJSON(given.user), "approved_at": apiTime(given.at)})
	}
	return object{
		"user_has_approved": m.approvedBy(q.caller), "user_can_approve": !m.approvedBy(q.caller), "approved": len(by) > 0,
		"approved_by": by,
	}
}

func (s *Server) getApprovals(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer { return ok(s.approvalsJSON(q, m)) })
}

// approveMergeRequest refuses a second time with GitLab's own 401, which no new token cures.
func (s *Server) approveMergeRequest(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		if refused, wrong := otherHead(q, m); wrong {
			return refused
		}
		if m.approvedBy(q.caller) {
			return bareUnauthorized()
		}
		m.approvals = append(m.approvals, approval{q.caller, time.Now()})
		return created(s.approvalsJSON(q, m))
	})
}

func (s *Server) unapprove(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		if !m.approvedBy(q.caller) {
			return apiMessage(404, "404 Not Found")
		}
		m.approvals = slices.DeleteFunc(m.approvals, func(given approval) bool { return given.user == q.caller })
		return created(s.approvalsJSON(q, m))
	})
}
