package gitlabtest

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// A route is one call of the API.
type route struct {
	method  string
	pattern string   // below /api/v4; ":name" is one path element
	scopes  []string // nil: api, or read_api for reading
	handle  func(*Server, *request) answer
}

// apiRoutes is every call that the API has.
var apiRoutes = []route{
	{"GET", "user", scopesUser, (*Server).currentUser},
	{"GET", "version", scopesUser, (*Server).version},
	{"GET", "metadata", scopesUser, (*Server).metadata},
	{"GET", "groups/:id", nil, (*Server).getGroup},
	{"GET", "groups/:id/projects", nil, (*Server).groupProjects},
	{"GET", "groups/:id/issues", nil, (*Server).groupIssues},
	{"GET", "projects", nil, (*Server).allProjects},
	{"GET", "projects/:id", nil, (*Server).getProject},
	{"GET", "projects/:id/issues", nil, (*Server).projectIssues},
	{"POST", "projects/:id/issues", nil, (*Server).createIssue},
	{"GET", "projects/:id/issues/:issue_iid", nil, (*Server).getIssue},
	{"GET", "projects/:id/hooks", nil, (*Server).listHooks},
	{"POST", "projects/:id/hooks", nil, (*Server).createHook},
	{"GET", "projects/:id/hooks/:hook_id", nil, (*Server).getHook},
	{"DELETE", "projects/:id/hooks/:hook_id", nil, (*Server).deleteHook},
	{"GET", "projects/:id/repository/commits", nil, (*Server).listCommits},
	{"GET", "projects/:id/repository/commits/:sha", nil, (*Server).getCommit},
	{"GET", "projects/:id/repository/commits/:sha/diff", nil, (*Server).commitDiff},
	{"GET", "projects/:id/repository/compare", nil, (*Server).compare},
}

// serveAPI answers a call below /api/v4/: route, token, parameters and
// resource are looked at in that order.
func (s *Server) serveAPI(q *request, rest string, entry *callEntry) answer {
	method := q.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	found, allowed := findRoute(method, rest, q)
	if found == nil {
		if len(allowed) == 0 {
			return apiError(http.StatusNotFound, "404 Not Found")
		}
		a := apiError(http.StatusMethodNotAllowed, "405 Not Allowed")
		a.header.Set("Allow", strings.Join(allowed, ", "))
		return a
	}
	s.calls.route(entry, "/api/v4/"+found.pattern)
	var err error
	q.params, err = parseParams(q.Request, q.body)
	switch {
	case errors.Is(err, errContentType) && writing(method):
		return apiError(http.StatusUnsupportedMediaType,
			"The provided content-type '"+q.Header.Get("Content-Type")+"' is not supported.")
	case errors.Is(err, errMalformed):
		return apiError(http.StatusBadRequest, "message body does not match declared format")
	}
	scopes := found.scopes
	if scopes == nil {
		scopes = scopesRead
		if writing(method) {
			scopes = scopesWrite
		}
	}
	if refused, ok := s.guard(q, scopes); !ok {
		return refused
	}
	return found.handle(s, q)
}

// findRoute matches a path and fills q.args; for another method it returns the
// methods that the path has.
func findRoute(method, path string, q *request) (found *route, allowed []string) {
	elements := strings.Split(path, "/")
	for i := range apiRoutes {
		r := &apiRoutes[i]
		args, ok := match(strings.Split(r.pattern, "/"), elements)
		if !ok {
			continue
		}
		if r.method == method {
			q.args = args
			return r, nil
		}
		allowed = append(allowed, r.method)
	}
	return nil, allowed
}

func match(pattern, elements []string) (args map[string]string, ok bool) {
	if len(pattern) != len(elements) {
		return nil, false
	}
	args = map[string]string{}
	for i, want := range pattern {
		name, isArg := strings.CutPrefix(want, ":")
		if !isArg {
			if want != elements[i] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(elements[i])
		if err != nil || value == "" {
			return nil, false
		}
		args[name] = value
	}
	return args, true
}
