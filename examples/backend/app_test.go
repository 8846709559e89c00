package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestConnectLeadsThroughGitLabToTheProjects(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.browser()
	assert.Contains(t, b.get("/").body, `href="/login"`)

	asked := b.get("/login")
	require.True(t, strings.HasPrefix(asked.at.String(), s.demo.url+"/oauth/authorize?"), asked.at)
	assert.Equal(t, "S256", asked.at.Query().Get("code_challenge_method"))
	shown := b.signIn(asked, "ada", "approve")

	assert.Equal(t, s.url+"/", shown.at.String())
	assert.Equal(t, http.StatusOK, shown.status)
	for _, text := range []string{"Your projects", "acme/website", "acme/api", "acme/docs", `<span class="who">ada</span>`} {
		assert.Contains(t, shown.body, text)
	}
	assert.Contains(t, b.get("/?search=docs").body, "acme/docs")
	assert.NotContains(t, b.get("/?search=docs").body, "acme/api")
}

func TestDeniedSignInLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.browser()

	shown := b.signIn(b.get("/login"), "ada", "deny")

	assert.Equal(t, http.StatusForbidden, shown.status)
	assert.Contains(t, shown.body, "Access was not granted")
	assert.Contains(t, b.get("/").body, `href="/login"`)
}

func TestConnectedProjectHasAHookWithASecret(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")

	shown := b.post("/projects/"+website+"/connect", nil)

	assert.Equal(t, s.url+"/projects/"+website, shown.at.String())
	assert.Contains(t, shown.body, "disconnect-project")
	hooks := s.demo.gitlab.Hooks("acme/website")
	require.Len(t, hooks, 1)
	id, ours := strings.CutPrefix(hooks[0].URL, s.url+"/webhooks/")
	require.True(t, ours, hooks[0].URL)
	kept, known, err := s.app.db.connectionByID(t.Context(), id)
	require.NoError(t, err)
	require.True(t, known)
	assert.Equal(t, hooks[0].Token, kept.secret)
	assert.GreaterOrEqual(t, len(kept.secret), 26, "of rand.Text")
	assert.NotEqual(t, kept.id, kept.secret)
	assert.NotContains(t, shown.body, kept.secret)
	assert.Contains(t, b.get("/").body, "connected")

	b.post("/projects/"+website+"/connect", nil)
	assert.Len(t, s.demo.gitlab.Hooks("acme/website"), 1, "a second click makes no second hook")

	shown = b.post("/projects/"+website+"/disconnect", nil)
	assert.Contains(t, shown.body, "connect-project")
	assert.Empty(t, s.demo.gitlab.Hooks("acme/website"))
}

func TestHookWhoseAnswerWasLostIsFound(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	s.demo.gitlab.Fault(gitlabtest.Fault{Method: http.MethodPost, On: "/api/v4/projects/*/hooks", Do: gitlabtest.LoseAnswer()})

	assert.GreaterOrEqual(t, b.post("/projects/"+website+"/connect", nil).status, 500)
	require.Len(t, s.demo.gitlab.Hooks("acme/website"), 1)
	assert.Contains(t, b.get("/projects/"+website).body, "Try again")
	assert.Contains(t, b.post("/projects/"+website+"/connect", nil).body, "disconnect-project")
	assert.Len(t, s.demo.gitlab.Hooks("acme/website"), 1)
}

func TestProjectThatGitLabRefusesIsNotConnected(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	s.demo.gitlab.Fault(gitlabtest.Fault{
		Method: http.MethodPost, On: "/api/v4/projects/*/hooks",
		Do: gitlabtest.Status(http.StatusForbidden, "application/json", `{"message":"403 Forbidden"}`),
	})

	shown := b.post("/projects/"+website+"/connect", nil)

	assert.Equal(t, http.StatusForbidden, shown.status)
	assert.Contains(t, shown.body, "maintainer")
	assert.Contains(t, b.get("/projects/"+website).body, "Have GitLab tell this page")
}

func TestCommentAppearsOnTheIssueAndComesBackAsAWebhook(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	b.post("/projects/"+website+"/connect", nil)
	assert.Contains(t, b.get("/projects/"+website).body, "#1 ")
	next := b.live()

	shown := b.post("/projects/"+website+"/issues/1/comments", url.Values{"body": {"It is <i>intended</i>"}})

	assert.Equal(t, "/projects/"+website+"/issues/1", shown.at.Path)
	assert.Contains(t, shown.body, "It is <i>intended</i>")
	assert.Len(t, s.demo.gitlab.CallsTo(http.MethodPost, "/api/v4/projects/*/issues/1/notes"), 1)
	assert.Contains(t, next(), "ada commented on #1: It is &lt;i&gt;intended&lt;/i&gt;")
	assert.Contains(t, b.get("/").body, "ada commented on #1")
}

func TestExpiredTokenIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	b.get("/projects/" + website)
	s.demo.eachToken(s.demo.gitlab.Expire)

	shown := b.post("/projects/"+website+"/issues/1/comments", url.Values{"body": {"Once."}})

	assert.Equal(t, http.StatusOK, shown.status)
	assert.Equal(t, 1, strings.Count(shown.body, "Once."))
	assert.Equal(t, 1, s.demo.gitlab.Audit().Rotations)
}

func TestWithdrawnRightsAskToConnectAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	b.get("/projects/" + website)
	s.demo.eachToken(s.demo.gitlab.Revoke)

	shown := b.get("/projects/" + website)

	assert.Equal(t, http.StatusForbidden, shown.status)
	assert.Contains(t, shown.body, "Connect GitLab again")
	link := "/login?return_to=" + url.QueryEscape("/projects/"+website)
	require.Contains(t, shown.body, link)
	assert.Contains(t, b.post("/projects/"+website+"/connect", nil).body, link, "a form leads back to its page")
	shown = b.signIn(b.get(link), "ada", "approve")
	assert.Equal(t, s.url+"/projects/"+website, shown.at.String())
	assert.Equal(t, http.StatusOK, shown.status)
	assert.Contains(t, shown.body, "Open issues")
}

func TestGitLabThatIsAwayIsSomethingToWaitFor(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as("ada")
	s.demo.eachToken(s.demo.gitlab.Expire)
	s.demo.gitlab.Fault(gitlabtest.Fault{Method: http.MethodPost, On: "/oauth/token", Times: -1, Do: gitlabtest.HTMLPage()})

	shown := b.get("/")

	assert.Equal(t, http.StatusServiceUnavailable, shown.status)
	assert.Contains(t, shown.body, "Try again in a moment")
	assert.NotEmpty(t, shown.header.Get("Retry-After"))
	s.demo.gitlab.ClearFaults()
	require.Eventually(t, func() bool { return b.get("/").status == http.StatusOK }, 20*waitStep, waitStep, "nobody was signed out")
}

func TestConnectionThatIsCutIsSomethingToWaitFor(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	s.demo.gitlab.Fault(gitlabtest.Fault{Method: http.MethodPost, On: "/api/v4/projects/*/hooks", Do: gitlabtest.CutBefore()})

	shown := b.post("/projects/"+website+"/connect", nil)

	assert.Equal(t, http.StatusServiceUnavailable, shown.status)
	assert.Contains(t, shown.body, `href="/projects/`+website+`"`, "the button leads to the page of the form")
}

func TestRejectedApplicationIsNobodysFault(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as("ada")
	s.demo.eachToken(s.demo.gitlab.Expire)
	s.demo.gitlab.Fault(gitlabtest.Fault{
		Method: http.MethodPost, On: "/oauth/token",
		Do: gitlabtest.Status(http.StatusUnauthorized, "application/json", `{"error":"invalid_client"}`),
	})

	shown := b.get("/")

	assert.Equal(t, http.StatusBadGateway, shown.status)
	assert.Contains(t, shown.body, "It is not your fault")
}

func TestDisconnectDeletesHooksRevokesAndForgets(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	b.post("/projects/"+website+"/connect", nil)
	u := s.userOf(b)
	id, err := s.app.gitlab.As(u.Key).Identity(t.Context())
	require.NoError(t, err)

	shown := b.post("/disconnect", nil)

	assert.Contains(t, shown.body, "<h1>Disconnected</h1>")
	assert.Empty(t, s.demo.gitlab.Hooks("acme/website"))
	assert.True(t, s.demo.gitlab.State(id.Data.AccessToken).Revoked)
	assert.Zero(t, s.demo.gitlab.State(id.Data.AccessToken).Live)
	_, err = s.app.db.identities.LoadIdentity(t.Context(), u.Key)
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	assert.Contains(t, b.get("/").body, `href="/login"`)
	connections, err := s.app.db.connectionsOf(t.Context(), u.Key)
	require.NoError(t, err)
	assert.Empty(t, connections)
}

func TestDisconnectWorksWithAGrantThatIsGone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	b.post("/projects/"+website+"/connect", nil)
	u := s.userOf(b)
	s.demo.eachToken(s.demo.gitlab.Revoke)

	shown := b.post("/disconnect", nil)

	assert.Contains(t, shown.body, "<h1>Disconnected</h1>")
	_, err := s.app.db.identities.LoadIdentity(t.Context(), u.Key)
	assert.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

// userOf is who the service thinks b is.
func (s *scene) userOf(b *browser) user {
	s.t.Helper()
	at, err := url.Parse(s.url)
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url, http.NoBody)
	require.NoError(s.t, err)
	for _, c := range b.client.Jar.Cookies(at) {
		req.AddCookie(c)
	}
	u, ok := s.app.sessions.user(req)
	require.True(s.t, ok)
	return u
}

func TestNobodyIsShownNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	stranger := newScene(t).as("ada") // a cookie that another key has made
	stranger.scene = s
	website := s.project("acme/website")
	for _, b := range []*browser{s.browser(), stranger} {
		for _, path := range []string{"/", "/projects/" + website, "/projects/" + website + "/issues/1", "/events"} {
			shown := b.get(path)
			assert.Equal(t, s.url+"/", shown.at.String(), path)
			assert.Contains(t, shown.body, `href="/login"`, path)
		}
		b.post("/projects/"+website+"/connect", nil)
		assert.Empty(t, s.demo.gitlab.Hooks("acme/website"))
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, website := s.as("ada"), s.project("acme/website")
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example"} {
		req := b.request("/projects/"+website+"/connect", nil)
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
		assert.Equal(t, http.StatusForbidden, b.do(req).status, header)
	}
	assert.Empty(t, s.demo.gitlab.Hooks("acme/website"))
}

func TestPagesAreHardened(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as("ada")
	for _, path := range []string{"/", "/nowhere", "/static/style.css"} {
		h := b.get(path).header
		assert.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		assert.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.Empty(t, h.Get("Strict-Transport-Security"), "it is http")
	}
	assert.Equal(t, "no-store", b.get("/").header.Get("Cache-Control"))
	assert.Equal(t, http.StatusNotFound, b.get("/static/layout.html").status)
	assert.Equal(t, http.StatusBadRequest, b.get("/static/..%2flayout.html").status)
}

func TestHTTPSMakesCookiesSecure(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	secure, err := newSessions(t.Context(), s.app.db, true)
	require.NoError(t, err)

	c := secure.cookie("v", 1)

	assert.Equal(t, "__Host-session", c.Name)
	assert.True(t, c.Secure)
	assert.True(t, c.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
}

func TestRestartKeepsSessionsAndConnections(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as("ada")
	again, err := newApp(t.Context(), options{
		publicURL: s.url, gitlabURL: s.demo.url, clientID: "it",
	}, s.app.db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.shutdown(context.WithoutCancel(t.Context()))) })
	s.app = again

	assert.Equal(t, "ada", s.userOf(b).Name)
}
