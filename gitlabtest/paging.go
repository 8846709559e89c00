package gitlabtest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// GitLab's limits.
const (
	perPageDefault = 20
	perPageMax     = 100
	countLimit     = 10_000 // above it totals are not told
	offsetLimit    = 50_000 // above it keyset pagination must be used, where there is one
)

// A listing is a list on its way to be cut into pages: items in their order,
// render for one of them, and keyset where the list can be paged by id.
type listing[T any] struct {
	items  []T
	render func(T) any
	kind   string // "Project" where keyset pagination exists, else ""
	id     func(T) int64
}

// paginate cuts a page out of a list; it checks page, per_page and pagination,
// and the parameters that the caller has checked before.
func paginate[T any](s *Server, q *request, c *check, list func() listing[T]) answer {
	page := c.positive("page", 1)
	perPage := min(c.positive("per_page", perPageDefault), perPageMax)
	pagination := c.oneOf("pagination", "legacy", "legacy", "keyset")
	if refused, ok := c.refused(); ok {
		return refused
	}
	l := list()
	if pagination == "keyset" {
		return keysetPage(s, q, l, int(perPage))
	}
	offset := (page - 1) * perPage
	if l.kind != "" && offset > offsetLimit {
		return apiError(http.StatusMethodNotAllowed, "Offset pagination has a maximum allowed offset of "+
			strconv.Itoa(offsetLimit)+" for requests that return objects of type "+l.kind+
			". Remaining records can be retrieved using keyset pagination.")
	}
	total := int64(len(l.items))
	from, to := min(offset, total), min(offset+perPage, total)
	a := renderPage(l, l.items[from:to])
	offsetHeaders(s, q, a.header, page, perPage, total)
	return a
}

func renderPage[T any](l listing[T], items []T) answer {
	rendered := make([]any, len(items))
	for i, item := range items {
		rendered[i] = l.render(item)
	}
	return jsonAnswer(http.StatusOK, rendered)
}

func offsetHeaders(s *Server, q *request, h http.Header, page, perPage, total int64) {
	last := max((total+perPage-1)/perPage, 1)
	var links []string
	link := func(rel string, n int64) {
		links = append(links, s.pageLink(q, rel, "page", strconv.FormatInt(n, 10), "per_page", strconv.FormatInt(perPage, 10)))
	}
	next, prev := "", ""
	if page > 1 && page <= last {
		prev = strconv.FormatInt(page-1, 10)
		link("prev", page-1)
	}
	if page < last {
		next = strconv.FormatInt(page+1, 10)
		link("next", page+1)
	}
	link("first", 1)
	if total <= countLimit {
		link("last", last)
		h.Set("X-Total", strconv.FormatInt(total, 10))
		h.Set("X-Total-Pages", strconv.FormatInt(last, 10))
	}
	h.Set("Link", strings.Join(links, ", "))
	h.Set("X-Page", strconv.FormatInt(page, 10))
	h.Set("X-Per-Page", strconv.FormatInt(perPage, 10))
	h.Set("X-Next-Page", next)
	h.Set("X-Prev-Page", prev)
}

// keysetPage goes on behind id_after or id_before and tells no totals.
func keysetPage[T any](s *Server, q *request, l listing[T], perPage int) answer {
	if l.kind == "" || q.params.get("order_by") != "id" {
		return apiError(http.StatusMethodNotAllowed, "Keyset pagination is not yet available for this type of request")
	}
	key := "id_before"
	if q.params.get("sort") == "asc" {
		key = "id_after"
	}
	items := l.items
	more := len(items) > perPage
	if more {
		items = items[:perPage]
	}
	a := renderPage(l, items)
	if more {
		a.header.Set("Link", s.pageLink(q, "next",
			"pagination", "keyset", "per_page", strconv.Itoa(perPage),
			key, strconv.FormatInt(l.id(items[perPage-1]), 10)))
	}
	return a
}

// pageLink is one entry of a Link header: the call's own URL under the
// instance's external URL, with the given parameters changed.
func (s *Server) pageLink(q *request, rel string, changes ...string) string {
	query := url.Values{}
	for name, values := range q.URL.Query() {
		if name != "private_token" && name != "access_token" {
			query[name] = slices.Clone(values)
		}
	}
	for i := 0; i+1 < len(changes); i += 2 {
		query.Set(changes[i], changes[i+1])
	}
	return "<" + s.external + q.path + "?" + query.Encode() + `>; rel="` + rel + `"`
}

// contains is GitLab's search: a part of any of the texts, without regard to case.
func contains(search string, texts ...string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), search) })
}

// filter returns the items that every one of keeps keeps.
func filter[T any](items []T, keeps ...func(T) bool) []T {
	var kept []T
	for _, item := range items {
		if !slices.ContainsFunc(keeps, func(keep func(T) bool) bool { return !keep(item) }) {
			kept = append(kept, item)
		}
	}
	return kept
}
