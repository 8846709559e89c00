package gitlab

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Release is a release of a project (https://docs.gitlab.com/api/releases/).
// Who may not read the code finds neither TagName, commit nor sources.
type Release struct {
	TagName         string             `json:"tag_name"`
	Name            string             `json:"name"`
	Description     string             `json:"description"`
	DescriptionHTML string             `json:"description_html"` // lists have it if asked for
	UpcomingRelease bool               `json:"upcoming_release"` // ReleasedAt is in the future
	CreatedAt       time.Time          `json:"created_at"`
	ReleasedAt      time.Time          `json:"released_at"`
	Author          BasicUser          `json:"author"`
	Commit          Commit             `json:"commit"`
	CommitPath      string             `json:"commit_path"` // of its page
	TagPath         string             `json:"tag_path"`    // of its page
	Milestones      []ReleaseMilestone `json:"milestones"`
	Assets          ReleaseAssets      `json:"assets"`
	Evidences       []ReleaseEvidence  `json:"evidences"`
	Links           ReleaseLinks       `json:"_links"`
}

// ReleaseMilestone is a milestone of a release.
type ReleaseMilestone struct {
	Milestone

	IssueStats MilestoneIssueStats `json:"issue_stats"`
}

// MilestoneIssueStats counts the issues of a milestone.
type MilestoneIssueStats struct {
	Total  int `json:"total"`
	Closed int `json:"closed"`
}

// ReleaseAssets are what there is to download of a release.
type ReleaseAssets struct {
	Count   int                `json:"count"` // of Sources and Links
	Sources []ReleaseSource    `json:"sources"`
	Links   []ReleaseAssetLink `json:"links"`
}

// ReleaseSource is the source code of a release in one format.
type ReleaseSource struct {
	Format string `json:"format"` // "zip", "tar.gz", "tar.bz2" or "tar"
	URL    string `json:"url"`
}

// ReleaseAssetLink is a link to something of a release.
type ReleaseAssetLink struct {
	ID             int64  `json:"id"`
	Name           string `json:"name"`
	URL            string `json:"url"`
	DirectAssetURL string `json:"direct_asset_url"` // lasts while URL changes
	LinkType       string `json:"link_type"`        // "other", "runbook", "image" or "package"
}

// ReleaseEvidence is what GitLab recorded of a release.
type ReleaseEvidence struct {
	SHA         string    `json:"sha"`
	Filepath    string    `json:"filepath"` // a URL
	CollectedAt time.Time `json:"collected_at"`
}

// ReleaseLinks are pages about a release.
type ReleaseLinks struct {
	Self                   string `json:"self"`
	EditURL                string `json:"edit_url"`
	OpenedIssuesURL        string `json:"opened_issues_url"`
	ClosedIssuesURL        string `json:"closed_issues_url"`
	OpenedMergeRequestsURL string `json:"opened_merge_requests_url"`
	ClosedMergeRequestsURL string `json:"closed_merge_requests_url"`
	MergedMergeRequestsURL string `json:"merged_merge_requests_url"`
}

// ListReleases selects releases of a project; zero fields do not.
type ListReleases struct {
	UpdatedAfter           time.Time
	UpdatedBefore          time.Time
	IncludeHTMLDescription bool   // fill Release.DescriptionHTML
	OrderBy                string // "released_at" or "created_at"
	Sort                   string // "asc" or "desc"
}

// CreateRelease is a new release.
type CreateRelease struct {
	TagName     string              `json:"tag_name"`             // required
	Ref         string              `json:"ref,omitzero"`         // what to tag; required if there is no such tag
	TagMessage  string              `json:"tag_message,omitzero"` // makes the new tag an annotated one
	Name        string              `json:"name,omitzero"`        // "": TagName
	Description string              `json:"description,omitzero"`
	Milestones  []string            `json:"milestones,omitzero"` // their titles
	Assets      CreateReleaseAssets `json:"assets,omitzero"`
	ReleasedAt  time.Time           `json:"released_at,omitzero"` // zero: now
}

// CreateReleaseAssets are the assets of a new release.
type CreateReleaseAssets struct {
	Links []CreateReleaseLink `json:"links"`
}

// IsZero reports whether there are none.
func (a CreateReleaseAssets) IsZero() bool { return len(a.Links) == 0 }

// CreateReleaseLink is a link of a new release.
type CreateReleaseLink struct {
	Name            string `json:"name"`                       // required; no two links of a release have the same
	URL             string `json:"url"`                        // required; likewise
	DirectAssetPath string `json:"direct_asset_path,omitzero"` // begins with a slash
	LinkType        string `json:"link_type,omitzero"`         // see ReleaseAssetLink; "": other
}

// UpdateRelease changes a release. Nil and zero fields leave it as it is.
type UpdateRelease struct {
	Name        *string   `json:"name,omitzero"`
	Description *string   `json:"description,omitzero"`
	Milestones  []string  `json:"milestones,omitzero"` // their titles, in place of those it has; empty but not nil: none
	ReleasedAt  time.Time `json:"released_at,omitzero"`
}

// ReleasesService calls the releases API. A release is named by its tag.
type ReleasesService service

// List lists the releases of a project, newest first.
func (s *ReleasesService) List(ctx context.Context, project string, in ListReleases, opts ...RequestOption) iter.Seq2[Release, error] {
	q := make(query)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.flag("include_html_description", in.IncludeHTMLDescription)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[Release](ctx, s.client, PathTo(pathReleases, project).With(q.values()), opts...)
}

// Get returns a release, whole.
func (s *ReleasesService) Get(ctx context.Context, project, tag string, opts ...RequestOption) (Release, error) {
	q := url.Values{"include_html_description": {"true"}}
	return Get[Release](ctx, s.client, PathTo(pathRelease, project, tag).With(q), opts...)
}

// Create makes a release, and its tag if there is none. If the tag has a release
// already, it is [ErrConflict].
func (s *ReleasesService) Create(ctx context.Context, project string, in CreateRelease, opts ...RequestOption) (Release, error) {
	var out Release
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathReleases, project), in, &out, opts...)
	return out, err
}

// Update changes a release.
func (s *ReleasesService) Update(ctx context.Context, project, tag string, in UpdateRelease, opts ...RequestOption) (Release, error) {
	var out Release
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathRelease, project, tag), in, &out, opts...)
	return out, err
}

// Delete removes a release; its tag stays.
func (s *ReleasesService) Delete(ctx context.Context, project, tag string, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathRelease, project, tag), nil, nil, opts...)
}
