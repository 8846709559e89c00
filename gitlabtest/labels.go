package gitlabtest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

type label struct {
	id       int64
	name     string
	color    string
	about    *string
	priority *int64 // in its project
	archived bool
	created  time.Time
}

// labelColor is what a label has that a call to something else brought.
const labelColor = "#6699cc"

var labelRoutes = []route{
	{
		method: "GET", pattern: "{place}/labels", handle: (*Server).listLabels,
		params: "search archived:bool with_counts:bool include_ancestor_groups:bool include_descendant_groups:bool only_group_labels:bool" + paged,
	},
	{
		method: "POST", pattern: "{place}/labels", params: "name! color! description priority:int archived:bool",
		handle: (*Server).createLabel,
	},
	{method: "GET", pattern: "{place}/labels/:name", params: "include_ancestor_groups:bool", handle: (*Server).getLabel},
	{
		method: "PUT", pattern: "{place}/labels/:name", params: "new_name color description priority:int archived:bool",
		handle: (*Server).updateLabel,
	},
	{method: "DELETE", pattern: "{place}/labels/:name", handle: (*Server).deleteLabel},
}

// AddLabel creates a label in the project or group with that full path; one that
// exists stays as it is. An unknown path panics.
func (s *Server) AddLabel(fullPath, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ensureLabel(s.node("AddLabel", fullPath), name)
}

// ensureLabel finds or creates a label of n.
func (s *Server) ensureLabel(n *node, name string) {
	if n.label(name, true) == nil {
		n.labels = append(n.labels, &label{id: s.world.nextID("label"), name: name, color: labelColor, created: time.Now()})
	}
}

// label finds a label by its name or number, here or also in the groups above.
func (n *node) label(named string, above bool) *label {
	for _, place := range n.above() {
		if l := find(place.labels, func(l *label) bool { return l.name == named || idText(l.id) == named }); l != nil {
			return l
		}
		if !above {
			break
		}
	}
	return nil
}

func (s *Server) labelJSON(n *node, l *label) object {
	v := object{
		"id": l.id, "name": l.name, "color": l.color, "text_color": "#FFFFFF", "description": l.about,
		"description_html": value(l.about), "archived": l.archived, "subscribed": false,
	}
	if n.isProject {
		v["priority"], v["is_project_label"] = l.priority, slices.Contains(n.labels, l)
	}
	return v
}

func (s *Server) listLabels(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		places := []*node{n}
		if n.isProject && q.flagOr("include_ancestor_groups", true) || q.flag("include_ancestor_groups") {
			places = n.above()
		}
		var all []*label
		for _, place := range places {
			all = append(all, place.labels...)
		}
		items := filter(all, func(l *label) bool {
			return contains(q.text("search"), l.name, value(l.about)) && (q.text("archived") == "" || q.flag("archived") == l.archived)
		})
		slices.SortStableFunc(items, func(a, b *label) int { return strings.Compare(a.name, b.name) })
		return paginate(q, listing[*label]{items: items, render: func(l *label) any {
			v := s.labelJSON(n, l)
			if q.flag("with_counts") {
				s.countLabel(n, l, v)
			}
			return v
		}})
	})
}

// countLabel adds the numbers of what has the label in n and below.
func (s *Server) countLabel(n *node, l *label, v object) {
	counts := map[string]int{"open_issues_count": 0, "closed_issues_count": 0, "open_merge_requests_count": 0}
	for _, p := range s.world.projects {
		if !slices.Contains(p.above(), n) {
			continue
		}
		for _, i := range p.issues {
			if slices.Contains(i.labels, l.name) {
				counts[map[string]string{stateOpened: "open_issues_count", stateClosed: "closed_issues_count"}[i.state]]++
			}
		}
		for _, m := range p.mergeRequests {
			if slices.Contains(m.labels, l.name) && m.state == stateOpened {
				counts["open_merge_requests_count"]++
			}
		}
	}
	for name, count := range counts {
		v[name] = count
	}
}

func (s *Server) withLabel(q *request, above bool, handle func(*node, *label) answer) answer {
	return s.withPlace(q, func(n *node) answer {
		l := n.label(q.args["name"], above)
		if l == nil {
			return notFound("Label")
		}
		return handle(n, l)
	})
}

func (s *Server) getLabel(q *request) answer {
	return s.withLabel(q, q.flagOr("include_ancestor_groups", true), func(n *node, l *label) answer { return ok(s.labelJSON(n, l)) })
}

var colorForm = regexp.MustCompile(`^(#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?|[A-Za-z]+)$`)

func badColor(color string) (answer, bool) {
	if !colorForm.MatchString(color) {
		return apiMessage(http.StatusBadRequest, map[string][]string{"color": {"must be a valid color code"}}), true
	}
	return answer{}, false
}

func (s *Server) createLabel(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		name := strings.TrimSpace(q.text("name"))
		if name == "" {
			return apiMessage(http.StatusBadRequest, map[string][]string{"title": {"can't be blank"}})
		}
		if refused, wrong := badColor(q.text("color")); wrong {
			return refused
		}
		if n.label(name, true) != nil {
			return apiMessage(http.StatusConflict, "Label already exists")
		}
		l := &label{id: s.world.nextID("label"), name: name, color: q.text("color"), created: time.Now()}
		l.set(q)
		n.labels = append(n.labels, l)
		return created(s.labelJSON(n, l))
	})
}

func (l *label) set(q *request) {
	q.setOptional("description", &l.about)
	q.setFlag("archived", &l.archived)
	if q.has("priority") {
		l.priority = nil
		if q.text("priority") != "" {
			priority := q.number("priority")
			l.priority = &priority
		}
	}
}

func (s *Server) updateLabel(q *request) answer {
	return s.withLabel(q, false, func(n *node, l *label) answer {
		if !slices.ContainsFunc([]string{"new_name", "color", "description", "priority", "archived"}, q.has) {
			return apiError(http.StatusBadRequest,
				"new_name, color, description, priority, archived are missing, at least one parameter must be provided")
		}
		if color := q.text("color"); color != "" {
			if refused, wrong := badColor(color); wrong {
				return refused
			}
			l.color = color
		}
		if name := q.text("new_name"); name != "" {
			s.renameLabel(n, l.name, name)
			l.name = name
		}
		l.set(q)
		return ok(s.labelJSON(n, l))
	})
}

func (s *Server) deleteLabel(q *request) answer {
	return s.withLabel(q, false, func(n *node, l *label) answer {
		s.renameLabel(n, l.name)
		n.labels = without(n.labels, l)
		return deleted()
	})
}

// renameLabel puts other labels in the place of one, in all that has it in n and
// below.
func (s *Server) renameLabel(n *node, name string, others ...string) {
	replace := func(i *issuable) {
		if at := slices.Index(i.labels, name); at >= 0 {
			i.labels = slices.Replace(slices.Clone(i.labels), at, at+1, others...)
			slices.Sort(i.labels)
		}
	}
	for _, p := range s.world.projects {
		if slices.Contains(p.above(), n) {
			for _, i := range p.issues {
				replace(&i.issuable)
			}
			for _, m := range p.mergeRequests {
				replace(&m.issuable)
			}
		}
	}
}
