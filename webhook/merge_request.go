package webhook

import (
	"encoding/json"
)

// MergeRequestEvent tells of a merge request. What has happened is its Action;
// Changes may be empty.
type MergeRequestEvent struct {
	Delivery         Delivery     `json:"-"`
	ObjectKind       string       `json:"object_kind"` // "merge_request"
	EventType        string       `json:"event_type"`  // the same
	User             User         `json:"user"`
	Project          Project      `json:"project"`
	ObjectAttributes MergeRequest `json:"object_attributes"`
	Assignees        []User       `json:"assignees"`
	Reviewers        []User       `json:"reviewers"`
	Labels           []Label      `json:"labels"`
	Changes          Changes      `json:"changes"`
	Repository       Repository   `json:"repository"`
}

// MergeRequest is a merge request. Events that are not about it leave most of it
// out.
type MergeRequest struct {
	ID                          int64           `json:"id"`
	IID                         int64           `json:"iid"`
	Title                       string          `json:"title"`
	Description                 string          `json:"description"`
	State                       string          `json:"state"`  // "opened", "closed", "locked" or "merged"
	Action                      string          `json:"action"` // "open", "close", "reopen", "update", "approval", "approved", "unapproval", "unapproved" or "merge"; "" outside of merge request events
	StateID                     int             `json:"state_id"`
	URL                         string          `json:"url"`
	Draft                       bool            `json:"draft"`
	WorkInProgress              bool            `json:"work_in_progress"` // Draft, for older GitLabs
	SourceBranch                string          `json:"source_branch"`
	SourceProjectID             int64           `json:"source_project_id"`
	Source                      Project         `json:"source"`
	TargetBranch                string          `json:"target_branch"`
	TargetProjectID             int64           `json:"target_project_id"`
	Target                      Project         `json:"target"`
	LastCommit                  Commit          `json:"last_commit"`
	OldRev                      string          `json:"oldrev"` // "" unless the code has changed
	AuthorID                    int64           `json:"author_id"`
	AssigneeIDs                 []int64         `json:"assignee_ids"`
	AssigneeID                  int64           `json:"assignee_id"` // the first of them
	Assignee                    User            `json:"assignee"`    // likewise
	ReviewerIDs                 []int64         `json:"reviewer_ids"`
	MilestoneID                 int64           `json:"milestone_id"`
	Labels                      []Label         `json:"labels"`
	DetailedMergeStatus         string          `json:"detailed_merge_status"`
	MergeStatus                 string          `json:"merge_status"` // deprecated by GitLab
	MergeWhenPipelineSucceeds   bool            `json:"merge_when_pipeline_succeeds"`
	MergeUserID                 int64           `json:"merge_user_id"`
	MergeCommitSHA              string          `json:"merge_commit_sha"`
	MergeError                  string          `json:"merge_error"`
	MergeParams                 json.RawMessage `json:"merge_params"`
	HeadPipelineID              int64           `json:"head_pipeline_id"`
	BlockingDiscussionsResolved bool            `json:"blocking_discussions_resolved"`
	FirstContribution           bool            `json:"first_contribution"`
	System                      bool            `json:"system"`           // GitLab did it, not a person
	SystemAction                string          `json:"system_action"`    // "approvals_reset_on_push" or "code_owner_approvals_reset_on_push"; "" unless System
	TimeEstimate                int64           `json:"time_estimate"`    // seconds
	TotalTimeSpent              int64           `json:"total_time_spent"` // seconds
	TimeChange                  int64           `json:"time_change"`      // seconds
	HumanTimeEstimate           string          `json:"human_time_estimate"`
	HumanTotalTimeSpent         string          `json:"human_total_time_spent"`
	HumanTimeChange             string          `json:"human_time_change"`
	CreatedAt                   Time            `json:"created_at"`
	UpdatedAt                   Time            `json:"updated_at"`
	UpdatedByID                 int64           `json:"updated_by_id"`
	PreparedAt                  Time            `json:"prepared_at"`
	LastEditedAt                Time            `json:"last_edited_at"`
	LastEditedByID              int64           `json:"last_edited_by_id"`
}

func (e *MergeRequestEvent) about() (*Delivery, bool) {
	return &e.Delivery, e.ObjectKind == "merge_request"
}
