package gitlab

import (
	"context"
	"io"
	"iter"
	"time"
)

// JobStatus is how far a job has come. GitLab may have others than those named
// here.
type JobStatus string

// The statuses of jobs.
const (
	JobCreated            JobStatus = "created"
	JobWaitingForResource JobStatus = "waiting_for_resource"
	JobPreparing          JobStatus = "preparing"
	JobWaitingForCallback JobStatus = "waiting_for_callback"
	JobPending            JobStatus = "pending"
	JobRunning            JobStatus = "running"
	JobSuccess            JobStatus = "success"
	JobFailed             JobStatus = "failed"
	JobCanceling          JobStatus = "canceling"
	JobCanceled           JobStatus = "canceled"
	JobSkipped            JobStatus = "skipped"
	JobManual             JobStatus = "manual"
	JobScheduled          JobStatus = "scheduled"
)

// Job is a job of a pipeline (https://docs.gitlab.com/api/jobs/).
type Job struct {
	ID                int64            `json:"id"`
	Name              string           `json:"name"`
	Stage             string           `json:"stage"`
	Status            JobStatus        `json:"status"`
	FailureReason     string           `json:"failure_reason"` // "script_failure", "runner_system_failure", …; "": it has not failed
	AllowFailure      bool             `json:"allow_failure"`
	Ref               string           `json:"ref"`
	Tag               bool             `json:"tag"`             // Ref is a tag
	Coverage          *float64         `json:"coverage"`        // percent; nil: not measured
	Duration          float64          `json:"duration"`        // seconds
	QueuedDuration    float64          `json:"queued_duration"` // seconds
	CreatedAt         time.Time        `json:"created_at"`
	StartedAt         time.Time        `json:"started_at"`
	FinishedAt        time.Time        `json:"finished_at"`
	ErasedAt          time.Time        `json:"erased_at"` // zero: its log and artifacts are not erased
	Archived          bool             `json:"archived"`  // it cannot be run again
	User              BasicUser        `json:"user"`
	Commit            Commit           `json:"commit"`
	Pipeline          BasicPipeline    `json:"pipeline"`
	Project           JobProject       `json:"project"`
	Artifacts         []JobArtifact    `json:"artifacts"`
	ArtifactsExpireAt time.Time        `json:"artifacts_expire_at"` // zero: never
	TagList           []string         `json:"tag_list"`            // what it asks of a runner
	Runner            JobRunner        `json:"runner"`              // zero: none has taken it
	RunnerManager     JobRunnerManager `json:"runner_manager"`
	WebURL            string           `json:"web_url"`
}

// JobProject is what a job tells of its project.
type JobProject struct {
	CIJobTokenScopeEnabled bool `json:"ci_job_token_scope_enabled"`
}

// JobArtifact is a file that a job left; its log is one too.
type JobArtifact struct {
	FileType   string `json:"file_type"` // "archive", "trace", "junit", …
	Filename   string `json:"filename"`
	FileFormat string `json:"file_format"` // "zip", "gzip", "raw"; "": none
	Size       int64  `json:"size"`        // bytes
}

// JobRunner is the runner that took a job.
type JobRunner struct {
	ID                 int64     `json:"id"`
	Name               string    `json:"name"`
	Description        string    `json:"description"`
	RunnerType         string    `json:"runner_type"` // "instance_type", "group_type" or "project_type"
	IsShared           bool      `json:"is_shared"`
	Paused             bool      `json:"paused"`
	Online             bool      `json:"online"`
	Status             string    `json:"status"`               // "online", "offline", "stale" or "never_contacted"
	JobExecutionStatus string    `json:"job_execution_status"` // "active" or "idle"
	CreatedBy          BasicUser `json:"created_by"`
	CreatedAt          time.Time `json:"created_at"`
}

// JobRunnerManager is the process of a runner that took a job.
type JobRunnerManager struct {
	ID                 int64     `json:"id"`
	SystemID           string    `json:"system_id"`
	Version            string    `json:"version"`
	Revision           string    `json:"revision"`
	Platform           string    `json:"platform"`
	Architecture       string    `json:"architecture"`
	IPAddress          string    `json:"ip_address"`
	Status             string    `json:"status"`               // "online", "offline", "stale" or "never_contacted"
	JobExecutionStatus string    `json:"job_execution_status"` // "active" or "idle"
	CreatedAt          time.Time `json:"created_at"`
	ContactedAt        time.Time `json:"contacted_at"`
}

// ListJobs selects jobs of a project; zero fields do not.
type ListJobs struct {
	Scope []JobStatus // any of them
}

// JobsService calls the jobs API.
type JobsService service

// List lists the jobs of a project, newest first. Those of one pipeline are
// [PipelinesService.Jobs].
func (s *JobsService) List(ctx context.Context, project string, in ListJobs, opts ...RequestOption) iter.Seq2[Job, error] {
	return List[Job](ctx, s.client, PathTo(pathJobs, project).With(jobScope(in.Scope).values()), opts...)
}

func jobScope(statuses []JobStatus) query {
	names := make([]string, len(statuses))
	for i, status := range statuses {
		names[i] = string(status)
	}
	q := make(query)
	q.list("scope", names)
	return q
}

// Get returns a job.
func (s *JobsService) Get(ctx context.Context, project string, id int64, opts ...RequestOption) (Job, error) {
	return Get[Job](ctx, s.client, PathTo(pathJob, project, id), opts...)
}

// Trace returns a job's log, as far as there is one. The caller closes it.
func (s *JobsService) Trace(ctx context.Context, project string, id int64, opts ...RequestOption) (io.ReadCloser, error) {
	return s.client.open(ctx, PathTo(pathJobTrace, project, id), opts)
}

// Artifacts returns the archive of a job's artifacts, a zip file. The caller
// closes it. A job without one is [ErrNotFound].
func (s *JobsService) Artifacts(ctx context.Context, project string, id int64, opts ...RequestOption) (io.ReadCloser, error) {
	return s.client.open(ctx, PathTo(pathJobArtifacts, project, id), opts)
}
