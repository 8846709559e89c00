package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"

	"github.com/freshgrant/gitlab"
)

const branchJSON = `{"name":"feature/x","merged":true,"protected":true,"default":true,"developers_can_push":true,"developers_can_merge":true,"can_push":true,` +
	`"web_url":"https://g/group/app.io/-/tree/feature/x","commit":` + commitJSON + `}`

var fullBranch = gitlab.Branch{
	Name: "feature/x", Commit: fullCommit, Default: true, Protected: true, Merged: true, CanPush: true, DevelopersCanPush: true, DevelopersCanMerge: true,
	WebURL: "https://g/group/app.io/-/tree/feature/x",
}

func TestBranchesAPI(t *testing.T) {
	t.Parallel()
	const path = "/projects/group%2Fapp.io/repository/branches"
	list := func(in gitlab.ListBranches) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Branch, error] {
			return c.Branches.List(ctx, "group/app.io", in)
		})
	}
	create := func(in gitlab.CreateBranch) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Branch, error) {
			return c.Branches.Create(ctx, "group/app.io", in)
		})
	}
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: path + "?per_page=100", status: 200, answer: "[" + branchJSON + "]", want: []gitlab.Branch{fullBranch},
		make: list(gitlab.ListBranches{}),
	}, {
		name: "some", method: http.MethodGet, path: path + "?per_page=100&regex=%5Ea%2Bb%24&search=%5Efeature", status: 200, answer: "[" + branchJSON + "]",
		want: []gitlab.Branch{fullBranch}, make: list(gitlab.ListBranches{Search: "^feature", Regex: "^a+b$"}),
	}, {
		name: "get", method: http.MethodGet, path: path + "/feature%2Fx.y%2Bz", status: 200, answer: branchJSON, want: fullBranch,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Branch, error) {
			return c.Branches.Get(ctx, "group/app.io", "feature/x.y+z")
		}),
	}, {
		name: "create nothing", method: http.MethodPost, path: path, body: `{"branch":"","ref":""}`, status: 201, answer: branchJSON, want: fullBranch,
		make: create(gitlab.CreateBranch{}),
	}, {
		name: "create", method: http.MethodPost, path: path, body: `{"branch":"feature/x","ref":"main"}`, status: 201, answer: branchJSON, want: fullBranch,
		make: create(gitlab.CreateBranch{Branch: "feature/x", Ref: "main"}),
	}, {
		name: "delete", method: http.MethodDelete, path: path + "/feature%2Fx", status: 204, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Branches.Delete(ctx, "group/app.io", "feature/x")
		},
	}, {
		name: "delete the merged", method: http.MethodDelete, path: "/projects/group%2Fapp.io/repository/merged_branches", status: 202, answer: `{"message":"202 Accepted"}`, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Branches.DeleteMerged(ctx, "group/app.io")
		},
	}})
}
