package gitlabtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The levels of access that members can have.
const (
	accessDeveloper = 30
	accessOwner     = 50
)

var accessLevels = []int64{0, 5, 10, 15, 20, 30, 40, accessOwner}

type member struct {
	account *account
	level   int64
	expires *string
	created time.Time
	by      *account
}

var memberRoutes = []route{
	{method: "GET", pattern: "{place}/members", params: "query user_ids:ints skip_users:ints" + paged, handle: (*Server).listMembers},
	{method: "GET", pattern: "{place}/members/all", params: "query user_ids:ints state=active|awaiting" + paged, handle: (*Server).listMembers},
	{method: "GET", pattern: "{place}/members/all/:user_id", handle: (*Server).getMember},
	{method: "GET", pattern: "{place}/members/:user_id", handle: (*Server).getMember},
	{method: "POST", pattern: "{place}/members", params: "access_level!:int user_id:ints username expires_at:date", handle: (*Server).addMember},
	{method: "PUT", pattern: "{place}/members/:user_id", params: "access_level!:int expires_at:date", handle: (*Server).updateMember},
	{
		method: "DELETE", pattern: "{place}/members/:user_id", params: "skip_subresources:bool unassign_issuables:bool",
		handle: (*Server).removeMember,
	},
}

// AddMember makes username, who is created if new, a member of a group or
// project given by its full path, as a developer. Members see it under
// membership=true; reading and writing needs no membership here. An unknown path
// panics.
func (s *Server) AddMember(fullPath, username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.node("AddMember", fullPath)
	a := s.account(username)
	if n.member(a.ID) == nil {
		n.members = append(n.members, &member{account: a, level: accessDeveloper, created: time.Now(), by: s.account("root")})
	}
}

func (n *node) member(userID int64) *member {
	return find(n.members, func(m *member) bool { return m.account.ID == userID })
}

// access is the level of a in n, from here or from a group above; -1: none.
func (n *node) access(a *account) int64 {
	level := int64(-1)
	for _, place := range n.above() {
		if m := place.member(a.ID); m != nil {
			level = max(level, m.level)
		}
	}
	return level
}

// allMembers are the members here and of the groups above, each where they have
// the most.
func (n *node) allMembers() []*member {
	var all []*member
	for _, place := range n.above() {
		for _, m := range place.members {
			at := slices.IndexFunc(all, func(other *member) bool { return other.account == m.account })
			switch {
			case at < 0:
				all = append(all, m)
			case all[at].level < m.level:
				all[at] = m
			}
		}
	}
	return all
}

// askedMembers are those of n that the call is about: of n alone, or with all.
func (q *request) askedMembers(n *node) []*member {
	if slices.Contains(q.route.elements, "all") {
		return n.allMembers()
	}
	return n.members
}

type memberJSON struct {
	userBasicJSON

	AccessLevel     int64          `json:"access_level"`
	CreatedAt       apiTime        `json:"created_at"`
	CreatedBy       *userBasicJSON `json:"created_by,omitempty"`
	ExpiresAt       *string        `json:"expires_at"`
	MembershipState string         `json:"membership_state"`
}

func (s *Server) memberJSON(m *member) any {
	return memberJSON{
		userBasicJSON: s.userJSON(m.account), AccessLevel: m.level, CreatedAt: apiTime(m.created),
		CreatedBy: s.userOrNil(m.by), ExpiresAt: m.expires, MembershipState: "active",
	}
}

func (s *Server) listMembers(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		items := filter(q.askedMembers(n), func(m *member) bool {
			return contains(q.text("query"), m.account.name, m.account.Username) &&
				among(q.numbers("user_ids"), m.account.ID) && !slices.Contains(q.numbers("skip_users"), m.account.ID) &&
				same(q.text("state"), "active")
		})
		l := sorted(q, items, nil, "id asc", func(m *member) int64 { return m.account.ID })
		l.render = s.memberJSON
		return paginate(q, l)
	})
}

func (s *Server) withMember(q *request, handle func(*node, *member) answer) answer {
	return s.withPlace(q, func(n *node) answer {
		m := find(q.askedMembers(n), func(m *member) bool { return m.account.ID == q.arg("user_id") })
		if m == nil {
			return noRecord()
		}
		return handle(n, m)
	})
}

func (s *Server) getMember(q *request) answer {
	return s.withMember(q, func(_ *node, m *member) answer { return ok(s.memberJSON(m)) })
}

func (s *Server) addMember(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		if !q.params.has("user_id") && !q.params.has("username") {
			return apiError(http.StatusBadRequest, "user_id, username are missing, exactly one parameter must be provided")
		}
		a := s.accountByID(q.number("user_id"))
		if name := q.text("username"); name != "" {
			a = s.accountNamed(name)
		}
		switch {
		case a == nil:
			return notFound("User")
		case n.member(a.ID) != nil:
			return apiMessage(http.StatusConflict, "Member already exists")
		}
		if refused, wrong := badLevel(q); wrong {
			return refused
		}
		m := &member{account: a, level: q.number("access_level"), created: time.Now(), by: q.caller}
		q.setOptional("expires_at", &m.expires)
		n.members = append(n.members, m)
		return created(s.memberJSON(m))
	})
}

func badLevel(q *request) (answer, bool) {
	if level := q.number("access_level"); level == 0 || !slices.Contains(accessLevels, level) {
		return apiMessage(http.StatusBadRequest, map[string][]string{"access_level": {"is not included in the list"}}), true
	}
	return answer{}, false
}

func (s *Server) updateMember(q *request) answer {
	return s.withMember(q, func(_ *node, m *member) answer {
		if refused, wrong := badLevel(q); wrong {
			return refused
		}
		m.level = q.number("access_level")
		q.setOptional("expires_at", &m.expires)
		return ok(s.memberJSON(m))
	})
}

func (s *Server) removeMember(q *request) answer {
	return s.withMember(q, func(n *node, m *member) answer {
		n.members = without(n.members, m)
		return deleted()
	})
}

// accountByID finds a user; nil if there is none.
func (s *Server) accountByID(id int64) *account {
	for _, a := range s.world.users {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// accountsByID are the users with these ids, in their order; others are left out.
func (s *Server) accountsByID(ids []int64) []*account {
	accounts := []*account{}
	for _, id := range ids {
		if a := s.accountByID(id); a != nil && !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
	}
	return accounts
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }
