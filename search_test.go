package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const foundBlobJSON = `{"basename":"docs/README","data":"# App\n\nrun\n","path":"docs/README.md","filename":"docs/README.md","id":"2695effb5807a22ff3d138d593fd856244e155e7","ref":"main","startline":46,"project_id":4,"group_id":3}`

var fullFoundBlob = gitlab.FoundBlob{
	Basename: "docs/README", Path: "docs/README.md", Data: "# App\n\nrun\n", Startline: 46, Ref: "main", ID: "2695effb5807a22ff3d138d593fd856244e155e7", ProjectID: 4, GroupID: 3,
}

func TestSearchAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "FoundBlob", reflect.ValueOf(fullFoundBlob))
	const project = "/projects/group%2Fapp.io/search?per_page=100&scope="
	here, text := gitlab.InProject("group/app.io"), gitlab.Search{Text: "x"}
	runTyped(t, []typedCall{{
		name: "projects of a group", method: http.MethodGet, path: "/groups/parent%2Fchild.io/search?per_page=100&scope=projects&search=x",
		status: 200, answer: `[{"id":4,"path_with_namespace":"group/app.io"}]`, want: []gitlab.BasicProject{{ID: 4, PathWithNamespace: "group/app.io"}},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.BasicProject, error] {
			return c.Search.Projects(ctx, gitlab.InGroup("parent/child.io"), text)
		}),
	}, {
		name: "issues everywhere, with all that can be said", method: http.MethodGet,
		path: "/search?confidential=false&include_archived=true&order_by=created_at&per_page=100&ref=feature%2Fx&scope=issues&search=it%2Bis&search_type=advanced" +
			"&sort=asc&state=opened",
		status: 200, answer: `[{"id":70,"iid":9,"title":"Broken"}]`, want: []gitlab.Issue{{ID: 70, IID: 9, Title: "Broken"}},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Issue, error] {
			return c.Search.Issues(ctx, gitlab.Everywhere(), gitlab.Search{
				Text: "it+is", State: "opened", Confidential: new(false), Ref: "feature/x", IncludeArchived: true, SearchType: "advanced", OrderBy: "created_at", Sort: "asc",
			})
		}),
	}, {
		name: "merge requests", method: http.MethodGet, path: project + "merge_requests&search=x", status: 200, answer: "[" + basicMRJSON + "]", want: []gitlab.MergeRequest{basicMR},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequest, error] {
			return c.Search.MergeRequests(ctx, here, text)
		}),
	}, {
		name: "milestones", method: http.MethodGet, path: project + "milestones&search=x", status: 200, answer: "[" + sprintJSON + "]", want: []gitlab.Milestone{sprint},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Milestone, error] {
			return c.Search.Milestones(ctx, here, text)
		}),
	}, {
		name: "users", method: http.MethodGet, path: project + "users&search=x", status: 200, answer: "[" + graceUserJSON + "]", want: []gitlab.BasicUser{graceUser},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.BasicUser, error] {
			return c.Search.Users(ctx, here, text)
		}),
	}, {
		name: "commits", method: http.MethodGet, path: project + "commits&search=x", status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Commit, error] {
			return c.Search.Commits(ctx, here, text)
		}),
	}, {
		name: "notes", method: http.MethodGet, path: project + "notes&search=x", status: 200, answer: `[{"id":302,"body":"closed"}]`, want: []gitlab.Note{{ID: 302, Body: "closed"}},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Note, error] {
			return c.Search.Notes(ctx, here, text)
		}),
	}, {
		name: "blobs", method: http.MethodGet, path: project + "blobs&search=x", status: 200, answer: "[" + foundBlobJSON + "]", want: []gitlab.FoundBlob{fullFoundBlob},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.FoundBlob, error] {
			return c.Search.Blobs(ctx, here, text)
		}),
	}, {
		name: "wiki pages, for nothing", method: http.MethodGet, path: project + "wiki_blobs", status: 200, answer: "[" + foundBlobJSON + "]", want: []gitlab.FoundBlob{fullFoundBlob},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.FoundBlob, error] {
			return c.Search.WikiBlobs(ctx, here, gitlab.Search{})
		}),
	}})
}

func TestSearchThatGitLabDoesNotHaveIsItsOwnRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusBadRequest, `{"error":"scope does not have a valid value"}`))
	err := first(w.client.Search.Projects(t.Context(), gitlab.InProject("group/app.io"), gitlab.Search{Text: "x"}))
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusBadRequest, refused.StatusCode)
}
