package webhook

import (
	"github.com/freshgrant/gitlab"
)

// JobEvent tells that a job's status has changed.
type JobEvent struct {
	Delivery            Delivery         `json:"-"`
	ObjectKind          string           `json:"object_kind"` // "build"
	Ref                 string           `json:"ref"`
	Tag                 bool             `json:"tag"`
	BeforeSHA           string           `json:"before_sha"`
	SHA                 string           `json:"sha"`
	RetriesCount        int              `json:"retries_count"`
	BuildID             int64            `json:"build_id"`
	BuildName           string           `json:"build_name"`
	BuildStage          string           `json:"build_stage"`
	BuildStatus         gitlab.JobStatus `json:"build_status"`
	BuildCreatedAt      Time             `json:"build_created_at"`
	BuildStartedAt      Time             `json:"build_started_at"`
	BuildFinishedAt     Time             `json:"build_finished_at"`
	BuildCreatedAtISO   Time             `json:"build_created_at_iso"`
	BuildStartedAtISO   Time             `json:"build_started_at_iso"`
	BuildFinishedAtISO  Time             `json:"build_finished_at_iso"`
	BuildDuration       float64          `json:"build_duration"`        // seconds
	BuildQueuedDuration float64          `json:"build_queued_duration"` // seconds
	BuildAllowFailure   bool             `json:"build_allow_failure"`
	BuildFailureReason  string           `json:"build_failure_reason"`
	PipelineID          int64            `json:"pipeline_id"`
	Runner              Runner           `json:"runner"` // zero: none has it yet
	ProjectID           int64            `json:"project_id"`
	ProjectName         string           `json:"project_name"`
	User                User             `json:"user"`
	Commit              JobCommit        `json:"commit"`
	Repository          Repository       `json:"repository"`
	Project             Project          `json:"project"`
	Environment         Environment      `json:"environment"`
	SourcePipeline      SourcePipeline   `json:"source_pipeline"`
}

// JobCommit is a job's commit and its pipeline.
type JobCommit struct {
	ID            int64                 `json:"id"`   // the pipeline's
	Name          string                `json:"name"` // the pipeline's
	SHA           string                `json:"sha"`
	Message       string                `json:"message"`
	AuthorName    string                `json:"author_name"`
	AuthorEmail   string                `json:"author_email"`
	AuthorURL     string                `json:"author_url"`
	Status        gitlab.PipelineStatus `json:"status"`
	Duration      float64               `json:"duration"` // seconds
	StartedAt     Time                  `json:"started_at"`
	FinishedAt    Time                  `json:"finished_at"`
	StartedAtISO  Time                  `json:"started_at_iso"`
	FinishedAtISO Time                  `json:"finished_at_iso"`
}

func (e *JobEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "build" }
