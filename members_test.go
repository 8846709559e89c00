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

const memberJSON = `{"id":8,"username":"grace","name":"Grace Hopper","state":"active","locked":true,"public_email":"grace@x.org","avatar_url":"https://a/8.png",
"web_url":"https://g/grace","access_level":30,"created_at":"2018-09-13T00:35:07Z","created_by":` + hopperJSON + `,"expires_at":"2019-01-02",
"group_saml_identity":{"provider":"group_saml","extern_uid":"ada-1","saml_provider_id":10},
"group_scim_identity":{"extern_uid":"ada-2","group_id":33,"active":true},"email":"grace@corp.org","is_using_seat":true,"override":true,
"membership_state":"active",
"member_role":{"id":12,"group_id":33,"name":"Deployer","description":"Deploys","base_access_level":30,"read_code":true}}`

var fullMember = gitlab.Member{
	BasicUser:   hopper,
	AccessLevel: 30, CreatedAt: at, CreatedBy: hopper, ExpiresAt: gitlab.Date{Year: 2019, Month: 1, Day: 2},
	GroupSAMLIdentity: gitlab.UserIdentity{Provider: "group_saml", ExternUID: "ada-1", SAMLProviderID: 10},
	GroupSCIMIdentity: gitlab.SCIMIdentity{ExternUID: "ada-2", GroupID: 33, Active: true}, Email: "grace@corp.org", IsUsingSeat: true,
	Override: true, MembershipState: "active",
	MemberRole: gitlab.MemberRole{ID: 12, GroupID: 33, Name: "Deployer", Description: "Deploys", BaseAccessLevel: 30},
}

func TestMembersAPI(t *testing.T) {
	t.Parallel()
	project, group := gitlab.InProject("group/app.io"), gitlab.InGroup("parent/child")
	list := func(place gitlab.Place, in gitlab.ListMembers) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Member, error] {
			return c.Members.List(ctx, place, in)
		})
	}
	listAll := func(place gitlab.Place, in gitlab.ListMembers) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Member, error] {
			return c.Members.ListAll(ctx, place, in)
		})
	}
	get := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Member, error) {
			return c.Members.Get(ctx, place, 8)
		})
	}
	getAny := func(place gitlab.Place) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Member, error) {
			return c.Members.GetAny(ctx, place, 8)
		})
	}
	add := func(place gitlab.Place, in gitlab.AddMember) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Member, error) {
			return c.Members.Add(ctx, place, in)
		})
	}
	update := func(place gitlab.Place, in gitlab.UpdateMember) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Member, error) {
			return c.Members.Update(ctx, place, 8, in)
		})
	}
	remove := func(place gitlab.Place, in gitlab.RemoveMember) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Members.Remove(ctx, place, 8, in)
		}
	}
	one := []gitlab.Member{fullMember}
	expires := gitlab.Date{Year: 2019, Month: 1, Day: 2}
	runTyped(t, []typedCall{{
		name: "all direct", method: http.MethodGet, path: "/projects/group%2Fapp.io/members?per_page=100", status: 200, answer: "[" + memberJSON + "]",
		want: one, make: list(project, gitlab.ListMembers{}),
	}, {
		name: "some direct", method: http.MethodGet, status: 200, answer: "[" + memberJSON + "]", want: one,
		path: "/groups/parent%2Fchild/members?per_page=100&query=a+b&show_seat_info=true&skip_users%5B%5D=9&user_ids%5B%5D=7&user_ids%5B%5D=8",
		make: list(group, gitlab.ListMembers{Query: "a b", UserIDs: []int64{7, 8}, SkipUsers: []int64{9}, ShowSeatInfo: true}),
	}, {
		name: "all", method: http.MethodGet, path: "/groups/parent%2Fchild/members/all?per_page=100", status: 200, answer: "[" + memberJSON + "]",
		want: one, make: listAll(group, gitlab.ListMembers{}),
	}, {
		name: "some", method: http.MethodGet, status: 200, answer: `[]`, want: []gitlab.Member(nil),
		path: "/projects/group%2Fapp.io/members/all?per_page=100&query=a+b&show_seat_info=true&state=awaiting&user_ids%5B%5D=7",
		make: listAll(project, gitlab.ListMembers{Query: "a b", UserIDs: []int64{7}, State: "awaiting", ShowSeatInfo: true}),
	}, {
		name: "of a project", method: http.MethodGet, path: "/projects/group%2Fapp.io/members/8", status: 200, answer: memberJSON, want: fullMember,
		make: get(project),
	}, {
		name: "of a group", method: http.MethodGet, path: "/groups/parent%2Fchild/members/8", status: 200, answer: memberJSON, want: fullMember,
		make: get(group),
	}, {
		name: "of a project or inherited", method: http.MethodGet, path: "/projects/group%2Fapp.io/members/all/8", status: 200, answer: memberJSON,
		want: fullMember, make: getAny(project),
	}, {
		name: "of a group or inherited", method: http.MethodGet, path: "/groups/parent%2Fchild/members/all/8", status: 200, answer: memberJSON,
		want: fullMember, make: getAny(group),
	}, {
		name: "add the least", method: http.MethodPost, path: "/projects/group%2Fapp.io/members", body: `{"access_level":0}`,
		status: 201, answer: memberJSON, want: fullMember, make: add(project, gitlab.AddMember{}),
	}, {
		name: "add the most", method: http.MethodPost, path: "/groups/parent%2Fchild/members",
		body:   `{"user_id":8,"username":"grace","access_level":30,"expires_at":"2019-01-02","member_role_id":12}`,
		status: 201, answer: memberJSON, want: fullMember,
		make: add(group, gitlab.AddMember{UserID: 8, Username: "grace", AccessLevel: gitlab.AccessDeveloper, ExpiresAt: expires, MemberRoleID: 12}),
	}, {
		name: "update the least", method: http.MethodPut, path: "/groups/parent%2Fchild/members/8", body: `{"access_level":0}`,
		status: 200, answer: memberJSON, want: fullMember, make: update(group, gitlab.UpdateMember{}),
	}, {
		name: "update the most", method: http.MethodPut, path: "/projects/group%2Fapp.io/members/8",
		body:   `{"access_level":30,"expires_at":"2019-01-02","member_role_id":12}`,
		status: 200, answer: memberJSON, want: fullMember,
		make: update(project, gitlab.UpdateMember{AccessLevel: gitlab.AccessDeveloper, ExpiresAt: &expires, MemberRoleID: new(int64(12))}),
	}, {
		name: "take away what can be", method: http.MethodPut, path: "/projects/group%2Fapp.io/members/8",
		body:   `{"access_level":20,"expires_at":"","member_role_id":null}`,
		status: 200, answer: memberJSON, want: fullMember,
		make: update(project, gitlab.UpdateMember{AccessLevel: gitlab.AccessReporter, ExpiresAt: new(gitlab.Date{}), MemberRoleID: new(int64(0))}),
	}, {
		name: "remove", method: http.MethodDelete, path: "/projects/group%2Fapp.io/members/8", status: 204, make: remove(project, gitlab.RemoveMember{}),
	}, {
		name: "remove with all", method: http.MethodDelete, path: "/groups/parent%2Fchild/members/8?skip_subresources=true&unassign_issuables=true",
		status: 204, make: remove(group, gitlab.RemoveMember{SkipSubresources: true, UnassignIssuables: true}),
	}})
}

// TestPlacesThatAreNoneAreNotAsked is about every method that takes a place.
func TestPlacesThatAreNoneAreNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	failure := func(_ any, err error) error { return err }
	for place, says := range map[gitlab.Place]string{
		gitlab.Everywhere():    "gitlab: Everywhere(): GitLab has nothing of this kind there",
		gitlab.InProject(""):   "gitlab: path /projects/{project}",
		gitlab.InProject(".."): "gitlab: path /projects/{project}",
		gitlab.InGroup(""):     "gitlab: path /groups/{group}",
		gitlab.InGroup("."):    "gitlab: path /groups/{group}",
	} {
		for _, err := range []error{
			first(c.Members.List(ctx, place, gitlab.ListMembers{})),
			first(c.Members.ListAll(ctx, place, gitlab.ListMembers{})),
			failure(c.Members.Get(ctx, place, 1)),
			failure(c.Members.GetAny(ctx, place, 1)),
			failure(c.Members.Add(ctx, place, gitlab.AddMember{})),
			failure(c.Members.Update(ctx, place, 1, gitlab.UpdateMember{})),
			c.Members.Remove(ctx, place, 1, gitlab.RemoveMember{}),
			first(c.Hooks.List(ctx, place)),
			failure(c.Hooks.Get(ctx, place, 1)),
			failure(c.Hooks.Create(ctx, place, gitlab.CreateHook{})),
			failure(c.Hooks.Update(ctx, place, 1, gitlab.UpdateHook{})),
			c.Hooks.Delete(ctx, place, 1),
			c.Hooks.Test(ctx, place, 1, gitlab.TriggerPush),
			first(c.Labels.List(ctx, place, gitlab.ListLabels{})),
			failure(c.Labels.Get(ctx, place, "bug")),
			failure(c.Labels.Create(ctx, place, gitlab.CreateLabel{})),
			failure(c.Labels.Update(ctx, place, "bug", gitlab.UpdateLabel{})),
			c.Labels.Delete(ctx, place, "bug"),
			first(c.Milestones.List(ctx, place, gitlab.ListMilestones{})),
			failure(c.Milestones.Get(ctx, place, 1)),
			failure(c.Milestones.Create(ctx, place, gitlab.CreateMilestone{})),
			failure(c.Milestones.Update(ctx, place, 1, gitlab.UpdateMilestone{})),
			c.Milestones.Delete(ctx, place, 1),
		} {
			require.ErrorContains(t, err, says)
		}
	}
	assert.Empty(t, w.sent())
}
