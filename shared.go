package gitlab

import "time"

// BasicUser is what GitLab tells of a user beside something of theirs.
type BasicUser struct {
	ID          int64  `json:"id"`
	Username    string `json:"username"`
	Name        string `json:"name"`
	State       string `json:"state"` // "active", "blocked", …
	Locked      bool   `json:"locked"`
	PublicEmail string `json:"public_email"`
	AvatarURL   string `json:"avatar_url"` // "" if there is none
	WebURL      string `json:"web_url"`
}

// References are the ways to write of an issue or merge request in text.
type References struct {
	Short    string `json:"short"`    // "#7", in its own project
	Relative string `json:"relative"` // as short as the project or group that was asked allows
	Full     string `json:"full"`     // "group/app#7"
}

// TimeStats are an estimate and the time spent.
type TimeStats struct {
	TimeEstimate        int64  `json:"time_estimate"`    // seconds
	TotalTimeSpent      int64  `json:"total_time_spent"` // seconds
	HumanTimeEstimate   string `json:"human_time_estimate"`
	HumanTotalTimeSpent string `json:"human_total_time_spent"`
}

// TaskCompletionStatus counts the check boxes of a description.
type TaskCompletionStatus struct {
	Count          int `json:"count"`
	CompletedCount int `json:"completed_count"`
}

// PipelineStatus is how far a pipeline has come. GitLab may have others than
// those named here.
type PipelineStatus string

// The statuses of pipelines.
const (
	PipelineCreated            PipelineStatus = "created"
	PipelineWaitingForResource PipelineStatus = "waiting_for_resource"
	PipelinePreparing          PipelineStatus = "preparing"
	PipelinePending            PipelineStatus = "pending"
	PipelineRunning            PipelineStatus = "running"
	PipelineSuccess            PipelineStatus = "success"
	PipelineFailed             PipelineStatus = "failed"
	PipelineCanceling          PipelineStatus = "canceling"
	PipelineCanceled           PipelineStatus = "canceled"
	PipelineSkipped            PipelineStatus = "skipped"
	PipelineManual             PipelineStatus = "manual"
	PipelineScheduled          PipelineStatus = "scheduled"
)

// BasicPipeline is a pipeline as lists and other resources have it; see
// [PipelinesService.Get] for the whole.
type BasicPipeline struct {
	ID        int64          `json:"id"`
	IID       int64          `json:"iid"`
	ProjectID int64          `json:"project_id"`
	Name      string         `json:"name"`
	SHA       string         `json:"sha"`
	Ref       string         `json:"ref"`
	Status    PipelineStatus `json:"status"`
	Source    string         `json:"source"` // "push", "web", "schedule", "merge_request_event", …
	WebURL    string         `json:"web_url"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

// Milestone is a milestone of a project or group
// (https://docs.gitlab.com/api/milestones/).
type Milestone struct {
	ID          int64     `json:"id"`
	IID         int64     `json:"iid"`        // its number in the project or group
	ProjectID   int64     `json:"project_id"` // 0: a group's
	GroupID     int64     `json:"group_id"`   // 0: a project's
	Title       string    `json:"title"`
	Description string    `json:"description"`
	State       string    `json:"state"` // "active" or "closed"
	StartDate   Date      `json:"start_date"`
	DueDate     Date      `json:"due_date"`
	Expired     bool      `json:"expired"`
	WebURL      string    `json:"web_url"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}
