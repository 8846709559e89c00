package gitlab

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"
)

// Issue is an issue of a project (https://docs.gitlab.com/api/issues/).
type Issue struct {
	ID             int64     `json:"id"`
	IID            int64     `json:"iid"` // its number in the project
	ProjectID      int64     `json:"project_id"`
	Title          string    `json:"title"`
	Description    string    `json:"description"`
	State          string    `json:"state"` // "opened" or "closed"
	IssueType      string    `json:"issue_type"`
	Labels         []string  `json:"labels"`
	Author         User      `json:"author"`
	Assignees      []User    `json:"assignees"`
	Confidential   bool      `json:"confidential"`
	Upvotes        int       `json:"upvotes"`
	Downvotes      int       `json:"downvotes"`
	UserNotesCount int       `json:"user_notes_count"`
	DueDate        string    `json:"due_date"` // YYYY-MM-DD; "": none
	WebURL         string    `json:"web_url"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	ClosedAt       time.Time `json:"closed_at"` // zero: open
}

// ListProjectIssues selects issues of a project; zero fields do not.
type ListProjectIssues struct {
	Scope  string // "created_by_me", "assigned_to_me" or "all"; "": all
	Search string // in title and description
	State  string // "opened" or "closed"
}

// CreateIssue is a new issue.
type CreateIssue struct {
	Title        string // required
	Description  string
	Labels       []string
	AssigneeIDs  []int64
	Confidential bool
	DueDate      string // YYYY-MM-DD
}

// IssuesService calls the issues API.
type IssuesService service

// List lists the issues of a project.
func (s *IssuesService) List(ctx context.Context, project string, in ListProjectIssues, opts ...RequestOption) iter.Seq2[Issue, error] {
	q := make(query)
	q.set("scope", orAll(in.Scope))
	q.set("search", in.Search)
	q.set("state", in.State)
	return List[Issue](ctx, s.client, PathTo(pathProjectIssues, project).With(q.values()), opts...)
}

// Get returns the issue with the number iid in project.
func (s *IssuesService) Get(ctx context.Context, project string, iid int64, opts ...RequestOption) (Issue, error) {
	return Get[Issue](ctx, s.client, PathTo(pathProjectIssue, project, iid), opts...)
}

// Create opens an issue.
func (s *IssuesService) Create(ctx context.Context, project string, in CreateIssue, opts ...RequestOption) (Issue, error) {
	body := struct {
		Title        string  `json:"title"`
		Description  string  `json:"description,omitzero"`
		Labels       string  `json:"labels,omitzero"`
		AssigneeIDs  []int64 `json:"assignee_ids,omitzero"`
		Confidential bool    `json:"confidential,omitzero"`
		DueDate      string  `json:"due_date,omitzero"`
	}{in.Title, in.Description, strings.Join(in.Labels, ","), in.AssigneeIDs, in.Confidential, in.DueDate}
	var out Issue
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathProjectIssues, project), body, &out, opts...)
	return out, err
}
