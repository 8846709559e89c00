package gitlabtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A discussion is notes that answer each other; alone, a note is one too.
type discussion struct {
	id    string // 40 hexadecimal digits
	alone bool   // a comment that nobody replied to
	notes []*note
}

type note struct {
	id         int64
	on         *issuable
	of         *discussion
	body       string
	author     *account
	internal   bool
	resolvable bool
	resolved   time.Time // zero: not
	resolvedBy *account
	position   any
	commitID   *string
	awards     []*award
	created    time.Time
	updated    time.Time
}

var noteRoutes = []route{
	{
		method: "GET", pattern: "{noteable}/notes", handle: (*Server).listNotes,
		params: "order_by=created_at|updated_at sort=asc|desc activity_filter=all_notes|only_comments|only_activity" + paged,
	},
	{
		method: "POST", pattern: "{noteable}/notes", params: "body! internal:bool confidential:bool created_at:time",
		handle: (*Server).createNote,
	},
	{method: "GET", pattern: "{noteable}/notes/:note_id", handle: (*Server).getNote},
	{method: "PUT", pattern: "{noteable}/notes/:note_id", params: "body", handle: (*Server).updateNote},
	{method: "DELETE", pattern: "{noteable}/notes/:note_id", handle: (*Server).deleteNote},
	{method: "GET", pattern: "{noteable}/discussions", params: paged, handle: (*Server).listDiscussions},
	{
		method: "POST", pattern: "{noteable}/discussions", params: "body! created_at:time commit_id",
		handle: (*Server).createDiscussion,
	},
	{method: "GET", pattern: "{noteable}/discussions/:discussion_id", handle: (*Server).getDiscussion},
	{
		method: "PUT", pattern: "projects/:id/merge_requests/:noteable_id/discussions/:discussion_id", params: "resolved!:bool",
		handle: (*Server).resolveDiscussion,
	},
	{
		method: "POST", pattern: "{noteable}/discussions/:discussion_id/notes", params: "body! created_at:time",
		handle: (*Server).reply,
	},
	{method: "GET", pattern: "{noteable}/discussions/:discussion_id/notes/:note_id", handle: (*Server).getNote},
	{
		method: "PUT", pattern: "{noteable}/discussions/:discussion_id/notes/:note_id", params: "body resolved:bool",
		handle: (*Server).updateNote,
	},
	{method: "DELETE", pattern: "{noteable}/discussions/:discussion_id/notes/:note_id", handle: (*Server).deleteNote},
}

func (i *issuable) comments() int {
	n := 0
	for _, d := range i.discussions {
		n += len(d.notes)
	}
	return n
}

// withNoteable answers a call about an issue or merge request with handle.
func (s *Server) withNoteable(q *request, handle func(*issuable) answer) answer {
	return s.withProject(q, func(p *project) answer {
		iid := q.arg("noteable_id")
		if q.route.elements[2] == "issues" {
			if i := p.issue(iid); i != nil {
				return handle(&i.issuable)
			}
			return notFound("Issue")
		}
		if m := p.mergeRequest(iid); m != nil {
			return handle(&m.issuable)
		}
		return notFound("MergeRequest")
	})
}

func (s *Server) noteJSON(n *note) object {
	v := object{
		"id": n.id, "type": nil, "body": n.body, "attachment": nil, "author": s.userJSON(n.author),
		"created_at": apiTime(n.created), "updated_at": apiTime(n.updated), "system": false, "noteable_id": n.on.id,
		"noteable_iid": n.on.iid, "noteable_type": n.on.kind, "project_id": n.on.project.id, "commit_id": n.commitID,
		"resolvable": n.resolvable, "confidential": n.internal, "internal": n.internal, "imported": false,
		"imported_from": "none", "commands_changes": object{},
	}
	if !n.of.alone {
		v["type"] = "DiscussionNote"
	}
	if n.position != nil {
		v["type"], v["position"] = "DiffNote", n.position
	}
	if n.resolvable {
		v["resolved"], v["resolved_by"], v["resolved_at"] = !n.resolved.IsZero(), s.userOrNil(n.resolvedBy), moment(n.resolved)
	}
	return v
}

func (s *Server) discussionJSON(d *discussion) object {
	notes := []object{}
	for _, n := range d.notes {
		notes = append(notes, s.noteJSON(n))
	}
	return object{"id": d.id, "individual_note": d.alone, "notes": notes}
}

// addNote adds the note of a call to d, which may be new.
func (s *Server) addNote(q *request, i *issuable, d *discussion) *note {
	now := time.Now()
	n := &note{
		id: s.world.nextID("note"), on: i, of: d, body: q.text("body"), author: q.caller,
		internal: q.flag("internal") || q.flag("confidential"), created: now, updated: now,
	}
	if at := q.moment("created_at"); !at.IsZero() {
		n.created, n.updated = at, at
	}
	d.notes = append(d.notes, n)
	i.updated = now
	return n
}

func (s *Server) newDiscussion(i *issuable, alone bool) *discussion {
	d := &discussion{id: hashID("discussion", i.kind, idText(i.id), idText(s.world.ids["note"])), alone: alone}
	i.discussions = append(i.discussions, d)
	return d
}

var noteOrders = order[*note]{
	"created_at": func(n *note) string { return timeKey(n.created) },
	"updated_at": func(n *note) string { return timeKey(n.updated) },
}

func (s *Server) listNotes(q *request) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		var notes []*note
		for _, d := range i.discussions {
			notes = append(notes, d.notes...)
		}
		if q.text("activity_filter") == "only_activity" { // which is what GitLab notes itself
			notes = nil
		}
		l := sorted(q, notes, noteOrders, "created_at desc", func(n *note) int64 { return n.id })
		l.render = func(n *note) any { return s.noteJSON(n) }
		return paginate(q, l)
	})
}

func badBody(q *request) (answer, bool) {
	if blank(q.text("body")) {
		return apiMessage(http.StatusBadRequest, "400 Bad request - Note {:note=>[\"can't be blank\"]}"), true
	}
	return answer{}, false
}

func (s *Server) createNote(q *request) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		if refused, wrong := badBody(q); wrong {
			return refused
		}
		return created(s.noteJSON(s.addNote(q, i, s.newDiscussion(i, true))))
	})
}

func (s *Server) withNote(q *request, handle func(*note) answer) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		for _, d := range i.discussions {
			if id := q.args["discussion_id"]; id != "" && id != d.id {
				continue
			}
			if n := find(d.notes, func(n *note) bool { return n.id == q.arg("note_id") }); n != nil {
				return handle(n)
			}
		}
		return noRecord()
	})
}

func (s *Server) getNote(q *request) answer {
	return s.withNote(q, func(n *note) answer { return ok(s.noteJSON(n)) })
}

// updateNote changes a note, or resolves it where it can be.
func (s *Server) updateNote(q *request) answer {
	return s.withNote(q, func(n *note) answer {
		if !q.has("body") && !q.has("resolved") {
			if q.args["discussion_id"] != "" {
				return apiError(http.StatusBadRequest, "body, resolved are missing, exactly one parameter must be provided")
			}
			return apiError(http.StatusBadRequest, "body is missing")
		}
		if q.has("resolved") {
			n.resolve(q.caller, q.flag("resolved"))
			return ok(s.noteJSON(n))
		}
		if refused, wrong := badBody(q); wrong {
			return refused
		}
		n.body, n.updated = q.text("body"), time.Now()
		return ok(s.noteJSON(n))
	})
}

func (n *note) resolve(by *account, resolved bool) {
	switch {
	case !n.resolvable:
	case !resolved:
		n.resolved, n.resolvedBy = time.Time{}, nil
	case n.resolved.IsZero():
		n.resolved, n.resolvedBy = time.Now(), by
	}
}

func (s *Server) deleteNote(q *request) answer {
	return s.withNote(q, func(n *note) answer {
		n.of.notes = without(n.of.notes, n)
		if len(n.of.notes) == 0 {
			n.on.discussions = without(n.on.discussions, n.of)
		}
		return deleted()
	})
}

func (s *Server) listDiscussions(q *request) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		return list(q, i.discussions, func(d *discussion) any { return s.discussionJSON(d) })
	})
}

func (s *Server) createDiscussion(q *request) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		if refused, wrong := badBody(q); wrong {
			return refused
		}
		position, given := q.object["position"].(map[string]any)
		if given && !positioned(position) {
			return apiError(http.StatusBadRequest, "position is invalid")
		}
		d := s.newDiscussion(i, false)
		n := s.addNote(q, i, d)
		n.resolvable = i.kind == "MergeRequest"
		if given {
			n.position = position
		}
		q.setOptional("commit_id", &n.commitID)
		return created(s.discussionJSON(d))
	})
}

// positioned reports whether a position has what GitLab requires of one.
func positioned(position map[string]any) bool {
	return !slices.ContainsFunc(strings.Fields("base_sha start_sha head_sha position_type"), func(name string) bool {
		text, _ := position[name].(string)
		return blank(text)
	})
}

func (s *Server) withDiscussion(q *request, handle func(*issuable, *discussion) answer) answer {
	return s.withNoteable(q, func(i *issuable) answer {
		d := find(i.discussions, func(d *discussion) bool { return d.id == q.args["discussion_id"] })
		if d == nil {
			return notFound("Discussion")
		}
		return handle(i, d)
	})
}

func (s *Server) getDiscussion(q *request) answer {
	return s.withDiscussion(q, func(_ *issuable, d *discussion) answer { return ok(s.discussionJSON(d)) })
}

// reply adds a note, which makes a discussion of a single comment.
func (s *Server) reply(q *request) answer {
	return s.withDiscussion(q, func(i *issuable, d *discussion) answer {
		if refused, wrong := badBody(q); wrong {
			return refused
		}
		d.alone = false
		n := s.addNote(q, i, d)
		n.resolvable = d.notes[0].resolvable
		return created(s.noteJSON(n))
	})
}

func (s *Server) resolveDiscussion(q *request) answer {
	return s.withDiscussion(q, func(_ *issuable, d *discussion) answer {
		for _, n := range d.notes {
			n.resolve(q.caller, q.flag("resolved"))
		}
		return ok(s.discussionJSON(d))
	})
}
