package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// The examples of GitLab's documentation, put together, with a value for every
// field; tag_list and issues_enabled are of the deprecated ones.
const (
	simpleProjectJSON = `{"id":4,"description":"An app","name":"App","name_with_namespace":"Group / App","path":"app.io","path_with_namespace":"group/app.io",
"created_at":"2018-09-13T00:35:07Z","default_branch":"main","topics":["go"],"ssh_url_to_repo":"git@g:group/app.io.git",
"http_url_to_repo":"https://g/group/app.io.git","web_url":"https://g/group/app.io","readme_url":"https://g/group/app.io/README.md",
"forks_count":8,"license_url":"https://g/group/app.io/LICENSE",
"license":{"key":"lgpl-3.0","name":"GNU Lesser General Public License v3.0","nickname":"GNU LGPLv3","html_url":"https://choosealicense.com/licenses/lgpl-3.0/","source_url":"https://www.gnu.org/licenses/lgpl-3.0.txt"},
"avatar_url":"https://a/4.png","star_count":6,"last_activity_at":"2018-09-13T02:35:07+02:00","visibility":"internal",
"namespace":{"id":3,"name":"Group","path":"group","kind":"group","full_path":"group","parent_id":2,"avatar_url":"https://a/3.png","web_url":"https://g/groups/group"},
"custom_attributes":[{"key":"cost","value":"12"}],"repository_storage":"default"}`

	projectJSON = `{"id":4,"description":"An app","name":"App","name_with_namespace":"Group / App","path":"app.io","path_with_namespace":"group/app.io",
"created_at":"2018-09-13T00:35:07Z","default_branch":"main","topics":["go"],"ssh_url_to_repo":"git@g:group/app.io.git",
"http_url_to_repo":"https://g/group/app.io.git","web_url":"https://g/group/app.io","readme_url":"https://g/group/app.io/README.md",
"forks_count":8,"license_url":"https://g/group/app.io/LICENSE",
"license":{"key":"lgpl-3.0","name":"GNU Lesser General Public License v3.0","nickname":"GNU LGPLv3","html_url":"https://choosealicense.com/licenses/lgpl-3.0/","source_url":"https://www.gnu.org/licenses/lgpl-3.0.txt"},
"avatar_url":"https://a/4.png","star_count":6,"last_activity_at":"2018-09-13T02:35:07+02:00","visibility":"internal",
"namespace":{"id":3,"name":"Group","path":"group","kind":"group","full_path":"group","parent_id":2,"avatar_url":"https://a/3.png","web_url":"https://g/groups/group"},
"custom_attributes":[{"key":"cost","value":"12"}],"repository_storage":"default","tag_list":["go"],"issues_enabled":true,
"container_registry_image_prefix":"registry.g/group/app.io",
"_links":{"self":"https://g/api/v4/projects/4","issues":"https://g/api/v4/projects/4/issues","merge_requests":"https://g/api/v4/projects/4/merge_requests","repo_branches":"https://g/api/v4/projects/4/repository/branches","labels":"https://g/api/v4/projects/4/labels","events":"https://g/api/v4/projects/4/events","members":"https://g/api/v4/projects/4/members","cluster_agents":"https://g/api/v4/projects/4/cluster_agents"},
"marked_for_deletion_on":"2020-04-03","empty_repo":true,"archived":true,"owner":` + hopperJSON + `,"resolve_outdated_diff_discussions":true,
"container_expiration_policy":{"cadence":"7d","enabled":true,"keep_n":10,"older_than":"14d","name_regex":".*-old","name_regex_delete":".*-dev","name_regex_keep":".*-main","next_run_at":"2018-09-13T00:35:07Z"},
"repository_object_format":"sha1","service_desk_enabled":true,"service_desk_address":"desk@g","can_create_merge_request_in":true,
"issues_access_level":"enabled","repository_access_level":"enabled","merge_requests_access_level":"enabled",
"forking_access_level":"enabled","wiki_access_level":"enabled","builds_access_level":"enabled","snippets_access_level":"enabled",
"pages_access_level":"public","analytics_access_level":"private","container_registry_access_level":"disabled",
"security_and_compliance_access_level":"enabled","releases_access_level":"enabled","environments_access_level":"enabled",
"feature_flags_access_level":"enabled","infrastructure_access_level":"enabled","monitor_access_level":"enabled",
"model_experiments_access_level":"enabled","model_registry_access_level":"enabled","package_registry_access_level":"enabled",
"emails_enabled":true,"show_diff_preview_in_email":true,"shared_runners_enabled":true,"lfs_enabled":true,"creator_id":7,
"mr_default_target_self":true,"import_url":"https://old/app.git","import_type":"git","import_status":"finished","import_error":"slow",
"open_issues_count":5,"description_html":"<p>An app</p>","updated_at":"2018-09-13T00:35:07Z","ci_default_git_depth":20,
"ci_delete_pipelines_in_seconds":86400,"ci_forward_deployment_enabled":true,"ci_forward_deployment_rollback_allowed":true,
"ci_job_token_scope_enabled":true,"ci_separated_caches":true,"ci_allow_fork_pipelines_to_run_in_parent_project":true,
"ci_id_token_sub_claim_components":["project_path", "ref"],"ci_skip_branch_pipelines_for_mrs":true,"build_git_strategy":"fetch",
"build_coverage_regex":"\\d+%","keep_latest_artifact":true,"ci_pipeline_variables_minimum_override_role":"maintainer",
"runner_token_expiration_interval":3600,"group_runners_enabled":true,"resource_group_default_process_mode":"unordered",
"auto_cancel_pending_pipelines":"enabled","build_timeout":3601,"auto_devops_enabled":true,"auto_devops_deploy_strategy":"continuous",
"ci_push_repository_for_job_token_allowed":true,"ci_display_pipeline_variables":true,"cicd_catalog_enabled":true,
"protect_merge_request_pipelines":true,"runners_token":"b8bc4a7a","ci_config_path":"ci/main.yml","public_jobs":true,
"shared_with_groups":[{"group_id":24,"group_name":"Gitlab Org","group_full_path":"gitlab-org","group_access_level":30,"expires_at":"2019-01-02","member_role_id":12}],
"only_allow_merge_if_pipeline_succeeds":true,"allow_merge_on_skipped_pipeline":true,"request_access_enabled":true,
"only_allow_merge_if_all_discussions_are_resolved":true,"remove_source_branch_after_merge":true,"printing_merge_request_link_enabled":true,
"merge_method":"rebase_merge","merge_request_title_regex":"^[A-Z]","merge_request_title_regex_description":"A capital first",
"squash_option":"default_on","automatic_rebase_enabled":true,"enforce_auth_checks_on_uploads":true,"suggestion_commit_message":"Apply",
"merge_commit_template":"Merge %{title}","mr_default_title_template":"%{branch}","squash_commit_template":"Squash %{title}",
"issue_branch_template":"%{id}-%{title}","warn_about_potentially_unwanted_characters":true,"autoclose_referenced_issues":true,
"max_artifacts_size":100,"mirror":true,"external_authorization_classification_label":"secret","requirements_enabled":true,
"requirements_access_level":"private","security_and_compliance_enabled":true,"secret_push_protection_enabled":true,
"pre_receive_secret_detection_enabled":true,"compliance_frameworks":["sox"],"issues_template":"What?","merge_requests_template":"Why?",
"ci_restrict_pipeline_cancellation_role":"developer","merge_pipelines_enabled":true,"merge_trains_enabled":true,
"merge_trains_skip_train_allowed":true,"merge_train_enforcement":"allow_bypass","max_pipelines_per_merge_train":9,
"only_allow_merge_if_all_status_checks_passed":true,"allow_pipeline_trigger_approve_deployment":true,
"prevent_merge_without_jira_issue":true,"reviewer_assignment_strategy":"code_owners","auto_duo_code_review_enabled":true,
"duo_remote_flows_enabled":true,"duo_foundational_flows_enabled":true,"duo_sast_fp_detection_enabled":true,
"duo_secret_detection_fp_enabled":true,"duo_dependency_bump_breaking_changes_enabled":true,"duo_sast_vr_workflow_enabled":true,
"web_based_commit_signing_enabled":true,"spp_repository_pipeline_access":true,"security_policy_pipeline_must_succeed":true,
"permissions":{"project_access":{"access_level":10,"notification_level":3},"group_access":{"access_level":50,"notification_level":2}},
"mirror_user_id":45,"mirror_trigger_builds":true,"only_mirror_protected_branches":true,"mirror_overwrites_diverged_branches":true,
"statistics":` + statisticsJSON + `,"forked_from_project":` + simpleProjectJSON + `}`

	statisticsJSON = `{"commit_count":37,"storage_size":1038090,"repository_size":1038091,"wiki_size":51,"lfs_objects_size":52,"job_artifacts_size":53,"pipeline_artifacts_size":54,"packages_size":55,"snippets_size":56,"uploads_size":57,"container_registry_size":58}`
)

var (
	fullBasicProject = gitlab.BasicProject{
		ID: 4, Description: "An app", Name: "App", NameWithNamespace: "Group / App", Path: "app.io", PathWithNamespace: "group/app.io",
		CreatedAt: at, DefaultBranch: "main", Topics: []string{"go"}, SSHURLToRepo: "git@g:group/app.io.git",
		HTTPURLToRepo: "https://g/group/app.io.git", WebURL: "https://g/group/app.io", ReadmeURL: "https://g/group/app.io/README.md",
		ForksCount: 8, LicenseURL: "https://g/group/app.io/LICENSE",
		License:   gitlab.ProjectLicense{Key: "lgpl-3.0", Name: "GNU Lesser General Public License v3.0", Nickname: "GNU LGPLv3", HTMLURL: "https://choosealicense.com/licenses/lgpl-3.0/", SourceURL: "https://www.gnu.org/licenses/lgpl-3.0.txt"},
		AvatarURL: "https://a/4.png", StarCount: 6, LastActivityAt: at, Visibility: "internal",
		Namespace:        gitlab.Namespace{ID: 3, Name: "Group", Path: "group", Kind: "group", FullPath: "group", ParentID: 2, AvatarURL: "https://a/3.png", WebURL: "https://g/groups/group"},
		CustomAttributes: []gitlab.CustomAttribute{{Key: "cost", Value: "12"}}, RepositoryStorage: "default",
	}
	fullProject = gitlab.Project{
		BasicProject:                 fullBasicProject,
		ContainerRegistryImagePrefix: "registry.g/group/app.io", Links: projectLinks, MarkedForDeletionOn: gitlab.Date{Year: 2020, Month: 4, Day: 3},
		EmptyRepo: true, Archived: true, Owner: hopper, ResolveOutdatedDiffDiscussions: true, ContainerExpirationPolicy: expirationPolicy,
		RepositoryObjectFormat: "sha1", ServiceDeskEnabled: true, ServiceDeskAddress: "desk@g", CanCreateMergeRequestIn: true,
		IssuesAccessLevel: "enabled", RepositoryAccessLevel: "enabled", MergeRequestsAccessLevel: "enabled", ForkingAccessLevel: "enabled",
		WikiAccessLevel: "enabled", BuildsAccessLevel: "enabled", SnippetsAccessLevel: "enabled", PagesAccessLevel: "public",
		AnalyticsAccessLevel: "private", ContainerRegistryAccessLevel: "disabled", SecurityAndComplianceAccessLevel: "enabled",
		ReleasesAccessLevel: "enabled", EnvironmentsAccessLevel: "enabled", FeatureFlagsAccessLevel: "enabled",
		InfrastructureAccessLevel: "enabled", MonitorAccessLevel: "enabled", ModelExperimentsAccessLevel: "enabled",
		ModelRegistryAccessLevel: "enabled", PackageRegistryAccessLevel: "enabled", EmailsEnabled: true, ShowDiffPreviewInEmail: true,
		SharedRunnersEnabled: true, LFSEnabled: true, CreatorID: 7, MRDefaultTargetSelf: true, ImportURL: "https://old/app.git", ImportType: "git",
		ImportStatus: "finished", ImportError: "slow", OpenIssuesCount: 5, DescriptionHTML: "<p>An app</p>", UpdatedAt: at, CIDefaultGitDepth: 20,
		CIDeletePipelinesInSeconds: 86400, CIForwardDeploymentEnabled: true, CIForwardDeploymentRollbackAllowed: true,
		CIJobTokenScopeEnabled: true, CISeparatedCaches: true, CIAllowForkPipelinesToRunInParentProject: true,
		CIIDTokenSubClaimComponents: []string{"project_path", "ref"}, CISkipBranchPipelinesForMRs: true, BuildGitStrategy: "fetch",
		BuildCoverageRegex: "\\d+%", KeepLatestArtifact: true, CIPipelineVariablesMinimumOverrideRole: "maintainer",
		RunnerTokenExpirationInterval: 3600, GroupRunnersEnabled: true, ResourceGroupDefaultProcessMode: "unordered",
		AutoCancelPendingPipelines: "enabled", BuildTimeout: 3601, AutoDevOpsEnabled: true, AutoDevOpsDeployStrategy: "continuous",
		CIPushRepositoryForJobTokenAllowed: true, CIDisplayPipelineVariables: true, CICDCatalogEnabled: true, ProtectMergeRequestPipelines: true,
		CIConfigPath: "ci/main.yml", PublicJobs: true,
		SharedWithGroups:                 []gitlab.SharedGroup{{GroupID: 24, GroupName: "Gitlab Org", GroupFullPath: "gitlab-org", GroupAccessLevel: 30, ExpiresAt: gitlab.Date{Year: 2019, Month: 1, Day: 2}, MemberRoleID: 12}},
		OnlyAllowMergeIfPipelineSucceeds: true, AllowMergeOnSkippedPipeline: true, RequestAccessEnabled: true,
		OnlyAllowMergeIfAllDiscussionsAreResolved: true, RemoveSourceBranchAfterMerge: true, PrintingMergeRequestLinkEnabled: true,
		MergeMethod: "rebase_merge", MergeRequestTitleRegex: "^[A-Z]", MergeRequestTitleRegexDescription: "A capital first",
		SquashOption: "default_on", AutomaticRebaseEnabled: true, EnforceAuthChecksOnUploads: true, SuggestionCommitMessage: "Apply",
		MergeCommitTemplate: "Merge %{title}", MRDefaultTitleTemplate: "%{branch}", SquashCommitTemplate: "Squash %{title}",
		IssueBranchTemplate: "%{id}-%{title}", WarnAboutPotentiallyUnwantedCharacters: true, AutocloseReferencedIssues: true,
		MaxArtifactsSize: 100, Mirror: true, ExternalAuthorizationClassificationLabel: "secret", RequirementsEnabled: true,
		RequirementsAccessLevel: "private", SecurityAndComplianceEnabled: true, SecretPushProtectionEnabled: true,
		PreReceiveSecretDetectionEnabled: true, ComplianceFrameworks: []string{"sox"}, IssuesTemplate: "What?", MergeRequestsTemplate: "Why?",
		CIRestrictPipelineCancellationRole: "developer", MergePipelinesEnabled: true, MergeTrainsEnabled: true, MergeTrainsSkipTrainAllowed: true,
		MergeTrainEnforcement: "allow_bypass", MaxPipelinesPerMergeTrain: 9, OnlyAllowMergeIfAllStatusChecksPassed: true,
		AllowPipelineTriggerApproveDeployment: true, PreventMergeWithoutJiraIssue: true, ReviewerAssignmentStrategy: "code_owners",
		AutoDuoCodeReviewEnabled: true, DuoRemoteFlowsEnabled: true, DuoFoundationalFlowsEnabled: true, DuoSASTFPDetectionEnabled: true,
		DuoSecretDetectionFPEnabled: true, DuoDependencyBumpBreakingChangesEnabled: true, DuoSASTVRWorkflowEnabled: true,
		WebBasedCommitSigningEnabled: true, SPPRepositoryPipelineAccess: true, SecurityPolicyPipelineMustSucceed: true,
		Permissions: gitlab.ProjectPermissions{
			ProjectAccess: gitlab.ProjectPermission{AccessLevel: gitlab.AccessGuest, NotificationLevel: 3},
			GroupAccess:   gitlab.ProjectPermission{AccessLevel: gitlab.AccessOwner, NotificationLevel: 2},
		},
		MirrorUserID: 45, MirrorTriggerBuilds: true, OnlyMirrorProtectedBranches: true, MirrorOverwritesDivergedBranches: true,
		Statistics: fullStatistics, ForkedFromProject: fullBasicProject,
	}
	projectLinks = gitlab.ProjectLinks{
		Self: "https://g/api/v4/projects/4", Issues: "https://g/api/v4/projects/4/issues",
		MergeRequests: "https://g/api/v4/projects/4/merge_requests", RepoBranches: "https://g/api/v4/projects/4/repository/branches",
		Labels: "https://g/api/v4/projects/4/labels", Events: "https://g/api/v4/projects/4/events", Members: "https://g/api/v4/projects/4/members",
		ClusterAgents: "https://g/api/v4/projects/4/cluster_agents",
	}
	expirationPolicy = gitlab.ContainerExpirationPolicy{
		Cadence: "7d", Enabled: true, KeepN: 10, OlderThan: "14d", NameRegex: ".*-old", NameRegexDelete: ".*-dev", NameRegexKeep: ".*-main",
		NextRunAt: at,
	}
	fullStatistics = gitlab.StorageStatistics{
		CommitCount: 37, StorageSize: 1038090, RepositorySize: 1038091, WikiSize: 51, LFSObjectsSize: 52, JobArtifactsSize: 53,
		PipelineArtifactsSize: 54, PackagesSize: 55, SnippetsSize: 56, UploadsSize: 57, ContainerRegistrySize: 58,
	}
)

func TestProjectsAPI(t *testing.T) {
	t.Parallel()
	get := func(project string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Project, error) {
			return c.Projects.Get(ctx, project)
		})
	}
	list := func(in gitlab.ListProjects) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Project, error] {
			return c.Projects.List(ctx, in)
		})
	}
	runTyped(t, []typedCall{{
		name: "by path", method: http.MethodGet, path: "/projects/group%2Fapp.io", status: 200, answer: projectJSON, want: fullProject,
		make: get("group/app.io"),
	}, {
		name: "by number", method: http.MethodGet, path: "/projects/4", status: 200, answer: projectJSON, want: fullProject, make: get("4"),
	}, {
		name: "all", method: http.MethodGet, path: "/projects?order_by=id&pagination=keyset&per_page=100", status: 200, answer: "[" + projectJSON + "," + simpleProjectJSON + "]",
		want: []gitlab.Project{fullProject, {BasicProject: fullBasicProject}}, make: list(gitlab.ListProjects{}),
	}, {
		name: "some", method: http.MethodGet, status: 200, answer: `[]`, want: []gitlab.Project(nil),
		path: "/projects?active=true&archived=false&id_after=4&id_before=9&imported=true&include_hidden=true&include_pending_delete=true" +
			"&last_activity_after=2018-09-13T00%3A35%3A07Z&last_activity_before=2018-09-13T01%3A35%3A07Z&marked_for_deletion_on=2020-04-03&membership=true" +
			"&min_access_level=30&order_by=updated_at&owned=true&per_page=100&repository_checksum_failed=true&repository_storage=default&search=a+b%26c" +
			"&search_namespaces=true&simple=true&sort=asc&starred=true&statistics=true&topic=go%2Ca+b&topic_id=5&updated_after=2018-09-13T02%3A35%3A07Z" +
			"&updated_before=2018-09-13T03%3A35%3A07Z&visibility=internal&wiki_checksum_failed=true&with_custom_attributes=true&with_issues_enabled=true" +
			"&with_merge_requests_enabled=true&with_programming_language=Go",
		make: list(gitlab.ListProjects{
			Search: "a b&c", SearchNamespaces: true, Membership: true, Owned: true, Starred: true, Imported: true, Active: new(true), Archived: new(false),
			MinAccessLevel: gitlab.AccessDeveloper, Visibility: gitlab.VisibilityInternal, Topic: []string{"go", "a b"}, TopicID: 5,
			WithProgrammingLanguage: "Go", WithIssuesEnabled: true, WithMergeRequestsEnabled: true, LastActivityAfter: at, LastActivityBefore: at.Add(time.Hour),
			UpdatedAfter: at.Add(2 * time.Hour), UpdatedBefore: at.Add(3 * time.Hour), MarkedForDeletionOn: gitlab.Date{Year: 2020, Month: 4, Day: 3},
			IDAfter: 4, IDBefore: 9, Simple: true, Statistics: true, WithCustomAttributes: true, OrderBy: "updated_at", Sort: "asc",
			IncludePendingDelete: true, IncludeHidden: true, RepositoryStorage: "default", RepositoryChecksumFailed: true, WikiChecksumFailed: true,
		}),
	}, {
		name: "languages", method: http.MethodGet, path: "/projects/group%2Fapp.io/languages", status: 200, answer: `{"Go":66.69,"C++":33.31}`,
		want: map[string]float64{"Go": 66.69, "C++": 33.31},
		make: fetch(func(ctx context.Context, c *gitlab.Client) (map[string]float64, error) {
			return c.Projects.Languages(ctx, "group/app.io")
		}),
	}})
}

func TestMovedProjectIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(inTurn(redirect(http.StatusMovedPermanently, baseURL+"/api/v4/projects/4"), always(http.StatusOK, projectJSON)))
	project, err := w.signIn(t, 2*time.Hour).Projects.Get(t.Context(), "old/app")
	require.NoError(t, err)
	assert.Equal(t, int64(4), project.ID)
	assert.Equal(t, baseURL+"/api/v4/projects/4", w.sent()[1].URL)
	assert.Equal(t, "Bearer access-1", w.sent()[1].Authorization)
}

func TestNullsOfProjectsGroupsAndUsersAreZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"id":9,"description":null,"topics":null,"namespace":null,"license":null,"owner":null,
"avatar_url":null,"permissions":{"project_access":null,"group_access":null},"container_expiration_policy":{"keep_n":null,"older_than":null,"next_run_at":null},
"marked_for_deletion_on":null,"emails_enabled":null,"max_artifacts_size":null,"forked_from_project":null,"ci_id_token_sub_claim_components":null,
"parent_id":null,"auto_devops_enabled":null,"default_branch_protection_defaults":null,"ldap_access":null,"ip_restriction_ranges":null,
"identities":null,"created_by":null,"last_activity_on":null,"confirmed_at":null,"shared_runners_minutes_limit":null,"provisioned_by_group_id":null}`))
	c := w.client.WithToken("glpat-1")
	project, err := c.Projects.Get(t.Context(), "group/app.io")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Project{BasicProject: gitlab.BasicProject{ID: 9}}, project)
	group, err := c.Groups.Get(t.Context(), "group")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Group{ID: 9}, group)
	user, err := c.Users.Get(t.Context(), 9)
	require.NoError(t, err)
	assert.Equal(t, gitlab.User{ID: 9}, user)
}

func TestAnswersAboutPeopleAndPlacesAreComparedInEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		fullUser, fullGroup, fullProject, fullBasicProject, fullMember, fullHook, fullLabel, ownMilestone,
	} {
		assertFilled(t, reflect.TypeOf(v).Name(), reflect.ValueOf(v))
		assertNamed(t, reflect.TypeOf(v))
	}
}

// assertNamed asserts that each field has the name of its JSON member: the
// comparison of two flags does not tell which one is which.
func assertNamed(t *testing.T, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	for field := range typ.Fields() {
		tag, ok := field.Tag.Lookup("json")
		if ok {
			name, _, _ := strings.Cut(tag, ",")
			assert.True(t, strings.EqualFold(field.Name, strings.ReplaceAll(name, "_", "")), "%s.%s is %s", typ.Name(), field.Name, name)
		}
		if ok || field.Anonymous {
			assertNamed(t, field.Type)
		}
	}
}
