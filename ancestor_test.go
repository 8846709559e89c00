package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// The ten defects of the client that this one descends from. Its three flows are
// at the top of refresh_test.go.

// Defect 1: the retry was sent with the old token.
func TestRetryCarriesTheNewToken(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterResponder(method, userURL, accepts(`{}`, "access-2"))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
			c := w.signIn(t, 0)

			err := c.Call(t.Context(), method, gitlab.PathTo("/user"), map[string]string{"title": "ä"}, nil)

			require.NoError(t, err)
			calls := w.apiCalls()
			requireStory(t, w, method+" access-1", "POST refresh-1", method+" access-2")
			for _, call := range calls {
				assert.JSONEq(t, `{"title":"ä"}`, call.Body)
			}
		})
	}
}

// Defect 2: no client_id and no client_secret in the refresh.
func TestRefreshNamesTheApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.Provider = gitlab.OAuthProvider{ClientID: "the application", ClientSecret: "its secret"}
	})
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))

	_, err := w.signIn(t, 0).Users.Current(t.Context())

	require.NoError(t, err)
	require.Equal(t, 1, w.posts())
	form, err := url.ParseQuery(w.sent()[1].Body)
	require.NoError(t, err)
	assert.Equal(t, []string{"the application"}, form["client_id"])
	assert.Equal(t, []string{"its secret"}, form["client_secret"])
}

// Defect 3: a flag stayed set when the refresh or the retry failed, and the
// client never refreshed again.
func TestFailureDoesNotEndTheRefreshing(t *testing.T) {
	t.Parallel()
	failures := map[string]func(w *world){
		"refresh unavailable":  func(w *world) { w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusBadGateway)) },
		"refresh not answered": func(w *world) { w.mock.RegisterResponder(http.MethodPost, tokenURL, noAnswer) },
		"refresh refused": func(w *world) {
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, `{"error":"invalid_scope"}`))
		},
		"application rejected": func(w *world) {
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, clientJSON))
		},
		"grant refused": func(w *world) {
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		},
		"retry not answered": func(w *world) {
			w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(accepts(userJSON), noAnswer))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		},
		"retry fails": func(w *world) {
			w.mock.RegisterResponder(http.MethodGet, userURL, inTurn(accepts(userJSON), page(http.StatusBadGateway)))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		},
		"retry refused": func(w *world) {
			w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		},
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				c := w.signIn(t, 0)
				fail(w)
				_, err := c.Users.Current(t.Context())
				require.Error(t, err)
				time.Sleep(time.Minute)
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-3"))
				w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pair3JSON))
				_ = story(t, w)

				_, err = c.Users.Current(t.Context())

				require.NoError(t, err)
				requirePosts(t, w, 1)
				assert.Equal(t, "refresh-3", w.stored(t).RefreshToken)
			})
		})
	}
}

// Defect 4: two workers spent the same refresh token, and a stale write replaced
// the rotated pair.
func TestTwoWorkersSpendOnceAndKeepTheRotatedPair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		issuing(w, 50*time.Millisecond, 50*time.Millisecond)
		w.signIn(t, 0)
		other := w.replica(t, w.store)
		clients := []*gitlab.Client{w.client.As("ada"), other.client.As("ada")}
		for _, c := range clients { // both hold the old pair
			_, err := c.Identity(t.Context())
			require.NoError(t, err)
		}

		var workers sync.WaitGroup
		for _, c := range clients {
			workers.Go(func() {
				_, err := c.Users.Current(t.Context())
				assert.NoError(t, err)
			})
		}
		workers.Wait()

		assert.Equal(t, 1, w.posts()+other.posts())
		assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
		for _, c := range clients {
			_, err := c.Users.Current(t.Context())
			require.NoError(t, err)
		}
		assert.Equal(t, 1, w.posts()+other.posts())
	})
}

// Defect 5: errors of a refresh that were not the API's surfaced as HTTP 500.
func TestErrorsOfARefreshAreNotStatus500(t *testing.T) {
	t.Parallel()
	errOfDatabase := errors.New("the database is away")
	tests := map[string]struct {
		refresh func(w *world, store *hookedStore)
		is      error
	}{
		"no answer": {func(w *world, _ *hookedStore) { w.mock.RegisterResponder(http.MethodPost, tokenURL, noAnswer) }, gitlab.ErrRefreshUnavailable},
		"no JSON": {func(w *world, _ *hookedStore) {
			w.mock.RegisterResponder(http.MethodPost, tokenURL, page(http.StatusOK))
		}, gitlab.ErrRefreshUnavailable},
		"no store": {func(_ *world, store *hookedStore) {
			store.load = func(context.Context, string) (gitlab.Identity, error) { return gitlab.Identity{}, errOfDatabase }
		}, errOfDatabase},
		"no lock": {func(_ *world, store *hookedStore) {
			store.lock = func(context.Context, string) (*gitlab.IdentityLock, error) { return nil, errOfDatabase }
		}, errOfDatabase},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				w := newWorld(t, hooked(&store))
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
				c := w.signIn(t, 0)
				test.refresh(w, store)

				_, err := c.Users.Current(t.Context())

				require.ErrorIs(t, err, test.is)
				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				var api *gitlab.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, http.StatusUnauthorized, api.StatusCode, "what the API said")
				assert.Equal(t, "/gitlab/api/v4/user", api.Path)
			})
		})
	}
}

// Defect 6: TLS settings were not applied to the refresh.
func TestRefreshUsesTheConnectionSettingsOfTheAPI(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var paths []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		mu.Lock()
		paths = append(paths, req.URL.Path+" "+req.Header.Get("Authorization"))
		mu.Unlock()
		switch {
		case req.URL.Path == "/oauth/token":
			_, _ = io.WriteString(rw, pairJSON)
		case req.Header.Get("Authorization") == "Bearer access-2":
			_, _ = io.WriteString(rw, userJSON)
		default:
			rw.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{
		BaseURL: server.URL, Store: gitlab.NewMemoryStore(), Provider: gitlab.OAuthProvider{ClientID: "client-id"},
		HTTPClient: server.Client(), // the only one that knows the server's CA
	})
	require.NoError(t, err)
	c, err := client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"})
	require.NoError(t, err)

	_, err = c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, []string{"/api/v4/user Bearer access-1", "/oauth/token ", "/api/v4/user Bearer access-2"}, paths)
}

// Defect 7: some calls went past the door that refreshes.
func TestEveryDoorRefreshes(t *testing.T) {
	t.Parallel()
	drain := func(t *testing.T, c *gitlab.Client) error {
		for _, err := range gitlab.List[gitlab.User](t.Context(), c, gitlab.PathTo("/user")) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	doors := map[string]func(t *testing.T, c *gitlab.Client) error{
		"Call": func(t *testing.T, c *gitlab.Client) error {
			return c.Call(t.Context(), http.MethodGet, gitlab.PathTo("/user"), nil, nil)
		},
		"Get": func(t *testing.T, c *gitlab.Client) error {
			_, err := gitlab.Get[[]gitlab.User](t.Context(), c, gitlab.PathTo("/user"))
			return err
		},
		"List": drain,
		"Do, the body raw": func(t *testing.T, c *gitlab.Client) error {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, userURL, http.NoBody)
			require.NoError(t, err)
			resp, err := c.Do(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		},
		"HTTPClient": func(t *testing.T, c *gitlab.Client) error {
			status, err := statusOf(t, c.HTTPClient())
			if err == nil && status != http.StatusOK {
				err = errors.New(http.StatusText(status))
			}
			return err
		},
		"a client of the same key": func(t *testing.T, c *gitlab.Client) error { return drain(t, c.As("ada")) },
	}
	for name, door := range doors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodGet, userURL, accepts(`[]`, "access-2"))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
			c := w.signIn(t, 0)

			require.NoError(t, door(t, c))

			requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
		})
	}
}

func TestEveryCallRefreshes(t *testing.T) {
	t.Parallel()
	calls := map[string]func(ctx context.Context, c *gitlab.Client) error{
		"Groups.Get": func(ctx context.Context, c *gitlab.Client) error { _, err := c.Groups.Get(ctx, "g"); return err },
		"Groups.Projects": func(ctx context.Context, c *gitlab.Client) error {
			return first(c.Groups.Projects(ctx, "g", gitlab.ListGroupProjects{}))
		},
		"Projects.Get": func(ctx context.Context, c *gitlab.Client) error { _, err := c.Projects.Get(ctx, "g/p"); return err },
		"Issues.List": func(ctx context.Context, c *gitlab.Client) error {
			return first(c.Issues.List(ctx, gitlab.InProject("g/p"), gitlab.ListIssues{}))
		},
		"Issues.Get": func(ctx context.Context, c *gitlab.Client) error { _, err := c.Issues.Get(ctx, "g/p", 1); return err },
		"Issues.Create": func(ctx context.Context, c *gitlab.Client) error {
			_, err := c.Issues.Create(ctx, "g/p", gitlab.CreateIssue{Title: "t"})
			return err
		},
		"Hooks.Create": func(ctx context.Context, c *gitlab.Client) error {
			_, err := c.Hooks.Create(ctx, gitlab.InProject("g/p"), gitlab.CreateHook{URL: "https://app.example.com"})
			return err
		},
		"Hooks.Delete": func(ctx context.Context, c *gitlab.Client) error {
			return c.Hooks.Delete(ctx, gitlab.InProject("g/p"), 1)
		},
		"Commits.List": func(ctx context.Context, c *gitlab.Client) error {
			return first(c.Commits.List(ctx, "g/p", gitlab.ListCommits{}))
		},
		"Commits.Get": func(ctx context.Context, c *gitlab.Client) error {
			_, err := c.Commits.Get(ctx, "g/p", "abc")
			return err
		},
		"Commits.Diff": func(ctx context.Context, c *gitlab.Client) error { return first(c.Commits.Diff(ctx, "g/p", "abc")) },
		"Commits.Compare": func(ctx context.Context, c *gitlab.Client) error {
			_, err := c.Repository.Compare(ctx, "g/p", gitlab.CompareRefs{From: "a", To: "b"})
			return err
		},
		"Users.Current": func(ctx context.Context, c *gitlab.Client) error { _, err := c.Users.Current(ctx); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterNoResponder(accepts("", "access-2"))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
			c := w.signIn(t, 0)

			require.NoError(t, call(t.Context(), c))

			sent := w.sent()
			require.Len(t, sent, 3)
			assert.Equal(t, sent[0].Method+" "+sent[0].URL+sent[0].Body, sent[2].Method+" "+sent[2].URL+sent[2].Body)
			requireStory(t, w, sent[0].Method+" access-1", "POST refresh-1", sent[0].Method+" access-2")
		})
	}
}

// Defect 8: an odd 200 or a redirect of the token endpoint became a KeyError.
// refresh_endpoint_test.go has all the others.
func TestOddAnswersOfTheTokenEndpointAreUnavailable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "true", "7", `"access_token"`, "[]", "{}", "{", `{"access_token":{}}`, `{"access_token":null}`, "\x00\xff", strings.Repeat("[", 100_000)} {
		_, err := gitlab.ParseOAuthData([]byte(body))
		requireUnavailable(t, err)
	}
}

// Defect 9: the default page of 20 hid projects, and today's paging stops
// silently at 1 000.
func TestListsHaveEveryItem(t *testing.T) {
	t.Parallel()
	const items = 2345
	w := newWorld(t, nil)
	asked := 0
	w.mock.RegisterResponder(http.MethodGet, baseURL+"/api/v4/groups/g/projects", func(req *http.Request) (*http.Response, error) {
		if token := "Bearer access-" + strconv.Itoa(1+asked/15); req.Header.Get("Authorization") != token {
			return expired(req), nil // the token runs out on the way
		}
		asked++
		query := req.URL.Query()
		size, page := 20, 1
		if n, err := strconv.Atoi(query.Get("per_page")); err == nil {
			size = min(n, 100)
		}
		if n, err := strconv.Atoi(query.Get("page")); err == nil {
			page = n
		}
		from, to := min((page-1)*size, items), min(page*size, items)
		var body []string
		for id := from + 1; id <= to; id++ {
			body = append(body, fmt.Sprintf(`{"id":%d}`, id))
		}
		resp := answer(req, http.StatusOK, "["+strings.Join(body, ",")+"]")
		resp.Header.Set("X-Next-Page", "")
		if to < items {
			resp.Header.Set("X-Next-Page", strconv.Itoa(page+1))
		}
		return resp, nil
	})
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	c := w.signIn(t, 0)

	var ids []int64
	for project, err := range c.Groups.Projects(t.Context(), "g", gitlab.ListGroupProjects{}) {
		require.NoError(t, err)
		ids = append(ids, project.ID)
	}

	require.Len(t, ids, items)
	for n, id := range ids {
		require.Equal(t, int64(n+1), id)
	}
	assert.Equal(t, 24, asked, "pages of 100")
	assert.Equal(t, 1, w.posts())
	assert.Len(t, w.apiCalls(), 25, "one of them refused")
}

// Defect 10: expires_in was dropped, so every expiry cost a failed call.
func TestExpiryCostsNoFailedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		gitLab := issuing(w, 0, 0)
		var issued time.Time
		refused := 0
		w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
			issued = time.Now()
			return gitLab.token(req)
		})
		w.mock.RegisterResponder(http.MethodGet, userURL, func(req *http.Request) (*http.Response, error) {
			resp, err := gitLab.api(req)
			if time.Since(issued) >= 2*time.Hour || resp.StatusCode != http.StatusOK {
				refused++
				return expired(req), nil
			}
			return resp, err
		})
		c := w.signIn(t, time.Second)
		time.Sleep(time.Second)

		for range 24 { // two days
			_, err := c.Users.Current(t.Context())
			require.NoError(t, err)
			time.Sleep(2 * time.Hour)
		}

		assert.Zero(t, refused)
		assert.Equal(t, 24, w.posts())
		assert.Len(t, w.apiCalls(), 24)
	})
}
