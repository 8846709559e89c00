package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// waitStep is how often is looked whether something has happened.
const waitStep = 500 * time.Millisecond

// deliver calls a hook as GitLab does, and returns the status of the answer.
func (s *scene) deliver(to gitlabtest.Hook, event, key, body string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, to.URL, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Gitlab-Event", event)
	req.Header.Set("X-Gitlab-Token", to.Token)
	req.Header.Set("Idempotency-Key", key)
	return s.browser().do(req).status
}

// hooked is a user who has connected a project, and its hook.
func (s *scene) hooked(username, project string) (*browser, gitlabtest.Hook) {
	s.t.Helper()
	b := s.as(username)
	b.post("/projects/"+s.project(project)+"/connect", nil)
	hooks := s.demo.gitlab.Hooks(project)
	require.NotEmpty(s.t, hooks)
	return b, hooks[len(hooks)-1]
}

const push = `{"object_kind": "push", "ref": "refs/heads/main", "user_name": "Grace <b>", "total_commits_count": 2,
	"project": {"path_with_namespace": "acme/website"}}`

func TestWebhookIsShownLive(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	next := b.live()

	require.Equal(t, http.StatusOK, s.deliver(hook, "Push Hook", "one", push))

	row := next()
	assert.Contains(t, row, "<b>Push</b>")
	assert.Contains(t, row, "acme/website")
	assert.Contains(t, row, "Grace &lt;b&gt; pushed 2 commit(s) to main")
	assert.Contains(t, b.get("/").body, "pushed 2 commit(s)", "and later on every page")
}

func TestEveryKindOfEventHasALine(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	for event, line := range map[string][2]string{
		"Issue Hook":         {`{"object_kind":"issue","user":{"name":"Grace"},"object_attributes":{"iid":7,"title":"T","action":"close"}}`, `Grace: close #7 "T"`},
		"Merge Request Hook": {`{"object_kind":"merge_request","user":{"name":"Grace"},"object_attributes":{"iid":8,"title":"T"}}`, `Grace: change !8 "T"`},
		"Pipeline Hook":      {`{"object_kind":"pipeline","object_attributes":{"id":9,"ref":"main","status":"failed"}}`, "pipeline 9 of main: failed"},
		"Note Hook":          {`{"object_kind":"note","user":{"name":"Grace"},"object_attributes":{"note":"N","noteable_type":"Commit"}}`, "Grace commented on a commit: N"},
	} {
		require.Equal(t, http.StatusOK, s.deliver(hook, event, event, line[0]), event)
		assert.Contains(t, b.get("/").body, line[1], event)
	}
	assert.Equal(t, http.StatusOK, s.deliver(hook, "Emoji Hook", "e", `{}`), "what nobody wants is no error")
}

func TestDeliveryThatComesAgainIsShownOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	for range 3 {
		require.Equal(t, http.StatusOK, s.deliver(hook, "Push Hook", "the same", push))
	}
	assert.Equal(t, 1, strings.Count(b.get("/").body, "pushed 2 commit(s)"))
}

func TestForgedWebhooksAreRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	_, other := s.hooked("bob", "acme/api")
	for name, forged := range map[string]gitlabtest.Hook{
		"guessed secret":      {URL: hook.URL, Token: "guessed"},
		"no secret":           {URL: hook.URL},
		"another one's":       {URL: hook.URL, Token: other.Token},
		"unknown connection":  {URL: s.url + "/webhooks/NOSUCH", Token: hook.Token},
		"unknown, no secret":  {URL: s.url + "/webhooks/NOSUCH"},
		"its public id alone": {URL: hook.URL, Token: hook.URL[strings.LastIndex(hook.URL, "/")+1:]},
	} {
		assert.Equal(t, http.StatusUnauthorized, s.deliver(forged, "Push Hook", name, push), name)
	}
	assert.NotContains(t, b.get("/").body, "pushed")
}

func TestUsersSeeTheirOwnEventsAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ada, adas := s.hooked("ada", "acme/website")
	bob, bobs := s.hooked("bob", "acme/website")
	require.NotEqual(t, adas.URL, bobs.URL, "each has a hook of their own")
	next := bob.live()

	require.Equal(t, http.StatusOK, s.deliver(adas, "Push Hook", "1", push))
	require.Equal(t, http.StatusOK, s.deliver(bobs, "Push Hook", "2", strings.ReplaceAll(push, "Grace", "Bobs")))

	assert.Contains(t, next(), "Bobs")
	assert.NotContains(t, ada.get("/").body, "Bobs")
	assert.NotContains(t, bob.get("/").body, "Grace")
	assert.Equal(t, http.StatusNotFound, bob.post("/projects/"+s.project("acme/api")+"/disconnect", nil).status)
	bob.post("/projects/"+s.project("acme/website")+"/disconnect", nil)
	assert.Equal(t, []gitlabtest.Hook{adas}, s.demo.gitlab.Hooks("acme/website"))
	assert.Equal(t, http.StatusUnauthorized, s.deliver(bobs, "Push Hook", "3", push), "after that the secret is worth nothing")
}

func TestEventThatAnotherReplicaHasReceivedIsShown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	s.app.feed.pause = waitStep / 10
	next := b.live()
	connections, err := s.app.db.connectionsOf(t.Context(), s.userOf(b).Key)
	require.NoError(t, err)
	for _, c := range connections {
		require.NotEmpty(t, hook.URL)
		require.NoError(t, s.app.db.addEvent(t.Context(), c, "elsewhere", event{Kind: "Push", Summary: "from elsewhere"}))
	}
	assert.Contains(t, next(), "from elsewhere")
}

func TestStreamGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b, hook := s.hooked("ada", "acme/website")
	for _, branch := range []string{"first", "second", "third"} {
		require.Equal(t, http.StatusOK, s.deliver(hook, "Push Hook", branch, strings.Replace(push, "heads/main", "heads/"+branch, 1)))
	}
	first, err := s.app.db.eventsAfter(t.Context(), s.userOf(b).Key, 0)
	require.NoError(t, err)
	require.Len(t, first, 3)

	rest, err := s.app.db.eventsAfter(t.Context(), s.userOf(b).Key, first[0].ID)

	require.NoError(t, err)
	require.Len(t, rest, 2)
	assert.Contains(t, rest[0].Summary, "second")
	assert.Contains(t, rest[1].Summary, "third")
}
