package gitlabtest

import (
	"slices"
	"strings"
)

const groupParams = "search owned:bool min_access_level:int top_level_only:bool all_available:bool active:bool archived:bool " +
	"visibility=private|internal|public skip_groups:ints statistics:bool with_custom_attributes:bool " +
	"order_by=name|path|id|similarity sort=asc|desc" + paged

var groupRoutes = []route{
	{method: "GET", pattern: "groups", params: groupParams, handle: (*Server).allGroups},
	{method: "GET", pattern: "groups/:id", params: "with_projects:bool", handle: (*Server).getGroup},
	{method: "GET", pattern: "groups/:id/subgroups", params: groupParams, handle: (*Server).subgroups},
	{method: "GET", pattern: "groups/:id/projects", params: projectParams, handle: (*Server).groupProjects},
}

// A Group is a group as its seeder sees it.
type Group struct {
	ID   int64
	Path string // the full path: "team/backend"
}

// AddGroup creates a group and those above it; one that exists is returned.
// What is no full path panics.
func (s *Server) AddGroup(fullPath string) Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.ensureGroup(fullPath)
	return Group{ID: g.id, Path: g.fullPath()}
}

type groupJSON struct {
	ID          int64   `json:"id"`
	WebURL      string  `json:"web_url"`
	Name        string  `json:"name"`
	Path        string  `json:"path"`
	Description string  `json:"description"`
	Visibility  string  `json:"visibility"`
	AvatarURL   *string `json:"avatar_url"`
	FullName    string  `json:"full_name"`
	FullPath    string  `json:"full_path"`
	CreatedAt   apiTime `json:"created_at"`
	ParentID    *int64  `json:"parent_id"`
}

func (s *Server) groupJSON(g *group) groupJSON {
	return groupJSON{
		ID: g.id, WebURL: s.external + "/groups/" + g.fullPath(), Name: g.name, Path: g.path,
		Visibility: "internal", FullName: spaced(g.fullPath()), FullPath: g.fullPath(),
		CreatedAt: apiTime(g.created), ParentID: g.parentID(),
	}
}

func (n *node) parentID() *int64 {
	if n.parent == nil {
		return nil
	}
	return &n.parent.id
}

// spaced is a full path as names are shown: "team / app".
func spaced(fullPath string) string { return strings.ReplaceAll(fullPath, "/", " / ") }

// withGroup answers a call with handle, or with that there is no such group.
func (s *Server) withGroup(q *request, handle func(*group) answer) answer {
	g := s.findGroup(q.args["id"])
	if g == nil {
		return notFound("Group")
	}
	return handle(g)
}

func (s *Server) getGroup(q *request) answer {
	return s.withGroup(q, func(g *group) answer {
		if !q.flagOr("with_projects", true) {
			return ok(s.groupJSON(g))
		}
		projects := []projectJSON{}
		for _, p := range s.world.projects {
			if p.parent == g && len(projects) < perPageMax {
				projects = append(projects, s.projectJSON(p))
			}
		}
		return ok(struct {
			groupJSON

			Projects []projectJSON `json:"projects"`
		}{s.groupJSON(g), projects})
	})
}

var groupOrders = order[*group]{
	"id":         func(*group) string { return "" },
	"name":       func(g *group) string { return g.name },
	"path":       func(g *group) string { return g.path },
	"similarity": func(g *group) string { return g.name },
}

func (s *Server) allGroups(q *request) answer {
	return s.listGroups(q, func(g *group) bool { return !q.flag("top_level_only") || g.parent == nil })
}

func (s *Server) subgroups(q *request) answer {
	return s.withGroup(q, func(in *group) answer {
		return s.listGroups(q, func(g *group) bool { return g.parent == in })
	})
}

// listGroups lists groups: below a group all, else those that the caller is a
// member of, or of something below, unless all_available asks for all.
func (s *Server) listGroups(q *request, in func(*group) bool) answer {
	below := q.route.elements[len(q.route.elements)-1] == "subgroups"
	items := filter(s.world.groups, in, func(g *group) bool {
		level := g.access(q.caller)
		return (below || q.flag("all_available") || level > 0 || s.belongsBelow(q.caller, g)) &&
			(!q.flag("owned") || level == accessOwner) &&
			(q.number("min_access_level") == 0 || level >= q.number("min_access_level")) &&
			contains(q.text("search"), g.name, g.path) && !slices.Contains(q.numbers("skip_groups"), g.id) &&
			same(q.text("visibility"), "internal") && !q.flag("archived") && q.flagOr("active", true)
	})
	l := sorted(q, items, groupOrders, "name asc", func(g *group) int64 { return g.id })
	l.render = func(g *group) any { return s.groupJSON(g) }
	by := q.text("order_by")
	l.keyset, l.kind = (by == "" || by == "name") && !l.desc, "Group"
	return paginate(q, l)
}

// belongsBelow reports whether a is a member of something in g.
func (s *Server) belongsBelow(a *account, g *group) bool {
	return slices.ContainsFunc(s.world.groups, func(other *group) bool { return other.inside(g) && other.member(a.ID) != nil }) ||
		slices.ContainsFunc(s.world.projects, func(p *project) bool { return p.inside(g) && p.member(a.ID) != nil })
}
