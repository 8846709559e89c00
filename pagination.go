package gitlab

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxPageSize is the most that GitLab gives.
const maxPageSize = 100

// List fetches every item of every page of p, the next page while the caller
// works through this one. Leaving the loop ends what is under way; leaving it at
// the first item costs one request.
//
// Pages have 100 items, see [WithPageSize]. Where GitLab can read a list by
// keyset (https://docs.gitlab.com/api/rest/#keyset-based-pagination), which has
// no limit and does not become slower with every page, that is how it is read,
// unless p says otherwise in an order_by, sort, pagination or page parameter, or
// [Parallel] is asked for. Other lists may end at 50 000 items, with an error
// that says so.
//
// An error is yielded once, with the zero T, and ends the list.
func List[T any](ctx context.Context, c *Client, p Path, opts ...RequestOption) iter.Seq2[T, error] {
	o := gather(opts)
	return func(yield func(T, error) bool) {
		var item, zero T
		l, err := c.list(ctx, p, o)
		if err != nil {
			yield(zero, err)
			return
		}
		defer l.stop()
		for l.next() {
			item = zero // else the decoder keeps what it does not find
			if err := l.decode(&item); err != nil {
				yield(zero, err)
				return
			}
			if !yield(item, nil) {
				return
			}
		}
		if l.err != nil {
			yield(zero, l.err)
		}
	}
}

// position is a place in a list.
type position struct {
	query string // of the page; "": the list is over
	used  int    // items of the page that come before
}

// String is the position as a cursor: the number, a question mark, the query.
func (p position) String() string {
	if p.query == "" {
		return ""
	}
	return strconv.Itoa(p.used) + "?" + p.query
}

// firstPage is where a list starts: at a cursor, or at the beginning of p.
func (c *core) firstPage(p Path, o *options) (position, error) {
	if o.cursor != "" {
		number, query, ok := strings.Cut(o.cursor, "?")
		used, err := strconv.Atoi(number)
		if !ok || err != nil || used < 0 || used > maxPageSize || query == "" {
			return position{}, errors.New("gitlab: the cursor given to WithCursor is not one of Answer.Cursor")
		}
		return position{query: query, used: used}, nil
	}
	query, err := url.ParseQuery(p.query)
	if err != nil {
		return position{}, fmt.Errorf("gitlab: GET %s: the query has a %% that is no escape", p.template)
	}
	if o.pageSize != 0 || !query.Has("per_page") {
		query.Set("per_page", o.perPage())
	}
	if _, known := c.offsets.Load(p.template); !known && o.parallel <= 1 {
		chooseKeyset(p.template, query)
	}
	return position{query: query.Encode()}, nil
}

// keysets are the lists that GitLab can read by keyset in the order that it
// gives them anyway, and the order_by that it wants to hear for that.
var keysets = map[string]url.Values{
	pathGroups:        {"order_by": {"name"}, "sort": {"asc"}},
	pathJobs:          {},
	pathProjectIssues: {},
	pathProjects:      {"order_by": {"id"}},
	pathTree:          {},
	pathUsers:         {"order_by": {"id"}},
}

// chooseKeyset makes the query of a list one for keyset pagination, if it leaves
// the choice and GitLab has it.
func chooseKeyset(template string, query url.Values) {
	order, ok := keysets[template]
	if !ok || query.Has("pagination") || query.Has("page") || query.Has("order_by") || query.Has("sort") {
		return
	}
	query.Set("pagination", "keyset")
	maps.Copy(query, order)
}

// dropKeyset undoes chooseKeyset; false: the keyset was the caller's choice.
func dropKeyset(p Path, query string) (string, bool) {
	values, err := url.ParseQuery(query)
	asked, _ := url.ParseQuery(p.query) // it was fit to be sent
	order, ok := keysets[p.template]
	if err != nil || !ok || values.Get("pagination") != "keyset" || asked.Has("pagination") {
		return "", false
	}
	values.Del("pagination")
	for name := range order {
		values.Del(name)
	}
	return values.Encode(), true
}

// tooDeep adds the way out to GitLab's refusal of an offset beyond its limit.
func tooDeep(err error) error {
	refused, ok := asAPIError(err)
	if !ok || refused.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(refused.Message, "offset") {
		return err
	}
	return &compoundError{
		text: err.Error() + "; numbered pages end here: narrow the list, for example by dates, or list it by keyset (pagination=keyset, with an order_by that GitLab allows)",
		errs: []error{err},
	}
}
