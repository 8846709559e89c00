package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/freshgrant/gitlab"
)

const (
	approvalsJSON    = `{"id":5,"iid":133,"approved":true,"approved_by":[{"user":` + graceUserJSON + `,"approved_at":"2018-09-13T00:40:20Z"}],"user_has_approved":true,"user_can_approve":true,"approvals_required":3,"approvals_left":2,"require_password_to_approve":true,"suggested_approvers":[` + linusUserJSON + `],"has_approval_rules":true,"approval_rules_left":[{"id":8,"name":"Security","rule_type":"regular"}],"invalid_approvers_rules":[{"id":9,"name":"Nobody","rule_type":"code_owner"}],"merge_request_approvers_available":true,"multiple_approval_rules_available":true,"approvers":[]}`
	basicVersionJSON = `{"id":110,"head_commit_sha":"h2","base_commit_sha":"b2","start_commit_sha":"s2","created_at":"2018-09-13T00:40:21Z","merge_request_id":105,"state":"collected","real_size":"1","patch_id_sha":"p2"}`
	versionJSON      = `{"id":110,"head_commit_sha":"h2","base_commit_sha":"b2","start_commit_sha":"s2","created_at":"2018-09-13T00:40:21Z","merge_request_id":105,"state":"collected","real_size":"1","patch_id_sha":"p2","commits":[` + commitJSON + `],"diffs":[` + diffJSON + `]}`
)

var (
	fullApprovals = gitlab.MergeRequestApprovals{
		Approved: true, ApprovedBy: []gitlab.Approval{{User: graceUser, ApprovedAt: second(20)}}, UserHasApproved: true, UserCanApprove: true, ApprovalsRequired: 3, ApprovalsLeft: 2,
		RequirePasswordToApprove: true, SuggestedApprovers: []gitlab.BasicUser{linusUser}, HasApprovalRules: true,
		ApprovalRulesLeft:              []gitlab.ApprovalRule{{ID: 8, Name: "Security", RuleType: "regular"}},
		InvalidApproversRules:          []gitlab.ApprovalRule{{ID: 9, Name: "Nobody", RuleType: "code_owner"}},
		MergeRequestApproversAvailable: true, MultipleApprovalRulesAvailable: true,
	}
	basicVersion = gitlab.MergeRequestVersion{
		ID: 110, MergeRequestID: 105, HeadCommitSHA: "h2", BaseCommitSHA: "b2", StartCommitSHA: "s2", PatchIDSHA: "p2", State: "collected", RealSize: "1", CreatedAt: second(21),
	}
	fullVersion = func() gitlab.MergeRequestVersion {
		v := basicVersion
		v.Commits, v.Diffs = []gitlab.Commit{fullCommit}, []gitlab.Diff{fullDiff}
		return v
	}()
)

func TestMergeRequestReviewsAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "MergeRequestApprovals", reflect.ValueOf(fullApprovals))
	assertFilled(t, "MergeRequestVersion", reflect.ValueOf(fullVersion))
	approve := func(sha string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequestApprovals, error) {
			return c.MergeRequests.Approve(ctx, "group/app.io", 133, sha)
		})
	}
	const one = "/projects/group%2Fapp.io/merge_requests/133"
	runTyped(t, []typedCall{{
		name: "approve", method: http.MethodPost, path: one + "/approve", body: `{}`, status: 201, answer: approvalsJSON, want: fullApprovals, make: approve(""),
	}, {
		name: "approve what was seen", method: http.MethodPost, path: one + "/approve", body: `{"sha":"e82eb4a0"}`, status: 201, answer: approvalsJSON, want: fullApprovals,
		make: approve("e82eb4a0"),
	}, {
		name: "unapprove", method: http.MethodPost, path: one + "/unapprove", status: 201, answer: approvalsJSON, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.MergeRequests.Unapprove(ctx, "group/app.io", 133)
		},
	}, {
		name: "approvals", method: http.MethodGet, path: one + "/approvals", status: 200, answer: approvalsJSON, want: fullApprovals,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequestApprovals, error) {
			return c.MergeRequests.Approvals(ctx, "group/app.io", 133)
		}),
	}, {
		name: "commits", method: http.MethodGet, path: one + "/commits?per_page=100", status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Commit, error] {
			return c.MergeRequests.Commits(ctx, "group/app.io", 133)
		}),
	}, {
		name: "diffs", method: http.MethodGet, path: one + "/diffs?per_page=100", status: 200, answer: "[" + diffJSON + "]", want: []gitlab.Diff{fullDiff},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Diff, error] {
			return c.MergeRequests.Diffs(ctx, "group/app.io", 133)
		}),
	}, {
		name: "versions", method: http.MethodGet, path: one + "/versions?per_page=100", status: 200, answer: "[" + basicVersionJSON + "]",
		want: []gitlab.MergeRequestVersion{basicVersion},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequestVersion, error] {
			return c.MergeRequests.Versions(ctx, "group/app.io", 133)
		}),
	}, {
		name: "version", method: http.MethodGet, path: one + "/versions/110", status: 200, answer: versionJSON, want: fullVersion,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequestVersion, error) {
			return c.MergeRequests.Version(ctx, "group/app.io", 133, 110)
		}),
	}, {
		name: "pipelines", method: http.MethodGet, path: one + "/pipelines?per_page=100", status: 200, answer: "[" + basicPipelineJSON + "]",
		want: []gitlab.BasicPipeline{fullBasicPipeline},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.BasicPipeline, error] {
			return c.MergeRequests.Pipelines(ctx, "group/app.io", 133)
		}),
	}})
}
