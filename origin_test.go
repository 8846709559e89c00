package gitlab_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 13: the token stays home. These tests use real connections.

// site is an HTTP server that keeps everything that arrives at it.
type site struct {
	*httptest.Server

	mu   sync.Mutex // guards seen
	seen []call
}

// newSite starts a server that answers with serve.
func newSite(t *testing.T, serve http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(s.recorded(serve))
	t.Cleanup(s.Close)
	return s
}

func (s *site) recorded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		s.mu.Lock()
		s.seen = append(s.seen, call{
			Method: req.Method, URL: req.URL.String(), Authorization: req.Header.Get("Authorization"), Header: req.Header, Body: string(body),
		})
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		serve(w, req)
	}
}

func (s *site) arrived() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.seen...)
}

// assertNoSecretsAt asserts that calls arrived, and nothing secret with them.
func (s *site) assertNoSecretsAt(t *testing.T, calls int) {
	t.Helper()
	arrived := s.arrived()
	assert.Len(t, arrived, calls)
	for _, c := range arrived {
		for _, name := range []string{"Authorization", "Private-Token", "Job-Token", "Deploy-Token"} {
			assert.NotContains(t, c.Header, name)
		}
		everything := fmt.Sprint(c.URL, c.Body, c.Header)
		for _, secret := range []string{"access-", "refresh-", "client-secret", "glpat-"} {
			assert.NotContains(t, everything, secret)
		}
	}
}

// home is a client of an instance that serve answers for, signed in with the
// pair access-1, refresh-1.
func home(t *testing.T, serve http.HandlerFunc) (*site, *gitlab.Client) {
	t.Helper()
	s := newSite(t, serve)
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  s.URL + "/gitlab",
		Provider: gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"},
		Store:    gitlab.NewMemoryStore(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Shutdown(t.Context())) })
	c, err := client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"})
	require.NoError(t, err)
	return s, c
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, userJSON) }

// localhost is the same port of the same machine under another name.
func localhost(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

func TestTokenDoesNotFollowARedirectToAnotherHost(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		foreign := newSite(t, ok)
		instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, foreign.URL+"/object?signature=s", status)
		})
		for _, c := range []*gitlab.Client{c, c.WithToken("glpat-1"), c.WithToken("glpat-2").As("ada")} {
			user, err := c.Users.Current(t.Context(), gitlab.WithHeader("Private-Token", "glpat-3"))
			require.NoError(t, err)
			assert.Equal(t, "ada", user.Username, "the redirect is followed")
		}
		req := request(t, http.MethodGet, instance.URL+"/gitlab/raw", "")
		req.Header["PRIVATE-TOKEN"] = []string{"glpat-4"} // as no Header.Set would spell it
		req.Header["job-token"] = []string{"glpat-5"}
		req.Header["authorization"] = []string{"Bearer glpat-6"}
		resp, err := c.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		err = get(t, c.HTTPClient(), instance.URL+"/gitlab/raw")
		require.NoError(t, err)

		foreign.assertNoSecretsAt(t, 5)
		for _, c := range foreign.arrived() {
			assert.Empty(t, c.Header.Get("Referer"), "nor the URL that led there")
		}
		arrived := instance.arrived()
		require.Len(t, arrived, 5)
		assert.Equal(t, "Bearer access-1", arrived[0].Authorization)
		assert.Equal(t, "Bearer glpat-1", arrived[1].Authorization)
		for _, c := range arrived {
			assert.Len(t, c.Header.Values("Authorization"), 1)
			assert.Empty(t, c.Header.Get("Private-Token"))
			assert.Empty(t, c.Header.Get("Job-Token"))
		}
	}
}

func TestTokenOfAnotherHostsRedirectBackIsAttachedAnew(t *testing.T) {
	t.Parallel()
	var instance *site
	foreign := newSite(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, instance.URL+"/gitlab/back", http.StatusFound)
	})
	instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/gitlab/back" {
			ok(w, req)
			return
		}
		http.Redirect(w, req, foreign.URL, http.StatusFound)
	})
	_, err := c.Users.Current(t.Context())
	require.NoError(t, err)
	foreign.assertNoSecretsAt(t, 1)
	require.Len(t, instance.arrived(), 2)
	assert.Equal(t, "Bearer access-1", instance.arrived()[1].Authorization)
}

func TestEveryHopDecidesAnew(t *testing.T) {
	t.Parallel()
	instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
		token := req.Header.Get("Authorization")
		switch req.URL.Path {
		case "/gitlab/oauth/token":
			_, _ = io.WriteString(w, pairJSON)
		case "/gitlab/api/v4/user":
			http.Redirect(w, req, "/gitlab/api/v4/users/7", http.StatusMovedPermanently)
		default:
			if token != "Bearer access-2" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			ok(w, req)
		}
	})
	_, err := c.Users.Current(t.Context())
	require.NoError(t, err)
	var story []string
	for _, c := range instance.arrived() {
		story = append(story, c.Method+" "+c.URL+" "+c.Authorization)
	}
	assert.Equal(t, []string{
		"GET /gitlab/api/v4/user Bearer access-1",
		"GET /gitlab/api/v4/users/7 Bearer access-1",
		"POST /gitlab/oauth/token ",
		"GET /gitlab/api/v4/users/7 Bearer access-2",
	}, story)
}

func TestOtherOriginsGetNoToken(t *testing.T) {
	t.Parallel()
	foreign := newSite(t, ok) // another port of the same host
	for name, target := range map[string]string{
		"another port":     foreign.URL,
		"another name":     localhost(foreign.URL),
		"caller's own URL": strings.Replace(foreign.URL, "http://", "http://user:glpat-1@", 1),
	} {
		_, c := home(t, ok)
		req := request(t, http.MethodGet, target+"/upload", "")
		req.Header.Set("Authorization", "Bearer access-9")
		req.Header.Set("Private-Token", "glpat-2")
		resp, err := c.HTTPClient().Do(req)
		require.NoError(t, err, name)
		require.NoError(t, resp.Body.Close())
		_, err = c.Do(request(t, http.MethodGet, target, "")) //nolint:bodyclose // nil
		require.ErrorContains(t, err, "tokens go nowhere else", name)
	}
	foreign.assertNoSecretsAt(t, 3)

	instance, c := home(t, ok)
	err := get(t, c.HTTPClient(), localhost(instance.URL)+"/gitlab/api/v4/user")
	require.NoError(t, err)
	instance.assertNoSecretsAt(t, 1) // the same server under another name is another host
}

func TestOpaqueURLGetsNoToken(t *testing.T) {
	t.Parallel()
	instance, c := home(t, ok)
	req := request(t, http.MethodGet, instance.URL+"/gitlab/api/v4/user", "")
	req.URL.Opaque = "//elsewhere.example.com/"

	_, err := c.Do(req) //nolint:bodyclose // nil

	require.ErrorContains(t, err, "tokens go nowhere else")
	assert.Empty(t, instance.arrived())
}

func TestSameOriginIsSchemeHostAndPort(t *testing.T) {
	t.Parallel()
	for base, targets := range map[string]map[string]bool{
		"https://gitlab.example.com/gitlab": {
			"https://gitlab.example.com/":         true,
			"https://gitlab.example.com:443/":     true,
			"https://GITLAB.Example.com/":         true,
			"https://gitlab.example.com:/":        true,
			"https://u:p@gitlab.example.com/":     true,
			"https://gitlab.example.com:8443/":    false,
			"https://gitlab.example.com:0443/":    false,
			"http://gitlab.example.com/":          false,
			"http://gitlab.example.com:443/":      false,
			"https://sub.gitlab.example.com/":     false,
			"https://example.com/":                false,
			"https://gitlab.example.com.evil.io/": false,
			"https://evil.io/gitlab.example.com/": false,
			"https://gitlab.example.com@evil.io/": false,
			"https://gitlab.example.com./":        false,
		},
		"http://gitlab.example.com:80":      {"http://gitlab.example.com/": true, "https://gitlab.example.com/": false, "https://gitlab.example.com:80/": false},
		"https://gitlab.example.com:8443":   {"https://gitlab.example.com:8443/": true, "https://gitlab.example.com/": false},
		"https://[2001:db8::1]":             {"https://[2001:DB8::1]:443/": true, "https://[2001:db8::2]/": false, "https://[2001:db8::1]:1/": false},
		"http://[fe80::1%25eth0]:8080/path": {"http://[fe80::1%25eth0]:8080/": true, "http://[fe80::1]:8080/": false},
	} {
		for target, same := range targets {
			w := newWorld(t, func(cfg *gitlab.Config) { cfg.BaseURL = base })
			w.mock.RegisterNoResponder(always(http.StatusOK, userJSON))
			c := w.signIn(t, 2*time.Hour)
			err := get(t, c.HTTPClient(), target)
			require.NoError(t, err)
			resp, err := c.Do(request(t, http.MethodGet, target, ""))
			if same {
				require.NoError(t, err, "%s of %s", target, base)
				require.NoError(t, resp.Body.Close())
				assert.Len(t, w.sent(), 2)
			} else {
				require.Error(t, err, "%s of %s", target, base)
				assert.Len(t, w.sent(), 1)
			}
			assert.Equal(t, same, w.sent()[0].Authorization == "Bearer access-1", "%s of %s", target, base)
			if !same {
				assert.Empty(t, w.sent()[0].Authorization)
			}
		}
	}
}

func TestRedirectsThatLeaveTheOriginAreBare(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"http://gitlab.example.com/gitlab/api/v4/user",       // downgrade
		"https://gitlab.example.com:8443/gitlab/api/v4/user", // port
		"https://cdn.gitlab.example.com/object",              // net/http alone would send the token to a subdomain
		"//cdn.gitlab.example.com/object",
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, redirect(http.StatusFound, target))
		w.mock.RegisterNoResponder(always(http.StatusOK, userJSON))
		c := w.signIn(t, 2*time.Hour)
		for range 2 { // the second time, Call has attached the token itself
			_, err := c.Users.Current(t.Context(), gitlab.WithHeader("PRIVATE-TOKEN", "glpat-1"))
			require.NoError(t, err)
		}
		sent := w.sent()
		require.Len(t, sent, 4)
		for _, i := range []int{1, 3} {
			assert.Empty(t, sent[i].Authorization, target)
			assert.Empty(t, sent[i].Header.Get("Private-Token"), target)
			assert.Equal(t, "Bearer access-1", sent[i-1].Authorization)
		}
	}
}

func TestOtherMethodsDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	foreign := newSite(t, ok)
	instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, foreign.URL+"/?signature=hush", http.StatusTemporaryRedirect)
	})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead} {
		err := c.Call(t.Context(), method, gitlab.PathTo("/projects/{project}", 4), nil, nil)
		var refused *gitlab.APIError
		require.ErrorAs(t, err, &refused, method)
		assert.Equal(t, http.StatusTemporaryRedirect, refused.StatusCode)
		assert.Equal(t, "gitlab: "+method+" /gitlab/api/v4/projects/4: status 307: redirected; only GET requests follow redirects", err.Error())
	}
	assert.Len(t, instance.arrived(), 5)
	assert.Empty(t, foreign.arrived())
}

func TestTokenEndpointsRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		foreign := newSite(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, pairJSON) })
		instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/oauth/token") {
				w.Header().Set("Retry-After", "60") // once is enough for this test
				http.Redirect(w, req, foreign.URL+"/oauth/token?hush", status)
				return
			}
			w.WriteHeader(http.StatusUnauthorized)
		})
		_, err := c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		assert.Contains(t, err.Error(), "the token endpoint redirects to "+foreign.URL+";")
		assert.NotContains(t, err.Error(), "hush")
		assert.Empty(t, foreign.arrived(), "neither token nor secret")
		assert.Len(t, instance.arrived(), 2, "GET, POST")
	}
}

func TestPageLinksOfAnotherHostAreFollowedAtHome(t *testing.T) {
	t.Parallel()
	foreign := newSite(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `[{"id":666}]`) })
	instance, c := home(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("page") == "2" {
			_, _ = io.WriteString(w, `[{"id":2}]`)
			return
		}
		w.Header().Set("Link", `<`+foreign.URL+`/elsewhere?page=2&per_page=1>; rel="next", <`+foreign.URL+`/first>; rel="first"`)
		_, _ = io.WriteString(w, `[{"id":1}]`)
	})
	var ids []int64
	for p, err := range c.Groups.Projects(t.Context(), "group", gitlab.ListGroupProjects{}) {
		require.NoError(t, err)
		ids = append(ids, p.ID)
	}
	assert.Equal(t, []int64{1, 2}, ids)
	assert.Empty(t, foreign.arrived())
	require.Len(t, instance.arrived(), 2)
	assert.Equal(t, "/gitlab/api/v4/groups/group/projects?page=2&per_page=1", instance.arrived()[1].URL)
	assert.Equal(t, "Bearer access-1", instance.arrived()[1].Authorization)
}

func TestCredentialsOfTheCallerAreReplaced(t *testing.T) {
	t.Parallel()
	instance, c := home(t, ok)
	for i, client := range []*gitlab.Client{c, c.WithToken("glpat-1")} {
		req := request(t, http.MethodGet, strings.Replace(instance.URL, "http://", "http://user:secret@", 1)+"/gitlab/api/v4/user", "")
		for _, name := range []string{"Authorization", "Private-Token", "Job-Token", "Deploy-Token"} {
			req.Header.Set(name, "Bearer foreign")
		}
		req.Header["PRIVATE-TOKEN"] = []string{"foreign"}
		req.Header["authorization"] = []string{"Bearer foreign"}
		before := req.Header.Clone()
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, before, req.Header, "the caller's request is its own")
		got := instance.arrived()[i]
		assert.Equal(t, []string{[]string{"Bearer access-1", "Bearer glpat-1"}[i]}, got.Header.Values("Authorization"))
		for _, values := range got.Header {
			assert.NotContains(t, strings.Join(values, " "), "foreign")
		}
	}
}
