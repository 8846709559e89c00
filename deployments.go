package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// DeploymentStatus is how far a deployment has come. GitLab may have others than
// those named here.
type DeploymentStatus string

// The statuses of deployments.
const (
	DeploymentCreated  DeploymentStatus = "created"
	DeploymentRunning  DeploymentStatus = "running"
	DeploymentSuccess  DeploymentStatus = "success"
	DeploymentFailed   DeploymentStatus = "failed"
	DeploymentCanceled DeploymentStatus = "canceled"
	DeploymentSkipped  DeploymentStatus = "skipped"
	DeploymentBlocked  DeploymentStatus = "blocked" // it waits for approvals
)

// Deployment is a deployment to an environment
// (https://docs.gitlab.com/api/deployments/). The fields about approvals are
// Premium's, and zero in lists.
type Deployment struct {
	ID                   int64                     `json:"id"`
	IID                  int64                     `json:"iid"` // its number in the project
	Ref                  string                    `json:"ref"`
	SHA                  string                    `json:"sha"`
	Status               DeploymentStatus          `json:"status"`
	User                 BasicUser                 `json:"user"`
	Environment          BasicEnvironment          `json:"environment"`
	Deployable           Job                       `json:"deployable"` // zero: no job of GitLab CI deployed it
	PendingApprovalCount int                       `json:"pending_approval_count"`
	Approvals            []DeploymentApproval      `json:"approvals"`
	ApprovalSummary      DeploymentApprovalSummary `json:"approval_summary"`
	CreatedAt            time.Time                 `json:"created_at"`
	UpdatedAt            time.Time                 `json:"updated_at"`
}

// BasicEnvironment is an environment as a deployment has it.
type BasicEnvironment struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Slug        string    `json:"slug"` // Name, fit for host names
	ExternalURL string    `json:"external_url"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// DeploymentApproval is one user's word on a deployment.
type DeploymentApproval struct {
	User      BasicUser `json:"user"`
	Status    string    `json:"status"` // "approved" or "rejected"
	Comment   string    `json:"comment"`
	CreatedAt time.Time `json:"created_at"`
}

// DeploymentApprovalSummary is what a deployment's approvals have to meet.
type DeploymentApprovalSummary struct {
	Rules []DeploymentApprovalRule `json:"rules"`
}

// DeploymentApprovalRule is one rule of a protected environment, and the
// approvals that count for it.
type DeploymentApprovalRule struct {
	UserID                 int64                `json:"user_id"`      // 0: not a user's
	GroupID                int64                `json:"group_id"`     // 0: not a group's
	AccessLevel            AccessLevel          `json:"access_level"` // 0: not for a role
	AccessLevelDescription string               `json:"access_level_description"`
	RequiredApprovals      int                  `json:"required_approvals"`
	DeploymentApprovals    []DeploymentApproval `json:"deployment_approvals"`
}

// ListDeployments selects deployments of a project; zero fields do not. GitLab
// wants OrderBy to match times: "updated_at" with UpdatedAfter and
// UpdatedBefore, "finished_at" with the other two.
type ListDeployments struct {
	Environment    string // its name
	Status         DeploymentStatus
	UpdatedAfter   time.Time
	UpdatedBefore  time.Time
	FinishedAfter  time.Time // with the status "success"
	FinishedBefore time.Time
	OrderBy        string // such as "id", "created_at", "updated_at", "finished_at"
	Sort           string // "asc" or "desc"; "": asc
}

// CreateDeployment is a deployment that another system than GitLab CI makes. All
// fields are required.
type CreateDeployment struct {
	Environment string           `json:"environment"` // its name; GitLab makes it if there is none
	Ref         string           `json:"ref"`
	SHA         string           `json:"sha"`
	Tag         bool             `json:"tag"`    // Ref is a tag
	Status      DeploymentStatus `json:"status"` // running, success, failed or canceled
}

// UpdateDeployment changes a deployment.
type UpdateDeployment struct {
	Status DeploymentStatus `json:"status"` // required: running, success, failed or canceled
}

// DeploymentsService calls the deployments API.
type DeploymentsService service

// List lists the deployments of a project, oldest first.
func (s *DeploymentsService) List(ctx context.Context, project string, in ListDeployments, opts ...RequestOption) iter.Seq2[Deployment, error] {
	q := make(query)
	q.set("environment", in.Environment)
	q.set("status", string(in.Status))
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.time("finished_after", in.FinishedAfter)
	q.time("finished_before", in.FinishedBefore)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[Deployment](ctx, s.client, PathTo(pathDeployments, project).With(q.values()), opts...)
}

// Get returns a deployment, by its ID.
func (s *DeploymentsService) Get(ctx context.Context, project string, id int64, opts ...RequestOption) (Deployment, error) {
	return Get[Deployment](ctx, s.client, PathTo(pathDeployment, project, id), opts...)
}

// Create records a deployment.
func (s *DeploymentsService) Create(ctx context.Context, project string, in CreateDeployment, opts ...RequestOption) (Deployment, error) {
	var out Deployment
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathDeployments, project), in, &out, opts...)
	return out, err
}

// Update changes the status of a deployment. Those that a job of GitLab CI makes
// are [ErrForbidden].
func (s *DeploymentsService) Update(
	ctx context.Context, project string, id int64, in UpdateDeployment, opts ...RequestOption,
) (Deployment, error) {
	var out Deployment
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathDeployment, project, id), in, &out, opts...)
	return out, err
}
