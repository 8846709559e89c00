package gitlabtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type release struct {
	tag         string
	name        string
	description string
	author      *account
	commit      *commit
	milestones  []*milestone
	links       []object
	created     time.Time
	updated     time.Time
	released    time.Time
}

const releaseParams = "name description milestones released_at:time "

var releaseRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/releases", handle: (*Server).listReleases,
		params: "order_by=released_at|created_at sort=asc|desc include_html_description:bool updated_after:time updated_before:time" + paged,
	},
	{
		method: "POST", pattern: "projects/:id/releases", params: "tag_name! tag_message ref " + releaseParams,
		handle: (*Server).createRelease,
	},
	{method: "GET", pattern: "projects/:id/releases/:tag_name", params: "include_html_description:bool", handle: (*Server).getRelease},
	{method: "PUT", pattern: "projects/:id/releases/:tag_name", params: releaseParams, handle: (*Server).updateRelease},
	{method: "DELETE", pattern: "projects/:id/releases/:tag_name", handle: (*Server).deleteRelease},
}

func (p *project) release(tag string) *release {
	return find(p.releases, func(r *release) bool { return r.tag == tag })
}

func (s *Server) releaseJSON(q *request, p *project, r *release) object {
	page := s.url(&p.node) + "/-/"
	path := "/" + p.fullPath() + "/-/"
	milestones, sources := []object{}, []object{}
	for _, m := range r.milestones {
		v := s.milestoneOrNil(m)
		inside := filter(p.issues, func(i *issue) bool { return i.milestone == m })
		v["issue_stats"] = object{
			"total": len(inside), "closed": len(filter(inside, func(i *issue) bool { return i.state == stateClosed })),
		}
		milestones = append(milestones, v)
	}
	for _, format := range []string{"zip", "tar.gz", "tar.bz2", "tar"} {
		sources = append(sources, object{"format": format, "url": page + "archive/" + r.tag + "/" + p.path + "-" + r.tag + "." + format})
	}
	issues := page + "issues?release_tag=" + r.tag + "&scope=all&state="
	requests := page + "merge_requests?release_tag=" + r.tag + "&scope=all&state="
	v := object{
		"tag_name": r.tag, "name": r.name, "description": r.description, "created_at": apiTime(r.created),
		"released_at": apiTime(r.released), "upcoming_release": r.released.After(time.Now()), "author": s.userJSON(r.author),
		"commit": s.commitJSON(p, r.commit), "milestones": milestones, "commit_path": path + "commit/" + r.commit.ID,
		"tag_path": path + "tags/" + r.tag, "evidences": []object{},
		"assets": object{"count": len(sources) + len(r.links), "sources": sources, "links": r.links},
		"_links": object{
			"self": page + "releases/" + r.tag, "edit_url": page + "releases/" + r.tag + "/edit",
			"opened_issues_url": issues + stateOpened, "closed_issues_url": issues + stateClosed,
			"opened_merge_requests_url": requests + stateOpened, "closed_merge_requests_url": requests + stateClosed,
			"merged_merge_requests_url": requests + stateMerged,
		},
	}
	if q.flag("include_html_description") {
		v["description_html"] = r.description
	}
	return v
}

var releaseOrders = order[*release]{
	"released_at": func(r *release) string { return timeKey(r.released) },
	"created_at":  func(r *release) string { return timeKey(r.created) },
}

func (s *Server) listReleases(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		items := filter(p.releases, func(r *release) bool { return q.during("updated", r.updated) })
		l := sorted(q, items, releaseOrders, "released_at desc", func(r *release) int64 { return int64(slices.Index(p.releases, r)) })
		l.render = func(r *release) any { return s.releaseJSON(q, p, r) }
		return paginate(q, l)
	})
}

func (s *Server) withRelease(q *request, handle func(*project, *release) answer) answer {
	return s.withProject(q, func(p *project) answer {
		r := p.release(q.args["tag_name"])
		if r == nil {
			return apiMessage(http.StatusNotFound, "404 Not Found")
		}
		return handle(p, r)
	})
}

func (s *Server) getRelease(q *request) answer {
	return s.withRelease(q, func(p *project, r *release) answer { return ok(s.releaseJSON(q, p, r)) })
}

// set changes a release, or says in GitLab's words why it cannot.
func (r *release) set(q *request, p *project) (refused string) {
	if q.has("milestones") {
		var chosen []*milestone
		var missing []string
		for _, title := range q.words("milestones") {
			m := find(p.milestones, func(m *milestone) bool { return m.title == title })
			if m == nil {
				missing = append(missing, title)
				continue
			}
			chosen = append(chosen, m)
		}
		if len(missing) > 0 {
			return "Milestone(s) not found: " + strings.Join(missing, ", ")
		}
		r.milestones = chosen
	}
	q.setText("name", &r.name)
	q.setText("description", &r.description)
	if at := q.moment("released_at"); !at.IsZero() {
		r.released = at
	}
	r.updated = time.Now()
	return ""
}

func (s *Server) createRelease(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		name, ref := q.text("tag_name"), q.text("ref")
		if p.release(name) != nil {
			return apiMessage(http.StatusConflict, "Release already exists")
		}
		now := time.Now()
		r := &release{tag: name, name: name, author: q.caller, links: []object{}, created: now, released: now}
		if refused := r.set(q, p); refused != "" {
			return apiMessage(http.StatusBadRequest, refused)
		}
		t := p.repo.tags[name]
		if t == nil {
			if ref == "" {
				return apiMessage(http.StatusUnprocessableEntity, "Ref is not specified")
			}
			made, refused := p.newTag(name, ref, q.text("tag_message"))
			if refused != "" {
				return apiMessage(http.StatusUnprocessableEntity, refused)
			}
			t = made
		}
		r.commit = t.commit
		s.linkAssets(q, r)
		p.releases = append(p.releases, r)
		return created(s.releaseJSON(q, p, r))
	})
}

func (s *Server) linkAssets(q *request, r *release) {
	assets, _ := q.object["assets"].(map[string]any)
	links, _ := assets["links"].([]any)
	for _, link := range links {
		sent, isObject := link.(map[string]any)
		if !isObject {
			continue
		}
		kind := sent["link_type"]
		if kind == nil {
			kind = "other"
		}
		r.links = append(r.links, object{
			"id": s.world.nextID("link"), "name": sent["name"], "url": sent["url"], "direct_asset_url": sent["url"], "link_type": kind,
		})
	}
}

func (s *Server) updateRelease(q *request) answer {
	return s.withRelease(q, func(p *project, r *release) answer {
		if refused := r.set(q, p); refused != "" {
			return apiMessage(http.StatusBadRequest, refused)
		}
		return ok(s.releaseJSON(q, p, r))
	})
}

// deleteRelease lets the tag be.
func (s *Server) deleteRelease(q *request) answer {
	return s.withRelease(q, func(p *project, r *release) answer {
		p.releases = without(p.releases, r)
		return ok(s.releaseJSON(q, p, r))
	})
}
