package gitlab

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IssueState is whether an issue is open.
type IssueState string

// The states of issues.
const (
	IssueOpened IssueState = "opened"
	IssueClosed IssueState = "closed"
)

// IssueType is the kind of an issue. GitLab may have others than those named
// here.
type IssueType string

// The types of issues.
const (
	IssueTypeIssue    IssueType = "issue"
	IssueTypeIncident IssueType = "incident"
	IssueTypeTestCase IssueType = "test_case"
	IssueTypeTask     IssueType = "task"
)

// IssueSeverity is how bad an incident is.
type IssueSeverity string

// The severities of incidents. Other issues are of unknown severity.
const (
	SeverityUnknown  IssueSeverity = "UNKNOWN"
	SeverityLow      IssueSeverity = "LOW"
	SeverityMedium   IssueSeverity = "MEDIUM"
	SeverityHigh     IssueSeverity = "HIGH"
	SeverityCritical IssueSeverity = "CRITICAL"
)

// HealthStatus is what those who work on an issue think of its progress
// (GitLab Ultimate).
type HealthStatus string

// The health statuses of issues.
const (
	HealthOnTrack        HealthStatus = "on_track"
	HealthNeedsAttention HealthStatus = "needs_attention"
	HealthAtRisk         HealthStatus = "at_risk"
)

// Issue is an issue of a project (https://docs.gitlab.com/api/issues/). Fields
// of paid tiers are zero elsewhere.
type Issue struct {
	ID                   int64                `json:"id"`
	IID                  int64                `json:"iid"` // its number in the project
	ProjectID            int64                `json:"project_id"`
	Title                string               `json:"title"`
	Description          string               `json:"description"`
	State                IssueState           `json:"state"`
	IssueType            IssueType            `json:"issue_type"`
	Type                 string               `json:"type"` // IssueType in capitals, such as "ISSUE"
	Labels               []string             `json:"labels"`
	Author               BasicUser            `json:"author"`
	Assignees            []BasicUser          `json:"assignees"`
	ClosedBy             BasicUser            `json:"closed_by"`
	Milestone            Milestone            `json:"milestone"`
	Iteration            Iteration            `json:"iteration"`
	Epic                 IssueEpic            `json:"epic"`
	Weight               *int64               `json:"weight"`        // nil: none
	HealthStatus         HealthStatus         `json:"health_status"` // "": none
	Severity             IssueSeverity        `json:"severity"`
	Confidential         bool                 `json:"confidential"`
	DiscussionLocked     bool                 `json:"discussion_locked"`
	Subscribed           bool                 `json:"subscribed"` // the caller is told of changes; never set in lists
	Imported             bool                 `json:"imported"`
	ImportedFrom         string               `json:"imported_from"` // such as "github"; "none"
	HasTasks             bool                 `json:"has_tasks"`
	TaskStatus           string               `json:"task_status"` // in words; "" without tasks
	TaskCompletionStatus TaskCompletionStatus `json:"task_completion_status"`
	TimeStats            TimeStats            `json:"time_stats"`
	Upvotes              int                  `json:"upvotes"`
	Downvotes            int                  `json:"downvotes"`
	UserNotesCount       int                  `json:"user_notes_count"`
	MergeRequestsCount   int                  `json:"merge_requests_count"`  // those that close it when merged
	BlockingIssuesCount  int                  `json:"blocking_issues_count"` // those that it blocks
	MovedToID            int64                `json:"moved_to_id"`           // 0: not moved
	ServiceDeskReplyTo   string               `json:"service_desk_reply_to"`
	StartDate            Date                 `json:"start_date"`
	DueDate              Date                 `json:"due_date"`
	References           References           `json:"references"`
	Links                IssueURLs            `json:"_links"`
	WebURL               string               `json:"web_url"`
	CreatedAt            time.Time            `json:"created_at"`
	UpdatedAt            time.Time            `json:"updated_at"`
	ClosedAt             time.Time            `json:"closed_at"` // zero: open
}

// IssueEpic is the epic that an issue belongs to (GitLab Premium).
type IssueEpic struct {
	ID                     int64  `json:"id"` // 0: none
	IID                    int64  `json:"iid"`
	GroupID                int64  `json:"group_id"`
	Title                  string `json:"title"`
	URL                    string `json:"url"` // without scheme and host
	HumanReadableEndDate   string `json:"human_readable_end_date"`
	HumanReadableTimestamp string `json:"human_readable_timestamp"` // such as "5 days remaining", in HTML
}

// Iteration is a time box of a group (GitLab Premium,
// https://docs.gitlab.com/api/group_iterations/).
type Iteration struct {
	ID          int64     `json:"id"` // 0: none
	IID         int64     `json:"iid"`
	Sequence    int64     `json:"sequence"` // its number in its cadence
	GroupID     int64     `json:"group_id"`
	Title       string    `json:"title"` // "" for those that GitLab made itself
	Description string    `json:"description"`
	State       int       `json:"state"` // 1: upcoming; 2: current; 3: closed
	StartDate   Date      `json:"start_date"`
	DueDate     Date      `json:"due_date"`
	WebURL      string    `json:"web_url"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// IssueURLs are an issue's URLs in the API.
type IssueURLs struct {
	Self                string `json:"self"`
	Notes               string `json:"notes"`
	AwardEmoji          string `json:"award_emoji"`
	Project             string `json:"project"`
	ClosedAsDuplicateOf string `json:"closed_as_duplicate_of"` // "": it was not
}

// ListIssues selects issues; zero fields do not. Of an id and a name that mean
// the same, set one.
type ListIssues struct {
	Scope             string // "created_by_me", "assigned_to_me" or "all"; "": all, unlike GitLab's own default
	State             IssueState
	Search            string   // in what In says
	In                string   // "title", "description" or "title,description"; "": both
	Labels            []string // all of them; or "None" or "Any" alone
	Milestone         string   // its title
	MilestoneID       string   // "None", "Any", "Upcoming" or "Started"
	AuthorID          int64
	AuthorUsername    string
	AssigneeID        int64
	AssigneeUsernames []string // all of them; GitLab Free takes one
	Assigned          *bool    // to anybody, or to nobody; not together with AssigneeID
	Not               NotIssues
	IIDs              []int64
	IssueType         IssueType
	Confidential      *bool  // nil: either
	DueDate           string // "any", "0" (none), "today", "tomorrow", "overdue", "week", "month", "next_month_and_previous_two_weeks"
	Weight            *int64
	HealthStatus      HealthStatus
	EpicID            int64
	IterationID       int64
	MyReactionEmoji   string // what the caller reacted with; "None" or "Any"
	NonArchived       *bool  // nil: only issues of projects that are not archived; not for one project
	CreatedAfter      time.Time
	CreatedBefore     time.Time
	UpdatedAfter      time.Time
	UpdatedBefore     time.Time
	OrderBy           string // such as "created_at", "updated_at", "due_date", "priority", "relative_position"; "": by creation
	Sort              string // "asc" or "desc"; "": descending
}

// NotIssues are issues that a [ListIssues] leaves out; zero fields leave out
// none.
type NotIssues struct {
	Labels            []string
	Milestone         string
	AuthorID          int64
	AuthorUsername    string
	AssigneeID        int64
	AssigneeUsernames []string
	MyReactionEmoji   string
}

func (in ListIssues) query() query {
	q := make(query)
	q.set("scope", orAll(in.Scope))
	q.set("state", string(in.State))
	q.set("search", in.Search)
	q.set("in", in.In)
	q.set("labels", strings.Join(in.Labels, ","))
	q.set("milestone", in.Milestone)
	q.set("milestone_id", in.MilestoneID)
	q.number("author_id", in.AuthorID)
	q.set("author_username", in.AuthorUsername)
	if in.Assigned != nil {
		q.set("assignee_id", "None")
		if *in.Assigned {
			q.set("assignee_id", "Any")
		}
	}
	q.number("assignee_id", in.AssigneeID)
	q.list("assignee_username", in.AssigneeUsernames)
	q.set("not[labels]", strings.Join(in.Not.Labels, ","))
	q.set("not[milestone]", in.Not.Milestone)
	q.number("not[author_id]", in.Not.AuthorID)
	q.set("not[author_username]", in.Not.AuthorUsername)
	q.number("not[assignee_id]", in.Not.AssigneeID)
	q.list("not[assignee_username]", in.Not.AssigneeUsernames)
	q.set("not[my_reaction_emoji]", in.Not.MyReactionEmoji)
	q.numbers("iids", in.IIDs)
	q.set("issue_type", string(in.IssueType))
	q.choice("confidential", in.Confidential)
	q.set("due_date", in.DueDate)
	if in.Weight != nil {
		q.set("weight", strconv.FormatInt(*in.Weight, 10))
	}
	q.set("health_status", string(in.HealthStatus))
	q.number("epic_id", in.EpicID)
	q.number("iteration_id", in.IterationID)
	q.set("my_reaction_emoji", in.MyReactionEmoji)
	q.choice("non_archived", in.NonArchived)
	q.time("created_after", in.CreatedAfter)
	q.time("created_before", in.CreatedBefore)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return q
}

// CreateIssue is a new issue.
type CreateIssue struct {
	Title        string    `json:"title"` // required
	Description  string    `json:"description,omitzero"`
	Labels       []string  `json:"labels,omitzero"` // GitLab creates those that the project does not have
	AssigneeIDs  []int64   `json:"assignee_ids,omitzero"`
	MilestoneID  int64     `json:"milestone_id,omitzero"` // not its iid
	IssueType    IssueType `json:"issue_type,omitzero"`
	Confidential bool      `json:"confidential,omitzero"`
	DueDate      Date      `json:"due_date,omitzero"`
	Weight       *int64    `json:"weight,omitzero"`
	EpicID       int64     `json:"epic_id,omitzero"`
	IID          int64     `json:"iid,omitzero"`        // owners only; 0: the next one
	CreatedAt    time.Time `json:"created_at,omitzero"` // owners only; zero: now
	// MergeRequestToResolve is the iid of a merge request: the issue is about its
	// discussions, or the one of DiscussionToResolve, and they are resolved.
	MergeRequestToResolve int64  `json:"merge_request_to_resolve_discussions_of,omitzero"`
	DiscussionToResolve   string `json:"discussion_to_resolve,omitzero"`
}

// UpdateIssue changes an issue. Fields that are nil or zero stay as they are.
type UpdateIssue struct {
	Title            *string    `json:"title,omitzero"`
	Description      *string    `json:"description,omitzero"`
	Labels           []string   `json:"labels,omitzero"` // instead of all that it has; empty but not nil: none
	AddLabels        []string   `json:"add_labels,omitzero"`
	RemoveLabels     []string   `json:"remove_labels,omitzero"`
	AssigneeIDs      []int64    `json:"assignee_ids,omitzero"` // instead of all that it has; empty but not nil: none
	MilestoneID      *int64     `json:"milestone_id,omitzero"` // not its iid; 0: none
	IssueType        *IssueType `json:"issue_type,omitzero"`
	Confidential     *bool      `json:"confidential,omitzero"`
	DiscussionLocked *bool      `json:"discussion_locked,omitzero"`
	DueDate          *Date      `json:"due_date,omitempty"` // the zero Date, which omitzero would leave out: none
	Weight           *int64     `json:"weight,omitzero"`
	EpicID           *int64     `json:"epic_id,omitzero"`
	StateEvent       string     `json:"state_event,omitzero"` // "close" or "reopen"
	UpdatedAt        time.Time  `json:"updated_at,omitzero"`  // owners only; zero: now
}

// IssuesService calls the issues API. Its lists are of a [Place]; a single issue
// is named by its project and its number there.
type IssuesService service

// List lists the issues of a project, of a group with all that is below it, or
// all that the identity may see.
func (s *IssuesService) List(ctx context.Context, place Place, in ListIssues, opts ...RequestOption) iter.Seq2[Issue, error] {
	path := place.path(places{project: pathProjectIssues, group: pathGroupIssues, everywhere: pathIssues})
	return List[Issue](ctx, s.client, path.With(in.query().values()), opts...)
}

// Get returns the issue with the number iid in project.
func (s *IssuesService) Get(ctx context.Context, project string, iid int64, opts ...RequestOption) (Issue, error) {
	return Get[Issue](ctx, s.client, PathTo(pathIssue, project, iid), opts...)
}

// Create opens an issue.
func (s *IssuesService) Create(ctx context.Context, project string, in CreateIssue, opts ...RequestOption) (Issue, error) {
	body := struct {
		CreateIssue
		Labels string `json:"labels,omitzero"` // as GitLab documents them
	}{in, strings.Join(in.Labels, ",")}
	var out Issue
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathProjectIssues, project), body, &out, opts...)
	return out, err
}

// Update changes an issue, and returns what it is then.
func (s *IssuesService) Update(ctx context.Context, project string, iid int64, in UpdateIssue, opts ...RequestOption) (Issue, error) {
	if in.AssigneeIDs != nil && len(in.AssigneeIDs) == 0 {
		in.AssigneeIDs = []int64{0} // nobody has this number, and GitLab may take an empty list for none given
	}
	body := struct {
		UpdateIssue
		Labels       *string `json:"labels,omitzero"`
		AddLabels    string  `json:"add_labels,omitzero"`
		RemoveLabels string  `json:"remove_labels,omitzero"`
	}{UpdateIssue: in, AddLabels: strings.Join(in.AddLabels, ","), RemoveLabels: strings.Join(in.RemoveLabels, ",")}
	if in.Labels != nil {
		body.Labels = new(strings.Join(in.Labels, ","))
	}
	var out Issue
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathIssue, project, iid), body, &out, opts...)
	return out, err
}

// Close closes an issue.
func (s *IssuesService) Close(ctx context.Context, project string, iid int64, opts ...RequestOption) (Issue, error) {
	return s.Update(ctx, project, iid, UpdateIssue{StateEvent: "close"}, opts...)
}

// Reopen opens a closed issue again.
func (s *IssuesService) Reopen(ctx context.Context, project string, iid int64, opts ...RequestOption) (Issue, error) {
	return s.Update(ctx, project, iid, UpdateIssue{StateEvent: "reopen"}, opts...)
}

// Assign assigns an issue to the users with these ids, instead of those that it
// is assigned to; without any, nil or empty, to nobody. GitLab Free keeps the
// first one only.
func (s *IssuesService) Assign(ctx context.Context, project string, iid int64, userIDs []int64, opts ...RequestOption) (Issue, error) {
	return s.Update(ctx, project, iid, UpdateIssue{AssigneeIDs: append([]int64{}, userIDs...)}, opts...)
}

// Delete deletes an issue, which only owners may.
func (s *IssuesService) Delete(ctx context.Context, project string, iid int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathIssue, project, iid), nil, nil, opts...)
}

// RelatedMergeRequests lists the merge requests that mention an issue, or are
// mentioned by it.
func (s *IssuesService) RelatedMergeRequests(ctx context.Context, project string, iid int64, opts ...RequestOption) iter.Seq2[MergeRequest, error] {
	return List[MergeRequest](ctx, s.client, PathTo(pathIssueMergeRequests, project, iid), opts...)
}
