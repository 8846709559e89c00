package gitlabtest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var branchRoutes = []route{
	{method: "GET", pattern: "projects/:id/repository/branches", params: "search regex page_token" + paged, handle: (*Server).listBranches},
	{method: "POST", pattern: "projects/:id/repository/branches", params: "branch!! ref!!", handle: (*Server).createBranch},
	{method: "GET", pattern: "projects/:id/repository/branches/:branch", handle: (*Server).getBranch},
	{method: "DELETE", pattern: "projects/:id/repository/branches/:branch", handle: (*Server).deleteBranch},
	{method: "DELETE", pattern: "projects/:id/repository/merged_branches", handle: (*Server).deleteMergedBranches},
}

type branch struct {
	name string
	head *commit
}

func (r *repository) sortedBranches() []branch {
	var all []branch
	for _, name := range slices.Sorted(maps.Keys(r.branches)) {
		all = append(all, branch{name, r.branches[name]})
	}
	return all
}

// merged reports whether the default branch has all of a branch's commits.
func (r *repository) merged(b branch) bool {
	return b.name != defaultBranch && r.head(defaultBranch).has(b.head)
}

func (s *Server) branchJSON(p *project, b branch) object {
	return object{
		"name": b.name, "commit": s.commitJSON(p, b.head), "merged": p.repo.merged(b), "protected": b.name == defaultBranch,
		"developers_can_push": false, "developers_can_merge": false, "can_push": true, "default": b.name == defaultBranch,
		"web_url": s.url(&p.node) + "/-/tree/" + strings.ReplaceAll(url.PathEscape(b.name), "%2F", "/"),
	}
}

func (s *Server) listBranches(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		pattern, err := regexp.Compile(q.text("regex"))
		if err != nil {
			return apiError(http.StatusBadRequest, "regex is invalid")
		}
		items := filter(p.repo.sortedBranches(), func(b branch) bool {
			return matchesName(q.text("search"), b.name) && pattern.MatchString(b.name)
		})
		return paginate(q, listing[branch]{
			items: items, render: func(b branch) any { return s.branchJSON(p, b) },
			keyset: true, token: "page_token", key: func(b branch) string { return b.name },
		})
	})
}

func (s *Server) withBranch(q *request, handle func(*project, branch) answer) answer {
	return s.withProject(q, func(p *project) answer {
		head := p.repo.head(q.args["branch"])
		if head == nil {
			return notFound("Branch")
		}
		return handle(p, branch{q.args["branch"], head})
	})
}

func (s *Server) getBranch(q *request) answer {
	return s.withBranch(q, func(p *project, b branch) answer { return ok(s.branchJSON(p, b)) })
}

func (s *Server) createBranch(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		name := q.text("branch")
		head := p.repo.resolve(q.text("ref"))
		switch {
		case !refName(name):
			return apiMessage(http.StatusBadRequest, "Branch name is invalid")
		case p.repo.head(name) != nil:
			return apiMessage(http.StatusBadRequest, "Branch already exists")
		case head == nil:
			return apiMessage(http.StatusBadRequest, "Invalid reference name: "+q.text("ref"))
		}
		p.repo.setBranch(name, head)
		return created(s.branchJSON(p, branch{name, head}))
	})
}

// refName reports whether git lets a branch or tag have that name, of the rules
// that are broken by accident.
func refName(name string) bool {
	return !strings.ContainsAny(name, " ~^:?*[\\\x7f") && !strings.Contains(name, "..") && !strings.HasPrefix(name, "-") &&
		!strings.HasPrefix(name, "/") && !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, ".") && name != ""
}

func (s *Server) deleteBranch(q *request) answer {
	return s.withBranch(q, func(p *project, b branch) answer {
		if b.name == defaultBranch {
			return apiMessage(http.StatusForbidden, "Cannot remove HEAD branch")
		}
		delete(p.repo.branches, b.name)
		return deleted()
	})
}

// deleteMergedBranches deletes before it answers, unlike GitLab.
func (s *Server) deleteMergedBranches(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		for _, b := range p.repo.sortedBranches() {
			if p.repo.merged(b) {
				delete(p.repo.branches, b.name)
			}
		}
		return apiMessage(http.StatusAccepted, "202 Accepted")
	})
}
