package e2e

// revokeRows are POST /oauth/revoke, and what is left of the pair.
var revokeRows = []row{
	{name: "revoke an access token", status: 200, ask: func(s *scene) request { return s.client("/oauth/revoke", s.grant.access) }},
	{name: "revoke a refresh token", status: 200, ask: func(s *scene) request { return s.client("/oauth/revoke", s.grant.refresh) }},
	{name: "refresh after the access token's revocation", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.send(s.client("/oauth/revoke", s.grant.access))
		return s.refresh()
	}},
	{name: "token info after the refresh token's", status: 401, error: "invalid_token", ask: func(s *scene) request {
		s.send(s.client("/oauth/revoke", s.grant.refresh))
		return get("/oauth/token/info").bearer(s.grant.access)
	}},
	{name: "revoke an unknown token", status: 200, ask: func(s *scene) request { return s.client("/oauth/revoke", "unknown") }},
	{name: "revoke twice", status: 200, ask: func(s *scene) request {
		s.send(s.client("/oauth/revoke", s.grant.access))
		return s.client("/oauth/revoke", s.grant.access)
	}},
	{name: "revoke without token", status: 200, ask: func(s *scene) request { return s.client("/oauth/revoke", "", "token", "-") }},
	{name: "revoke by Basic header", status: 200, ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, "client_id", "-", "client_secret", "-").basic(s.app)
	}},
	{name: "revoke, wrong secret", status: 403, error: "unauthorized_client", ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, "client_secret", "wrong")
	}},
	{name: "revoke an unknown token, wrong secret", status: 403, error: "unauthorized_client", ask: func(s *scene) request {
		return s.client("/oauth/revoke", "unknown", "client_secret", "wrong")
	}},
	{name: "revoke, no credentials", status: 403, error: "unauthorized_client", ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, "client_id", "-", "client_secret", "-")
	}},
	{name: "revoke, another application's credentials", status: 403, error: "unauthorized_client", ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, s.other()...)
	}},
	{name: "refresh after a refused revocation", status: 200, ask: func(s *scene) request {
		s.send(s.client("/oauth/revoke", s.grant.access, "client_secret", "wrong"))
		return s.refresh()
	}},
	{name: "public application revokes", public: true, status: 200, ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, "client_secret", "-")
	}},
	{name: "public application's token, another's credentials", public: true, status: 200, ask: func(s *scene) request {
		return s.client("/oauth/revoke", s.grant.access, s.other()...)
	}},
	{name: "refresh after another's revocation", public: true, status: 400, error: "invalid_grant", ask: func(s *scene) request {
		s.send(s.client("/oauth/revoke", s.grant.access, s.other()...))
		return s.refresh("client_secret", "-")
	}},
	{name: "GET on revoke", status: 404, ask: func(*scene) request { return get("/oauth/revoke") }},
}

// tokenInfoRows are GET /oauth/token/info.
var tokenInfoRows = []row{
	{name: "token info", status: 200, ask: func(s *scene) request { return get("/oauth/token/info").bearer(s.grant.access) }},
	{name: "token info of the newer pair", status: 200, ask: func(s *scene) request {
		return get("/oauth/token/info").bearer(s.spend().access)
	}},
	{name: "token info by parameter", status: 200, ask: func(s *scene) request {
		return get("/oauth/token/info?access_token=" + s.grant.access)
	}},
	{name: "token info without token", status: 401, error: "invalid_token", ask: func(*scene) request { return get("/oauth/token/info") }},
	{name: "token info, unknown token", status: 401, error: "invalid_token", ask: func(*scene) request {
		return get("/oauth/token/info").bearer("unknown")
	}},
	{name: "token info, refresh token", status: 401, error: "invalid_token", ask: func(s *scene) request {
		return get("/oauth/token/info").bearer(s.grant.refresh)
	}},
	{name: "token info, expired token", status: 401, error: "invalid_token", ask: func(s *scene) request {
		s.system.expire(s.grant.access)
		return get("/oauth/token/info").bearer(s.grant.access)
	}},
	{name: "token info, revoked token", status: 401, error: "invalid_token", ask: func(s *scene) request {
		s.system.revoke(s.grant.access)
		return get("/oauth/token/info").bearer(s.grant.access)
	}},
	{name: "token info, refreshed token", status: 401, error: "invalid_token", ask: func(s *scene) request {
		s.spend()
		return get("/oauth/token/info").bearer(s.grant.access)
	}},
}

// introspectRows are POST /oauth/introspect.
var introspectRows = []row{
	{name: "introspect", status: 200, ask: func(s *scene) request { return s.client("/oauth/introspect", s.grant.access) }},
	{name: "introspect by Basic header", status: 200, ask: func(s *scene) request {
		return s.client("/oauth/introspect", s.grant.access, "client_id", "-", "client_secret", "-").basic(s.app)
	}},
	{name: "introspect a refresh token", status: 200, ask: func(s *scene) request { return s.client("/oauth/introspect", s.grant.refresh) }},
	{name: "introspect an unknown token", status: 200, ask: func(s *scene) request { return s.client("/oauth/introspect", "unknown") }},
	{name: "introspect without token", status: 200, ask: func(s *scene) request { return s.client("/oauth/introspect", "", "token", "-") }},
	{name: "introspect an expired token", status: 200, ask: func(s *scene) request {
		s.system.expire(s.grant.access)
		return s.client("/oauth/introspect", s.grant.access)
	}},
	{name: "introspect a revoked token", status: 200, ask: func(s *scene) request {
		s.system.revoke(s.grant.access)
		return s.client("/oauth/introspect", s.grant.access)
	}},
	{name: "introspect a refreshed token", status: 200, ask: func(s *scene) request {
		s.spend()
		return s.client("/oauth/introspect", s.grant.access)
	}},
	{name: "introspect another application's token", status: 200, ask: func(s *scene) request {
		return s.client("/oauth/introspect", s.grant.access, s.other()...)
	}},
	{name: "introspect, wrong secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.client("/oauth/introspect", s.grant.access, "client_secret", "wrong")
	}},
	{name: "introspect, no credentials", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.client("/oauth/introspect", s.grant.access, "client_id", "-", "client_secret", "-")
	}},
	{name: "introspect by another bearer token", status: 200, ask: func(s *scene) request {
		second := s.system.signIn(s.app, "ann", "api")
		return s.client("/oauth/introspect", s.grant.access, "client_id", "-", "client_secret", "-").bearer(second.access)
	}},
	{name: "introspect by the same bearer token", status: 401, error: "invalid_token", ask: func(s *scene) request {
		return s.client("/oauth/introspect", s.grant.access, "client_id", "-", "client_secret", "-").bearer(s.grant.access)
	}},
}

// codeRows are the authorization code and PKCE.
var codeRows = []row{
	{name: "authorize", status: 302, ask: func(s *scene) request { return s.authorize() }},
	{name: "authorize without state", status: 302, ask: func(s *scene) request { return s.authorize("state", "-") }},
	{name: "code and verifier", status: 200, ask: func(s *scene) request { return s.exchange(s.code()) }},
	{name: "code of the application's default scope", status: 200, ask: func(s *scene) request { return s.exchange(s.code("scope", "-")) }},
	{name: "code of two scopes", status: 200, ask: func(s *scene) request { return s.exchange(s.code("scope", "read_user read_api")) }},
	{name: "public application's code", public: true, status: 200, ask: func(s *scene) request {
		return s.exchange(s.code(), "client_secret", "-")
	}},
	{name: "code by Basic header", status: 200, ask: func(s *scene) request {
		return s.exchange(s.code(), "client_id", "-", "client_secret", "-").basic(s.app)
	}},
	{name: "code without PKCE", status: 200, ask: func(s *scene) request {
		return s.exchange(s.code("code_challenge", "-", "code_challenge_method", "-"), "code_verifier", "-")
	}},
	{name: "plain challenge", status: 200, ask: func(s *scene) request {
		return s.exchange(s.code("code_challenge", verifier, "code_challenge_method", "plain"))
	}},
	{name: "refresh of a pair made of a code", status: 200, ask: func(s *scene) request {
		s.grant = s.send(s.exchange(s.code())).pair(s.t)
		return s.refresh()
	}},
	{name: "wrong verifier", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.exchange(s.code(), "code_verifier", "wrong"+verifier)
	}},
	{name: "good verifier after a wrong one", status: 200, ask: func(s *scene) request {
		code := s.code()
		s.send(s.exchange(code, "code_verifier", "wrong"+verifier))
		return s.exchange(code)
	}},
	{name: "no verifier", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.exchange(s.code(), "code_verifier", "-")
	}},
	{name: "verifier without a challenge", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.exchange(s.code("code_challenge", "-", "code_challenge_method", "-"))
	}},
	{name: "code used twice", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		code := s.code()
		s.send(s.exchange(code)).pair(s.t)
		return s.exchange(code)
	}},
	{name: "unknown code", status: 400, error: "invalid_grant", ask: func(s *scene) request { return s.exchange("unknown") }},
	{name: "no code", status: 400, error: "invalid_request", ask: func(s *scene) request { return s.exchange("", "code", "-") }},
	{name: "another redirect_uri", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.exchange(s.code(), "redirect_uri", "http://127.0.0.1/elsewhere")
	}},
	{name: "no redirect_uri", status: 400, error: "invalid_request", ask: func(s *scene) request {
		return s.exchange(s.code(), "redirect_uri", "-")
	}},
	{name: "code of another application", status: 400, error: "invalid_grant", ask: func(s *scene) request {
		return s.exchange(s.code(), s.other()...)
	}},
	{name: "code, wrong secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.exchange(s.code(), "client_secret", "wrong")
	}},
	{name: "code, no client_id", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.exchange(s.code(), "client_id", "-", "client_secret", "-")
	}},
	{name: "unknown code, wrong secret", status: 401, error: "invalid_client", ask: func(s *scene) request {
		return s.exchange("unknown", "client_secret", "wrong")
	}},
}
