package gitlabtest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

type tag struct {
	name    string
	message string // "": a lightweight one
	commit  *commit
	created time.Time // zero: a lightweight one
}

var tagRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/repository/tags", handle: (*Server).listTags,
		params: "search order_by=name|updated|version sort=asc|desc page_token" + paged,
	},
	{method: "POST", pattern: "projects/:id/repository/tags", params: "tag_name! ref! message", handle: (*Server).createTag},
	{method: "GET", pattern: "projects/:id/repository/tags/:tag_name", handle: (*Server).getTag},
	{method: "DELETE", pattern: "projects/:id/repository/tags/:tag_name", handle: (*Server).deleteTag},
}

func (r *repository) sortedTags() []*tag {
	var all []*tag
	for _, name := range slices.Sorted(maps.Keys(r.tags)) {
		all = append(all, r.tags[name])
	}
	return all
}

func (s *Server) tagJSON(p *project, t *tag) object {
	v := object{
		"name": t.name, "message": t.message, "target": t.commit.ID, "commit": s.commitJSON(p, t.commit), "release": nil,
		"protected": false, "created_at": moment(t.created),
	}
	if t.message != "" {
		v["target"] = hashID("tag", t.name, t.message, t.commit.ID)
	}
	if r := p.release(t.name); r != nil {
		v["release"] = object{"tag_name": t.name, "description": r.description}
	}
	return v
}

var tagOrders = order[*tag]{
	"name":    func(t *tag) string { return t.name },
	"version": func(t *tag) string { return t.name },
	"updated": func(t *tag) string { return timeKey(t.commit.created) },
}

func (s *Server) listTags(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		items := filter(p.repo.sortedTags(), func(t *tag) bool { return matchesName(q.text("search"), t.name) })
		l := sorted(q, items, tagOrders, "updated desc", func(t *tag) int64 { return int64(t.commit.at) })
		l.render, l.keyset, l.token = func(t *tag) any { return s.tagJSON(p, t) }, q.text("order_by") == "name", "page_token"
		return paginate(q, l)
	})
}

func (s *Server) withTag(q *request, handle func(*project, *tag) answer) answer {
	return s.withProject(q, func(p *project) answer {
		t := p.repo.tags[q.args["tag_name"]]
		if t == nil {
			return notFound("Tag")
		}
		return handle(p, t)
	})
}

func (s *Server) getTag(q *request) answer {
	return s.withTag(q, func(p *project, t *tag) answer { return ok(s.tagJSON(p, t)) })
}

func (s *Server) createTag(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		t, refused := p.newTag(q.text("tag_name"), q.text("ref"), q.text("message"))
		if refused != "" {
			return apiMessage(http.StatusBadRequest, refused)
		}
		return created(s.tagJSON(p, t))
	})
}

// newTag makes a tag, or says in GitLab's words why it does not.
func (p *project) newTag(name, ref, message string) (t *tag, refused string) {
	c := p.repo.resolve(ref)
	switch {
	case !refName(name):
		return nil, "Tag name invalid"
	case p.repo.tags[name] != nil:
		return nil, "Tag " + name + " already exists"
	case c == nil:
		return nil, "Target " + ref + " is invalid"
	}
	t = &tag{name: name, message: message, commit: c}
	if message != "" {
		t.created = time.Now()
	}
	p.repo.setTag(t)
	return t, ""
}

func (s *Server) deleteTag(q *request) answer {
	return s.withTag(q, func(p *project, t *tag) answer {
		delete(p.repo.tags, t.name)
		return deleted()
	})
}
