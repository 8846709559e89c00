package gitlab

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzErrorBody asserts that no answer panics, that an error's texts are short,
// valid, on one line and without the token, and that classifying a 401 leaves
// its body as it was.
func FuzzErrorBody(f *testing.F) {
	const token = "glpat-secret-token"
	for _, seed := range []string{
		`{"message":"401 Unauthorized"}`, `{"error":"invalid_token","error_description":"x"}`, `{"message":{"title":["a",{"b":null}],"base":{"c":1}}}`,
		`{"message":["a"]}`, `<html>`, `Retry later`, `{"message":"` + strings.Repeat("x", 990) + token + `"}`, `{"message":{"` + token + `":["` + token + `"]}}`,
		"\xff\x1b[31m", `{"message":` + strings.Repeat(`{"":`, 5000) + `[` + strings.Repeat(`}`, 5000) + `}`, `{"error":"dpop_error"}`, `[`, `{"message":{"glpat-secret-":{"token":["x"]}}}`,
	} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "text/html")
	}
	target := &url.URL{Scheme: "https", Host: "gitlab.example.com", Path: "/api/v4/user"}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		req := &http.Request{Method: http.MethodGet, URL: target, Header: http.Header{"Authorization": {"Bearer " + token}}}
		resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{"Content-Type": {contentType}}, Request: req}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		readChallenge(resp)
		left, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.True(t, bytes.Equal(body, left))

		e := newAPIError(resp, body)
		require.NotContains(t, fmt.Sprintf("%#v", *e), token)
		texts := []string{e.Message, e.Code}
		for field, messages := range e.Fields {
			texts = append(append(texts, field), messages...)
		}
		for _, text := range texts {
			require.LessOrEqual(t, len(text), maxMessage+len("…"))
			require.True(t, utf8.ValidString(text))
			require.NotContains(t, text, "\n")
		}
	})
}

// FuzzLink asserts that no Link header panics, and that none changes anything
// but the query of the next page's request.
func FuzzLink(f *testing.F) {
	for _, seed := range []string{
		`<https://h/x?page=2>; rel="next"`, `<?a>;rel=next`, `<x?a#b>; rel="prev next", <y>`, `<>;;=,"`, `<https://h/x?page=2>; title="a, <b>"; rel=next`, `<`, "<?a b\n>;rel=next",
	} {
		f.Add(seed, "2")
	}
	f.Fuzz(func(t *testing.T, link, page string) {
		next := nextQuery(http.Header{"Link": {link}, "X-Next-Page": {page}}, "per_page=100")
		if next == "" {
			return
		}
		require.NotContains(t, next, "#")
		sent, err := url.Parse("https://gitlab.example.com/gitlab/api/v4/items?" + next)
		if err != nil {
			return // an error of the call
		}
		require.Equal(t, "gitlab.example.com", sent.Host)
		require.Equal(t, "/gitlab/api/v4/items", sent.EscapedPath())
		require.Empty(t, sent.Fragment)
		require.Equal(t, next, sent.RawQuery)
	})
}

// FuzzBaseURL asserts that a base URL's normal form is that of itself, and the
// same origin as what was given.
func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{
		"HTTPS://GitLab.Example.com:443/a//", "http://[FE80::1%25en0]:80/", "https://h:/%2f", "https://h/%zz", "http://h:8080/a%20b", "https://ü/ü", "https://h\\x", "http://[::%25\x89]", "http://\u212aube",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		base, err := normalBaseURL(raw)
		if err != nil {
			if len(raw) > 12 {
				require.NotContains(t, err.Error(), raw)
			}
			return
		}
		again, err := normalBaseURL(base.String())
		require.NoError(t, err, base.String())
		require.Equal(t, base.String(), again.String())
		given, err := url.Parse(raw)
		require.NoError(t, err)
		c := &core{url: base}
		require.True(t, c.sameOrigin(given))
		require.True(t, c.sameOrigin(base))
		require.Nil(t, base.User)
		require.Empty(t, base.RawQuery+base.Fragment)
	})
}
