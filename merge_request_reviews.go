package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// MergeRequestApprovals says who has approved a merge request, and what it still
// needs (https://docs.gitlab.com/api/merge_request_approvals/). Without Premium,
// the fields from ApprovalsRequired on are zero.
type MergeRequestApprovals struct {
	Approved        bool       `json:"approved"`
	ApprovedBy      []Approval `json:"approved_by"`
	UserHasApproved bool       `json:"user_has_approved"` // the user who asks
	UserCanApprove  bool       `json:"user_can_approve"`

	ApprovalsRequired              int            `json:"approvals_required"`
	ApprovalsLeft                  int            `json:"approvals_left"`
	RequirePasswordToApprove       bool           `json:"require_password_to_approve"`
	SuggestedApprovers             []BasicUser    `json:"suggested_approvers"`
	HasApprovalRules               bool           `json:"has_approval_rules"`
	ApprovalRulesLeft              []ApprovalRule `json:"approval_rules_left"`
	InvalidApproversRules          []ApprovalRule `json:"invalid_approvers_rules"` // that nobody can meet
	MergeRequestApproversAvailable bool           `json:"merge_request_approvers_available"`
	MultipleApprovalRulesAvailable bool           `json:"multiple_approval_rules_available"`
}

// Approval is one user's approval of a merge request.
type Approval struct {
	User       BasicUser `json:"user"`
	ApprovedAt time.Time `json:"approved_at"`
}

// ApprovalRule names a rule that a merge request's approvals have to meet.
type ApprovalRule struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	RuleType string `json:"rule_type"` // "regular", "code_owner", "any_approver", "report_approver"
}

// MergeRequestVersion is one state of a merge request's diff, as each push to it
// makes one.
type MergeRequestVersion struct {
	ID             int64     `json:"id"`
	MergeRequestID int64     `json:"merge_request_id"` // not the number in the project
	HeadCommitSHA  string    `json:"head_commit_sha"`
	BaseCommitSHA  string    `json:"base_commit_sha"`
	StartCommitSHA string    `json:"start_commit_sha"`
	PatchIDSHA     string    `json:"patch_id_sha"` // the same for the same changes on another base
	State          string    `json:"state"`        // "collected", "overflow", "empty", …
	RealSize       string    `json:"real_size"`    // files, as "1000+" if there are more
	CreatedAt      time.Time `json:"created_at"`
	Commits        []Commit  `json:"commits"` // only from Version
	Diffs          []Diff    `json:"diffs"`   // only from Version
}

// Approve approves a merge request, as the user that the client acts as. sha is
// the head that was looked at: if there is another one by now, it is
// [ErrConflict]. "" approves whatever is there.
func (s *MergeRequestsService) Approve(
	ctx context.Context, project string, iid int64, sha string, opts ...RequestOption,
) (MergeRequestApprovals, error) {
	body := struct {
		SHA string `json:"sha,omitzero"`
	}{sha}
	var out MergeRequestApprovals
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathMergeRequestApprove, project, iid), body, &out, opts...)
	return out, err
}

// Unapprove takes the user's own approval back. If there is none, it is
// [ErrNotFound].
func (s *MergeRequestsService) Unapprove(ctx context.Context, project string, iid int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodPost, PathTo(pathMergeRequestUnapprove, project, iid), nil, nil, opts...)
}

// Approvals returns who has approved a merge request.
func (s *MergeRequestsService) Approvals(ctx context.Context, project string, iid int64, opts ...RequestOption) (MergeRequestApprovals, error) {
	return Get[MergeRequestApprovals](ctx, s.client, PathTo(pathMergeRequestApprovals, project, iid), opts...)
}

// Commits lists the commits of a merge request, newest first.
func (s *MergeRequestsService) Commits(ctx context.Context, project string, iid int64, opts ...RequestOption) iter.Seq2[Commit, error] {
	return List[Commit](ctx, s.client, PathTo(pathMergeRequestCommits, project, iid), opts...)
}

// Diffs lists the files that a merge request changes.
func (s *MergeRequestsService) Diffs(ctx context.Context, project string, iid int64, opts ...RequestOption) iter.Seq2[Diff, error] {
	return List[Diff](ctx, s.client, PathTo(pathMergeRequestDiffs, project, iid), opts...)
}

// Versions lists the versions of a merge request's diff, newest first.
func (s *MergeRequestsService) Versions(
	ctx context.Context, project string, iid int64, opts ...RequestOption,
) iter.Seq2[MergeRequestVersion, error] {
	return List[MergeRequestVersion](ctx, s.client, PathTo(pathMergeRequestVersions, project, iid), opts...)
}

// Version returns a version of a merge request's diff, with its commits and diffs.
func (s *MergeRequestsService) Version(
	ctx context.Context, project string, iid, version int64, opts ...RequestOption,
) (MergeRequestVersion, error) {
	return Get[MergeRequestVersion](ctx, s.client, PathTo(pathMergeRequestVersion, project, iid, version), opts...)
}

// Pipelines lists the pipelines of a merge request, newest first.
func (s *MergeRequestsService) Pipelines(ctx context.Context, project string, iid int64, opts ...RequestOption) iter.Seq2[BasicPipeline, error] {
	return List[BasicPipeline](ctx, s.client, PathTo(pathMergeRequestPipelines, project, iid), opts...)
}
