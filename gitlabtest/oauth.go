package gitlabtest

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// oauthState is what the authorization server knows.
type oauthState struct {
	apps      map[string]*Application // by client id
	byAccess  map[string]*pair
	byRefresh map[string]*pair
	codes     map[string]*code
	devices   map[string]*device // by device code

	lifetime    time.Duration // of new access tokens; 0: for ever
	replicaLag  time.Duration
	autoApprove string
	audit       Audit
}

func newOAuthState(lifetime time.Duration) oauthState {
	return oauthState{
		apps:      map[string]*Application{},
		byAccess:  map[string]*pair{},
		byRefresh: map[string]*pair{},
		codes:     map[string]*code{},
		devices:   map[string]*device{},
		lifetime:  lifetime,
	}
}

// A pair is an access token with its refresh token, or a personal access
// token without one. Both die together.
type pair struct {
	id              int64  // of a personal access token
	access, refresh string // refresh "": a personal access token
	app             *Application
	owner           *account
	scopes          []string
	lifetime        time.Duration // 0: for ever
	created         time.Time
	lagging         time.Time // until then the API's replicas do not know it
	over            bool      // expired before its time, or although it had none
	revoked         bool
	spent           bool // revoked by a rotation
}

func (p *pair) expired(now time.Time) bool {
	return p.over || (p.lifetime != 0 && now.After(p.created.Add(p.lifetime)))
}

func (p *pair) live(now time.Time) bool { return !p.revoked && !p.expired(now) }

// remaining is the life that is left in whole seconds, nil if there is no end.
func (p *pair) remaining(now time.Time) *int {
	if p.lifetime == 0 {
		return nil
	}
	left := max(int(p.created.Add(p.lifetime).Sub(now).Round(time.Second)/time.Second), 0)
	return &left
}

// serverScopes are all that an application without scopes may ask for.
var serverScopes = []string{"api", "read_api", "read_user", "read_repository", "write_repository", "openid", "profile", "email"}

// defaultScope is given where none was asked for.
const defaultScope = "api"

var oauthRoutes = map[string]func(*Server, *request) answer{
	"POST /oauth/token":            (*Server).token,
	"POST /oauth/revoke":           (*Server).revoke,
	"POST /oauth/introspect":       (*Server).introspect,
	"GET /oauth/token/info":        (*Server).tokenInfo,
	"GET /oauth/authorize":         (*Server).authorizePage,
	"POST /oauth/authorize":        (*Server).authorizeDecision,
	"POST /oauth/authorize_device": (*Server).authorizeDevice,
	"GET /oauth/device":            (*Server).devicePage,
	"POST /oauth/device":           (*Server).deviceDecision,

	// Not OAuth's, but Rails' too: its 404 and 400 are the same.
	"GET /api/graphql":  (*Server).graphQL,
	"POST /api/graphql": (*Server).graphQL,
}

func (s *Server) serveOAuth(q *request, entry *callEntry) answer {
	method := q.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	path := strings.TrimSuffix(q.path, "/")
	handle, ok := oauthRoutes[method+" "+path]
	if !ok {
		return notARoute()
	}
	s.calls.route(entry, path)
	var err error
	q.params, q.object, err = parseParams(q.Request, q.body)
	if errors.Is(err, errMalformed) {
		return emptyHTML(http.StatusBadRequest)
	}
	return handle(s, q)
}

var grantTypes = map[string]func(*Server, *request) answer{
	"refresh_token":      (*Server).refreshGrant,
	"authorization_code": (*Server).codeGrant,
	"password":           (*Server).passwordGrant,
	"urn:ietf:params:oauth:grant-type:device_code": (*Server).deviceGrant,
}

func (s *Server) token(q *request) answer {
	grantType := q.params.get("grant_type")
	if blank(grantType) {
		return missing("grant_type").answer()
	}
	grant, ok := grantTypes[grantType]
	if !ok {
		return refuseGrantType.answer()
	}
	return grant(s, q)
}

// refreshGrant spends a refresh token. Its checks come in Doorkeeper's order:
// a dead token is told before a wrong secret.
func (s *Server) refreshGrant(q *request) answer {
	shown := q.params.get("refresh_token")
	if blank(shown) {
		return missing("refresh_token").answer()
	}
	old := s.oauth.byRefresh[shown]
	if old != nil && old.spent {
		s.oauth.audit.DoubleSpends++
	}
	if old == nil || old.revoked {
		return refuseGrant.answer()
	}
	app, credentials := s.authenticateClient(q)
	if credentials && app == nil {
		return refuseClient.answer()
	}
	if app != old.app {
		return refuseGrant.answer()
	}
	scopes := app.stillAllowed(old.scopes)
	if asked := askedScopes(q); asked != "" {
		if !within(asked, old.scopes) {
			return refuseScope.answer()
		}
		scopes = splitScopes(asked)
	}
	old.revoked, old.spent = true, true
	fresh := s.issue(old.app, old.owner, scopes, old.lifetime)
	s.oauth.audit.Rotations++
	return oauthAnswer(http.StatusOK, cacheNever, fresh.token(time.Now()))
}

// passwordGrant signs a user in by name and password (see [Server.AddUser]).
func (s *Server) passwordGrant(q *request) answer {
	app, _ := s.authenticateClient(q)
	if app == nil {
		return refuseClient.answer()
	}
	owner := s.world.users[q.params.get("username")]
	if owner == nil || owner.password == "" || owner.password != q.params.get("password") {
		return refuseGrant.answer()
	}
	scopes := app.defaultScopes()
	if asked := q.params.get("scope"); !blank(asked) {
		scopes = splitScopes(asked)
	}
	if len(scopes) > 0 && !within(strings.Join(scopes, " "), app.allowedScopes()) {
		return refuseScope.answer()
	}
	fresh := s.issue(app, owner, scopes, s.oauth.lifetime)
	return oauthAnswer(http.StatusOK, cacheNever, fresh.token(time.Now()))
}

// issue makes a new pair. The caller holds the lock.
func (s *Server) issue(app *Application, owner *account, scopes []string, lifetime time.Duration) *pair {
	now := time.Now()
	p := &pair{
		access: randomHex(32), refresh: randomHex(32), app: app, owner: owner,
		scopes: slices.Clone(scopes), lifetime: lifetime, created: now, lagging: now.Add(s.oauth.replicaLag),
	}
	s.oauth.byAccess[p.access] = p
	s.oauth.byRefresh[p.refresh] = p
	s.oauth.audit.Issued++
	return p
}

// authenticateClient returns the application whose credentials the request
// carries, in a Basic header or as parameters; nil if they are wrong. A public
// application needs no secret, but a wrong one is wrong.
func (s *Server) authenticateClient(q *request) (app *Application, credentials bool) {
	id, secret := basicCredentials(q.Header.Get("Authorization"))
	if blank(id) {
		id, secret = q.params.get("client_id"), q.params.get("client_secret")
	}
	if blank(id) {
		return nil, false
	}
	app = s.oauth.apps[id]
	if app == nil || (secret != app.ClientSecret && (app.Confidential || !blank(secret))) {
		return nil, true
	}
	return app, true
}

// basicCredentials decodes a Basic header; unlike RFC 6749 asks, Doorkeeper
// does not unescape the two parts.
func basicCredentials(header string) (id, secret string) {
	encoded, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", ""
	}
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", ""
	}
	id, secret, _ = strings.Cut(string(plain), ":")
	return id, secret
}

func askedScopes(q *request) string {
	for _, name := range []string{"scope", "scopes"} {
		if q.params.has(name) {
			if v := q.params.get(name); !blank(v) {
				return v
			}
			return ""
		}
	}
	return ""
}

// within reports whether the scopes asked for are all among the allowed.
func within(asked string, allowed []string) bool {
	if blank(asked) || strings.ContainsAny(asked, "\n\r\t") {
		return false
	}
	for scope := range strings.FieldsSeq(asked) {
		if !slices.Contains(allowed, scope) {
			return false
		}
	}
	return true
}

// splitScopes returns each scope once, in the order of the asking.
func splitScopes(asked string) []string {
	var scopes []string
	for scope := range strings.FieldsSeq(asked) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
