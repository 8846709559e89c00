package gitlab

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Commit is a commit of a repository (https://docs.gitlab.com/api/commits/).
// Only Get returns the fields from ProjectID on; lists have Stats if asked for.
type Commit struct {
	ID               string              `json:"id"` // the full SHA
	ShortID          string              `json:"short_id"`
	Title            string              `json:"title"`
	Message          string              `json:"message"`
	ParentIDs        []string            `json:"parent_ids"`
	AuthorName       string              `json:"author_name"`
	AuthorEmail      string              `json:"author_email"`
	AuthoredDate     time.Time           `json:"authored_date"`
	CommitterName    string              `json:"committer_name"`
	CommitterEmail   string              `json:"committer_email"`
	CommittedDate    time.Time           `json:"committed_date"`
	CreatedAt        time.Time           `json:"created_at"`
	Trailers         map[string]string   `json:"trailers"`          // the last of each name; empty where not asked for
	ExtendedTrailers map[string][]string `json:"extended_trailers"` // all of each name
	WebURL           string              `json:"web_url"`

	ProjectID    int64          `json:"project_id"`
	Stats        CommitStats    `json:"stats"`
	Status       PipelineStatus `json:"status"`        // of the last pipeline; "": none
	LastPipeline BasicPipeline  `json:"last_pipeline"` // zero: none
}

// CommitStats counts the lines that a commit changes.
type CommitStats struct {
	Additions int `json:"additions"`
	Deletions int `json:"deletions"`
	Total     int `json:"total"`
}

// Diff is the change of one file.
type Diff struct {
	OldPath       string `json:"old_path"`
	NewPath       string `json:"new_path"`
	AMode         string `json:"a_mode"`
	BMode         string `json:"b_mode"`
	Diff          string `json:"diff"` // in unified format; "" if too large
	NewFile       bool   `json:"new_file"`
	RenamedFile   bool   `json:"renamed_file"`
	DeletedFile   bool   `json:"deleted_file"`
	GeneratedFile bool   `json:"generated_file"`
	Collapsed     bool   `json:"collapsed"`
	TooLarge      bool   `json:"too_large"`
}

// CommitRefType is what kind of ref contains a commit.
type CommitRefType string

// The kinds of refs.
const (
	CommitRefBranch CommitRefType = "branch"
	CommitRefTag    CommitRefType = "tag"
)

// CommitRef is a branch or tag that contains a commit.
type CommitRef struct {
	Type CommitRefType `json:"type"`
	Name string        `json:"name"`
}

// CommitComment is a comment on a commit, or on a line of its diff.
type CommitComment struct {
	Note      string    `json:"note"`
	Path      string    `json:"path"`      // "": on the commit as a whole
	Line      int       `json:"line"`      // 0: likewise
	LineType  string    `json:"line_type"` // "new" or "old"
	Author    BasicUser `json:"author"`
	CreatedAt time.Time `json:"created_at"`
}

// ListCommits selects commits of a project; zero fields do not.
type ListCommits struct {
	RefName     string    // branch, tag or SHA to start from; "": the default branch
	Since       time.Time // committed then or later
	Until       time.Time // committed then or earlier
	Path        string    // only commits that change it
	Author      string    // name or email, or part of it
	All         bool      // of all branches and tags; RefName is ignored
	FirstParent bool      // of merge commits, follow only the first parent
	WithStats   bool      // fill Commit.Stats
	Trailers    bool      // fill Commit.Trailers and ExtendedTrailers
	Order       string    // "default" for newest first, or "topo"
}

// CreateCommitComment is a new comment on a commit; with a Path, on a line of
// its diff.
type CreateCommitComment struct {
	Note     string `json:"note"` // required
	Path     string `json:"path,omitzero"`
	Line     int    `json:"line,omitzero"`      // required with a Path
	LineType string `json:"line_type,omitzero"` // "new" or "old": which side Line counts; "": new
}

// CommitsService calls the commits API. A sha may be any ref that GitLab
// resolves, but for SetStatus and Statuses, which need the SHA.
type CommitsService service

// List lists the commits of a project, newest first: with a sha as RefName, it
// and those before it.
func (s *CommitsService) List(ctx context.Context, project string, in ListCommits, opts ...RequestOption) iter.Seq2[Commit, error] {
	q := make(query)
	q.set("ref_name", in.RefName)
	q.time("since", in.Since)
	q.time("until", in.Until)
	q.set("path", in.Path)
	q.set("author", in.Author)
	q.flag("all", in.All)
	q.flag("first_parent", in.FirstParent)
	q.flag("with_stats", in.WithStats)
	q.flag("trailers", in.Trailers)
	q.set("order", in.Order)
	return List[Commit](ctx, s.client, PathTo(pathCommits, project).With(q.values()), opts...)
}

// Get returns a commit.
func (s *CommitsService) Get(ctx context.Context, project, sha string, opts ...RequestOption) (Commit, error) {
	return Get[Commit](ctx, s.client, PathTo(pathCommit, project, sha), opts...)
}

// Diff lists the files that a commit changes.
func (s *CommitsService) Diff(ctx context.Context, project, sha string, opts ...RequestOption) iter.Seq2[Diff, error] {
	return List[Diff](ctx, s.client, PathTo(pathCommitDiff, project, sha), opts...)
}

// Refs lists the branches, the tags, or with a kind of "" both, that contain a
// commit.
func (s *CommitsService) Refs(ctx context.Context, project, sha string, kind CommitRefType, opts ...RequestOption) iter.Seq2[CommitRef, error] {
	q := make(query)
	q.set("type", string(kind))
	return List[CommitRef](ctx, s.client, PathTo(pathCommitRefs, project, sha).With(q.values()), opts...)
}

// Comments lists the comments on a commit, oldest first.
func (s *CommitsService) Comments(ctx context.Context, project, sha string, opts ...RequestOption) iter.Seq2[CommitComment, error] {
	return List[CommitComment](ctx, s.client, PathTo(pathCommitComments, project, sha), opts...)
}

// Comment adds a comment to a commit. If the diff does not have the line, GitLab
// comments on the commit as a whole; the answer tells, its Path is "" then.
func (s *CommitsService) Comment(
	ctx context.Context, project, sha string, in CreateCommitComment, opts ...RequestOption,
) (CommitComment, error) {
	var out CommitComment
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathCommitComments, project, sha), in, &out, opts...)
	return out, err
}

// MergeRequests lists the merge requests into project that have the commit, or
// whose merge made it.
func (s *CommitsService) MergeRequests(ctx context.Context, project, sha string, opts ...RequestOption) iter.Seq2[MergeRequest, error] {
	return List[MergeRequest](ctx, s.client, PathTo(pathCommitMergeRequests, project, sha), opts...)
}

// MergeSHA returns the SHA with which a commit arrived in the target branch of a
// merge request: what that branch pointed to when it was merged. That is the
// merge commit; where the project makes none, the squashed commit; and where
// nothing was squashed either (a fast-forward), the head of the merge request,
// which has the commit among those before it.
//
// Of several merged merge requests with the commit, as when it goes from branch
// to branch, it is the one that was merged first. A commit of no merged merge
// request is [ErrNotFound], be it that it was pushed to the branch itself.
func (s *CommitsService) MergeSHA(ctx context.Context, project, sha string, opts ...RequestOption) (string, error) {
	path := PathTo(pathCommitMergeRequests, project, sha).With(url.Values{"state": {string(MergeRequestMerged)}})
	var first MergeRequest
	for mr, err := range List[MergeRequest](ctx, s.client, path, opts...) {
		switch {
		case err != nil:
			return "", err
		case mr.State != MergeRequestMerged: // older servers list all
		case first.ID == 0, mr.MergedAt.Before(first.MergedAt):
			first = mr
		}
	}
	if merged := cmp.Or(first.MergeCommitSHA, first.SquashCommitSHA, first.SHA); merged != "" {
		return merged, nil
	}
	return "", meaning(ErrNotFound, fmt.Errorf("gitlab: no merged merge request of project %q has commit %q", project, sha))
}
