package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestUsersAPI(t *testing.T) {
	t.Parallel()
	runTyped(t, []typedCall{{
		name: "current", method: http.MethodGet, path: "/user", status: 200, answer: fullUserJSON, want: fullUser,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.User, error) { return c.Users.Current(ctx) }),
	}})
}

func TestGroupsAPI(t *testing.T) {
	t.Parallel()
	projects := func(in gitlab.ListGroupProjects) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Project, error] {
			return c.Groups.Projects(ctx, "parent/child", in)
		})
	}
	issues := func(in gitlab.ListGroupIssues) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
			return c.Groups.Issues(ctx, "3", in)
		})
	}
	runTyped(t, []typedCall{{
		name: "get", method: http.MethodGet, path: "/groups/parent%2Fchild", status: 200, answer: groupJSON, want: fullGroup,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Group, error) {
			return c.Groups.Get(ctx, "parent/child")
		}),
	}, {
		name: "all projects", method: http.MethodGet, path: "/groups/parent%2Fchild/projects?per_page=100",
		status: 200, answer: "[" + projectJSON + "]", want: []gitlab.Project{fullProject},
		make: projects(gitlab.ListGroupProjects{}),
	}, {
		name: "some projects", method: http.MethodGet,
		path:   "/groups/parent%2Fchild/projects?include_subgroups=true&order_by=last_activity_at&per_page=100&search=a+b%26c&simple=true&sort=desc",
		status: 200, answer: "[" + projectJSON + "," + projectJSON + "]", want: []gitlab.Project{fullProject, fullProject},
		make: projects(gitlab.ListGroupProjects{Search: "a b&c", Simple: true, IncludeSubgroups: true, OrderBy: "last_activity_at", Sort: "desc"}),
	}, {
		name: "all issues", method: http.MethodGet, path: "/groups/3/issues?per_page=100&scope=all",
		status: 200, answer: "[" + issueJSON + "]", want: []gitlab.Issue{fullIssue},
		make: issues(gitlab.ListGroupIssues{}),
	}, {
		name: "some issues", method: http.MethodGet, path: "/groups/3/issues?per_page=100&scope=assigned_to_me&search=it%2Bis&state=opened",
		status: 200, answer: "[" + issueJSON + "]", want: []gitlab.Issue{fullIssue},
		make: issues(gitlab.ListGroupIssues{Scope: "assigned_to_me", Search: "it+is", State: "opened"}),
	}})
}

func TestProjectsAPI(t *testing.T) {
	t.Parallel()
	get := func(project string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Project, error) {
			return c.Projects.Get(ctx, project)
		})
	}
	runTyped(t, []typedCall{
		{name: "by path", method: http.MethodGet, path: "/projects/group%2Fapp.io", status: 200, answer: projectJSON, want: fullProject, make: get("group/app.io")},
		{name: "by number", method: http.MethodGet, path: "/projects/4", status: 200, answer: projectJSON, want: fullProject, make: get("4")},
	})
}

func TestMovedProjectIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(inTurn(redirect(http.StatusMovedPermanently, baseURL+"/api/v4/projects/4"), always(http.StatusOK, projectJSON)))
	project, err := w.signIn(t, 2*time.Hour).Projects.Get(t.Context(), "old/app")
	require.NoError(t, err)
	assert.Equal(t, int64(4), project.ID)
	assert.Equal(t, baseURL+"/api/v4/projects/4", w.sent()[1].URL)
	assert.Equal(t, "Bearer access-1", w.sent()[1].Authorization)
}

func TestIssuesAPI(t *testing.T) {
	t.Parallel()
	list := func(in gitlab.ListProjectIssues) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
			return c.Issues.List(ctx, "group/app", in)
		})
	}
	create := func(in gitlab.CreateIssue) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Create(ctx, "group/app", in)
		})
	}
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: "/projects/group%2Fapp/issues?per_page=100&scope=all",
		status: 200, answer: "[" + issueJSON + "]", want: []gitlab.Issue{fullIssue}, make: list(gitlab.ListProjectIssues{}),
	}, {
		name: "some", method: http.MethodGet, path: "/projects/group%2Fapp/issues?per_page=100&scope=created_by_me&search=x&state=closed",
		status: 200, answer: `[]`, want: []gitlab.Issue(nil), make: list(gitlab.ListProjectIssues{Scope: "created_by_me", Search: "x", State: "closed"}),
	}, {
		name: "get", method: http.MethodGet, path: "/projects/group%2Fapp/issues/9", status: 200, answer: issueJSON, want: fullIssue,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Issue, error) {
			return c.Issues.Get(ctx, "group/app", 9)
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: "/projects/group%2Fapp/issues", body: `{"title":"Broken"}`,
		status: 201, answer: issueJSON, want: fullIssue, make: create(gitlab.CreateIssue{Title: "Broken"}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp/issues",
		body:   `{"title":"Broken \u0026 bent","description":"It\nis","labels":"bug,a b","assignee_ids":[7,8],"confidential":true,"due_date":"2019-01-02"}`,
		status: 201, answer: issueJSON, want: fullIssue,
		make: create(gitlab.CreateIssue{
			Title: "Broken & bent", Description: "It\nis", Labels: []string{"bug", "a b"}, AssigneeIDs: []int64{7, 8}, Confidential: true, DueDate: "2019-01-02",
		}),
	}})
}

func TestHooksAPI(t *testing.T) {
	t.Parallel()
	create := func(in gitlab.CreateHook) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Hook, error) { return c.Hooks.Create(ctx, "4", in) })
	}
	yes, no := true, false
	runTyped(t, []typedCall{{
		name: "create the least", method: http.MethodPost, path: "/projects/4/hooks", body: `{"url":"https://app.example.com/hook"}`,
		status: 201, answer: hookJSON, want: fullHook, make: create(gitlab.CreateHook{URL: "https://app.example.com/hook"}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/4/hooks",
		body:   `{"url":"https://app.example.com/hook","token":"s","push_events":false,"merge_requests_events":true,"issues_events":false,"note_events":true,"enable_ssl_verification":false}`,
		status: 201, answer: hookJSON, want: fullHook,
		make: create(gitlab.CreateHook{
			URL: "https://app.example.com/hook", Token: "s", PushEvents: &no, MergeRequestsEvents: &yes, IssuesEvents: &no, NoteEvents: &yes, EnableSSLVerification: &no,
		}),
	}, {
		name: "delete", method: http.MethodDelete, path: "/projects/4/hooks/11", status: 204, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) { return nil, c.Hooks.Delete(ctx, "4", 11) },
	}})
}

func TestCommitsAPI(t *testing.T) {
	t.Parallel()
	list := func(in gitlab.ListCommits) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Commit, error] {
			return c.Commits.List(ctx, "4", in)
		})
	}
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: "/projects/4/repository/commits?per_page=100",
		status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit}, make: list(gitlab.ListCommits{}),
	}, {
		name: "before one", method: http.MethodGet, path: "/projects/4/repository/commits?path=cmd%2Fmain.go&per_page=100&ref_name=feature%2Fx%2By",
		status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit}, make: list(gitlab.ListCommits{RefName: "feature/x+y", Path: "cmd/main.go"}),
	}, {
		name: "one", method: http.MethodGet, path: "/projects/group%2Fapp/repository/commits/feature%2Fx", status: 200, answer: commitJSON, want: fullCommit,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Commit, error) {
			return c.Commits.Get(ctx, "group/app", "feature/x")
		}),
	}, {
		name: "diff", method: http.MethodGet, path: "/projects/4/repository/commits/6104942/diff?per_page=100",
		status: 200, answer: "[" + diffJSON + "]", want: []gitlab.Diff{fullDiff},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Diff, error] {
			return c.Commits.Diff(ctx, "4", "6104942")
		}),
	}, {
		name: "compare", method: http.MethodGet, path: "/projects/4/repository/compare?from=v1.0%2Brc1&to=feature%2Fx",
		status: 200, answer: compareJSON, want: fullComparison,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Comparison, error) {
			return c.Commits.Compare(ctx, "4", "v1.0+rc1", "feature/x")
		}),
	}})
}

// TestNamesThatMeanAnotherResourceAreNotSent is about every typed method that
// takes a name.
func TestNamesThatMeanAnotherResourceAreNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	first := func(_ any, err error) error { return err }
	for _, name := range []string{"", ".", ".."} {
		for _, err := range []error{
			first(c.Groups.Get(ctx, name)),
			first(collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Project, error] {
				return c.Groups.Projects(ctx, name, gitlab.ListGroupProjects{})
			})(ctx, c)),
			first(c.Projects.Get(ctx, name)),
			first(c.Issues.Get(ctx, name, 1)),
			first(c.Issues.Create(ctx, name, gitlab.CreateIssue{Title: "x"})),
			first(c.Hooks.Create(ctx, name, gitlab.CreateHook{URL: "x"})),
			c.Hooks.Delete(ctx, name, 1),
			first(c.Commits.Get(ctx, "4", name)),
			first(c.Commits.Compare(ctx, name, "a", "b")),
		} {
			require.ErrorContains(t, err, "gitlab: path /")
		}
	}
	assert.Empty(t, w.sent())
}
