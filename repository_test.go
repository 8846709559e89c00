package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	compareJSON   = `{"commit":` + commitJSON + `,"commits":[` + commitJSON + `],"diffs":[` + diffJSON + `],"compare_timeout":true,"compare_same_ref":true,"web_url":"https://g/group/app.io/-/compare/a...b"}`
	treeEntryJSON = `{"id":"a1e8f8d745cc87e3a9248358d9352bb7f9a0aeba","name":"html","type":"tree","path":"files/html","mode":"040000"}`
)

var (
	fullComparison = gitlab.Comparison{
		Commit: fullCommit, Commits: []gitlab.Commit{fullCommit}, Diffs: []gitlab.Diff{fullDiff}, CompareTimeout: true, CompareSameRef: true,
		WebURL: "https://g/group/app.io/-/compare/a...b",
	}
	fullTreeEntry = gitlab.TreeEntry{ID: "a1e8f8d745cc87e3a9248358d9352bb7f9a0aeba", Name: "html", Type: gitlab.TreeEntryDirectory, Path: "files/html", Mode: "040000"}
)

func TestRepositoriesAreComparedInEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range []any{fullComparison, fullTreeEntry, fullFile, fullBlameRange, fullChangedFile, fullBranch, fullTag} {
		assertFilled(t, reflect.TypeOf(v).Name(), reflect.ValueOf(v))
	}
}

func TestRepositoryAPI(t *testing.T) {
	t.Parallel()
	compare := func(in gitlab.CompareRefs) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Comparison, error) {
			return c.Repository.Compare(ctx, "group/app.io", in)
		})
	}
	base := func(refs ...string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Commit, error) {
			return c.Repository.MergeBase(ctx, "group/app.io", refs)
		})
	}
	tree := func(in gitlab.ListTree) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.TreeEntry, error] {
			return c.Repository.Tree(ctx, "group/app.io", in)
		})
	}
	const path = "/projects/group%2Fapp.io/repository"
	runTyped(t, []typedCall{{
		name: "compare nothing", method: http.MethodGet, path: path + "/compare", status: 200, answer: compareJSON, want: fullComparison, make: compare(gitlab.CompareRefs{}),
	}, {
		name: "compare", method: http.MethodGet, path: path + "/compare?from=v1.0%2Brc1&from_project_id=5&straight=true&to=feature%2Fx&unidiff=true",
		status: 200, answer: compareJSON, want: fullComparison,
		make: compare(gitlab.CompareRefs{From: "v1.0+rc1", To: "feature/x", Straight: true, FromProjectID: 5, Unidiff: true}),
	}, {
		name: "merge base of nothing", method: http.MethodGet, path: path + "/merge_base", status: 200, answer: commitJSON, want: fullCommit, make: base(),
	}, {
		name: "merge base", method: http.MethodGet, path: path + "/merge_base?refs%5B%5D=304d257d&refs%5B%5D=feature%2Fx", status: 200, answer: commitJSON, want: fullCommit,
		make: base("304d257d", "feature/x"),
	}, {
		name: "root of the tree", method: http.MethodGet, path: path + "/tree?pagination=keyset&per_page=100", status: 200,
		answer: "[" + treeEntryJSON + "]", want: []gitlab.TreeEntry{fullTreeEntry}, make: tree(gitlab.ListTree{}),
	}, {
		name: "part of the tree", method: http.MethodGet, path: path + "/tree?pagination=keyset&path=files%2Fa+b&per_page=100&recursive=true&ref=feature%2Fx", status: 200,
		answer: "[" + treeEntryJSON + "," + treeEntryJSON + "]", want: []gitlab.TreeEntry{fullTreeEntry, fullTreeEntry},
		make: tree(gitlab.ListTree{Ref: "feature/x", Path: "files/a b", Recursive: true}),
	}})
}

func TestTreesArePagedByKeys(t *testing.T) {
	t.Parallel()
	const next = baseURL + "/api/v4/projects/4/repository/tree?id=4&page_token=a1e8f8d7&pagination=keyset&per_page=100&recursive=true"
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(inTurn(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, `[{"name":"a","type":"blob"}]`)
		resp.Header.Set("Link", `<`+next+`>; rel="next"`)
		return resp, nil
	}, always(http.StatusOK, `[{"name":"lib","type":"commit"}]`)))
	var entries []gitlab.TreeEntry
	for entry, err := range w.client.Repository.Tree(t.Context(), "4", gitlab.ListTree{Recursive: true}) {
		require.NoError(t, err)
		entries = append(entries, entry)
	}
	assert.Equal(t, []gitlab.TreeEntry{{Name: "a", Type: gitlab.TreeEntryFile}, {Name: "lib", Type: gitlab.TreeEntrySubmodule}}, entries)
	require.Len(t, w.sent(), 2)
	assert.Equal(t, next, w.sent()[1].URL)
}

// TestNamesInRepositoriesThatMeanAnotherResource is about every method that
// takes the name of a project, file, branch or tag.
func TestNamesInRepositoriesThatMeanAnotherResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	last := func(_ any, err error) error { return err }
	for _, name := range []string{"", ".", ".."} {
		for _, err := range []error{
			last(c.Repository.Compare(ctx, name, gitlab.CompareRefs{})),
			last(c.Repository.MergeBase(ctx, name, nil)),
			first(c.Repository.Tree(ctx, name, gitlab.ListTree{})),
			last(c.Files.Head(ctx, "4", name, "main")),
			last(c.Files.Get(ctx, "4", name, "main")),
			last(c.Files.Raw(ctx, "4", name, gitlab.RawFile{})),
			first(c.Files.Blame(ctx, "4", name, gitlab.BlameFile{})),
			last(c.Files.Create(ctx, "4", name, gitlab.CreateFile{})),
			last(c.Files.Update(ctx, "4", name, gitlab.UpdateFile{})),
			c.Files.Delete(ctx, "4", name, gitlab.DeleteFile{}),
			first(c.Branches.List(ctx, name, gitlab.ListBranches{})),
			last(c.Branches.Get(ctx, "4", name)),
			last(c.Branches.Create(ctx, name, gitlab.CreateBranch{})),
			c.Branches.Delete(ctx, "4", name),
			c.Branches.DeleteMerged(ctx, name),
			first(c.Tags.List(ctx, name, gitlab.ListTags{})),
			last(c.Tags.Get(ctx, "4", name)),
			last(c.Tags.Create(ctx, name, gitlab.CreateTag{})),
			c.Tags.Delete(ctx, "4", name),
		} {
			require.ErrorContains(t, err, "gitlab: path /")
		}
	}
	assert.Empty(t, w.sent())
}
