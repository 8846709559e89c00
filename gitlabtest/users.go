package gitlabtest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

var userRoutes = []route{
	{method: "GET", pattern: "user", handle: (*Server).currentUser, scopes: scopesUser},
	{
		method: "GET", pattern: "users", handle: (*Server).listUsers, scopes: scopesUser,
		params: "search username public_email active:bool blocked:bool humans:bool external:bool exclude_active:bool " +
			"exclude_external:bool exclude_humans:bool exclude_internal:bool without_project_bots:bool admins:bool " +
			"created_after:time created_before:time order_by=id|name|username|created_at|updated_at sort=asc|desc " +
			"two_factor=enabled|disabled without_projects:bool saml_provider_id:int skip_ldap:bool with_custom_attributes:bool" + paged,
	},
	{method: "GET", pattern: "users/:id", params: "id!:int", handle: (*Server).getUser, scopes: scopesUser},
}

type userBasicJSON struct {
	ID        int64   `json:"id"`
	Username  string  `json:"username"`
	Name      string  `json:"name"`
	State     string  `json:"state"`
	Locked    bool    `json:"locked"`
	AvatarURL *string `json:"avatar_url"`
	WebURL    string  `json:"web_url"`
}

type currentUserJSON struct {
	userBasicJSON

	CreatedAt        apiTime `json:"created_at"`
	Bio              string  `json:"bio"`
	Bot              bool    `json:"bot"`
	Email            string  `json:"email"`
	PublicEmail      *string `json:"public_email"`
	CommitEmail      string  `json:"commit_email"`
	ConfirmedAt      apiTime `json:"confirmed_at"`
	LastActivityOn   string  `json:"last_activity_on"`
	TwoFactorEnabled bool    `json:"two_factor_enabled"`
	External         bool    `json:"external"`
	CanCreateGroup   bool    `json:"can_create_group"`
	CanCreateProject bool    `json:"can_create_project"`
}

func (s *Server) userJSON(a *account) userBasicJSON {
	return userBasicJSON{
		ID: a.ID, Username: a.Username, Name: a.name, State: "active",
		WebURL: s.external + "/" + a.Username,
	}
}

// userOrNil is a user as others tell of them; nil for nobody.
func (s *Server) userOrNil(a *account) *userBasicJSON {
	if a == nil {
		return nil
	}
	v := s.userJSON(a)
	return &v
}

func (s *Server) usersJSON(accounts []*account) []userBasicJSON {
	users := []userBasicJSON{}
	for _, a := range accounts {
		users = append(users, s.userJSON(a))
	}
	return users
}

func (s *Server) currentUser(q *request) answer {
	a := q.caller
	email := a.email()
	return ok(currentUserJSON{
		userBasicJSON: s.userJSON(a), CreatedAt: apiTime(a.created), Email: email, CommitEmail: email,
		ConfirmedAt: apiTime(a.created), LastActivityOn: a.created.UTC().Format("2006-01-02"),
		CanCreateGroup: true, CanCreateProject: true,
	})
}

func (a *account) email() string { return a.Username + "@example.com" }

// accountNamed finds a user, without regard to case; nil if there is none.
func (s *Server) accountNamed(username string) *account {
	for name, a := range s.world.users {
		if strings.EqualFold(name, username) {
			return a
		}
	}
	return nil
}

// accounts are all users, oldest first.
func (s *Server) accounts() []*account {
	return slices.SortedFunc(maps.Values(s.world.users), func(a, b *account) int { return cmp.Compare(a.ID, b.ID) })
}

var userOrders = order[*account]{
	"id":         func(*account) string { return "" },
	"name":       func(a *account) string { return a.name },
	"username":   func(a *account) string { return a.Username },
	"created_at": func(a *account) string { return timeKey(a.created) },
	"updated_at": func(a *account) string { return timeKey(a.created) },
}

// listUsers lists the users: all of them are active people.
func (s *Server) listUsers(q *request) answer {
	none := q.flag("blocked") || q.flag("external") || q.flag("exclude_active") || q.flag("exclude_humans") || q.flag("admins") ||
		q.text("public_email") != "" || q.text("two_factor") == "enabled"
	items := filter(s.accounts(), func(a *account) bool {
		return !none && contains(q.text("search"), a.name, a.Username) && q.during("created", a.created) &&
			(q.text("username") == "" || strings.EqualFold(q.text("username"), a.Username))
	})
	l := sorted(q, items, userOrders, "id desc", func(a *account) int64 { return a.ID })
	l.render, l.keyset = func(a *account) any { return s.userJSON(a) }, true
	return paginate(q, l)
}

func (s *Server) getUser(q *request) answer {
	a := s.accountByID(q.arg("id"))
	if a == nil {
		return notFound("User")
	}
	return ok(struct {
		userBasicJSON

		CreatedAt   apiTime `json:"created_at"`
		Bio         string  `json:"bio"`
		Location    string  `json:"location"`
		PublicEmail *string `json:"public_email"`
		Bot         bool    `json:"bot"`
		Followers   int     `json:"followers"`
		Following   int     `json:"following"`
	}{userBasicJSON: s.userJSON(a), CreatedAt: apiTime(a.created)})
}
