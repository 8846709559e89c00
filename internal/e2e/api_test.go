package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// refusal is a call that the API refuses, with GitLab's own words as literals.
type refusal struct {
	name         string
	ask          func(s *scene) request
	status       int
	authenticate string // "": no challenge
	body         string
}

const (
	challenge = `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="`
	bare      = `{"message":"401 Unauthorized"}`
)

func describe(text string) string {
	return `{"error":"invalid_token","error_description":"` + text + `"}`
}

var user = get("/api/v4/user")

var refusals = []refusal{
	{
		name: "expired", status: http.StatusUnauthorized, authenticate: challenge + expiredText + `"`, body: describe(expiredText),
		ask: func(s *scene) request {
			s.system.expire(s.grant.access)
			return user.bearer(s.grant.access)
		},
	},
	{
		name: "revoked", status: http.StatusUnauthorized, authenticate: challenge + revokedText + `"`, body: describe(revokedText),
		ask: func(s *scene) request {
			s.system.revoke(s.grant.access)
			return user.bearer(s.grant.access)
		},
	},
	{
		name: "expired and revoked", status: http.StatusUnauthorized, authenticate: challenge + expiredText + `"`, body: describe(expiredText),
		ask: func(s *scene) request {
			s.system.expire(s.grant.access)
			s.system.revoke(s.grant.access)
			return user.bearer(s.grant.access)
		},
	},
	{
		name: "of a replica that did not refresh", status: http.StatusUnauthorized, authenticate: challenge + revokedText + `"`, body: describe(revokedText),
		ask: func(s *scene) request {
			s.spend()
			return user.bearer(s.grant.access)
		},
	},
	{
		name: "of a replica that slept", status: http.StatusUnauthorized, authenticate: challenge + expiredText + `"`, body: describe(expiredText),
		ask: func(s *scene) request {
			s.system.expire(s.grant.access)
			s.spend()
			return user.bearer(s.grant.access)
		},
	},
	{
		name: "unknown", status: http.StatusUnauthorized, body: bare,
		ask: func(*scene) request { return user.bearer("unknown") },
	},
	{
		name: "refresh token", status: http.StatusUnauthorized, body: bare,
		ask: func(s *scene) request { return user.bearer(s.grant.refresh) },
	},
	{
		name: "no token", status: http.StatusUnauthorized, body: bare,
		ask: func(*scene) request { return user },
	},
	{
		name: "scope too small", status: http.StatusForbidden,
		body: `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.",` +
			`"scope":"read_user api read_api"}`,
		ask: func(s *scene) request {
			app := s.system.newApplication(true, "api", "read_repository")
			return user.bearer(s.system.signIn(app, "ann", "read_repository").access)
		},
	},
	{
		name: "header and parameter", status: http.StatusBadRequest,
		body: `{"error":"invalid_request","error_description":"Both Authorization header and payload includes access token."}`,
		ask: func(s *scene) request {
			return get("/api/v4/user?access_token=" + s.grant.access).bearer(s.grant.access)
		},
	},
	{
		name: "no such route", status: http.StatusNotFound, body: `{"error":"404 Not Found"}`,
		ask: func(s *scene) request { return get("/api/v4/nowhere").bearer(s.grant.access) },
	},
}

func TestAPIRefusesInGitLabsWords(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		for _, row := range refusals {
			scene := newScene(t, s, true)
			got := scene.send(row.ask(scene))
			assert.Equal(t, row.status, got.Status, row.name)
			assert.Equal(t, row.authenticate, got.Authenticate, row.name)
			assert.Equal(t, "application/json", got.Type, row.name)
			assert.JSONEq(t, row.body, got.Body, row.name)
		}
	})
}

func TestAPITakesAGoodToken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s system) {
		scene := newScene(t, s, true)
		for name, ask := range map[string]request{
			"by header":    user.bearer(scene.grant.access),
			"by parameter": get("/api/v4/user?access_token=" + scene.grant.access),
		} {
			got := scene.send(ask)
			assert.Equal(t, http.StatusOK, got.Status, name)
			assert.Contains(t, got.Body, `"username":"ann"`, name)
		}
	})
}
