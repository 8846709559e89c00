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

func TestPipelinesAPI(t *testing.T) {
	t.Parallel()
	list := func(in gitlab.ListPipelines) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.BasicPipeline, error] {
			return c.Pipelines.List(ctx, "group/app.io", in)
		})
	}
	latest := func(ref string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Pipeline, error) {
			return c.Pipelines.Latest(ctx, "group/app.io", ref)
		})
	}
	create := func(in gitlab.CreatePipeline) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Pipeline, error) {
			return c.Pipelines.Create(ctx, "group/app.io", in)
		})
	}
	jobs := func(in gitlab.ListPipelineJobs) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Job, error] {
			return c.Pipelines.Jobs(ctx, "group/app.io", 287, in)
		})
	}
	const (
		all = "/projects/group%2Fapp.io/pipelines"
		one = all + "/287"
	)
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: all + "?per_page=100", status: 200, answer: "[" + basicPipelineJSON + "]", want: []gitlab.BasicPipeline{fullBasicPipeline},
		make: list(gitlab.ListPipelines{}),
	}, {
		name: "some", method: http.MethodGet,
		path: all + "?created_after=2018-09-13T00%3A40%3A01Z&created_before=2018-09-13T00%3A40%3A02Z&name=Build&order_by=updated_at&per_page=100&ref=feature%2Fx&scope=finished" +
			"&sha=a91957a8&sort=asc&source=parent_pipeline&status=failed&updated_after=2018-09-13T00%3A40%3A03Z&updated_before=2018-09-13T00%3A40%3A04Z&username=grace&yaml_errors=false",
		status: 200, answer: "[" + basicPipelineJSON + "]", want: []gitlab.BasicPipeline{fullBasicPipeline},
		make: list(gitlab.ListPipelines{
			Scope: "finished", Status: gitlab.PipelineFailed, Source: "parent_pipeline", Ref: "feature/x", SHA: "a91957a8", Name: "Build", Username: "grace", YAMLErrors: new(false),
			CreatedAfter: second(1), CreatedBefore: second(2), UpdatedAfter: second(3), UpdatedBefore: second(4), OrderBy: "updated_at", Sort: "asc",
		}),
	}, {
		name: "latest", method: http.MethodGet, path: all + "/latest", status: 200, answer: pipelineJSON, want: fullPipeline, make: latest(""),
	}, {
		name: "latest of a ref", method: http.MethodGet, path: all + "/latest?ref=feature%2Fx", status: 200, answer: pipelineJSON, want: fullPipeline, make: latest("feature/x"),
	}, {
		name: "get", method: http.MethodGet, path: one, status: 200, answer: pipelineJSON, want: fullPipeline,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Pipeline, error) {
			return c.Pipelines.Get(ctx, "group/app.io", 287)
		}),
	}, {
		name: "create the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/pipeline", body: `{"ref":"main"}`, status: 201, answer: pipelineJSON, want: fullPipeline,
		make: create(gitlab.CreatePipeline{Ref: "main"}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/pipeline",
		body: `{"ref":"main","variables":[{"key":"UPLOAD","value":"true","variable_type":"file"},{"key":"EMPTY","value":""}],` +
			`"inputs":{"environment":"staging","level":3,"scan":false,"targets":["a","b"]}}`,
		status: 201, answer: pipelineJSON, want: fullPipeline,
		make: create(gitlab.CreatePipeline{
			Ref: "main", Variables: []gitlab.PipelineVariable{{Key: "UPLOAD", Value: "true", VariableType: "file"}, {Key: "EMPTY"}},
			Inputs: map[string]any{"scan": false, "level": 3, "environment": "staging", "targets": []string{"a", "b"}},
		}),
	}, {
		name: "retry", method: http.MethodPost, path: one + "/retry", status: 201, answer: pipelineJSON, want: fullPipeline,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Pipeline, error) {
			return c.Pipelines.Retry(ctx, "group/app.io", 287)
		}),
	}, {
		name: "cancel", method: http.MethodPost, path: one + "/cancel", status: 200, answer: pipelineJSON, want: fullPipeline,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Pipeline, error) {
			return c.Pipelines.Cancel(ctx, "group/app.io", 287)
		}),
	}, {
		name: "jobs", method: http.MethodGet, path: one + "/jobs?per_page=100", status: 200, answer: "[" + jobJSON + "]", want: []gitlab.Job{fullJob}, make: jobs(gitlab.ListPipelineJobs{}),
	}, {
		name: "some jobs", method: http.MethodGet, path: one + "/jobs?include_retried=true&per_page=100&scope%5B%5D=failed&scope%5B%5D=canceled",
		status: 200, answer: "[" + jobJSON + "]", want: []gitlab.Job{fullJob},
		make: jobs(gitlab.ListPipelineJobs{Scope: []gitlab.JobStatus{gitlab.JobFailed, gitlab.JobCanceled}, IncludeRetried: true}),
	}})
}

func TestRefWithoutAPipelineIsForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusForbidden, `{"message":"403 Forbidden"}`))
	_, err := w.client.Pipelines.Latest(t.Context(), "group/app.io", "main")
	require.ErrorIs(t, err, gitlab.ErrForbidden)
}

func TestUnknownStatusesAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":1,"status":"dreaming","user":null,"coverage":null,"detailed_status":{"illustration":null}}`))
	pipeline, err := w.client.Pipelines.Get(t.Context(), "group/app.io", 1)
	require.NoError(t, err)
	assert.Equal(t, gitlab.Pipeline{BasicPipeline: gitlab.BasicPipeline{ID: 1, Status: "dreaming"}}, pipeline)
}
