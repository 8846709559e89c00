package gitlabtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestOffsetPages(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"), gitlabtest.WithExternalURL("https://gitlab.example.com/gitlab"))
	token := srv.SignIn("ada").AccessToken
	for i := range 45 {
		srv.AddIssue("team/app", fmt.Sprintf("Issue %d", i+1))
	}
	const base = `<https://gitlab.example.com/gitlab/api/v4/projects/team%2Fapp/issues?`
	for _, row := range []struct {
		query                   string
		items                   int
		page, perPage           string
		next, prev, total, last string
		link                    string
	}{
		{
			"?state=all", 20, "1", "20", "2", "", "45", "3",
			base + `page=2&per_page=20&state=all>; rel="next", ` + base + `page=1&per_page=20&state=all>; rel="first", ` +
				base + `page=3&per_page=20&state=all>; rel="last"`,
		},
		{
			"?page=2", 20, "2", "20", "3", "1", "45", "3",
			base + `page=1&per_page=20>; rel="prev", ` + base + `page=3&per_page=20>; rel="next", ` +
				base + `page=1&per_page=20>; rel="first", ` + base + `page=3&per_page=20>; rel="last"`,
		},
		{
			"?page=3", 5, "3", "20", "", "2", "45", "3",
			base + `page=2&per_page=20>; rel="prev", ` + base + `page=1&per_page=20>; rel="first", ` +
				base + `page=3&per_page=20>; rel="last"`,
		},
		{
			"?per_page=500", 45, "1", "100", "", "", "45", "1",
			base + `page=1&per_page=100>; rel="first", ` + base + `page=1&per_page=100>; rel="last"`,
		},
		{
			"?search=nothing", 0, "1", "20", "", "", "0", "1",
			base + `page=1&per_page=20&search=nothing>; rel="first", ` + base + `page=1&per_page=20&search=nothing>; rel="last"`,
		},
	} {
		t.Run(row.query, func(t *testing.T) {
			r := get(t, srv, token, "/projects/team%2Fapp/issues"+row.query)
			require.Equal(t, 200, r.status)
			var items []struct{ ID int64 }
			r.decode(t, &items)
			require.Len(t, items, row.items)
			for header, want := range map[string]string{
				"X-Page": row.page, "X-Per-Page": row.perPage, "X-Next-Page": row.next, "X-Prev-Page": row.prev,
				"X-Total": row.total, "X-Total-Pages": row.last, "Link": row.link,
			} {
				require.Equal(t, []string{want}, r.header.Values(header), header)
			}
		})
	}
}

func TestNoTotalsAboveTenThousand(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada").AccessToken
	for range 10_001 {
		srv.AddIssue("team/app", "x")
	}
	r := get(t, srv, token, "/projects/team%2Fapp/issues?per_page=100&page=101")
	require.Equal(t, 200, r.status)
	require.Empty(t, r.header.Get("X-Next-Page"))
	require.Equal(t, "100", r.header.Get("X-Prev-Page"))
	require.Empty(t, r.header.Values("X-Total"))
	require.Empty(t, r.header.Values("X-Total-Pages"))
	require.NotContains(t, r.header.Get("Link"), `rel="last"`)
}

func TestKeysetPages(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	token := srv.SignIn("ada").AccessToken
	for i := range 5 {
		srv.AddProject(fmt.Sprintf("team/p%d", i))
	}
	var all []string
	for next := "/projects?pagination=keyset&order_by=id&sort=asc&per_page=2"; next != ""; {
		r := get(t, srv, token, next)
		all = append(all, paths(t, r)...)
		require.Empty(t, r.header.Values("X-Total"))
		link := r.header.Get("Link")
		next = ""
		if link != "" {
			require.True(t, strings.HasSuffix(link, `>; rel="next"`), link)
			next = strings.TrimSuffix(strings.TrimPrefix(link, "<"+srv.URL+"/api/v4"), `>; rel="next"`)
		}
	}
	require.Equal(t, []string{"team/p0", "team/p1", "team/p2", "team/p3", "team/p4"}, all)

	const refused = `{"error":"Keyset pagination is not yet available for this type of request"}`
	srv.AddIssue("team/app", "x")
	for _, path := range []string{"/projects?pagination=keyset&order_by=name", "/groups/team/issues?pagination=keyset&order_by=created_at", "/projects/team%2Fapp/issues?pagination=keyset&order_by=priority"} {
		r := get(t, srv, token, path)
		require.Equal(t, 405, r.status)
		requireBody(t, refused, r)
	}
	require.Equal(t, 405, get(t, srv, token, "/projects?page=5002&per_page=10").status)
}

func TestHandlerServesElsewhere(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.InMemory(), gitlabtest.WithPath("/gitlab"))
	web := httptest.NewServer(srv.Handler())
	defer web.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+"/gitlab/api/v4/user", nil)
	require.NoError(t, err)
	req.Header.Set("Private-Token", srv.PersonalToken("ada"))
	resp, err := web.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t, gitlabtest.WithTLS())
	require.True(t, strings.HasPrefix(srv.URL, "https://"))
	require.Equal(t, 200, get(t, srv, srv.SignIn("ada").AccessToken, "/user").status)
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
	require.NoError(t, err)
	_, err = http.DefaultTransport.RoundTrip(req) //nolint:bodyclose // there is no answer
	require.ErrorContains(t, err, "certificate")
}

func TestAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	srv := gitlabtest.New(t)
	_, err := gitlabtest.Start(gitlabtest.WithAddr(strings.TrimPrefix(srv.URL, "http://")))
	require.ErrorContains(t, err, "listen on 127.0.0.1:")
}
