package signin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/signin"
)

func TestSignInStoresTheTokensBeforeItAnswers(t *testing.T) {
	t.Parallel()
	var asked, done signin.SignIn
	s := newSite(t, func(s *site, cfg *signin.Config) {
		cfg.Key = func(r *http.Request, in signin.SignIn) (string, error) {
			asked = in
			_, err := s.store.LoadIdentity(r.Context(), "user-42")
			require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
			name, err := whoami(r.Context(), in.Client)
			require.NoError(t, err)
			assert.Equal(t, "ada", name, "the application may call GitLab to decide")
			return "user-42", nil
		}
		cfg.Done = func(w http.ResponseWriter, r *http.Request, in signin.SignIn) {
			done = in
			name, err := whoami(r.Context(), in.Client)
			require.NoError(t, err)
			_, _ = fmt.Fprintf(w, "welcome %s", name)
		}
	})
	b := s.browser(t)
	authorize := b.login("/gitlab/login?return_to=%2Fprojects%3Fpage%3D2")
	at, err := url.Parse(authorize)
	require.NoError(t, err)
	assert.Equal(t, "http://gitlab.test/gitlab/oauth/authorize", strings.TrimSuffix(authorize, "?"+at.RawQuery))
	assert.Equal(t, callbackURL, at.Query().Get("redirect_uri"))
	assert.Equal(t, "S256", at.Query().Get("code_challenge_method"))
	assert.Equal(t, "api", at.Query().Get("scope"))
	assert.Regexp(t, `^[A-Z2-7]{26}$`, at.Query().Get("state"))

	p := b.get(b.approve(s.gitlab, authorize))
	assert.Equal(t, http.StatusOK, p.status)
	assert.Equal(t, "welcome ada", p.body)
	for _, in := range []signin.SignIn{asked, done} {
		assert.Equal(t, "work", in.Instance)
		assert.Equal(t, "ada", in.User.Username)
		assert.Equal(t, "api", in.Tokens.Scope)
		assert.Equal(t, "/projects?page=2", in.ReturnTo)
	}
	assert.Empty(t, asked.Key)
	assert.Equal(t, "user-42", done.Key)
	stored, err := s.store.LoadIdentity(t.Context(), "user-42")
	require.NoError(t, err)
	assert.Equal(t, done.Tokens, stored.Data)
	assert.Equal(t, s.gitlab.URL, stored.BaseURL)
	posts := s.gitlab.CallsTo(http.MethodPost, "/oauth/token")
	require.Len(t, posts, 1)
	assert.Empty(t, posts[0].Header.Get("Authorization"))
}

func TestSignInReturnsTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for target, want := range map[string]string{
		"/gitlab/login": "/",
		"/gitlab/login?return_to=%2Fprojects%2F7%3Ftab%3Da%26b%3Dc":    "/projects/7?tab=a&b=c",
		"/gitlab/login?instance=work&return_to=%2Fprojects%2F%23notes": "/projects/#notes",
		"/work/login": "/",
	} {
		b := s.browser(t)
		p := b.get(b.approve(s.gitlab, b.login(target)))
		assert.Equal(t, http.StatusSeeOther, p.status, target)
		assert.Equal(t, want, p.location(), target)
	}
	b := s.browser(t)
	p := b.open(http.MethodPost, "/gitlab/login", "instance=work&return_to=%2Fby-form")
	require.Equal(t, http.StatusSeeOther, p.status)
	assert.Equal(t, "/by-form", b.get(b.approve(s.gitlab, p.location())).location())
}

func TestAnswersAreForThisBrowserAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	start := b.get("/gitlab/login")
	require.Len(t, start.cookies, 1)
	cookie := start.cookies[0]
	assert.Regexp(t, `^__Host-gitlab-signin-[A-Z2-7]{16}$`, cookie.Name)
	assert.Equal(t, "/", cookie.Path)
	assert.Empty(t, cookie.Domain)
	assert.True(t, cookie.Secure)
	assert.True(t, cookie.HttpOnly)
	assert.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	assert.Equal(t, 1200, cookie.MaxAge)
	at, err := url.Parse(start.location())
	require.NoError(t, err)
	requireSecretFree(t, cookie.Name+cookie.Value, at.Query().Get("state"))
	callback := b.approve(s.gitlab, start.location())
	end := b.get(callback)
	require.Equal(t, http.StatusSeeOther, end.status)
	again := b.get(callback)
	for _, p := range []page{start, end, again} {
		assert.Equal(t, "no-store", p.header.Get("Cache-Control"))
		assert.Equal(t, "no-referrer", p.header.Get("Referrer-Policy"))
		assert.Equal(t, "nosniff", p.header.Get("X-Content-Type-Options"))
	}
	require.Len(t, end.cookies, 1)
	assert.Equal(t, cookie.Name, end.cookies[0].Name)
	assert.Equal(t, -1, end.cookies[0].MaxAge, "the callback ends the attempt")
	assert.True(t, end.cookies[0].Secure, "or browsers would not delete it")
}

func TestPlainCallbackHasPlainCookies(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site, cfg *signin.Config) {
		s.in.Provider.RedirectURL = "http://127.0.0.1:4711/callback"
		cfg.Instances = map[string]signin.Instance{"work": s.in}
	})
	cookies := s.browser(t).get("/gitlab/login").cookies
	require.Len(t, cookies, 1)
	assert.Regexp(t, `^gitlab-signin-`, cookies[0].Name)
	assert.False(t, cookies[0].Secure)
	assert.True(t, cookies[0].HttpOnly)
}

func TestTwoTabsSignInSideBySide(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	first := b.login("/gitlab/login?return_to=%2Ffirst")
	second := b.login("/gitlab/login?return_to=%2Fsecond")
	assert.Equal(t, "/second", b.get(b.approve(s.gitlab, second)).location())
	assert.Equal(t, "/first", b.get(b.approve(s.gitlab, first)).location())
}

func TestOldestAttemptsGiveWay(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	at, err := url.Parse(appURL)
	require.NoError(t, err)
	var last string
	for range 12 {
		last = b.login("/gitlab/login")
		assert.LessOrEqual(t, len(b.jar.Cookies(at)), 5)
	}
	assert.Equal(t, http.StatusSeeOther, b.get(b.approve(s.gitlab, last)).status)
}

func TestCallbackOfAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	callback := s.browser(t).reach() // an attacker's, for the victim to open
	s.gitlab.ResetCalls()
	victim := s.browser(t)
	victim.login("/gitlab/login")
	p := victim.get(callback)
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrNoAttempt)
	assert.Empty(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"), "the code is not exchanged")
	_, err := s.store.LoadIdentity(t.Context(), "user-42")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

func TestCallbackWorksOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	authorize := b.login("/gitlab/login")
	at, err := url.Parse(appURL)
	require.NoError(t, err)
	kept := b.jar.Cookies(at)
	callback := b.approve(s.gitlab, authorize)
	require.Equal(t, http.StatusSeeOther, b.get(callback).status)

	p := b.get(callback)
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrNoAttempt)

	b.jar.SetCookies(at, kept) // a copy of the cookie
	p = b.get(callback)
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrCode, "GitLab takes a code once")
	assert.Len(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"), 2)
}

func TestBadCallbacks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(url.Values)
		is     error
		status int
	}{
		"no state":          {func(q url.Values) { q.Del("state") }, signin.ErrState, 400},
		"empty state":       {func(q url.Values) { q.Set("state", "") }, signin.ErrState, 400},
		"two states":        {func(q url.Values) { q.Add("state", "b") }, signin.ErrState, 400},
		"long state":        {func(q url.Values) { q.Set("state", strings.Repeat("A", 10000)) }, signin.ErrState, 400},
		"strange state":     {func(q url.Values) { q.Set("state", "<script>alert(1)</script>A") }, signin.ErrState, 400},
		"another state":     {func(q url.Values) { q.Set("state", "ABCDEFGHIJKLMNOPQRSTUVWXYZ") }, signin.ErrNoAttempt, 400},
		"denied":            {func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, signin.ErrDenied, 403},
		"not now":           {func(q url.Values) { q.Set("error", "temporarily_unavailable") }, signin.ErrUnavailable, 503},
		"broken":            {func(q url.Values) { q.Set("error", "server_error") }, signin.ErrUnavailable, 503},
		"bad scope":         {func(q url.Values) { q.Set("error", "invalid_scope") }, signin.ErrRejected, 500},
		"strange error":     {func(q url.Values) { q.Set("error", "<script>hush") }, signin.ErrRejected, 500},
		"two errors":        {func(q url.Values) { q["error"] = []string{"access_denied", "hush"} }, signin.ErrRejected, 500},
		"no code":           {func(q url.Values) { q.Del("code") }, signin.ErrCode, 400},
		"two codes":         {func(q url.Values) { q.Add("code", "b") }, signin.ErrCode, 400},
		"long code":         {func(q url.Values) { q.Set("code", strings.Repeat("a", 5000)) }, signin.ErrCode, 400},
		"unknown code":      {func(q url.Values) { q.Set("code", "hush") }, signin.ErrCode, 400},
		"another issuer":    {func(q url.Values) { q.Set("iss", "https://evil.example.com") }, signin.ErrMixedUp, 400},
		"two issuers":       {func(q url.Values) { q["iss"] = []string{"http://gitlab.test/gitlab", "x"} }, signin.ErrMixedUp, 400},
		"another instance":  {func(q url.Values) { q.Set("instance", "home") }, signin.ErrMixedUp, 400},
		"no instance named": {func(q url.Values) { q.Set("iss", "http://gitlab.test/gitlab/") }, nil, 303},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			b := s.browser(t)
			at, err := url.Parse(b.reach())
			require.NoError(t, err)
			q := at.Query()
			code, state := q.Get("code"), q.Get("state")
			q.Set("error_description", "hush <b>")
			row.change(q)
			at.RawQuery = q.Encode()
			p := b.get(at.String())
			require.Equal(t, row.status, p.status, p.body)
			if row.is == nil {
				return
			}
			failed := s.lastFailure(t)
			require.ErrorIs(t, failed, row.is)
			assert.Equal(t, row.status, failed.Status())
			if name != "unknown code" {
				assert.Empty(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"))
			}
			requireSecretFree(t, p.body+failed.Error(), code, state, "hush", "<script>", s.app.ClientSecret)
			assert.Equal(t, "text/html; charset=utf-8", p.header.Get("Content-Type"))
			assert.Empty(t, p.header.Values("Retry-After"), "GitLab has not said")
			assert.Contains(t, p.header.Get("Content-Security-Policy"), "default-src 'none'")
			assert.Contains(t, p.body, `<a href="/settings">`)
			title, text := failed.Message()
			assert.Contains(t, p.body, "<h1>"+title+"</h1>\n<p>"+text+"</p>")
			_, err = s.store.LoadIdentity(t.Context(), "user-42")
			require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		})
	}
	for _, code := range []string{
		"server_error", "temporarily_unavailable", "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope",
		"invalid_client", "invalid_redirect_uri", "invalid_code_challenge_method",
	} {
		t.Run("the log names "+code, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			b := s.browser(t)
			at, err := url.Parse(b.reach())
			require.NoError(t, err)
			b.get(at.Path + "?error=" + code + "&state=" + at.Query().Get("state"))
			assert.ErrorContains(t, s.lastFailure(t), code)
		})
	}
	t.Run("a query that cannot be read", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nil)
		p := s.browser(t).get("/gitlab/callback?state=%41BCDEFGHIJKLMNOPQRSTUVWXYZ;code=1")
		assert.Equal(t, http.StatusBadRequest, p.status)
		require.ErrorIs(t, s.lastFailure(t), signin.ErrState)
	})
}

func TestLateCallbackIsToldThatItIsLate(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]error{
		599 * time.Second: nil, 600 * time.Second: signin.ErrExpired, 1199 * time.Second: signin.ErrExpired, 1201 * time.Second: signin.ErrNoAttempt,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, nil)
			b := s.browser(t)
			authorize := b.login("/gitlab/login")
			at, err := url.Parse(appURL)
			require.NoError(t, err)
			kept := b.jar.Cookies(at)
			time.Sleep(after)
			b.jar.SetCookies(at, kept) // one that did not obey Max-Age
			p := b.get(b.approve(s.gitlab, authorize))
			if want == nil {
				assert.Equal(t, http.StatusSeeOther, p.status)
				return
			}
			assert.Equal(t, http.StatusBadRequest, p.status)
			require.ErrorIs(t, s.lastFailure(t), want, after)
			assert.Empty(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"))
		})
	}
}

func TestCookieKeysAreRotated(t *testing.T) {
	t.Parallel()
	with := func(keys ...[]byte) func(*site, *signin.Config) {
		return func(_ *site, cfg *signin.Config) { cfg.CookieKeys = keys }
	}
	for name, row := range map[string]struct {
		old, now [][]byte
		fine     bool
	}{
		"same key":                  {[][]byte{key1}, [][]byte{key1}, true},
		"new key in front":          {[][]byte{key1}, [][]byte{key2, key1}, true},
		"new key known, not in use": {[][]byte{key1, key2}, [][]byte{key1}, true},
		"other key":                 {[][]byte{key1}, [][]byte{key2}, false},
		"first encrypts":            {[][]byte{key1, key2}, [][]byte{key2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, with(row.old...))
			b := s.browser(t)
			callback := b.reach()
			other, err := signin.New(signin.Config{Instances: map[string]signin.Instance{"work": s.in}, CookieKeys: row.now})
			require.NoError(t, err)
			s.handler = other
			p := b.get(callback)
			if row.fine {
				assert.Equal(t, http.StatusSeeOther, p.status, p.body)
				return
			}
			assert.Equal(t, http.StatusBadRequest, p.status)
			assert.Contains(t, p.body, "This sign-in is over")
			require.Len(t, p.cookies, 1)
			assert.Equal(t, -1, p.cookies[0].MaxAge, "what does not open is thrown away")
		})
	}
}

func TestCookieOfOneAttemptIsNoneOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	first := b.get("/gitlab/login")
	second := b.get("/gitlab/login")
	at, err := url.Parse(appURL)
	require.NoError(t, err)
	swapped := *second.cookies[0]
	swapped.Value = first.cookies[0].Value
	b.jar.SetCookies(at, []*http.Cookie{&swapped})
	p := b.get(b.approve(s.gitlab, second.location()))
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrNoAttempt)
}

func TestAttemptsInTheApplicationsSession(t *testing.T) {
	t.Parallel()
	kept := &session{values: map[string]string{}}
	s := newSite(t, func(_ *site, cfg *signin.Config) { cfg.CookieKeys, cfg.Attempts = nil, kept })
	b := s.browser(t)
	start := b.get("/gitlab/login")
	assert.Empty(t, start.cookies)
	callback := b.approve(s.gitlab, start.location())
	assert.Equal(t, http.StatusSeeOther, b.get(callback).status)
	assert.Empty(t, kept.values)
	b.get(callback)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrNoAttempt)
	assert.Len(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"), 1, "a state works once")

	first := b.login("/gitlab/login")
	second := b.get("/gitlab/login").location()
	var ids []string
	for id := range kept.values {
		ids = append(ids, id)
	}
	require.Len(t, ids, 2)
	kept.values[ids[0]], kept.values[ids[1]] = kept.values[ids[1]], kept.values[ids[0]]
	for _, authorize := range []string{first, second} {
		b.get(b.approve(s.gitlab, authorize))
		require.ErrorIs(t, s.lastFailure(t), signin.ErrNoAttempt, "a session that mixes them up is not believed")
	}

	kept.saveErr = errors.New("redis is down")
	p := b.get("/gitlab/login")
	assert.Equal(t, http.StatusServiceUnavailable, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrStore)
	require.ErrorIs(t, s.lastFailure(t), kept.saveErr)
	kept.saveErr = nil
	callback = b.reach()
	kept.takeErr = errors.New("redis is down")
	p = b.get(callback)
	assert.Equal(t, http.StatusServiceUnavailable, p.status)
	require.ErrorIs(t, s.lastFailure(t), kept.takeErr)
}

func TestSeveralInstancesDoNotMix(t *testing.T) {
	t.Parallel()
	home := gitlabtest.New(t, gitlabtest.InMemory())
	home.AutoApprove("eve")
	var homeStore *gitlab.MemoryStore
	s := newSite(t, func(s *site, cfg *signin.Config) {
		homeStore = s.store
		homeApp := home.NewApplication(gitlabtest.Application{Confidential: true, RedirectURI: appURL + "/home/callback"})
		provider := gitlab.OAuthProvider{ClientID: homeApp.ClientID, ClientSecret: homeApp.ClientSecret, RedirectURL: appURL + "/home/callback"}
		client, err := gitlab.New(gitlab.Config{BaseURL: home.URL, Provider: provider, Store: homeStore, HTTPClient: home.Client()})
		require.NoError(t, err)
		s.in.Provider.RedirectURL = callbackURL + "?instance=work"
		cfg.Instances = map[string]signin.Instance{"work": s.in, "home": {Client: client, Provider: provider}}
		cfg.Key = nil
	})
	b := s.browser(t)
	assert.Equal(t, http.StatusNotFound, b.get("/gitlab/login").status, "which one?")
	require.ErrorIs(t, s.lastFailure(t), signin.ErrInstance)
	assert.Equal(t, http.StatusNotFound, b.get("/gitlab/login?instance=none").status)

	p := b.get(b.approve(home, b.login("/home/login")))
	require.Equal(t, http.StatusSeeOther, p.status, p.body)
	p = b.get(b.approve(s.gitlab, b.login("/gitlab/login?instance=work")))
	require.Equal(t, http.StatusSeeOther, p.status, p.body)
	stored, err := homeStore.LoadIdentity(t.Context(), "http://gitlab.test user 1")
	require.NoError(t, err)
	assert.Equal(t, "http://gitlab.test", stored.BaseURL)
	stored, err = homeStore.LoadIdentity(t.Context(), "http://gitlab.test/gitlab user 1")
	require.NoError(t, err, "the same number is another person elsewhere")
	assert.Equal(t, "http://gitlab.test/gitlab", stored.BaseURL)

	// home is evil: it sends the browser on to work, with the state of the
	// attempt at home, so that work's code would be sent to home.
	at, err := url.Parse(b.login("/home/login"))
	require.NoError(t, err)
	honest, err := url.Parse(b.login("/gitlab/login?instance=work"))
	require.NoError(t, err)
	q := honest.Query()
	q.Set("state", at.Query().Get("state"))
	q.Set("code_challenge", at.Query().Get("code_challenge"))
	honest.RawQuery = q.Encode()
	home.ResetCalls()
	p = b.get(b.approve(s.gitlab, honest.String()))
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrMixedUp)
	assert.Equal(t, "home", s.lastFailure(t).Instance)
	assert.Empty(t, home.Calls(), "the code went nowhere")
}

func TestInstanceThatIsTakenAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	callback := b.reach()
	handler, err := signin.New(signin.Config{Instances: map[string]signin.Instance{"other": s.in}, CookieKeys: [][]byte{key1}})
	require.NoError(t, err)
	s.handler = handler
	p := b.get(callback)
	assert.Equal(t, http.StatusNotFound, p.status)
	assert.Contains(t, p.body, "Unknown GitLab")
	assert.NotContains(t, p.body, "<a ", "no StartPage, no link")
}

func TestBadLogins(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	for target, row := range map[string]struct {
		status int
		is     error
	}{
		"/gitlab/login?return_to=https%3A%2F%2Fevil.example.com": {400, signin.ErrReturnTo},
		"/gitlab/login?return_to=%2F%2Fevil.example.com":         {400, signin.ErrReturnTo},
		"/gitlab/login?instance=none":                            {404, signin.ErrInstance},
		"/none/login":                                            {404, signin.ErrInstance},
		"/gitlab/login?a=%zz":                                    {400, signin.ErrRequest},
	} {
		p := b.get(target)
		assert.Equal(t, row.status, p.status, target)
		require.ErrorIs(t, s.lastFailure(t), row.is, target)
		assert.Empty(t, p.cookies)
		assert.Empty(t, p.location())
		assert.NotContains(t, p.body, "evil")
	}
	p := b.open(http.MethodPost, "/gitlab/login", "return_to=/"+strings.Repeat("a", 1<<20))
	assert.Equal(t, http.StatusBadRequest, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrRequest)
	for target, allow := range map[string]string{"/gitlab/login": "GET, POST", "/gitlab/callback": "GET"} {
		for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete} {
			p := b.open(method, target, "")
			assert.Equal(t, http.StatusMethodNotAllowed, p.status)
			assert.Equal(t, allow, p.header.Get("Allow"))
			assert.Empty(t, p.cookies)
			assert.Empty(t, p.location())
		}
	}
	assert.Empty(t, s.gitlab.Calls())
}

func TestCallbackOfAnotherMethodDoesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	callback := b.reach()
	assert.Equal(t, http.StatusMethodNotAllowed, b.open(http.MethodPost, callback, "code=1").status)
	assert.Empty(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/token"))
	assert.Equal(t, http.StatusSeeOther, b.get(callback).status, "the attempt is not over")
}

func TestGitLabFailsDuringTheCallback(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		on     string
		do     gitlabtest.Effect
		is     error
		status int
		revoke int
	}{
		"token: no answer":     {"/oauth/token", gitlabtest.CutBefore(), signin.ErrUnavailable, 503, 0},
		"token: page":          {"/oauth/token", gitlabtest.HTMLPage(), signin.ErrUnavailable, 503, 0},
		"token: 429":           {"/oauth/token", gitlabtest.TooMany(30 * time.Second), signin.ErrUnavailable, 503, 0},
		"token: wrong secret":  {"/oauth/token", gitlabtest.InvalidClient(), signin.ErrRejected, 500, 0},
		"token: redirect":      {"/oauth/token", gitlabtest.Redirect(302, "https://evil.example.com/hush"), signin.ErrRejected, 500, 0},
		"token: used code":     {"/oauth/token", gitlabtest.InvalidGrant(), signin.ErrCode, 400, 0},
		"token: other refusal": {"/oauth/token", gitlabtest.Status(400, "application/json", `{"error":"invalid_request","error_description":"x"}`), signin.ErrRejected, 500, 0},
		"user: blocked":        {"/api/v4/user", gitlabtest.Status(403, "application/json", `{"message":"403 Forbidden - Your account has been blocked"}`), signin.ErrUser, 502, 1},
		"user: 503":            {"/api/v4/user", gitlabtest.Status(503, "text/html", `<html>`), signin.ErrUnavailable, 503, 1},
		"user: no answer":      {"/api/v4/user", gitlabtest.CutBefore(), signin.ErrUnavailable, 503, 1},
		"user: never known":    {"/api/v4/user", gitlabtest.BareUnauthorized(), signin.ErrUser, 502, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, nil)
				b := s.browser(t)
				callback := b.reach()
				s.gitlab.Fault(gitlabtest.Fault{On: row.on, Do: row.do, Times: -1})
				p := b.get(callback)
				require.Equal(t, row.status, p.status, p.body)
				failed := s.lastFailure(t)
				require.ErrorIs(t, failed, row.is)
				assert.Equal(t, "work", failed.Instance)
				at, err := url.Parse(callback)
				require.NoError(t, err)
				requireSecretFree(t, p.body+failed.Error(), at.Query().Get("code"), at.Query().Get("state"), s.app.ClientSecret, "hush")
				assert.Len(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/revoke"), row.revoke, "tokens that nobody keeps are ended")
				if name == "token: 429" {
					assert.Equal(t, "30", p.header.Get("Retry-After"))
				}
				_, err = s.store.LoadIdentity(t.Context(), "user-42")
				require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
			})
		})
	}
}

func TestUserIsFoundBehindALaggingReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		b := s.browser(t)
		callback := b.reach()
		s.gitlab.Fault(gitlabtest.Fault{On: "/api/v4/user", Do: gitlabtest.BareUnauthorized(), Times: 3})
		started := time.Now()
		assert.Equal(t, http.StatusSeeOther, b.get(callback).status)
		assert.Zero(t, s.gitlab.PendingFaults())
		assert.Equal(t, 3500*time.Millisecond, time.Since(started), "it gives the replica time")
	})
}

func TestScopeThatDoesNotTellTheUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site, cfg *signin.Config) {
		s.in.Provider.Scopes = []string{"openid"}
		cfg.Instances = map[string]signin.Instance{"work": s.in}
	})
	b := s.browser(t)
	p := b.get(b.reach())
	assert.Equal(t, http.StatusBadGateway, p.status)
	require.ErrorIs(t, s.lastFailure(t), signin.ErrUser)
	require.ErrorContains(t, s.lastFailure(t), "that needs the scope api, read_api or read_user")
	assert.Len(t, s.gitlab.CallsTo(http.MethodGet, "/api/v4/user"), 1, "time does not change that")
}

func TestRefusedUserLeavesNoLiveToken(t *testing.T) {
	t.Parallel()
	notYou := errors.New("only members of team/app")
	for name, row := range map[string]struct {
		key     string
		err     error
		revoked bool
		says    string
	}{
		"refused":       {"", notYou, true, `does not accept this user ("work"): only members of team/app`},
		"no key":        {"", nil, true, "neither a key nor an error"},
		"revoke failed": {"", notYou, false, "only members of team/app; the tokens could not be revoked: gitlab: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tokens gitlab.OAuthData
			s := newSite(t, func(_ *site, cfg *signin.Config) {
				cfg.Key = func(_ *http.Request, in signin.SignIn) (string, error) {
					tokens = in.Tokens
					return row.key, row.err
				}
			})
			if !row.revoked {
				s.gitlab.Fault(gitlabtest.Fault{On: "/oauth/revoke", Do: gitlabtest.Status(502, "text/html", "<html>")})
			}
			b := s.browser(t)
			p := b.get(b.reach())
			assert.Equal(t, http.StatusForbidden, p.status)
			assert.NotContains(t, p.body, "team/app")
			require.ErrorIs(t, s.lastFailure(t), signin.ErrNotAccepted)
			if row.err != nil {
				require.ErrorIs(t, s.lastFailure(t), row.err)
			}
			require.ErrorContains(t, s.lastFailure(t), row.says)
			requireSecretFree(t, s.lastFailure(t).Error(), tokens.AccessToken, tokens.RefreshToken)
			assert.Equal(t, row.revoked, s.gitlab.State(tokens.RefreshToken).Revoked)
		})
	}
}

// downStore takes nothing.
type downStore struct{ gitlab.IdentityStore }

func (downStore) SaveIdentity(context.Context, gitlab.Identity) (string, error) {
	return "", errors.New("connection refused")
}

func TestStoreIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site, cfg *signin.Config) {
		client, err := gitlab.New(gitlab.Config{BaseURL: s.gitlab.URL, Provider: s.in.Provider, Store: downStore{s.store}, HTTPClient: s.gitlab.Client()})
		require.NoError(t, err)
		cfg.Instances = map[string]signin.Instance{"work": {Client: client, Provider: s.in.Provider}}
		cfg.Done = func(http.ResponseWriter, *http.Request, signin.SignIn) {
			assert.Fail(t, "answered before it was stored")
		}
	})
	b := s.browser(t)
	p := b.get(b.reach())
	assert.Equal(t, http.StatusServiceUnavailable, p.status)
	assert.Contains(t, p.body, "could not be saved")
	require.ErrorIs(t, s.lastFailure(t), signin.ErrStore)
	require.ErrorContains(t, s.lastFailure(t), "connection refused")
	assert.Empty(t, s.gitlab.CallsTo(http.MethodPost, "/oauth/revoke"), "the store may have them all the same")
}

func TestBrowserThatLeavesLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := s.browser(t)
	callback := b.reach()
	at, err := url.Parse(callback)
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
	for _, c := range b.jar.Cookies(at) {
		req.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	assert.Equal(t, http.StatusSeeOther, rec.Code)
	_, err = s.store.LoadIdentity(t.Context(), "user-42")
	require.NoError(t, err)
}

// TestSignInAgainRevivesEveryReplica has clients in two processes, made before
// the grant dies, and signs in at a third.
func TestSignInAgainRevivesEveryReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, nil)
		b := s.browser(t)
		require.Equal(t, http.StatusSeeOther, b.get(b.reach()).status)
		clients := map[string]*gitlab.Client{
			"where they sign in": s.client.As("user-42"), "replica 1": s.newClient(t).As("user-42"), "replica 2": s.newClient(t).As("user-42"),
		}
		stored, err := s.store.LoadIdentity(t.Context(), "user-42")
		require.NoError(t, err)
		for name, client := range clients {
			_, err := whoami(t.Context(), client)
			require.NoError(t, err, name)
		}
		s.gitlab.Revoke(stored.Data.RefreshToken)
		for name, client := range clients {
			_, err := whoami(t.Context(), client)
			require.ErrorIs(t, err, gitlab.ErrReauthorize, name)
		}

		require.Equal(t, http.StatusSeeOther, b.get(b.reach()).status)
		name, err := whoami(t.Context(), clients["where they sign in"])
		require.NoError(t, err, "at once where they sign in")
		assert.Equal(t, "ada", name)
		time.Sleep(2 * time.Second)
		for where, client := range clients {
			name, err := whoami(t.Context(), client)
			require.NoError(t, err, where)
			assert.Equal(t, "ada", name)
		}
		assert.Zero(t, s.gitlab.Audit().DoubleSpends)
	})
}

func TestConfigThatCannotWork(t *testing.T) {
	t.Parallel()
	base := newSite(t, nil)
	with := func(redirect string) signin.Instance {
		in := base.in
		in.Provider.RedirectURL = redirect
		return in
	}
	one := func(in signin.Instance) map[string]signin.Instance { return map[string]signin.Instance{"work": in} }
	for says, cfg := range map[string]signin.Config{
		"Instances is empty":                                {CookieKeys: [][]byte{key1}},
		"either CookieKeys or Attempts":                     {Instances: one(base.in)},
		"needs either CookieKeys":                           {Instances: one(base.in), CookieKeys: [][]byte{key1}, Attempts: &session{}},
		"CookieKeys[1] has 5 bytes":                         {Instances: one(base.in), CookieKeys: [][]byte{key1, []byte("short")}},
		"StartPage is no path":                              {Instances: one(base.in), CookieKeys: [][]byte{key1}, StartPage: "https://evil.example.com"},
		`Instances["work"]: its Client is nil`:              {Instances: one(signin.Instance{}), CookieKeys: [][]byte{key1}},
		`Instances["work"]: its Provider.ClientID is empty`: {Instances: one(signin.Instance{Client: base.client}), CookieKeys: [][]byte{key1}},
		"is not the URL of a callback":                      {Instances: one(with("")), CookieKeys: [][]byte{key1}},
		"is not the URL of a callback, such":                {Instances: one(with("/callback")), CookieKeys: [][]byte{key1}},
		"not the URL of a callback":                         {Instances: one(with("ftp://app.example.com/callback")), CookieKeys: [][]byte{key1}},
		"not the URL":                                       {Instances: one(with("https://u:hush@app.example.com/callback")), CookieKeys: [][]byte{key1}},
		"URL of a callback, such as https://app":            {Instances: one(with("http://[::1")), CookieKeys: [][]byte{key1}},
		"such as https":                                     {Instances: one(with("https://app.example.com/callback#f")), CookieKeys: [][]byte{key1}},
		"does not have the instance's name in it":           {Instances: map[string]signin.Instance{"a": with(appURL + "/a"), "b": with(appURL + "/c")}, CookieKeys: [][]byte{key1}},
		"does not have the instance's name":                 {Instances: map[string]signin.Instance{"": with(appURL + "/"), "b": with(appURL + "/b")}, CookieKeys: [][]byte{key1}},
		"is the Provider.RedirectURL of two":                {Instances: map[string]signin.Instance{"a": with(appURL + "/a/b"), "b": with(appURL + "/a/b")}, CookieKeys: [][]byte{key1}},
		"some callbacks are https":                          {Instances: map[string]signin.Instance{"a": with(appURL + "/a"), "b": with("http://127.0.0.1/b")}, CookieKeys: [][]byte{key1}},
	} {
		h, err := signin.New(cfg)
		require.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "hush")
		assert.Nil(t, h)
	}
}

func TestLoginThatGitLabCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	p := s.browser(t).get("/gitlab/login?return_to=%2F" + strings.Repeat("a", 511))
	require.Equal(t, http.StatusSeeOther, p.status, "the longest place")
	p = s.browser(t).get("/gitlab/login?return_to=%2F" + strings.Repeat("%22", 511))
	require.Equal(t, http.StatusSeeOther, p.status, "even if all of it is escaped")
	p = s.browser(t).get("/gitlab/login?return_to=%2F" + strings.Repeat("a", 512))
	require.Equal(t, http.StatusBadRequest, p.status)
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	cfg := signin.Config{Instances: map[string]signin.Instance{"work": s.in, "home": s.in}, CookieKeys: [][]byte{key1}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		assert.Equal(t, `signin.Config{instances:["home" "work"] cookie_keys:1}`, fmt.Sprintf(verb, cfg))
		assert.Equal(t, `signin.Handler{signin.Config{instances:["work"] cookie_keys:1}}`, fmt.Sprintf(verb, s.handler))
		requireSecretFree(t, fmt.Sprintf(verb, s.in), s.app.ClientSecret)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg, "handler", s.handler)
	requireSecretFree(t, log.String(), string(key1), "48 49 50", s.app.ClientSecret)
}

func TestPageOfAnErrorOfTheApplications(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	own := &signin.Error{Kind: errors.New("<b>own"), RetryAfter: 1500 * time.Millisecond}
	own.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	assert.Equal(t, http.StatusInternalServerError, rec.Code)
	assert.Equal(t, http.StatusInternalServerError, own.Status())
	assert.Equal(t, "2", rec.Header().Get("Retry-After"))
	assert.NotContains(t, rec.Body.String(), "<b>own")
	assert.Equal(t, "no-store", rec.Header().Get("Cache-Control"), "wherever the application shows it")
	require.EqualError(t, own, "<b>own")
	title, text := own.Message()
	assert.Contains(t, rec.Body.String(), title)
	assert.Contains(t, rec.Body.String(), text)
}
