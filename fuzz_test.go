package gitlab_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// FuzzTokenAnswer asserts that no payload panics, that what is accepted has an
// access token and survives storage, and that errors do not repeat the payload.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		pairJSON, grantJSON, `{"access_token":"a","expires_in":"7200.0","x":{"y":[1,"\u2028"]}}`, `{"access_token":"a","refresh_token":"r","sco`,
		`{"access_token":"a","expiry":"2001-01-01T00:00:00Z","created_at":"1960-01-01T00:00:00Z"}`, "\ufeff{}", `<html>`, `{"access_token":"\ud800"}`,
		`{"access_token":"a","created_at":1e17,"expires_at":-1,"":null,"a":1,"a":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d, err := gitlab.ParseOAuthData(payload)
		if err != nil {
			require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
			require.Zero(t, d)
			if len(payload) > 12 {
				assert.NotContains(t, err.Error(), string(payload[:12]))
			}
			return
		}
		require.NotEmpty(t, d.AccessToken)
		assertStored(t, d)
	})
}

// assertStored asserts that d's stored form is read back as d.
func assertStored(t *testing.T, d gitlab.OAuthData) {
	t.Helper()
	stored, err := json.Marshal(d)
	require.NoError(t, err)
	var again gitlab.OAuthData
	require.NoError(t, json.Unmarshal(stored, &again), "%s", stored)
	same := d == again
	require.True(t, same, "%s", stored)
	storedAgain, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(stored), string(storedAgain))
}

// FuzzStoredData asserts that whatever is read from storage is written back as
// the same, and that errors do not repeat it.
func FuzzStoredData(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer","scope":"api","created_at":1536798907,"expires_at":1536806107,"x":[1, {"b":2,"a":1.0}]}`,
		`{"access_token":"a","expiry":"0001-01-01T00:00:00Z","expires_in":7200}`, `{"access_token":"<\u003e&\u2029","a\u003cb":"<"}`, `null`, `{}`,
		`{"expires_at":"9999-12-31T23:59:59-12:00"}`, "{\"a\":\"\xff\"}", `{"a":1,"\u0061":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		var d gitlab.OAuthData
		if err := d.UnmarshalJSON(stored); err != nil {
			require.Zero(t, d)
			if len(stored) > 12 {
				assert.NotContains(t, err.Error(), string(stored[:12]))
			}
			return
		}
		assertStored(t, d)
	})
}

// FuzzPathElements asserts that every element is one segment, which unescapes
// to the element, and that net/http sends it so.
func FuzzPathElements(f *testing.F) {
	for _, seed := range []string{"group/app", "..", ".", "", "a+b", "%2F", "\xff", "a?b#c", "{x}", "日本", "//", "a;b"} {
		f.Add(seed, "x")
		f.Add("7", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		p := gitlab.PathTo("/projects/{project}/files/{file}", first, second).String()
		if p == "" {
			refused := func(s string) bool { return s == "" || s == "." || s == ".." }
			require.True(t, refused(first) || refused(second))
			return
		}
		segments := strings.Split(p, "/")
		require.Len(t, segments, 5)
		for i, element := range map[int]string{2: first, 4: second} {
			unescaped, err := url.PathUnescape(segments[i])
			require.NoError(t, err)
			require.Equal(t, element, unescaped)
			require.NotContains(t, segments[i], "+")
		}
		sent, err := url.Parse(baseURL + p)
		require.NoError(t, err)
		require.Equal(t, "/gitlab"+p, sent.EscapedPath())
		require.Empty(t, sent.RawQuery+sent.Fragment)
	})
}

// FuzzPathTemplate asserts that any template is an error of the call, or sent as
// it is.
func FuzzPathTemplate(f *testing.F) {
	for _, seed := range []string{"/projects/{p}", "/a b/{p}", "/ü{p}", "/%zz{p}", "/%2e%2e/{p}", "//{p}", "/{p", "/}{p}", "/{p}:x@y", "/a\n{p}", "/[{p}]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		p := gitlab.PathTo(template, "group/app").String()
		if p == "" {
			return
		}
		sent, err := url.Parse(baseURL + p)
		require.NoError(t, err)
		require.Equal(t, "gitlab.example.com", sent.Host)
		require.Equal(t, "/gitlab"+p, sent.EscapedPath())
		require.Contains(t, sent.EscapedPath(), "group%2Fapp")
	})
}
