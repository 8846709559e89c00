package gitlabtest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A route is one call of the API.
type route struct {
	method  string
	pattern string // below /api/v4; ":name" is one path element, and see expand
	params  string // see param
	handle  func(*Server, *request) answer
	scopes  []string // nil: api, or read_api for reading

	elements []string // of pattern
	specs    []param  // of params
}

// apiRoutes is every call that the API has. Of those that match, the first
// counts.
var apiRoutes = compile(
	instanceRoutes, userRoutes, groupRoutes, projectRoutes, memberRoutes, hookRoutes,
	issueRoutes, issueLinkRoutes, noteRoutes, awardRoutes, mergeRequestRoutes, approvalRoutes,
	labelRoutes, milestoneRoutes, branchRoutes, tagRoutes, fileRoutes, commitRoutes, repositoryRoutes, statusRoutes,
	pipelineRoutes, jobRoutes, releaseRoutes, deploymentRoutes, searchRoutes, uploadRoutes,
)

// paged are the parameters of every list.
const paged = " page:positive per_page:positive pagination=legacy|keyset "

func compile(resources ...[]route) []route {
	var routes []route
	for _, r := range slices.Concat(resources...) {
		for _, pattern := range expand(r.pattern) {
			r := r
			r.pattern, r.elements, r.specs = pattern, strings.Split(pattern, "/"), parseParamList(r.params)
			routes = append(routes, r)
		}
	}
	return routes
}

// expand writes out what {place} and {noteable} stand for.
func expand(pattern string) []string {
	for _, short := range []struct {
		name string
		long []string
	}{
		{"{place}", []string{"projects/:id", "groups/:id"}},
		{"{noteable}", []string{"projects/:id/issues/:noteable_id", "projects/:id/merge_requests/:noteable_id"}},
	} {
		if rest, ok := strings.CutPrefix(pattern, short.name); ok {
			var patterns []string
			for _, long := range short.long {
				patterns = append(patterns, long+rest)
			}
			return patterns
		}
	}
	return []string{pattern}
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
	q.route = found
	s.calls.route(entry, "/api/v4/"+found.pattern)
	var err error
	q.params, q.object, err = parseParams(q.Request, q.body)
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
	if refused, wrong := found.refused(q); wrong {
		return refused
	}
	return found.handle(s, q).conditional(q)
}

// findRoute matches a path and fills q.args; for another method it returns the
// methods that the path has.
func findRoute(method, path string, q *request) (found *route, allowed []string) {
	elements := strings.Split(path, "/")
	for i := range apiRoutes {
		r := &apiRoutes[i]
		args, ok := match(r.elements, elements)
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
	for i, want := range pattern {
		if want[0] != ':' && want != elements[i] {
			return nil, false
		}
	}
	args = map[string]string{}
	for i, want := range pattern {
		if name, isArg := strings.CutPrefix(want, ":"); isArg {
			value, err := url.PathUnescape(elements[i])
			if err != nil || value == "" {
				return nil, false
			}
			args[name] = value
		}
	}
	return args, true
}
