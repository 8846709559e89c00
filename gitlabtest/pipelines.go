package gitlabtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

type pipeline struct {
	Pipeline

	project  *project
	ref, sha string
	source   string
	user     *account
	created  time.Time
	updated  time.Time
	started  time.Time
	finished time.Time
}

// A Pipeline is a pipeline as its seeder sees it.
type Pipeline struct {
	ID, IID, ProjectID int64
	Status             string
}

// jobStatuses are the statuses of pipelines and jobs.
const jobStatuses = "created|waiting_for_resource|preparing|waiting_for_callback|pending|running|success|failed|canceling|canceled|" +
	"skipped|manual|scheduled"

// ended reports whether what has a status will not go on by itself.
func ended(status string) bool {
	return slices.Contains([]string{"success", "failed", "canceled", "skipped"}, status)
}

func (p *pipeline) ended() bool { return ended(p.Status) }

const pipelinePath = "projects/:id/pipelines/:pipeline_id"

var pipelineRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/pipelines", handle: (*Server).listPipelines,
		params: "scope=running|pending|finished|branches|tags status=" + jobStatuses + " source ref sha name username yaml_errors:bool " +
			"created_after:time created_before:time updated_after:time updated_before:time " +
			"order_by=id|status|ref|updated_at|user_id sort=asc|desc" + paged,
	},
	{method: "POST", pattern: "projects/:id/pipeline", params: "ref!", handle: (*Server).createPipeline},
	{method: "GET", pattern: "projects/:id/pipelines/latest", params: "ref", handle: (*Server).latestPipeline},
	{method: "GET", pattern: pipelinePath, handle: (*Server).getPipeline},
	{method: "DELETE", pattern: pipelinePath, handle: (*Server).deletePipeline},
	{method: "GET", pattern: pipelinePath + "/jobs", params: "include_retried:bool scope=" + jobStatuses + paged, handle: (*Server).pipelineJobs},
	{method: "POST", pattern: pipelinePath + "/retry", handle: (*Server).retryPipeline},
	{method: "POST", pattern: pipelinePath + "/cancel", handle: (*Server).cancelPipeline},
}

// AddPipeline adds a pipeline of a branch or tag, on its newest commit, to the
// project with that full path. Project and branch are created if new. Its status
// is one of GitLab's, such as "running" or "success", and is followed by that of
// its jobs; its user is "root".
func (s *Server) AddPipeline(project, ref, status string) Pipeline {
	mustBeStatus("AddPipeline", status)
	s.mu.Lock()
	p := s.ensureProject(project)
	known := p.repo.resolve(ref) != nil
	s.mu.Unlock()
	if !known {
		s.AddBranch(project, ref)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newPipeline(p, s.account("root"), ref, p.repo.resolve(ref).ID, status, "push").Pipeline
}

func mustBeStatus(what, status string) {
	if !slices.Contains(strings.Split(jobStatuses, "|"), status) {
		panic(fmt.Sprintf("gitlabtest: %s: %q is not a status that GitLab has", what, status))
	}
}

func (s *Server) newPipeline(p *project, user *account, ref, sha, status, source string) *pipeline {
	now := time.Now()
	l := &pipeline{
		Pipeline: Pipeline{ID: s.world.nextID("pipeline"), IID: 1, ProjectID: p.id}, project: p, ref: ref, sha: sha,
		source: source, user: user, created: now,
	}
	if n := len(p.pipelines); n > 0 {
		l.IID = p.pipelines[n-1].IID + 1
	}
	l.setStatus(status)
	p.pipelines = append(p.pipelines, l)
	return l
}

func (p *pipeline) setStatus(status string) {
	now := time.Now()
	p.Status, p.updated, p.finished = status, now, time.Time{}
	if (status == "running" || ended(status)) && p.started.IsZero() {
		p.started = now
	}
	if ended(status) {
		p.finished = now
	}
}

// lastPipeline is the newest of a commit; nil if there is none.
func (p *project) lastPipeline(sha string) *pipeline {
	for _, l := range slices.Backward(p.pipelines) {
		if l.sha == sha {
			return l
		}
	}
	return nil
}

// summary is the status that a pipeline has from its jobs, and from what other
// systems said.
func (p *project) summary(l *pipeline) string {
	has := map[string]bool{}
	for _, j := range p.jobs {
		if j.pipeline == l && !j.retried {
			has[j.Status] = true
		}
	}
	for _, st := range p.statuses {
		if st.pipeline == l && p.status(l, st.name) == st {
			has[st.status] = true
		}
	}
	if len(has) == 0 {
		return l.Status
	}
	if has["pending"] && (has["success"] || has["failed"]) {
		return "running"
	}
	for _, status := range []string{"running", "pending", "created", "manual", "failed", "canceled", "success"} {
		if has[status] {
			return status
		}
	}
	return slices.Sorted(maps.Keys(has))[0]
}

func (s *Server) basicPipelineJSON(p *pipeline) object {
	return object{
		"id": p.ID, "iid": p.IID, "project_id": p.ProjectID, "name": nil, "sha": p.sha, "ref": p.ref, "status": p.Status,
		"source": p.source, "created_at": apiTime(p.created), "updated_at": apiTime(p.updated),
		"web_url": s.url(&p.project.node) + "/-/pipelines/" + idText(p.ID),
	}
}

func (s *Server) pipelineJSON(p *pipeline) object {
	v := s.basicPipelineJSON(p)
	_, isTag := p.project.repo.tags[p.ref]
	text := strings.ReplaceAll(p.Status, "_", " ")
	maps.Copy(v, object{
		"before_sha": strings.Repeat("0", 40), "tag": isTag, "yaml_errors": nil, "user": s.userJSON(p.user),
		"started_at": moment(p.started), "finished_at": moment(p.finished), "committed_at": nil, "duration": nil,
		"queued_duration": nil, "coverage": nil, "archived": false,
		"detailed_status": object{
			"icon": "status_" + p.Status, "text": text, "label": text, "group": p.Status, "tooltip": text, "has_details": true,
			"details_path": "/" + p.project.fullPath() + "/-/pipelines/" + idText(p.ID), "illustration": nil, "favicon": "",
		},
	})
	if !p.finished.IsZero() {
		v["duration"] = int(p.finished.Sub(p.started).Seconds())
	}
	return v
}

var pipelineOrders = order[*pipeline]{
	"id":         func(*pipeline) string { return "" },
	"status":     func(p *pipeline) string { return p.Status },
	"ref":        func(p *pipeline) string { return p.ref },
	"updated_at": func(p *pipeline) string { return timeKey(p.updated) },
	"user_id":    func(p *pipeline) string { return numberKey(p.user.ID) },
}

func (s *Server) listPipelines(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		items := filter(p.pipelines, func(l *pipeline) bool {
			return same(q.text("status"), l.Status) && same(q.text("source"), l.source) && same(q.text("ref"), l.ref) &&
				same(q.text("sha"), l.sha) && same(q.text("username"), l.user.Username) && q.text("name") == "" && !q.flag("yaml_errors") &&
				q.during("created", l.created) && q.during("updated", l.updated) && p.inScope(l, q.text("scope"))
		})
		l := sorted(q, items, pipelineOrders, "id desc", func(l *pipeline) int64 { return l.ID })
		l.render = func(l *pipeline) any { return s.basicPipelineJSON(l) }
		return paginate(q, l)
	})
}

func (p *project) inScope(l *pipeline, scope string) bool {
	switch scope {
	case "finished":
		return l.ended()
	case "running", "pending":
		return l.Status == scope
	case "branches":
		return p.repo.head(l.ref) != nil
	case "tags":
		return p.repo.tags[l.ref] != nil
	}
	return true
}

// createPipeline makes a pipeline without jobs, whatever is in the repository.
func (s *Server) createPipeline(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		ref := q.text("ref")
		if p.repo.head(ref) == nil && p.repo.tags[ref] == nil {
			return apiMessage(http.StatusBadRequest, map[string][]string{"base": {"Reference not found"}})
		}
		l := s.newPipeline(p, q.caller, ref, p.repo.resolve(ref).ID, "created", "api")
		return created(s.pipelineJSON(l))
	})
}

// latestPipeline says with GitLab's 403 that there is none.
func (s *Server) latestPipeline(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		ref := orDefault(q.text("ref"))
		head := p.repo.resolve(ref)
		for _, l := range slices.Backward(p.pipelines) {
			if head != nil && l.ref == ref && l.sha == head.ID {
				return ok(s.pipelineJSON(l))
			}
		}
		return apiMessage(http.StatusForbidden, "403 Forbidden")
	})
}

func (s *Server) withPipeline(q *request, handle func(*project, *pipeline) answer) answer {
	return s.withProject(q, func(p *project) answer {
		l := find(p.pipelines, func(l *pipeline) bool { return l.ID == q.arg("pipeline_id") })
		if l == nil {
			return noRecord()
		}
		return handle(p, l)
	})
}

func (s *Server) getPipeline(q *request) answer {
	return s.withPipeline(q, func(_ *project, l *pipeline) answer { return ok(s.pipelineJSON(l)) })
}

func (s *Server) deletePipeline(q *request) answer {
	return s.withPipeline(q, func(p *project, l *pipeline) answer {
		p.pipelines = without(p.pipelines, l)
		p.jobs = filter(p.jobs, func(j *job) bool { return j.pipeline != l })
		p.statuses = filter(p.statuses, func(st *commitStatus) bool { return st.pipeline != l })
		return deleted()
	})
}

func (s *Server) pipelineJobs(q *request) answer {
	return s.withPipeline(q, func(p *project, l *pipeline) answer {
		return s.listJobs(q, filter(p.jobs, func(j *job) bool {
			return j.pipeline == l && (!j.retried || q.flag("include_retried"))
		}))
	})
}

func (s *Server) retryPipeline(q *request) answer {
	return s.withPipeline(q, func(p *project, l *pipeline) answer {
		for _, j := range slices.Clone(p.jobs) {
			if j.pipeline == l && !j.retried && (j.Status == "failed" || j.Status == "canceled") {
				s.retry(q, j)
			}
		}
		return created(s.pipelineJSON(l))
	})
}

func (s *Server) cancelPipeline(q *request) answer {
	return s.withPipeline(q, func(p *project, l *pipeline) answer {
		for _, j := range p.jobs {
			if j.pipeline == l && !ended(j.Status) {
				j.setStatus("canceled")
			}
		}
		if !l.ended() {
			l.setStatus("canceled")
		}
		return jsonAnswer(http.StatusOK, s.pipelineJSON(l))
	})
}
