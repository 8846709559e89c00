package gitlabtest

import (
	"path"
	"strings"
)

var uploadRoutes = []route{
	{method: "POST", pattern: "projects/:id/uploads", params: "file!", handle: (*Server).upload},
}

// upload takes a file of a multipart form, and keeps only its name.
func (s *Server) upload(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		if !strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/form-data") {
			return apiError(400, "file is invalid")
		}
		id, name := s.world.nextID("upload"), path.Base(q.text("file"))
		alt := strings.TrimSuffix(name, path.Ext(name))
		url := "/uploads/" + hashID("upload", idText(id), name)[:32] + "/" + name
		markdown := "[" + name + "](" + url + ")"
		switch strings.ToLower(path.Ext(name)) {
		case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg":
			markdown = "![" + alt + "](" + url + ")"
		default:
			alt = name
		}
		return created(object{
			"id": id, "alt": alt, "url": url, "full_path": "/-/project/" + idText(p.id) + url, "markdown": markdown,
		})
	})
}
