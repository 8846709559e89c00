package gitlabtest

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// revoke is RFC 7009: a wrong client is refused, an unknown token is fine.
func (s *Server) revoke(q *request) answer {
	app, _ := s.authenticateClient(q)
	if app == nil {
		return refuseRevocation()
	}
	p := s.find(q.params.get("token"))
	if p != nil && p.app != nil {
		if p.app.Confidential && p.app != app {
			return refuseRevocation()
		}
		if p.live(time.Now()) {
			p.revoked = true
		}
	}
	return oauthAnswer(http.StatusOK, cachePrivate, struct{}{})
}

// tokenInfo tells a token's holder about it.
func (s *Server) tokenInfo(q *request) answer {
	now := time.Now()
	p := s.oauth.byAccess[bearerToken(q)]
	if p == nil || p.app == nil || !p.live(now) {
		return refuseToken.answer()
	}
	type application struct {
		UID string `json:"uid"`
	}
	left := p.remaining(now)
	return oauthAnswer(http.StatusOK, cachePrivate, struct {
		ResourceOwnerID  int64       `json:"resource_owner_id"`
		Scope            []string    `json:"scope"`
		ExpiresIn        *int        `json:"expires_in"`
		Application      application `json:"application"`
		CreatedAt        int64       `json:"created_at"`
		Scopes           []string    `json:"scopes"`
		ExpiresInSeconds *int        `json:"expires_in_seconds"`
	}{p.owner.ID, p.scopes, left, application{p.app.ClientID}, p.created.Unix(), p.scopes, left})
}

// introspect is RFC 7662. Who asks is an application about its own tokens, or
// the holder of another token of that application.
func (s *Server) introspect(q *request) answer {
	now := time.Now()
	shown := s.find(q.params.get("token"))
	app, credentials := s.authenticateClient(q)
	if credentials {
		if app == nil {
			return refuseClient.answer()
		}
		if shown == nil || shown.app != app {
			return inactive()
		}
	} else {
		holder := s.oauth.byAccess[bearerToken(q)]
		if holder == nil {
			return refuseRequest.answer()
		}
		if holder == shown || !holder.live(now) || shown == nil || shown.app != holder.app {
			return refuseHolder(holder, now).answer()
		}
	}
	if !shown.live(now) {
		return inactive()
	}
	expires := int64(0)
	if shown.lifetime != 0 {
		expires = shown.created.Add(shown.lifetime).Unix()
	}
	return oauthAnswer(http.StatusOK, cachePrivate, struct {
		Active    bool   `json:"active"`
		Scope     string `json:"scope"`
		ClientID  string `json:"client_id"`
		TokenType string `json:"token_type"`
		Exp       int64  `json:"exp"`
		Iat       int64  `json:"iat"`
	}{true, strings.Join(shown.scopes, " "), shown.app.ClientID, "Bearer", expires, shown.created.Unix()})
}

func inactive() answer {
	return oauthAnswer(http.StatusOK, cachePrivate, map[string]bool{"active": false})
}

func refuseHolder(holder *pair, now time.Time) refusal {
	switch {
	case holder.revoked:
		return refuseTokenRevoked
	case holder.expired(now):
		return refuseTokenExpired
	}
	return refuseToken
}

var bearerPrefix = regexp.MustCompile(`(?i)^Bearer `)

// bearerToken finds an access token where Doorkeeper looks for one: the
// access_token parameter, the header, the bearer_token parameter.
func bearerToken(q *request) string {
	if v := q.params.get("access_token"); !blank(v) {
		return v
	}
	header := q.Header.Get("Authorization")
	if prefix := bearerPrefix.FindString(header); prefix != "" {
		return header[len(prefix):]
	}
	return q.params.get("bearer_token")
}
