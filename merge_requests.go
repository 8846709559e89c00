package gitlab

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MergeRequestState is what became of a merge request.
type MergeRequestState string

// The states of merge requests.
const (
	MergeRequestOpened MergeRequestState = "opened"
	MergeRequestClosed MergeRequestState = "closed"
	MergeRequestMerged MergeRequestState = "merged"
	MergeRequestLocked MergeRequestState = "locked" // while it is being merged
)

// MergeStatus says whether a merge request can be merged, and what is in the
// way. GitLab may have others than those named here.
type MergeStatus string

// The merge statuses of merge requests
// (https://docs.gitlab.com/api/merge_requests/#merge-status).
const (
	MergeStatusMergeable                MergeStatus = "mergeable"
	MergeStatusUnchecked                MergeStatus = "unchecked" // GitLab does not know yet, like the next three
	MergeStatusChecking                 MergeStatus = "checking"
	MergeStatusPreparing                MergeStatus = "preparing"
	MergeStatusApprovalsSyncing         MergeStatus = "approvals_syncing"
	MergeStatusCIMustPass               MergeStatus = "ci_must_pass"
	MergeStatusCIStillRunning           MergeStatus = "ci_still_running"
	MergeStatusCommitsStatus            MergeStatus = "commits_status" // the source branch is gone or has no commits of its own
	MergeStatusConflict                 MergeStatus = "conflict"
	MergeStatusDiscussionsNotResolved   MergeStatus = "discussions_not_resolved"
	MergeStatusDraft                    MergeStatus = "draft_status"
	MergeStatusJiraAssociationMissing   MergeStatus = "jira_association_missing"
	MergeStatusLockedLFSFiles           MergeStatus = "locked_lfs_files"
	MergeStatusLockedPaths              MergeStatus = "locked_paths"
	MergeStatusMergeRequestBlocked      MergeStatus = "merge_request_blocked" // by another one
	MergeStatusMergeTime                MergeStatus = "merge_time"            // not before MergeAfter
	MergeStatusNeedRebase               MergeStatus = "need_rebase"
	MergeStatusNotApproved              MergeStatus = "not_approved"
	MergeStatusNotOpen                  MergeStatus = "not_open"
	MergeStatusRequestedChanges         MergeStatus = "requested_changes"
	MergeStatusSecurityPolicyViolations MergeStatus = "security_policy_violations"
	MergeStatusStatusChecksMustPass     MergeStatus = "status_checks_must_pass"
	MergeStatusTitleRegex               MergeStatus = "title_regex"
)

// MergeRequest is a merge request (https://docs.gitlab.com/api/merge_requests/),
// as of GitLab 15.6. Lists leave the fields from Subscribed on zero.
type MergeRequest struct {
	ID                          int64                `json:"id"`
	IID                         int64                `json:"iid"` // its number in the project
	ProjectID                   int64                `json:"project_id"`
	Title                       string               `json:"title"`
	Description                 string               `json:"description"`
	State                       MergeRequestState    `json:"state"`
	Draft                       bool                 `json:"draft"`
	Imported                    bool                 `json:"imported"`
	ImportedFrom                string               `json:"imported_from"` // "none", "github", "bitbucket", …
	SourceProjectID             int64                `json:"source_project_id"`
	SourceBranch                string               `json:"source_branch"`
	TargetProjectID             int64                `json:"target_project_id"`
	TargetBranch                string               `json:"target_branch"`
	Author                      BasicUser            `json:"author"`
	Assignees                   []BasicUser          `json:"assignees"`
	Reviewers                   []BasicUser          `json:"reviewers"`
	Labels                      []string             `json:"labels"`
	Milestone                   Milestone            `json:"milestone"` // zero: none
	SHA                         string               `json:"sha"`       // the head of the source branch
	MergeCommitSHA              string               `json:"merge_commit_sha"`
	SquashCommitSHA             string               `json:"squash_commit_sha"`
	DetailedMergeStatus         MergeStatus          `json:"detailed_merge_status"`
	HasConflicts                bool                 `json:"has_conflicts"` // false until GitLab has checked
	BlockingDiscussionsResolved bool                 `json:"blocking_discussions_resolved"`
	DiscussionLocked            bool                 `json:"discussion_locked"`
	MergeWhenPipelineSucceeds   bool                 `json:"merge_when_pipeline_succeeds"` // it is set to merge by itself
	ShouldRemoveSourceBranch    bool                 `json:"should_remove_source_branch"`  // as said when it was merged
	ForceRemoveSourceBranch     bool                 `json:"force_remove_source_branch"`   // as said by the merge request
	AllowCollaboration          bool                 `json:"allow_collaboration"`          // members may push to the fork's branch
	Squash                      bool                 `json:"squash"`
	SquashOnMerge               bool                 `json:"squash_on_merge"` // Squash, as the project's settings allow
	Upvotes                     int                  `json:"upvotes"`
	Downvotes                   int                  `json:"downvotes"`
	UserNotesCount              int                  `json:"user_notes_count"`
	TaskCompletionStatus        TaskCompletionStatus `json:"task_completion_status"`
	TimeStats                   TimeStats            `json:"time_stats"`
	References                  References           `json:"references"`
	WebURL                      string               `json:"web_url"`
	CreatedAt                   time.Time            `json:"created_at"`
	UpdatedAt                   time.Time            `json:"updated_at"`
	PreparedAt                  time.Time            `json:"prepared_at"` // when its diff, pipelines and checks were there; zero: not yet
	MergeAfter                  time.Time            `json:"merge_after"` // zero: any time
	MergedAt                    time.Time            `json:"merged_at"`
	MergeUser                   BasicUser            `json:"merge_user"` // who merged it, or set it to merge by itself
	ClosedAt                    time.Time            `json:"closed_at"`
	ClosedBy                    BasicUser            `json:"closed_by"`

	Subscribed                  bool             `json:"subscribed"`
	ChangesCount                string           `json:"changes_count"` // files, as "1000+" if there are more; "": not known yet
	DiffRefs                    DiffRefs         `json:"diff_refs"`     // zero: not known yet
	HeadPipeline                Pipeline         `json:"head_pipeline"` // zero: none
	LatestBuildStartedAt        time.Time        `json:"latest_build_started_at"`
	LatestBuildFinishedAt       time.Time        `json:"latest_build_finished_at"`
	FirstDeployedToProductionAt time.Time        `json:"first_deployed_to_production_at"`
	MergeError                  string           `json:"merge_error"` // why the last attempt to merge or rebase failed
	FirstContribution           bool             `json:"first_contribution"`
	User                        MergeRequestUser `json:"user"`
	RebaseInProgress            bool             `json:"rebase_in_progress"`     // only from Get
	DivergedCommitsCount        int              `json:"diverged_commits_count"` // by which it is behind; only from Get
}

// DiffRefs are the commits between which a diff is, as positions in it need them.
type DiffRefs struct {
	BaseSHA  string `json:"base_sha"`
	HeadSHA  string `json:"head_sha"`
	StartSHA string `json:"start_sha"`
}

// MergeRequestUser is what the user who asks may do with a merge request.
type MergeRequestUser struct {
	CanMerge bool `json:"can_merge"`
}

// ListMergeRequests selects merge requests; zero fields do not. Of an ID and the
// username of the same role, give one.
type ListMergeRequests struct {
	State             MergeRequestState
	Scope             string // "created_by_me", "assigned_to_me", "reviews_for_me" or "all"; "": all, unlike GitLab's own default
	IIDs              []int64
	Search            string
	In                string   // where to search: "title", "description" or "title,description"; "": both
	Labels            []string // that it has all of; "None" and "Any" have a meaning of their own
	Milestone         string   // its title; "None" and "Any" have a meaning of their own
	AuthorID          int64
	AuthorUsername    string
	AssigneeID        int64
	AssigneeUsername  string
	ReviewerID        int64
	ReviewerUsername  string
	MergeUserID       int64
	MergeUserUsername string
	ApprovedByIDs     []int64 // who have all approved it; Premium
	MyReactionEmoji   string
	SourceProjectID   int64
	SourceBranch      string
	TargetBranch      string
	Draft             *bool // nil: drafts and others
	NonArchived       *bool // only of projects that are not archived; nil: GitLab's default, which is so in a group
	CreatedAfter      time.Time
	CreatedBefore     time.Time
	UpdatedAfter      time.Time
	UpdatedBefore     time.Time
	DeployedAfter     time.Time
	DeployedBefore    time.Time
	Environment       string // that it was deployed to
	// WithMergeStatusRecheck asks GitLab to find DetailedMergeStatus and
	// HasConflicts anew, for a later list: it does not wait for them.
	WithMergeStatusRecheck bool
	OrderBy                string // such as "created_at", "updated_at", "merged_at", "title"
	Sort                   string // "asc" or "desc"
}

// CreateMergeRequest is a new merge request.
type CreateMergeRequest struct {
	SourceBranch       string    `json:"source_branch"` // required
	TargetBranch       string    `json:"target_branch"` // required
	Title              string    `json:"title"`         // required; "Draft: " before it makes a draft
	Description        string    `json:"description,omitzero"`
	TargetProjectID    int64     `json:"target_project_id,omitzero"` // 0: the project itself; of a fork, the one it comes from
	AssigneeIDs        []int64   `json:"assignee_ids,omitzero"`
	ReviewerIDs        []int64   `json:"reviewer_ids,omitzero"`
	Labels             []string  `json:"-"` // sent as one string
	MilestoneID        int64     `json:"milestone_id,omitzero"`
	RemoveSourceBranch *bool     `json:"remove_source_branch,omitzero"` // nil: the project's default
	Squash             *bool     `json:"squash,omitzero"`               // nil: the project's default
	AllowCollaboration *bool     `json:"allow_collaboration,omitzero"`
	MergeAfter         time.Time `json:"merge_after,omitzero"`
}

// UpdateMergeRequest changes a merge request. Nil and zero fields leave it as it
// is; an empty slice that is not nil takes all away, where it says so.
type UpdateMergeRequest struct {
	Title              *string   `json:"title,omitzero"`
	Description        *string   `json:"description,omitzero"`
	TargetBranch       *string   `json:"target_branch,omitzero"`
	StateEvent         string    `json:"state_event,omitzero"`  // "close" or "reopen"
	AssigneeIDs        []int64   `json:"assignee_ids,omitzero"` // empty: nobody
	ReviewerIDs        []int64   `json:"reviewer_ids,omitzero"` // empty: nobody
	Labels             []string  `json:"-"`                     // in place of those it has; empty: none
	AddLabels          []string  `json:"-"`
	RemoveLabels       []string  `json:"-"`
	MilestoneID        *int64    `json:"milestone_id,omitzero"` // 0: none
	RemoveSourceBranch *bool     `json:"remove_source_branch,omitzero"`
	Squash             *bool     `json:"squash,omitzero"`
	DiscussionLocked   *bool     `json:"discussion_locked,omitzero"`
	AllowCollaboration *bool     `json:"allow_collaboration,omitzero"`
	MergeAfter         time.Time `json:"merge_after,omitzero"`
}

// MergeMergeRequest says how to merge a merge request.
type MergeMergeRequest struct {
	SHA                 string `json:"sha,omitzero"`                         // refuse if the head is another; "": merge whatever is there
	MergeCommitMessage  string `json:"merge_commit_message,omitzero"`        // "": the project's
	SquashCommitMessage string `json:"squash_commit_message,omitzero"`       // "": the project's
	Squash              *bool  `json:"squash,omitzero"`                      // nil: as the merge request says
	RemoveSourceBranch  *bool  `json:"should_remove_source_branch,omitzero"` // nil: as the merge request says
	AutoMerge           bool   `json:"auto_merge,omitzero"`                  // not now, but when all its conditions are met
}

// MergeRequestsService calls the merge requests API.
type MergeRequestsService service

// List lists the merge requests into a project, into the projects of a group and
// its subgroups, or everywhere.
func (s *MergeRequestsService) List(ctx context.Context, place Place, in ListMergeRequests, opts ...RequestOption) iter.Seq2[MergeRequest, error] {
	q := make(query)
	q.set("state", string(in.State))
	q.set("scope", orAll(in.Scope))
	q.numbers("iids", in.IIDs)
	q.set("search", in.Search)
	q.set("in", in.In)
	q.set("labels", strings.Join(in.Labels, ","))
	q.set("milestone", in.Milestone)
	q.number("author_id", in.AuthorID)
	q.set("author_username", in.AuthorUsername)
	q.number("assignee_id", in.AssigneeID)
	q.set("assignee_username", in.AssigneeUsername)
	q.number("reviewer_id", in.ReviewerID)
	q.set("reviewer_username", in.ReviewerUsername)
	q.number("merge_user_id", in.MergeUserID)
	q.set("merge_user_username", in.MergeUserUsername)
	q.numbers("approved_by_ids", in.ApprovedByIDs)
	q.set("my_reaction_emoji", in.MyReactionEmoji)
	q.number("source_project_id", in.SourceProjectID)
	q.set("source_branch", in.SourceBranch)
	q.set("target_branch", in.TargetBranch)
	if in.Draft != nil {
		wip := "no"
		if *in.Draft {
			wip = "yes"
		}
		q.set("wip", wip)
	}
	q.choice("non_archived", in.NonArchived)
	q.time("created_after", in.CreatedAfter)
	q.time("created_before", in.CreatedBefore)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.time("deployed_after", in.DeployedAfter)
	q.time("deployed_before", in.DeployedBefore)
	q.set("environment", in.Environment)
	q.flag("with_merge_status_recheck", in.WithMergeStatusRecheck)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	path := place.path(places{project: pathProjectMergeRequests, group: pathGroupMergeRequests, everywhere: pathMergeRequests})
	return List[MergeRequest](ctx, s.client, path.With(q.values()), opts...)
}

// Get returns the merge request with the number iid in project, whole. It also
// makes GitLab check whether it can be merged, and does not wait for that.
func (s *MergeRequestsService) Get(ctx context.Context, project string, iid int64, opts ...RequestOption) (MergeRequest, error) {
	q := url.Values{"include_diverged_commits_count": {"true"}, "include_rebase_in_progress": {"true"}}
	return Get[MergeRequest](ctx, s.client, PathTo(pathMergeRequest, project, iid).With(q), opts...)
}

// Create opens a merge request from a branch of project. If there is one from
// and to the same branches already, it is [ErrConflict].
func (s *MergeRequestsService) Create(ctx context.Context, project string, in CreateMergeRequest, opts ...RequestOption) (MergeRequest, error) {
	body := struct {
		CreateMergeRequest

		Labels string `json:"labels,omitzero"`
	}{in, strings.Join(in.Labels, ",")}
	var out MergeRequest
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathProjectMergeRequests, project), body, &out, opts...)
	return out, err
}

// Update changes a merge request.
func (s *MergeRequestsService) Update(
	ctx context.Context, project string, iid int64, in UpdateMergeRequest, opts ...RequestOption,
) (MergeRequest, error) {
	body := struct {
		UpdateMergeRequest

		Labels       *string `json:"labels,omitzero"`
		AddLabels    string  `json:"add_labels,omitzero"`
		RemoveLabels string  `json:"remove_labels,omitzero"`
	}{UpdateMergeRequest: in, AddLabels: strings.Join(in.AddLabels, ","), RemoveLabels: strings.Join(in.RemoveLabels, ",")}
	if in.Labels != nil {
		body.Labels = new(strings.Join(in.Labels, ","))
	}
	var out MergeRequest
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathMergeRequest, project, iid), body, &out, opts...)
	return out, err
}

// Merge merges a merge request, or sets it to merge by itself. If its head is
// not in.SHA, it is [ErrConflict]; if it cannot be merged, the [*APIError] has
// the status 405 or 422.
func (s *MergeRequestsService) Merge(
	ctx context.Context, project string, iid int64, in MergeMergeRequest, opts ...RequestOption,
) (MergeRequest, error) {
	body := struct {
		MergeMergeRequest

		// The name of auto_merge before GitLab 17.11, which would merge at once without it.
		MergeWhenPipelineSucceeds bool `json:"merge_when_pipeline_succeeds,omitzero"`
	}{in, in.AutoMerge}
	var out MergeRequest
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathMergeRequestMerge, project, iid), body, &out, opts...)
	return out, err
}
