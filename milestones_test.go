package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

const ownMilestoneJSON = `{"id":12,"iid":3,"project_id":16,"group_id":17,"title":"10.0","description":"Version","due_date":"2013-11-29","start_date":"2013-11-10",
"state":"active","updated_at":"2018-09-13T00:35:07Z","created_at":"2018-09-13T00:35:07Z","expired":true,
"web_url":"https://g/group/app.io/-/milestones/3"}`

var ownMilestone = gitlab.Milestone{
	ID: 12, IID: 3, ProjectID: 16, GroupID: 17, Title: "10.0", Description: "Version", DueDate: gitlab.Date{Year: 2013, Month: 11, Day: 29},
	StartDate: gitlab.Date{Year: 2013, Month: 11, Day: 10}, State: "active", UpdatedAt: at, CreatedAt: at, Expired: true,
	WebURL: "https://g/group/app.io/-/milestones/3",
}

func TestMilestonesAPI(t *testing.T) {
	t.Parallel()
	project, group := gitlab.InProject("group/app.io"), gitlab.InGroup("parent/child")
	list := func(place gitlab.Place, in gitlab.ListMilestones) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Milestone, error] {
			return c.Milestones.List(ctx, place, in)
		})
	}
	get := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Milestone, error) {
			return c.Milestones.Get(ctx, place, 12)
		})
	}
	create := func(place gitlab.Place, in gitlab.CreateMilestone) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Milestone, error) {
			return c.Milestones.Create(ctx, place, in)
		})
	}
	update := func(place gitlab.Place, in gitlab.UpdateMilestone) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Milestone, error) {
			return c.Milestones.Update(ctx, place, 12, in)
		})
	}
	remove := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Milestones.Delete(ctx, place, 12)
		}
	}
	start, due := gitlab.Date{Year: 2013, Month: 11, Day: 10}, gitlab.Date{Year: 2013, Month: 11, Day: 29}
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: "/projects/group%2Fapp.io/milestones?per_page=100", status: 200, answer: "[" + ownMilestoneJSON + "]",
		want: []gitlab.Milestone{ownMilestone}, make: list(project, gitlab.ListMilestones{}),
	}, {
		name: "some", method: http.MethodGet, status: 200, answer: `[]`, want: []gitlab.Milestone(nil),
		path: "/groups/parent%2Fchild/milestones?containing_date=2013-11-20&end_date=2013-11-29&iids%5B%5D=3&iids%5B%5D=4&include_ancestors=true" +
			"&include_descendants=true&per_page=100&search=ver+sion&search_title=17.3+17.4&start_date=2013-11-10&state=active&title=10.0" +
			"&updated_after=2018-09-13T00%3A35%3A07Z&updated_before=2018-09-13T01%3A35%3A07Z",
		make: list(group, gitlab.ListMilestones{
			IIDs: []int64{3, 4}, State: "active", Title: "10.0", Search: "ver sion", SearchTitle: "17.3 17.4", IncludeAncestors: true,
			IncludeDescendants: true, UpdatedAfter: at, UpdatedBefore: at.Add(time.Hour), ContainingDate: gitlab.Date{Year: 2013, Month: 11, Day: 20},
			StartDate: start, EndDate: due,
		}),
	}, {
		name: "of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/milestones/12", status: 200, answer: ownMilestoneJSON,
		want: ownMilestone, make: get(project),
	}, {
		name: "of a group", method: http.MethodGet, path: "/groups/parent%2Fchild/milestones/12", status: 200, answer: ownMilestoneJSON,
		want: ownMilestone, make: get(group),
	}, {
		name: "create the least", method: http.MethodPost, path: "/groups/parent%2Fchild/milestones", body: `{"title":""}`,
		status: 201, answer: ownMilestoneJSON, want: ownMilestone, make: create(group, gitlab.CreateMilestone{}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/milestones",
		body:   `{"title":"10.0","description":"Version","start_date":"2013-11-10","due_date":"2013-11-29"}`,
		status: 201, answer: ownMilestoneJSON, want: ownMilestone,
		make: create(project, gitlab.CreateMilestone{Title: "10.0", Description: "Version", StartDate: start, DueDate: due}),
	}, {
		name: "update nothing", method: http.MethodPut, path: "/groups/parent%2Fchild/milestones/12", body: `{}`,
		status: 200, answer: ownMilestoneJSON, want: ownMilestone, make: update(group, gitlab.UpdateMilestone{}),
	}, {
		name: "update everything", method: http.MethodPut, path: "/projects/group%2Fapp.io/milestones/12",
		body:   `{"title":"10.1","description":"","start_date":"","due_date":"2013-11-29","state_event":"close"}`,
		status: 200, answer: ownMilestoneJSON, want: ownMilestone,
		make: update(project, gitlab.UpdateMilestone{
			Title: "10.1", Description: new(""), StartDate: new(gitlab.Date{}), DueDate: &due, StateEvent: "close",
		}),
	}, {
		name: "delete of a project", method: http.MethodDelete, path: "/projects/group%2Fapp.io/milestones/12", status: 204, make: remove(project),
	}, {
		name: "delete of a group", method: http.MethodDelete, path: "/groups/parent%2Fchild/milestones/12", status: 204, make: remove(group),
	}})
}
