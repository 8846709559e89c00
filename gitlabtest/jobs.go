package gitlabtest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

type job struct {
	Job

	pipeline  *pipeline
	user      *account
	trace     string
	artifacts []byte // nil: none
	retried   bool   // another one was made in its place
	created   time.Time
	started   time.Time
	finished  time.Time
}

// A Job is a job of a pipeline as its seeder sees it.
type Job struct {
	ID     int64
	Name   string
	Stage  string // "": test
	Status string // one of GitLab's, such as "running" or "failed"
}

const jobPath = "projects/:id/jobs/:job_id"

var jobRoutes = []route{
	{method: "GET", pattern: "projects/:id/jobs", params: "cursor scope=" + jobStatuses + paged, handle: (*Server).projectJobs},
	{method: "GET", pattern: jobPath, handle: (*Server).getJob},
	{method: "GET", pattern: jobPath + "/trace", handle: (*Server).jobTrace},
	{method: "GET", pattern: jobPath + "/artifacts", handle: (*Server).jobArtifacts},
	{method: "POST", pattern: jobPath + "/retry", handle: (*Server).retryJob},
	{method: "POST", pattern: jobPath + "/cancel", params: "force:bool", handle: (*Server).cancelJob},
}

// AddJob adds a job to a pipeline of [Server.AddPipeline], which then has the
// status that its jobs give it. The job's ID is set; an unknown pipeline panics.
func (s *Server) AddJob(to Pipeline, j Job) Job {
	mustBeStatus("AddJob", j.Status)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.world.projects {
		if l := find(p.pipelines, func(l *pipeline) bool { return l.ID == to.ID }); l != nil {
			return s.newJob(l, s.account("root"), j).Job
		}
	}
	panic(fmt.Sprintf("gitlabtest: AddJob: there is no pipeline %d", to.ID))
}

// SetJobLog sets what a job has written so far. An unknown job panics.
func (s *Server) SetJobLog(id int64, log string) {
	s.seedJob("SetJobLog", id, func(j *job) { j.trace = log })
}

// SetJobArtifacts sets the archive of a job's artifacts. An unknown job panics.
func (s *Server) SetJobArtifacts(id int64, archive []byte) {
	s.seedJob("SetJobArtifacts", id, func(j *job) { j.artifacts = append([]byte{}, archive...) })
}

// SetJobStatus changes the status of a job, and with it that of its pipeline. An
// unknown job panics, and so does a status that GitLab does not have.
func (s *Server) SetJobStatus(id int64, status string) {
	mustBeStatus("SetJobStatus", status)
	s.seedJob("SetJobStatus", id, func(j *job) {
		j.setStatus(status)
		j.pipeline.setStatus(j.pipeline.project.summary(j.pipeline))
	})
}

func (s *Server) seedJob(what string, id int64, change func(*job)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.world.projects {
		if j := find(p.jobs, func(j *job) bool { return j.ID == id }); j != nil {
			change(j)
			return
		}
	}
	panic(fmt.Sprintf("gitlabtest: %s: there is no job %d", what, id))
}

func (s *Server) newJob(l *pipeline, user *account, seed Job) *job {
	j := &job{Job: seed, pipeline: l, user: user, created: time.Now()}
	j.ID = s.world.nextID("job")
	if j.Stage == "" {
		j.Stage = "test"
	}
	j.setStatus(seed.Status)
	l.project.jobs = append(l.project.jobs, j)
	l.setStatus(l.project.summary(l))
	return j
}

func (j *job) setStatus(status string) {
	now := time.Now()
	j.Status = status
	if (status == "running" || ended(status)) && j.started.IsZero() {
		j.started = now
	}
	if ended(status) {
		j.finished = now
	}
}

func (s *Server) jobJSON(j *job) object {
	p := j.pipeline.project
	v := object{
		"id": j.ID, "name": j.Name, "stage": j.Stage, "status": j.Status, "ref": j.pipeline.ref, "tag": p.repo.tags[j.pipeline.ref] != nil,
		"coverage": nil, "allow_failure": false, "created_at": apiTime(j.created), "started_at": moment(j.started),
		"finished_at": moment(j.finished), "erased_at": nil, "archived": false, "duration": nil, "queued_duration": nil,
		"user": s.userJSON(j.user), "commit": nil, "pipeline": s.basicPipelineJSON(j.pipeline),
		"web_url": s.url(&p.node) + "/-/jobs/" + idText(j.ID), "project": object{"ci_job_token_scope_enabled": false},
		"artifacts": []object{}, "artifacts_expire_at": nil, "tag_list": []string{}, "runner": nil, "runner_manager": nil,
	}
	if j.Status == "failed" {
		v["failure_reason"] = "script_failure"
	}
	if !j.finished.IsZero() {
		v["duration"] = j.finished.Sub(j.started).Seconds()
	}
	if c := p.repo.resolve(j.pipeline.sha); c != nil {
		v["commit"] = s.commitJSON(p, c)
	}
	if j.artifacts != nil {
		archive := object{"file_type": "archive", "size": len(j.artifacts), "filename": "artifacts.zip", "file_format": "zip"}
		v["artifacts"], v["artifacts_file"] = []object{archive}, object{"filename": "artifacts.zip", "size": len(j.artifacts)}
	}
	return v
}

func (s *Server) projectJobs(q *request) answer {
	return s.withProject(q, func(p *project) answer { return s.listJobs(q, p.jobs) })
}

func (s *Server) listJobs(q *request, jobs []*job) answer {
	items := filter(jobs, func(j *job) bool { return among(q.params["scope"], j.Status) })
	l := sorted(q, items, nil, "id desc", func(j *job) int64 { return j.ID })
	l.render, l.keyset = func(j *job) any { return s.jobJSON(j) }, q.route.pattern == "projects/:id/jobs"
	return paginate(q, l)
}

func (s *Server) withJob(q *request, handle func(*job) answer) answer {
	return s.withProject(q, func(p *project) answer {
		j := find(p.jobs, func(j *job) bool { return j.ID == q.arg("job_id") })
		if j == nil {
			return noRecord()
		}
		return handle(j)
	})
}

func (s *Server) getJob(q *request) answer {
	return s.withJob(q, func(j *job) answer { return ok(s.jobJSON(j)) })
}

func (s *Server) jobTrace(q *request) answer {
	return s.withJob(q, func(j *job) answer { return newAnswer(http.StatusOK, "text/plain", []byte(j.trace)) })
}

func (s *Server) jobArtifacts(q *request) answer {
	return s.withJob(q, func(j *job) answer {
		if j.artifacts == nil {
			return apiMessage(http.StatusNotFound, "404 Not Found")
		}
		a := newAnswer(http.StatusOK, "application/zip", slices.Clone(j.artifacts))
		a.header.Set("Content-Disposition", `attachment; filename="artifacts.zip"; filename*=UTF-8''artifacts.zip`)
		return a
	})
}

// retry makes a new job in the place of one.
func (s *Server) retry(q *request, j *job) *job {
	j.retried = true
	return s.newJob(j.pipeline, q.caller, Job{Name: j.Name, Stage: j.Stage, Status: "pending"})
}

func (s *Server) retryJob(q *request) answer {
	return s.withJob(q, func(j *job) answer {
		if !ended(j.Status) || j.retried {
			return apiMessage(http.StatusForbidden, "403 Forbidden - Job is not retryable")
		}
		return created(s.jobJSON(s.retry(q, j)))
	})
}

func (s *Server) cancelJob(q *request) answer {
	return s.withJob(q, func(j *job) answer {
		if !ended(j.Status) {
			j.setStatus("canceled")
			j.pipeline.setStatus(j.pipeline.project.summary(j.pipeline))
		}
		return created(s.jobJSON(j))
	})
}
