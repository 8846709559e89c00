package gitlabtest

import (
	"net/http"
	"strings"
)

// A Group is a group as its seeder sees it.
type Group struct {
	ID   int64
	Path string // the full path: "team/backend"
}

// AddGroup creates a group and those above it; one that exists is returned.
// What is no full path panics.
func (s *Server) AddGroup(fullPath string) Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.ensureGroup(fullPath)
	return Group{ID: g.id, Path: g.fullPath()}
}

type groupJSON struct {
	ID          int64   `json:"id"`
	WebURL      string  `json:"web_url"`
	Name        string  `json:"name"`
	Path        string  `json:"path"`
	Description string  `json:"description"`
	Visibility  string  `json:"visibility"`
	AvatarURL   *string `json:"avatar_url"`
	FullName    string  `json:"full_name"`
	FullPath    string  `json:"full_path"`
	CreatedAt   apiTime `json:"created_at"`
	ParentID    *int64  `json:"parent_id"`
}

func (s *Server) groupJSON(g *group) groupJSON {
	return groupJSON{
		ID: g.id, WebURL: s.external + "/groups/" + g.fullPath(), Name: g.name, Path: g.path,
		Visibility: "internal", FullName: spaced(g.fullPath()), FullPath: g.fullPath(),
		CreatedAt: apiTime(g.created), ParentID: g.parentID(),
	}
}

func (n *node) parentID() *int64 {
	if n.parent == nil {
		return nil
	}
	return &n.parent.id
}

// spaced is a full path as names are shown: "team / app".
func spaced(fullPath string) string { return strings.ReplaceAll(fullPath, "/", " / ") }

func (s *Server) getGroup(q *request) answer {
	g := s.findGroup(q.args["id"])
	if g == nil {
		return notFound("Group")
	}
	return jsonAnswer(http.StatusOK, s.groupJSON(g))
}
