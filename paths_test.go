package gitlab_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

type (
	projectName string
	projectID   int64
	issueNumber uint16
)

func TestElementsAreEscapedAsOneSegment(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		elem any
		sent string
	}{
		{"app", "app"},
		{"group/app", "group%2Fapp"},
		{"group/sub group/app.git", "group%2Fsub%20group%2Fapp.git"},
		{"/", "%2F"},
		{"../secret", "..%2Fsecret"},
		{"a/../b", "a%2F..%2Fb"},
		{"...", "..."},
		{".hidden", ".hidden"},
		{"%2F", "%252F"},
		{"100%", "100%25"},
		{"a+b", "a%2Bb"},
		{"v1.0+rc1", "v1.0%2Brc1"},
		{"2018-09-13T02:35:07+02:00", "2018-09-13T02:35:07%2B02:00"},
		{"a?b=c", "a%3Fb=c"},
		{"a#b", "a%23b"},
		{"a;b,c", "a%3Bb%2Cc"},
		{`a\b`, "a%5Cb"},
		{"{iid}", "%7Biid%7D"},
		{"größe/日本", "gr%C3%B6%C3%9Fe%2F%E6%97%A5%E6%9C%AC"},
		{"\xff\x00\r\n", "%FF%00%0D%0A"},
		{" ", "%20"},
		{"~user@host:$&=", "~user@host:$&="},
		{projectName("group/app"), "group%2Fapp"},
		{7, "7"},
		{-7, "-7"},
		{int8(7), "7"},
		{int64(9007199254740993), "9007199254740993"},
		{uint64(18446744073709551615), "18446744073709551615"},
		{projectID(42), "42"},
		{issueNumber(7), "7"},
	} {
		p := gitlab.PathTo("/projects/{project}/issues", row.elem)
		assert.Equal(t, "/projects/"+row.sent+"/issues", p.String())
		w := newWorld(t, nil)
		w.mock.RegisterNoResponder(always(http.StatusOK, `{}`))
		require.NoError(t, w.client.Call(t.Context(), http.MethodGet, p.With(url.Values{"q": {"x"}}), nil, nil), row.elem)
		require.Len(t, w.sent(), 1)
		assert.Equal(t, baseURL+"/api/v4/projects/"+row.sent+"/issues?q=x", w.sent()[0].URL)
	}
}

func TestPathsThatNameNothingAreErrorsOfTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for says, p := range map[string]gitlab.Path{
		`path /projects/{project}: 1 {placeholders}, but 0 elements`:                    gitlab.PathTo("/projects/{project}"),
		`path /projects/{project}: 1 {placeholders}, but 2 elements`:                    gitlab.PathTo("/projects/{project}", "a", "b"),
		`path /user: 0 {placeholders}, but 1 elements`:                                  gitlab.PathTo("/user", 7),
		`path /projects/{project}, element 1: is empty`:                                 gitlab.PathTo("/projects/{project}", ""),
		`path /projects/{project}, element 1: "." would name another resource`:          gitlab.PathTo("/projects/{project}", "."),
		`path /projects/{project}, element 1: ".." would name another resource`:         gitlab.PathTo("/projects/{project}", projectName("..")),
		`path /p/{project}/i/{iid}, element 2: float64: must be a string or`:            gitlab.PathTo("/p/{project}/i/{iid}", "a", 7.0),
		`path /projects/{project}, element 1: []string: must be a string`:               gitlab.PathTo("/projects/{project}", []string{"a"}),
		`path /projects/{project}, element 1: *string: must be a string`:                gitlab.PathTo("/projects/{project}", new(string)),
		`path /projects/{project}, element 1: <nil>: must be a string`:                  gitlab.PathTo("/projects/{project}", nil),
		`path template "projects": start it with a slash`:                               gitlab.PathTo("projects"),
		`path template "": start it with a slash`:                                       gitlab.PathTo(""),
		`path template "/users?username=ada": start it with a slash, and put`:           gitlab.PathTo("/users?username=ada"),
		`path template "/users#ada"`:                                                    gitlab.PathTo("/users#ada"),
		`path template "/projects/{project": a { has no }`:                              gitlab.PathTo("/projects/{project", "a"),
		`path template "/projects/../admin" has a segment ".."`:                         gitlab.PathTo("/projects/../admin"),
		`path template "/projects/." has a segment "."`:                                 gitlab.PathTo("/projects/."),
		`path template "/a b/{project}" has characters that are not legal in a URL`:     gitlab.PathTo("/a b/{project}", "group/app"),
		`path template "//example.com/user" has characters that are not legal in a URL`: gitlab.PathTo("//example.com/user"),
		`path template "/ü/{project}" has characters`:                                   gitlab.PathTo("/ü/{project}", "group/app"),
		`path template "/%zz/{project}" has characters`:                                 gitlab.PathTo("/%zz/{project}", "group/app"),
		`path template "/a}/{project}" has characters`:                                  gitlab.PathTo("/a}/{project}", "group/app"),
		"path template \"/a\\n/{project}\" has characters":                              gitlab.PathTo("/a\n/{project}", "group/app"),
		`path template "/api/v4/users": leave out /api/v4, which the library adds`:      gitlab.PathTo("/api/v4/users"),
	} {
		err := w.client.Call(t.Context(), http.MethodGet, p.With(url.Values{"a": {"b"}}), nil, nil)
		require.ErrorContains(t, err, "gitlab: "+says)
		_, err = gitlab.Get[gitlab.User](t.Context(), w.client, p)
		require.ErrorContains(t, err, says)
		yielded := 0
		for _, err := range gitlab.List[gitlab.User](t.Context(), w.client, p) {
			require.ErrorContains(t, err, says)
			yielded++
		}
		assert.Equal(t, 1, yielded)
	}
	assert.Empty(t, w.sent())
}

func TestElementsMayStandWithinASegment(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "/projects/a%2Fb/repository/archive.zip", gitlab.PathTo("/projects/{}/repository/archive.{format}", "a/b", "zip").String())
	assert.Equal(t, "/compare/a%2Fb...c", gitlab.PathTo("/compare/{from}...{to}", "a/b", "c").String())
	assert.Empty(t, gitlab.PathTo("/x/{a}{b}", ".", ".").String())
}

func TestWithAddsToTheQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{}`))
	plain := gitlab.PathTo("/projects")
	first := plain.With(url.Values{"search": {"a b&c"}, "ids[]": {"1", "2"}})
	both := first.With(url.Values{"search": {"+"}, "since": {"2018-09-13T02:35:07+02:00"}})
	for _, p := range []gitlab.Path{plain, first, both, first.With(nil), plain.With(url.Values{})} {
		require.NoError(t, w.client.Call(t.Context(), http.MethodGet, p, nil, nil))
	}
	var sent []string
	for _, c := range w.sent() {
		sent = append(sent, c.URL[len(baseURL):])
	}
	const one = "/api/v4/projects?ids%5B%5D=1&ids%5B%5D=2&search=a+b%26c"
	assert.Equal(t, []string{
		"/api/v4/projects",
		one,
		one + "&search=%2B&since=2018-09-13T02%3A35%3A07%2B02%3A00",
		one,
		"/api/v4/projects",
	}, sent, "values, never changed by what is made of them")
	assert.Equal(t, "/projects", both.String())
}
