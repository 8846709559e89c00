package gitlabtest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// A mergeRequest is of two branches of one project.
type mergeRequest struct {
	issuable

	source, target string
	reviewers      []*account
	squash         bool
	removeSource   bool
	autoMerge      bool
	approvals      []approval
	merged         time.Time // zero: not
	mergedBy       *account
	mergeCommit    *commit
	squashCommit   *commit

	// What it is about, kept when it is merged or its branch is gone.
	head, base *commit
}

const (
	mergeRequestFilters = "state=opened|closed|locked|merged|all milestone assignee_id reviewer_id reviewer_username " +
		"merge_user_id:int merge_user_username approved_by_ids source_project_id:int source_branch target_branch wip=yes|no " +
		"deployed_after:time deployed_before:time with_merge_status_recheck:bool environment " +
		"order_by=created_at|updated_at|merged_at|title|label_priority|milestone_due|popularity|priority " + issuableFilters
	mergeRequestParams = "reviewer_ids:ints remove_source_branch:bool squash:bool allow_collaboration:bool merge_after:time " +
		issuableParams
	mergeRequestPath = "projects/:id/merge_requests/:merge_request_iid"
)

var mergeRequestRoutes = []route{
	{method: "GET", pattern: "merge_requests", params: mergeRequestFilters, handle: (*Server).allMergeRequests},
	{method: "GET", pattern: "groups/:id/merge_requests", params: mergeRequestFilters, handle: (*Server).groupMergeRequests},
	{method: "GET", pattern: "projects/:id/merge_requests", params: mergeRequestFilters, handle: (*Server).projectMergeRequests},
	{
		method: "POST", pattern: "projects/:id/merge_requests", handle: (*Server).createMergeRequest,
		params: "title! source_branch! target_branch! target_project_id:int " + mergeRequestParams,
	},
	{
		method: "GET", pattern: mergeRequestPath, handle: (*Server).getMergeRequest,
		params: "include_diverged_commits_count:bool include_rebase_in_progress:bool render_html:bool",
	},
	{
		method: "PUT", pattern: mergeRequestPath, handle: (*Server).updateMergeRequest,
		params: "title target_branch state_event=close|reopen " + mergeRequestParams,
	},
	{method: "DELETE", pattern: mergeRequestPath, handle: (*Server).deleteMergeRequest},
	{
		method: "PUT", pattern: mergeRequestPath + "/merge", handle: (*Server).mergeMergeRequest,
		params: "sha merge_commit_message squash_commit_message squash:bool should_remove_source_branch:bool auto_merge:bool " +
			"merge_when_pipeline_succeeds:bool",
	},
	{method: "GET", pattern: mergeRequestPath + "/commits", params: paged, handle: (*Server).mergeRequestCommits},
	{method: "GET", pattern: mergeRequestPath + "/diffs", params: "unidiff:bool" + paged, handle: (*Server).mergeRequestDiffs},
	{method: "GET", pattern: mergeRequestPath + "/pipelines", params: paged, handle: (*Server).mergeRequestPipelines},
	{method: "GET", pattern: mergeRequestPath + "/versions", params: paged, handle: (*Server).listVersions},
	{method: "GET", pattern: mergeRequestPath + "/versions/:version_id", params: "unidiff:bool", handle: (*Server).getVersion},
}

// A MergeRequest is a merge request as its seeder sees it.
type MergeRequest struct {
	ID, IID, ProjectID int64
	Title              string
}

// AddMergeRequest opens a merge request from a branch into "main" in the project
// with that full path. Project and branch are created if new; a branch without
// commits of its own gets one. Its author is the user "root".
func (s *Server) AddMergeRequest(project, sourceBranch, title string) MergeRequest {
	s.AddBranch(project, sourceBranch)
	s.mu.Lock()
	defer s.mu.Unlock()
	p, root := s.ensureProject(project), s.account("root")
	if head := p.repo.head(sourceBranch); p.repo.head(defaultBranch).has(head) {
		files := maps.Clone(head.tree)
		files[sourceBranch+".md"] = newBlob(title+"\n", false)
		p.commit(sourceBranch, title, root, files)
	}
	m := s.openMergeRequest(p, root, title, sourceBranch, defaultBranch)
	return MergeRequest{ID: m.id, IID: m.iid, ProjectID: p.id, Title: m.title}
}

func (s *Server) openMergeRequest(p *project, author *account, title, source, target string) *mergeRequest {
	now := time.Now()
	p.lastMerge++
	m := &mergeRequest{source: source, target: target, issuable: issuable{
		id: s.world.nextID("merge_request"), iid: p.lastMerge, kind: "MergeRequest", project: p, title: title,
		state: stateOpened, labels: []string{}, author: author, created: now, updated: now,
	}}
	m.follow()
	p.mergeRequests = append(p.mergeRequests, m)
	return m
}

func (s *Server) allMergeRequests(q *request) answer {
	return s.listMergeRequests(q, "created_by_me", func(*project) bool { return true })
}

func (s *Server) groupMergeRequests(q *request) answer {
	return s.withGroup(q, func(g *group) answer {
		return s.listMergeRequests(q, "all", func(p *project) bool { return p.inside(g) })
	})
}

func (s *Server) projectMergeRequests(q *request) answer {
	return s.withProject(q, func(in *project) answer {
		return s.listMergeRequests(q, "all", func(p *project) bool { return p == in })
	})
}

var mergeRequestOrders = issuableOrders(func(m *mergeRequest) *issuable { return &m.issuable }, order[*mergeRequest]{
	"merged_at": func(m *mergeRequest) string { return timeKey(m.merged) },
})

func (s *Server) listMergeRequests(q *request, scope string, in func(*project) bool) answer {
	var all []*mergeRequest
	for _, p := range s.world.projects {
		if in(p) {
			all = append(all, p.mergeRequests...)
		}
	}
	l := sorted(q, filter(all, func(m *mergeRequest) bool {
		project := q.text("source_project_id")
		return m.matches(q, scope) && (q.text("scope") != "reviews_for_me" || slices.Contains(m.reviewers, q.caller)) &&
			anyAccount(q, "reviewer", m.reviewers) && isAccount(q, "merge_user", m.mergedBy) && same(project, idText(m.project.id)) &&
			same(q.text("source_branch"), m.source) && same(q.text("target_branch"), m.target) &&
			(q.text("wip") == "" || (q.text("wip") == "yes") == m.draft()) && m.approvedByAll(q.words("approved_by_ids"))
	}), mergeRequestOrders, "created_at desc", func(m *mergeRequest) int64 { return m.id })
	l.render = func(m *mergeRequest) any { return s.mergeRequestJSON(m) }
	return paginate(q, l)
}

func (s *Server) createMergeRequest(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		source, target := q.text("source_branch"), q.text("target_branch")
		if refused, wrong := badTitle(q.text("title")); wrong {
			return refused
		}
		if into := q.text("target_project_id"); into != "" && into != idText(p.id) {
			return notFound("Project") // there are no forks
		}
		if source == target {
			return apiMessage(http.StatusUnprocessableEntity, []string{"You can't use same project/branch for source and target"})
		}
		for _, m := range p.mergeRequests {
			if m.state == stateOpened && m.source == source && m.target == target {
				return apiMessage(http.StatusConflict, []string{
					"Another open merge request already exists for this source branch: !" + idText(m.iid),
				})
			}
		}
		m := s.openMergeRequest(p, q.caller, q.text("title"), source, target)
		s.setMergeRequest(q, m)
		m.updated = m.created
		return created(s.wholeMergeRequestJSON(q, m))
	})
}

func (s *Server) setMergeRequest(q *request, m *mergeRequest) {
	s.set(q, &m.issuable)
	q.setFlag("squash", &m.squash)
	q.setFlag("remove_source_branch", &m.removeSource)
	if q.has("reviewer_ids") {
		m.reviewers = s.accountsByID(q.numbers("reviewer_ids"))
	}
	if target := q.text("target_branch"); target != "" && m.state == stateOpened {
		m.target = target
	}
}

func (p *project) mergeRequest(iid int64) *mergeRequest {
	return find(p.mergeRequests, func(m *mergeRequest) bool { return m.iid == iid })
}

func (s *Server) withMergeRequest(q *request, handle func(*mergeRequest) answer) answer {
	return s.withProject(q, func(p *project) answer {
		m := p.mergeRequest(q.arg("merge_request_iid"))
		if m == nil {
			return noRecord()
		}
		m.follow()
		return handle(m)
	})
}

func (s *Server) getMergeRequest(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer { return ok(s.wholeMergeRequestJSON(q, m)) })
}

func (s *Server) updateMergeRequest(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		if refused, wrong := badTitle(q.text("title")); wrong && q.has("title") {
			return refused
		}
		s.setMergeRequest(q, m)
		return ok(s.wholeMergeRequestJSON(q, m))
	})
}

func (s *Server) deleteMergeRequest(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		m.project.mergeRequests = without(m.project.mergeRequests, m)
		return deleted()
	})
}
