package gitlabtest

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// codeLifetime is Doorkeeper's default.
const codeLifetime = 10 * time.Minute

// A code is an authorization code that a browser carried to the application.
type code struct {
	app         *Application
	owner       *account
	scopes      []string
	redirectURI string
	challenge   string // "": no PKCE
	method      string // "S256" or "plain"
	created     time.Time
	used        bool
}

// AutoApprove makes GET /oauth/authorize answer at once as if username were
// signed in and approved: a redirect with code and state. "" brings the page
// with the form back. The user is created if new.
func (s *Server) AutoApprove(username string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if username != "" {
		s.account(username)
	}
	s.oauth.autoApprove = username
}

// An authorization is a sound request of a browser for a code.
type authorization struct {
	app      *Application
	redirect *url.URL
	scopes   []string
	state    string
}

// authorization checks a browser's request, in Doorkeeper's order.
func (s *Server) authorization(q *request) (authorization, *refusal) {
	id := q.params.get("client_id")
	if blank(id) {
		r := missing("client_id")
		return authorization{}, &r
	}
	app := s.oauth.apps[id]
	if app == nil {
		return authorization{}, &refuseClient
	}
	a := authorization{app: app, state: q.params.get("state"), scopes: app.defaultScopes()}
	redirectURI := q.params.get("redirect_uri")
	if !redirectAllowed(redirectURI, app.RedirectURI) {
		return a, &refuseRedirectURI
	}
	a.redirect, _ = url.Parse(redirectURI)
	if asked := q.params.get("scope"); !blank(asked) {
		a.scopes = splitScopes(asked)
	}
	method, challenge := q.params.get("code_challenge_method"), q.params.get("code_challenge")
	switch responseType := q.params.get("response_type"); {
	case blank(responseType):
		r := missing("response_type")
		return a, &r
	case responseType != "code":
		return a, &refuseResponse
	case !within(strings.Join(a.scopes, " "), app.allowedScopes()):
		return a, &refuseScope
	case challenge != "" && method != "S256" && method != "plain":
		return a, &refuseChallenge
	}
	return a, nil
}

func (s *Server) authorizePage(q *request) answer {
	a, refused := s.authorization(q)
	if refused != nil {
		return page(refused.status, "An error has occurred", refused.text, nil)
	}
	if s.oauth.autoApprove != "" {
		return s.approve(q, a, s.oauth.autoApprove)
	}
	fields := url.Values{}
	for _, name := range []string{
		"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method",
	} {
		if q.params.has(name) {
			fields.Set(name, q.params.get(name))
		}
	}
	return page(http.StatusOK, "Authorization required", "An application would like to connect to your account.", fields)
}

// authorizeDecision takes the form of authorizePage: username, and decision
// "approve" or "deny".
func (s *Server) authorizeDecision(q *request) answer {
	a, refused := s.authorization(q)
	if refused != nil {
		return page(refused.status, "An error has occurred", refused.text, nil)
	}
	if q.params.get("decision") == "deny" {
		return redirectTo(a.redirect, "error", refuseDenied.code, "error_description", refuseDenied.text, "state", a.state)
	}
	username := q.params.get("username")
	if blank(username) {
		return page(http.StatusUnauthorized, "An error has occurred", "Invalid login or password.", nil)
	}
	return s.approve(q, a, username)
}

func (s *Server) approve(q *request, a authorization, username string) answer {
	value := randomHex(32)
	s.oauth.codes[value] = &code{
		app: a.app, owner: s.account(username), scopes: a.scopes, created: time.Now(),
		redirectURI: q.params.get("redirect_uri"),
		challenge:   q.params.get("code_challenge"), method: q.params.get("code_challenge_method"),
	}
	return redirectTo(a.redirect, "code", value, "state", a.state)
}

// codeGrant turns an authorization code into a pair, once.
func (s *Server) codeGrant(q *request) answer {
	if blank(q.params.get("code")) {
		return missing("code").answer()
	}
	c := s.oauth.codes[q.params.get("code")]
	verifier := q.params.get("code_verifier")
	if c != nil && c.challenge != "" && blank(verifier) {
		return missing("code_verifier").answer()
	}
	redirectURI := q.params.get("redirect_uri")
	if blank(redirectURI) {
		return missing("redirect_uri").answer()
	}
	app, _ := s.authenticateClient(q)
	if app == nil {
		return refuseClient.answer()
	}
	now := time.Now()
	if c == nil || c.app != app || c.used || now.After(c.created.Add(codeLifetime)) ||
		!redirectAllowed(redirectURI, c.redirectURI) || !c.proven(verifier) {
		return refuseGrant.answer()
	}
	c.used = true
	fresh := s.issue(app, c.owner, c.scopes, s.oauth.lifetime)
	return oauthAnswer(http.StatusOK, cacheNever, fresh.token(now))
}

// proven checks the PKCE verifier; one that was not announced is wrong too.
func (c *code) proven(verifier string) bool {
	if blank(verifier) {
		return c.challenge == ""
	}
	switch c.method {
	case "S256":
		sum := sha256.Sum256([]byte(verifier))
		return c.challenge == base64.RawURLEncoding.EncodeToString(sum[:])
	case "plain":
		return c.challenge == verifier
	}
	return false
}

// redirectAllowed compares a redirect URI with the allowed ones, separated by
// spaces. The port of a loopback address does not count (RFC 8252, 7.3).
func redirectAllowed(given, allowed string) bool {
	u, err := url.Parse(given)
	if err != nil || u.Scheme == "" || u.Scheme == "localhost" || u.Fragment != "" || u.Opaque != "" {
		return false
	}
	for candidate := range strings.FieldsSeq(allowed) {
		if a, err := url.Parse(candidate); err == nil && sameRedirect(*u, *a) {
			return true
		}
	}
	return false
}

func sameRedirect(given, allowed url.URL) bool {
	if allowed.RawQuery != "" && !sameQuery(given.RawQuery, allowed.RawQuery) {
		return false
	}
	given.RawQuery, allowed.RawQuery = "", ""
	if loopback(given) && loopback(allowed) {
		given.Host, allowed.Host = given.Hostname(), allowed.Hostname()
	}
	return given.String() == allowed.String()
}

func sameQuery(a, b string) bool {
	x, y := strings.Split(a, "&"), strings.Split(b, "&")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func loopback(u url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}

// redirectTo sends the browser to u with further query parameters, given as
// names and values; empty values are left out.
func redirectTo(u *url.URL, pairs ...string) answer {
	to := *u
	var query []string
	if to.RawQuery != "" {
		query = append(query, to.RawQuery)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query = append(query, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
		}
	}
	to.RawQuery = strings.Join(query, "&")
	body := `<html><body>You are being <a href="` + template.HTMLEscapeString(to.String()) + `">redirected</a>.</body></html>`
	a := newAnswer(http.StatusFound, "text/html; charset=utf-8", []byte(body))
	a.header.Set("Location", to.String())
	a.header.Set("Cache-Control", cacheNone)
	return a
}
