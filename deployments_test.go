package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"testing"

	"github.com/freshgrant/gitlab"
)

const (
	deploymentApprovalJSON = `{"user":` + linusUserJSON + `,"status":"approved","comment":"Fine","created_at":"2018-09-13T00:40:51Z"}`
	deploymentJSON         = `{"id":42,"iid":2,"ref":"main","sha":"a91957a858320c0e17f3a0eca7cfacbff50ea29a","status":"success","user":` + graceUserJSON + `,"environment":{"id":9,"name":"production/eu","slug":"production-eu-1","external_url":"https://about.example.com","created_at":"2018-09-13T00:40:52Z","updated_at":"2018-09-13T00:40:53Z"},"deployable":` + jobJSON + `,"pending_approval_count":1,"approvals":[` + deploymentApprovalJSON + `],"approval_summary":{"rules":[{"user_id":12,"group_id":134,"access_level":40,"access_level_description":"qa-group","required_approvals":2,"deployment_approvals":[` + deploymentApprovalJSON + `]}]},"created_at":"2018-09-13T00:40:54Z","updated_at":"2018-09-13T00:40:55Z"}`
)

var (
	fullDeploymentApproval = gitlab.DeploymentApproval{User: linusUser, Status: "approved", Comment: "Fine", CreatedAt: second(51)}
	fullDeployment         = gitlab.Deployment{
		ID: 42, IID: 2, Ref: "main", SHA: "a91957a858320c0e17f3a0eca7cfacbff50ea29a", Status: gitlab.DeploymentSuccess, User: graceUser,
		Environment: gitlab.BasicEnvironment{
			ID: 9, Name: "production/eu", Slug: "production-eu-1", ExternalURL: "https://about.example.com", CreatedAt: second(52), UpdatedAt: second(53),
		},
		Deployable: fullJob, PendingApprovalCount: 1, Approvals: []gitlab.DeploymentApproval{fullDeploymentApproval},
		ApprovalSummary: gitlab.DeploymentApprovalSummary{Rules: []gitlab.DeploymentApprovalRule{{
			UserID: 12, GroupID: 134, AccessLevel: 40, AccessLevelDescription: "qa-group", RequiredApprovals: 2, DeploymentApprovals: []gitlab.DeploymentApproval{fullDeploymentApproval},
		}}},
		CreatedAt: second(54), UpdatedAt: second(55),
	}
)

func TestDeploymentsAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "Deployment", reflect.ValueOf(fullDeployment))
	list := func(in gitlab.ListDeployments) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Deployment, error] {
			return c.Deployments.List(ctx, "group/app.io", in)
		})
	}
	create := func(in gitlab.CreateDeployment) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Deployment, error) {
			return c.Deployments.Create(ctx, "group/app.io", in)
		})
	}
	update := func(in gitlab.UpdateDeployment) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Deployment, error) {
			return c.Deployments.Update(ctx, "group/app.io", 42, in)
		})
	}
	const all = "/projects/group%2Fapp.io/deployments"
	runTyped(t, []typedCall{{
		name: "all", method: http.MethodGet, path: all + "?per_page=100", status: 200, answer: "[" + deploymentJSON + `,{"id":43,"deployable":null}]`,
		want: []gitlab.Deployment{fullDeployment, {ID: 43}}, make: list(gitlab.ListDeployments{}),
	}, {
		name: "some", method: http.MethodGet,
		path: all + "?environment=production%2Feu&finished_after=2018-09-13T00%3A40%3A03Z&finished_before=2018-09-13T00%3A40%3A04Z&order_by=finished_at&per_page=100" +
			"&sort=desc&status=success&updated_after=2018-09-13T00%3A40%3A01Z&updated_before=2018-09-13T00%3A40%3A02Z",
		status: 200, answer: "[" + deploymentJSON + "]", want: []gitlab.Deployment{fullDeployment},
		make: list(gitlab.ListDeployments{
			Environment: "production/eu", Status: gitlab.DeploymentSuccess, UpdatedAfter: second(1), UpdatedBefore: second(2), FinishedAfter: second(3), FinishedBefore: second(4),
			OrderBy: "finished_at", Sort: "desc",
		}),
	}, {
		name: "get", method: http.MethodGet, path: all + "/42", status: 200, answer: deploymentJSON, want: fullDeployment,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Deployment, error) {
			return c.Deployments.Get(ctx, "group/app.io", 42)
		}),
	}, {
		name: "create nothing", method: http.MethodPost, path: all, body: `{"environment":"","ref":"","sha":"","tag":false,"status":""}`,
		status: 201, answer: deploymentJSON, want: fullDeployment, make: create(gitlab.CreateDeployment{}),
	}, {
		name: "create", method: http.MethodPost, path: all, body: `{"environment":"production/eu","ref":"v1.0","sha":"a91957a8","tag":true,"status":"running"}`,
		status: 201, answer: deploymentJSON, want: fullDeployment,
		make: create(gitlab.CreateDeployment{Environment: "production/eu", Ref: "v1.0", SHA: "a91957a8", Tag: true, Status: gitlab.DeploymentRunning}),
	}, {
		name: "update to nothing", method: http.MethodPut, path: all + "/42", body: `{"status":""}`, status: 200, answer: deploymentJSON, want: fullDeployment,
		make: update(gitlab.UpdateDeployment{}),
	}, {
		name: "update", method: http.MethodPut, path: all + "/42", body: `{"status":"success"}`, status: 200, answer: deploymentJSON, want: fullDeployment,
		make: update(gitlab.UpdateDeployment{Status: gitlab.DeploymentSuccess}),
	}})
}
