package gitlab

import (
	"context"
	"iter"
	"time"
)

// Group is a GitLab group (https://docs.gitlab.com/api/groups/).
type Group struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Path        string    `json:"path"`
	FullName    string    `json:"full_name"`
	FullPath    string    `json:"full_path"`
	ParentID    int64     `json:"parent_id"` // 0: a top-level group
	Description string    `json:"description"`
	Visibility  string    `json:"visibility"` // "private", "internal" or "public"
	AvatarURL   string    `json:"avatar_url"`
	WebURL      string    `json:"web_url"`
	CreatedAt   time.Time `json:"created_at"`
}

// ListGroupProjects selects projects of a group; zero fields do not.
type ListGroupProjects struct {
	Search           string // in names and paths
	Simple           bool   // only the fields that every user may see
	IncludeSubgroups bool
	OrderBy          string // such as "id", "name", "last_activity_at"
	Sort             string // "asc" or "desc"
}

// ListGroupIssues selects issues of a group and its projects; zero fields do not.
type ListGroupIssues struct {
	Scope  string // "created_by_me", "assigned_to_me" or "all"; "": all, unlike GitLab's own default
	Search string // in title and description
	State  string // "opened" or "closed"
}

// GroupsService calls the groups API. A group is named by its full path, such
// as "parent/child", or its number in decimal digits.
type GroupsService service

// Get returns a group.
func (s *GroupsService) Get(ctx context.Context, group string, opts ...RequestOption) (Group, error) {
	return Get[Group](ctx, s.client, PathTo(pathGroup, group), opts...)
}

// Projects lists the projects of a group.
func (s *GroupsService) Projects(ctx context.Context, group string, in ListGroupProjects, opts ...RequestOption) iter.Seq2[Project, error] {
	q := make(query)
	q.set("search", in.Search)
	q.flag("simple", in.Simple)
	q.flag("include_subgroups", in.IncludeSubgroups)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[Project](ctx, s.client, PathTo(pathGroupProjects, group).With(q.values()), opts...)
}

// Issues lists the issues of all projects of a group.
func (s *GroupsService) Issues(ctx context.Context, group string, in ListGroupIssues, opts ...RequestOption) iter.Seq2[Issue, error] {
	q := make(query)
	q.set("scope", orAll(in.Scope))
	q.set("search", in.Search)
	q.set("state", in.State)
	return List[Issue](ctx, s.client, PathTo(pathGroupIssues, group).With(q.values()), opts...)
}
