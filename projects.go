package gitlab

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Visibility is who may see a project or group.
type Visibility string

// The visibilities of projects and groups.
const (
	VisibilityPrivate  Visibility = "private"
	VisibilityInternal Visibility = "internal" // every signed-in user who is not external
	VisibilityPublic   Visibility = "public"
)

// FeatureAccess is who may use a feature of a project.
type FeatureAccess string

// The access to features.
const (
	FeatureDisabled FeatureAccess = "disabled"
	FeaturePrivate  FeatureAccess = "private" // members
	FeatureEnabled  FeatureAccess = "enabled" // everyone who may see the project
	FeaturePublic   FeatureAccess = "public"  // everyone; of pages only
)

// MergeMethod is how a project's merge requests are merged.
type MergeMethod string

// The methods of merging.
const (
	MergeMethodMerge       MergeMethod = "merge"        // always a merge commit
	MergeMethodRebase      MergeMethod = "rebase_merge" // a merge commit, of what could be fast-forwarded
	MergeMethodFastForward MergeMethod = "ff"           // never a merge commit
)

// SquashOption is whether a project's merge requests are squashed.
type SquashOption string

// The options of squashing.
const (
	SquashNever      SquashOption = "never"
	SquashAlways     SquashOption = "always"
	SquashDefaultOff SquashOption = "default_off"
	SquashDefaultOn  SquashOption = "default_on"
)

// BasicProject is what simple lists tell of a project.
type BasicProject struct {
	ID                int64             `json:"id"`
	Name              string            `json:"name"`
	NameWithNamespace string            `json:"name_with_namespace"`
	Path              string            `json:"path"`
	PathWithNamespace string            `json:"path_with_namespace"`
	Description       string            `json:"description"`
	DefaultBranch     string            `json:"default_branch"` // "": not to be seen
	Topics            []string          `json:"topics"`
	Visibility        Visibility        `json:"visibility"`
	Namespace         Namespace         `json:"namespace"`
	SSHURLToRepo      string            `json:"ssh_url_to_repo"`
	HTTPURLToRepo     string            `json:"http_url_to_repo"`
	ReadmeURL         string            `json:"readme_url"`
	AvatarURL         string            `json:"avatar_url"` // "" if there is none
	WebURL            string            `json:"web_url"`
	StarCount         int               `json:"star_count"`
	ForksCount        int               `json:"forks_count"`
	LicenseURL        string            `json:"license_url"`
	License           ProjectLicense    `json:"license"`
	CustomAttributes  []CustomAttribute `json:"custom_attributes"`
	RepositoryStorage string            `json:"repository_storage"` // for administrators
	CreatedAt         time.Time         `json:"created_at"`
	LastActivityAt    time.Time         `json:"last_activity_at"`
}

// Project is a GitLab project (https://docs.gitlab.com/api/projects/). With
// simple lists, and for anonymous clients, all but its BasicProject is zero;
// most settings are zero for those who may not manage the project. Statistics,
// CustomAttributes and License are told on request only: the first two by
// [ListProjects], and all of them by [Get] of a path [Path.With] statistics=true,
// with_custom_attributes=true and license=true.
type Project struct {
	BasicProject

	DescriptionHTML                          string                    `json:"description_html"`
	Owner                                    BasicUser                 `json:"owner"` // zero: a group's project
	CreatorID                                int64                     `json:"creator_id"`
	Permissions                              ProjectPermissions        `json:"permissions"`
	SharedWithGroups                         []SharedGroup             `json:"shared_with_groups"`
	ForkedFromProject                        BasicProject              `json:"forked_from_project"` // zero: not a fork, or of what one may not see
	Archived                                 bool                      `json:"archived"`
	EmptyRepo                                bool                      `json:"empty_repo"`
	OpenIssuesCount                          int                       `json:"open_issues_count"`
	RepositoryObjectFormat                   string                    `json:"repository_object_format"` // "sha1" or "sha256"
	ContainerRegistryImagePrefix             string                    `json:"container_registry_image_prefix"`
	ContainerExpirationPolicy                ContainerExpirationPolicy `json:"container_expiration_policy"`
	ComplianceFrameworks                     []string                  `json:"compliance_frameworks"`
	ExternalAuthorizationClassificationLabel string                    `json:"external_authorization_classification_label"`
	CICDCatalogEnabled                       bool                      `json:"cicd_catalog_enabled"`
	CanCreateMergeRequestIn                  bool                      `json:"can_create_merge_request_in"` // the user who asks
	RequestAccessEnabled                     bool                      `json:"request_access_enabled"`
	LFSEnabled                               bool                      `json:"lfs_enabled"`
	EmailsEnabled                            bool                      `json:"emails_enabled"`
	ShowDiffPreviewInEmail                   bool                      `json:"show_diff_preview_in_email"`
	EnforceAuthChecksOnUploads               bool                      `json:"enforce_auth_checks_on_uploads"`
	WebBasedCommitSigningEnabled             bool                      `json:"web_based_commit_signing_enabled"`
	WarnAboutPotentiallyUnwantedCharacters   bool                      `json:"warn_about_potentially_unwanted_characters"`
	AutocloseReferencedIssues                bool                      `json:"autoclose_referenced_issues"`
	ServiceDeskEnabled                       bool                      `json:"service_desk_enabled"`
	ServiceDeskAddress                       string                    `json:"service_desk_address"`
	IssuesTemplate                           string                    `json:"issues_template"`
	IssueBranchTemplate                      string                    `json:"issue_branch_template"`
	RequirementsEnabled                      bool                      `json:"requirements_enabled"`
	SecurityAndComplianceEnabled             bool                      `json:"security_and_compliance_enabled"`
	SecretPushProtectionEnabled              bool                      `json:"secret_push_protection_enabled"`
	PreReceiveSecretDetectionEnabled         bool                      `json:"pre_receive_secret_detection_enabled"`
	SPPRepositoryPipelineAccess              bool                      `json:"spp_repository_pipeline_access"`
	SecurityPolicyPipelineMustSucceed        bool                      `json:"security_policy_pipeline_must_succeed"`
	AutoDuoCodeReviewEnabled                 bool                      `json:"auto_duo_code_review_enabled"`
	DuoRemoteFlowsEnabled                    bool                      `json:"duo_remote_flows_enabled"`
	DuoFoundationalFlowsEnabled              bool                      `json:"duo_foundational_flows_enabled"`
	DuoSASTFPDetectionEnabled                bool                      `json:"duo_sast_fp_detection_enabled"`
	DuoSASTVRWorkflowEnabled                 bool                      `json:"duo_sast_vr_workflow_enabled"`
	DuoSecretDetectionFPEnabled              bool                      `json:"duo_secret_detection_fp_enabled"`
	DuoDependencyBumpBreakingChangesEnabled  bool                      `json:"duo_dependency_bump_breaking_changes_enabled"`
	Statistics                               StorageStatistics         `json:"statistics"`
	Links                                    ProjectLinks              `json:"_links"`
	MarkedForDeletionOn                      Date                      `json:"marked_for_deletion_on"` // zero: not to be deleted
	UpdatedAt                                time.Time                 `json:"updated_at"`

	// Who may use what.
	AnalyticsAccessLevel             FeatureAccess `json:"analytics_access_level"`
	BuildsAccessLevel                FeatureAccess `json:"builds_access_level"`
	ContainerRegistryAccessLevel     FeatureAccess `json:"container_registry_access_level"`
	EnvironmentsAccessLevel          FeatureAccess `json:"environments_access_level"`
	FeatureFlagsAccessLevel          FeatureAccess `json:"feature_flags_access_level"`
	ForkingAccessLevel               FeatureAccess `json:"forking_access_level"`
	InfrastructureAccessLevel        FeatureAccess `json:"infrastructure_access_level"`
	IssuesAccessLevel                FeatureAccess `json:"issues_access_level"`
	MergeRequestsAccessLevel         FeatureAccess `json:"merge_requests_access_level"`
	ModelExperimentsAccessLevel      FeatureAccess `json:"model_experiments_access_level"`
	ModelRegistryAccessLevel         FeatureAccess `json:"model_registry_access_level"`
	MonitorAccessLevel               FeatureAccess `json:"monitor_access_level"`
	PackageRegistryAccessLevel       FeatureAccess `json:"package_registry_access_level"`
	PagesAccessLevel                 FeatureAccess `json:"pages_access_level"`
	ReleasesAccessLevel              FeatureAccess `json:"releases_access_level"`
	RepositoryAccessLevel            FeatureAccess `json:"repository_access_level"`
	RequirementsAccessLevel          FeatureAccess `json:"requirements_access_level"`
	SecurityAndComplianceAccessLevel FeatureAccess `json:"security_and_compliance_access_level"`
	SnippetsAccessLevel              FeatureAccess `json:"snippets_access_level"`
	WikiAccessLevel                  FeatureAccess `json:"wiki_access_level"`

	// Merge requests.
	MergeMethod                               MergeMethod  `json:"merge_method"`
	SquashOption                              SquashOption `json:"squash_option"`
	AutomaticRebaseEnabled                    bool         `json:"automatic_rebase_enabled"`
	OnlyAllowMergeIfPipelineSucceeds          bool         `json:"only_allow_merge_if_pipeline_succeeds"`
	AllowMergeOnSkippedPipeline               bool         `json:"allow_merge_on_skipped_pipeline"`
	OnlyAllowMergeIfAllDiscussionsAreResolved bool         `json:"only_allow_merge_if_all_discussions_are_resolved"`
	OnlyAllowMergeIfAllStatusChecksPassed     bool         `json:"only_allow_merge_if_all_status_checks_passed"`
	PreventMergeWithoutJiraIssue              bool         `json:"prevent_merge_without_jira_issue"`
	RemoveSourceBranchAfterMerge              bool         `json:"remove_source_branch_after_merge"`
	ResolveOutdatedDiffDiscussions            bool         `json:"resolve_outdated_diff_discussions"`
	PrintingMergeRequestLinkEnabled           bool         `json:"printing_merge_request_link_enabled"`
	MRDefaultTargetSelf                       bool         `json:"mr_default_target_self"` // of forks: not the upstream project
	MRDefaultTitleTemplate                    string       `json:"mr_default_title_template"`
	MergeRequestTitleRegex                    string       `json:"merge_request_title_regex"`
	MergeRequestTitleRegexDescription         string       `json:"merge_request_title_regex_description"`
	MergeRequestsTemplate                     string       `json:"merge_requests_template"`
	MergeCommitTemplate                       string       `json:"merge_commit_template"`
	SquashCommitTemplate                      string       `json:"squash_commit_template"`
	SuggestionCommitMessage                   string       `json:"suggestion_commit_message"`
	ReviewerAssignmentStrategy                string       `json:"reviewer_assignment_strategy"` // "disabled", "code_owners", …
	MergePipelinesEnabled                     bool         `json:"merge_pipelines_enabled"`
	MergeTrainsEnabled                        bool         `json:"merge_trains_enabled"`
	MergeTrainsSkipTrainAllowed               bool         `json:"merge_trains_skip_train_allowed"`
	MergeTrainEnforcement                     string       `json:"merge_train_enforcement"` // "allow_bypass", "enforce_for_all_users", …
	MaxPipelinesPerMergeTrain                 int          `json:"max_pipelines_per_merge_train"`

	// CI/CD.
	CIConfigPath                             string   `json:"ci_config_path"` // "": .gitlab-ci.yml
	CIDefaultGitDepth                        int      `json:"ci_default_git_depth"`
	CIDeletePipelinesInSeconds               int64    `json:"ci_delete_pipelines_in_seconds"` // 0: never
	CIForwardDeploymentEnabled               bool     `json:"ci_forward_deployment_enabled"`
	CIForwardDeploymentRollbackAllowed       bool     `json:"ci_forward_deployment_rollback_allowed"`
	CIJobTokenScopeEnabled                   bool     `json:"ci_job_token_scope_enabled"`
	CISeparatedCaches                        bool     `json:"ci_separated_caches"`
	CIAllowForkPipelinesToRunInParentProject bool     `json:"ci_allow_fork_pipelines_to_run_in_parent_project"`
	CIIDTokenSubClaimComponents              []string `json:"ci_id_token_sub_claim_components"`
	CISkipBranchPipelinesForMRs              bool     `json:"ci_skip_branch_pipelines_for_mrs"`
	CIPushRepositoryForJobTokenAllowed       bool     `json:"ci_push_repository_for_job_token_allowed"`
	CIDisplayPipelineVariables               bool     `json:"ci_display_pipeline_variables"`
	CIRestrictPipelineCancellationRole       string   `json:"ci_restrict_pipeline_cancellation_role"`
	CIPipelineVariablesMinimumOverrideRole   string   `json:"ci_pipeline_variables_minimum_override_role"`
	ProtectMergeRequestPipelines             bool     `json:"protect_merge_request_pipelines"`
	AllowPipelineTriggerApproveDeployment    bool     `json:"allow_pipeline_trigger_approve_deployment"`
	AutoCancelPendingPipelines               string   `json:"auto_cancel_pending_pipelines"` // "enabled" or "disabled"
	AutoDevOpsEnabled                        bool     `json:"auto_devops_enabled"`
	AutoDevOpsDeployStrategy                 string   `json:"auto_devops_deploy_strategy"` // "continuous", "manual" or "timed_incremental"
	BuildCoverageRegex                       string   `json:"build_coverage_regex"`
	BuildGitStrategy                         string   `json:"build_git_strategy"` // "fetch" or "clone"
	BuildTimeout                             int      `json:"build_timeout"`      // seconds
	KeepLatestArtifact                       bool     `json:"keep_latest_artifact"`
	MaxArtifactsSize                         int      `json:"max_artifacts_size"` // megabytes; 0: the group's or the instance's
	PublicJobs                               bool     `json:"public_jobs"`
	ResourceGroupDefaultProcessMode          string   `json:"resource_group_default_process_mode"`
	SharedRunnersEnabled                     bool     `json:"shared_runners_enabled"`
	GroupRunnersEnabled                      bool     `json:"group_runners_enabled"`
	RunnerTokenExpirationInterval            int64    `json:"runner_token_expiration_interval"` // seconds; 0: never

	// Import and mirror.
	ImportURL                        string `json:"import_url"`
	ImportType                       string `json:"import_type"`
	ImportStatus                     string `json:"import_status"` // "none", "scheduled", "started", "finished", "failed", …
	ImportError                      string `json:"import_error"`
	Mirror                           bool   `json:"mirror"`
	MirrorUserID                     int64  `json:"mirror_user_id"`
	MirrorTriggerBuilds              bool   `json:"mirror_trigger_builds"`
	OnlyMirrorProtectedBranches      bool   `json:"only_mirror_protected_branches"`
	MirrorOverwritesDivergedBranches bool   `json:"mirror_overwrites_diverged_branches"`
}

// Namespace is the group or user that a project belongs to.
type Namespace struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Path      string `json:"path"`
	Kind      string `json:"kind"` // "group" or "user"
	FullPath  string `json:"full_path"`
	ParentID  int64  `json:"parent_id"` // 0: none
	AvatarURL string `json:"avatar_url"`
	WebURL    string `json:"web_url"`
}

// ProjectLicense is what GitLab found in a project's license file.
type ProjectLicense struct {
	Key       string `json:"key"` // such as "mit"
	Name      string `json:"name"`
	Nickname  string `json:"nickname"`
	HTMLURL   string `json:"html_url"`
	SourceURL string `json:"source_url"`
}

// ProjectPermissions are what the user who asks has of a project. An inherited role is
// in neither; see [MembersService.GetAny].
type ProjectPermissions struct {
	ProjectAccess ProjectPermission `json:"project_access"` // zero: not a direct member
	GroupAccess   ProjectPermission `json:"group_access"`   // zero: not a direct member of its group
}

// ProjectPermission is a role and how much one is notified.
type ProjectPermission struct {
	AccessLevel       AccessLevel `json:"access_level"`
	NotificationLevel int         `json:"notification_level"` // 0 disabled, 1 participating, 2 watch, 3 global, 4 mention, 5 custom
}

// ContainerExpirationPolicy tells which images of a project's container registry are
// deleted.
type ContainerExpirationPolicy struct {
	Enabled         bool      `json:"enabled"`
	Cadence         string    `json:"cadence"`    // such as "7d"
	KeepN           int       `json:"keep_n"`     // of each name; 0: no limit
	OlderThan       string    `json:"older_than"` // such as "14d"
	NameRegex       string    `json:"name_regex"` // what to delete; some versions have it as NameRegexDelete
	NameRegexDelete string    `json:"name_regex_delete"`
	NameRegexKeep   string    `json:"name_regex_keep"`
	NextRunAt       time.Time `json:"next_run_at"`
}

// ProjectLinks are the URLs of the API about a project.
type ProjectLinks struct {
	Self          string `json:"self"`
	Issues        string `json:"issues"`         // "": disabled
	MergeRequests string `json:"merge_requests"` // "": disabled
	RepoBranches  string `json:"repo_branches"`
	Labels        string `json:"labels"`
	Events        string `json:"events"`
	Members       string `json:"members"`
	ClusterAgents string `json:"cluster_agents"`
}

// ListProjects selects projects; zero fields do not. Beyond 50 000 projects,
// list them in the order of "id", and go on with IDAfter.
type ListProjects struct {
	Search                   string // in paths, names and descriptions
	SearchNamespaces         bool   // also in the names of the groups above
	Membership               bool   // of which the user is a member
	Owned                    bool   // by the user, explicitly
	Starred                  bool   // by the user
	Imported                 bool   // by the user
	Active                   *bool  // neither archived nor to be deleted
	Archived                 *bool
	MinAccessLevel           AccessLevel // at least, of the user
	Visibility               Visibility
	Topic                    []string // all of them
	TopicID                  int64
	WithProgrammingLanguage  string
	WithIssuesEnabled        bool
	WithMergeRequestsEnabled bool
	LastActivityAfter        time.Time
	LastActivityBefore       time.Time
	UpdatedAfter             time.Time // wants OrderBy "updated_at"
	UpdatedBefore            time.Time // wants OrderBy "updated_at"
	MarkedForDeletionOn      Date
	IDAfter                  int64
	IDBefore                 int64
	Simple                   bool   // only what a BasicProject has
	Statistics               bool   // tell those
	WithCustomAttributes     bool   // tell those, to administrators
	OrderBy                  string // "id", "name", "path", "created_at", "updated_at", "star_count", "last_activity_at" or "similarity"
	Sort                     string // "asc" or "desc"

	// For administrators.
	IncludePendingDelete     bool
	IncludeHidden            bool
	RepositoryStorage        string
	RepositoryChecksumFailed bool
	WikiChecksumFailed       bool
}

// ProjectsService calls the projects API. Everywhere in this library a project
// is named by its full path, such as "group/app", or its number in decimal
// digits.
type ProjectsService service

// Get returns a project. GitLab redirects from the path that a moved project
// had before; the redirect is followed.
func (s *ProjectsService) Get(ctx context.Context, project string, opts ...RequestOption) (Project, error) {
	return Get[Project](ctx, s.client, PathTo(pathProject, project), opts...)
}

// List lists the projects that the identity can see; with the zero input, all of
// the instance's.
func (s *ProjectsService) List(ctx context.Context, in ListProjects, opts ...RequestOption) iter.Seq2[Project, error] {
	q := make(query)
	q.set("search", in.Search)
	q.flag("search_namespaces", in.SearchNamespaces)
	q.flag("membership", in.Membership)
	q.flag("owned", in.Owned)
	q.flag("starred", in.Starred)
	q.flag("imported", in.Imported)
	q.choice("active", in.Active)
	q.choice("archived", in.Archived)
	q.number("min_access_level", int64(in.MinAccessLevel))
	q.set("visibility", string(in.Visibility))
	q.set("topic", strings.Join(in.Topic, ","))
	q.number("topic_id", in.TopicID)
	q.set("with_programming_language", in.WithProgrammingLanguage)
	q.flag("with_issues_enabled", in.WithIssuesEnabled)
	q.flag("with_merge_requests_enabled", in.WithMergeRequestsEnabled)
	q.time("last_activity_after", in.LastActivityAfter)
	q.time("last_activity_before", in.LastActivityBefore)
	q.time("updated_after", in.UpdatedAfter)
	q.time("updated_before", in.UpdatedBefore)
	q.set("marked_for_deletion_on", in.MarkedForDeletionOn.String())
	q.number("id_after", in.IDAfter)
	q.number("id_before", in.IDBefore)
	q.flag("simple", in.Simple)
	q.flag("statistics", in.Statistics)
	q.flag("with_custom_attributes", in.WithCustomAttributes)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	q.flag("include_pending_delete", in.IncludePendingDelete)
	q.flag("include_hidden", in.IncludeHidden)
	q.set("repository_storage", in.RepositoryStorage)
	q.flag("repository_checksum_failed", in.RepositoryChecksumFailed)
	q.flag("wiki_checksum_failed", in.WikiChecksumFailed)
	return List[Project](ctx, s.client, PathTo(pathProjects).With(q.values()), opts...)
}

// Languages returns the programming languages of a project, and how much of it
// is in each, in percent.
func (s *ProjectsService) Languages(ctx context.Context, project string, opts ...RequestOption) (map[string]float64, error) {
	return Get[map[string]float64](ctx, s.client, PathTo(pathLanguages, project), opts...)
}
