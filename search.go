package gitlab

import (
	"context"
	"iter"
)

// Search is what to search for; zero fields do not select.
type Search struct {
	Text            string // required
	State           string // of issues and merge requests: "opened", "closed", "merged", "all"
	Confidential    *bool  // of issues
	Ref             string // branch or tag to search, in a project; "": the default branch
	IncludeArchived bool   // also archived projects, which GitLab 18.9 and later leave out
	SearchType      string // "basic", "advanced" or "zoekt"; "": the best that there is
	OrderBy         string // "created_at"; "": by relevance, or newest first
	Sort            string // "asc" or "desc"
}

// FoundBlob is a part of a file that was found.
type FoundBlob struct {
	Basename  string `json:"basename"` // Path without its extension
	Path      string `json:"path"`
	Data      string `json:"data"`      // the lines around what was found
	Startline int    `json:"startline"` // of Data in the file
	Ref       string `json:"ref"`
	ID        string `json:"id"`         // "" for files
	ProjectID int64  `json:"project_id"` // 0: in a group's wiki
	GroupID   int64  `json:"group_id"`   // 0: not in a group's wiki
}

// SearchService calls the search API (https://docs.gitlab.com/api/search/).
// Where GitLab cannot search for something, because of the place, its tier or
// its settings, the [*APIError] has the status 400 or 403.
type SearchService service

// Projects finds projects.
func (s *SearchService) Projects(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[BasicProject, error] {
	return searchFor[BasicProject](ctx, s, "projects", place, in, opts)
}

// Issues finds issues, by title and description.
func (s *SearchService) Issues(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[Issue, error] {
	return searchFor[Issue](ctx, s, "issues", place, in, opts)
}

// MergeRequests finds merge requests, by title and description.
func (s *SearchService) MergeRequests(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[MergeRequest, error] {
	return searchFor[MergeRequest](ctx, s, "merge_requests", place, in, opts)
}

// Milestones finds milestones.
func (s *SearchService) Milestones(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[Milestone, error] {
	return searchFor[Milestone](ctx, s, "milestones", place, in, opts)
}

// Users finds users.
func (s *SearchService) Users(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[BasicUser, error] {
	return searchFor[BasicUser](ctx, s, "users", place, in, opts)
}

// Commits finds commits, by message.
func (s *SearchService) Commits(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[Commit, error] {
	return searchFor[Commit](ctx, s, "commits", place, in, opts)
}

// Notes finds comments. GitLab can do so in a project; elsewhere it depends on
// the tier.
func (s *SearchService) Notes(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[Note, error] {
	return searchFor[Note](ctx, s, "notes", place, in, opts)
}

// Blobs finds code, by file name and content.
func (s *SearchService) Blobs(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[FoundBlob, error] {
	return searchFor[FoundBlob](ctx, s, "blobs", place, in, opts)
}

// WikiBlobs finds wiki pages.
func (s *SearchService) WikiBlobs(ctx context.Context, place Place, in Search, opts ...RequestOption) iter.Seq2[FoundBlob, error] {
	return searchFor[FoundBlob](ctx, s, "wiki_blobs", place, in, opts)
}

func searchFor[T any](ctx context.Context, s *SearchService, scope string, place Place, in Search, opts []RequestOption) iter.Seq2[T, error] {
	q := make(query)
	q.set("scope", scope)
	q.set("search", in.Text)
	q.set("state", in.State)
	q.choice("confidential", in.Confidential)
	q.set("ref", in.Ref)
	q.flag("include_archived", in.IncludeArchived)
	q.set("search_type", in.SearchType)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	path := place.path(places{project: pathProjectSearch, group: pathGroupSearch, everywhere: pathSearch})
	return List[T](ctx, s.client, path.With(q.values()), opts...)
}
