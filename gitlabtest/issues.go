package gitlabtest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// titleMax is GitLab's limit, in characters.
const titleMax = 255

type issue struct {
	id, iid      int64
	project      *project
	title        string
	description  *string
	state        string // "opened" or "closed"
	confidential bool
	labels       []string
	author       *account
	created      time.Time
	updated      time.Time
}

// An Issue is an issue as its seeder sees it.
type Issue struct {
	ID, IID, ProjectID int64
	Title              string
}

// AddIssue opens an issue in the project with that full path, which is created
// if new. Its author is the user "root".
func (s *Server) AddIssue(project, title string) Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.openIssue(s.ensureProject(project), s.account("root"), title)
	return Issue{ID: i.id, IID: i.iid, ProjectID: i.project.id, Title: i.title}
}

// CloseIssue closes an issue that [Server.AddIssue] or a call has opened; an
// unknown one does nothing.
func (s *Server) CloseIssue(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.world.projects {
		for _, i := range p.issues {
			if i.id == id {
				i.state, i.updated = "closed", time.Now()
			}
		}
	}
}

func (s *Server) openIssue(p *project, author *account, title string) *issue {
	now := time.Now()
	i := &issue{
		id: s.world.nextID("issue"), iid: int64(len(p.issues)) + 1, project: p, title: title,
		state: "opened", labels: []string{}, author: author, created: now, updated: now,
	}
	p.issues = append(p.issues, i)
	return i
}

type issueJSON struct {
	ID               int64           `json:"id"`
	IID              int64           `json:"iid"`
	ProjectID        int64           `json:"project_id"`
	Title            string          `json:"title"`
	Description      *string         `json:"description"`
	State            string          `json:"state"`
	CreatedAt        apiTime         `json:"created_at"`
	UpdatedAt        apiTime         `json:"updated_at"`
	ClosedAt         *apiTime        `json:"closed_at"`
	Labels           []string        `json:"labels"`
	Milestone        *struct{}       `json:"milestone"`
	Assignees        []userBasicJSON `json:"assignees"`
	Assignee         *userBasicJSON  `json:"assignee"`
	Author           userBasicJSON   `json:"author"`
	Type             string          `json:"type"`
	UserNotesCount   int             `json:"user_notes_count"`
	Upvotes          int             `json:"upvotes"`
	Downvotes        int             `json:"downvotes"`
	DueDate          *string         `json:"due_date"`
	Confidential     bool            `json:"confidential"`
	DiscussionLocked *bool           `json:"discussion_locked"`
	IssueType        string          `json:"issue_type"`
	WebURL           string          `json:"web_url"`
	References       referencesJSON  `json:"references"`
	Severity         string          `json:"severity"`
}

type referencesJSON struct {
	Short    string `json:"short"`
	Relative string `json:"relative"`
	Full     string `json:"full"`
}

func (s *Server) issueJSON(i *issue) issueJSON {
	number := strconv.FormatInt(i.iid, 10)
	v := issueJSON{
		ID: i.id, IID: i.iid, ProjectID: i.project.id, Title: i.title, Description: i.description,
		State: i.state, CreatedAt: apiTime(i.created), UpdatedAt: apiTime(i.updated), Labels: i.labels,
		Assignees: []userBasicJSON{}, Author: s.userJSON(i.author), Type: "ISSUE", IssueType: "issue",
		Confidential: i.confidential, Severity: "UNKNOWN",
		WebURL:     s.external + "/" + i.project.fullPath() + "/-/issues/" + number,
		References: referencesJSON{"#" + number, "#" + number, i.project.fullPath() + "#" + number},
	}
	if i.state == "closed" {
		closed := apiTime(i.updated)
		v.ClosedAt = &closed
	}
	return v
}

func (s *Server) projectIssues(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		return s.listIssues(q, func() []*issue { return slices.Clone(p.issues) })
	})
}

// groupIssues lists the issues of a group's projects, and of those below.
func (s *Server) groupIssues(q *request) answer {
	g := s.findGroup(q.args["id"])
	if g == nil {
		return notFound("Group")
	}
	return s.listIssues(q, func() []*issue {
		var all []*issue
		for _, p := range s.world.projects {
			if p.inside(g) {
				all = append(all, p.issues...)
			}
		}
		return all
	})
}

func (s *Server) listIssues(q *request, all func() []*issue) answer {
	c := &check{params: q.params}
	state := c.oneOf("state", "all", "opened", "closed", "all")
	scope := c.oneOf("scope", "all", "created-by-me", "assigned-to-me", "created_by_me", "assigned_to_me", "all")
	order := c.oneOf("order_by", "created_at", "created_at", "updated_at")
	sort := c.oneOf("sort", "desc", "asc", "desc")
	return paginate(s, q, c, func() listing[*issue] {
		items := filter(all(), func(i *issue) bool {
			switch strings.ReplaceAll(scope, "-", "_") {
			case "created_by_me":
				return i.author == q.caller
			case "assigned_to_me":
				return false // nobody is ever assigned
			}
			return true
		}, func(i *issue) bool {
			description := ""
			if i.description != nil {
				description = *i.description
			}
			return (state == "all" || i.state == state) && contains(q.params.get("search"), i.title, description)
		}, func(i *issue) bool {
			iids := q.params["iids"]
			return len(iids) == 0 || slices.Contains(iids, strconv.FormatInt(i.iid, 10))
		})
		slices.SortFunc(items, func(a, b *issue) int {
			n := a.created.Compare(b.created)
			if order == "updated_at" {
				n = a.updated.Compare(b.updated)
			}
			if n == 0 {
				n = int(a.id - b.id)
			}
			if sort == "desc" {
				return -n
			}
			return n
		})
		return listing[*issue]{items: items, render: func(i *issue) any { return s.issueJSON(i) }}
	})
}

func (s *Server) createIssue(q *request) answer {
	c := &check{params: q.params}
	title := c.required("title")
	confidential := c.boolean("confidential", false)
	if refused, ok := c.refused(); ok {
		return refused
	}
	return s.withProject(q, func(p *project) answer {
		switch {
		case blank(title):
			return apiMessage(http.StatusBadRequest, map[string][]string{"title": {"can't be blank"}})
		case utf8.RuneCountInString(title) > titleMax:
			return apiMessage(http.StatusBadRequest, map[string][]string{"title": {"is too long (maximum is 255 characters)"}})
		}
		i := s.openIssue(p, q.caller, title)
		i.confidential = confidential
		if q.params.has("description") {
			description := q.params.get("description")
			i.description = &description
		}
		for _, list := range q.params["labels"] {
			for label := range strings.SplitSeq(list, ",") {
				if label = strings.TrimSpace(label); label != "" {
					i.labels = append(i.labels, label)
				}
			}
		}
		return jsonAnswer(http.StatusCreated, s.issueJSON(i))
	})
}

func (s *Server) getIssue(q *request) answer {
	iid, err := strconv.ParseInt(q.args["issue_iid"], 10, 64)
	if err != nil {
		return apiError(http.StatusBadRequest, "issue_iid is invalid")
	}
	return s.withProject(q, func(p *project) answer {
		for _, i := range p.issues {
			if i.iid == iid {
				return jsonAnswer(http.StatusOK, s.issueJSON(i))
			}
		}
		return noRecord()
	})
}
