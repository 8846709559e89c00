package gitlab

import (
	"context"
	"iter"
	"net/http"
)

// Label is a label of a project or group (https://docs.gitlab.com/api/labels/,
// https://docs.gitlab.com/api/group_labels/).
type Label struct {
	ID                     int64  `json:"id"`
	Name                   string `json:"name"`
	Color                  string `json:"color"`      // such as "#FF0000"
	TextColor              string `json:"text_color"` // that is legible on Color
	Description            string `json:"description"`
	DescriptionHTML        string `json:"description_html"`
	Priority               *int64 `json:"priority"`         // in the project that was asked, 0 the first; nil: none
	IsProjectLabel         bool   `json:"is_project_label"` // false: a group's
	Archived               bool   `json:"archived"`
	Subscribed             bool   `json:"subscribed"` // the user who asks
	OpenIssuesCount        int    `json:"open_issues_count"`
	ClosedIssuesCount      int    `json:"closed_issues_count"`
	OpenMergeRequestsCount int    `json:"open_merge_requests_count"`
}

// ListLabels selects labels; zero fields do not.
type ListLabels struct {
	Search                  string // in names and descriptions
	Archived                *bool
	WithCounts              bool  // tell the counts
	IncludeAncestorGroups   *bool // nil: yes
	IncludeDescendantGroups bool  // of groups
	OnlyGroupLabels         *bool // of groups: no labels of projects; nil: yes
}

// CreateLabel is a new label.
type CreateLabel struct {
	Name        string `json:"name"`  // required
	Color       string `json:"color"` // required: "#" and six hexadecimal digits, or a color's name in CSS
	Description string `json:"description,omitzero"`
	Priority    *int64 `json:"priority,omitzero"` // of projects, 0 the first; nil: none
	Archived    bool   `json:"archived,omitzero"`
}

// UpdateLabel changes a label; zero fields leave it as it is. One at least is
// needed.
type UpdateLabel struct {
	NewName        string  `json:"new_name,omitzero"`
	Color          string  `json:"color,omitzero"`
	Description    *string `json:"description,omitzero"`
	Archived       *bool   `json:"archived,omitzero"`
	Priority       *int64  `json:"-"` // of projects
	RemovePriority bool    `json:"-"` // instead of Priority
}

var (
	labelsIn = places{project: pathProjectLabels, group: pathGroupLabels}
	labelIn  = places{project: pathProjectLabel, group: pathGroupLabel}
)

// LabelsService calls the labels API of projects and groups. A label is named by
// its name, or its number in decimal digits.
type LabelsService service

// List lists the labels of a project or group.
func (s *LabelsService) List(ctx context.Context, place Place, in ListLabels, opts ...RequestOption) iter.Seq2[Label, error] {
	q := make(query)
	q.set("search", in.Search)
	q.choice("archived", in.Archived)
	q.flag("with_counts", in.WithCounts)
	q.choice("include_ancestor_groups", in.IncludeAncestorGroups)
	q.flag("include_descendant_groups", in.IncludeDescendantGroups)
	q.choice("only_group_labels", in.OnlyGroupLabels)
	return List[Label](ctx, s.client, place.path(labelsIn).With(q.values()), opts...)
}

// Get returns a label.
func (s *LabelsService) Get(ctx context.Context, place Place, label string, opts ...RequestOption) (Label, error) {
	return Get[Label](ctx, s.client, place.path(labelIn, label), opts...)
}

// Create adds a label to a project or group. A name that is taken there is
// [ErrConflict].
func (s *LabelsService) Create(ctx context.Context, place Place, in CreateLabel, opts ...RequestOption) (Label, error) {
	var out Label
	err := s.client.Call(ctx, http.MethodPost, place.path(labelsIn), in, &out, opts...)
	return out, err
}

// Update changes a label.
func (s *LabelsService) Update(ctx context.Context, place Place, label string, in UpdateLabel, opts ...RequestOption) (Label, error) {
	body := struct {
		UpdateLabel

		Priority **int64 `json:"priority,omitzero"` // a pointer to nil is null, which takes the priority away
	}{UpdateLabel: in}
	switch {
	case in.RemovePriority:
		body.Priority = new(*int64)
	case in.Priority != nil:
		body.Priority = &in.Priority
	}
	var out Label
	err := s.client.Call(ctx, http.MethodPut, place.path(labelIn, label), body, &out, opts...)
	return out, err
}

// Delete removes a label, also from everything that has it.
func (s *LabelsService) Delete(ctx context.Context, place Place, label string, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, place.path(labelIn, label), nil, nil, opts...)
}
