package gitlabtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// world is the instance's data. Each kind counts its ids from a number of its
// own, so that an id in the wrong place finds nothing.
type world struct {
	users    map[string]*account
	groups   []*group
	projects []*project
	moved    map[string]*project // by the path that a project had
	ids      map[string]int64    // the last id of a kind
}

func newWorld() world {
	return world{
		users: map[string]*account{},
		moved: map[string]*project{},
		ids: map[string]int64{
			"user": 0, "group": 10, "project": 100, "label": 300, "milestone": 500, "issue": 1000, "hook": 5000,
			"merge_request": 20_000, "note": 30_000, "award": 40_000, "link": 45_000, "pipeline": 50_000, "job": 60_000,
			"environment": 70_000, "deployment": 75_000, "upload": 80_000, "token": 90_000,
		},
	}
}

func (w *world) nextID(kind string) int64 {
	w.ids[kind]++
	return w.ids[kind]
}

// An account is a user.
type account struct {
	User

	name     string
	password string // "": none
	created  time.Time
}

// A User is an account as its seeder sees it.
type User struct {
	ID       int64
	Username string
}

// AddUser creates a user, or sets the password of one who exists. The password
// is for the password grant alone; "" is none.
func (s *Server) AddUser(username, password string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(username)
	a.password = password
	return a.User
}

// account finds or creates a user. The caller holds the lock.
func (s *Server) account(username string) *account {
	a := s.world.users[username]
	if a == nil {
		a = &account{
			User: User{ID: s.world.nextID("user"), Username: username}, name: username, created: time.Now(),
		}
		s.world.users[username] = a
	}
	return a
}

// A node is what groups and projects share.
type node struct {
	id         int64
	name       string
	path       string // last element
	parent     *group // nil: a top-level group
	isProject  bool
	members    []*member
	hooks      []*hook
	labels     []*label
	milestones []*milestone
	created    time.Time
}

type group struct{ node }

func (n *node) fullPath() string {
	if n.parent == nil {
		return n.path
	}
	return n.parent.fullPath() + "/" + n.path
}

// inside reports whether n is in g, or below it.
func (n *node) inside(g *group) bool {
	for p := n.parent; p != nil; p = p.parent {
		if p == g {
			return true
		}
	}
	return false
}

func sameID(id string, n *node) bool { return id == strconv.FormatInt(n.id, 10) }

// findGroup finds a group by number or full path, without regard to case; nil
// if there is none.
func (s *Server) findGroup(id string) *group {
	for _, g := range s.world.groups {
		if sameID(id, &g.node) || strings.EqualFold(id, g.fullPath()) {
			return g
		}
	}
	return nil
}

// findProject is findGroup for projects.
func (s *Server) findProject(id string) *project {
	for _, p := range s.world.projects {
		if sameID(id, &p.node) || strings.EqualFold(id, p.fullPath()) {
			return p
		}
	}
	return nil
}

// ensureGroup finds or creates a group and those above it.
func (s *Server) ensureGroup(fullPath string) *group {
	if g := s.findGroup(fullPath); g != nil {
		return g
	}
	mustBePath(fullPath)
	above, last := splitPath(fullPath)
	var parent *group
	if above != "" {
		parent = s.ensureGroup(above)
	}
	g := &group{node{id: s.world.nextID("group"), name: last, path: last, parent: parent, created: time.Now()}}
	s.world.groups = append(s.world.groups, g)
	return g
}

// ensureProject finds or creates a project and the groups above it.
func (s *Server) ensureProject(fullPath string) *project {
	if p := s.findProject(fullPath); p != nil {
		return p
	}
	mustBePath(fullPath)
	above, last := splitPath(fullPath)
	if above == "" {
		panic(fmt.Sprintf("gitlabtest: the project %q needs a group: \"group/%s\"", fullPath, fullPath))
	}
	parent := s.ensureGroup(above)
	p := &project{node: node{
		id: s.world.nextID("project"), name: last, path: last, parent: parent, isProject: true, created: time.Now(),
	}}
	s.world.projects = append(s.world.projects, p)
	return p
}

func splitPath(fullPath string) (above, last string) {
	if i := strings.LastIndexByte(fullPath, '/'); i >= 0 {
		return fullPath[:i], fullPath[i+1:]
	}
	return "", fullPath
}

func mustBePath(fullPath string) {
	for element := range strings.SplitSeq(fullPath, "/") {
		if blank(element) || element == "." || element == ".." {
			panic(fmt.Sprintf("gitlabtest: %q is not a full path such as \"group/subgroup/project\"", fullPath))
		}
	}
}

// node finds a project or group by its full path for a seeder, who must know it.
func (s *Server) node(what, fullPath string) *node {
	if p := s.findProject(fullPath); p != nil {
		return &p.node
	}
	if g := s.findGroup(fullPath); g != nil {
		return &g.node
	}
	panic(fmt.Sprintf("gitlabtest: %s: there is no group or project %q", what, fullPath))
}

// withPlace answers a call about a project or group with handle, or with why
// there is none.
func (s *Server) withPlace(q *request, handle func(*node) answer) answer {
	if q.route.elements[0] == "projects" {
		return s.withProject(q, func(p *project) answer { return handle(&p.node) })
	}
	return s.withGroup(q, func(g *group) answer { return handle(&g.node) })
}

// above are n and the groups above it.
func (n *node) above() []*node {
	nodes := []*node{n}
	for g := n.parent; g != nil; g = g.parent {
		nodes = append(nodes, &g.node)
	}
	return nodes
}

// url is the page of n.
func (s *Server) url(n *node) string {
	if n.isProject {
		return s.external + "/" + n.fullPath()
	}
	return s.external + "/groups/" + n.fullPath()
}

// apiTime is a moment as the API writes it.
type apiTime time.Time

// MarshalJSON writes UTC with milliseconds.
func (t apiTime) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// moment is t as the API writes it; nil for the zero time.
func moment(t time.Time) *apiTime {
	if t.IsZero() {
		return nil
	}
	at := apiTime(t)
	return &at
}
