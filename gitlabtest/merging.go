package gitlabtest

import (
	"net/http"
	"strings"
	"time"
)

// follow takes in what has become of the branches, while it is open.
func (m *mergeRequest) follow() {
	repo := &m.project.repo
	if m.state == stateMerged {
		return
	}
	if head := repo.head(m.source); head != nil {
		m.head = head
	}
	if target := repo.head(m.target); m.head != nil && target != nil {
		m.base = mergeBase(m.head, target)
	}
}

// commits are those that it would bring or has brought, newest first.
func (m *mergeRequest) commits() []*commit {
	m.follow()
	if m.head == nil || m.base == nil {
		return nil
	}
	return m.head.beyond(m.base)
}

func (m *mergeRequest) changes() []change {
	m.follow()
	return changes(m.base.files(), m.head.files())
}

// result is what merging would make of the target's files.
func (m *mergeRequest) result() (files tree, clean bool) {
	m.follow()
	target := m.project.repo.head(m.target)
	if m.head == nil || m.base == nil || target == nil {
		return nil, false
	}
	return merge(m.base.tree, target.tree, m.head.tree)
}

func (m *mergeRequest) draft() bool {
	title := strings.ToLower(m.title)
	return strings.HasPrefix(title, "draft:") || strings.HasPrefix(title, "[draft]") || strings.HasPrefix(title, "(draft)")
}

// status is GitLab's detailed merge status.
func (m *mergeRequest) status() string {
	_, clean := m.result()
	switch {
	case m.state != stateOpened:
		return "not_open"
	case m.draft():
		return "draft_status"
	case len(m.commits()) == 0 || m.project.repo.head(m.source) == nil:
		return "commits_status"
	case !clean:
		return "conflict"
	}
	return "mergeable"
}

// otherHead refuses a call that names another head than there is.
func otherHead(q *request, m *mergeRequest) (answer, bool) {
	if sha := q.text("sha"); sha != "" && sha != shaOf(m.head) {
		return apiMessage(http.StatusConflict, "SHA does not match HEAD of source branch: "+shaOf(m.head)), true
	}
	return answer{}, false
}

func (s *Server) mergeMergeRequest(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		if refused, wrong := otherHead(q, m); wrong {
			return refused
		}
		switch m.status() {
		case "mergeable":
		case "conflict":
			return apiMessage(http.StatusUnprocessableEntity, "Branch cannot be merged")
		default:
			return apiMessage(http.StatusMethodNotAllowed, "405 Method Not Allowed")
		}
		q.setFlag("squash", &m.squash)
		q.setFlag("should_remove_source_branch", &m.removeSource)
		running := m.project.lastPipeline(m.head.ID)
		if (q.flag("auto_merge") || q.flag("merge_when_pipeline_succeeds")) && running != nil && !running.ended() {
			m.autoMerge, m.mergedBy, m.updated = true, q.caller, time.Now()
			return ok(s.wholeMergeRequestJSON(q, m))
		}
		m.merge(q)
		return ok(s.wholeMergeRequestJSON(q, m))
	})
}

// merge puts a merge commit on top of the target, of what was squashed if asked
// for.
func (m *mergeRequest) merge(q *request) {
	p, brought := m.project, m.head
	files, _ := m.result()
	message := q.text("squash_commit_message")
	if message == "" {
		message = m.title
	}
	if m.squash && len(m.commits()) > 1 {
		m.squashCommit = p.loose(message, q.caller, m.head.tree, m.base)
		brought = m.squashCommit
	}
	message = q.text("merge_commit_message")
	if message == "" {
		message = "Merge branch '" + m.source + "' into '" + m.target + "'\n\n" + m.title +
			"\n\nSee merge request " + p.fullPath() + "!" + idText(m.iid)
	}
	m.mergeCommit = p.commit(m.target, message, q.caller, files, p.repo.head(m.target), brought)
	m.state, m.merged, m.mergedBy, m.updated = stateMerged, time.Now(), q.caller, time.Now()
	if m.removeSource {
		delete(p.repo.branches, m.source)
	}
}
