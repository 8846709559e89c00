package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// AccessLevel is a role in a project or group: the higher the number, the more
// it may do. GitLab may have others than those named here.
type AccessLevel int

// The roles.
const (
	AccessNone            AccessLevel = 0
	AccessMinimal         AccessLevel = 5
	AccessGuest           AccessLevel = 10
	AccessPlanner         AccessLevel = 15
	AccessReporter        AccessLevel = 20
	AccessSecurityManager AccessLevel = 25
	AccessDeveloper       AccessLevel = 30
	AccessMaintainer      AccessLevel = 40
	AccessOwner           AccessLevel = 50
	AccessAdmin           AccessLevel = 60 // an administrator, where GitLab limits something to those
)

// Member is a user with a role in a project or group
// (https://docs.gitlab.com/api/project_members/,
// https://docs.gitlab.com/api/group_members/).
type Member struct {
	BasicUser

	AccessLevel       AccessLevel  `json:"access_level"`
	MemberRole        MemberRole   `json:"member_role"`         // zero: no custom role
	Email             string       `json:"email"`               // "": not for the user who asks
	IsUsingSeat       bool         `json:"is_using_seat"`       // only with ShowSeatInfo
	Override          bool         `json:"override"`            // the role is not the one that LDAP gives
	MembershipState   string       `json:"membership_state"`    // "active" or "awaiting"; "": the instance does not tell
	GroupSAMLIdentity UserIdentity `json:"group_saml_identity"` // zero: none, or not for the user who asks
	GroupSCIMIdentity SCIMIdentity `json:"group_scim_identity"` // zero: none, or not for the user who asks
	CreatedBy         BasicUser    `json:"created_by"`
	ExpiresAt         Date         `json:"expires_at"` // zero: never
	CreatedAt         time.Time    `json:"created_at"`
}

// MemberRole is a custom role: a base and what it may do beside.
type MemberRole struct {
	ID              int64       `json:"id"`
	GroupID         int64       `json:"group_id"` // 0: the instance's
	Name            string      `json:"name"`
	Description     string      `json:"description"`
	BaseAccessLevel AccessLevel `json:"base_access_level"`
}

// ListMembers selects members; zero fields do not.
type ListMembers struct {
	Query        string // in names, usernames and email addresses
	UserIDs      []int64
	SkipUsers    []int64 // of List alone
	State        string  // "active" or "awaiting"; of ListAll alone
	ShowSeatInfo bool    // tell IsUsingSeat
}

// AddMember is a new member.
type AddMember struct {
	UserID       int64       `json:"user_id,omitzero"`        // required, or Username
	Username     string      `json:"username,omitzero"`       // required, or UserID
	AccessLevel  AccessLevel `json:"access_level"`            // required
	ExpiresAt    Date        `json:"expires_at,omitzero"`     // zero: never
	MemberRoleID int64       `json:"member_role_id,omitzero"` // a custom role, of which AccessLevel is the base
}

// UpdateMember changes a member; nil fields stay as they are.
type UpdateMember struct {
	AccessLevel  AccessLevel `json:"access_level"`         // required
	ExpiresAt    *Date       `json:"expires_at,omitempty"` // of the zero Date: never; omitzero would leave it out
	MemberRoleID *int64      `json:"-"`                    // of 0: no custom role
}

// RemoveMember tells what else becomes of a member; the zero value is GitLab's
// default.
type RemoveMember struct {
	SkipSubresources  bool // the member stays in the subgroups and projects below
	UnassignIssuables bool // issues and merge requests are no longer assigned to the member
}

var (
	membersIn      = places{project: pathProjectMembers, group: pathGroupMembers}
	memberIn       = places{project: pathProjectMember, group: pathGroupMember}
	membersAllIn   = places{project: pathAllProjectMember, group: pathAllGroupMember}
	memberAnywhere = places{project: pathProjectAnyMember, group: pathGroupAnyMember}
)

// MembersService calls the API of the members of projects and groups. A member
// is named by the user's id.
type MembersService service

// List lists the direct members of a project or group.
func (s *MembersService) List(ctx context.Context, place Place, in ListMembers, opts ...RequestOption) iter.Seq2[Member, error] {
	return List[Member](ctx, s.client, place.path(membersIn).With(in.query().values()), opts...)
}

// ListAll lists the members of a project or group with those that it inherits
// from the groups above and from groups that were invited: each user once, with
// the highest role.
func (s *MembersService) ListAll(ctx context.Context, place Place, in ListMembers, opts ...RequestOption) iter.Seq2[Member, error] {
	return List[Member](ctx, s.client, place.path(membersAllIn).With(in.query().values()), opts...)
}

func (in ListMembers) query() query {
	q := make(query)
	q.set("query", in.Query)
	q.numbers("user_ids", in.UserIDs)
	q.numbers("skip_users", in.SkipUsers)
	q.set("state", in.State)
	q.flag("show_seat_info", in.ShowSeatInfo)
	return q
}

// Get returns a direct member.
func (s *MembersService) Get(ctx context.Context, place Place, user int64, opts ...RequestOption) (Member, error) {
	return Get[Member](ctx, s.client, place.path(memberIn, user), opts...)
}

// GetAny returns a member, direct or inherited: the role that the user really
// has.
func (s *MembersService) GetAny(ctx context.Context, place Place, user int64, opts ...RequestOption) (Member, error) {
	return Get[Member](ctx, s.client, place.path(memberAnywhere, user), opts...)
}

// Add makes a user a member. A user who is one already is [ErrConflict].
func (s *MembersService) Add(ctx context.Context, place Place, in AddMember, opts ...RequestOption) (Member, error) {
	var out Member
	err := s.client.Call(ctx, http.MethodPost, place.path(membersIn), in, &out, opts...)
	return out, err
}

// Update changes a direct member.
func (s *MembersService) Update(ctx context.Context, place Place, user int64, in UpdateMember, opts ...RequestOption) (Member, error) {
	body := struct {
		UpdateMember

		MemberRoleID **int64 `json:"member_role_id,omitzero"` // a pointer to nil is null, which takes the role away
	}{UpdateMember: in}
	if in.MemberRoleID != nil {
		role := in.MemberRoleID
		if *role == 0 {
			role = nil
		}
		body.MemberRoleID = &role
	}
	var out Member
	err := s.client.Call(ctx, http.MethodPut, place.path(memberIn, user), body, &out, opts...)
	return out, err
}

// Remove ends a direct membership.
func (s *MembersService) Remove(ctx context.Context, place Place, user int64, in RemoveMember, opts ...RequestOption) error {
	q := make(query)
	q.flag("skip_subresources", in.SkipSubresources)
	q.flag("unassign_issuables", in.UnassignIssuables)
	return s.client.Call(ctx, http.MethodDelete, place.path(memberIn, user).With(q.values()), nil, nil, opts...)
}
