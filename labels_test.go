package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const labelJSON = `{"id":12,"name":"a b/c","color":"#FF0000","text_color":"#FFFFFF","description":"Broken","description_html":"<p>Broken</p>",
"open_issues_count":1,"closed_issues_count":2,"open_merge_requests_count":3,"subscribed":true,"priority":4,"is_project_label":true,
"archived":true}`

var fullLabel = gitlab.Label{
	ID: 12, Name: "a b/c", Color: "#FF0000", TextColor: "#FFFFFF", Description: "Broken", DescriptionHTML: "<p>Broken</p>", OpenIssuesCount: 1,
	ClosedIssuesCount: 2, OpenMergeRequestsCount: 3, Subscribed: true, Priority: new(int64(4)), IsProjectLabel: true, Archived: true,
}

func TestLabelsAPI(t *testing.T) {
	t.Parallel()
	project, group := gitlab.InProject("group/app.io"), gitlab.InGroup("parent/child")
	list := func(place gitlab.Place, in gitlab.ListLabels) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Label, error] {
			return c.Labels.List(ctx, place, in)
		})
	}
	get := func(place gitlab.Place, label string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Label, error) {
			return c.Labels.Get(ctx, place, label)
		})
	}
	create := func(place gitlab.Place, in gitlab.CreateLabel) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Label, error) {
			return c.Labels.Create(ctx, place, in)
		})
	}
	update := func(place gitlab.Place, in gitlab.UpdateLabel) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Label, error) {
			return c.Labels.Update(ctx, place, "a b/c", in)
		})
	}
	remove := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Labels.Delete(ctx, place, "a b/c")
		}
	}
	const inProject, inGroup = "/projects/group%2Fapp.io/labels/a%20b%2Fc", "/groups/parent%2Fchild/labels/a%20b%2Fc"
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: "/projects/group%2Fapp.io/labels?per_page=100", status: 200, answer: "[" + labelJSON + "]",
		want: []gitlab.Label{fullLabel}, make: list(project, gitlab.ListLabels{}),
	}, {
		name: "some", method: http.MethodGet, status: 200, answer: `[]`, want: []gitlab.Label(nil),
		path: "/groups/parent%2Fchild/labels?archived=false&include_ancestor_groups=false&include_descendant_groups=true&only_group_labels=false" +
			"&per_page=100&search=a+b&with_counts=true",
		make: list(group, gitlab.ListLabels{
			Search: "a b", Archived: new(false), WithCounts: true, IncludeAncestorGroups: new(false), IncludeDescendantGroups: true, OnlyGroupLabels: new(false),
		}),
	}, {
		name: "by name", method: http.MethodGet, path: inProject, status: 200, answer: labelJSON, want: fullLabel, make: get(project, "a b/c"),
	}, {
		name: "by number", method: http.MethodGet, path: "/groups/parent%2Fchild/labels/12", status: 200, answer: labelJSON, want: fullLabel,
		make: get(group, "12"),
	}, {
		name: "create the least", method: http.MethodPost, path: "/groups/parent%2Fchild/labels", body: `{"name":"","color":""}`,
		status: 201, answer: labelJSON, want: fullLabel, make: create(group, gitlab.CreateLabel{}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/labels",
		body:   `{"name":"bug","color":"#FF0000","description":"Broken","priority":0,"archived":true}`,
		status: 201, answer: labelJSON, want: fullLabel,
		make: create(project, gitlab.CreateLabel{Name: "bug", Color: "#FF0000", Description: "Broken", Priority: new(int64(0)), Archived: true}),
	}, {
		name: "update nothing", method: http.MethodPut, path: inGroup, body: `{}`, status: 200, answer: labelJSON, want: fullLabel,
		make: update(group, gitlab.UpdateLabel{}),
	}, {
		name: "update everything", method: http.MethodPut, path: inProject,
		body:   `{"new_name":"bug","color":"red","description":"","archived":false,"priority":0}`,
		status: 200, answer: labelJSON, want: fullLabel,
		make: update(project, gitlab.UpdateLabel{NewName: "bug", Color: "red", Description: new(""), Archived: new(false), Priority: new(int64(0))}),
	}, {
		name: "remove the priority", method: http.MethodPut, path: inProject, body: `{"priority":null}`, status: 200, answer: labelJSON, want: fullLabel,
		make: update(project, gitlab.UpdateLabel{RemovePriority: true}),
	}, {
		name: "delete of a project", method: http.MethodDelete, path: inProject, status: 204, make: remove(project),
	}, {
		name: "delete of a group", method: http.MethodDelete, path: inGroup, status: 204, make: remove(group),
	}})
}

func TestLabelWithoutPriority(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `[{"name":"first","priority":0},{"name":"none","priority":null,"description":null}]`))
	var got []gitlab.Label
	for label, err := range w.client.WithToken("glpat-1").Labels.List(t.Context(), gitlab.InProject("4"), gitlab.ListLabels{}) {
		require.NoError(t, err)
		got = append(got, label)
	}
	assert.Equal(t, []gitlab.Label{{Name: "first", Priority: new(int64(0))}, {Name: "none"}}, got)
}
