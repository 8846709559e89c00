package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// every ranges over a list; an error must be the last thing that comes.
func every[T any](ctx context.Context, t *testing.T, c *gitlab.Client, p gitlab.Path, opts ...gitlab.RequestOption) (items []T, last error) {
	t.Helper()
	for it, err := range gitlab.List[T](ctx, c, p, opts...) {
		require.NoError(t, last, "something after an error")
		if last = err; err == nil {
			items = append(items, it)
			continue
		}
		var zero T
		assert.Equal(t, zero, it)
	}
	return items, last
}

// upTo are the items of a list of n, from the first that is wanted.
func upTo(from, n int) (items []item) {
	for id := from; id <= n; id++ {
		items = append(items, item{id})
	}
	return items
}

// byTotals announces the next page and the totals, of a list of total items.
func byTotals(total int) func(http.Header, string, url.Values) {
	return func(h http.Header, next string, query url.Values) {
		size, _ := strconv.Atoi(query.Get("per_page"))
		byHeader(h, next, query)
		h.Set("X-Total", strconv.Itoa(total))
		h.Set("X-Total-Pages", strconv.Itoa((total+size-1)/size))
	}
}

// byKeyset serves total items by keyset: the link says after which to go on.
func byKeyset(total int) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		query := req.URL.Query()
		size, _ := strconv.Atoi(query.Get("per_page"))
		after, _ := strconv.Atoi(query.Get("cursor"))
		var texts []string
		for id := after + 1; id <= min(after+size, total); id++ {
			texts = append(texts, fmt.Sprintf(`{"id":%d}`, id))
		}
		resp := answer(req, http.StatusOK, "["+strings.Join(texts, ",")+"]")
		if after+size < total {
			query.Set("cursor", strconv.Itoa(after+size))
			resp.Header.Set("Link", `<http://internal.example.com/x?`+query.Encode()+`>; rel="next"`)
		}
		return resp, nil
	}
}

// gauge counts the calls that are under way.
type gauge struct {
	mu            sync.Mutex // guards all below
	running, most int
}

func (g *gauge) measure(then httpmock.Responder) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		g.mu.Lock()
		g.running++
		g.most = max(g.most, g.running)
		g.mu.Unlock()
		defer func() {
			g.mu.Lock()
			g.running--
			g.mu.Unlock()
		}()
		return then(req)
	}
}

func TestNextPageIsFetchedWhileTheCallerWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, after(time.Second, paged(500, byHeader)))
		begun := time.Now()
		n := 0
		for it, err := range gitlab.List[item](t.Context(), w.client, itemsPath) {
			require.NoError(t, err)
			n++
			require.Equal(t, n, it.ID)
			time.Sleep(10 * time.Millisecond)
			if n%100 == 50 {
				assert.Len(t, w.sent(), min(n/100+2, 5), "one page ahead, and no more")
			}
		}
		assert.Equal(t, 500, n)
		assertBetween(t, 6*time.Second, time.Since(begun), 6100*time.Millisecond)
	})
}

func TestLeavingAtTheFirstItemCostsOneRequest(t *testing.T) {
	t.Parallel()
	for leave, sends := range map[int]int{1: 1, 2: 2, 100: 2, 101: 2, 102: 3} {
		for _, opts := range [][]gitlab.RequestOption{nil, {gitlab.Parallel(1)}} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(1000, byHeader))
				for it, err := range gitlab.List[item](t.Context(), w.client, itemsPath, opts...) {
					require.NoError(t, err)
					if synctest.Wait(); it.ID == leave {
						break
					}
				}
				synctest.Wait()
				assert.Len(t, w.sent(), sends, "left at item %d", leave)
			})
		}
	}
}

func TestPagesOfOneItemAreFetchedAheadToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(5, byHeader))
	items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(1))
	require.NoError(t, err)
	assert.Equal(t, upTo(1, 5), items)
	assert.Len(t, w.sent(), 5)
}

func TestEmptyPageDoesNotEndAList(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]gitlab.RequestOption{nil, {gitlab.Parallel(3)}} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			number, _ := strconv.Atoi(req.URL.Query().Get("page"))
			number = max(number, 1)
			body := "[]"
			if number%2 == 0 {
				body = fmt.Sprintf(`[{"id":%d}]`, number)
			}
			next := ""
			if number < 5 {
				next = strconv.Itoa(number + 1)
			}
			resp, err := with("X-Next-Page", next, always(http.StatusOK, body))(req)
			resp.Header.Set("X-Total-Pages", "5")
			return resp, err
		})
		items, err := every[item](t.Context(), t, w.client, itemsPath, opts...)
		require.NoError(t, err)
		assert.Equal(t, []item{{2}, {4}}, items)
		assert.Len(t, w.sent(), 5)
	}
}

func TestLeavingAListEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]gitlab.RequestOption{nil, {gitlab.Parallel(4)}} {
		synctest.Test(t, func(t *testing.T) {
			var ended atomic.Int32
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
				if req.URL.Query().Get("page") == "" {
					return paged(1000, byTotals(1000))(req)
				}
				<-req.Context().Done()
				ended.Add(1)
				return nil, req.Context().Err()
			})
			for it, err := range gitlab.List[item](t.Context(), w.client, itemsPath, opts...) {
				require.NoError(t, err)
				if it.ID == 3 {
					break
				}
			}
			synctest.Wait()
			assert.Equal(t, max(1, len(opts)*4), int(ended.Load()))
			assert.Len(t, w.sent(), 1+int(ended.Load()))
		})
	}
}

// deaf goes on whatever the context of a request says.
type deaf struct{ http.RoundTripper }

func (d deaf) RoundTrip(req *http.Request) (*http.Response, error) {
	return d.RoundTripper.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
}

func TestListLeavesAPageThatNeverComesWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.HTTPClient = &http.Client{Transport: deaf{cfg.HTTPClient.Transport}} })
		w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
			if req.URL.Query().Get("page") == "" {
				return paged(150, byHeader)(req)
			}
			time.Sleep(time.Hour)
			return nil, context.Canceled
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		items, err := every[item](ctx, t, w.client, itemsPath)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "gitlab: GET /items: ")
		assert.Equal(t, upTo(1, 100), items)
		assert.Equal(t, time.Minute, time.Since(begun))
		time.Sleep(2 * time.Hour) // until it has come
	})
}

func TestPageThatArrivedIsNotHandedOutAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(300, byHeader))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range gitlab.List[item](ctx, w.client, itemsPath) {
			if last = err; err != nil {
				break
			}
			if n++; n == 100 {
				synctest.Wait() // the second page is there
				cancel()
			}
		}
		require.ErrorIs(t, last, context.Canceled)
		assert.Equal(t, 100, n)
	})
}

func TestParallelPagesComeInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const total, size, atATime = 95, 10, 4
		g := &gauge{}
		w := newWorld(t, nil)
		var fetched atomic.Int32
		w.mock.RegisterResponder(http.MethodGet, itemsURL, g.measure(func(req *http.Request) (*http.Response, error) {
			number, _ := strconv.Atoi(req.URL.Query().Get("page"))
			fetched.Add(1)
			time.Sleep(time.Duration(20-number) * time.Second) // later ones are quicker
			return paged(total, byTotals(total))(req)
		}))
		n := 0
		for it, err := range gitlab.List[item](t.Context(), w.client, itemsPath, gitlab.WithPageSize(size), gitlab.Parallel(atATime)) {
			require.NoError(t, err)
			if n++; n == 1 {
				assert.Equal(t, 1, g.most, "the first page comes alone")
			}
			require.Equal(t, n, it.ID)
			synctest.Wait()
			assert.LessOrEqual(t, int(fetched.Load()), (n-1)/size+1+atATime, "no more than that in memory")
		}
		assert.Equal(t, total, n)
		assert.Equal(t, atATime, g.most)
		numbers := make([]string, 0, 10)
		for _, query := range w.queries() {
			values, err := url.ParseQuery(query)
			require.NoError(t, err)
			numbers = append(numbers, values.Get("page"))
			assert.Equal(t, "10", values.Get("per_page"))
			assert.Len(t, values, min(len(numbers), 2), "no other parameters")
		}
		slices.Sort(numbers)
		assert.Equal(t, []string{"", "10", "2", "3", "4", "5", "6", "7", "8", "9"}, numbers, "each once")
	})
}

func TestParallelPagesComeAtTheSameTime(t *testing.T) {
	t.Parallel()
	for atATime, want := range map[int]time.Duration{1: 4 * time.Second, 2: 3 * time.Second, 3: 2 * time.Second, 9: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodGet, itemsURL, after(time.Second, paged(40, byTotals(40))))
			begun := time.Now()
			items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(10), gitlab.Parallel(atATime))
			require.NoError(t, err)
			assert.Equal(t, upTo(1, 40), items)
			assert.Equal(t, want, time.Since(begun), "%d at a time", atATime)
			assert.Len(t, w.sent(), 4)
		})
	}
}

func TestParallelNeedsPagesThatAreNumberedAndCounted(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		serve httpmock.Responder
		query url.Values
	}{
		"no totals": {paged(25, byHeader), nil},
		"no totals, by Link": {func(req *http.Request) (*http.Response, error) {
			return paged(25, func(h http.Header, next string, query url.Values) {
				if next != "" {
					query.Set("page", next)
					h.Set("Link", `<http://internal.example.com/x?`+query.Encode()+`>; rel="next"`)
				}
			})(req)
		}, nil},
		"keyset":              {byKeyset(25), url.Values{"pagination": {"keyset"}}},
		"keyset with a total": {with("X-Total-Pages", "9", byKeyset(25)), url.Values{"pagination": {"keyset"}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{}
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodGet, itemsURL, g.measure(after(time.Second, row.serve)))
			items, err := every[item](t.Context(), t, w.client, itemsPath.With(row.query), gitlab.WithPageSize(10), gitlab.Parallel(4))
			require.NoError(t, err, name)
			assert.Equal(t, upTo(1, 25), items, name)
			assert.Equal(t, 1, g.most, name)
			assert.Len(t, w.sent(), 3, name)
		})
	}
}

func TestParallelListMayChangeMeanwhile(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ before, now, atATime int }{
		"grows":                {50, 73, 3},
		"grows by pages":       {50, 100, 2},
		"grows beyond one":     {5, 35, 4},
		"shrinks":              {80, 45, 3},
		"shrinks to one page":  {80, 10, 10},
		"shrinks and is large": {95, 31, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
				if req.URL.Query().Get("page") == "" {
					resp, err := paged(min(row.now, row.before), byTotals(row.before))(req)
					resp.Header.Set("X-Next-Page", map[bool]string{true: "2"}[row.before > 10 || row.now > 10])
					return resp, err
				}
				return paged(row.now, byTotals(row.now))(req)
			})
			items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(10), gitlab.Parallel(row.atATime))
			require.NoError(t, err, name)
			if name == "grows beyond one" {
				assert.Len(t, items, 30, "5 of the first page, as it was")
				return
			}
			assert.Equal(t, upTo(1, row.now), items, name)
		})
	}
}

func TestParallelStartsWhereItIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(95, byTotals(95)))
	items, err := every[item](t.Context(), t, w.client, itemsPath.With(url.Values{"page": {"4"}, "search": {"a b"}}), gitlab.WithPageSize(10), gitlab.Parallel(3))
	require.NoError(t, err)
	assert.Equal(t, upTo(31, 95), items)
	assert.Len(t, w.sent(), 7)
	for _, query := range w.queries() {
		assert.Contains(t, query, "search=a+b")
	}
}

func TestErrorOfAParallelPageComesInItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
			if req.URL.Query().Get("page") == "3" {
				return always(http.StatusForbidden, `{"message":"403 Forbidden"}`)(req)
			}
			return after(time.Second, paged(100, byTotals(100)))(req)
		})
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(10), gitlab.Parallel(5))
		require.ErrorIs(t, err, gitlab.ErrForbidden)
		assert.Equal(t, upTo(1, 20), items)
		time.Sleep(time.Minute) // the mock's own goroutines end late
	})
}

func TestListsAreReadByKeysetWhereGitLabCan(t *testing.T) {
	t.Parallel()
	project := func(template string) gitlab.Path { return gitlab.PathTo(template, "group/app") }
	for name, row := range map[string]struct {
		path  gitlab.Path
		opts  []gitlab.RequestOption
		query string
	}{
		"projects":             {path: gitlab.PathTo("/projects"), query: "order_by=id&pagination=keyset&per_page=100"},
		"users":                {path: gitlab.PathTo("/users"), query: "order_by=id&pagination=keyset&per_page=100"},
		"groups":               {path: gitlab.PathTo("/groups"), query: "order_by=name&pagination=keyset&per_page=100&sort=asc"},
		"issues of a project":  {path: project("/projects/{project}/issues"), query: "pagination=keyset&per_page=100"},
		"jobs":                 {path: project("/projects/{project}/jobs"), query: "pagination=keyset&per_page=100"},
		"tree":                 {path: project("/projects/{project}/repository/tree"), query: "pagination=keyset&per_page=100"},
		"with a filter":        {path: gitlab.PathTo("/projects").With(url.Values{"search": {"x"}, "per_page": {"7"}}), query: "order_by=id&pagination=keyset&per_page=7&search=x"},
		"with a page size":     {path: gitlab.PathTo("/projects").With(url.Values{"per_page": {"7"}}), opts: []gitlab.RequestOption{gitlab.WithPageSize(8)}, query: "order_by=id&pagination=keyset&per_page=8"},
		"one at a time":        {path: gitlab.PathTo("/projects"), opts: []gitlab.RequestOption{gitlab.Parallel(1)}, query: "order_by=id&pagination=keyset&per_page=100"},
		"in parallel":          {path: gitlab.PathTo("/projects"), opts: []gitlab.RequestOption{gitlab.Parallel(2)}, query: "per_page=100"},
		"in an order":          {path: gitlab.PathTo("/projects").With(url.Values{"order_by": {"name"}}), query: "order_by=name&per_page=100"},
		"in a direction":       {path: gitlab.PathTo("/projects").With(url.Values{"sort": {"asc"}}), query: "per_page=100&sort=asc"},
		"from a page":          {path: gitlab.PathTo("/projects").With(url.Values{"page": {"1"}}), query: "page=1&per_page=100"},
		"by offset":            {path: gitlab.PathTo("/projects").With(url.Values{"pagination": {"legacy"}}), query: "pagination=legacy&per_page=100"},
		"issues of everywhere": {path: gitlab.PathTo("/issues"), query: "per_page=100"},
		"branches":             {path: project("/projects/{project}/repository/branches"), query: "per_page=100"},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(with("X-Total-Pages", "1", always(http.StatusOK, `[{"id":1}]`)))
		items, err := every[item](t.Context(), t, w.client, row.path, row.opts...)
		require.NoError(t, err)
		assert.Equal(t, []item{{1}}, items)
		assert.Equal(t, []string{row.query}, w.queries(), name)
	}
}

const keysetRefused = `{"error":"Keyset pagination is not yet available for this type of request"}`

// withoutKeyset serves total items as an instance that does not know keysets.
func withoutKeyset(total int) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		if req.URL.Query().Get("pagination") == "keyset" {
			return answer(req, http.StatusMethodNotAllowed, keysetRefused), nil
		}
		return paged(total, byHeader)(req)
	}
}

func TestInstanceWithoutKeysetIsReadByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(withoutKeyset(150))
	filter := url.Values{"search": {"x"}}
	for range 2 {
		var a gitlab.Answer
		items, err := every[item](t.Context(), t, w.client, gitlab.PathTo("/groups").With(filter), gitlab.WithAnswer(&a))
		require.NoError(t, err)
		assert.Equal(t, upTo(1, 150), items)
		assert.Equal(t, http.StatusOK, a.StatusCode)
	}
	_, err := every[item](t.Context(), t, w.client.WithToken("glpat-1"), gitlab.PathTo("/groups"))
	require.NoError(t, err)
	_, err = every[item](t.Context(), t, w.client, gitlab.PathTo("/users"), gitlab.WithPageSize(50))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"order_by=name&pagination=keyset&per_page=100&search=x&sort=asc", "per_page=100&search=x", "page=2&per_page=100&search=x",
		"per_page=100&search=x", "page=2&per_page=100&search=x",
		"per_page=100", "page=2&per_page=100",
		"order_by=id&pagination=keyset&per_page=50", "per_page=50", "page=2&per_page=50", "page=3&per_page=50",
	}, w.queries(), "asked once for each list")

	other := newWorld(t, nil)
	other.mock.RegisterNoResponder(always(http.StatusOK, `[]`))
	_, err = every[item](t.Context(), t, other.client, gitlab.PathTo("/groups"))
	require.NoError(t, err)
	assert.Contains(t, other.queries()[0], "pagination=keyset", "another instance is not known yet")
}

func TestOnlyARefusedKeysetOfTheLibrarysIsGivenUp(t *testing.T) {
	t.Parallel()
	notAllowed := always(http.StatusMethodNotAllowed, keysetRefused)
	keyset := url.Values{"pagination": {"keyset"}, "order_by": {"name"}}
	for name, row := range map[string]struct {
		path  gitlab.Path
		opts  []gitlab.RequestOption
		serve httpmock.Responder
		sends int
		items int
	}{
		"chosen by the caller":   {gitlab.PathTo("/projects").With(keyset), nil, notAllowed, 1, 0},
		"not on a later page":    {gitlab.PathTo("/projects"), nil, inTurn(byKeyset(150), notAllowed), 2, 100},
		"not at a cursor":        {gitlab.PathTo("/projects"), []gitlab.RequestOption{gitlab.WithCursor("2?order_by=id&pagination=keyset&per_page=100")}, notAllowed, 1, 0},
		"pages are refused too":  {gitlab.PathTo("/projects"), nil, notAllowed, 2, 0},
		"not after another code": {gitlab.PathTo("/projects"), nil, always(http.StatusBadRequest, keysetRefused), 1, 0},
		"not of another list":    {itemsPath, nil, notAllowed, 1, 0},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(row.serve)
		items, err := every[item](t.Context(), t, w.client, row.path, row.opts...)
		var api *gitlab.APIError
		require.ErrorAs(t, err, &api, name)
		assert.Len(t, items, row.items, name)
		assert.Len(t, w.sent(), row.sends, name)
		if name == "pages are refused too" {
			continue
		}
		_, _ = every[item](t.Context(), t, w.client, gitlab.PathTo("/projects"))
		assert.Contains(t, w.queries()[row.sends], "pagination=keyset", "%s: nothing was learnt", name)
	}
}

func TestEndOfOffsetsNamesTheWayOut(t *testing.T) {
	t.Parallel()
	const text = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. Remaining records can be retrieved using keyset pagination."
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(paged(1000, byHeader), always(http.StatusMethodNotAllowed, `{"error":"`+text+`"}`)))
	items, err := every[item](t.Context(), t, w.client, itemsPath)
	assert.Len(t, items, 100)
	require.ErrorContains(t, err, text+"; numbered pages end here: ")
	require.ErrorContains(t, err, "pagination=keyset")
	var api *gitlab.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusMethodNotAllowed, api.StatusCode)

	for status, body := range map[int]string{http.StatusMethodNotAllowed: `{"error":"405 Not Allowed"}`, http.StatusBadRequest: `{"error":"offset is invalid"}`} {
		w.mock.RegisterResponder(http.MethodGet, itemsURL, always(status, body))
		_, err = every[item](t.Context(), t, w.client, itemsPath)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "numbered pages end here")
	}
}

func TestCursorsGoOnAtEveryItem(t *testing.T) {
	t.Parallel()
	const total = 7
	for name, serve := range map[string]httpmock.Responder{
		"by X-Next-Page": paged(total, byHeader), "by Link": paged(total, func(h http.Header, next string, query url.Values) {
			if next != "" {
				query.Set("page", next)
				h.Set("Link", `<http://internal.example.com/x?`+query.Encode()+`>; rel="next"`)
			}
		}), "with totals": paged(total, byTotals(total)), "by keyset": byKeyset(total),
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, serve)
		for size := 1; size <= total+1; size++ {
			for _, parallel := range []int{1, 3} {
				var cursors []string
				var a gitlab.Answer
				list := func(opts ...gitlab.RequestOption) func(func(item, error) bool) {
					return gitlab.List[item](t.Context(), w.client, itemsPath.With(url.Values{"search": {"?#&"}}), append(opts, gitlab.WithPageSize(size), gitlab.Parallel(parallel), gitlab.WithAnswer(&a))...)
				}
				for _, err := range list(gitlab.WithCursor("")) {
					require.NoError(t, err)
					cursors = append(cursors, a.Cursor())
				}
				require.Len(t, cursors, total)
				assert.Empty(t, cursors[total-1], "the end")
				assert.Empty(t, a.Cursor())
				for i, cursor := range cursors[:total-1] {
					var rest []item
					for it, err := range list(gitlab.WithCursor(cursor)) {
						require.NoError(t, err)
						rest = append(rest, it)
						assert.Equal(t, cursors[it.ID-1], a.Cursor(), "the same place has the same cursor")
					}
					require.Equal(t, upTo(i+2, total), rest, "%s, pages of %d, from %q", name, size, cursor)
					assert.Equal(t, (i+1)%size == 0, strings.HasPrefix(cursor, "0?"), "behind the last item of a page the next one begins")
				}
			}
		}
		for _, query := range w.queries() {
			values, err := url.ParseQuery(query)
			require.NoError(t, err)
			require.Equal(t, []string{"?#&"}, values["search"])
		}
	}
}

func TestCursorOutlivesAnError(t *testing.T) {
	t.Parallel()
	forbidden := always(http.StatusForbidden, `{"message":"403 Forbidden"}`)
	odd := always(http.StatusOK, `[{"id":3},{"id":"x"}]`)
	for name, row := range map[string]struct {
		second httpmock.Responder
		items  int
		status int
	}{
		"refusal":       {forbidden, 2, http.StatusForbidden},
		"no answer":     {noAnswer, 2, http.StatusOK},
		"no list":       {always(http.StatusOK, `{}`), 2, http.StatusOK},
		"an odd item":   {odd, 3, http.StatusOK},
		"a broken page": {always(http.StatusOK, `[{"id":3},`), 3, http.StatusOK},
	} {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
		w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(paged(5, byHeader), row.second, paged(5, byHeader)))
		var a gitlab.Answer
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(2), gitlab.WithAnswer(&a))
		require.Error(t, err, name)
		require.Len(t, items, row.items, name)
		assert.Equal(t, row.status, a.StatusCode, name)

		rest, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor(a.Cursor()), gitlab.WithAnswer(&a))
		require.NoError(t, err, name)
		assert.Equal(t, upTo(row.items+1, 5), rest, "%s: behind the item that was yielded last", name)
		assert.Empty(t, a.Cursor())

		w.mock.RegisterResponder(http.MethodGet, itemsURL, row.second)
		if row.items == 2 {
			_, err = every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor("1?page=7"), gitlab.WithAnswer(&a))
			require.Error(t, err)
			assert.Equal(t, "1?page=7", a.Cursor(), "%s: nothing was yielded", name)
			_, err = every[item](t.Context(), t, w.client, itemsPath, gitlab.WithAnswer(&a))
			require.Error(t, err)
			assert.Empty(t, a.Cursor(), "%s: from the beginning", name)
		}
	}
}

func TestCursorOfAListThatHasShrunk(t *testing.T) {
	t.Parallel()
	for body, sends := range map[string]int{`[]`: 1, `[{"id":1}]`: 1, `[{"id":1},{"id":2}]`: 1} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, body))
		var a gitlab.Answer
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor("2?per_page=3"), gitlab.WithAnswer(&a))
		require.NoError(t, err)
		assert.Empty(t, items)
		assert.Empty(t, a.Cursor(), "the list is over")
		assert.Len(t, w.sent(), sends)
	}
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(4, byHeader))
	items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor("2?per_page=2"))
	require.NoError(t, err)
	assert.Equal(t, upTo(3, 4), items, "of the next page")
	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, `[{"id":1},{"id":!},{"id":3}]`))
	_, err = every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor("2?per_page=3"))
	require.ErrorContains(t, err, "gitlab: GET /items: decoding the answer: at byte 16")
}

func TestWhatIsNoCursorIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, cursor := range []string{"x", "1", "?", "?page=2", "1?", "-1?page=2", "101?page=2", "1.5?page=2", "page=2", "0x1?page=2"} {
		_, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithCursor(cursor))
		require.EqualError(t, err, "gitlab: the cursor given to WithCursor is not one of Answer.Cursor", cursor)
	}
	_, err := every[item](t.Context(), t, w.client, gitlab.PathTo("/items/{item}"), gitlab.WithCursor("1?page=2"))
	require.ErrorContains(t, err, "1 {placeholders}, but 0 elements")
	assert.Empty(t, w.sent())
}

func TestListTellsTheAnswerOfThePageAtHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	serve := paged(250, byTotals(250))
	w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
		return with("X-Request-Id", "page-"+req.URL.Query().Get("page"), serve)(req)
	})
	var a gitlab.Answer
	for it, err := range gitlab.List[item](t.Context(), w.client, itemsPath, gitlab.WithAnswer(&a)) {
		require.NoError(t, err)
		assert.Equal(t, "page-"+[]string{"", "2", "3"}[(it.ID-1)/100], a.RequestID)
		assert.Equal(t, int64(250), a.Total)
		assert.Equal(t, int64(3), a.TotalPages)
		assert.Equal(t, http.StatusOK, a.StatusCode)
	}
}

// person has what could be left over from the item before.
type person struct {
	Name   string
	Age    *int
	Tags   []string
	Extra  map[string]int
	Friend *person
	Any    any
	Raw    json.RawMessage
	Point  [2]int
}

func TestItemsHaveNothingOfTheItemBefore(t *testing.T) {
	t.Parallel()
	const body = `[{"name":"a","age":1,"tags":["x","y"],"extra":{"k":1},"friend":{"name":"f"},"any":{"z":1},"raw":[1],"point":[1,2]},
		{}, null, {"tags":["z"],"extra":{"l":2},"friend":{"age":3},"any":[2],"raw":{},"point":[7]}]`
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, body))
	one, three := 1, 3
	items, err := every[person](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []person{
		{Name: "a", Age: &one, Tags: []string{"x", "y"}, Extra: map[string]int{"k": 1}, Friend: &person{Name: "f"}, Any: map[string]any{"z": 1.0}, Raw: json.RawMessage(`[1]`), Point: [2]int{1, 2}},
		{},
		{},
		{Tags: []string{"z"}, Extra: map[string]int{"l": 2}, Friend: &person{Age: &three}, Any: []any{2.0}, Raw: json.RawMessage(`{}`), Point: [2]int{7, 0}},
	}, items)

	pointers, err := every[*person](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	require.Len(t, pointers, 4)
	assert.Equal(t, "a", pointers[0].Name, "items are not the same one")
	assert.Equal(t, &person{}, pointers[1])
	assert.Nil(t, pointers[2])
}

func TestItemsMayBeOfAnyType(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, ` [ {"id": 1}, {"a":"b"} , null, {"id":2} ] `))
	maps, err := every[map[string]any](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []map[string]any{{"id": 1.0}, {"a": "b"}, nil, {"id": 2.0}}, maps)
	values, err := every[any](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []any{map[string]any{"id": 1.0}, map[string]any{"a": "b"}, nil, map[string]any{"id": 2.0}}, values)
	raw, err := every[json.RawMessage](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []json.RawMessage{json.RawMessage(`{"id": 1}`), json.RawMessage(`{"a":"b"}`), json.RawMessage(`null`), json.RawMessage(`{"id":2}`)}, raw)

	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, `["1", null, 12345678901234567890, 1.50]`))
	numbers, err := every[json.Number](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []json.Number{"1", "", "12345678901234567890", "1.50"}, numbers)

	type counted struct {
		ID    int
		Count json.Number
		Tags  []string
	}
	w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, `[{"id":1},{"id":2,"tags":["a"],"count":1e3},{"id":3,"count":null},{"id":4,"count":-0}]`))
	counts, err := every[counted](t.Context(), t, w.client, itemsPath)
	require.NoError(t, err)
	assert.Equal(t, []counted{{1, "", nil}, {2, "1e3", []string{"a"}}, {3, "", nil}, {4, "-0", nil}}, counts)
}

func TestPageThatCannotBeReadYieldsWhatIsBeforeThat(t *testing.T) {
	t.Parallel()
	const decoding = "gitlab: GET /items: decoding the answer: "
	for body, row := range map[string]struct {
		items int
		says  string
	}{
		`[{"id":1},{"id":"hush"},{"id":3}]`:      {1, decoding + "at byte 16 (/1/id): a string where Go type int was expected"},
		`[{"id":1},{"id":2},{"id":]`:             {2, decoding + "at byte "},
		`[{"id":1},{"id":2}`:                     {2, decoding + "at byte 18"},
		`[{"id":1},{"id":2},`:                    {2, decoding + "at byte 19"},
		`[{"id":1},{"id":2},]`:                   {2, decoding + "at byte "},
		`[{"id":1} {"id":2}]`:                    {1, decoding + "at byte "},
		`[{"id":1}}`:                             {1, decoding + "at byte "},
		`[{"id":1}] x`:                           {1, decoding + "something follows the list"},
		`[{"id":1}],`:                            {1, decoding + "something follows the list"},
		`[{"id":1}][]`:                           {1, decoding + "something follows the list"},
		`[]hush`:                                 {0, decoding + "something follows the list"},
		`[`:                                      {0, decoding + "at byte 1"},
		`{"id":1}`:                               {0, decoding + "a { where a list was expected"},
		`"hush"`:                                 {0, decoding + "a string where a list was expected"},
		`7`:                                      {0, decoding + "a number where a list was expected"},
		`hush`:                                   {0, decoding + "at byte 0"},
		`nullhush`:                               {0, decoding},
		`<html>hush</html>`:                      {0, decoding + "at byte 0"},
		`[{"id":1},[2]]`:                         {1, decoding + "at byte 10 (/1): a [ where Go type gitlab_test.item was expected"},
		`[{"id":1},{"id":2,"hush":tru}]`:         {1, decoding + "at byte "},
		"[{\"id\":1},{\"id\":2,\"a\":\"\x01\"}]": {1, decoding + "at byte "},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, body))
		items, err := every[item](t.Context(), t, w.client, itemsPath)
		require.ErrorContains(t, err, row.says, body)
		assert.True(t, strings.HasPrefix(err.Error(), decoding), err)
		assert.NotContains(t, err.Error(), "hush\"")
		assert.NotContains(t, err.Error(), "hush<")
		assert.Equal(t, upTo(1, row.items), items, body)
		assert.Len(t, w.sent(), 1, "it would be the same again")
	}
}

func TestEmptyListsHaveNoItems(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[]`, ` [ ] `, `null`, ` null `, ``, "\n"} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, always(http.StatusOK, body))
		items, err := every[item](t.Context(), t, w.client, itemsPath)
		require.NoError(t, err)
		assert.Empty(t, items)
		assert.Len(t, w.sent(), 1)
	}
}

func TestPageThatIsCutOffIsFetchedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(
			cut(`[{"id":8},{"id":9`), page(http.StatusBadGateway), paged(3, byHeader), cut(`[{"id":9}]`), cut(``), paged(3, byHeader),
		))
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(2))
		require.NoError(t, err)
		assert.Equal(t, upTo(1, 3), items, "none twice")
		assert.Len(t, w.sent(), 6)
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(paged(3, byHeader), cut(`[{"id":9}]`)))
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(2))
		require.ErrorContains(t, err, "gitlab: GET /items: reading the answer: the connection was cut off: ")
		assert.Equal(t, upTo(1, 2), items)
		assert.Len(t, w.sent(), 5)
	})
}

func TestDeployPageInAListIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, itemsURL, inTurn(page(http.StatusOK), paged(3, byHeader), page(http.StatusOK), paged(3, byHeader)))
		items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(2))
		require.NoError(t, err)
		assert.Equal(t, upTo(1, 3), items)

		w.mock.RegisterResponder(http.MethodGet, itemsURL, page(http.StatusOK))
		_, err = every[item](t.Context(), t, w.client, itemsPath)
		var api *gitlab.APIError
		require.ErrorAs(t, err, &api)
		assert.True(t, api.Temporary())
	})
}

func TestPageIsLimitedInSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxResponseBytes = 18 })
	w.mock.RegisterResponder(http.MethodGet, itemsURL, paged(3, byHeader))
	items, err := every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(2))
	require.EqualError(t, err, "gitlab: GET /items: the answer is larger than 18 bytes, see Config.MaxResponseBytes")
	assert.Empty(t, items)
	items, err = every[item](t.Context(), t, w.client, itemsPath, gitlab.WithPageSize(1))
	require.NoError(t, err)
	assert.Equal(t, upTo(1, 3), items)
}

func TestListsOfManyGoroutinesShareNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, itemsURL, func(req *http.Request) (*http.Response, error) {
		query := req.URL.Query()
		number, _ := strconv.Atoi(query.Get("page"))
		number = max(number, 1)
		who := strings.Repeat(query.Get("who"), 1+number*50)
		resp := answer(req, http.StatusOK, `["`+who+`","`+who+`"]`)
		if number < 8 {
			resp.Header.Set("X-Next-Page", strconv.Itoa(number+1))
		}
		resp.Header.Set("X-Total-Pages", "8")
		return resp, nil
	})
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			who := string(rune('a' + i))
			p := itemsPath.With(url.Values{"who": {who}})
			raws, rawsErr := every[json.RawMessage](t.Context(), t, w.client, p, gitlab.Parallel(1+i%3))
			texts, err := every[string](t.Context(), t, w.client, p)
			if !assert.NoError(t, errors.Join(rawsErr, err)) { //nolint:testifylint // not the test's goroutine
				return
			}
			assert.Len(t, texts, 16)
			assert.Len(t, raws, 16)
			for _, text := range texts {
				assert.Equal(t, strings.Repeat(who, len(text)), text)
			}
			for _, raw := range raws {
				assert.Equal(t, `"`+strings.Repeat(who, len(raw)-2)+`"`, string(raw))
			}
		})
	}
	group.Wait()
}
