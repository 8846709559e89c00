package gitlabtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	filePath      = "projects/:id/repository/files/:file_path"
	newFileParams = "branch!! commit_message!! content! encoding=base64|text start_branch author_name author_email " +
		"last_commit_id execute_filemode:bool"
)

var fileRoutes = []route{
	{method: "GET", pattern: filePath, params: "ref!!", handle: (*Server).getFile},
	{method: "GET", pattern: filePath + "/raw", params: "ref lfs:bool", handle: (*Server).rawFile},
	{method: "GET", pattern: filePath + "/blame", params: "ref!! range[start]:positive range[end]:positive" + paged, handle: (*Server).blame},
	{method: "POST", pattern: filePath, params: newFileParams, handle: (*Server).createFile},
	{method: "PUT", pattern: filePath, params: newFileParams, handle: (*Server).updateFile},
	{
		method: "DELETE", pattern: filePath, handle: (*Server).deleteFile,
		params: "branch!! commit_message!! start_branch author_name author_email last_commit_id",
	},
}

// withFile answers a call with a file, and the commit of the call's ref.
func (s *Server) withFile(q *request, handle func(*project, *commit, *blob) answer) answer {
	return s.withProject(q, func(p *project) answer {
		c := p.repo.resolve(orDefault(q.text("ref")))
		if c == nil {
			return notFound("Commit")
		}
		b := c.tree[q.args["file_path"]]
		if b == nil {
			return notFound("File")
		}
		return handle(p, c, b)
	})
}

// lastChange is the newest commit up to c that changed a file.
func (c *commit) lastChange(file string) *commit {
	return find(c.history(), func(c *commit) bool {
		return slices.ContainsFunc(c.changes(), func(changed change) bool { return changed.path == file })
	})
}

// about is what is known of a file, for the answer's body and headers.
func (q *request) about(c *commit, b *blob) object {
	file := q.args["file_path"]
	sum := sha256.Sum256([]byte(b.content))
	last := ""
	if changed := c.lastChange(file); changed != nil {
		last = changed.ID
	}
	return object{
		"file_name": path.Base(file), "file_path": file, "size": len(b.content), "encoding": "base64",
		"content_sha256": hex.EncodeToString(sum[:]), "ref": q.text("ref"), "blob_id": b.id, "commit_id": c.ID,
		"last_commit_id": last, "execute_filemode": b.executable,
	}
}

// described puts what is known of a file into the answer's headers.
func (a answer) described(about object) answer {
	for name, value := range about {
		var text string
		switch value := value.(type) {
		case string:
			text = value
		case int:
			text = strconv.Itoa(value)
		case bool:
			text = strconv.FormatBool(value)
		}
		a.header.Set("X-Gitlab-"+strings.ReplaceAll(name, "_", "-"), text)
	}
	return a
}

func (s *Server) getFile(q *request) answer {
	return s.withFile(q, func(_ *project, c *commit, b *blob) answer {
		about := q.about(c, b)
		body := maps.Clone(about)
		body["content"] = base64.StdEncoding.EncodeToString([]byte(b.content))
		return ok(body).described(about)
	})
}

func (s *Server) rawFile(q *request) answer {
	return s.withFile(q, func(_ *project, c *commit, b *blob) answer {
		return newAnswer(http.StatusOK, "text/plain; charset=utf-8", []byte(b.content)).described(q.about(c, b))
	})
}

// blame gives each line to the newest commit whose change of the file brought it.
func (s *Server) blame(q *request) answer {
	return s.withFile(q, func(p *project, c *commit, b *blob) answer {
		from, to := q.number("range[start]"), q.number("range[end]")
		switch {
		case from > to:
			return apiMessage(http.StatusBadRequest, "range[start] must be less than or equal to range[end]")
		case (from == 0) != (to == 0):
			return apiError(http.StatusBadRequest, "range[start] is missing")
		}
		type lines struct {
			by   *commit
			text []string
		}
		var groups []*lines
		for i, by := range c.writers(q.args["file_path"]) {
			if from > 0 && (int64(i+1) < from || int64(i+1) > to) {
				continue
			}
			text := strings.TrimSuffix(b.lines()[i], "\n")
			if n := len(groups); n > 0 && groups[n-1].by == by {
				groups[n-1].text = append(groups[n-1].text, text)
				continue
			}
			groups = append(groups, &lines{by, []string{text}})
		}
		return list(q, groups, func(g *lines) any { return object{"commit": s.commitJSON(p, g.by), "lines": g.text} })
	})
}

// writers are who wrote each line of a file, along the first parents: a line is
// as old as the unchanged beginning and end of the file's changes let it be.
func (c *commit) writers(file string) []*commit {
	now := c.tree[file].lines()
	writers := make([]*commit, len(now))
	for i := range writers {
		writers[i] = c
	}
	if len(c.parents) == 0 || c.parents[0].tree[file] == nil {
		return writers
	}
	old, before := c.parents[0].tree[file].lines(), c.parents[0].writers(file)
	for i := 0; i < min(len(old), len(now)) && old[i] == now[i]; i++ {
		writers[i] = before[i]
	}
	for i := 1; i <= min(len(old), len(now)) && old[len(old)-i] == now[len(now)-i]; i++ {
		writers[len(now)-i] = before[len(old)-i]
	}
	return writers
}

// commitFile commits what change makes of the files of the call's branch; if it
// cannot, it returns the refusal.
func (s *Server) commitFile(q *request, change func(file string, files tree) (refused string)) *answer {
	refused := ""
	a := s.withProject(q, func(p *project) answer {
		name, start := q.text("branch"), q.text("start_branch")
		head := p.repo.head(name)
		switch {
		case head == nil && start != "":
			head = p.repo.head(start)
			if head == nil {
				refused = "Branch '" + start + "' does not exist"
			}
		case head == nil && len(p.repo.branches) > 0:
			refused = "You can only create or edit files when you are on a branch"
		}
		file := q.args["file_path"]
		if last := q.text("last_commit_id"); refused == "" && last != "" && head != nil {
			if changed := head.lastChange(file); changed == nil || changed.ID != last {
				refused = "You are attempting to update a file that has changed since you started editing it."
			}
		}
		files := maps.Clone(head.files())
		if refused == "" {
			refused = change(file, files)
		}
		if refused != "" {
			return apiMessage(http.StatusBadRequest, refused)
		}
		p.repo.setBranch(name, head)
		c := p.commit(name, q.text("commit_message"), q.caller, files)
		q.setText("author_name", &c.name)
		q.setText("author_email", &c.email)
		return newAnswer(http.StatusOK, "", nil)
	})
	if a.status != http.StatusOK {
		return &a
	}
	return nil
}

func (q *request) content() (string, bool) {
	if q.text("encoding") != "base64" {
		return q.text("content"), true
	}
	decoded, err := base64.StdEncoding.DecodeString(q.text("content"))
	return string(decoded), err == nil
}

func (s *Server) createFile(q *request) answer {
	return s.writeFile(q, http.StatusCreated, func(old *blob) string {
		if old != nil {
			return "A file with this name already exists"
		}
		return ""
	})
}

func (s *Server) updateFile(q *request) answer {
	return s.writeFile(q, http.StatusOK, func(old *blob) string {
		if old == nil {
			return "A file with this name doesn't exist"
		}
		return ""
	})
}

func (s *Server) writeFile(q *request, status int, allowed func(old *blob) string) answer {
	content, valid := q.content()
	if !valid {
		return apiMessage(http.StatusBadRequest, "invalid base64")
	}
	failed := s.commitFile(q, func(file string, files tree) string {
		old := files[file]
		if refused := allowed(old); refused != "" {
			return refused
		}
		files[file] = newBlob(content, q.flagOr("execute_filemode", old != nil && old.executable))
		return ""
	})
	if failed != nil {
		return *failed
	}
	return jsonAnswer(status, object{"file_path": q.args["file_path"], "branch": q.text("branch")})
}

func (s *Server) deleteFile(q *request) answer {
	failed := s.commitFile(q, func(file string, files tree) string {
		if files[file] == nil {
			return "A file with this name doesn't exist"
		}
		delete(files, file)
		return ""
	})
	if failed != nil {
		return *failed
	}
	return deleted()
}
