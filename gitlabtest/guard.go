package gitlabtest

import (
	"net/http"
	"slices"
	"time"
)

// guard lets a call pass that carries a good token with one of scopes, and
// notes whose it is. Otherwise it returns the refusal, in GitLab's order of
// checks: an expired token is told to be expired even if it is revoked too.
func (s *Server) guard(q *request, scopes []string) (refused answer, ok bool) {
	p, refused, ok := s.presented(q)
	if !ok {
		return refused, false
	}
	now := time.Now()
	switch {
	case p == nil || now.Before(p.lagging):
		return bareUnauthorized(), false
	case p.expired(now):
		return badToken(textExpired), false
	case p.revoked:
		return badToken(textRevoked), false
	case !slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(p.scopes, scope) }):
		return narrowToken(scopes), false
	}
	q.caller = p.owner
	return answer{}, true
}

// presented finds the token that a call shows, nil if it shows none that is known.
func (s *Server) presented(q *request) (p *pair, refused answer, ok bool) {
	personal := q.Header.Get("Private-Token")
	if personal == "" {
		personal = q.params.get("private_token")
	}
	if personal != "" {
		p = s.oauth.byAccess[personal]
		if p != nil && p.app != nil {
			p = nil // an OAuth token is no personal one
		}
		return p, answer{}, true
	}
	if bearerPrefix.MatchString(q.Header.Get("Authorization")) && !blank(q.params.get("access_token")) {
		return nil, twoTokens(), false
	}
	return s.oauth.byAccess[bearerToken(q)], answer{}, true
}

// What a route asks of a token: one of these.
var (
	scopesUser  = []string{"read_user", "api", "read_api"}
	scopesRead  = []string{"api", "read_api"}
	scopesWrite = []string{"api"}
)

func writing(method string) bool { return method != http.MethodGet && method != http.MethodHead }
