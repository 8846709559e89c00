package gitlab

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// The paths that the library itself calls, below /api/v4, as templates for
// [PathTo]. Each placeholder stands for one element. The templates also name
// calls in a [CallEvent].
const (
	pathUser = "/user"

	pathGroup         = "/groups/{group}"
	pathGroupProjects = "/groups/{group}/projects"
	pathGroupIssues   = "/groups/{group}/issues"

	pathProject       = "/projects/{project}"
	pathProjectIssues = "/projects/{project}/issues"
	pathProjectIssue  = "/projects/{project}/issues/{iid}"
	pathProjectHooks  = "/projects/{project}/hooks"
	pathProjectHook   = "/projects/{project}/hooks/{hook}"

	pathCommits    = "/projects/{project}/repository/commits"
	pathCommit     = "/projects/{project}/repository/commits/{sha}"
	pathCommitDiff = "/projects/{project}/repository/commits/{sha}/diff"
	pathCompare    = "/projects/{project}/repository/compare"
)

// Path is the address of an API resource below /api/v4, made by [PathTo]. It is
// a value and safe to share.
type Path struct {
	template string
	escaped  string
	query    string // encoded
	err      error
}

// PathTo fills the placeholders of template with elems, in order, each escaped
// as one path segment: a project's full path goes in as it is.
//
//	gitlab.PathTo("/projects/{project}/issues/{iid}", "group/app", 7)
//
// An element is a string, an integer, or of a type based on one. A wrong
// number of elements, and elements that are "", "." or "..", make an error of
// every call with the path, before any I/O.
func PathTo(template string, elems ...any) Path {
	p := Path{template: template}
	if !strings.HasPrefix(template, "/") || strings.ContainsAny(template, "?#") {
		p.err = fmt.Errorf("gitlab: path template %q: start it with a slash, and put the query into Path.With", template)
		return p
	}
	var b strings.Builder
	rest, used := template, 0
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		_, tail, closed := strings.Cut(after, "}")
		if !closed {
			p.err = fmt.Errorf("gitlab: path template %q: a { has no }", template)
			return p
		}
		rest = tail
		if used < len(elems) {
			text, err := pathElement(elems[used])
			if err != nil {
				p.err = fmt.Errorf("gitlab: path %s, element %d: %w", template, used+1, err)
				return p
			}
			b.WriteString(text)
		}
		used++
	}
	if used != len(elems) {
		p.err = fmt.Errorf("gitlab: path %s: %d {placeholders}, but %d elements", template, used, len(elems))
		return p
	}
	escaped := b.String()
	for segment := range strings.SplitSeq(escaped[1:], "/") {
		if segment == "." || segment == ".." {
			p.err = fmt.Errorf("gitlab: path template %q has a segment %q", template, segment)
			return p
		}
	}
	// Else net/http would escape all of the path anew, and split elements at their slashes.
	if u, err := url.Parse(escaped); err != nil || u.EscapedPath() != escaped {
		p.err = fmt.Errorf("gitlab: path template %q has characters that are not legal in a URL", template)
		return p
	}
	p.escaped = escaped
	return p
}

// With is p with query added; values of a name that p has already are appended.
func (p Path) With(query url.Values) Path {
	if len(query) == 0 {
		return p
	}
	if p.query != "" {
		p.query += "&"
	}
	p.query += query.Encode()
	return p
}

// String is the path below /api/v4, escaped, without the query; "" if p is an
// error.
func (p Path) String() string { return p.escaped }

var errPathElement = errors.New("must be a string or an integer")

// pathElement is the only place that escapes.
func pathElement(elem any) (string, error) {
	var text string
	switch v := reflect.ValueOf(elem); v.Kind() {
	case reflect.String:
		text = v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	default:
		return "", fmt.Errorf("%T: %w", elem, errPathElement)
	}
	switch text {
	case "":
		return "", errors.New("is empty")
	case ".", "..":
		return "", fmt.Errorf("%q would name another resource", text)
	}
	// + is a legal path character, but some servers read it as a space.
	return strings.ReplaceAll(url.PathEscape(text), "+", "%2B"), nil
}
