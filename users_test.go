package gitlab_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	// A user beside something of theirs.
	hopperJSON = `{"id":8,"username":"grace","name":"Grace Hopper","state":"active","locked":true,"public_email":"grace@x.org","avatar_url":"https://a/8.png","web_url":"https://g/grace"}`

	fullUserJSON = `{"id":7,"username":"ada","name":"Ada Lovelace","state":"active","locked":true,"avatar_url":"https://a/1.png","web_url":"https://g/ada",
"created_at":"2018-09-13T00:35:07.123Z","is_admin":true,"bio":"Counts","bio_html":"<p>Counts</p>","location":"London",
"public_email":"pub@x.org","linkedin":"ada-li","twitter":"ada-tw","discord":"123456789012345678","website_url":"https://ada.example.com",
"github":"ada-gh","organization":"Engines","job_title":"Analyst","pronouns":"she/her","bot":true,"work_information":"Analyst at Engines",
"followers":1,"following":2,"is_followed":true,"local_time":"3:38 PM","preferred_language":"en","last_sign_in_at":"2018-09-13T00:35:07Z",
"confirmed_at":"2018-09-13T00:35:07Z","last_activity_on":"2018-09-12","email":"ada@x.org","theme_id":3,"color_scheme_id":4,
"projects_limit":100000,"current_sign_in_at":"2018-09-13T00:35:07Z","note":"Pays late",
"identities":[{"provider":"group_saml","extern_uid":"ada-1","saml_provider_id":10}],"can_create_group":true,"can_create_project":true,
"can_create_organization":true,"two_factor_enabled":true,"external":true,"private_profile":true,"commit_email":"com@x.org",
"current_sign_in_ip":"192.0.2.1","last_sign_in_ip":"192.0.2.2","plan":"gold","trial":true,"sign_in_count":1337,"namespace_id":5,
"created_by":` + hopperJSON + `,"email_reset_offered_at":"2018-09-13T00:35:07Z","shared_runners_minutes_limit":133,
"extra_shared_runners_minutes_limit":134,"scim_identities":[{"extern_uid":"ada-2","group_id":33,"active":true}],"using_license_seat":true,
"is_auditor":true,"provisioned_by_group_id":44,"enterprise_group_id":33,"enterprise_group_associated_at":"2018-09-13T00:35:07Z",
"custom_attributes":[{"key":"cost","value":"12"}]}`
)

var (
	hopper = gitlab.BasicUser{
		ID: 8, Username: "grace", Name: "Grace Hopper", State: "active", Locked: true, PublicEmail: "grace@x.org", AvatarURL: "https://a/8.png",
		WebURL: "https://g/grace",
	}
	fullUser = gitlab.User{
		ID: 7, Username: "ada", Name: "Ada Lovelace", State: "active", Locked: true, AvatarURL: "https://a/1.png", WebURL: "https://g/ada",
		CreatedAt: at.Add(123 * time.Millisecond), IsAdmin: true, Bio: "Counts", BioHTML: "<p>Counts</p>", Location: "London",
		PublicEmail: "pub@x.org", LinkedIn: "ada-li", Twitter: "ada-tw", Discord: "123456789012345678", WebsiteURL: "https://ada.example.com",
		GitHub: "ada-gh", Organization: "Engines", JobTitle: "Analyst", Pronouns: "she/her", Bot: true, WorkInformation: "Analyst at Engines",
		Followers: 1, Following: 2, IsFollowed: true, LocalTime: "3:38 PM", PreferredLanguage: "en", LastSignInAt: at, ConfirmedAt: at,
		LastActivityOn: gitlab.Date{Year: 2018, Month: 9, Day: 12}, Email: "ada@x.org", ThemeID: 3, ColorSchemeID: 4, ProjectsLimit: 100000,
		CurrentSignInAt: at, Note: "Pays late",
		Identities: []gitlab.UserIdentity{{Provider: "group_saml", ExternUID: "ada-1", SAMLProviderID: 10}}, CanCreateGroup: true,
		CanCreateProject: true, CanCreateOrganization: true, TwoFactorEnabled: true, External: true, PrivateProfile: true,
		CommitEmail: "com@x.org", CurrentSignInIP: "192.0.2.1", LastSignInIP: "192.0.2.2", Plan: "gold", Trial: true, SignInCount: 1337,
		NamespaceID: 5, CreatedBy: hopper, EmailResetOfferedAt: at, SharedRunnersMinutesLimit: 133, ExtraSharedRunnersMinutesLimit: 134,
		SCIMIdentities: []gitlab.SCIMIdentity{{ExternUID: "ada-2", GroupID: 33, Active: true}}, UsingLicenseSeat: true, IsAuditor: true,
		ProvisionedByGroupID: 44, EnterpriseGroupID: 33, EnterpriseGroupAssociatedAt: at,
		CustomAttributes: []gitlab.CustomAttribute{{Key: "cost", Value: "12"}},
	}
)

func TestUsersAPI(t *testing.T) {
	t.Parallel()
	list := func(in gitlab.ListUsers) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.User, error] {
			return c.Users.List(ctx, in)
		})
	}
	runTyped(t, []typedCall{{
		name: "current", method: http.MethodGet, path: "/user", status: 200, answer: fullUserJSON, want: fullUser,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.User, error) { return c.Users.Current(ctx) }),
	}, {
		name: "get", method: http.MethodGet, path: "/users/9007199254740993", status: 200, answer: fullUserJSON, want: fullUser,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.User, error) {
			return c.Users.Get(ctx, 9007199254740993)
		}),
	}, {
		name: "by username", method: http.MethodGet, path: "/users?username=Ada", status: 200, answer: "[" + fullUserJSON + "]", want: fullUser,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.User, error) {
			return c.Users.ByUsername(ctx, "Ada")
		}),
	}, {
		name: "all", method: http.MethodGet, path: "/users?order_by=id&pagination=keyset&per_page=100", status: 200, answer: "[" + fullUserJSON + "]", want: []gitlab.User{fullUser},
		make: list(gitlab.ListUsers{}),
	}, {
		name: "some", method: http.MethodGet, status: 200, answer: `[]`, want: []gitlab.User(nil),
		path: "/users?active=true&admins=true&auditors=true&blocked=true&created_after=2018-09-13T00%3A35%3A07Z&created_before=2018-09-13T00%3A35%3A08.5Z" +
			"&exclude_active=true&exclude_external=true&exclude_humans=true&exclude_internal=true&extern_uid=a%2F1&external=true&humans=true&order_by=name" +
			"&per_page=100&provider=github&public_email=a%40x.org&saml_provider_id=10&search=a+b&skip_ldap=true&sort=asc&two_factor=enabled&username=ada" +
			"&with_custom_attributes=true&without_project_bots=true&without_projects=true",
		make: list(gitlab.ListUsers{
			Search: "a b", Username: "ada", PublicEmail: "a@x.org", Active: true, Blocked: true, Humans: true, External: true, ExcludeActive: true,
			ExcludeExternal: true, ExcludeHumans: true, ExcludeInternal: true, WithoutProjectBots: true, CreatedAfter: at,
			CreatedBefore: at.Add(1500 * time.Millisecond), OrderBy: "name", Sort: "asc", Admins: true, Auditors: true, WithoutProjects: true,
			TwoFactor: "enabled", ExternUID: "a/1", Provider: "github", SAMLProviderID: 10, SkipLDAP: true, WithCustomAttributes: true,
		}),
	}})
}

// TestNobodyHasTheUsername also means an instance that does not heed the filter.
func TestNobodyHasTheUsername(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`[]`, `[` + hopperJSON + `]`} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, answer))
		user, err := w.client.WithToken("glpat-1").Users.ByUsername(t.Context(), "ada")
		require.ErrorIs(t, err, gitlab.ErrNotFound)
		require.EqualError(t, err, `gitlab: not found: nobody has the username "ada"`)
		_, refused := errors.AsType[*gitlab.APIError](err)
		assert.False(t, refused)
		assert.Zero(t, user)
	}
}

func TestTheEmptyUsernameIsNotEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.client.WithToken("glpat-1").Users.ByUsername(t.Context(), "")
	require.ErrorContains(t, err, "ByUsername needs a username")
	require.NotErrorIs(t, err, gitlab.ErrNotFound)
	assert.Empty(t, w.sent())
}
