package gitlabtest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A project holds what belongs to it.
type project struct {
	node

	issues        []*issue        // oldest first, as all of these
	mergeRequests []*mergeRequest // into the project
	lastIssue     int64           // the number of the newest one, deleted or not
	lastMerge     int64
	repo          repository
	pipelines     []*pipeline
	jobs          []*job
	statuses      []*commitStatus
	releases      []*release
	environments  []*environment
	deployments   []*deployment
	links         []*issueLink
	languages     map[string]float64
}

const projectParams = "search search_namespaces:bool simple:bool membership:bool owned:bool starred:bool imported:bool active:bool " +
	"archived:bool min_access_level:int visibility=private|internal|public topic topic_id:int with_programming_language " +
	"with_issues_enabled:bool with_merge_requests_enabled:bool with_shared:bool include_subgroups:bool statistics:bool " +
	"with_custom_attributes:bool last_activity_after:time last_activity_before:time updated_after:time updated_before:time " +
	"order_by=id|name|path|created_at|updated_at|last_activity_at|similarity|star_count sort=asc|desc " +
	"id_after:positive id_before:positive" + paged

var projectRoutes = []route{
	{method: "GET", pattern: "projects", params: projectParams, handle: (*Server).allProjects},
	{method: "GET", pattern: "projects/:id", handle: (*Server).getProject},
	{method: "GET", pattern: "projects/:id/languages", handle: (*Server).languages},
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
		projectSimpleJSON: s.projectSimple(p), EmptyRepo: len(p.repo.branches) == 0, IssuesEnabled: true,
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
	if n := len(p.mergeRequests); n > 0 && p.mergeRequests[n-1].updated.After(t) {
		t = p.mergeRequests[n-1].updated
	}
	if n := len(p.repo.commits); n > 0 && p.repo.commits[n-1].created.After(t) {
		t = p.repo.commits[n-1].created
	}
	return t
}

func (s *Server) getProject(q *request) answer {
	return s.withProject(q, func(p *project) answer { return ok(s.projectJSON(p)) })
}

// SetLanguages sets what the project with that full path, which is created if
// new, is written in, in percent.
func (s *Server) SetLanguages(project string, percent map[string]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ensureProject(project).languages = maps.Clone(percent)
}

func (s *Server) languages(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		if p.languages == nil {
			return ok(object{})
		}
		return ok(p.languages)
	})
}

func (s *Server) allProjects(q *request) answer {
	return s.listProjects(q, func(*project) bool { return true })
}

func (s *Server) groupProjects(q *request) answer {
	return s.withGroup(q, func(in *group) answer {
		return s.listProjects(q, func(p *project) bool {
			return p.parent == in || q.flag("include_subgroups") && p.inside(in)
		})
	})
}

var projectOrders = order[*project]{
	"id":               func(*project) string { return "" },
	"name":             func(p *project) string { return p.name },
	"path":             func(p *project) string { return p.path },
	"created_at":       func(p *project) string { return timeKey(p.created) },
	"updated_at":       func(p *project) string { return timeKey(p.active()) },
	"last_activity_at": func(p *project) string { return timeKey(p.active()) },
	"similarity":       func(p *project) string { return p.name },
	"star_count":       func(*project) string { return "" },
}

func (s *Server) listProjects(q *request, in func(*project) bool) answer {
	items := filter(s.world.projects, in, func(p *project) bool {
		level := p.access(q.caller)
		after, before := q.number("id_after"), q.number("id_before")
		return (!q.flag("membership") || level >= 0) && (!q.flag("owned") || level == accessOwner) &&
			(q.number("min_access_level") == 0 || level >= q.number("min_access_level")) &&
			(after == 0 || p.id > after) && (before == 0 || p.id < before) &&
			(contains(q.text("search"), p.name, p.path) || q.flag("search_namespaces") && contains(q.text("search"), p.fullPath())) &&
			same(q.text("visibility"), "internal") && !q.flag("archived") && q.flagOr("active", true) && !q.flag("starred") &&
			!q.flag("imported") && q.text("topic") == "" &&
			(q.text("with_programming_language") == "" || p.writtenIn(q.text("with_programming_language"))) &&
			q.during("last_activity", p.active()) && q.during("updated", p.active())
	})
	l := sorted(q, items, projectOrders, "created_at desc", func(p *project) int64 { return p.id })
	l.render = func(p *project) any { return s.projectJSON(p) }
	if q.flag("simple") {
		l.render = func(p *project) any { return s.projectSimple(p) }
	}
	l.keyset, l.kind, l.id = q.text("order_by") == "id", "Project", func(p *project) int64 { return p.id }
	return paginate(q, l)
}

func (p *project) writtenIn(language string) bool {
	for name := range p.languages {
		if strings.EqualFold(name, language) {
			return true
		}
	}
	return false
}
