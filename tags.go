package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Tag is a tag of a repository (https://docs.gitlab.com/api/tags/).
type Tag struct {
	Name      string     `json:"name"`
	Message   string     `json:"message"` // "" for a lightweight tag
	Target    string     `json:"target"`  // the SHA of the tag, or of the commit of a lightweight one
	Commit    Commit     `json:"commit"`
	Release   TagRelease `json:"release"`
	Protected bool       `json:"protected"`
	CreatedAt time.Time  `json:"created_at"` // zero for a lightweight tag
}

// TagRelease is what a [Tag] tells of its release; see [ReleasesService] for the
// whole.
type TagRelease struct {
	TagName     string `json:"tag_name"` // "": the tag has no release
	Description string `json:"description"`
}

// ListTags selects tags; zero fields do not.
type ListTags struct {
	Search  string // in names; ^ and $ stand for their ends
	OrderBy string // "name", "updated" or "version"; "": when they were updated
	Sort    string // "asc" or "desc"; "": descending
}

// CreateTag is a new tag.
type CreateTag struct {
	TagName string `json:"tag_name"`         // required
	Ref     string `json:"ref"`              // required: the branch, tag or SHA that it names
	Message string `json:"message,omitzero"` // of an annotated tag; "": a lightweight one
}

// TagsService calls the tags API.
type TagsService service

// List lists the tags of a project.
func (s *TagsService) List(ctx context.Context, project string, in ListTags, opts ...RequestOption) iter.Seq2[Tag, error] {
	q := make(query)
	q.set("search", in.Search)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[Tag](ctx, s.client, PathTo(pathTags, project).With(q.values()), opts...)
}

// Get returns a tag.
func (s *TagsService) Get(ctx context.Context, project, tag string, opts ...RequestOption) (Tag, error) {
	return Get[Tag](ctx, s.client, PathTo(pathTag, project, tag), opts...)
}

// Create makes a tag.
func (s *TagsService) Create(ctx context.Context, project string, in CreateTag, opts ...RequestOption) (Tag, error) {
	var out Tag
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathTags, project), in, &out, opts...)
	return out, err
}

// Delete deletes a tag.
func (s *TagsService) Delete(ctx context.Context, project, tag string, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathTag, project, tag), nil, nil, opts...)
}
