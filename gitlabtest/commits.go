package gitlabtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// defaultBranch is the only branch that a project has.
const defaultBranch = "main"

// A commit has its place in its project's history; its parent is the one before.
type commit struct {
	Commit

	author  *account
	created time.Time
	files   []string
}

// A Commit is a commit as its seeder sees it.
type Commit struct {
	ID    string // 40 hexadecimal digits
	Title string
}

// AddCommit puts a commit on top of the branch "main" of the project with that
// full path, which is created if new. The commit changes one line in each of
// files; none: README.md. Its author is the user "root", its time is now.
func (s *Server) AddCommit(project, title string, files ...string) Commit {
	if len(files) == 0 {
		files = []string{"README.md"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ensureProject(project)
	c := &commit{
		Commit: Commit{ID: randomHex(20), Title: title}, author: s.account("root"),
		created: time.Now(), files: slices.Clone(files),
	}
	p.commits = append(p.commits, c)
	return c.Commit
}

type commitJSON struct {
	ID             string   `json:"id"`
	ShortID        string   `json:"short_id"`
	CreatedAt      apiTime  `json:"created_at"`
	ParentIDs      []string `json:"parent_ids"`
	Title          string   `json:"title"`
	Message        string   `json:"message"`
	AuthorName     string   `json:"author_name"`
	AuthorEmail    string   `json:"author_email"`
	AuthoredDate   apiTime  `json:"authored_date"`
	CommitterName  string   `json:"committer_name"`
	CommitterEmail string   `json:"committer_email"`
	CommittedDate  apiTime  `json:"committed_date"`
	Trailers       struct{} `json:"trailers"`
	WebURL         string   `json:"web_url"`
}

type commitDetailJSON struct {
	commitJSON

	Stats        statsJSON `json:"stats"`
	Status       *string   `json:"status"`
	ProjectID    int64     `json:"project_id"`
	LastPipeline *struct{} `json:"last_pipeline"`
}

type statsJSON struct {
	Additions int `json:"additions"`
	Deletions int `json:"deletions"`
	Total     int `json:"total"`
}

type diffJSON struct {
	Diff        string `json:"diff"`
	NewPath     string `json:"new_path"`
	OldPath     string `json:"old_path"`
	AMode       string `json:"a_mode"`
	BMode       string `json:"b_mode"`
	NewFile     bool   `json:"new_file"`
	RenamedFile bool   `json:"renamed_file"`
	DeletedFile bool   `json:"deleted_file"`
}

func (s *Server) commitJSON(p *project, at int) commitJSON {
	c := p.commits[at]
	email := c.author.Username + "@example.com"
	v := commitJSON{
		ID: c.ID, ShortID: c.ID[:8], CreatedAt: apiTime(c.created), ParentIDs: []string{}, Title: c.Title,
		Message: c.Title, AuthorName: c.author.Username, AuthorEmail: email, AuthoredDate: apiTime(c.created),
		CommitterName: c.author.Username, CommitterEmail: email, CommittedDate: apiTime(c.created),
		WebURL: s.external + "/" + p.fullPath() + "/-/commit/" + c.ID,
	}
	if at > 0 {
		v.ParentIDs = append(v.ParentIDs, p.commits[at-1].ID)
	}
	return v
}

// diffs is what the commits from (included) to to (not included) changed.
func diffs(commits []*commit) []diffJSON {
	changed := map[string][]*commit{}
	var order []string
	for _, c := range commits {
		for _, file := range c.files {
			if changed[file] == nil {
				order = append(order, file)
			}
			changed[file] = append(changed[file], c)
		}
	}
	out := []diffJSON{}
	for _, file := range order {
		last := changed[file][len(changed[file])-1]
		out = append(out, diffJSON{
			Diff:    fmt.Sprintf("@@ -1 +1 @@\n-before\n+%s\n", last.Title),
			NewPath: file, OldPath: file, AMode: "100644", BMode: "100644",
		})
	}
	return out
}

// resolve finds the commit that a branch, a full or short sha, or either with
// "~n" or "^" behind it means; -1 if there is none.
func (p *project) resolve(ref string) int {
	base, back := ref, 0
	if rest, ok := strings.CutSuffix(ref, "^"); ok {
		base, back = rest, 1
	} else if rest, n, ok := strings.Cut(ref, "~"); ok {
		if _, err := fmt.Sscanf(n, "%d", &back); err != nil || back < 0 {
			return -1
		}
		base = rest
	}
	at := -1
	switch {
	case base == defaultBranch || base == "HEAD":
		at = len(p.commits) - 1
	case len(base) >= 7:
		at = slices.IndexFunc(p.commits, func(c *commit) bool { return strings.HasPrefix(c.ID, base) })
	}
	if at < back {
		return -1
	}
	return at - back
}

func (s *Server) listCommits(q *request) answer {
	c := &check{params: q.params}
	since, until := c.moment("since"), c.moment("until")
	if refused, ok := c.refused(); ok {
		return refused
	}
	return s.withProject(q, func(p *project) answer {
		ref := q.params.get("ref_name")
		if ref == "" {
			ref = defaultBranch
		}
		return paginate(s, q, c, func() listing[int] {
			var items []int
			for at := p.resolve(ref); at >= 0; at-- {
				c := p.commits[at]
				if (since.IsZero() || !c.created.Before(since)) && (until.IsZero() || !c.created.After(until)) &&
					c.touches(q.params.get("path")) {
					items = append(items, at)
				}
			}
			return listing[int]{items: items, render: func(at int) any { return s.commitJSON(p, at) }}
		})
	})
}

// touches reports whether c changes path or something below it; "" is everything.
func (c *commit) touches(path string) bool {
	return path == "" || slices.ContainsFunc(c.files, func(file string) bool {
		return file == path || strings.HasPrefix(file, strings.TrimSuffix(path, "/")+"/")
	})
}

func (s *Server) getCommit(q *request) answer {
	return s.withCommit(q, func(p *project, at int) answer {
		n := len(p.commits[at].files)
		return jsonAnswer(http.StatusOK, commitDetailJSON{
			commitJSON: s.commitJSON(p, at), ProjectID: p.id, Stats: statsJSON{n, n, 2 * n},
		})
	})
}

func (s *Server) commitDiff(q *request) answer {
	return s.withCommit(q, func(p *project, at int) answer {
		return paginate(s, q, &check{params: q.params}, func() listing[diffJSON] {
			return listing[diffJSON]{
				items: diffs(p.commits[at : at+1]), render: func(d diffJSON) any { return d },
			}
		})
	})
}

func (s *Server) withCommit(q *request, handle func(p *project, at int) answer) answer {
	return s.withProject(q, func(p *project) answer {
		at := p.resolve(q.args["sha"])
		if at < 0 {
			return notFound("Commit")
		}
		return handle(p, at)
	})
}

// compare lists what is in to and not in from, oldest first.
func (s *Server) compare(q *request) answer {
	c := &check{params: q.params}
	from, to := c.required("from"), c.required("to")
	c.boolean("straight", false)
	if refused, ok := c.refused(); ok {
		return refused
	}
	return s.withProject(q, func(p *project) answer {
		a, b := p.resolve(from), p.resolve(to)
		if a < 0 || b < 0 {
			return notFound("Ref")
		}
		commits := []commitJSON{}
		for at := a + 1; at <= b; at++ {
			commits = append(commits, s.commitJSON(p, at))
		}
		var last *commitJSON
		changed := []*commit(nil)
		if len(commits) > 0 {
			last, changed = &commits[len(commits)-1], p.commits[a+1:b+1]
		}
		return jsonAnswer(http.StatusOK, struct {
			Commit         *commitJSON  `json:"commit"`
			Commits        []commitJSON `json:"commits"`
			Diffs          []diffJSON   `json:"diffs"`
			CompareTimeout bool         `json:"compare_timeout"`
			CompareSameRef bool         `json:"compare_same_ref"`
			WebURL         string       `json:"web_url"`
		}{
			last, commits, diffs(changed), false, from == to,
			s.external + "/" + p.fullPath() + "/-/compare/" + from + "..." + to,
		})
	})
}
