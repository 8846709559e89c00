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

const (
	eileenJSON    = `{"id":18,"username":"eileen.lowe","name":"Alexandra Bashirian","state":"active","locked":true,"public_email":"eileen@x.org","avatar_url":"https://a/18.png","web_url":"https://g/eileen.lowe"}`
	rootJSON      = `{"id":1,"username":"root","name":"Administrator","state":"blocked","locked":true,"public_email":"root@x.org","avatar_url":"https://a/1.png","web_url":"https://g/root","custom_attributes":[]}`
	v4JSON        = `{"id":17,"iid":2,"project_id":4,"group_id":3,"title":"v4.0","description":"Ducimus nam enim","state":"closed","start_date":"2015-12-01","due_date":"2016-02-29","expired":true,"web_url":"https://g/group/app.io/-/milestones/2","created_at":"2018-09-13T00:35:07Z","updated_at":"2018-09-13T00:35:08Z"}`
	iterationJSON = `{"id":90,"iid":4,"sequence":2,"group_id":162,"title":"Sprint","description":"Short","state":2,"created_at":"2018-09-13T00:35:09Z","updated_at":"2018-09-13T00:35:10Z","start_date":"2022-03-08","due_date":"2022-03-14","web_url":"https://g/groups/my-group/-/iterations/90"}`
	epicJSON      = `{"id":42,"iid":5,"title":"My epic epic","url":"/groups/h5bp/-/epics/5","group_id":8,"human_readable_end_date":"Mar 14, 2022","human_readable_timestamp":"<strong>5</strong> days remaining"}`

	// issueFields are all but the closing brace, since other answers have them too.
	issueFields = `{"id":76,"iid":6,"project_id":4,"title":"Consequatur","description":"Ratione dolores","state":"closed","created_at":"2018-09-13T00:35:01Z",` +
		`"updated_at":"2018-09-13T00:35:02Z","closed_at":"2018-09-13T00:35:03Z","closed_by":` + rootJSON + `,"labels":["foo","a b"],"milestone":` + v4JSON + `,` +
		`"assignees":[` + rootJSON + `,` + eileenJSON + `],"assignee":` + rootJSON + `,"author":` + eileenJSON + `,"type":"INCIDENT","user_notes_count":11,"merge_requests_count":12,` +
		`"upvotes":13,"downvotes":14,"start_date":"2016-07-01","due_date":"2016-07-22","confidential":true,"discussion_locked":true,"issue_type":"incident",` +
		`"web_url":"https://g/group/app.io/-/issues/6","time_stats":{"time_estimate":12600,"total_time_spent":3600,"human_time_estimate":"3h 30m","human_total_time_spent":"1h"},` +
		`"task_completion_status":{"count":15,"completed_count":10},"weight":3,"blocking_issues_count":16,"has_tasks":true,"task_status":"10 of 15 tasks completed",` +
		`"_links":{"self":"https://g/api/v4/projects/4/issues/6","notes":"https://g/api/v4/projects/4/issues/6/notes","award_emoji":"https://g/api/v4/projects/4/issues/6/award_emoji",` +
		`"project":"https://g/api/v4/projects/4","closed_as_duplicate_of":"https://g/api/v4/projects/1/issues/75"},` +
		`"references":{"short":"#6","relative":"app.io#6","full":"group/app.io#6"},"severity":"HIGH","subscribed":true,"moved_to_id":92,"imported":true,"imported_from":"github",` +
		`"service_desk_reply_to":"desk@x.org","epic_iid":5,"epic":` + epicJSON + `,"iteration":` + iterationJSON + `,"health_status":"at_risk"`
	issueJSON = issueFields + `}`
)

var (
	eileen = gitlab.BasicUser{
		ID: 18, Username: "eileen.lowe", Name: "Alexandra Bashirian", State: "active", Locked: true, PublicEmail: "eileen@x.org",
		AvatarURL: "https://a/18.png", WebURL: "https://g/eileen.lowe",
	}
	root = gitlab.BasicUser{
		ID: 1, Username: "root", Name: "Administrator", State: "blocked", Locked: true, PublicEmail: "root@x.org",
		AvatarURL: "https://a/1.png", WebURL: "https://g/root",
	}
	fullIssue = gitlab.Issue{
		ID: 76, IID: 6, ProjectID: 4, Title: "Consequatur", Description: "Ratione dolores", State: gitlab.IssueClosed,
		IssueType: gitlab.IssueTypeIncident, Type: "INCIDENT", Labels: []string{"foo", "a b"}, Author: eileen,
		Assignees: []gitlab.BasicUser{root, eileen}, ClosedBy: root,
		Milestone: gitlab.Milestone{
			ID: 17, IID: 2, ProjectID: 4, GroupID: 3, Title: "v4.0", Description: "Ducimus nam enim", State: "closed",
			StartDate: gitlab.Date{Year: 2015, Month: time.December, Day: 1}, DueDate: gitlab.Date{Year: 2016, Month: time.February, Day: 29},
			Expired: true, WebURL: "https://g/group/app.io/-/milestones/2", CreatedAt: at, UpdatedAt: at.Add(time.Second),
		},
		Iteration: gitlab.Iteration{
			ID: 90, IID: 4, Sequence: 2, GroupID: 162, Title: "Sprint", Description: "Short", State: 2,
			StartDate: gitlab.Date{Year: 2022, Month: time.March, Day: 8}, DueDate: gitlab.Date{Year: 2022, Month: time.March, Day: 14},
			WebURL: "https://g/groups/my-group/-/iterations/90", CreatedAt: at.Add(2 * time.Second), UpdatedAt: at.Add(3 * time.Second),
		},
		Epic: gitlab.IssueEpic{
			ID: 42, IID: 5, GroupID: 8, Title: "My epic epic", URL: "/groups/h5bp/-/epics/5", HumanReadableEndDate: "Mar 14, 2022",
			HumanReadableTimestamp: "<strong>5</strong> days remaining",
		},
		Weight: new(int64(3)), HealthStatus: gitlab.HealthAtRisk, Severity: gitlab.SeverityHigh, Confidential: true, DiscussionLocked: true,
		Subscribed: true, Imported: true, ImportedFrom: "github", HasTasks: true, TaskStatus: "10 of 15 tasks completed",
		TaskCompletionStatus: gitlab.TaskCompletionStatus{Count: 15, CompletedCount: 10},
		TimeStats:            gitlab.TimeStats{TimeEstimate: 12600, TotalTimeSpent: 3600, HumanTimeEstimate: "3h 30m", HumanTotalTimeSpent: "1h"},
		Upvotes:              13, Downvotes: 14, UserNotesCount: 11, MergeRequestsCount: 12, BlockingIssuesCount: 16, MovedToID: 92,
		ServiceDeskReplyTo: "desk@x.org", StartDate: gitlab.Date{Year: 2016, Month: time.July, Day: 1}, DueDate: gitlab.Date{Year: 2016, Month: time.July, Day: 22},
		References: gitlab.References{Short: "#6", Relative: "app.io#6", Full: "group/app.io#6"},
		Links: gitlab.IssueURLs{
			Self: "https://g/api/v4/projects/4/issues/6", Notes: "https://g/api/v4/projects/4/issues/6/notes",
			AwardEmoji: "https://g/api/v4/projects/4/issues/6/award_emoji", Project: "https://g/api/v4/projects/4",
			ClosedAsDuplicateOf: "https://g/api/v4/projects/1/issues/75",
		},
		WebURL: "https://g/group/app.io/-/issues/6", CreatedAt: at.Add(-6 * time.Second), UpdatedAt: at.Add(-5 * time.Second), ClosedAt: at.Add(-4 * time.Second),
	}
)

func TestIssuesAreComparedInEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range []any{fullIssue, fullLinkedIssue, fullIssueLink} {
		assertFilled(t, reflect.TypeOf(v).Name(), reflect.ValueOf(v))
	}
}

func TestIssuesAPI(t *testing.T) {
	t.Parallel()
	list := func(place gitlab.Place, in gitlab.ListIssues) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
			return c.Issues.List(ctx, place, in)
		})
	}
	create := func(in gitlab.CreateIssue) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Create(ctx, "group/app.io", in)
		})
	}
	update := func(in gitlab.UpdateIssue) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Update(ctx, "group/app.io", 6, in)
		})
	}
	assign := func(userIDs ...int64) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Assign(ctx, "group/app.io", 6, userIDs)
		})
	}
	in2019 := time.Date(2019, 3, 15, 10, 0, 0, 500, time.FixedZone("", 2*60*60))
	const one = "/projects/group%2Fapp.io/issues/6"
	runTyped(t, []typedCall{{
		name: "of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/issues?pagination=keyset&per_page=100&scope=all",
		status: 200, answer: "[" + issueJSON + "]", want: []gitlab.Issue{fullIssue}, make: list(gitlab.InProject("group/app.io"), gitlab.ListIssues{}),
	}, {
		name: "of a group", method: http.MethodGet, path: "/groups/parent%2Fchild.io/issues?per_page=100&scope=all",
		status: 200, answer: "[" + issueJSON + "," + issueJSON + "]", want: []gitlab.Issue{fullIssue, fullIssue},
		make: list(gitlab.InGroup("parent/child.io"), gitlab.ListIssues{}),
	}, {
		name: "everywhere", method: http.MethodGet, path: "/issues?per_page=100&scope=all",
		status: 200, answer: `[]`, want: []gitlab.Issue(nil), make: list(gitlab.Everywhere(), gitlab.ListIssues{}),
	}, {
		name: "selected by everything", method: http.MethodGet,
		path: "/issues?assignee_id=9&assignee_username%5B%5D=ada&assignee_username%5B%5D=bob&author_id=8&author_username=eve&confidential=false" +
			"&created_after=2019-03-15T08%3A00%3A00.0000005Z&created_before=2019-03-15T09%3A00%3A00.0000005Z&due_date=overdue&epic_id=42&health_status=on_track" +
			"&iids%5B%5D=6&iids%5B%5D=7&in=title&issue_type=task&iteration_id=90&labels=bug%2Ca+b&milestone=v4.0&milestone_id=Started&my_reaction_emoji=star&non_archived=false" +
			"&not%5Bassignee_id%5D=19&not%5Bassignee_username%5D%5B%5D=dan&not%5Bauthor_id%5D=18&not%5Bauthor_username%5D=mal&not%5Blabels%5D=x%2Cy&not%5Bmilestone%5D=v3.0" +
			"&not%5Bmy_reaction_emoji%5D=bomb&order_by=due_date&per_page=100&scope=assigned_to_me&search=it%2Bis&sort=asc&state=opened" +
			"&updated_after=2019-03-15T10%3A00%3A00.0000005Z&updated_before=2019-03-15T11%3A00%3A00.0000005Z&weight=0",
		status: 200, answer: "[" + issueJSON + "]", want: []gitlab.Issue{fullIssue},
		make: list(gitlab.Place{}, gitlab.ListIssues{
			Scope: "assigned_to_me", State: gitlab.IssueOpened, Search: "it+is", In: "title", Labels: []string{"bug", "a b"}, Milestone: "v4.0", MilestoneID: "Started",
			AuthorID: 8, AuthorUsername: "eve", AssigneeID: 9, AssigneeUsernames: []string{"ada", "bob"}, IIDs: []int64{6, 7},
			Not: gitlab.NotIssues{
				Labels: []string{"x", "y"}, Milestone: "v3.0", AuthorID: 18, AuthorUsername: "mal", AssigneeID: 19, AssigneeUsernames: []string{"dan"}, MyReactionEmoji: "bomb",
			},
			IssueType: gitlab.IssueTypeTask, Confidential: new(false), DueDate: "overdue", Weight: new(int64(0)), HealthStatus: gitlab.HealthOnTrack, EpicID: 42, IterationID: 90,
			MyReactionEmoji: "star", NonArchived: new(false), CreatedAfter: in2019, CreatedBefore: in2019.Add(time.Hour), UpdatedAfter: in2019.Add(2 * time.Hour),
			UpdatedBefore: in2019.Add(3 * time.Hour), OrderBy: "due_date", Sort: "asc",
		}),
	}, {
		name: "assigned", method: http.MethodGet, path: "/projects/4/issues?assignee_id=Any&pagination=keyset&per_page=100&scope=all", status: 200, answer: `[]`, want: []gitlab.Issue(nil),
		make: list(gitlab.InProject("4"), gitlab.ListIssues{Assigned: new(true)}),
	}, {
		name: "assigned to nobody", method: http.MethodGet, path: "/projects/4/issues?assignee_id=None&pagination=keyset&per_page=100&scope=all", status: 200, answer: `[]`, want: []gitlab.Issue(nil),
		make: list(gitlab.InProject("4"), gitlab.ListIssues{Assigned: new(false)}),
	}, {
		name: "get", method: http.MethodGet, path: one, status: 200, answer: issueJSON, want: fullIssue,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Get(ctx, "group/app.io", 6)
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/issues", body: `{"title":"Broken"}`,
		status: 201, answer: issueJSON, want: fullIssue, make: create(gitlab.CreateIssue{Title: "Broken"}),
	}, {
		name: "create nothing", method: http.MethodPost, path: "/projects/group%2Fapp.io/issues", body: `{"title":""}`,
		status: 201, answer: issueJSON, want: fullIssue, make: create(gitlab.CreateIssue{}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/issues",
		body: `{"title":"Broken \u0026 bent","description":"It\nis","assignee_ids":[7,8],"milestone_id":17,"issue_type":"incident","confidential":true,"due_date":"2019-01-02",` +
			`"weight":0,"epic_id":42,"iid":60,"created_at":"2018-09-13T00:35:07Z","merge_request_to_resolve_discussions_of":5,"discussion_to_resolve":"6a9c17","labels":"bug,a b"}`,
		status: 201, answer: issueJSON, want: fullIssue,
		make: create(gitlab.CreateIssue{
			Title: "Broken & bent", Description: "It\nis", Labels: []string{"bug", "a b"}, AssigneeIDs: []int64{7, 8}, MilestoneID: 17, IssueType: gitlab.IssueTypeIncident,
			Confidential: true, DueDate: gitlab.Date{Year: 2019, Month: time.January, Day: 2}, Weight: new(int64(0)), EpicID: 42, IID: 60, CreatedAt: at,
			MergeRequestToResolve: 5, DiscussionToResolve: "6a9c17",
		}),
	}, {
		name: "update nothing", method: http.MethodPut, path: one, body: `{}`, status: 200, answer: issueJSON, want: fullIssue, make: update(gitlab.UpdateIssue{}),
	}, {
		name: "update everything", method: http.MethodPut, path: one,
		body: `{"title":"Mended","description":"","assignee_ids":[7],"milestone_id":17,"issue_type":"task","confidential":false,"discussion_locked":true,"due_date":"2019-01-02","weight":5,` +
			`"epic_id":43,"state_event":"close","updated_at":"2018-09-13T00:35:07Z","labels":"bug,a b","add_labels":"c,d","remove_labels":"e,f"}`,
		status: 200, answer: issueJSON, want: fullIssue,
		make: update(gitlab.UpdateIssue{
			Title: new("Mended"), Description: new(""), Labels: []string{"bug", "a b"}, AddLabels: []string{"c", "d"}, RemoveLabels: []string{"e", "f"}, AssigneeIDs: []int64{7},
			MilestoneID: new(int64(17)), IssueType: new(gitlab.IssueTypeTask), Confidential: new(false), DiscussionLocked: new(true),
			DueDate: new(gitlab.Date{Year: 2019, Month: time.January, Day: 2}), Weight: new(int64(5)), EpicID: new(int64(43)), StateEvent: "close", UpdatedAt: at,
		}),
	}, {
		name: "update to none", method: http.MethodPut, path: one, body: `{"assignee_ids":[0],"milestone_id":0,"due_date":"","weight":0,"epic_id":0,"labels":""}`,
		status: 200, answer: issueJSON, want: fullIssue,
		make: update(gitlab.UpdateIssue{
			Labels: []string{}, AssigneeIDs: []int64{}, MilestoneID: new(int64(0)), DueDate: new(gitlab.Date{}), Weight: new(int64(0)), EpicID: new(int64(0)),
		}),
	}, {
		name: "close", method: http.MethodPut, path: one, body: `{"state_event":"close"}`, status: 200, answer: issueJSON, want: fullIssue,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Close(ctx, "group/app.io", 6)
		}),
	}, {
		name: "reopen", method: http.MethodPut, path: one, body: `{"state_event":"reopen"}`, status: 200, answer: issueJSON, want: fullIssue,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Reopen(ctx, "group/app.io", 6)
		}),
	}, {
		name: "assign", method: http.MethodPut, path: one, body: `{"assignee_ids":[18,1]}`, status: 200, answer: issueJSON, want: fullIssue, make: assign(18, 1),
	}, {
		name: "assign to nobody", method: http.MethodPut, path: one, body: `{"assignee_ids":[0]}`, status: 200, answer: issueJSON, want: fullIssue, make: assign(),
	}, {
		name: "delete", method: http.MethodDelete, path: one, status: 204, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Issues.Delete(ctx, "group/app.io", 6)
		},
	}, {
		name: "related merge requests", method: http.MethodGet, path: one + "/related_merge_requests?per_page=100", status: 200,
		answer: `[{"iid":5,"title":"Mend it"}]`, want: []gitlab.MergeRequest{{IID: 5, Title: "Mend it"}},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequest, error] {
			return c.Issues.RelatedMergeRequests(ctx, "group/app.io", 6)
		}),
	}})
}

func TestInputsOfIssuesAreNotChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, issueJSON))
	update, nobody := gitlab.UpdateIssue{AssigneeIDs: []int64{}}, []int64{}
	_, err := w.client.Issues.Update(t.Context(), "group/app.io", 6, update)
	require.NoError(t, err)
	_, err = w.client.Issues.Assign(t.Context(), "group/app.io", 6, nobody)
	require.NoError(t, err)
	assert.Equal(t, []int64{}, update.AssigneeIDs)
	assert.Equal(t, []int64{}, nobody)
}

// TestIssuesOfFree is about an answer of GitLab Free, an open issue of few
// features.
func TestIssuesOfFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":84,"iid":14,"project_id":4,"title":"Issues with auth","description":null,"state":"opened","labels":[],"assignees":[],`+
		`"assignee":null,"milestone":null,"closed_at":null,"closed_by":null,"due_date":null,"weight":null,"epic":null,"iteration":null,"health_status":null,"discussion_locked":null,`+
		`"time_stats":{"time_estimate":0,"total_time_spent":0,"human_time_estimate":null,"human_total_time_spent":null},"moved_to_id":null,"service_desk_reply_to":null,`+
		`"_links":{"closed_as_duplicate_of":null},"issue_type":"ticket","severity":"UNKNOWN"}`))
	issue, err := w.client.Issues.Get(t.Context(), "group/app.io", 14)
	require.NoError(t, err)
	assert.Equal(t, gitlab.Issue{
		ID: 84, IID: 14, ProjectID: 4, Title: "Issues with auth", State: gitlab.IssueOpened, Labels: []string{}, Assignees: []gitlab.BasicUser{},
		IssueType: "ticket", Severity: gitlab.SeverityUnknown,
	}, issue, "no weight is not the weight 0, and unknown types are kept")
}

// TestNamesOfIssuesThatMeanAnotherResource is about every method that takes the
// name of a project or group.
func TestNamesOfIssuesThatMeanAnotherResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	last := func(_ any, err error) error { return err }
	for _, name := range []string{"", ".", ".."} {
		for _, err := range []error{
			first(c.Issues.List(ctx, gitlab.InProject(name), gitlab.ListIssues{})),
			first(c.Issues.List(ctx, gitlab.InGroup(name), gitlab.ListIssues{})),
			last(c.Issues.Get(ctx, name, 6)),
			last(c.Issues.Create(ctx, name, gitlab.CreateIssue{Title: "x"})),
			last(c.Issues.Update(ctx, name, 6, gitlab.UpdateIssue{})),
			last(c.Issues.Close(ctx, name, 6)),
			last(c.Issues.Reopen(ctx, name, 6)),
			last(c.Issues.Assign(ctx, name, 6, nil)),
			c.Issues.Delete(ctx, name, 6),
			first(c.Issues.RelatedMergeRequests(ctx, name, 6)),
			first(c.Issues.Links(ctx, name, 6)),
			last(c.Issues.Link(ctx, name, 6, gitlab.LinkIssue{})),
			c.Issues.Unlink(ctx, name, 6, 1),
		} {
			require.ErrorContains(t, err, "gitlab: path /")
		}
	}
	assert.Empty(t, w.sent())
}
