package gitlab

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// User is a GitLab account (https://docs.gitlab.com/api/users/). What only
// administrators or the user themselves may see is zero for others; what lists
// tell ordinary users is no more than a [BasicUser].
type User struct {
	ID                             int64             `json:"id"`
	Username                       string            `json:"username"`
	Name                           string            `json:"name"`
	State                          string            `json:"state"` // "active", "blocked", …
	Locked                         bool              `json:"locked"`
	AvatarURL                      string            `json:"avatar_url"` // "" if there is none
	WebURL                         string            `json:"web_url"`
	Email                          string            `json:"email"`
	PublicEmail                    string            `json:"public_email"`
	CommitEmail                    string            `json:"commit_email"`
	Bio                            string            `json:"bio"`
	BioHTML                        string            `json:"bio_html"`
	Location                       string            `json:"location"`
	Pronouns                       string            `json:"pronouns"`
	Organization                   string            `json:"organization"`
	JobTitle                       string            `json:"job_title"`
	WorkInformation                string            `json:"work_information"` // job title and organization in a sentence
	WebsiteURL                     string            `json:"website_url"`
	LinkedIn                       string            `json:"linkedin"`
	Twitter                        string            `json:"twitter"`
	Discord                        string            `json:"discord"`
	GitHub                         string            `json:"github"`
	LocalTime                      string            `json:"local_time"` // such as "3:38 PM"
	PreferredLanguage              string            `json:"preferred_language"`
	Followers                      int               `json:"followers"`
	Following                      int               `json:"following"`
	IsFollowed                     bool              `json:"is_followed"` // by the user who asks
	Bot                            bool              `json:"bot"`
	External                       bool              `json:"external"`
	PrivateProfile                 bool              `json:"private_profile"`
	IsAdmin                        bool              `json:"is_admin"`
	IsAuditor                      bool              `json:"is_auditor"`
	TwoFactorEnabled               bool              `json:"two_factor_enabled"`
	CanCreateGroup                 bool              `json:"can_create_group"`
	CanCreateProject               bool              `json:"can_create_project"`
	CanCreateOrganization          bool              `json:"can_create_organization"`
	ProjectsLimit                  int               `json:"projects_limit"`
	ThemeID                        int64             `json:"theme_id"`
	ColorSchemeID                  int64             `json:"color_scheme_id"`
	NamespaceID                    int64             `json:"namespace_id"`
	Identities                     []UserIdentity    `json:"identities"`
	SCIMIdentities                 []SCIMIdentity    `json:"scim_identities"`
	CustomAttributes               []CustomAttribute `json:"custom_attributes"`
	Note                           string            `json:"note"` // the administrators' own
	CreatedBy                      BasicUser         `json:"created_by"`
	UsingLicenseSeat               bool              `json:"using_license_seat"`
	ProvisionedByGroupID           int64             `json:"provisioned_by_group_id"`
	EnterpriseGroupID              int64             `json:"enterprise_group_id"`
	SharedRunnersMinutesLimit      int               `json:"shared_runners_minutes_limit"`       // 0: the instance's
	ExtraSharedRunnersMinutesLimit int               `json:"extra_shared_runners_minutes_limit"` // what was bought beside
	Plan                           string            `json:"plan"`
	Trial                          bool              `json:"trial"`
	SignInCount                    int               `json:"sign_in_count"`
	CurrentSignInIP                string            `json:"current_sign_in_ip"`
	LastSignInIP                   string            `json:"last_sign_in_ip"`
	LastActivityOn                 Date              `json:"last_activity_on"`
	CreatedAt                      time.Time         `json:"created_at"`
	ConfirmedAt                    time.Time         `json:"confirmed_at"` // zero: the address is not confirmed
	CurrentSignInAt                time.Time         `json:"current_sign_in_at"`
	LastSignInAt                   time.Time         `json:"last_sign_in_at"`
	EmailResetOfferedAt            time.Time         `json:"email_reset_offered_at"`
	EnterpriseGroupAssociatedAt    time.Time         `json:"enterprise_group_associated_at"`
}

// UserIdentity is who a user is at another provider of identities.
type UserIdentity struct {
	Provider       string `json:"provider"`
	ExternUID      string `json:"extern_uid"`
	SAMLProviderID int64  `json:"saml_provider_id"` // 0: not a group's SAML
}

// SCIMIdentity is who a user is for the SCIM of a group.
type SCIMIdentity struct {
	ExternUID string `json:"extern_uid"`
	GroupID   int64  `json:"group_id"`
	Active    bool   `json:"active"`
}

// CustomAttribute is one that administrators have set on a user, group or
// project (https://docs.gitlab.com/api/custom_attributes/). Only they see them,
// and only when they ask: see WithCustomAttributes of the lists.
type CustomAttribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ListUsers selects users; zero fields do not. Administrators alone may use the
// second block, and the dates and the order.
type ListUsers struct {
	Search             string // in name, username and public email; administrators also find private ones
	Username           string // exactly, but for the case of letters
	PublicEmail        string // exactly
	Active             bool
	Blocked            bool
	Humans             bool // neither bots nor GitLab's own
	External           bool
	ExcludeActive      bool
	ExcludeExternal    bool
	ExcludeHumans      bool
	ExcludeInternal    bool // GitLab's own, such as the alert bot
	WithoutProjectBots bool
	CreatedAfter       time.Time
	CreatedBefore      time.Time
	OrderBy            string // "id", "name", "username", "created_at" or "updated_at"
	Sort               string // "asc" or "desc"

	Admins               bool
	Auditors             bool
	WithoutProjects      bool
	TwoFactor            string // "enabled" or "disabled"
	ExternUID            string // with Provider
	Provider             string // with ExternUID
	SAMLProviderID       int64
	SkipLDAP             bool
	WithCustomAttributes bool
}

// UsersService calls the users API.
type UsersService service

// Current returns the user that the client acts as.
func (s *UsersService) Current(ctx context.Context, opts ...RequestOption) (User, error) {
	return Get[User](ctx, s.client, PathTo(pathUser), opts...)
}

// Get returns the user with that id.
func (s *UsersService) Get(ctx context.Context, id int64, opts ...RequestOption) (User, error) {
	return Get[User](ctx, s.client, PathTo(pathUserN, id), opts...)
}

// List lists users.
func (s *UsersService) List(ctx context.Context, in ListUsers, opts ...RequestOption) iter.Seq2[User, error] {
	q := make(query)
	q.set("search", in.Search)
	q.set("username", in.Username)
	q.set("public_email", in.PublicEmail)
	q.flag("active", in.Active)
	q.flag("blocked", in.Blocked)
	q.flag("humans", in.Humans)
	q.flag("external", in.External)
	q.flag("exclude_active", in.ExcludeActive)
	q.flag("exclude_external", in.ExcludeExternal)
	q.flag("exclude_humans", in.ExcludeHumans)
	q.flag("exclude_internal", in.ExcludeInternal)
	q.flag("without_project_bots", in.WithoutProjectBots)
	q.time("created_after", in.CreatedAfter)
	q.time("created_before", in.CreatedBefore)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	q.flag("admins", in.Admins)
	q.flag("auditors", in.Auditors)
	q.flag("without_projects", in.WithoutProjects)
	q.set("two_factor", in.TwoFactor)
	q.set("extern_uid", in.ExternUID)
	q.set("provider", in.Provider)
	q.number("saml_provider_id", in.SAMLProviderID)
	q.flag("skip_ldap", in.SkipLDAP)
	q.flag("with_custom_attributes", in.WithCustomAttributes)
	return List[User](ctx, s.client, PathTo(pathUsers).With(q.values()), opts...)
}

// ByUsername returns the user with that username, without @; the case of letters
// does not matter. When nobody has it, the error is [ErrNotFound], but not an
// [*APIError]: GitLab's answer is an empty list.
func (s *UsersService) ByUsername(ctx context.Context, username string, opts ...RequestOption) (User, error) {
	if username == "" {
		return User{}, errors.New("gitlab: ByUsername needs a username")
	}
	q := make(query)
	q.set("username", username)
	found, err := Get[[]User](ctx, s.client, PathTo(pathUsers).With(q.values()), opts...)
	if err != nil {
		return User{}, err
	}
	for _, user := range found {
		if strings.EqualFold(user.Username, username) {
			return user, nil
		}
	}
	return User{}, meaning(ErrNotFound, fmt.Errorf("gitlab: nobody has the username %q", username))
}
