package gitlab

import (
	"context"
	"iter"
	"net/url"
)

// Comparison is what changed between two refs.
type Comparison struct {
	Commit         Commit   `json:"commit"` // the last one; zero if the refs are the same
	Commits        []Commit `json:"commits"`
	Diffs          []Diff   `json:"diffs"`
	CompareTimeout bool     `json:"compare_timeout"` // the diffs are not complete
	CompareSameRef bool     `json:"compare_same_ref"`
	WebURL         string   `json:"web_url"`
}

// CompareRefs says what is compared. A ref is a branch, tag or SHA.
type CompareRefs struct {
	From string // required
	To   string // required
	// Straight compares From itself with To, as git's from..to does; otherwise
	// what both have in common, their merge base, is compared with To.
	Straight      bool
	FromProjectID int64 // where From is, of the same fork network; 0: in the project of To
	Unidiff       bool  // diffs with the lines that name the files, as git prints them
}

// TreeEntryType is what a [TreeEntry] names.
type TreeEntryType string

// The types of the entries of a tree.
const (
	TreeEntryFile      TreeEntryType = "blob"
	TreeEntryDirectory TreeEntryType = "tree"
	TreeEntrySubmodule TreeEntryType = "commit"
)

// TreeEntry is a file or directory of a repository
// (https://docs.gitlab.com/api/repositories/).
type TreeEntry struct {
	ID   string        `json:"id"` // the SHA of the Git object
	Name string        `json:"name"`
	Type TreeEntryType `json:"type"`
	Path string        `json:"path"` // from the root of the repository
	Mode string        `json:"mode"` // Git's, such as "100644"
}

// ListTree selects files and directories; zero fields do not.
type ListTree struct {
	Ref       string // branch, tag or SHA; "": the default branch
	Path      string // a directory; "": the root
	Recursive bool   // with all that is in the directories below
}

// RepositoryService calls the repositories API.
type RepositoryService service

// Compare returns what changed from one ref to another.
func (s *RepositoryService) Compare(ctx context.Context, project string, in CompareRefs, opts ...RequestOption) (Comparison, error) {
	q := make(query)
	q.set("from", in.From)
	q.set("to", in.To)
	q.flag("straight", in.Straight)
	q.number("from_project_id", in.FromProjectID)
	q.flag("unidiff", in.Unidiff)
	return Get[Comparison](ctx, s.client, PathTo(pathCompare, project).With(q.values()), opts...)
}

// MergeBase returns the newest commit that all refs have in common, of which
// GitLab wants two at least. If there is none, it is an [ErrNotFound].
func (s *RepositoryService) MergeBase(ctx context.Context, project string, refs []string, opts ...RequestOption) (Commit, error) {
	q := make(query)
	q.list("refs", refs)
	return Get[Commit](ctx, s.client, PathTo(pathMergeBase, project).With(q.values()), opts...)
}

// Tree lists files and directories. A directory that is not there is an
// [ErrNotFound]; GitLab before 17.7 lists nothing.
func (s *RepositoryService) Tree(ctx context.Context, project string, in ListTree, opts ...RequestOption) iter.Seq2[TreeEntry, error] {
	q := query{"pagination": {"keyset"}} // GitLab has no other here since 15.0
	q.set("ref", in.Ref)
	q.set("path", in.Path)
	q.flag("recursive", in.Recursive)
	return List[TreeEntry](ctx, s.client, PathTo(pathTree, project).With(url.Values(q)), opts...)
}
