package gitlabtest

import "time"

var instanceRoutes = []route{
	{method: "GET", pattern: "version", handle: (*Server).version, scopes: scopesUser},
	{method: "GET", pattern: "metadata", handle: (*Server).metadata, scopes: scopesUser},
	{method: "GET", pattern: "personal_access_tokens/self", handle: (*Server).ownToken, scopes: serverScopes},
}

// What the instance says to be.
const (
	instanceVersion  = "18.9.0"
	instanceRevision = "5f0a1c7e2b9"
)

func (s *Server) version(*request) answer {
	return ok(struct {
		Version  string `json:"version"`
		Revision string `json:"revision"`
	}{instanceVersion, instanceRevision})
}

func (s *Server) metadata(*request) answer {
	type kas struct {
		Enabled     bool    `json:"enabled"`
		ExternalURL *string `json:"externalUrl"`
		Version     *string `json:"version"`
	}
	return ok(struct {
		Version    string `json:"version"`
		Revision   string `json:"revision"`
		KAS        kas    `json:"kas"`
		Enterprise bool   `json:"enterprise"`
	}{Version: instanceVersion, Revision: instanceRevision})
}

// ownToken tells of a personal access token; those of OAuth are not told of here.
func (s *Server) ownToken(q *request) answer {
	p, _, _ := s.presented(q)
	if p == nil || p.app != nil {
		return bareUnauthorized()
	}
	return ok(object{
		"id": p.id, "name": "gitlabtest", "description": nil, "revoked": p.revoked, "created_at": apiTime(p.created),
		"scopes": p.scopes, "user_id": p.owner.ID, "last_used_at": apiTime(time.Now()), "active": !p.revoked, "expires_at": nil,
	})
}
