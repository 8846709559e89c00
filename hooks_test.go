package gitlab_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const hookJSON = `{"id":11,"url":"https://app.example.com/hook/{path}","name":"ours","description":"Tells","project_id":4,"group_id":3,
"created_at":"2018-09-13T00:35:07Z","push_events":true,"tag_push_events":true,"merge_requests_events":true,"repository_update_events":true,
"enable_ssl_verification":true,"alert_status":"temporarily_disabled","disabled_until":"2018-09-13T00:35:07Z",
"url_variables":[{"key":"path"}],"push_events_branch_filter":"release/*","branch_filter_strategy":"wildcard",
"custom_webhook_template":"{\"event\":\"{{object_kind}}\"}","custom_headers":[{"key":"Authorization"}],"token_present":true,
"signing_token_present":true,"issues_events":true,"confidential_issues_events":true,"note_events":true,"confidential_note_events":true,
"pipeline_events":true,"wiki_page_events":true,"deployment_events":true,"feature_flag_events":true,"job_events":true,"releases_events":true,
"milestone_events":true,"emoji_events":true,"resource_access_token_events":true,"resource_deploy_token_events":true,
"vulnerability_events":true,"subgroup_events":true,"project_events":true,"member_events":true}`

var fullHook = gitlab.Hook{
	ID: 11, URL: "https://app.example.com/hook/{path}", Name: "ours", Description: "Tells", ProjectID: 4, GroupID: 3, CreatedAt: at,
	PushEvents: true, TagPushEvents: true, MergeRequestsEvents: true, RepositoryUpdateEvents: true, EnableSSLVerification: true,
	AlertStatus: "temporarily_disabled", DisabledUntil: at, URLVariables: []gitlab.HookKey{{Key: "path"}}, PushEventsBranchFilter: "release/*",
	BranchFilterStrategy: "wildcard", CustomWebhookTemplate: "{\"event\":\"{{object_kind}}\"}",
	CustomHeaders: []gitlab.HookKey{{Key: "Authorization"}}, TokenPresent: true, SigningTokenPresent: true, IssuesEvents: true,
	ConfidentialIssuesEvents: true, NoteEvents: true, ConfidentialNoteEvents: true, PipelineEvents: true, WikiPageEvents: true,
	DeploymentEvents: true, FeatureFlagEvents: true, JobEvents: true, ReleasesEvents: true, MilestoneEvents: true, EmojiEvents: true,
	ResourceAccessTokenEvents: true, ResourceDeployTokenEvents: true, VulnerabilityEvents: true, SubgroupEvents: true, ProjectEvents: true,
	MemberEvents: true,
}

func TestHooksAPI(t *testing.T) {
	t.Parallel()
	project, group := gitlab.InProject("group/app.io"), gitlab.InGroup("parent/child")
	list := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Hook, error] {
			return c.Hooks.List(ctx, place)
		})
	}
	get := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Hook, error) { return c.Hooks.Get(ctx, place, 11) })
	}
	create := func(place gitlab.Place, in gitlab.CreateHook) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Hook, error) {
			return c.Hooks.Create(ctx, place, in)
		})
	}
	update := func(place gitlab.Place, in gitlab.UpdateHook) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Hook, error) {
			return c.Hooks.Update(ctx, place, 11, in)
		})
	}
	remove := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) { return nil, c.Hooks.Delete(ctx, place, 11) }
	}
	test := func(place gitlab.Place, trigger gitlab.HookTrigger) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Hooks.Test(ctx, place, 11, trigger)
		}
	}
	yes, no := true, false
	events := gitlab.HookEvents{
		PushEvents: &no, TagPushEvents: &yes, IssuesEvents: &no, ConfidentialIssuesEvents: &yes, MergeRequestsEvents: &no,
		NoteEvents: &yes, ConfidentialNoteEvents: &no, JobEvents: &yes, PipelineEvents: &no, DeploymentEvents: &yes,
		ReleasesEvents: &no, MilestoneEvents: &yes, FeatureFlagEvents: &no, WikiPageEvents: &yes, EmojiEvents: &no,
		ResourceAccessTokenEvents: &yes, ResourceDeployTokenEvents: &no, VulnerabilityEvents: &yes, SubgroupEvents: &no,
		ProjectEvents: &yes, MemberEvents: &no,
	}
	const eventsJSON = `"push_events":false,"tag_push_events":true,"issues_events":false,"confidential_issues_events":true,"merge_requests_events":false,"note_events":true,"confidential_note_events":false,"job_events":true,"pipeline_events":false,"deployment_events":true,"releases_events":false,"milestone_events":true,"feature_flag_events":false,"wiki_page_events":true,"emoji_events":false,"resource_access_token_events":true,"resource_deploy_token_events":false,"vulnerability_events":true,"subgroup_events":false,"project_events":true,"member_events":false`
	values := []gitlab.HookValue{{Key: "path", Value: "a/b"}, {Key: "k", Value: ""}}
	const valuesJSON = `[{"key":"path","value":"a/b"},{"key":"k","value":""}]`
	runTyped(t, []typedCall{{
		name: "list of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/hooks?per_page=100", status: 200, answer: "[" + hookJSON + "]",
		want: []gitlab.Hook{fullHook}, make: list(project),
	}, {
		name: "list of a group", method: http.MethodGet, path: "/groups/parent%2Fchild/hooks?per_page=100", status: 200, answer: "[" + hookJSON + "]",
		want: []gitlab.Hook{fullHook}, make: list(group),
	}, {
		name: "of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/hooks/11", status: 200, answer: hookJSON, want: fullHook,
		make: get(project),
	}, {
		name: "of a group", method: http.MethodGet, path: "/groups/parent%2Fchild/hooks/11", status: 200, answer: hookJSON, want: fullHook, make: get(group),
	}, {
		name: "create the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/hooks", body: `{"url":""}`,
		status: 201, answer: hookJSON, want: fullHook, make: create(project, gitlab.CreateHook{}),
	}, {
		name: "create the most", method: http.MethodPost, path: "/groups/parent%2Fchild/hooks",
		body: `{"url":"https://app.example.com/{path}","name":"ours","description":"Tells","token":"s","signing_token":"whsec_YQ==",` +
			`"enable_ssl_verification":false,"push_events_branch_filter":"^v","branch_filter_strategy":"regex","custom_webhook_template":"{}",` +
			`"custom_headers":` + valuesJSON + `,"url_variables":` + valuesJSON + `,` + eventsJSON + `}`,
		status: 201, answer: hookJSON, want: fullHook,
		make: create(group, gitlab.CreateHook{
			URL: "https://app.example.com/{path}", Name: "ours", Description: "Tells", Token: "s", SigningToken: "whsec_YQ==", EnableSSLVerification: &no,
			PushEventsBranchFilter: "^v", BranchFilterStrategy: gitlab.BranchFilterRegex, CustomWebhookTemplate: "{}",
			CustomHeaders: values, URLVariables: values, HookEvents: events,
		}),
	}, {
		name: "update nothing", method: http.MethodPut, path: "/groups/parent%2Fchild/hooks/11", body: `{}`,
		status: 200, answer: hookJSON, want: fullHook, make: update(group, gitlab.UpdateHook{}),
	}, {
		name: "update everything", method: http.MethodPut, path: "/projects/group%2Fapp.io/hooks/11",
		body: `{"url":"https://app.example.com/{path}","name":"","description":"Tells","token":"","signing_token":"whsec_YQ==",` +
			`"enable_ssl_verification":true,"push_events_branch_filter":"","branch_filter_strategy":"all_branches","custom_webhook_template":"",` +
			`"custom_headers":[],"url_variables":` + valuesJSON + `,` + eventsJSON + `}`,
		status: 200, answer: hookJSON, want: fullHook,
		make: update(project, gitlab.UpdateHook{
			URL: "https://app.example.com/{path}", Name: new(""), Description: new("Tells"), Token: new(gitlab.Secret("")), SigningToken: new(gitlab.Secret("whsec_YQ==")),
			EnableSSLVerification: &yes, PushEventsBranchFilter: new(""), BranchFilterStrategy: gitlab.BranchFilterAllBranches,
			CustomWebhookTemplate: new(""), CustomHeaders: []gitlab.HookValue{}, URLVariables: values, HookEvents: events,
		}),
	}, {
		name: "delete of a project", method: http.MethodDelete, path: "/projects/group%2Fapp.io/hooks/11", status: 204, make: remove(project),
	}, {
		name: "delete of a group", method: http.MethodDelete, path: "/groups/parent%2Fchild/hooks/11", status: 204, make: remove(group),
	}, {
		name: "test of a project", method: http.MethodPost, path: "/projects/group%2Fapp.io/hooks/11/test/merge_requests_events",
		status: 201, answer: `{"message":"201 Created"}`, make: test(project, gitlab.TriggerMergeRequests),
	}, {
		name: "test of a group", method: http.MethodPost, path: "/groups/parent%2Fchild/hooks/11/test/resource_access_token_events",
		status: 201, answer: `{"message":"201 Created"}`, make: test(group, gitlab.TriggerResourceAccessToken),
	}})
}

// TestRefusedTestOfAHook is what GitLab says when the hook's server refuses.
func TestRefusedTestOfAHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusUnprocessableEntity, `{"message":"Unauthorized"}`))
	err := w.client.WithToken("glpat-1").Hooks.Test(t.Context(), gitlab.InProject("4"), 11, gitlab.TriggerPush)
	require.ErrorContains(t, err, "status 422: Unauthorized")
}

func TestHookThatWasNeverDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":1,"alert_status":"executable","disabled_until":null,"push_events_branch_filter":null,"url_variables":[],"custom_headers":null}`))
	hook, err := w.client.WithToken("glpat-1").Hooks.Get(t.Context(), gitlab.InProject("4"), 1)
	require.NoError(t, err)
	assert.Equal(t, gitlab.Hook{ID: 1, AlertStatus: gitlab.HookExecutable, URLVariables: []gitlab.HookKey{}}, hook)
}

// TestSecretsOfHooksAreNotPrinted: GitLab never tells any of them again.
func TestSecretsOfHooksAreNotPrinted(t *testing.T) {
	t.Parallel()
	values := []gitlab.HookValue{{Key: "Authorization", Value: "Bearer " + hush}}
	for _, in := range []any{
		gitlab.CreateHook{Token: hush, SigningToken: hush, CustomHeaders: values, URLVariables: values},
		gitlab.UpdateHook{Token: new(gitlab.Secret(hush)), SigningToken: new(gitlab.Secret(hush)), CustomHeaders: values, URLVariables: values},
	} {
		for _, verb := range verbs {
			assert.NotContains(t, fmt.Sprintf(verb, in), hush)
		}
	}
}
