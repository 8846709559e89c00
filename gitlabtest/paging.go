package gitlabtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GitLab's limits.
const (
	perPageDefault = 20
	perPageMax     = 100
	countLimit     = 10_000 // above it totals are not told
	offsetLimit    = 50_000 // above it keyset pagination must be used, where there is one
)

// A listing is a list on its way to be cut into pages: the items in their order,
// and how one of them is told.
type listing[T any] struct {
	items  []T
	render func(T) any

	keyset bool           // it can be paged by keyset in the order asked for
	kind   string         // as GitLab calls them when it refuses a deep offset; "": it does not
	token  string         // the parameter that says where to go on; "": cursor
	key    func(T) string // the place in the order
	desc   bool
	id     func(T) int64 // of projects, which go on behind an id
}

// list answers with a page of what does not need more than its own order.
func list[T any](q *request, items []T, render func(T) any) answer {
	return paginate(q, listing[T]{items: items, render: render})
}

// paginate cuts the page out of a list that the call asks for.
func paginate[T any](q *request, l listing[T]) answer {
	perPage := min(cmp.Or(q.number("per_page"), perPageDefault), perPageMax)
	if q.text("pagination") == "keyset" {
		return keysetPage(q, l, int(perPage))
	}
	number := cmp.Or(q.number("page"), 1)
	offset := (number - 1) * perPage
	if l.kind != "" && offset > offsetLimit {
		return apiError(http.StatusMethodNotAllowed, "Offset pagination has a maximum allowed offset of "+
			strconv.Itoa(offsetLimit)+" for requests that return objects of type "+l.kind+
			". Remaining records can be retrieved using keyset pagination.")
	}
	total := int64(len(l.items))
	from, to := min(offset, total), min(offset+perPage, total)
	a := renderPage(l, l.items[from:to])
	offsetHeaders(q, a.header, number, perPage, total)
	return a
}

func renderPage[T any](l listing[T], items []T) answer {
	rendered := make([]any, len(items))
	for i, item := range items {
		rendered[i] = l.render(item)
	}
	return jsonAnswer(http.StatusOK, rendered)
}

func offsetHeaders(q *request, h http.Header, page, perPage, total int64) {
	last := max((total+perPage-1)/perPage, 1)
	var links []string
	link := func(rel string, n int64) {
		links = append(links, pageLink(q, rel, "page", strconv.FormatInt(n, 10), "per_page", strconv.FormatInt(perPage, 10)))
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

// keysetPage goes on behind the last item of the page before, and tells no
// totals.
func keysetPage[T any](q *request, l listing[T], perPage int) answer {
	if !l.keyset {
		return apiError(http.StatusMethodNotAllowed, "Keyset pagination is not yet available for this type of request")
	}
	items := l.items
	token := cmp.Or(l.token, "cursor")
	if after := q.text(token); after != "" && l.id == nil {
		place, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil {
			return apiError(http.StatusBadRequest, token+" is invalid")
		}
		items = filter(items, func(item T) bool {
			n := strings.Compare(l.key(item), string(place))
			return n > 0 && !l.desc || n < 0 && l.desc
		})
	}
	more := len(items) > perPage
	if more {
		items = items[:perPage]
	}
	a := renderPage(l, items)
	if !more {
		return a
	}
	last := items[perPage-1]
	changes := []string{"pagination", "keyset", "per_page", strconv.Itoa(perPage)}
	switch {
	case l.id == nil:
		changes = append(changes, token, base64.RawURLEncoding.EncodeToString([]byte(l.key(last))))
	case l.desc:
		changes = append(changes, "id_before", strconv.FormatInt(l.id(last), 10))
	default:
		changes = append(changes, "id_after", strconv.FormatInt(l.id(last), 10))
	}
	a.header.Set("Link", pageLink(q, "next", changes...))
	return a
}

// pageLink is one entry of a Link header: the call's own URL under the
// instance's external URL, with the given parameters changed.
func pageLink(q *request, rel string, changes ...string) string {
	query := url.Values{}
	for name, values := range q.URL.Query() {
		if name != "private_token" && name != "access_token" {
			query[name] = slices.Clone(values)
		}
	}
	for i := 0; i+1 < len(changes); i += 2 {
		query.Set(changes[i], changes[i+1])
	}
	return "<" + q.server.external + q.path + "?" + query.Encode() + `>; rel="` + rel + `"`
}

// An order is what a list can be ordered by: of each name, a key that compares
// as text. Equal keys are in the order of the ids.
type order[T any] map[string]func(T) string

// sorted puts items in the order that the call asks for, or in the default one,
// such as "created_at desc".
func sorted[T any](q *request, items []T, by order[T], fallback string, id func(T) int64) listing[T] {
	name, direction, _ := strings.Cut(fallback, " ")
	name = cmp.Or(q.text("order_by"), name)
	key := by[name]
	if key == nil {
		key = func(T) string { return "" }
	}
	l := listing[T]{desc: cmp.Or(q.text("sort"), direction) == "desc"}
	l.key = func(item T) string { return key(item) + "\x00" + numberKey(id(item)) }
	type placed struct {
		item T
		key  string
	}
	decorated := make([]placed, len(items))
	for i, item := range items {
		decorated[i] = placed{item, l.key(item)}
	}
	slices.SortStableFunc(decorated, func(a, b placed) int {
		if l.desc {
			a, b = b, a
		}
		return strings.Compare(a.key, b.key)
	})
	l.items = make([]T, len(items))
	for i, p := range decorated {
		l.items[i] = p.item
	}
	return l
}

func numberKey(n int64) string { return fmt.Sprintf("%020d", max(n, 0)) }

func timeKey(t time.Time) string { return numberKey(t.UnixNano()) }

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

// find returns the first item that is wanted.
func find[T any](items []*T, wanted func(*T) bool) *T {
	if at := slices.IndexFunc(items, wanted); at >= 0 {
		return items[at]
	}
	return nil
}

// without returns items without one of them.
func without[T comparable](items []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(items), func(other T) bool { return other == item })
}
