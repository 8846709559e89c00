package gitlabtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const commitPath = "projects/:id/repository/commits/:sha"

var commitRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/repository/commits", handle: (*Server).listCommits,
		params: "ref_name since:time until:time path author all:bool with_stats:bool first_parent:bool order=default|topo trailers:bool" + paged,
	},
	{method: "GET", pattern: commitPath, params: "stats:bool", handle: (*Server).getCommit},
	{method: "GET", pattern: commitPath + "/diff", params: "unidiff:bool" + paged, handle: (*Server).commitDiff},
	{method: "GET", pattern: commitPath + "/refs", params: "type=branch|tag|all" + paged, handle: (*Server).commitRefs},
	{method: "GET", pattern: commitPath + "/comments", params: paged, handle: (*Server).listCommitComments},
	{
		method: "POST", pattern: commitPath + "/comments", params: "note! path line:int line_type=new|old",
		handle: (*Server).createCommitComment,
	},
	{
		method: "GET", pattern: commitPath + "/merge_requests", params: "state=opened|closed|locked|merged" + paged,
		handle: (*Server).commitMergeRequests,
	},
}

type commitComment struct {
	note     string
	path     *string
	line     *int64
	lineType *string
	author   *account
	created  time.Time
}

type commitJSON struct {
	ID               string     `json:"id"`
	ShortID          string     `json:"short_id"`
	CreatedAt        apiTime    `json:"created_at"`
	ParentIDs        []string   `json:"parent_ids"`
	Title            string     `json:"title"`
	Message          string     `json:"message"`
	AuthorName       string     `json:"author_name"`
	AuthorEmail      string     `json:"author_email"`
	AuthoredDate     apiTime    `json:"authored_date"`
	CommitterName    string     `json:"committer_name"`
	CommitterEmail   string     `json:"committer_email"`
	CommittedDate    apiTime    `json:"committed_date"`
	Trailers         struct{}   `json:"trailers"`
	ExtendedTrailers struct{}   `json:"extended_trailers"`
	WebURL           string     `json:"web_url"`
	Stats            *statsJSON `json:"stats,omitempty"`
}

type commitDetailJSON struct {
	commitJSON

	Status       *string `json:"status"`
	ProjectID    int64   `json:"project_id"`
	LastPipeline object  `json:"last_pipeline"`
}

func (s *Server) commitJSON(p *project, c *commit) commitJSON {
	v := commitJSON{
		ID: c.ID, ShortID: c.ID[:8], CreatedAt: apiTime(c.created), ParentIDs: []string{}, Title: c.Title,
		Message: c.message, AuthorName: c.name, AuthorEmail: c.email, AuthoredDate: apiTime(c.created),
		CommitterName: c.author.name, CommitterEmail: c.author.email(), CommittedDate: apiTime(c.created),
		WebURL: s.url(&p.node) + "/-/commit/" + c.ID,
	}
	for _, parent := range c.parents {
		v.ParentIDs = append(v.ParentIDs, parent.ID)
	}
	return v
}

func (s *Server) commitsJSON(p *project, commits []*commit) []commitJSON {
	out := []commitJSON{}
	for _, c := range commits {
		out = append(out, s.commitJSON(p, c))
	}
	return out
}

func (s *Server) listCommits(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		since, until, author := q.moment("since"), q.moment("until"), q.text("author")
		commits := p.repo.resolve(orDefault(q.text("ref_name"))).history()
		if q.flag("all") {
			commits = slices.Clone(p.repo.commits)
			slices.Reverse(commits)
		}
		items := filter(commits, func(c *commit) bool {
			return (since.IsZero() || !c.created.Before(since)) && (until.IsZero() || !c.created.After(until)) &&
				c.touches(q.text("path")) && contains(author, c.name+" <"+c.email+">")
		})
		return list(q, items, func(c *commit) any {
			v := s.commitJSON(p, c)
			if q.flag("with_stats") {
				counted := stats(c.changes())
				v.Stats = &counted
			}
			return v
		})
	})
}

// orDefault is ref, or the default branch.
func orDefault(ref string) string {
	if ref == "" {
		return defaultBranch
	}
	return ref
}

func (s *Server) withCommit(q *request, handle func(*project, *commit) answer) answer {
	return s.withProject(q, func(p *project) answer {
		c := p.repo.resolve(q.args["sha"])
		if c == nil {
			return notFound("Commit")
		}
		return handle(p, c)
	})
}

func (s *Server) getCommit(q *request) answer {
	return s.withCommit(q, func(p *project, c *commit) answer {
		v := commitDetailJSON{commitJSON: s.commitJSON(p, c), ProjectID: p.id}
		if q.flagOr("stats", true) {
			counted := stats(c.changes())
			v.Stats = &counted
		}
		if last := p.lastPipeline(c.ID); last != nil {
			v.Status, v.LastPipeline = &last.Status, s.basicPipelineJSON(last)
		}
		return ok(v)
	})
}

func (s *Server) commitDiff(q *request) answer {
	return s.withCommit(q, func(_ *project, c *commit) answer {
		return list(q, diffs(c.changes(), q.flag("unidiff")), func(d diffJSON) any { return d })
	})
}

func (s *Server) commitRefs(q *request) answer {
	return s.withCommit(q, func(p *project, c *commit) answer {
		var refs []object
		add := func(kind, name string, head *commit) {
			if head.has(c) && (q.text("type") == "" || q.text("type") == "all" || q.text("type") == kind) {
				refs = append(refs, object{"type": kind, "name": name})
			}
		}
		for _, b := range p.repo.sortedBranches() {
			add("branch", b.name, b.head)
		}
		for _, t := range p.repo.sortedTags() {
			add("tag", t.name, t.commit)
		}
		return list(q, refs, func(ref object) any { return ref })
	})
}

func (s *Server) commitCommentJSON(c *commitComment) object {
	return object{
		"note": c.note, "path": c.path, "line": c.line, "line_type": c.lineType, "author": s.userJSON(c.author),
		"created_at": apiTime(c.created),
	}
}

func (s *Server) listCommitComments(q *request) answer {
	return s.withCommit(q, func(_ *project, c *commit) answer {
		return list(q, c.comments, func(c *commitComment) any { return s.commitCommentJSON(c) })
	})
}

// createCommitComment comments on the commit as a whole if it does not change
// the file.
func (s *Server) createCommitComment(q *request) answer {
	return s.withCommit(q, func(_ *project, c *commit) answer {
		path := q.text("path")
		if path != "" && !q.params.has("line") {
			return apiError(http.StatusBadRequest, "line is missing")
		}
		n := &commitComment{note: q.text("note"), author: q.caller, created: time.Now()}
		if path != "" && slices.ContainsFunc(c.changes(), func(changed change) bool { return changed.path == path }) {
			line, kind := q.number("line"), q.text("line_type")
			if kind == "" {
				kind = "new"
			}
			n.path, n.line, n.lineType = &path, &line, &kind
		}
		c.comments = append(c.comments, n)
		return created(s.commitCommentJSON(n))
	})
}

func (s *Server) commitMergeRequests(q *request) answer {
	return s.withCommit(q, func(p *project, c *commit) answer {
		found := filter(p.mergeRequests, func(m *mergeRequest) bool {
			return same(q.text("state"), m.state) && (slices.Contains(m.commits(), c) || m.mergeCommit == c || m.squashCommit == c)
		})
		return list(q, found, func(m *mergeRequest) any { return s.mergeRequestJSON(m) })
	})
}

// matchesName is the search for branches and tags: a part of the name, or its
// beginning or end after "^" or before "$".
func matchesName(search, name string) bool {
	rest, start := strings.CutPrefix(search, "^")
	rest, end := strings.CutSuffix(rest, "$")
	rest, name = strings.ToLower(rest), strings.ToLower(name)
	switch {
	case start && end:
		return name == rest
	case start:
		return strings.HasPrefix(name, rest)
	case end:
		return strings.HasSuffix(name, rest)
	}
	return strings.Contains(name, rest)
}
