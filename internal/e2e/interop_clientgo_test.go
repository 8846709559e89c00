package e2e

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// clientGo is GitLab's own client on the replica's HTTP client, without a token
// of its own.
func clientGo(t *testing.T, s system, r *replica, options ...clientgo.ClientOptionFunc) *clientgo.Client {
	t.Helper()
	options = append([]clientgo.ClientOptionFunc{clientgo.WithBaseURL(s.root()), clientgo.WithHTTPClient(r.HTTPClient())}, options...)
	client, err := clientgo.NewAuthSourceClient(clientgo.Unauthenticated{}, options...)
	require.NoError(t, err)
	return client
}

// authorizeFor gives the replica the scene's grant with an access token that
// ends after left.
func (r *replica) authorizeFor(s *scene, left time.Duration) {
	s.t.Helper()
	_, err := r.Client.Authorize(s.t.Context(), key, gitlab.OAuthData{
		AccessToken: s.grant.access, RefreshToken: s.grant.refresh, TokenType: "Bearer", Scope: "api read_api",
		CreatedAt: time.Now().Add(left - 2*time.Hour), ExpiresAt: time.Now().Add(left),
	})
	require.NoError(s.t, err)
}

func onlyAfterA401(cfg *gitlab.Config) { cfg.RefreshBefore = -1 }

// interopProjects is how many projects there are to list: those that the
// Doorkeeper's API always has.
const interopProjects = 45

func addInteropProjects(s system) {
	for n := range interopProjects {
		s.addProject("root/p" + strings.Repeat("x", n+1))
	}
}

// listing goes over all projects with client-go, 20 a page, and calls trouble on
// the way: after the second page has come.
func listing(t *testing.T, client *clientgo.Client, trouble func()) {
	t.Helper()
	options := &clientgo.ListProjectsOptions{ListOptions: clientgo.ListOptions{PerPage: 20}}
	seen := map[int64]bool{}
	for project, err := range clientgo.Scan2(func(p clientgo.PaginationOptionFunc) ([]*clientgo.Project, *clientgo.Response, error) {
		return client.Projects.ListProjects(options, p, clientgo.WithContext(t.Context()))
	}) {
		require.NoError(t, err)
		if len(seen) == 21 {
			trouble()
		}
		seen[project.ID] = true
	}
	assert.Len(t, seen, interopProjects, "every project, once")
}

const list = "GET /api/v4/projects "

func TestClientGoListsOnWhenItsTokenExpires(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		addInteropProjects(s)
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			r := signedIn(scene, open(t))

			listing(t, clientGo(t, s, r), func() { s.expire(scene.grant.access) })

			assert.Equal(t, []string{list + "200", list + "200", list + "401", "POST /oauth/token 200", list + "200"}, r.wire.log())
			newer := r.stored(t)
			old, fresh := "Bearer "+scene.grant.access, "Bearer "+newer.access
			assert.Equal(t, []string{old, old, old, fresh}, r.wire.authorizations())
			assert.True(t, s.isRevoked(scene.grant.refresh), "the old pair is spent")
			assert.False(t, s.isRevoked(newer.refresh), "the stored pair is good")
		})
	})
}

// Another replica finds the token due, and its refresh revokes it under the
// listing.
func TestClientGoListsOnWhenAnotherReplicaRefreshes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		addInteropProjects(s)
		onEachStore(t, func(t *testing.T, open opener) {
			scene := newScene(t, s, true)
			r := newReplica(scene, open(t), onlyAfterA401)
			r.authorizeFor(scene, time.Minute)
			other := newReplica(scene, open(t), nil)

			listing(t, clientGo(t, s, r), func() {
				_, err := other.whoami(t.Context())
				require.NoError(t, err)
				require.Eventually(t, func() bool { return r.stored(t) != scene.grant }, 10*time.Second, 5*time.Millisecond)
			})

			assert.Equal(t, []string{list + "200", list + "200", list + "401", list + "200"}, r.wire.log())
			assert.Equal(t, 1, other.wire.refreshes(), "the only POST among the two")
			newer := r.stored(t)
			assert.Equal(t, "Bearer "+newer.access, r.wire.authorizations()[3])
			assert.False(t, s.isRevoked(newer.refresh), "the stored pair is good")
		})
	})
}

func TestClientGoPostsTheSameBodyAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		s.addProject("team/app")
		scene := newScene(t, s, true)
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.expire(scene.grant.access)
		var bodies []string
		r.wire.sending = func(req *http.Request) {
			if req.URL.Path == "/oauth/token" {
				return
			}
			body, _ := io.ReadAll(req.Body) // what it lacks, the comparison shows
			bodies = append(bodies, string(body))
			req.Body = io.NopCloser(bytes.NewReader(body))
		}
		title, text := "Fire in the hall", strings.Repeat("It burns <again> & \"again\". ", 5000)

		issue, _, err := clientGo(t, s, r).Issues.CreateIssue("team/app",
			&clientgo.CreateIssueOptions{Title: &title, Description: &text}, clientgo.WithContext(t.Context()))

		require.NoError(t, err)
		assert.Equal(t, title, issue.Title)
		const issues = "POST /api/v4/projects/team%2Fapp/issues "
		assert.Equal(t, []string{issues + "401", "POST /oauth/token 200", issues + "201"}, r.wire.log())
		require.Len(t, bodies, 2)
		assert.Contains(t, bodies[0], title)
		assert.Equal(t, bodies[0], bodies[1])
		assert.Equal(t, text, issue.Description, "the server has it whole")
	})
}

func TestGrantThatIsGoneIsA401ToClientGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		r := signedIn(scene, gitlab.NewMemoryStore())
		s.revoke(scene.grant.access)
		client := clientGo(t, s, r)

		_, resp, err := client.Projects.ListProjects(nil, clientgo.WithContext(t.Context()))

		var refused *clientgo.ErrorResponse
		require.ErrorAs(t, err, &refused)
		assert.True(t, refused.HasStatusCode(http.StatusUnauthorized))
		assert.Contains(t, refused.Message, revokedText)
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.NotErrorIs(t, err, gitlab.ErrReauthorize, "client-go knows nothing of it")
		asked := []string{list + "401", "POST /oauth/token 400", "POST /oauth/token 400"} // once more, for a second opinion
		assert.Equal(t, asked, r.wire.log())

		_, err = r.whoami(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.Equal(t, append(asked, "GET /api/v4/user 401"), r.wire.log(), "nothing more is asked for a dead grant")
		assert.Equal(t, scene.grant, r.stored(t), "nobody is signed out behind the application's back")
	})
}

// Without a call there is no answer that could be handed to client-go.
func TestGrantThatIsGoneAndExpiredIsOurErrorToClientGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		r := newReplica(scene, gitlab.NewMemoryStore(), nil)
		r.authorizeFor(scene, -time.Minute)
		s.revoke(scene.grant.refresh)

		_, _, err := clientGo(t, s, r).Projects.ListProjects(nil, clientgo.WithContext(t.Context()))

		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.NotContains(t, err.Error(), scene.grant.refresh)
		assert.Equal(t, []string{"POST /oauth/token 400", "POST /oauth/token 400"}, r.wire.log(), "client-go does not try that again")
	})
}

func TestRetriesAreLeftToClientGo(t *testing.T) {
	t.Parallel()
	const create = "POST /api/v4/projects/team%2Fapp/issues "
	soon := clientgo.WithCustomBackoff(func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return time.Millisecond })
	for name, row := range map[string]struct {
		do      gitlabtest.Effect
		options []clientgo.ClientOptionFunc
		status  string
		sent    int
	}{
		"429, no retries":  {gitlabtest.TooMany(time.Second), []clientgo.ClientOptionFunc{clientgo.WithoutRetries()}, "429", 1},
		"503, no retries":  {gitlabtest.Status(http.StatusServiceUnavailable, "text/plain", "down"), []clientgo.ClientOptionFunc{clientgo.WithoutRetries()}, "503", 1},
		"429, two retries": {gitlabtest.TooMany(time.Second), []clientgo.ClientOptionFunc{clientgo.WithCustomRetryMax(2), soon}, "429", 3},
		"503, two retries": {gitlabtest.Status(http.StatusServiceUnavailable, "text/plain", "down"), []clientgo.ClientOptionFunc{clientgo.WithCustomRetryMax(2), soon}, "503", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := gitlabtest.New(t)
			server.AddProject("team/app")
			server.Fault(gitlabtest.Fault{On: "/api/v4/*", Times: -1, Do: row.do})
			s := double{server}
			r := signedIn(newScene(t, s, true), gitlab.NewMemoryStore())
			client, title := clientGo(t, s, r, row.options...), "Fire"

			var want []string
			_, _, err := client.Projects.ListProjects(nil, clientgo.WithContext(t.Context()))
			require.ErrorContains(t, err, row.status)
			for range row.sent {
				want = append(want, list+row.status)
			}
			assert.Equal(t, want, r.wire.log())

			_, _, err = client.Issues.CreateIssue("team/app", &clientgo.CreateIssueOptions{Title: &title}, clientgo.WithContext(t.Context()))
			require.ErrorContains(t, err, row.status)
			for range row.sent {
				want = append(want, create+row.status)
			}
			assert.Equal(t, want, r.wire.log())
		})
	}
}
