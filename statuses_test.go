package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/freshgrant/gitlab"
)

const commitStatusJSON = `{"id":93,"sha":"18f3e63d05582537db6d183d9d557be09e1f90c8","ref":"develop","status":"success","name":"bundler:audit","target_url":"https://ci.example.com/91","description":"All is well","created_at":"2018-09-13T00:40:40Z","started_at":"2018-09-13T00:40:41Z","finished_at":"2018-09-13T00:40:42Z","allow_failure":true,"coverage":98.29,"pipeline_id":101,"author":` + graceUserJSON + `}`

var fullCommitStatus = gitlab.CommitStatus{
	ID: 93, SHA: "18f3e63d05582537db6d183d9d557be09e1f90c8", Ref: "develop", Status: gitlab.JobSuccess, Name: "bundler:audit", TargetURL: "https://ci.example.com/91",
	Description: "All is well", AllowFailure: true, Coverage: new(98.29), PipelineID: 101, Author: graceUser, CreatedAt: second(40), StartedAt: second(41), FinishedAt: second(42),
}

func TestCommitStatusesAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "CommitStatus", reflect.ValueOf(fullCommitStatus))
	list := func(in gitlab.ListCommitStatuses) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.CommitStatus, error] {
			return c.Commits.Statuses(ctx, "group/app.io", "18f3e63", in)
		})
	}
	set := func(in gitlab.SetCommitStatus) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.CommitStatus, error) {
			return c.Commits.SetStatus(ctx, "group/app.io", "18f3e63", in)
		})
	}
	const statuses = "/projects/group%2Fapp.io/repository/commits/18f3e63/statuses"
	runTyped(t, []typedCall{{
		name: "newest", method: http.MethodGet, path: statuses + "?per_page=100", status: 200, answer: "[" + commitStatusJSON + `,{"id":94,"coverage":null}]`,
		want: []gitlab.CommitStatus{fullCommitStatus, {ID: 94}}, make: list(gitlab.ListCommitStatuses{}),
	}, {
		name: "some", method: http.MethodGet, path: statuses + "?all=true&name=bundler%3Aaudit&order_by=pipeline_id&per_page=100&pipeline_id=101&ref=develop&sort=desc&stage=test",
		status: 200, answer: "[" + commitStatusJSON + "]", want: []gitlab.CommitStatus{fullCommitStatus},
		make: list(gitlab.ListCommitStatuses{Ref: "develop", Stage: "test", Name: "bundler:audit", PipelineID: 101, All: true, OrderBy: "pipeline_id", Sort: "desc"}),
	}, {
		name: "set the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/statuses/18f3e63", body: `{"state":"running"}`,
		status: 201, answer: commitStatusJSON, want: fullCommitStatus, make: set(gitlab.SetCommitStatus{State: gitlab.JobRunning}),
	}, {
		name: "set the most", method: http.MethodPost, path: "/projects/group%2Fapp.io/statuses/18f3e63",
		body:   `{"state":"success","ref":"develop","name":"audit","target_url":"https://ci.example.com/91","description":"All is well","coverage":0,"pipeline_id":101}`,
		status: 201, answer: commitStatusJSON, want: fullCommitStatus,
		make: set(gitlab.SetCommitStatus{
			State: gitlab.JobSuccess, Ref: "develop", Name: "audit", TargetURL: "https://ci.example.com/91", Description: "All is well", Coverage: new(0.0), PipelineID: 101,
		}),
	}})
}
