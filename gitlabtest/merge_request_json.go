package gitlabtest

import (
	"maps"
	"slices"
	"strconv"
)

// shaOf is the id of a commit; "" of none.
func shaOf(c *commit) string {
	if c == nil {
		return ""
	}
	return c.ID
}

func idOrNil(c *commit) any {
	if c == nil {
		return nil
	}
	return c.ID
}

func (s *Server) mergeRequestJSON(m *mergeRequest) object {
	v, status := s.issuableJSON(&m.issuable, "!", "merge_requests"), m.status()
	mergeStatus := "can_be_merged"
	if status == "conflict" {
		mergeStatus = "cannot_be_merged"
	}
	maps.Copy(v, object{
		"source_branch": m.source, "target_branch": m.target, "source_project_id": m.project.id, "target_project_id": m.project.id,
		"draft": m.draft(), "work_in_progress": m.draft(), "reviewers": s.usersJSON(m.reviewers), "sha": idOrNil(m.head),
		"merge_commit_sha": idOrNil(m.mergeCommit), "squash_commit_sha": idOrNil(m.squashCommit), "merge_status": mergeStatus,
		"detailed_merge_status": status, "has_conflicts": status == "conflict", "blocking_discussions_resolved": m.settled(),
		"merge_when_pipeline_succeeds": m.autoMerge, "should_remove_source_branch": nil,
		"force_remove_source_branch": m.removeSource, "squash": m.squash, "squash_on_merge": m.squash, "merged_at": moment(m.merged),
		"merge_user": s.userOrNil(m.mergedBy), "merged_by": s.userOrNil(m.mergedBy), "prepared_at": apiTime(m.created),
		"merge_after": nil, "reference": "!" + idText(m.iid),
	})
	return v
}

// settled reports whether all discussions that can be are resolved.
func (m *mergeRequest) settled() bool {
	return !slices.ContainsFunc(m.discussions, func(d *discussion) bool {
		return slices.ContainsFunc(d.notes, func(n *note) bool { return n.resolvable && n.resolved.IsZero() })
	})
}

// wholeMergeRequestJSON has what only a single one tells.
func (s *Server) wholeMergeRequestJSON(q *request, m *mergeRequest) object {
	v := s.mergeRequestJSON(m)
	maps.Copy(v, object{
		"subscribed": m.author == q.caller, "changes_count": nil, "diff_refs": nil, "head_pipeline": nil, "pipeline": nil,
		"merge_error": nil, "first_contribution": false, "user": object{"can_merge": true}, "latest_build_started_at": nil,
		"latest_build_finished_at": nil, "first_deployed_to_production_at": nil,
	})
	if m.head != nil && m.base != nil {
		v["changes_count"] = strconv.Itoa(len(m.changes()))
		v["diff_refs"] = object{"base_sha": m.base.ID, "head_sha": m.head.ID, "start_sha": m.base.ID}
		if last := m.project.lastPipeline(m.head.ID); last != nil {
			v["head_pipeline"], v["pipeline"] = s.pipelineJSON(last), s.basicPipelineJSON(last)
		}
	}
	if q.flag("include_diverged_commits_count") {
		v["diverged_commits_count"] = 0
		if target := m.project.repo.head(m.target); target != nil && m.state == stateOpened {
			v["diverged_commits_count"] = len(target.beyond(m.head))
		}
	}
	if q.flag("include_rebase_in_progress") {
		v["rebase_in_progress"] = false
	}
	return v
}

func (s *Server) mergeRequestCommits(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		return list(q, m.commits(), func(c *commit) any { return s.commitJSON(m.project, c) })
	})
}

func (s *Server) mergeRequestDiffs(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		return list(q, diffs(m.changes(), q.flag("unidiff")), func(d diffJSON) any { return d })
	})
}

func (s *Server) mergeRequestPipelines(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		commits := m.commits()
		items := filter(m.project.pipelines, func(p *pipeline) bool {
			return slices.ContainsFunc(commits, func(c *commit) bool { return c.ID == p.sha })
		})
		slices.Reverse(items)
		return list(q, items, func(p *pipeline) any { return s.basicPipelineJSON(p) })
	})
}

// versionJSON is the one version that a merge request has here, its newest.
func (s *Server) versionJSON(m *mergeRequest) object {
	return object{
		"id": m.id, "merge_request_id": m.id, "head_commit_sha": idOrNil(m.head), "base_commit_sha": idOrNil(m.base),
		"start_commit_sha": idOrNil(m.base), "created_at": apiTime(m.created), "state": "collected",
		"real_size": strconv.Itoa(len(m.changes())), "patch_id_sha": hashID("patch", shaOf(m.head)),
	}
}

func (s *Server) listVersions(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		return list(q, []*mergeRequest{m}, func(m *mergeRequest) any { return s.versionJSON(m) })
	})
}

func (s *Server) getVersion(q *request) answer {
	return s.withMergeRequest(q, func(m *mergeRequest) answer {
		if q.arg("version_id") != m.id {
			return noRecord()
		}
		v := s.versionJSON(m)
		v["commits"], v["diffs"] = s.commitsJSON(m.project, m.commits()), diffs(m.changes(), q.flag("unidiff"))
		return ok(v)
	})
}
