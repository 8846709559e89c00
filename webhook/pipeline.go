package webhook

import (
	"github.com/freshgrant/gitlab"
)

// PipelineEvent tells that a pipeline's status has changed.
type PipelineEvent struct {
	Delivery         Delivery       `json:"-"`
	ObjectKind       string         `json:"object_kind"` // "pipeline"
	ObjectAttributes Pipeline       `json:"object_attributes"`
	MergeRequest     MergeRequest   `json:"merge_request"` // zero: it is not one of a merge request
	User             User           `json:"user"`
	Project          Project        `json:"project"`
	Commit           Commit         `json:"commit"`
	SourcePipeline   SourcePipeline `json:"source_pipeline"` // zero: nothing else triggered it
	Builds           []Build        `json:"builds"`
}

// Pipeline is a pipeline.
type Pipeline struct {
	ID             int64                 `json:"id"`
	IID            int64                 `json:"iid"`
	Name           string                `json:"name"`
	Ref            string                `json:"ref"`
	Tag            bool                  `json:"tag"`
	SHA            string                `json:"sha"`
	BeforeSHA      string                `json:"before_sha"`
	Source         string                `json:"source"` // "push", "web", "schedule", "merge_request_event", …
	Status         gitlab.PipelineStatus `json:"status"`
	DetailedStatus string                `json:"detailed_status"`
	Stages         []string              `json:"stages"`
	CreatedAt      Time                  `json:"created_at"`
	FinishedAt     Time                  `json:"finished_at"`
	Duration       float64               `json:"duration"`        // seconds
	QueuedDuration float64               `json:"queued_duration"` // seconds
	Variables      []Variable            `json:"variables"`
	URL            string                `json:"url"`
}

// Variable is one that a pipeline was started with.
type Variable struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Build is a job, as its pipeline's events tell of it.
type Build struct {
	ID             int64            `json:"id"`
	Stage          string           `json:"stage"`
	Name           string           `json:"name"`
	Status         gitlab.JobStatus `json:"status"`
	CreatedAt      Time             `json:"created_at"`
	StartedAt      Time             `json:"started_at"`
	FinishedAt     Time             `json:"finished_at"`
	Duration       float64          `json:"duration"`        // seconds
	QueuedDuration float64          `json:"queued_duration"` // seconds
	FailureReason  string           `json:"failure_reason"`  // "": it has not failed
	When           string           `json:"when"`            // "on_success", "manual", …
	Manual         bool             `json:"manual"`
	AllowFailure   bool             `json:"allow_failure"`
	User           User             `json:"user"`
	Runner         Runner           `json:"runner"` // zero: none has it yet
	ArtifactsFile  ArtifactsFile    `json:"artifacts_file"`
	Environment    Environment      `json:"environment"`
}

// ArtifactsFile is the archive of a job's artifacts.
type ArtifactsFile struct {
	Filename string `json:"filename"` // "": there is none
	Size     int64  `json:"size"`     // bytes
}

func (e *PipelineEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "pipeline" }
