package gitlab

import (
	"context"
	"iter"
	"strings"
	"time"
)

// Group is a GitLab group (https://docs.gitlab.com/api/groups/). What only its
// owners may see is zero for others. Lists leave out the fields of the last block;
// Statistics, RootStorageStatistics and CustomAttributes are told only to
// administrators who ask for them in [ListGroups].
type Group struct {
	ID                                        int64                    `json:"id"`
	Name                                      string                   `json:"name"`
	Path                                      string                   `json:"path"`
	FullName                                  string                   `json:"full_name"`
	FullPath                                  string                   `json:"full_path"`
	ParentID                                  int64                    `json:"parent_id"` // 0: a top-level group
	OrganizationID                            int64                    `json:"organization_id"`
	Description                               string                   `json:"description"`
	Visibility                                Visibility               `json:"visibility"`
	AvatarURL                                 string                   `json:"avatar_url"` // "" if there is none
	WebURL                                    string                   `json:"web_url"`
	Archived                                  bool                     `json:"archived"`
	DefaultBranch                             string                   `json:"default_branch"` // of new projects; "": the instance's
	DefaultBranchProtectionDefaults           BranchProtectionDefaults `json:"default_branch_protection_defaults"`
	ProjectCreationLevel                      string                   `json:"project_creation_level"`  // "noone", "maintainer", "developer", …
	SubgroupCreationLevel                     string                   `json:"subgroup_creation_level"` // "owner" or "maintainer"
	ShareWithGroupLock                        bool                     `json:"share_with_group_lock"`
	RequestAccessEnabled                      bool                     `json:"request_access_enabled"`
	RequireTwoFactorAuthentication            bool                     `json:"require_two_factor_authentication"`
	TwoFactorGracePeriod                      int                      `json:"two_factor_grace_period"` // hours
	EmailsEnabled                             bool                     `json:"emails_enabled"`
	ShowDiffPreviewInEmail                    bool                     `json:"show_diff_preview_in_email"`
	MentionsDisabled                          bool                     `json:"mentions_disabled"`
	LFSEnabled                                bool                     `json:"lfs_enabled"`
	AutoDevOpsEnabled                         bool                     `json:"auto_devops_enabled"`
	SharedRunnersSetting                      string                   `json:"shared_runners_setting"` // "enabled", "disabled_and_overridable", …
	MaxArtifactsSize                          int                      `json:"max_artifacts_size"`     // megabytes; 0: the instance's
	MathRenderingLimitsEnabled                bool                     `json:"math_rendering_limits_enabled"`
	LockMathRenderingLimitsEnabled            bool                     `json:"lock_math_rendering_limits_enabled"`
	CRMEnabled                                bool                     `json:"crm_enabled"`
	ResourceAccessTokenNotifyInherited        bool                     `json:"resource_access_token_notify_inherited"`
	LockResourceAccessTokenNotifyInherited    bool                     `json:"lock_resource_access_token_notify_inherited"`
	WikiAccessLevel                           FeatureAccess            `json:"wiki_access_level"`
	RepositoryStorage                         string                   `json:"repository_storage"`
	FileTemplateProjectID                     int64                    `json:"file_template_project_id"`
	LDAPCN                                    string                   `json:"ldap_cn"`
	LDAPAccess                                AccessLevel              `json:"ldap_access"`
	LDAPGroupLinks                            []LDAPGroupLink          `json:"ldap_group_links"`
	SAMLGroupLinks                            []SAMLGroupLink          `json:"saml_group_links"`
	DuoAvailability                           string                   `json:"duo_availability"` // "default_on", "default_off" or "never_on"
	DuoCoreFeaturesEnabled                    bool                     `json:"duo_core_features_enabled"`
	DuoFeaturesEnabled                        bool                     `json:"duo_features_enabled"`
	LockDuoFeaturesEnabled                    bool                     `json:"lock_duo_features_enabled"`
	AutoDuoCodeReviewEnabled                  bool                     `json:"auto_duo_code_review_enabled"`
	ExperimentFeaturesEnabled                 bool                     `json:"experiment_features_enabled"`
	WebBasedCommitSigningEnabled              bool                     `json:"web_based_commit_signing_enabled"`
	AllowPersonalSnippets                     bool                     `json:"allow_personal_snippets"`
	BuiltInProjectTemplatesEnabled            bool                     `json:"built_in_project_templates_enabled"`
	LockBuiltInProjectTemplatesEnabled        bool                     `json:"lock_built_in_project_templates_enabled"`
	OnlyAllowMergeIfPipelineSucceeds          bool                     `json:"only_allow_merge_if_pipeline_succeeds"`
	AllowMergeOnSkippedPipeline               bool                     `json:"allow_merge_on_skipped_pipeline"`
	OnlyAllowMergeIfAllDiscussionsAreResolved bool                     `json:"only_allow_merge_if_all_discussions_are_resolved"`
	CustomAttributes                          []CustomAttribute        `json:"custom_attributes"`
	Statistics                                StorageStatistics        `json:"statistics"`
	RootStorageStatistics                     RootStorageStatistics    `json:"root_storage_statistics"` // of top-level groups
	MarkedForDeletionOn                       Date                     `json:"marked_for_deletion_on"`  // zero: not to be deleted
	CreatedAt                                 time.Time                `json:"created_at"`

	SharedWithGroups                            []SharedGroup `json:"shared_with_groups"`
	PreventSharingGroupsOutsideHierarchy        bool          `json:"prevent_sharing_groups_outside_hierarchy"`
	PreventForkingOutsideGroup                  bool          `json:"prevent_forking_outside_group"`
	MembershipLock                              bool          `json:"membership_lock"`
	EnabledGitAccessProtocol                    string        `json:"enabled_git_access_protocol"` // "all", "ssh", "http", …
	IPRestrictionRanges                         string        `json:"ip_restriction_ranges"`       // separated by commas
	AllowedEmailDomainsList                     string        `json:"allowed_email_domains_list"`  // separated by commas
	ServiceAccessTokensExpirationEnforced       bool          `json:"service_access_tokens_expiration_enforced"`
	SharedRunnersMinutesLimit                   int           `json:"shared_runners_minutes_limit"`       // 0: the instance's
	ExtraSharedRunnersMinutesLimit              int           `json:"extra_shared_runners_minutes_limit"` // what was bought beside
	UniqueProjectDownloadLimit                  int           `json:"unique_project_download_limit"`
	UniqueProjectDownloadLimitIntervalInSeconds int           `json:"unique_project_download_limit_interval_in_seconds"`
	UniqueProjectDownloadLimitAllowlist         []string      `json:"unique_project_download_limit_allowlist"` // usernames
	UniqueProjectDownloadLimitAlertlist         []int64       `json:"unique_project_download_limit_alertlist"` // users' ids
	AutoBanUserOnExcessiveProjectsDownload      bool          `json:"auto_ban_user_on_excessive_projects_download"`
}

// BranchProtectionDefaults is how the default branch of a group's new projects
// is protected.
type BranchProtectionDefaults struct {
	AllowedToPush             []BranchProtectionRole `json:"allowed_to_push"`
	AllowedToMerge            []BranchProtectionRole `json:"allowed_to_merge"`
	AllowForcePush            bool                   `json:"allow_force_push"`
	DeveloperCanInitialPush   bool                   `json:"developer_can_initial_push"`
	CodeOwnerApprovalRequired bool                   `json:"code_owner_approval_required"`
}

// BranchProtectionRole is a role that may do something to a branch.
type BranchProtectionRole struct {
	AccessLevel AccessLevel `json:"access_level"`
}

// LDAPGroupLink gives the members of an LDAP group a role.
type LDAPGroupLink struct {
	CN           string      `json:"cn"`     // or else Filter
	Filter       string      `json:"filter"` // or else CN
	GroupAccess  AccessLevel `json:"group_access"`
	Provider     string      `json:"provider"`
	MemberRoleID int64       `json:"member_role_id"` // 0: no custom role
}

// SAMLGroupLink gives the members of a SAML group a role.
type SAMLGroupLink struct {
	Name         string      `json:"name"`
	AccessLevel  AccessLevel `json:"access_level"`
	Provider     string      `json:"provider"`
	MemberRoleID int64       `json:"member_role_id"` // 0: no custom role
}

// SharedGroup is a group that a project or group was shared with.
type SharedGroup struct {
	GroupID          int64       `json:"group_id"`
	GroupName        string      `json:"group_name"`
	GroupFullPath    string      `json:"group_full_path"`
	GroupAccessLevel AccessLevel `json:"group_access_level"` // the most that its members get
	ExpiresAt        Date        `json:"expires_at"`         // zero: never
	MemberRoleID     int64       `json:"member_role_id"`     // 0: no custom role
}

// StorageStatistics are sizes in bytes, of a project or group.
type StorageStatistics struct {
	CommitCount           int   `json:"commit_count"` // of projects
	StorageSize           int64 `json:"storage_size"` // all together
	RepositorySize        int64 `json:"repository_size"`
	WikiSize              int64 `json:"wiki_size"`
	LFSObjectsSize        int64 `json:"lfs_objects_size"`
	JobArtifactsSize      int64 `json:"job_artifacts_size"`
	PipelineArtifactsSize int64 `json:"pipeline_artifacts_size"`
	PackagesSize          int64 `json:"packages_size"`
	SnippetsSize          int64 `json:"snippets_size"`
	UploadsSize           int64 `json:"uploads_size"`
	ContainerRegistrySize int64 `json:"container_registry_size"` // of projects
}

// RootStorageStatistics are the bytes that a top-level group uses with all that
// is below it.
type RootStorageStatistics struct {
	StorageSize                      int64 `json:"storage_size"` // all together
	RepositorySize                   int64 `json:"repository_size"`
	WikiSize                         int64 `json:"wiki_size"`
	LFSObjectsSize                   int64 `json:"lfs_objects_size"`
	BuildArtifactsSize               int64 `json:"build_artifacts_size"`
	PipelineArtifactsSize            int64 `json:"pipeline_artifacts_size"`
	PackagesSize                     int64 `json:"packages_size"`
	SnippetsSize                     int64 `json:"snippets_size"`
	UploadsSize                      int64 `json:"uploads_size"`
	DependencyProxySize              int64 `json:"dependency_proxy_size"`
	ContainerRegistrySize            int64 `json:"container_registry_size"`
	ContainerRegistrySizeIsEstimated bool  `json:"container_registry_size_is_estimated"`
}

// ListGroups selects groups; zero fields do not.
type ListGroups struct {
	Search               string // in names and paths
	Owned                bool   // by the user, explicitly
	MinAccessLevel       AccessLevel
	TopLevelOnly         bool
	AllAvailable         *bool // all that the user can see; nil: for administrators only
	Active               *bool // neither archived nor to be deleted
	Archived             *bool
	Visibility           Visibility
	MarkedForDeletionOn  Date
	SkipGroups           []int64
	RepositoryStorage    string // for administrators
	Statistics           bool   // tell those, to administrators
	WithCustomAttributes bool   // tell those, to administrators
	OrderBy              string // "name", "path", "id" or "similarity"
	Sort                 string // "asc" or "desc"
}

func (in ListGroups) query() query {
	q := make(query)
	q.set("search", in.Search)
	q.flag("owned", in.Owned)
	q.number("min_access_level", int64(in.MinAccessLevel))
	q.flag("top_level_only", in.TopLevelOnly)
	q.choice("all_available", in.AllAvailable)
	q.choice("active", in.Active)
	q.choice("archived", in.Archived)
	q.set("visibility", string(in.Visibility))
	q.set("marked_for_deletion_on", in.MarkedForDeletionOn.String())
	q.numbers("skip_groups", in.SkipGroups)
	q.set("repository_storage", in.RepositoryStorage)
	q.flag("statistics", in.Statistics)
	q.flag("with_custom_attributes", in.WithCustomAttributes)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return q
}

// ListGroupProjects selects projects of a group; zero fields do not.
type ListGroupProjects struct {
	Search                   string // in names and paths
	IncludeSubgroups         bool
	WithShared               *bool // those of other groups that were shared with this one; nil: yes
	Owned                    bool  // by the user, explicitly
	Starred                  bool  // by the user
	Active                   *bool // neither archived nor to be deleted
	Archived                 *bool
	MinAccessLevel           AccessLevel // at least, of the user
	Visibility               Visibility
	Topic                    []string // all of them
	WithIssuesEnabled        bool
	WithMergeRequestsEnabled bool
	WithSecurityReports      bool
	Simple                   bool   // only what a BasicProject has
	WithCustomAttributes     bool   // tell those, to administrators
	OrderBy                  string // "id", "name", "path", "created_at", "updated_at", "similarity", "star_count" or "last_activity_at"
	Sort                     string // "asc" or "desc"
}

// GroupsService calls the groups API. A group is named by its full path, such
// as "parent/child", or its number in decimal digits.
type GroupsService service

// Get returns a group, without its projects: for those see [GroupsService.Projects].
func (s *GroupsService) Get(ctx context.Context, group string, opts ...RequestOption) (Group, error) {
	q := make(query)
	q.set("with_projects", "false") // GitLab's default is up to 100 whole projects, which no field here takes
	return Get[Group](ctx, s.client, PathTo(pathGroup, group).With(q.values()), opts...)
}

// List lists groups; with the zero input, those of which the user is a member,
// and for administrators all.
func (s *GroupsService) List(ctx context.Context, in ListGroups, opts ...RequestOption) iter.Seq2[Group, error] {
	return List[Group](ctx, s.client, PathTo(pathGroups).With(in.query().values()), opts...)
}

// Subgroups lists the groups right below a group.
func (s *GroupsService) Subgroups(ctx context.Context, group string, in ListGroups, opts ...RequestOption) iter.Seq2[Group, error] {
	return List[Group](ctx, s.client, PathTo(pathSubgroups, group).With(in.query().values()), opts...)
}

// Projects lists the projects of a group.
func (s *GroupsService) Projects(ctx context.Context, group string, in ListGroupProjects, opts ...RequestOption) iter.Seq2[Project, error] {
	q := make(query)
	q.set("search", in.Search)
	q.flag("include_subgroups", in.IncludeSubgroups)
	q.choice("with_shared", in.WithShared)
	q.flag("owned", in.Owned)
	q.flag("starred", in.Starred)
	q.choice("active", in.Active)
	q.choice("archived", in.Archived)
	q.number("min_access_level", int64(in.MinAccessLevel))
	q.set("visibility", string(in.Visibility))
	q.set("topic", strings.Join(in.Topic, ","))
	q.flag("with_issues_enabled", in.WithIssuesEnabled)
	q.flag("with_merge_requests_enabled", in.WithMergeRequestsEnabled)
	q.flag("with_security_reports", in.WithSecurityReports)
	q.flag("simple", in.Simple)
	q.flag("with_custom_attributes", in.WithCustomAttributes)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	return List[Project](ctx, s.client, PathTo(pathGroupProjects, group).With(q.values()), opts...)
}
