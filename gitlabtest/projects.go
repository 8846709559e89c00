package gitlabtest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A project holds what belongs to it.
type project struct {
	node

	issues  []*issue // oldest first
	hooks   []*hook
	commits []*commit // of the default branch, oldest first
}

// A Project is a project as its seeder sees it.
type Project struct {
	ID     int64
	Path   string // the full path: "team/app"
	WebURL string
}

func (s *Server) project(p *project) Project {
	return Project{ID: p.id, Path: p.fullPath(), WebURL: s.external + "/" + p.fullPath()}
}

// AddProject creates a project and the groups above it; one that exists is
// returned. A path without a group panics.
func (s *Server) AddProject(fullPath string) Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.project(s.ensureProject(fullPath))
}

// MoveProject moves a project to another full path, and creates the groups
// above it. By its old path a GET is redirected to its number, and every other
// method refused with 405. An unknown project panics.
func (s *Server) MoveProject(fullPath, newPath string) Project {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.findProject(fullPath)
	above, last := splitPath(newPath)
	if p == nil || above == "" {
		panic(fmt.Sprintf("gitlabtest: MoveProject: cannot move %q to %q", fullPath, newPath))
	}
	old := strings.ToLower(p.fullPath())
	p.parent = s.ensureGroup(above)
	p.name, p.path = last, last
	s.world.moved[old] = p
	return s.project(p)
}

// withProject answers a call with handle, or with why there is no such project.
func (s *Server) withProject(q *request, handle func(*project) answer) answer {
	id := q.args["id"]
	if p := s.findProject(id); p != nil {
		return handle(p)
	}
	p := s.world.moved[strings.ToLower(id)]
	if p == nil {
		return notFound("Project")
	}
	if writing(q.Method) {
		return apiMessage(http.StatusMethodNotAllowed, "Non GET methods are not allowed for moved projects")
	}
	location := *q.URL
	location.Scheme, location.Host = "http", q.Host
	if q.TLS != nil {
		location.Scheme = "https"
	}
	rest := strings.TrimPrefix(q.path, "/api/v4/projects/")
	_, rest, more := strings.Cut(rest, "/")
	if more {
		rest = "/" + rest
	}
	escaped := s.path + "/api/v4/projects/" + strconv.FormatInt(p.id, 10) + rest
	location.RawPath = escaped
	location.Path, _ = url.PathUnescape(escaped)
	a := newAnswer(http.StatusMovedPermanently, typeJSON,
		[]byte("This resource has been moved permanently to "+location.String()))
	a.header.Set("Location", location.String())
	return a
}

type namespaceJSON struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Path      string  `json:"path"`
	Kind      string  `json:"kind"`
	FullPath  string  `json:"full_path"`
	ParentID  *int64  `json:"parent_id"`
	AvatarURL *string `json:"avatar_url"`
	WebURL    string  `json:"web_url"`
}

// projectSimpleJSON is what simple=true asks for.
type projectSimpleJSON struct {
	ID                int64         `json:"id"`
	Description       *string       `json:"description"`
	Name              string        `json:"name"`
	NameWithNamespace string        `json:"name_with_namespace"`
	Path              string        `json:"path"`
	PathWithNamespace string        `json:"path_with_namespace"`
	CreatedAt         apiTime       `json:"created_at"`
	DefaultBranch     string        `json:"default_branch"`
	TagList           []string      `json:"tag_list"`
	Topics            []string      `json:"topics"`
	SSHURL            string        `json:"ssh_url_to_repo"`
	HTTPURL           string        `json:"http_url_to_repo"`
	WebURL            string        `json:"web_url"`
	ReadmeURL         *string       `json:"readme_url"`
	ForksCount        int           `json:"forks_count"`
	AvatarURL         *string       `json:"avatar_url"`
	StarCount         int           `json:"star_count"`
	LastActivityAt    apiTime       `json:"last_activity_at"`
	Visibility        string        `json:"visibility"`
	Namespace         namespaceJSON `json:"namespace"`
}

type projectJSON struct {
	projectSimpleJSON

	EmptyRepo            bool   `json:"empty_repo"`
	Archived             bool   `json:"archived"`
	IssuesEnabled        bool   `json:"issues_enabled"`
	MergeRequestsEnabled bool   `json:"merge_requests_enabled"`
	WikiEnabled          bool   `json:"wiki_enabled"`
	JobsEnabled          bool   `json:"jobs_enabled"`
	OpenIssuesCount      int    `json:"open_issues_count"`
	MergeMethod          string `json:"merge_method"`
}

func (s *Server) projectSimple(p *project) projectSimpleJSON {
	host := ""
	if u, err := url.Parse(s.external); err == nil {
		host = u.Hostname()
	}
	full := p.fullPath()
	return projectSimpleJSON{
		ID: p.id, Name: p.name, NameWithNamespace: spaced(full), Path: p.path, PathWithNamespace: full,
		CreatedAt: apiTime(p.created), DefaultBranch: defaultBranch, TagList: []string{}, Topics: []string{},
		SSHURL: "git@" + host + ":" + full + ".git", HTTPURL: s.external + "/" + full + ".git",
		WebURL: s.external + "/" + full, LastActivityAt: apiTime(p.active()), Visibility: "internal",
		Namespace: namespaceJSON{
			ID: p.parent.id, Name: p.parent.name, Path: p.parent.path, Kind: "group",
			FullPath: p.parent.fullPath(), ParentID: p.parent.parentID(),
			WebURL: s.external + "/groups/" + p.parent.fullPath(),
		},
	}
}

func (s *Server) projectJSON(p *project) projectJSON {
	open := filter(p.issues, func(i *issue) bool { return i.state == "opened" })
	return projectJSON{
		projectSimpleJSON: s.projectSimple(p), EmptyRepo: len(p.commits) == 0, IssuesEnabled: true,
		MergeRequestsEnabled: true, WikiEnabled: true, JobsEnabled: true,
		OpenIssuesCount: len(open), MergeMethod: "merge",
	}
}

// active is when something last happened in the project.
func (p *project) active() time.Time {
	t := p.created
	if n := len(p.issues); n > 0 && p.issues[n-1].updated.After(t) {
		t = p.issues[n-1].updated
	}
	if n := len(p.commits); n > 0 && p.commits[n-1].created.After(t) {
		t = p.commits[n-1].created
	}
	return t
}

func (s *Server) getProject(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		return jsonAnswer(http.StatusOK, s.projectJSON(p))
	})
}

func (s *Server) allProjects(q *request) answer {
	return s.listProjects(q, func() (*group, *answer) { return nil, nil })
}

func (s *Server) groupProjects(q *request) answer {
	return s.listProjects(q, func() (*group, *answer) {
		g := s.findGroup(q.args["id"])
		if g == nil {
			a := notFound("Group")
			return nil, &a
		}
		return g, nil
	})
}

var projectOrders = map[string]func(a, b *project) int{
	"id":               func(a, b *project) int { return cmp.Compare(a.id, b.id) },
	"name":             func(a, b *project) int { return strings.Compare(a.name, b.name) },
	"path":             func(a, b *project) int { return strings.Compare(a.path, b.path) },
	"created_at":       func(a, b *project) int { return a.created.Compare(b.created) },
	"updated_at":       func(a, b *project) int { return a.active().Compare(b.active()) },
	"last_activity_at": func(a, b *project) int { return a.active().Compare(b.active()) },
	"star_count":       func(*project, *project) int { return 0 },
}

// listProjects lists the projects of a group, or all where within returns none.
func (s *Server) listProjects(q *request, within func() (*group, *answer)) answer {
	c := &check{params: q.params}
	simple := c.boolean("simple", false)
	membership := c.boolean("membership", false)
	subgroups := c.boolean("include_subgroups", false)
	order := c.oneOf("order_by", "created_at",
		"id", "name", "path", "created_at", "updated_at", "last_activity_at", "star_count")
	sort := c.oneOf("sort", "desc", "asc", "desc")
	after, before := c.positive("id_after", 0), c.positive("id_before", 0)
	if refused, ok := c.refused(); ok {
		return refused
	}
	in, refused := within()
	if refused != nil {
		return *refused
	}
	return paginate(s, q, c, func() listing[*project] {
		items := filter(s.world.projects, func(p *project) bool {
			return (in == nil || p.parent == in || (subgroups && p.inside(in))) &&
				(!membership || p.hasMember(q.caller)) &&
				(after == 0 || p.id > after) && (before == 0 || p.id < before) &&
				contains(q.params.get("search"), p.name, p.path)
		})
		slices.SortStableFunc(items, func(a, b *project) int {
			n := cmp.Or(projectOrders[order](a, b), cmp.Compare(a.id, b.id))
			if sort == "desc" {
				return -n
			}
			return n
		})
		render := func(p *project) any { return s.projectJSON(p) }
		if simple {
			render = func(p *project) any { return s.projectSimple(p) }
		}
		return listing[*project]{items: items, render: render, kind: "Project", id: func(p *project) int64 { return p.id }}
	})
}
