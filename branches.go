package gitlab

import (
	"context"
	"iter"
	"net/http"
)

// Branch is a branch of a repository (https://docs.gitlab.com/api/branches/).
type Branch struct {
	Name               string `json:"name"`
	Commit             Commit `json:"commit"` // its last
	Default            bool   `json:"default"`
	Protected          bool   `json:"protected"`
	Merged             bool   `json:"merged"` // into the default branch
	CanPush            bool   `json:"can_push"`
	DevelopersCanPush  bool   `json:"developers_can_push"`
	DevelopersCanMerge bool   `json:"developers_can_merge"`
	WebURL             string `json:"web_url"`
}

// ListBranches selects branches; zero fields do not. GitLab takes one of them.
type ListBranches struct {
	Search string // in names; ^ and $ stand for their ends
	Regex  string // of names, in RE2's syntax
}

// CreateBranch is a new branch.
type CreateBranch struct {
	Branch string `json:"branch"` // required: its name
	Ref    string `json:"ref"`    // required: the branch, tag or SHA that it starts at
}

// BranchesService calls the branches API.
type BranchesService service

// List lists the branches of a project, by name.
func (s *BranchesService) List(ctx context.Context, project string, in ListBranches, opts ...RequestOption) iter.Seq2[Branch, error] {
	q := make(query)
	q.set("search", in.Search)
	q.set("regex", in.Regex)
	return List[Branch](ctx, s.client, PathTo(pathBranches, project).With(q.values()), opts...)
}

// Get returns a branch.
func (s *BranchesService) Get(ctx context.Context, project, branch string, opts ...RequestOption) (Branch, error) {
	return Get[Branch](ctx, s.client, PathTo(pathBranch, project, branch), opts...)
}

// Create makes a branch.
func (s *BranchesService) Create(ctx context.Context, project string, in CreateBranch, opts ...RequestOption) (Branch, error) {
	var out Branch
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathBranches, project), in, &out, opts...)
	return out, err
}

// Delete deletes a branch, which may not be protected or the default one.
func (s *BranchesService) Delete(ctx context.Context, project, branch string, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathBranch, project, branch), nil, nil, opts...)
}

// DeleteMerged deletes all branches that are merged into the default branch and
// not protected. GitLab does so after it has answered.
func (s *BranchesService) DeleteMerged(ctx context.Context, project string, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathMergedBranches, project), nil, nil, opts...)
}
