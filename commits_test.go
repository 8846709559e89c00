package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	commitJSON        = `{"id":"6104942438c14ec7bd21c6cd5bd995272b3faff6","short_id":"6104942438c","title":"Fix","message":"Fix\n\nall","parent_ids":["1a0b36b3cdad1d2ee32457c102a8c0b7056fa863"],"author_name":"Ada","author_email":"ada@x.org","authored_date":"2018-09-13T02:40:30.000+02:00","committer_name":"Bob","committer_email":"bob@x.org","committed_date":"2018-09-13T00:40:31.000+00:00","created_at":"2018-09-13T00:40:32.000+00:00","trailers":{"Signed-off-by":"Bob"},"extended_trailers":{"Signed-off-by":["Ada","Bob"]},"web_url":"https://g/group/app/-/commit/6104942","project_id":4,"stats":{"additions":15,"deletions":10,"total":25},"status":"running","last_pipeline":` + basicPipelineJSON + `}`
	diffJSON          = `{"old_path":"a.go","new_path":"b.go","a_mode":"100644","b_mode":"100755","diff":"@@ -1 +1 @@\n-a\n+b\n","new_file":true,"renamed_file":true,"deleted_file":true,"generated_file":true,"collapsed":true,"too_large":true}`
	commitCommentJSON = `{"note":"Nice picture!","path":"dudeism.md","line":11,"line_type":"new","author":` + graceUserJSON + `,"created_at":"2018-09-13T00:40:33Z"}`
)

var (
	fullCommit = gitlab.Commit{
		ID: "6104942438c14ec7bd21c6cd5bd995272b3faff6", ShortID: "6104942438c", Title: "Fix", Message: "Fix\n\nall", ParentIDs: []string{"1a0b36b3cdad1d2ee32457c102a8c0b7056fa863"},
		AuthorName: "Ada", AuthorEmail: "ada@x.org", AuthoredDate: second(30), CommitterName: "Bob", CommitterEmail: "bob@x.org", CommittedDate: second(31), CreatedAt: second(32),
		Trailers: map[string]string{"Signed-off-by": "Bob"}, ExtendedTrailers: map[string][]string{"Signed-off-by": {"Ada", "Bob"}},
		WebURL: "https://g/group/app/-/commit/6104942", ProjectID: 4, Stats: gitlab.CommitStats{Additions: 15, Deletions: 10, Total: 25}, Status: gitlab.PipelineRunning,
		LastPipeline: fullBasicPipeline,
	}
	fullDiff = gitlab.Diff{
		OldPath: "a.go", NewPath: "b.go", AMode: "100644", BMode: "100755", Diff: "@@ -1 +1 @@\n-a\n+b\n", NewFile: true, RenamedFile: true, DeletedFile: true,
		GeneratedFile: true, Collapsed: true, TooLarge: true,
	}
	fullCommitComment = gitlab.CommitComment{Note: "Nice picture!", Path: "dudeism.md", Line: 11, LineType: "new", Author: graceUser, CreatedAt: second(33)}
)

func TestCommitsAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "Commit", reflect.ValueOf(fullCommit))
	assertFilled(t, "Diff", reflect.ValueOf(fullDiff))
	assertFilled(t, "CommitComment", reflect.ValueOf(fullCommitComment))
	list := func(in gitlab.ListCommits) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Commit, error] {
			return c.Commits.List(ctx, "group/app.io", in)
		})
	}
	refs := func(kind gitlab.CommitRefType) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.CommitRef, error] {
			return c.Commits.Refs(ctx, "group/app.io", "6104942", kind)
		})
	}
	comment := func(in gitlab.CreateCommitComment) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.CommitComment, error) {
			return c.Commits.Comment(ctx, "group/app.io", "6104942", in)
		})
	}
	const (
		all = "/projects/group%2Fapp.io/repository/commits"
		one = all + "/6104942"
	)
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: all + "?per_page=100", status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit}, make: list(gitlab.ListCommits{}),
	}, {
		name: "some", method: http.MethodGet,
		path: all + "?all=true&author=Ada&first_parent=true&order=topo&path=cmd%2Fmain.go&per_page=100&ref_name=feature%2Fx%2By" +
			"&since=2018-09-13T00%3A40%3A30Z&trailers=true&until=2018-09-13T00%3A40%3A31.5Z&with_stats=true",
		status: 200, answer: "[" + commitJSON + "]", want: []gitlab.Commit{fullCommit},
		make: list(gitlab.ListCommits{
			RefName: "feature/x+y", Since: second(30), Until: second(31).Add(500 * time.Millisecond), Path: "cmd/main.go", Author: "Ada", All: true, FirstParent: true, WithStats: true,
			Trailers: true, Order: "topo",
		}),
	}, {
		name: "one", method: http.MethodGet, path: all + "/feature%2Fx", status: 200, answer: commitJSON, want: fullCommit,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Commit, error) {
			return c.Commits.Get(ctx, "group/app.io", "feature/x")
		}),
	}, {
		name: "diff", method: http.MethodGet, path: one + "/diff?per_page=100", status: 200, answer: "[" + diffJSON + "]", want: []gitlab.Diff{fullDiff},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Diff, error] {
			return c.Commits.Diff(ctx, "group/app.io", "6104942")
		}),
	}, {
		name: "refs", method: http.MethodGet, path: one + "/refs?per_page=100", status: 200, answer: `[{"type":"branch","name":"feature/x"},{"type":"tag","name":"v1.1.0"}]`,
		want: []gitlab.CommitRef{{Type: gitlab.CommitRefBranch, Name: "feature/x"}, {Type: gitlab.CommitRefTag, Name: "v1.1.0"}}, make: refs(""),
	}, {
		name: "tags", method: http.MethodGet, path: one + "/refs?per_page=100&type=tag", status: 200, answer: `[]`, want: []gitlab.CommitRef(nil), make: refs(gitlab.CommitRefTag),
	}, {
		name: "comments", method: http.MethodGet, path: one + "/comments?per_page=100", status: 200, answer: "[" + commitCommentJSON + "]",
		want: []gitlab.CommitComment{fullCommitComment},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.CommitComment, error] {
			return c.Commits.Comments(ctx, "group/app.io", "6104942")
		}),
	}, {
		name: "comment", method: http.MethodPost, path: one + "/comments", body: `{"note":"Nice picture!"}`, status: 201, answer: `{"note":"Nice picture!","path":null,"line":null,"line_type":null}`,
		want: gitlab.CommitComment{Note: "Nice picture!"}, make: comment(gitlab.CreateCommitComment{Note: "Nice picture!"}),
	}, {
		name: "comment on a line", method: http.MethodPost, path: one + "/comments", body: `{"note":"Nice picture!","path":"dudeism.md","line":11,"line_type":"new"}`,
		status: 201, answer: commitCommentJSON, want: fullCommitComment,
		make: comment(gitlab.CreateCommitComment{Note: "Nice picture!", Path: "dudeism.md", Line: 11, LineType: "new"}),
	}, {
		name: "merge requests", method: http.MethodGet, path: one + "/merge_requests?per_page=100", status: 200, answer: "[" + basicMRJSON + "]",
		want: []gitlab.MergeRequest{basicMR},
		make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.MergeRequest, error] {
			return c.Commits.MergeRequests(ctx, "group/app.io", "6104942")
		}),
	}, {
		name: "merge SHA", method: http.MethodGet, path: one + "/merge_requests?per_page=100&state=merged", status: 200, answer: "[" + basicMRJSON + "]",
		want: "1162f719d711319a2efb2a35566f3bfdadee8bab",
		make: fetch(func(ctx context.Context, c *gitlab.Client) (string, error) {
			return c.Commits.MergeSHA(ctx, "group/app.io", "6104942")
		}),
	}})
}

func TestMergeSHAIsWhatTheTargetBranchPointedToFirst(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ answer, want string }{
		"merge commit":            {`[{"id":1,"state":"merged","sha":"head","merge_commit_sha":"merge","squash_commit_sha":null}]`, "merge"},
		"merge of a squash":       {`[{"id":1,"state":"merged","sha":"head","merge_commit_sha":"merge","squash_commit_sha":"squash"}]`, "merge"},
		"fast-forward, squashed":  {`[{"id":1,"state":"merged","sha":"head","merge_commit_sha":null,"squash_commit_sha":"squash"}]`, "squash"},
		"fast-forward":            {`[{"id":1,"state":"merged","sha":"head","merge_commit_sha":null,"squash_commit_sha":null}]`, "head"},
		"the first of two merges": {`[{"id":3,"state":"merged","merged_at":"2018-09-13T00:40:02Z","merge_commit_sha":"b"},{"id":2,"state":"merged","merged_at":"2018-09-13T00:40:01Z","merge_commit_sha":"a"},{"id":1,"state":"merged","merged_at":"2018-09-13T00:40:03Z","merge_commit_sha":"c"}]`, "a"},
		"one is not merged":       {`[{"id":1,"state":"opened","sha":"open"},{"id":2,"state":"merged","merged_at":"2018-09-13T00:40:02Z","merge_commit_sha":"b"}]`, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(always(http.StatusOK, row.answer))
			sha, err := w.client.Commits.MergeSHA(t.Context(), "group/app.io", "6104942")
			require.NoError(t, err)
			assert.Equal(t, row.want, sha)
		})
	}
}

func TestCommitOfNoMergedMergeRequestHasNoMergeSHA(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`[]`, `[{"id":1,"state":"opened","sha":"head","merge_commit_sha":null}]`, `[{"id":1,"state":"closed","sha":"head"}]`} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, answer))
		sha, err := w.client.Commits.MergeSHA(t.Context(), "group/app.io", "6104942")
		require.ErrorIs(t, err, gitlab.ErrNotFound)
		assert.Equal(t, `gitlab: not found: no merged merge request of project "group/app.io" has commit "6104942"`, err.Error())
		assert.Empty(t, sha)
	}
}
