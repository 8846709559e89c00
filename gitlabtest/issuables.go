package gitlabtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// titleMax is GitLab's limit, in characters.
const titleMax = 255

// The states of issues and merge requests.
const (
	stateOpened = "opened"
	stateClosed = "closed"
	stateMerged = "merged"
)

// An issuable is what issues and merge requests share.
type issuable struct {
	id, iid     int64
	kind        string // "Issue" or "MergeRequest"
	project     *project
	title       string
	description *string
	state       string
	labels      []string // in alphabetical order
	milestone   *milestone
	author      *account
	assignees   []*account
	locked      *bool
	created     time.Time
	updated     time.Time
	closed      time.Time
	closedBy    *account
	discussions []*discussion
	awards      []*award
}

// issuableFilters are the parameters that select issues and merge requests.
const issuableFilters = "scope=created-by-me|assigned-to-me|created_by_me|assigned_to_me|reviews_for_me|all search in labels milestone " +
	"author_id:int author_username assignee_username iids:ints my_reaction_emoji non_archived:bool " +
	"created_after:time created_before:time updated_after:time updated_before:time not[author_id]:int not[assignee_id]:int " +
	"sort=asc|desc" + paged

// matches reports whether a call's filters let i pass; scope is what the call
// gets where it names none.
func (i *issuable) matches(q *request, scope string) bool {
	if asked := q.text("scope"); asked != "" {
		scope = strings.ReplaceAll(asked, "-", "_")
	}
	state := q.text("state")
	switch {
	case scope == "created_by_me" && i.author != q.caller,
		scope == "assigned_to_me" && !slices.Contains(i.assignees, q.caller),
		state != "" && state != "all" && state != i.state,
		!i.found(q.text("search"), q.text("in")),
		!i.hasLabels(q.words("labels")),
		!inMilestone(q.text("milestone"), i.milestone),
		!isAccount(q, "author", i.author),
		!i.assigned(q, "assignee"),
		!among(q.numbers("iids"), i.iid),
		!i.reactedWith(q),
		!q.during("created", i.created), !q.during("updated", i.updated):
		return false
	}
	return !i.excluded(q)
}

// excluded reports whether one of the not[…] filters hits i.
func (i *issuable) excluded(q *request) bool {
	labels := q.words("not[labels]")
	return slices.ContainsFunc(labels, func(label string) bool { return i.hasLabels([]string{label}) }) ||
		q.text("not[milestone]") != "" && inMilestone(q.text("not[milestone]"), i.milestone) ||
		q.text("not[author_id]") != "" && q.number("not[author_id]") == i.author.ID ||
		q.text("not[author_username]") != "" && q.text("not[author_username]") == i.author.Username ||
		slices.ContainsFunc(i.assignees, func(a *account) bool {
			return q.number("not[assignee_id]") == a.ID || slices.Contains(q.words("not[assignee_username]"), a.Username)
		})
}

func (i *issuable) found(search, in string) bool {
	var texts []string
	if in == "" || strings.Contains(in, "title") {
		texts = append(texts, i.title)
	}
	if (in == "" || strings.Contains(in, "description")) && i.description != nil {
		texts = append(texts, *i.description)
	}
	return search == "" || contains(search, texts...)
}

func (i *issuable) hasLabels(labels []string) bool {
	for _, label := range labels {
		switch strings.ToLower(label) {
		case "none":
			if len(i.labels) > 0 {
				return false
			}
		case "any":
			if len(i.labels) == 0 {
				return false
			}
		default:
			if !slices.Contains(i.labels, label) {
				return false
			}
		}
	}
	return true
}

func inMilestone(title string, m *milestone) bool {
	switch strings.ToLower(title) {
	case "":
		return true
	case "none":
		return m == nil
	case "any":
		return m != nil
	}
	return m != nil && m.title == title
}

// isAccount reports whether a is the one that role_id and role_username name.
func isAccount(q *request, role string, a *account) bool {
	id, name := q.text(role+"_id"), q.text(role+"_username")
	return (id == "" || a != nil && id == idText(a.ID)) && (name == "" || a != nil && strings.EqualFold(name, a.Username))
}

// assigned reports whether the accounts of a role are the ones asked for.
func (i *issuable) assigned(q *request, role string) bool { return anyAccount(q, role, i.assignees) }

func anyAccount(q *request, role string, accounts []*account) bool {
	switch id := q.text(role + "_id"); strings.ToLower(id) {
	case "":
	case "none", "0":
		if len(accounts) > 0 {
			return false
		}
	case "any":
		if len(accounts) == 0 {
			return false
		}
	default:
		if !slices.ContainsFunc(accounts, func(a *account) bool { return id == idText(a.ID) }) {
			return false
		}
	}
	for _, name := range q.words(role + "_username") {
		if !slices.ContainsFunc(accounts, func(a *account) bool { return strings.EqualFold(name, a.Username) }) {
			return false
		}
	}
	return true
}

func (i *issuable) reactedWith(q *request) bool {
	mine := filter(i.awards, func(a *award) bool { return a.user == q.caller })
	switch name := q.text("my_reaction_emoji"); strings.ToLower(name) {
	case "":
		return true
	case "none":
		return len(mine) == 0
	case "any":
		return len(mine) > 0
	default:
		return slices.ContainsFunc(mine, func(a *award) bool { return a.name == name })
	}
}

// issuableParams are what changes an issue or merge request.
const issuableParams = "description labels add_labels remove_labels assignee_ids:ints assignee_id:int milestone_id:int " +
	"discussion_locked:bool "

// badTitle refuses a title that cannot be.
func badTitle(title string) (answer, bool) {
	switch {
	case blank(title):
		return apiMessage(http.StatusBadRequest, map[string][]string{"title": {"can't be blank"}}), true
	case utf8.RuneCountInString(title) > titleMax:
		return apiMessage(http.StatusBadRequest, map[string][]string{"title": {"is too long (maximum is 255 characters)"}}), true
	}
	return answer{}, false
}

// set changes i as the call asks for.
func (s *Server) set(q *request, i *issuable) {
	if q.has("title") {
		i.title = q.text("title")
	}
	q.setOptional("description", &i.description)
	if q.has("labels") {
		i.labels = q.words("labels")
	}
	i.labels = append(i.labels, q.words("add_labels")...)
	i.labels = filter(i.labels, func(label string) bool { return !slices.Contains(q.words("remove_labels"), label) })
	slices.Sort(i.labels)
	i.labels = append([]string{}, slices.Compact(i.labels)...)
	for _, label := range i.labels {
		s.ensureLabel(&i.project.node, label)
	}
	for _, name := range []string{"assignee_id", "assignee_ids"} {
		if q.has(name) {
			i.assignees = s.accountsByID(q.numbers(name))
		}
	}
	if q.has("milestone_id") {
		i.milestone = i.project.milestone(q.number("milestone_id"))
	}
	if q.text("discussion_locked") != "" {
		locked := q.flag("discussion_locked")
		i.locked = &locked
	}
	switch event := q.text("state_event"); {
	case event == "close" && i.state == stateOpened:
		i.state, i.closed, i.closedBy = stateClosed, time.Now(), q.caller
	case event == "reopen" && i.state == stateClosed:
		i.state, i.closed, i.closedBy = stateOpened, time.Time{}, nil
	}
	i.updated = time.Now()
}

// milestone finds one of a project's milestones, or of the groups above.
func (p *project) milestone(id int64) *milestone {
	for _, n := range p.above() {
		if m := find(n.milestones, func(m *milestone) bool { return m.id == id }); m != nil {
			return m
		}
	}
	return nil
}

// json is what issues and merge requests both tell. sign is "#" or "!".
func (s *Server) issuableJSON(i *issuable, sign, page string) object {
	number, full := idText(i.iid), i.project.fullPath()
	v := object{
		"id": i.id, "iid": i.iid, "project_id": i.project.id, "title": i.title, "description": i.description,
		"state": i.state, "created_at": apiTime(i.created), "updated_at": apiTime(i.updated),
		"closed_at": moment(i.closed), "closed_by": s.userOrNil(i.closedBy), "labels": i.labels,
		"milestone": s.milestoneOrNil(i.milestone), "assignees": s.usersJSON(i.assignees), "assignee": nil,
		"author": s.userJSON(i.author), "user_notes_count": i.comments(),
		"upvotes": i.votes("thumbsup"), "downvotes": i.votes("thumbsdown"), "discussion_locked": i.locked,
		"imported": false, "imported_from": "none", "web_url": s.url(&i.project.node) + "/-/" + page + "/" + number,
		"references":             object{"short": sign + number, "relative": sign + number, "full": full + sign + number},
		"task_completion_status": object{"count": 0, "completed_count": 0},
		"time_stats": object{
			"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil,
		},
	}
	if len(i.assignees) > 0 {
		v["assignee"] = s.userJSON(i.assignees[0])
	}
	return v
}

func (i *issuable) votes(name string) int {
	return len(filter(i.awards, func(a *award) bool { return a.name == name }))
}

func issuableOrders[T any](base func(T) *issuable, more order[T]) order[T] {
	by := order[T]{
		"created_at": func(v T) string { return timeKey(base(v).created) },
		"updated_at": func(v T) string { return timeKey(base(v).updated) },
		"title":      func(v T) string { return strings.ToLower(base(v).title) },
		"id":         func(T) string { return "" },
	}
	maps.Copy(by, more)
	return by
}
