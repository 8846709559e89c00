package signin

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReturnTo caps a return_to parameter, in bytes: it travels in a cookie.
const maxReturnTo = 512

// isLocal reports whether a browser that is sent to target stays at the
// application, however often something on the way decodes its path: it begins
// with one slash, and has neither backslash, control character, empty segment
// nor dot segment.
func isLocal(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || len(target) > maxReturnTo ||
		!utf8.ValidString(target) || strings.ContainsFunc(target, isTrick) {
		return false
	}
	path, _, _ := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, "#")
	for {
		if !isPlainPath(path) {
			return false
		}
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded == path {
			return true // what does not decode any more is not decoded any further
		}
		path = decoded
	}
}

// isPlainPath reports whether path means the same to everyone.
func isPlainPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok || strings.ContainsFunc(path, isTrick) || !utf8.ValidString(path) {
		return false
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}

// isTrick knows what browsers drop or take for a slash.
func isTrick(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
