package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const tagJSON = `{"commit":` + commitJSON + `,"release":{"tag_name":"v1.0.0","description":"Amazing release. Wow"},"name":"v1.0.0","target":"2695effb5807a22ff3d138d593fd856244e155e7",` +
	`"message":"Release 1.0","protected":true,"created_at":"2018-09-13T02:35:07+02:00"}`

var fullTag = gitlab.Tag{
	Name: "v1.0.0", Message: "Release 1.0", Target: "2695effb5807a22ff3d138d593fd856244e155e7", Commit: fullCommit,
	Release: gitlab.TagRelease{TagName: "v1.0.0", Description: "Amazing release. Wow"}, Protected: true, CreatedAt: at,
}

func TestTagsAPI(t *testing.T) {
	t.Parallel()
	const path = "/projects/group%2Fapp.io/repository/tags"
	list := func(in gitlab.ListTags) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Tag, error] {
			return c.Tags.List(ctx, "group/app.io", in)
		})
	}
	create := func(in gitlab.CreateTag) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Tag, error) {
			return c.Tags.Create(ctx, "group/app.io", in)
		})
	}
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: path + "?per_page=100", status: 200, answer: "[" + tagJSON + "]", want: []gitlab.Tag{fullTag}, make: list(gitlab.ListTags{}),
	}, {
		name: "some", method: http.MethodGet, path: path + "?order_by=version&per_page=100&search=%5Ev1&sort=asc", status: 200, answer: "[" + tagJSON + "]", want: []gitlab.Tag{fullTag},
		make: list(gitlab.ListTags{Search: "^v1", OrderBy: "version", Sort: "asc"}),
	}, {
		name: "get", method: http.MethodGet, path: path + "/v1.0%2Brc%2F1", status: 200, answer: tagJSON, want: fullTag,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Tag, error) {
			return c.Tags.Get(ctx, "group/app.io", "v1.0+rc/1")
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: path, body: `{"tag_name":"","ref":""}`, status: 201, answer: tagJSON, want: fullTag, make: create(gitlab.CreateTag{}),
	}, {
		name: "create the most", method: http.MethodPost, path: path, body: `{"tag_name":"v1.0.0","ref":"main","message":"Release 1.0"}`, status: 201, answer: tagJSON, want: fullTag,
		make: create(gitlab.CreateTag{TagName: "v1.0.0", Ref: "main", Message: "Release 1.0"}),
	}, {
		name: "delete", method: http.MethodDelete, path: path + "/v1.0.0", status: 204, want: nil,
		make: func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Tags.Delete(ctx, "group/app.io", "v1.0.0")
		},
	}})
}

func TestLightweightTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"name":"v5.0.0","message":null,"target":"60a8ff03","release":null,"protected":false,"created_at":null}`))
	tag, err := w.client.Tags.Get(t.Context(), "group/app.io", "v5.0.0")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Tag{Name: "v5.0.0", Target: "60a8ff03"}, tag)
}
