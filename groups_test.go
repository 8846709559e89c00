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

// The examples of GitLab's documentation, put together, with a value for every
// field; projects and emails_disabled are of the deprecated ones.
const groupJSON = `{"id":3,"web_url":"https://g/groups/parent/child","name":"Child","path":"child","description":"A group","visibility":"private",
"share_with_group_lock":true,"require_two_factor_authentication":true,"two_factor_grace_period":48,"project_creation_level":"developer",
"auto_devops_enabled":true,"subgroup_creation_level":"owner","emails_enabled":true,"show_diff_preview_in_email":true,
"mentions_disabled":true,"lfs_enabled":true,"archived":true,"math_rendering_limits_enabled":true,"lock_math_rendering_limits_enabled":true,
"crm_enabled":true,"resource_access_token_notify_inherited":true,"lock_resource_access_token_notify_inherited":true,"default_branch":"main",
"default_branch_protection_defaults":{"allowed_to_push":[{"access_level":40}],"allow_force_push":true,"allowed_to_merge":[{"access_level":30}],"developer_can_initial_push":true,"code_owner_approval_required":true},
"avatar_url":"https://a/3.png","request_access_enabled":true,"full_name":"Parent / Child","full_path":"parent/child",
"created_at":"2018-09-13T00:35:07Z","parent_id":2,"organization_id":1,"shared_runners_setting":"disabled_and_overridable",
"max_artifacts_size":100,"custom_attributes":[{"key":"cost","value":"12"}],"statistics":` + statisticsJSON + `,
"marked_for_deletion_on":"2020-04-03",
"root_storage_statistics":{"build_artifacts_size":61,"container_registry_size":62,"container_registry_size_is_estimated":true,"dependency_proxy_size":63,"lfs_objects_size":64,"packages_size":65,"pipeline_artifacts_size":66,"repository_size":67,"snippets_size":68,"storage_size":69,"uploads_size":70,"wiki_size":71},
"ldap_cn":"cn=engineers","ldap_access":30,
"ldap_group_links":[{"cn":"engineers","group_access":30,"provider":"ldapmain","filter":"(a=b)","member_role_id":12}],
"saml_group_links":[{"name":"engineers","access_level":40,"member_role_id":13,"provider":"saml1"}],"file_template_project_id":14,
"wiki_access_level":"private","repository_storage":"default","duo_availability":"default_on","duo_core_features_enabled":true,
"duo_features_enabled":true,"lock_duo_features_enabled":true,"auto_duo_code_review_enabled":true,"experiment_features_enabled":true,
"web_based_commit_signing_enabled":true,"allow_personal_snippets":true,"built_in_project_templates_enabled":true,
"lock_built_in_project_templates_enabled":true,"only_allow_merge_if_pipeline_succeeds":true,"allow_merge_on_skipped_pipeline":true,
"only_allow_merge_if_all_discussions_are_resolved":true,
"shared_with_groups":[{"group_id":24,"group_name":"Gitlab Org","group_full_path":"gitlab-org","group_access_level":30,"expires_at":"2019-01-02","member_role_id":12}],
"runners_token":"ba324ca7","prevent_sharing_groups_outside_hierarchy":true,"prevent_forking_outside_group":true,"membership_lock":true,
"enabled_git_access_protocol":"ssh","ip_restriction_ranges":"192.0.2.0/24,198.51.100.0/24","allowed_email_domains_list":"x.org,y.org",
"service_access_tokens_expiration_enforced":true,"shared_runners_minutes_limit":133,"extra_shared_runners_minutes_limit":134,
"unique_project_download_limit":50,"unique_project_download_limit_interval_in_seconds":60,"unique_project_download_limit_allowlist":["ada"],
"unique_project_download_limit_alertlist":[7],"auto_ban_user_on_excessive_projects_download":true,"projects":[],"emails_disabled":false}`

var (
	fullGroup = gitlab.Group{
		ID: 3, WebURL: "https://g/groups/parent/child", Name: "Child", Path: "child", Description: "A group", Visibility: "private",
		ShareWithGroupLock: true, RequireTwoFactorAuthentication: true, TwoFactorGracePeriod: 48, ProjectCreationLevel: "developer",
		AutoDevOpsEnabled: true, SubgroupCreationLevel: "owner", EmailsEnabled: true, ShowDiffPreviewInEmail: true, MentionsDisabled: true,
		LFSEnabled: true, Archived: true, MathRenderingLimitsEnabled: true, LockMathRenderingLimitsEnabled: true, CRMEnabled: true,
		ResourceAccessTokenNotifyInherited: true, LockResourceAccessTokenNotifyInherited: true, DefaultBranch: "main",
		DefaultBranchProtectionDefaults: gitlab.BranchProtectionDefaults{
			AllowedToPush: []gitlab.BranchProtectionRole{{AccessLevel: gitlab.AccessMaintainer}}, AllowForcePush: true,
			AllowedToMerge: []gitlab.BranchProtectionRole{{AccessLevel: gitlab.AccessDeveloper}}, DeveloperCanInitialPush: true, CodeOwnerApprovalRequired: true,
		},
		AvatarURL: "https://a/3.png", RequestAccessEnabled: true, FullName: "Parent / Child", FullPath: "parent/child", CreatedAt: at, ParentID: 2,
		OrganizationID: 1, SharedRunnersSetting: "disabled_and_overridable", MaxArtifactsSize: 100,
		CustomAttributes: []gitlab.CustomAttribute{{Key: "cost", Value: "12"}}, Statistics: fullStatistics,
		MarkedForDeletionOn: gitlab.Date{Year: 2020, Month: 4, Day: 3}, RootStorageStatistics: rootStatistics, LDAPCN: "cn=engineers",
		LDAPAccess:            30,
		LDAPGroupLinks:        []gitlab.LDAPGroupLink{{CN: "engineers", GroupAccess: 30, Provider: "ldapmain", Filter: "(a=b)", MemberRoleID: 12}},
		SAMLGroupLinks:        []gitlab.SAMLGroupLink{{Name: "engineers", AccessLevel: 40, MemberRoleID: 13, Provider: "saml1"}},
		FileTemplateProjectID: 14, WikiAccessLevel: "private", RepositoryStorage: "default", DuoAvailability: "default_on",
		DuoCoreFeaturesEnabled: true, DuoFeaturesEnabled: true, LockDuoFeaturesEnabled: true, AutoDuoCodeReviewEnabled: true,
		ExperimentFeaturesEnabled: true, WebBasedCommitSigningEnabled: true, AllowPersonalSnippets: true, BuiltInProjectTemplatesEnabled: true,
		LockBuiltInProjectTemplatesEnabled: true, OnlyAllowMergeIfPipelineSucceeds: true, AllowMergeOnSkippedPipeline: true,
		OnlyAllowMergeIfAllDiscussionsAreResolved: true,
		SharedWithGroups:                     []gitlab.SharedGroup{{GroupID: 24, GroupName: "Gitlab Org", GroupFullPath: "gitlab-org", GroupAccessLevel: 30, ExpiresAt: gitlab.Date{Year: 2019, Month: 1, Day: 2}, MemberRoleID: 12}},
		PreventSharingGroupsOutsideHierarchy: true, PreventForkingOutsideGroup: true, MembershipLock: true,
		EnabledGitAccessProtocol: "ssh", IPRestrictionRanges: "192.0.2.0/24,198.51.100.0/24", AllowedEmailDomainsList: "x.org,y.org",
		ServiceAccessTokensExpirationEnforced: true, SharedRunnersMinutesLimit: 133, ExtraSharedRunnersMinutesLimit: 134,
		UniqueProjectDownloadLimit: 50, UniqueProjectDownloadLimitIntervalInSeconds: 60, UniqueProjectDownloadLimitAllowlist: []string{"ada"},
		UniqueProjectDownloadLimitAlertlist: []int64{7}, AutoBanUserOnExcessiveProjectsDownload: true,
	}
	rootStatistics = gitlab.RootStorageStatistics{
		BuildArtifactsSize: 61, ContainerRegistrySize: 62, ContainerRegistrySizeIsEstimated: true, DependencyProxySize: 63, LFSObjectsSize: 64,
		PackagesSize: 65, PipelineArtifactsSize: 66, RepositorySize: 67, SnippetsSize: 68, StorageSize: 69, UploadsSize: 70, WikiSize: 71,
	}
)

func TestGroupsAPI(t *testing.T) {
	t.Parallel()
	list := func(in gitlab.ListGroups) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Group, error] {
			return c.Groups.List(ctx, in)
		})
	}
	subgroups := func(in gitlab.ListGroups) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Group, error] {
			return c.Groups.Subgroups(ctx, "parent/child", in)
		})
	}
	projects := func(in gitlab.ListGroupProjects) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Project, error] {
			return c.Groups.Projects(ctx, "parent/child", in)
		})
	}
	const some = "?active=false&all_available=true&archived=true&marked_for_deletion_on=2020-04-03&min_access_level=40&order_by=path&owned=true&per_page=100" +
		"&repository_storage=default&search=a+b&skip_groups%5B%5D=4&skip_groups%5B%5D=5&sort=desc&statistics=true&top_level_only=true&visibility=private" +
		"&with_custom_attributes=true"
	every := gitlab.ListGroups{
		Search: "a b", Owned: true, MinAccessLevel: gitlab.AccessMaintainer, TopLevelOnly: true, AllAvailable: new(true), Active: new(false),
		Archived: new(true), Visibility: gitlab.VisibilityPrivate, MarkedForDeletionOn: gitlab.Date{Year: 2020, Month: 4, Day: 3}, SkipGroups: []int64{4, 5},
		RepositoryStorage: "default", Statistics: true, WithCustomAttributes: true, OrderBy: "path", Sort: "desc",
	}
	runTyped(t, []typedCall{{
		name: "get", method: http.MethodGet, path: "/groups/parent%2Fchild?with_projects=false", status: 200, answer: groupJSON, want: fullGroup,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Group, error) {
			return c.Groups.Get(ctx, "parent/child")
		}),
	}, {
		name: "all", method: http.MethodGet, path: "/groups?order_by=name&pagination=keyset&per_page=100&sort=asc", status: 200, answer: "[" + groupJSON + "]", want: []gitlab.Group{fullGroup},
		make: list(gitlab.ListGroups{}),
	}, {
		name: "some", method: http.MethodGet, path: "/groups" + some, status: 200, answer: `[]`, want: []gitlab.Group(nil), make: list(every),
	}, {
		name: "all subgroups", method: http.MethodGet, path: "/groups/parent%2Fchild/subgroups?per_page=100",
		status: 200, answer: "[" + groupJSON + "]", want: []gitlab.Group{fullGroup}, make: subgroups(gitlab.ListGroups{}),
	}, {
		name: "some subgroups", method: http.MethodGet, path: "/groups/parent%2Fchild/subgroups" + some,
		status: 200, answer: "[" + groupJSON + "]", want: []gitlab.Group{fullGroup}, make: subgroups(every),
	}, {
		name: "all projects", method: http.MethodGet, path: "/groups/parent%2Fchild/projects?per_page=100",
		status: 200, answer: "[" + projectJSON + "]", want: []gitlab.Project{fullProject}, make: projects(gitlab.ListGroupProjects{}),
	}, {
		name: "some projects", method: http.MethodGet,
		path: "/groups/parent%2Fchild/projects?active=true&archived=false&include_subgroups=true&min_access_level=20&order_by=last_activity_at&owned=true" +
			"&per_page=100&search=a+b%26c&simple=true&sort=desc&starred=true&topic=go%2Crust&visibility=public&with_custom_attributes=true" +
			"&with_issues_enabled=true&with_merge_requests_enabled=true&with_security_reports=true&with_shared=false",
		status: 200, answer: "[" + projectJSON + "," + simpleProjectJSON + "]", want: []gitlab.Project{fullProject, {BasicProject: fullBasicProject}},
		make: projects(gitlab.ListGroupProjects{
			Search: "a b&c", IncludeSubgroups: true, WithShared: new(false), Owned: true, Starred: true, Active: new(true), Archived: new(false),
			MinAccessLevel: gitlab.AccessReporter, Visibility: gitlab.VisibilityPublic, Topic: []string{"go", "rust"}, WithIssuesEnabled: true,
			WithMergeRequestsEnabled: true, WithSecurityReports: true, Simple: true, WithCustomAttributes: true, OrderBy: "last_activity_at", Sort: "desc",
		}),
	}})
}

func TestNamesOfGroupsAndProjectsThatMeanAnotherResourceAreNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	failure := func(_ any, err error) error { return err }
	for _, name := range []string{"", ".", ".."} {
		for _, err := range []error{
			failure(c.Groups.Get(ctx, name)),
			first(c.Groups.Subgroups(ctx, name, gitlab.ListGroups{})),
			first(c.Groups.Projects(ctx, name, gitlab.ListGroupProjects{})),
			failure(c.Projects.Get(ctx, name)),
			failure(c.Projects.Languages(ctx, name)),
			failure(c.Labels.Get(ctx, gitlab.InProject("group/app.io"), name)),
			failure(c.Labels.Update(ctx, gitlab.InGroup("parent/child"), name, gitlab.UpdateLabel{})),
			c.Labels.Delete(ctx, gitlab.InProject("4"), name),
			c.Hooks.Test(ctx, gitlab.InProject("4"), 1, gitlab.HookTrigger(name)),
		} {
			require.ErrorContains(t, err, "gitlab: path /")
		}
	}
	assert.Empty(t, w.sent())
}
