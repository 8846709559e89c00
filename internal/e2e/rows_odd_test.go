package e2e

import (
	"encoding/base64"
	"strings"
)

// oddRows are requests that no library sends and some script does.
var oddRows = []row{
	{name: "a parameter twice", status: 200, ask: func(s *scene) request {
		r := s.refresh()
		r.body = "refresh_token=unknown&" + r.body // of two, the last counts
		return r
	}},
	{name: "query against body", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		r := s.refresh()
		r.path += "?refresh_token=unknown"
		return r
	}},
	{name: "empty scope", status: 200, ask: func(s *scene) request { return s.refresh("scope", "") }},
	{name: "blank scope", status: 200, ask: func(s *scene) request { return s.refresh("scope", " ") }},
	{name: "scope with a tab", status: 400, error: "invalid_scope", ask: func(s *scene) request {
		return s.refresh("scope", "api\tread_api")
	}},
	{name: "scope twice", status: 200, ask: func(s *scene) request { return s.refresh("scope", "api  api") }},
	{name: "parameter called scopes", status: 200, ask: func(s *scene) request { return s.refresh("scopes", "read_api") }},
	{name: "blank grant_type", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("grant_type", " ") }},
	{name: "grant_type in capitals", status: 400, error: "unsupported_grant_type", ask: func(s *scene) request {
		return s.refresh("grant_type", "REFRESH_TOKEN")
	}},
	{name: "blank refresh_token", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.refresh("refresh_token", " ") }},
	{name: "refresh token with a space after it", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("refresh_token", s.grant.refresh+" ")
	}},
	{name: "blank client_id", status: 400, error: "invalid_grant", ask: func(s *scene) request { return s.refresh("client_id", " ") }},
	{name: "blank secret of a public application", public: true, status: 200, ask: func(s *scene) request {
		return s.refresh("client_secret", " ")
	}},
	{name: "JSON with a charset", status: 200, ask: func(s *scene) request {
		return s.json().with("Content-Type", "application/json; charset=utf-8")
	}},
	{name: "JSON list", status: 400, error: "invalid_request", ask: func(s *scene) request {
		r := s.json()
		r.body = "[" + r.body + "]"
		return r
	}},
	{name: "JSON and its Content-Type is a form's", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.json().with("Content-Type", "application/x-www-form-urlencoded")
	}},
	{name: "empty JSON body", status: 400, error: "invalid_request", ask: func(s *scene) request {
		r := s.json()
		r.body = ""
		return r
	}},
	{name: "multipart form", status: 200, ask: func(s *scene) request { return s.multipart() }},
	{name: "bad percent escape", status: 400, ask: func(s *scene) request {
		r := s.refresh()
		r.body += "&more=%zz"
		return r
	}},
	{name: "semicolon in the form", status: 200, ask: func(s *scene) request {
		r := s.refresh()
		r.body += "&more=1;2"
		return r
	}},
	{name: "slash after the endpoint", status: 200, ask: func(s *scene) request {
		r := s.refresh()
		r.path += "/"
		return r
	}},
	{name: "HEAD on the token endpoint", status: 404, ask: func(s *scene) request {
		r := s.refresh()
		r.method, r.body = "HEAD", ""
		return r
	}},
	{name: "basic in small letters", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		r := s.refresh("client_id", "-", "client_secret", "-").basic(s.app)
		return r.with("Authorization", strings.Replace(r.header.Get("Authorization"), "Basic", "basic", 1))
	}},
	{name: "Basic without base64", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.refresh("client_id", "-", "client_secret", "-").with("Authorization", "Basic ?!")
	}},
	{name: "Basic without colon", status: 401, error: "invalid_client", ask: func(s *scene) request {
		id := base64.StdEncoding.EncodeToString([]byte(s.app.clientID))
		return s.refresh("client_id", "-", "client_secret", "-").with("Authorization", "Basic "+id)
	}},
	{name: "Bearer beside credentials", status: 200, ask: func(s *scene) request { return s.refresh().bearer(s.grant.access) }},
	{name: "bearer in small letters", status: 200, ask: func(s *scene) request {
		return get("/oauth/token/info").with("Authorization", "bearer "+s.grant.access)
	}},
	{name: "bearer_token parameter", status: 200, ask: func(s *scene) request {
		return get("/oauth/token/info?bearer_token=" + s.grant.access)
	}},
	{name: "access_token parameter before header", status: 401, error: "invalid_token", ask: func(s *scene) request {
		return get("/oauth/token/info?access_token=unknown").bearer(s.grant.access)
	}},
	{name: "token info with a token twice", status: 200, ask: func(s *scene) request {
		return get("/oauth/token/info?access_token=" + s.grant.access).bearer(s.grant.access)
	}},
	{name: "private token at OAuth's endpoint", status: 401, error: "invalid_token", ask: func(s *scene) request {
		return get("/oauth/token/info").with("Private-Token", s.grant.access)
	}},
	{name: "POST on token info", status: 404, ask: func(s *scene) request { return s.client("/oauth/token/info", s.grant.access) }},
	{name: "GET on introspect", status: 404, ask: func(*scene) request { return get("/oauth/introspect") }},
	{name: "no such endpoint", status: 404, ask: func(*scene) request { return get("/oauth/nowhere") }},
}
