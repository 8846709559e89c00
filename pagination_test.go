package gitlab_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// item is what the lists of these tests hold.
type item struct {
	ID int `json:"id"`
}

const itemsURL = baseURL + "/api/v4/items"

// listAll ranges over a list and returns what came, and how it ended.
func listAll(ctx context.Context, c *gitlab.Client, p gitlab.Path) (ids []int, errs []error) {
	for it, err := range gitlab.List[item](ctx, c, p) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ids = append(ids, it.ID)
	}
	return ids, errs
}

// queries are those of the calls, in order.
func (w *world) queries() (queries []string) {
	for _, c := range w.sent() {
		_, query, _ := strings.Cut(c.URL, "?")
		queries = append(queries, query)
	}
	return queries
}

// paged serves total items as GitLab does, and announces the next page with
// announce.
func paged(total int, announce func(h http.Header, next string, query url.Values)) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		query := req.URL.Query()
		size, _ := strconv.Atoi(query.Get("per_page"))
		page, _ := strconv.Atoi(query.Get("page"))
		page = max(page, 1)
		var items []string
		for id := (page-1)*size + 1; id <= min(page*size, total); id++ {
			items = append(items, fmt.Sprintf(`{"id":%d}`, id))
		}
		resp := answer(req, http.StatusOK, "["+strings.Join(items, ",")+"]")
		next := ""
		if page*size < total {
			next = strconv.Itoa(page + 1)
		}
		announce(resp.Header, next, query)
		return resp, nil
	}
}

func byHeader(h http.Header, next string, _ url.Values) { h.Set("X-Next-Page", next) } // "" on the last page

func byLink(h http.Header, next string, query url.Values) {
	link := func(page, rel string) string {
		query.Set("page", page)
		return `<http://internal.example.com:8080/elsewhere?` + query.Encode() + `>; rel="` + rel + `"`
	}
	links := []string{link("1", "first"), link("9", "last")}
	if next != "" {
		links = append([]string{link("1", "prev"), link(next, "next")}, links...)
	}
	h.Set("Link", strings.Join(links, ", "))
}

func TestListGoesOverAllPages(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]func(http.Header, string, url.Values){"by X-Next-Page": byHeader, "by Link": byLink} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(1234, announce))
		c := w.signIn(t, 2*time.Hour)
		ids, errs := listAll(t.Context(), c, gitlab.PathTo("/items").With(url.Values{"search": {"a b"}}))
		require.Empty(t, errs, name)
		require.Len(t, ids, 1234, "nothing stops silently at a page or at 1 000")
		for i, id := range ids {
			require.Equal(t, i+1, id)
		}
		sent := w.sent()
		require.Len(t, sent, 13)
		for i, c := range sent {
			assert.True(t, strings.HasPrefix(c.URL, itemsURL+"?"), c.URL)
			assert.Equal(t, "Bearer access-1", c.Authorization)
			query, err := url.ParseQuery(w.queries()[i])
			require.NoError(t, err)
			assert.Equal(t, "100", query.Get("per_page"))
			assert.Equal(t, []string{"a b"}, query["search"])
			if i > 0 {
				assert.Equal(t, []string{strconv.Itoa(i + 1)}, query["page"], name)
			}
		}
	}
}

func TestListKeepsThePageSizeOfThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(5, byHeader))
	ids, errs := listAll(t.Context(), w.client, gitlab.PathTo("/items").With(url.Values{"per_page": {"2"}, "page": {"2"}}))
	require.Empty(t, errs)
	assert.Equal(t, []int{3, 4, 5}, ids, "from the page that was asked for")
	assert.Equal(t, []string{"page=2&per_page=2", "page=3&per_page=2"}, w.queries())
}

func TestListFollowsCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(inTurn(
		func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, `[{"id":1}]`)
			resp.Header.Set("Link", `<https://gitlab.example.com/api/v4/items?cursor=eyJpZCI6IjEifQ%3D%3D&pagination=keyset&per_page=100#fragment>; rel="next"`)
			return resp, nil
		},
		func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, `[{"id":2}]`)
			resp.Header.Set("Link", `<https://gitlab.example.com/api/v4/items?id_after=2&pagination=keyset>; rel=next`)
			return resp, nil
		},
		always(http.StatusOK, `[]`),
	))
	ids, errs := listAll(t.Context(), w.client, gitlab.PathTo("/items").With(url.Values{"pagination": {"keyset"}}))
	require.Empty(t, errs)
	assert.Equal(t, []int{1, 2}, ids)
	assert.Equal(t, []string{
		"pagination=keyset&per_page=100", "cursor=eyJpZCI6IjEifQ%3D%3D&pagination=keyset&per_page=100", "id_after=2&pagination=keyset",
	}, w.queries())
}

func TestLinksAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		links []string
		page  string // X-Next-Page
		next  string // the second call's query, "" for none
	}{
		{links: []string{`<https://h/x?page=2>; rel="next"`}, next: "page=2"},
		{links: []string{`<?page=2>;rel=next`}, next: "page=2"},
		{links: []string{`</x?page=2>; title="a, <b>; rel=next"; rel="first next"`}, next: "page=2"},
		{links: []string{`<https://h/x?page=2>; REL="NEXT"`}, next: "page=2"},
		{links: []string{`<https://h/x?page=1>; rel="prev"`, `<https://h/x?page=2>; rel="next"`}, next: "page=2"},
		{links: []string{`<https://h/a,b?q=a,b&page=2>; rel="next", <https://h/x?page=9>; rel="last"`}, next: "q=a,b&page=2"},
		{links: []string{`<https://h/x?page=2>; rel="next"`}, page: "7", next: "page=2"},
		{links: []string{`<https://h/x?page=2>; rel="nextish"`}, page: "3", next: "page=3&per_page=100"},
		{links: []string{`<https://h/x>; rel="next"`}, page: "3", next: "page=3&per_page=100"},
		{links: []string{`<https://h/x?page=2`, `rel="next"`, `<<>>;;,,"`}, page: "3", next: "page=3&per_page=100"},
		{links: []string{`<https://h/x?page=2>; rel="first"`}},
		{links: []string{``, `next`, `<https://h/x?page=2>`}},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(inTurn(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, `[{"id":1}]`)
			resp.Header["Link"] = row.links
			resp.Header.Set("X-Next-Page", row.page)
			return resp, nil
		}, always(http.StatusOK, `[{"id":2}]`)))
		_, errs := listAll(t.Context(), w.client, gitlab.PathTo("/items"))
		require.Empty(t, errs)
		want := []string{"per_page=100"}
		if row.next != "" {
			want = append(want, row.next)
		}
		assert.Equal(t, want, w.queries(), row.links)
	}
}

func TestListThatIsLeftMakesNoMoreCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(1000, byHeader))
	list := gitlab.List[item](t.Context(), w.client, gitlab.PathTo("/items"))
	assert.Empty(t, w.sent(), "nobody has asked yet")
	for _, err := range list {
		require.NoError(t, err)
		break
	}
	assert.Len(t, w.sent(), 1)
	for it, err := range list {
		require.NoError(t, err)
		if it.ID == 100 {
			break
		}
	}
	assert.LessOrEqual(t, len(w.sent()), 3, "the page after the one at hand, and no other")
}

func TestListCanBeRangedOverAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(250, byHeader))
	list := gitlab.List[item](t.Context(), w.client, gitlab.PathTo("/items"))
	for range 2 {
		n := 0
		for it, err := range list {
			require.NoError(t, err)
			n++
			require.Equal(t, n, it.ID)
		}
		assert.Equal(t, 250, n)
	}
	assert.Len(t, w.sent(), 6)
}

func TestErrorEndsTheListOnce(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]httpmock.Responder{
		"a refusal":            always(http.StatusInternalServerError, `{"message":"500 Internal Server Error"}`),
		"no list":              always(http.StatusOK, `{"id":3}`),
		"a page of HTML":       always(http.StatusOK, `<html>`),
		"a redirect to itself": redirect(http.StatusFound, itemsURL),
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
			if req.URL.Query().Get("page") == "" && req.Response == nil {
				return paged(150, byHeader)(req)
			}
			return broken(req)
		})
		ids, errs := listAll(t.Context(), w.client, gitlab.PathTo("/items"))
		assert.Len(t, ids, 100, name)
		require.Len(t, errs, 1, name)
		assert.True(t, strings.HasPrefix(errs[0].Error(), "gitlab: GET "), errs[0])
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		return paged(1000, byHeader)(req)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for it, err := range gitlab.List[item](ctx, w.client, gitlab.PathTo("/items")) {
		if last = err; err != nil {
			break
		}
		n++
		if it.ID == 150 {
			cancel()
		}
	}
	require.ErrorIs(t, last, context.Canceled)
	assert.Equal(t, 200, n)
}

func TestPageThatNamesItselfAsTheNextIsAnError(t *testing.T) {
	t.Parallel()
	for name, announce := range map[string]func(http.Header, *http.Request){
		"by Link":        func(h http.Header, req *http.Request) { h.Set("Link", `<`+req.URL.String()+`>; rel="next"`) },
		"by X-Next-Page": func(h http.Header, _ *http.Request) { h.Set("X-Next-Page", "1") },
		"otherwise put":  func(h http.Header, _ *http.Request) { h.Set("Link", `<?per_page=100&page=1>; rel="next"`) },
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, `[{"id":1}]`)
			announce(resp.Header, req)
			return resp, nil
		})
		_, errs := listAll(t.Context(), w.client, gitlab.PathTo("/items").With(url.Values{"page": {"1"}}))
		require.Len(t, errs, 1, name)
		require.EqualError(t, errs[0], "gitlab: GET /items: the answer names itself as its next page")
		assert.LessOrEqual(t, len(w.sent()), 2, name)
	}
}
