package gitlabtest

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

const searchParams = "search! state=opened|closed|merged|all confidential:bool ref include_archived:bool " +
	"search_type=basic|advanced|zoekt order_by=created_at sort=asc|desc" + paged

var searchRoutes = []route{
	{
		method: "GET", pattern: "search", handle: (*Server).searchAll,
		params: "scope!=projects|issues|merge_requests|milestones|snippet_titles|users|wiki_blobs|commits|blobs|notes " + searchParams,
	},
	{
		method: "GET", pattern: "groups/:id/search", handle: (*Server).searchGroup,
		params: "scope!=projects|issues|merge_requests|milestones|users|wiki_blobs|commits|blobs|notes " + searchParams,
	},
	{
		method: "GET", pattern: "projects/:id/search", handle: (*Server).searchProject,
		params: "scope!=issues|merge_requests|milestones|notes|wiki_blobs|commits|blobs|users " + searchParams,
	},
}

// A found item is told with what its kind tells.
type found struct {
	id   int64 // newer ones have larger ones
	json func() any
}

func (s *Server) searchAll(q *request) answer {
	return s.search(q, nil, func(*project) bool { return true })
}

func (s *Server) searchGroup(q *request) answer {
	return s.withGroup(q, func(g *group) answer {
		return s.search(q, &g.node, func(p *project) bool { return p.inside(g) })
	})
}

func (s *Server) searchProject(q *request) answer {
	return s.withProject(q, func(in *project) answer {
		return s.search(q, &in.node, func(p *project) bool { return p == in })
	})
}

// search looks for a part of a text, as the basic search does; beyond a project
// there is no other, as on an instance without advanced search.
func (s *Server) search(q *request, place *node, in func(*project) bool) answer {
	scope := q.text("scope")
	inProject := place != nil && place.isProject
	if !inProject && slices.Contains([]string{"wiki_blobs", "commits", "blobs", "notes"}, scope) {
		return apiMessage(http.StatusBadRequest, object{"error": "Scope supported only with advanced search"})
	}
	var hits []found
	if scope == "users" {
		hits = s.searchUsers(q, place)
	}
	for _, p := range s.world.projects {
		if in(p) {
			hits = append(hits, s.searchIn(q, p, scope)...)
		}
	}
	if scope == "blobs" {
		return list(q, hits, func(f found) any { return f.json() })
	}
	l := sorted(q, hits, nil, "created_at desc", func(f found) int64 { return f.id })
	l.render = func(f found) any { return f.json() }
	return paginate(q, l)
}

func (s *Server) searchUsers(q *request, place *node) (hits []found) {
	for _, a := range s.accounts() {
		belongs := place == nil || slices.ContainsFunc(place.allMembers(), func(m *member) bool { return m.account == a })
		if belongs && contains(q.text("search"), a.name, a.Username) {
			hits = append(hits, found{a.ID, func() any { return s.userJSON(a) }})
		}
	}
	return hits
}

func (s *Server) searchIn(q *request, p *project, scope string) (hits []found) {
	text, state := q.text("search"), q.text("state")
	add := func(id int64, json func() any, texts ...string) {
		if contains(text, texts...) {
			hits = append(hits, found{id, json})
		}
	}
	inState := func(of string) bool { return state == "" || state == "all" || state == of }
	switch scope {
	case "projects":
		add(p.id, func() any { return s.projectSimple(p) }, p.name, p.path)
	case "issues":
		for _, i := range p.issues {
			if inState(i.state) && (q.text("confidential") == "" || q.flag("confidential") == i.confidential) {
				add(i.id, func() any { return s.issueJSON(i) }, i.title, value(i.description))
			}
		}
	case "merge_requests":
		for _, m := range p.mergeRequests {
			if inState(m.state) {
				add(m.id, func() any { return s.mergeRequestJSON(m) }, m.title, value(m.description))
			}
		}
	case "milestones":
		for _, m := range p.milestones {
			add(m.id, func() any { return s.milestoneOrNil(m) }, m.title, value(m.about))
		}
	case "commits":
		for _, c := range p.repo.resolve(orDefault(q.text("ref"))).history() {
			add(int64(c.at), func() any { return s.commitJSON(p, c) }, c.message)
		}
	case "notes":
		for _, n := range p.notes() {
			add(n.id, func() any { return s.noteJSON(n) }, n.body)
		}
	case "blobs":
		hits = s.searchBlobs(q, p)
	}
	return hits
}

// notes are all comments in a project.
func (p *project) notes() (notes []*note) {
	var discussions []*discussion
	for _, i := range p.issues {
		discussions = append(discussions, i.discussions...)
	}
	for _, m := range p.mergeRequests {
		discussions = append(discussions, m.discussions...)
	}
	for _, d := range discussions {
		notes = append(notes, d.notes...)
	}
	return notes
}

// searchBlobs finds the first line of each file that has the text, or the first
// one of a file whose name has it.
func (s *Server) searchBlobs(q *request, p *project) (hits []found) {
	ref, text := orDefault(q.text("ref")), q.text("search")
	files := p.repo.resolve(ref).files()
	for _, file := range slices.Sorted(maps.Keys(files)) {
		lines := files[file].lines()
		at := slices.IndexFunc(lines, func(line string) bool { return contains(text, line) })
		if at < 0 {
			if !contains(text, file) {
				continue
			}
			at = 0
		}
		data := ""
		if len(lines) > 0 {
			data = lines[at]
		}
		v := object{
			"basename": strings.TrimSuffix(file, path.Ext(file)), "data": data, "path": file, "filename": file, "id": nil, "ref": ref,
			"startline": at + 1, "project_id": p.id, "group_id": nil,
		}
		hits = append(hits, found{0, func() any { return v }})
	}
	return hits
}
