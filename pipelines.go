package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Pipeline is a pipeline (https://docs.gitlab.com/api/pipelines/).
type Pipeline struct {
	BasicPipeline

	BeforeSHA      string         `json:"before_sha"` // of the ref before the push
	Tag            bool           `json:"tag"`        // Ref is a tag
	YAMLErrors     string         `json:"yaml_errors"`
	User           BasicUser      `json:"user"`
	StartedAt      time.Time      `json:"started_at"`
	FinishedAt     time.Time      `json:"finished_at"`
	CommittedAt    time.Time      `json:"committed_at"`
	Duration       float64        `json:"duration"`        // seconds
	QueuedDuration float64        `json:"queued_duration"` // seconds
	Coverage       string         `json:"coverage"`        // percent, such as "98.29"; "": not measured
	Archived       bool           `json:"archived"`
	DetailedStatus DetailedStatus `json:"detailed_status"`
}

// DetailedStatus is how GitLab shows a status to people.
type DetailedStatus struct {
	Icon         string             `json:"icon"`
	Text         string             `json:"text"`
	Label        string             `json:"label"`
	Group        string             `json:"group"`
	Tooltip      string             `json:"tooltip"`
	HasDetails   bool               `json:"has_details"`
	DetailsPath  string             `json:"details_path"`
	Illustration StatusIllustration `json:"illustration"`
	Favicon      string             `json:"favicon"`
}

// StatusIllustration is a picture that goes with a status, and its caption.
type StatusIllustration struct {
	Image   string `json:"image"`
	Size    string `json:"size"`
	Title   string `json:"title"`
	Content string `json:"content"`
}

// ListPipelines selects pipelines of a project; zero fields do not. Child
// pipelines are listed only with the Source "parent_pipeline".
type ListPipelines struct {
	Scope         string // "running", "pending", "finished", "branches" or "tags"
	Status        PipelineStatus
	Source        string // such as "push", "web", "schedule", "merge_request_event"
	Ref           string
	SHA           string
	Name          string
	Username      string // who started it
	YAMLErrors    *bool  // whether its configuration is wrong
	CreatedAfter  time.Time
	CreatedBefore time.Time
	UpdatedAfter  time.Time
	UpdatedBefore time.Time
	OrderBy       string // such as "id", "status", "ref", "updated_at"
	Sort          string // "asc" or "desc"
}

// PipelineVariable is a variable of one pipeline.
type PipelineVariable struct {
	Key          string `json:"key"`                    // required
	Value        string `json:"value"`                  // required
	VariableType string `json:"variable_type,omitzero"` // "env_var" or "file"; "": env_var
}

// CreatePipeline starts a pipeline.
type CreatePipeline struct {
	Ref       string             `json:"ref"` // required: branch or tag
	Variables []PipelineVariable `json:"variables,omitzero"`
	Inputs    map[string]any     `json:"inputs,omitzero"` // strings, numbers, booleans and slices of them, as the pipeline declares
}

// ListPipelineJobs selects jobs of a pipeline; zero fields do not.
type ListPipelineJobs struct {
	Scope          []JobStatus // any of them
	IncludeRetried bool        // also jobs that were run again since
}

// PipelinesService calls the pipelines API.
type PipelinesService service

// List lists the pipelines of a project, newest first.
func (s *PipelinesService) List(ctx context.Context, project string, in ListPipelines, opts ...RequestOption) iter.Seq2[BasicPipeline, error] {
	q := make(query)
	q.set("scope", in.Scope)
	q.set("status", string(in.Status))
	q.set("source", in.Source)
	q.set("ref", in.Ref)
	q.set("sha", in.SHA)
	q.set("name", in.Name)
	q.set("username", in.Username)
	q.choice("yaml_errors", in.YAMLErrors)
	q.time("created_after", in.CreatedAfter)
	q.time("created_before", in.CreatedBefore)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[BasicPipeline](ctx, s.client, PathTo(pathPipelines, project).With(q.values()), opts...)
}

// Latest returns the newest pipeline of a branch's or tag's newest commit; a ref
// of "" is the default branch. If there is none, it is [ErrForbidden], which is
// GitLab's way to say so.
func (s *PipelinesService) Latest(ctx context.Context, project, ref string, opts ...RequestOption) (Pipeline, error) {
	q := make(query)
	q.set("ref", ref)
	return Get[Pipeline](ctx, s.client, PathTo(pathPipelineLatest, project).With(q.values()), opts...)
}

// Get returns a pipeline.
func (s *PipelinesService) Get(ctx context.Context, project string, id int64, opts ...RequestOption) (Pipeline, error) {
	return Get[Pipeline](ctx, s.client, PathTo(pathPipeline, project, id), opts...)
}

// Create starts a pipeline.
func (s *PipelinesService) Create(ctx context.Context, project string, in CreatePipeline, opts ...RequestOption) (Pipeline, error) {
	var out Pipeline
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathPipelineCreate, project), in, &out, opts...)
	return out, err
}

// Retry runs the failed and canceled jobs of a pipeline again.
func (s *PipelinesService) Retry(ctx context.Context, project string, id int64, opts ...RequestOption) (Pipeline, error) {
	var out Pipeline
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathPipelineRetry, project, id), nil, &out, opts...)
	return out, err
}

// Cancel cancels the jobs of a pipeline that have not ended.
func (s *PipelinesService) Cancel(ctx context.Context, project string, id int64, opts ...RequestOption) (Pipeline, error) {
	var out Pipeline
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathPipelineCancel, project, id), nil, &out, opts...)
	return out, err
}

// Jobs lists the jobs of a pipeline, newest first.
func (s *PipelinesService) Jobs(
	ctx context.Context, project string, id int64, in ListPipelineJobs, opts ...RequestOption,
) iter.Seq2[Job, error] {
	q := jobScope(in.Scope)
	q.flag("include_retried", in.IncludeRetried)
	return List[Job](ctx, s.client, PathTo(pathPipelineJobs, project, id).With(q.values()), opts...)
}
