package webhook

import (
	"github.com/freshgrant/gitlab"
)

// IssueEvent tells of an issue or another work item. That it is confidential is
// told by the issue itself and by EventType.
type IssueEvent struct {
	Delivery         Delivery   `json:"-"`
	ObjectKind       string     `json:"object_kind"` // "issue", or "work_item" for other types
	EventType        string     `json:"event_type"`  // "issue", "confidential_issue", …
	User             User       `json:"user"`
	Project          Project    `json:"project"`
	ObjectAttributes Issue      `json:"object_attributes"`
	Assignees        []User     `json:"assignees"`
	Assignee         User       `json:"assignee"` // the first of them
	Labels           []Label    `json:"labels"`
	Changes          Changes    `json:"changes"`
	Repository       Repository `json:"repository"`
}

// Issue is an issue or another work item.
type Issue struct {
	ID                  int64            `json:"id"`
	IID                 int64            `json:"iid"`
	ProjectID           int64            `json:"project_id"`
	Type                string           `json:"type"` // "Issue", "Task", "Incident", "Epic", …
	Title               string           `json:"title"`
	Description         string           `json:"description"`
	State               string           `json:"state"`  // "opened" or "closed"
	Action              string           `json:"action"` // "open", "close", "reopen" or "update"; "" outside of issue events
	StateID             int              `json:"state_id"`
	URL                 string           `json:"url"`
	Confidential        bool             `json:"confidential"`
	DiscussionLocked    bool             `json:"discussion_locked"`
	AuthorID            int64            `json:"author_id"`
	AssigneeIDs         []int64          `json:"assignee_ids"`
	AssigneeID          int64            `json:"assignee_id"` // the first of them
	MilestoneID         int64            `json:"milestone_id"`
	Labels              []Label          `json:"labels"`
	DueDate             gitlab.Date      `json:"due_date"`
	Weight              int64            `json:"weight"`
	HealthStatus        string           `json:"health_status"`
	Severity            string           `json:"severity"`
	EscalationStatus    string           `json:"escalation_status"`
	EscalationPolicy    EscalationPolicy `json:"escalation_policy"`
	RelativePosition    int64            `json:"relative_position"`
	MovedToID           int64            `json:"moved_to_id"`
	DuplicatedToID      int64            `json:"duplicated_to_id"`
	TimeEstimate        int64            `json:"time_estimate"`    // seconds
	TotalTimeSpent      int64            `json:"total_time_spent"` // seconds
	TimeChange          int64            `json:"time_change"`      // seconds
	HumanTimeEstimate   string           `json:"human_time_estimate"`
	HumanTotalTimeSpent string           `json:"human_total_time_spent"`
	HumanTimeChange     string           `json:"human_time_change"`
	CreatedAt           Time             `json:"created_at"`
	UpdatedAt           Time             `json:"updated_at"`
	UpdatedByID         int64            `json:"updated_by_id"`
	LastEditedAt        Time             `json:"last_edited_at"`
	LastEditedByID      int64            `json:"last_edited_by_id"`
	ClosedAt            Time             `json:"closed_at"`
}

// EscalationPolicy is an incident's.
type EscalationPolicy struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (e *IssueEvent) about() (*Delivery, bool) {
	return &e.Delivery, e.ObjectKind == "issue" || e.ObjectKind == "work_item"
}
