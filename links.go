package gitlab

import (
	"net/http"
	"net/url"
	"strings"
)

// nextQuery finds the next page (RFC 8288). Of a link only the query is used:
// its host comes from the instance's configuration and may be wrong, and no
// answer decides where a token goes.
func nextQuery(h http.Header, query string) string {
	for _, header := range h.Values("Link") {
		if target := nextLink(header); target != "" {
			if _, found, ok := strings.Cut(target, "?"); ok {
				found, _, _ = strings.Cut(found, "#")
				return found
			}
		}
	}
	page := h.Get("X-Next-Page")
	values, err := url.ParseQuery(query)
	if page == "" || err != nil {
		return ""
	}
	values.Set("page", page)
	return values.Encode()
}

// nextLink is the target of the link with rel="next" in one Link header, or "".
func nextLink(header string) string {
	for {
		_, rest, ok := strings.Cut(header, "<")
		if !ok {
			return ""
		}
		target, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return ""
		}
		params, following := cutParams(rest)
		for param := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(param, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "rel") {
				continue
			}
			for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
				if strings.EqualFold(rel, "next") {
					return target
				}
			}
		}
		header = following
	}
}

// cutParams splits what follows a link's target at the comma before the next
// link, if there is one; commas in quotes do not count.
func cutParams(s string) (params, following string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
