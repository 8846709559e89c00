package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// HookAlertStatus is whether GitLab calls a webhook, after failures.
type HookAlertStatus string

// The states of webhooks.
const (
	HookExecutable          HookAlertStatus = "executable"
	HookTemporarilyDisabled HookAlertStatus = "temporarily_disabled" // until Hook.DisabledUntil
	HookDisabled            HookAlertStatus = "disabled"             // until a test of it succeeds
)

// BranchFilterStrategy is how a webhook's PushEventsBranchFilter is read.
type BranchFilterStrategy string

// The strategies of branch filters.
const (
	BranchFilterWildcard    BranchFilterStrategy = "wildcard"
	BranchFilterRegex       BranchFilterStrategy = "regex" // of RE2
	BranchFilterAllBranches BranchFilterStrategy = "all_branches"
)

// HookTrigger is an event that a webhook can be tested with.
type HookTrigger string

// The triggers of tests.
const (
	TriggerPush                HookTrigger = "push_events"
	TriggerTagPush             HookTrigger = "tag_push_events"
	TriggerIssues              HookTrigger = "issues_events"
	TriggerConfidentialIssues  HookTrigger = "confidential_issues_events"
	TriggerNote                HookTrigger = "note_events"
	TriggerMergeRequests       HookTrigger = "merge_requests_events"
	TriggerJob                 HookTrigger = "job_events"
	TriggerPipeline            HookTrigger = "pipeline_events"
	TriggerWikiPage            HookTrigger = "wiki_page_events"
	TriggerReleases            HookTrigger = "releases_events"
	TriggerMilestone           HookTrigger = "milestone_events"
	TriggerEmoji               HookTrigger = "emoji_events"
	TriggerResourceAccessToken HookTrigger = "resource_access_token_events"
	TriggerResourceDeployToken HookTrigger = "resource_deploy_token_events"
)

// Hook is a webhook of a project or group
// (https://docs.gitlab.com/api/project_webhooks/,
// https://docs.gitlab.com/api/group_webhooks/). GitLab never returns its
// secrets.
type Hook struct {
	ID                        int64                `json:"id"`
	ProjectID                 int64                `json:"project_id"` // 0: a group's
	GroupID                   int64                `json:"group_id"`   // 0: a project's
	URL                       string               `json:"url"`
	Name                      string               `json:"name"`
	Description               string               `json:"description"`
	EnableSSLVerification     bool                 `json:"enable_ssl_verification"`
	TokenPresent              bool                 `json:"token_present"`         // since GitLab 19.0
	SigningTokenPresent       bool                 `json:"signing_token_present"` // since GitLab 19.0
	PushEventsBranchFilter    string               `json:"push_events_branch_filter"`
	BranchFilterStrategy      BranchFilterStrategy `json:"branch_filter_strategy"`
	CustomWebhookTemplate     string               `json:"custom_webhook_template"`
	CustomHeaders             []HookKey            `json:"custom_headers"`
	URLVariables              []HookKey            `json:"url_variables"`
	PushEvents                bool                 `json:"push_events"`
	TagPushEvents             bool                 `json:"tag_push_events"`
	IssuesEvents              bool                 `json:"issues_events"`
	ConfidentialIssuesEvents  bool                 `json:"confidential_issues_events"`
	MergeRequestsEvents       bool                 `json:"merge_requests_events"`
	NoteEvents                bool                 `json:"note_events"`
	ConfidentialNoteEvents    bool                 `json:"confidential_note_events"`
	JobEvents                 bool                 `json:"job_events"`
	PipelineEvents            bool                 `json:"pipeline_events"`
	DeploymentEvents          bool                 `json:"deployment_events"`
	ReleasesEvents            bool                 `json:"releases_events"`
	MilestoneEvents           bool                 `json:"milestone_events"`
	FeatureFlagEvents         bool                 `json:"feature_flag_events"`
	WikiPageEvents            bool                 `json:"wiki_page_events"`
	EmojiEvents               bool                 `json:"emoji_events"`
	RepositoryUpdateEvents    bool                 `json:"repository_update_events"`
	ResourceAccessTokenEvents bool                 `json:"resource_access_token_events"`
	ResourceDeployTokenEvents bool                 `json:"resource_deploy_token_events"`
	VulnerabilityEvents       bool                 `json:"vulnerability_events"`
	SubgroupEvents            bool                 `json:"subgroup_events"` // of groups
	ProjectEvents             bool                 `json:"project_events"`  // of groups
	MemberEvents              bool                 `json:"member_events"`   // of groups
	AlertStatus               HookAlertStatus      `json:"alert_status"`
	DisabledUntil             time.Time            `json:"disabled_until"` // zero: not disabled, or for good
	CreatedAt                 time.Time            `json:"created_at"`
}

// HookKey names a custom header or URL variable of a webhook. GitLab keeps the
// value to itself.
type HookKey struct {
	Key string `json:"key"`
}

// HookValue is a custom header or URL variable of a webhook, with its value.
type HookValue struct {
	Key   string `json:"key"`
	Value Secret `json:"value"` // often a password
}

// HookEvents are the events that GitLab tells a webhook of. nil is GitLab's
// default for a new webhook, which is push events alone, and leaves an existing
// one as it is.
type HookEvents struct {
	PushEvents                *bool `json:"push_events,omitzero"`
	TagPushEvents             *bool `json:"tag_push_events,omitzero"`
	IssuesEvents              *bool `json:"issues_events,omitzero"`
	ConfidentialIssuesEvents  *bool `json:"confidential_issues_events,omitzero"`
	MergeRequestsEvents       *bool `json:"merge_requests_events,omitzero"`
	NoteEvents                *bool `json:"note_events,omitzero"`
	ConfidentialNoteEvents    *bool `json:"confidential_note_events,omitzero"`
	JobEvents                 *bool `json:"job_events,omitzero"`
	PipelineEvents            *bool `json:"pipeline_events,omitzero"`
	DeploymentEvents          *bool `json:"deployment_events,omitzero"`
	ReleasesEvents            *bool `json:"releases_events,omitzero"`
	MilestoneEvents           *bool `json:"milestone_events,omitzero"`
	FeatureFlagEvents         *bool `json:"feature_flag_events,omitzero"`
	WikiPageEvents            *bool `json:"wiki_page_events,omitzero"`
	EmojiEvents               *bool `json:"emoji_events,omitzero"`
	ResourceAccessTokenEvents *bool `json:"resource_access_token_events,omitzero"`
	ResourceDeployTokenEvents *bool `json:"resource_deploy_token_events,omitzero"` // of projects
	VulnerabilityEvents       *bool `json:"vulnerability_events,omitzero"`
	SubgroupEvents            *bool `json:"subgroup_events,omitzero"` // of groups
	ProjectEvents             *bool `json:"project_events,omitzero"`  // of groups
	MemberEvents              *bool `json:"member_events,omitzero"`   // of groups
}

// CreateHook is a new webhook.
type CreateHook struct {
	URL                    string               `json:"url"` // required; {name} stands for a URL variable
	Name                   string               `json:"name,omitzero"`
	Description            string               `json:"description,omitzero"`
	Token                  Secret               `json:"token,omitzero"`                   // the secret that GitLab sends as X-Gitlab-Token
	SigningToken           Secret               `json:"signing_token,omitzero"`           // whsec_ and 32 bytes in base64; since GitLab 19.0
	EnableSSLVerification  *bool                `json:"enable_ssl_verification,omitzero"` // nil: GitLab verifies
	PushEventsBranchFilter string               `json:"push_events_branch_filter,omitzero"`
	BranchFilterStrategy   BranchFilterStrategy `json:"branch_filter_strategy,omitzero"`  // "": wildcard
	CustomWebhookTemplate  string               `json:"custom_webhook_template,omitzero"` // of the body
	CustomHeaders          []HookValue          `json:"custom_headers,omitzero"`
	URLVariables           []HookValue          `json:"url_variables,omitzero"`
	HookEvents
}

// UpdateHook changes a webhook; nil fields stay as they are.
type UpdateHook struct {
	URL                    string               `json:"url,omitzero"` // "": as it is; another one resets Token
	Name                   *string              `json:"name,omitzero"`
	Description            *string              `json:"description,omitzero"`
	Token                  *Secret              `json:"token,omitzero"`
	SigningToken           *Secret              `json:"signing_token,omitzero"`
	EnableSSLVerification  *bool                `json:"enable_ssl_verification,omitzero"`
	PushEventsBranchFilter *string              `json:"push_events_branch_filter,omitzero"`
	BranchFilterStrategy   BranchFilterStrategy `json:"branch_filter_strategy,omitzero"` // "": as it is
	CustomWebhookTemplate  *string              `json:"custom_webhook_template,omitzero"`
	CustomHeaders          []HookValue          `json:"custom_headers,omitzero"` // all of them; nil: as they are
	URLVariables           []HookValue          `json:"url_variables,omitzero"`  // all of them; nil: as they are
	HookEvents
}

var (
	hooksIn    = places{project: pathProjectHooks, group: pathGroupHooks}
	hookIn     = places{project: pathProjectHook, group: pathGroupHook}
	hookTestIn = places{project: pathProjectHookTest, group: pathGroupHookTest}
)

// HooksService calls the webhooks API of projects and groups.
type HooksService service

// List lists the webhooks of a project or group.
func (s *HooksService) List(ctx context.Context, place Place, opts ...RequestOption) iter.Seq2[Hook, error] {
	return List[Hook](ctx, s.client, place.path(hooksIn), opts...)
}

// Get returns a webhook.
func (s *HooksService) Get(ctx context.Context, place Place, id int64, opts ...RequestOption) (Hook, error) {
	return Get[Hook](ctx, s.client, place.path(hookIn, id), opts...)
}

// Create adds a webhook to a project or group.
func (s *HooksService) Create(ctx context.Context, place Place, in CreateHook, opts ...RequestOption) (Hook, error) {
	var out Hook
	err := s.client.Call(ctx, http.MethodPost, place.path(hooksIn), in, &out, opts...)
	return out, err
}

// Update changes a webhook.
func (s *HooksService) Update(ctx context.Context, place Place, id int64, in UpdateHook, opts ...RequestOption) (Hook, error) {
	var out Hook
	err := s.client.Call(ctx, http.MethodPut, place.path(hookIn, id), in, &out, opts...)
	return out, err
}

// Delete removes a webhook.
func (s *HooksService) Delete(ctx context.Context, place Place, id int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, place.path(hookIn, id), nil, nil, opts...)
}

// Test has GitLab call a webhook with an event made from what is in the project
// or group. An [*APIError] of status 422 tells that there is nothing to make it
// from, or how the call went wrong. GitLab allows five tests a minute.
func (s *HooksService) Test(ctx context.Context, place Place, id int64, trigger HookTrigger, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodPost, place.path(hookTestIn, id, trigger), nil, nil, opts...)
}
