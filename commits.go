package gitlab

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// Commit is a commit of a repository (https://docs.gitlab.com/api/commits/).
type Commit struct {
	ID             string    `json:"id"` // the full SHA
	ShortID        string    `json:"short_id"`
	Title          string    `json:"title"`
	Message        string    `json:"message"`
	ParentIDs      []string  `json:"parent_ids"`
	AuthorName     string    `json:"author_name"`
	AuthorEmail    string    `json:"author_email"`
	AuthoredDate   time.Time `json:"authored_date"`
	CommitterName  string    `json:"committer_name"`
	CommitterEmail string    `json:"committer_email"`
	CommittedDate  time.Time `json:"committed_date"`
	CreatedAt      time.Time `json:"created_at"`
	WebURL         string    `json:"web_url"`
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

// Comparison is what changed between two refs.
type Comparison struct {
	Commit         Commit   `json:"commit"` // the last one; zero if the refs are the same
	Commits        []Commit `json:"commits"`
	Diffs          []Diff   `json:"diffs"`
	CompareTimeout bool     `json:"compare_timeout"` // the diffs are not complete
	CompareSameRef bool     `json:"compare_same_ref"`
	WebURL         string   `json:"web_url"`
}

// ListCommits selects commits of a project; zero fields do not.
type ListCommits struct {
	RefName string // branch, tag or SHA to start from; "": the default branch
	Path    string // only commits that change it
}

// CommitsService calls the commits and compare APIs. A sha may be any ref that
// GitLab resolves.
type CommitsService service

// List lists the commits of a project, newest first: with a sha as RefName, it
// and those before it.
func (s *CommitsService) List(ctx context.Context, project string, in ListCommits, opts ...RequestOption) iter.Seq2[Commit, error] {
	q := make(query)
	q.set("ref_name", in.RefName)
	q.set("path", in.Path)
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

// Compare returns what changed from one ref to another.
func (s *CommitsService) Compare(ctx context.Context, project, from, to string, opts ...RequestOption) (Comparison, error) {
	q := url.Values{"from": {from}, "to": {to}}
	return Get[Comparison](ctx, s.client, PathTo(pathCompare, project).With(q), opts...)
}
