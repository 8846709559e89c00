package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// What merge requests, jobs, deployments and releases have in them. Times differ
// so that no field can stand for another.
const (
	graceUserJSON     = `{"id":12,"username":"grace","name":"Grace Hopper","state":"blocked","locked":true,"public_email":"grace@x.org","avatar_url":"https://a/12.png","web_url":"https://g/grace"}`
	linusUserJSON     = `{"id":13,"username":"linus","name":"Linus","state":"active","locked":true,"public_email":"l@x.org","avatar_url":"https://a/13.png","web_url":"https://g/linus"}`
	sprintJSON        = `{"id":50,"iid":5,"project_id":4,"group_id":3,"title":"v2.0","description":"Soon","state":"closed","start_date":"2018-08-08","due_date":"2018-09-22","expired":true,"web_url":"https://g/group/app/-/milestones/5","created_at":"2018-09-13T00:40:01Z","updated_at":"2018-09-13T00:40:02Z"}`
	basicPipelineJSON = `{"id":47,"iid":12,"project_id":4,"name":"Build","sha":"a91957a858320c0e17f3a0eca7cfacbff50ea29a","ref":"new-pipeline","status":"pending","source":"push","web_url":"https://g/group/app/-/pipelines/47","created_at":"2018-09-13T00:40:03Z","updated_at":"2018-09-13T00:40:04Z"}`
	pipelineJSON      = `{"id":287,"iid":144,"project_id":21,"name":"Whole","sha":"50f0acb76a40e34a4ff304f7347dcc6587da8a14","ref":"main","status":"success","source":"web","created_at":"2018-09-13T00:40:05Z","updated_at":"2018-09-13T00:40:06Z","web_url":"https://g/group/app/-/pipelines/287","before_sha":"8a24fb3c5877a6d0b611ca41fc86edc174593e2b","tag":true,"yaml_errors":"widgets:build: needs 'widgets:test'","user":` + graceUserJSON + `,"started_at":"2018-09-13T00:40:07Z","finished_at":"2018-09-13T00:40:08Z","committed_at":"2018-09-13T00:40:09Z","duration":34,"queued_duration":6.5,"coverage":"98.29","detailed_status":{"icon":"status_success","text":"passed","label":"passed with warnings","group":"success-with-warnings","tooltip":"tip","has_details":true,"details_path":"/group/app/-/pipelines/287","illustration":{"image":"empty.svg","size":"svg-430","title":"Not yet","content":"Wait"},"favicon":"/assets/ok.png"},"archived":true}`
	basicMRFields     = `"id":155016530,"iid":133,"project_id":4,"title":"Manual rules","description":"They are","state":"merged","draft":true,"imported":true,"imported_from":"github","source_project_id":5,"source_branch":"manual","target_project_id":4,"target_branch":"main","author":` + graceUserJSON + `,"assignees":[` + linusUserJSON + `],"reviewers":[` + graceUserJSON + `,` + linusUserJSON + `],"labels":["bug","a b"],"milestone":` + sprintJSON + `,"sha":"e82eb4a098e32c796079ca3915e07487fc4db24c","merge_commit_sha":"1162f719d711319a2efb2a35566f3bfdadee8bab","squash_commit_sha":"2262f719d711319a2efb2a35566f3bfdadee8bab","detailed_merge_status":"not_open","has_conflicts":true,"blocking_discussions_resolved":true,"discussion_locked":true,"merge_when_pipeline_succeeds":true,"should_remove_source_branch":true,"force_remove_source_branch":true,"allow_collaboration":true,"squash":true,"squash_on_merge":true,"upvotes":1,"downvotes":2,"user_notes_count":3,"task_completion_status":{"count":4,"completed_count":5},"time_stats":{"time_estimate":3600,"total_time_spent":1800,"human_time_estimate":"1h","human_total_time_spent":"30m"},"references":{"short":"!133","relative":"app!133","full":"group/app!133"},"web_url":"https://g/group/app/-/merge_requests/133","created_at":"2018-09-13T00:40:10Z","updated_at":"2018-09-13T00:40:11Z","prepared_at":"2018-09-13T00:40:12Z","merge_after":"2018-09-13T00:40:13Z","merged_at":"2018-09-13T00:40:14Z","merge_user":` + linusUserJSON + `,"closed_at":"2018-09-13T00:40:15Z","closed_by":` + graceUserJSON + `,"merge_status":"can_be_merged","assignee":` + linusUserJSON
	basicMRJSON       = `{` + basicMRFields + `}`
	mergeRequestJSON  = `{` + basicMRFields + `,"subscribed":true,"changes_count":"1000+","diff_refs":{"base_sha":"b1","head_sha":"h1","start_sha":"s1"},"head_pipeline":` + pipelineJSON + `,"latest_build_started_at":"2018-09-13T00:40:16Z","latest_build_finished_at":"2018-09-13T00:40:17Z","first_deployed_to_production_at":"2018-09-13T00:40:18Z","merge_error":"conflict","first_contribution":true,"user":{"can_merge":true},"rebase_in_progress":true,"diverged_commits_count":6}`
)

// second is one of the times of these answers.
func second(n int) time.Time { return time.Date(2018, 9, 13, 0, 40, n, 0, time.UTC) }

var (
	graceUser = gitlab.BasicUser{
		ID: 12, Username: "grace", Name: "Grace Hopper", State: "blocked", Locked: true, PublicEmail: "grace@x.org", AvatarURL: "https://a/12.png", WebURL: "https://g/grace",
	}
	linusUser = gitlab.BasicUser{
		ID: 13, Username: "linus", Name: "Linus", State: "active", Locked: true, PublicEmail: "l@x.org", AvatarURL: "https://a/13.png", WebURL: "https://g/linus",
	}
	sprint = gitlab.Milestone{
		ID: 50, IID: 5, ProjectID: 4, GroupID: 3, Title: "v2.0", Description: "Soon", State: "closed", StartDate: gitlab.Date{Year: 2018, Month: 8, Day: 8},
		DueDate: gitlab.Date{Year: 2018, Month: 9, Day: 22}, Expired: true, WebURL: "https://g/group/app/-/milestones/5", CreatedAt: second(1), UpdatedAt: second(2),
	}
	fullBasicPipeline = gitlab.BasicPipeline{
		ID: 47, IID: 12, ProjectID: 4, Name: "Build", SHA: "a91957a858320c0e17f3a0eca7cfacbff50ea29a", Ref: "new-pipeline", Status: gitlab.PipelinePending, Source: "push",
		WebURL: "https://g/group/app/-/pipelines/47", CreatedAt: second(3), UpdatedAt: second(4),
	}
	fullPipeline = gitlab.Pipeline{
		BasicPipeline: gitlab.BasicPipeline{
			ID: 287, IID: 144, ProjectID: 21, Name: "Whole", SHA: "50f0acb76a40e34a4ff304f7347dcc6587da8a14", Ref: "main", Status: gitlab.PipelineSuccess, Source: "web",
			WebURL: "https://g/group/app/-/pipelines/287", CreatedAt: second(5), UpdatedAt: second(6),
		},
		BeforeSHA: "8a24fb3c5877a6d0b611ca41fc86edc174593e2b", Tag: true, YAMLErrors: "widgets:build: needs 'widgets:test'", User: graceUser,
		StartedAt: second(7), FinishedAt: second(8), CommittedAt: second(9), Duration: 34, QueuedDuration: 6.5, Coverage: "98.29", Archived: true,
		DetailedStatus: gitlab.DetailedStatus{
			Icon: "status_success", Text: "passed", Label: "passed with warnings", Group: "success-with-warnings", Tooltip: "tip", HasDetails: true,
			DetailsPath: "/group/app/-/pipelines/287", Illustration: gitlab.StatusIllustration{Image: "empty.svg", Size: "svg-430", Title: "Not yet", Content: "Wait"},
			Favicon: "/assets/ok.png",
		},
	}
	basicMR = gitlab.MergeRequest{
		ID: 155016530, IID: 133, ProjectID: 4, Title: "Manual rules", Description: "They are", State: gitlab.MergeRequestMerged, Draft: true, Imported: true, ImportedFrom: "github",
		SourceProjectID: 5, SourceBranch: "manual", TargetProjectID: 4, TargetBranch: "main", Author: graceUser, Assignees: []gitlab.BasicUser{linusUser},
		Reviewers: []gitlab.BasicUser{graceUser, linusUser}, Labels: []string{"bug", "a b"}, Milestone: sprint, SHA: "e82eb4a098e32c796079ca3915e07487fc4db24c",
		MergeCommitSHA: "1162f719d711319a2efb2a35566f3bfdadee8bab", SquashCommitSHA: "2262f719d711319a2efb2a35566f3bfdadee8bab", DetailedMergeStatus: gitlab.MergeStatusNotOpen,
		HasConflicts: true, BlockingDiscussionsResolved: true, DiscussionLocked: true, MergeWhenPipelineSucceeds: true, ShouldRemoveSourceBranch: true,
		ForceRemoveSourceBranch: true, AllowCollaboration: true, Squash: true, SquashOnMerge: true, Upvotes: 1, Downvotes: 2, UserNotesCount: 3,
		TaskCompletionStatus: gitlab.TaskCompletionStatus{Count: 4, CompletedCount: 5},
		TimeStats:            gitlab.TimeStats{TimeEstimate: 3600, TotalTimeSpent: 1800, HumanTimeEstimate: "1h", HumanTotalTimeSpent: "30m"},
		References:           gitlab.References{Short: "!133", Relative: "app!133", Full: "group/app!133"},
		WebURL:               "https://g/group/app/-/merge_requests/133", CreatedAt: second(10), UpdatedAt: second(11), PreparedAt: second(12), MergeAfter: second(13),
		MergedAt: second(14), MergeUser: linusUser, ClosedAt: second(15), ClosedBy: graceUser,
	}
	fullMergeRequest = func() gitlab.MergeRequest {
		mr := basicMR
		mr.Subscribed, mr.ChangesCount, mr.DiffRefs, mr.HeadPipeline = true, "1000+", gitlab.DiffRefs{BaseSHA: "b1", HeadSHA: "h1", StartSHA: "s1"}, fullPipeline
		mr.LatestBuildStartedAt, mr.LatestBuildFinishedAt, mr.FirstDeployedToProductionAt = second(16), second(17), second(18)
		mr.MergeError, mr.FirstContribution, mr.User, mr.RebaseInProgress, mr.DivergedCommitsCount = "conflict", true, gitlab.MergeRequestUser{CanMerge: true}, true, 6
		return mr
	}()
)

func TestMergeRequestsAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "MergeRequest", reflect.ValueOf(fullMergeRequest))
	assertFilled(t, "BasicPipeline", reflect.ValueOf(fullBasicPipeline))
	list := func(place gitlab.Place, in gitlab.ListMergeRequests) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequest, error] {
			return c.MergeRequests.List(ctx, place, in)
		})
	}
	create := func(in gitlab.CreateMergeRequest) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequest, error) {
			return c.MergeRequests.Create(ctx, "group/app.io", in)
		})
	}
	update := func(in gitlab.UpdateMergeRequest) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequest, error) {
			return c.MergeRequests.Update(ctx, "group/app.io", 133, in)
		})
	}
	merge := func(in gitlab.MergeMergeRequest) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequest, error) {
			return c.MergeRequests.Merge(ctx, "group/app.io", 133, in)
		})
	}
	const one = "/projects/group%2Fapp.io/merge_requests/133"
	basic := []gitlab.MergeRequest{basicMR}
	runTyped(t, []typedCall{{
		name: "all of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/merge_requests?per_page=100&scope=all",
		status: 200, answer: "[" + basicMRJSON + "]", want: basic, make: list(gitlab.InProject("group/app.io"), gitlab.ListMergeRequests{}),
	}, {
		name: "drafts of a group", method: http.MethodGet, path: "/groups/parent%2Fchild.io/merge_requests?per_page=100&scope=all&wip=yes",
		status: 200, answer: "[" + basicMRJSON + "]", want: basic, make: list(gitlab.InGroup("parent/child.io"), gitlab.ListMergeRequests{Draft: new(true)}),
	}, {
		name: "some everywhere", method: http.MethodGet,
		path: "/merge_requests?approved_by_ids%5B%5D=21&approved_by_ids%5B%5D=22&assignee_id=13&assignee_username=linus&author_id=12&author_username=grace" +
			"&created_after=2018-09-13T00%3A40%3A01Z&created_before=2018-09-13T00%3A40%3A02Z&deployed_after=2018-09-13T00%3A40%3A05Z" +
			"&deployed_before=2018-09-13T00%3A40%3A06Z&environment=production&iids%5B%5D=42&iids%5B%5D=43&in=title&labels=bug%2Ca+b&merge_user_id=15" +
			"&merge_user_username=ada&milestone=v2.0&my_reaction_emoji=star&non_archived=false&order_by=updated_at&per_page=100&reviewer_id=14" +
			"&reviewer_username=ken&scope=assigned_to_me&search=it%2Bis&sort=asc&source_branch=manual&source_project_id=5&state=opened" +
			"&target_branch=main&updated_after=2018-09-13T00%3A40%3A03Z&updated_before=2018-09-13T00%3A40%3A04Z&wip=no&with_merge_status_recheck=true",
		status: 200, answer: "[" + basicMRJSON + "," + basicMRJSON + "]", want: []gitlab.MergeRequest{basicMR, basicMR},
		make: list(gitlab.Everywhere(), gitlab.ListMergeRequests{
			State: gitlab.MergeRequestOpened, Scope: "assigned_to_me", IIDs: []int64{42, 43}, Search: "it+is", In: "title", Labels: []string{"bug", "a b"}, Milestone: "v2.0",
			AuthorID: 12, AuthorUsername: "grace", AssigneeID: 13, AssigneeUsername: "linus", ReviewerID: 14, ReviewerUsername: "ken", MergeUserID: 15, MergeUserUsername: "ada",
			ApprovedByIDs: []int64{21, 22}, MyReactionEmoji: "star", SourceProjectID: 5, SourceBranch: "manual", TargetBranch: "main", Draft: new(false), NonArchived: new(false),
			CreatedAfter: second(1), CreatedBefore: second(2), UpdatedAfter: second(3), UpdatedBefore: second(4), DeployedAfter: second(5), DeployedBefore: second(6),
			Environment: "production", WithMergeStatusRecheck: true, OrderBy: "updated_at", Sort: "asc",
		}),
	}, {
		name: "get", method: http.MethodGet, path: one + "?include_diverged_commits_count=true&include_rebase_in_progress=true",
		status: 200, answer: mergeRequestJSON, want: fullMergeRequest,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.MergeRequest, error) {
			return c.MergeRequests.Get(ctx, "group/app.io", 133)
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/merge_requests",
		body:   `{"source_branch":"manual","target_branch":"main","title":"Manual rules"}`,
		status: 201, answer: mergeRequestJSON, want: fullMergeRequest,
		make: create(gitlab.CreateMergeRequest{SourceBranch: "manual", TargetBranch: "main", Title: "Manual rules"}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/merge_requests",
		body: `{"source_branch":"manual","target_branch":"main","title":"Manual rules","description":"They\nare","target_project_id":5,"assignee_ids":[12],"reviewer_ids":[13,14],` +
			`"milestone_id":50,"remove_source_branch":false,"squash":true,"allow_collaboration":false,"merge_after":"2018-09-13T00:40:13Z","labels":"bug,a b"}`,
		status: 201, answer: mergeRequestJSON, want: fullMergeRequest,
		make: create(gitlab.CreateMergeRequest{
			SourceBranch: "manual", TargetBranch: "main", Title: "Manual rules", Description: "They\nare", TargetProjectID: 5, AssigneeIDs: []int64{12}, ReviewerIDs: []int64{13, 14},
			Labels: []string{"bug", "a b"}, MilestoneID: 50, RemoveSourceBranch: new(false), Squash: new(true), AllowCollaboration: new(false), MergeAfter: second(13),
		}),
	}, {
		name: "update nothing", method: http.MethodPut, path: one, body: `{}`, status: 200, answer: mergeRequestJSON, want: fullMergeRequest, make: update(gitlab.UpdateMergeRequest{}),
	}, {
		name: "update everything", method: http.MethodPut, path: one,
		body: `{"title":"New","description":"Other","target_branch":"next","state_event":"reopen","assignee_ids":[12],"reviewer_ids":[13],"milestone_id":50,"remove_source_branch":true,` +
			`"squash":false,"discussion_locked":true,"allow_collaboration":false,"merge_after":"2018-09-13T00:40:13Z","labels":"bug,a b","add_labels":"c,d","remove_labels":"e,f"}`,
		status: 200, answer: mergeRequestJSON, want: fullMergeRequest,
		make: update(gitlab.UpdateMergeRequest{
			Title: new("New"), Description: new("Other"), TargetBranch: new("next"), StateEvent: "reopen", AssigneeIDs: []int64{12}, ReviewerIDs: []int64{13},
			Labels: []string{"bug", "a b"}, AddLabels: []string{"c", "d"}, RemoveLabels: []string{"e", "f"}, MilestoneID: new(int64(50)), RemoveSourceBranch: new(true),
			Squash: new(false), DiscussionLocked: new(true), AllowCollaboration: new(false), MergeAfter: second(13),
		}),
	}, {
		name: "take all away", method: http.MethodPut, path: one, body: `{"description":"","assignee_ids":[],"reviewer_ids":[],"milestone_id":0,"labels":""}`,
		status: 200, answer: mergeRequestJSON, want: fullMergeRequest,
		make: update(gitlab.UpdateMergeRequest{
			Description: new(""), AssigneeIDs: []int64{}, ReviewerIDs: []int64{}, Labels: []string{}, MilestoneID: new(int64(0)),
		}),
	}, {
		name: "merge", method: http.MethodPut, path: one + "/merge", body: `{}`, status: 200, answer: mergeRequestJSON, want: fullMergeRequest, make: merge(gitlab.MergeMergeRequest{}),
	}, {
		name: "merge with all that can be said", method: http.MethodPut, path: one + "/merge",
		body: `{"sha":"e82eb4a0","merge_commit_message":"Merge","squash_commit_message":"Squash","squash":false,"should_remove_source_branch":true,` +
			`"auto_merge":true,"merge_when_pipeline_succeeds":true}`,
		status: 200, answer: mergeRequestJSON, want: fullMergeRequest,
		make: merge(gitlab.MergeMergeRequest{
			SHA: "e82eb4a0", MergeCommitMessage: "Merge", SquashCommitMessage: "Squash", Squash: new(false), RemoveSourceBranch: new(true), AutoMerge: true,
		}),
	}})
}

func TestRefusedMergesSayWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	w.mock.RegisterNoResponder(always(http.StatusConflict, `{"message":"SHA does not match HEAD of source branch: e82eb4a0"}`))
	_, err := c.MergeRequests.Merge(t.Context(), "4", 133, gitlab.MergeMergeRequest{SHA: "1234abcd"})
	require.ErrorIs(t, err, gitlab.ErrConflict)
	_, err = c.MergeRequests.Approve(t.Context(), "4", 133, "1234abcd")
	require.ErrorIs(t, err, gitlab.ErrConflict)
	w.mock.RegisterNoResponder(always(http.StatusMethodNotAllowed, `{"message":"405 Method Not Allowed"}`))
	_, err = c.MergeRequests.Merge(t.Context(), "4", 133, gitlab.MergeMergeRequest{})
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusMethodNotAllowed, refused.StatusCode)
}

// TestNullsOfMergeRequestsAreZero is about an answer for a merge request that was
// opened just now.
func TestNullsOfMergeRequestsAreZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":1,"iid":2,"description":null,"author":null,"assignees":[],"reviewers":null,"milestone":null,"merge_user":null,"merged_at":null,"merge_after":null,"prepared_at":null,"closed_by":null,"merge_commit_sha":null,"discussion_locked":null,"should_remove_source_branch":null,"imported_from":null,"references":null,"time_stats":{"human_time_estimate":null},"changes_count":null,"diff_refs":null,"head_pipeline":null,"merge_error":null}`))
	mr, err := w.client.MergeRequests.Get(t.Context(), "group/app.io", 2)
	require.NoError(t, err)
	assert.Equal(t, gitlab.MergeRequest{ID: 1, IID: 2, Assignees: []gitlab.BasicUser{}}, mr)
}
