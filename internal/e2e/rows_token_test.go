package e2e

import (
	"net/http"
	"strings"
)

// refreshRows are what becomes of a refresh token.
var refreshRows = []row{
	{name: "refresh", status: 200, ask: func(s *scene) request { return s.refresh() }},
	{name: "refresh of an expired pair", status: 200, ask: func(s *scene) request {
		s.system.expire(s.grant.access)
		return s.refresh()
	}},
	{name: "refresh of a refreshed pair", status: 200, ask: func(s *scene) request {
		s.grant = s.spend()
		return s.refresh()
	}},
	{name: "narrower scope", status: 200, ask: func(s *scene) request { return s.refresh("scope", "read_api") }},
	{name: "redirect_uri is not read", status: 200, ask: func(s *scene) request { return s.refresh("redirect_uri", "not a URI") }},
	{name: "application with fewer scopes than the grant", status: 200, ask: func(s *scene) request {
		s.app = s.system.newApplication(true, "read_api", "read_user")
		s.grant = s.system.signIn(s.app, "ann", "api", "read_api")
		return s.refresh()
	}},
	{name: "application with none of the grant's scopes", status: 200, ask: func(s *scene) request {
		s.app = s.system.newApplication(true, "read_user")
		s.grant = s.system.signIn(s.app, "ann", "api", "read_api")
		return s.refresh()
	}},
	{name: "used refresh token", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.spend()
		return s.refresh()
	}},
	{name: "revoked refresh token", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.system.revoke(s.grant.refresh)
		return s.refresh()
	}},
	{name: "revoked and expired pair", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.system.expire(s.grant.access)
		s.system.revoke(s.grant.refresh)
		return s.refresh()
	}},
	{name: "unknown refresh token", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("refresh_token", "unknown")
	}},
	{name: "access token as refresh token", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("refresh_token", s.grant.access)
	}},
	{name: "wider scope", status: 400, error: "invalid_scope", ask: func(s *scene) request {
		return s.refresh("scope", "api read_user")
	}},
	{name: "scope that does not exist", status: 400, error: "invalid_scope", ask: func(s *scene) request {
		return s.refresh("scope", "everything")
	}},
	{name: "refresh after a refused scope", status: 200, ask: func(s *scene) request {
		s.send(s.refresh("scope", "api read_user"))
		return s.refresh()
	}},
}

// clientRows are who asks for the refresh.
var clientRows = []row{
	{name: "credentials of another application", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh(s.other()...)
	}},
	{name: "no client_id", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("client_id", "-", "client_secret", "-")
	}},
	{name: "no client_id, but a secret", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("client_id", "-")
	}},
	{name: "wrong secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_secret", "wrong")
	}},
	{name: "refresh after a wrong secret", status: 200, ask: func(s *scene) request {
		s.send(s.refresh("client_secret", "wrong"))
		return s.refresh()
	}},
	{name: "used refresh token and wrong secret", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.spend()
		return s.refresh("client_secret", "wrong")
	}},
	{name: "unknown client", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_id", "unknown")
	}},
	{name: "confidential application without secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_secret", "-")
	}},
	{name: "confidential application, empty secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_secret", "")
	}},
	{name: "public application without secret", public: true, status: 200, ask: func(s *scene) request {
		return s.refresh("client_secret", "-")
	}},
	{name: "public application, empty secret", public: true, status: 200, ask: func(s *scene) request {
		return s.refresh("client_secret", "")
	}},
	{name: "public application, wrong secret", public: true, status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_secret", "wrong")
	}},
	{name: "public application, no client_id", public: true, status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("client_id", "-", "client_secret", "-")
	}},
	{name: "credentials by Basic header", status: 200, ask: func(s *scene) request {
		return s.refresh("client_id", "-", "client_secret", "-").basic(s.app)
	}},
	{name: "wrong secret by Basic header", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh("client_id", "-", "client_secret", "-").basic(application{s.app.clientID, "wrong"})
	}},
	{name: "Basic header goes before parameters", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.refresh().basic(application{s.app.clientID, "wrong"})
	}},
}

// malformedRows are requests that do not say what they want.
var malformedRows = []row{
	{name: "no refresh_token", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("refresh_token", "-") }},
	{name: "empty refresh_token", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("refresh_token", "") }},
	{name: "no refresh_token and wrong secret", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.refresh("refresh_token", "-", "client_secret", "wrong")
	}},
	{name: "no grant_type", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("grant_type", "-") }},
	{name: "empty grant_type", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("grant_type", "") }},
	{name: "empty body", status: 400, error: "invalid_request", ask: func(*scene) request { return postForm("/oauth/token", nil) }},
	{name: "unknown grant_type", status: 400, error: "unsupported_grant_type", ask: func(s *scene) request {
		return s.refresh("grant_type", "goodwill")
	}},
	{name: "JSON body", status: 200, ask: func(s *scene) request { return s.json() }},
	{name: "malformed JSON body", status: 400, ask: func(s *scene) request {
		r := s.json()
		r.body = `{"grant_type":`
		return r
	}},
	{name: "form without its Content-Type", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.refresh().with("Content-Type", "text/plain")
	}},
	{name: "parameters in the query", status: 200, ask: func(s *scene) request {
		r := s.refresh()
		r.path, r.body = r.path+"?"+r.body, ""
		return r
	}},
	{name: "GET on the token endpoint", status: 404, ask: func(s *scene) request {
		r := s.refresh()
		return get(r.path + "?" + r.body)
	}},
	{name: "PUT on the token endpoint", status: 404, ask: func(s *scene) request {
		r := s.refresh()
		r.method = http.MethodPut
		return r
	}},
	{name: "form of 100 parameters", status: 200, ask: func(s *scene) request {
		r := s.refresh()
		r.body += strings.Repeat("&more=1", 100)
		return r
	}},
}
