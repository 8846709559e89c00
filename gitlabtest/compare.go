package gitlabtest

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

var repositoryRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/repository/compare", handle: (*Server).compare,
		params: "from! to! straight:bool from_project_id:int unidiff:bool",
	},
	{method: "GET", pattern: "projects/:id/repository/merge_base", params: "refs!", handle: (*Server).mergeBase},
	{
		method: "GET", pattern: "projects/:id/repository/tree", handle: (*Server).tree,
		params: "ref path recursive:bool page_token" + paged,
	},
}

// compare lists what is in to and not in from, oldest first.
func (s *Server) compare(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		a, b := p.repo.resolve(q.text("from")), p.repo.resolve(q.text("to"))
		if a == nil || b == nil {
			return notFound("Ref")
		}
		commits := b.beyond(a)
		slices.Reverse(commits)
		var last *commitJSON
		told := s.commitsJSON(p, commits)
		if len(told) > 0 {
			last = &told[len(told)-1]
		}
		base, dots := mergeBase(a, b), "..."
		if q.flag("straight") {
			base, dots = a, ".."
		}
		return ok(struct {
			Commit         *commitJSON  `json:"commit"`
			Commits        []commitJSON `json:"commits"`
			Diffs          []diffJSON   `json:"diffs"`
			CompareTimeout bool         `json:"compare_timeout"`
			CompareSameRef bool         `json:"compare_same_ref"`
			WebURL         string       `json:"web_url"`
		}{
			last, told, diffs(changes(base.files(), b.tree), q.flag("unidiff")), false, q.text("from") == q.text("to"),
			s.url(&p.node) + "/-/compare/" + q.text("from") + dots + q.text("to"),
		})
	})
}

func (s *Server) mergeBase(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		refs := q.words("refs")
		if len(refs) < 2 {
			return apiMessage(http.StatusBadRequest, "Provide at least 2 refs")
		}
		var commits []*commit
		var unknown []string
		for _, ref := range refs {
			if c := p.repo.resolve(ref); c != nil {
				commits = append(commits, c)
			} else {
				unknown = append(unknown, ref)
			}
		}
		if len(unknown) > 0 {
			noun := "ref"
			if len(unknown) > 1 {
				noun = "refs"
			}
			return apiMessage(http.StatusBadRequest, "Could not find "+noun+": "+strings.Join(unknown, ", "))
		}
		base := mergeBase(commits...)
		if base == nil {
			return notFound("Merge Base")
		}
		return ok(s.commitJSON(p, base))
	})
}

type treeEntry struct {
	id, name, kind, path, mode string
}

// entries lists what is in a directory: directories first, and with all below
// them if recursive.
func (t tree) entries(directory string, recursive bool) []treeEntry {
	below := map[string]tree{}
	var files []treeEntry
	for file, b := range t {
		rest, inside := file, true
		if directory != "" {
			rest, inside = strings.CutPrefix(file, directory+"/")
		}
		if !inside {
			continue
		}
		if !strings.Contains(rest, "/") || recursive {
			files = append(files, treeEntry{b.id, path.Base(file), "blob", file, b.mode()})
		}
		for at, r := range rest {
			sub := path.Join(directory, rest[:at])
			if r != '/' || !recursive && strings.Contains(rest[:at], "/") {
				continue
			}
			if below[sub] == nil {
				below[sub] = tree{}
			}
			below[sub][file] = b
		}
	}
	var entries []treeEntry
	for sub, content := range below {
		entries = append(entries, treeEntry{content.id(), path.Base(sub), "tree", sub, "040000"})
	}
	byPath := func(a, b treeEntry) int { return strings.Compare(a.path, b.path) }
	slices.SortFunc(entries, byPath)
	slices.SortFunc(files, byPath)
	return append(entries, files...)
}

func (e treeEntry) place() string {
	if e.kind == "tree" {
		return "0" + e.path
	}
	return "1" + e.path
}

func (s *Server) tree(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		c := p.repo.resolve(orDefault(q.text("ref")))
		if c == nil {
			return notFound("Tree")
		}
		entries := c.tree.entries(strings.Trim(q.text("path"), "/"), q.flag("recursive"))
		if len(entries) == 0 && q.text("path") != "" {
			return notFound("invalid revision or path")
		}
		return paginate(q, listing[treeEntry]{
			items: entries, keyset: true, token: "page_token", key: treeEntry.place,
			render: func(e treeEntry) any {
				return object{"id": e.id, "name": e.name, "type": e.kind, "path": e.path, "mode": e.mode}
			},
		})
	})
}
