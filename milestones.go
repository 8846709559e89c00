package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// ListMilestones selects milestones; zero fields do not.
type ListMilestones struct {
	IIDs               []int64 // their numbers in the project or group
	State              string  // "active" or "closed"
	Title              string  // exactly
	Search             string  // in title and description
	SearchTitle        string  // in the title alone
	IncludeAncestors   bool    // those of the groups above
	IncludeDescendants bool    // of groups: those of the groups below
	UpdatedAfter       time.Time
	UpdatedBefore      time.Time
	ContainingDate     Date // the start date or earlier, and the due date or later
	StartDate          Date // due then or later; wants EndDate
	EndDate            Date // started then or earlier; wants StartDate
}

// CreateMilestone is a new milestone.
type CreateMilestone struct {
	Title       string `json:"title"` // required
	Description string `json:"description,omitzero"`
	StartDate   Date   `json:"start_date,omitzero"`
	DueDate     Date   `json:"due_date,omitzero"`
}

// UpdateMilestone changes a milestone; zero fields leave it as it is.
type UpdateMilestone struct {
	Title       string  `json:"title,omitzero"`
	Description *string `json:"description,omitzero"`
	StartDate   *Date   `json:"start_date,omitempty"` // of the zero Date: none; omitzero would leave it out
	DueDate     *Date   `json:"due_date,omitempty"`   // of the zero Date: none; omitzero would leave it out
	StateEvent  string  `json:"state_event,omitzero"` // "close" or "activate"
}

var (
	milestonesIn = places{project: pathProjectMilestones, group: pathGroupMilestones}
	milestoneIn  = places{project: pathProjectMilestone, group: pathGroupMilestone}
)

// MilestonesService calls the milestones API of projects and groups
// (https://docs.gitlab.com/api/milestones/,
// https://docs.gitlab.com/api/group_milestones/). A milestone is named by its
// id, not by its number in the project or group.
type MilestonesService service

// List lists the milestones of a project or group.
func (s *MilestonesService) List(ctx context.Context, place Place, in ListMilestones, opts ...RequestOption) iter.Seq2[Milestone, error] {
	q := make(query)
	q.numbers("iids", in.IIDs)
	q.set("state", in.State)
	q.set("title", in.Title)
	q.set("search", in.Search)
	q.set("search_title", in.SearchTitle)
	q.flag("include_ancestors", in.IncludeAncestors)
	q.flag("include_descendants", in.IncludeDescendants)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.set("containing_date", in.ContainingDate.String())
	q.set("start_date", in.StartDate.String())
	q.set("end_date", in.EndDate.String())
	return List[Milestone](ctx, s.client, place.path(milestonesIn).With(q.values()), opts...)
}

// Get returns a milestone.
func (s *MilestonesService) Get(ctx context.Context, place Place, id int64, opts ...RequestOption) (Milestone, error) {
	return Get[Milestone](ctx, s.client, place.path(milestoneIn, id), opts...)
}

// Create adds a milestone to a project or group.
func (s *MilestonesService) Create(ctx context.Context, place Place, in CreateMilestone, opts ...RequestOption) (Milestone, error) {
	var out Milestone
	err := s.client.Call(ctx, http.MethodPost, place.path(milestonesIn), in, &out, opts...)
	return out, err
}

// Update changes a milestone.
func (s *MilestonesService) Update(ctx context.Context, place Place, id int64, in UpdateMilestone, opts ...RequestOption) (Milestone, error) {
	var out Milestone
	err := s.client.Call(ctx, http.MethodPut, place.path(milestoneIn, id), in, &out, opts...)
	return out, err
}

// Delete removes a milestone.
func (s *MilestonesService) Delete(ctx context.Context, place Place, id int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, place.path(milestoneIn, id), nil, nil, opts...)
}
