package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// CommitStatus is the outcome of a job of GitLab CI, or of another system, on a
// commit (https://docs.gitlab.com/api/commits/#commit-status).
type CommitStatus struct {
	ID           int64     `json:"id"`
	SHA          string    `json:"sha"`
	Ref          string    `json:"ref"`
	Status       JobStatus `json:"status"`
	Name         string    `json:"name"`
	TargetURL    string    `json:"target_url"`
	Description  string    `json:"description"`
	AllowFailure bool      `json:"allow_failure"`
	Coverage     *float64  `json:"coverage"` // percent; nil: not measured
	PipelineID   int64     `json:"pipeline_id"`
	Author       BasicUser `json:"author"`
	CreatedAt    time.Time `json:"created_at"`
	StartedAt    time.Time `json:"started_at"`
	FinishedAt   time.Time `json:"finished_at"`
}

// ListCommitStatuses selects statuses of a commit; zero fields do not.
type ListCommitStatuses struct {
	Ref        string
	Stage      string
	Name       string
	PipelineID int64
	All        bool   // also those that newer ones of the same name have replaced
	OrderBy    string // "id" or "pipeline_id"
	Sort       string // "asc" or "desc"
}

// SetCommitStatus is what another system says of a commit.
type SetCommitStatus struct {
	State       JobStatus `json:"state"`         // required: JobPending, JobRunning, JobSuccess, JobFailed, JobCanceled or JobSkipped
	Ref         string    `json:"ref,omitzero"`  // branch or tag; "": GitLab takes one that has the commit
	Name        string    `json:"name,omitzero"` // tells systems and checks apart; "": "default"
	TargetURL   string    `json:"target_url,omitzero"`
	Description string    `json:"description,omitzero"` // at most 255 characters
	Coverage    *float64  `json:"coverage,omitzero"`    // percent
	PipelineID  int64     `json:"pipeline_id,omitzero"` // where several pipelines have the commit
}

// Statuses lists the statuses of a commit.
func (s *CommitsService) Statuses(
	ctx context.Context, project, sha string, in ListCommitStatuses, opts ...RequestOption,
) iter.Seq2[CommitStatus, error] {
	q := make(query)
	q.set("ref", in.Ref)
	q.set("stage", in.Stage)
	q.set("name", in.Name)
	q.number("pipeline_id", in.PipelineID)
	q.flag("all", in.All)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[CommitStatus](ctx, s.client, PathTo(pathCommitStatuses, project, sha).With(q.values()), opts...)
}

// SetStatus sets the status of a commit under a name, as a job of the commit's
// pipeline, which GitLab makes if there is none. GitLab refuses some changes of
// a status that has ended; one that is set at the same time by someone else is
// [ErrConflict].
func (s *CommitsService) SetStatus(
	ctx context.Context, project, sha string, in SetCommitStatus, opts ...RequestOption,
) (CommitStatus, error) {
	var out CommitStatus
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathStatuses, project, sha), in, &out, opts...)
	return out, err
}
