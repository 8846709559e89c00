package gitlabtest

import (
	"slices"
	"strconv"
	"time"
)

// A commitStatus is what another system says of a commit.
type commitStatus struct {
	id       int64
	pipeline *pipeline
	name     string
	status   string
	url      *string
	about    *string
	coverage *float64
	author   *account
	created  time.Time
	started  time.Time
	finished time.Time
}

var statusRoutes = []route{
	{
		method: "GET", pattern: commitPath + "/statuses", handle: (*Server).listStatuses,
		params: "ref stage name pipeline_id:int all:bool order_by=id|pipeline_id sort=asc|desc" + paged,
	},
	{
		method: "POST", pattern: "projects/:id/statuses/:sha", handle: (*Server).setStatus,
		params: "state!=pending|running|success|failed|canceled|skipped ref target_url description name context coverage:number pipeline_id:int",
	},
}

func (s *Server) statusJSON(c *commitStatus) object {
	return object{
		"id": c.id, "sha": c.pipeline.sha, "ref": c.pipeline.ref, "status": c.status, "name": c.name, "target_url": c.url,
		"description": c.about, "created_at": apiTime(c.created), "started_at": moment(c.started), "finished_at": moment(c.finished),
		"allow_failure": false, "coverage": c.coverage, "pipeline_id": c.pipeline.ID, "author": s.userJSON(c.author),
	}
}

var statusOrders = order[*commitStatus]{
	"id":          func(*commitStatus) string { return "" },
	"pipeline_id": func(c *commitStatus) string { return numberKey(c.pipeline.ID) },
}

// listStatuses leaves out what a newer status of the same name has replaced,
// unless asked for all.
func (s *Server) listStatuses(q *request) answer {
	return s.withCommit(q, func(p *project, c *commit) answer {
		items := filter(p.statuses, func(st *commitStatus) bool {
			return st.pipeline.sha == c.ID && same(q.text("ref"), st.pipeline.ref) && same(q.text("name"), st.name) &&
				same(q.text("stage"), "external") && same(q.text("pipeline_id"), idText(st.pipeline.ID)) &&
				(q.flag("all") || p.status(st.pipeline, st.name) == st)
		})
		l := sorted(q, items, statusOrders, "id asc", func(st *commitStatus) int64 { return st.id })
		l.render = func(st *commitStatus) any { return s.statusJSON(st) }
		return paginate(q, l)
	})
}

// status is the newest status of a name.
func (p *project) status(in *pipeline, name string) *commitStatus {
	for _, st := range slices.Backward(p.statuses) {
		if st.pipeline == in && st.name == name {
			return st
		}
	}
	return nil
}

// setStatus changes a status that has not ended, or makes a new one of the name.
func (s *Server) setStatus(q *request) answer {
	return s.withCommit(q, func(p *project, c *commit) answer {
		ref, name := q.text("ref"), q.text("name")
		if name == "" {
			name = q.text("context")
		}
		if name == "" {
			name = "default"
		}
		if ref == "" {
			for _, b := range p.repo.sortedBranches() {
				if ref == "" && b.head.has(c) {
					ref = b.name
				}
			}
		}
		if ref == "" {
			return notFound("References for commit")
		}
		in := find(p.pipelines, func(l *pipeline) bool {
			return l.sha == c.ID && l.ref == ref && (q.text("pipeline_id") == "" || l.ID == q.number("pipeline_id"))
		})
		switch {
		case in == nil && q.text("pipeline_id") != "":
			return notFound("Pipeline")
		case in == nil:
			in = s.newPipeline(p, q.caller, ref, c.ID, "pending", "external")
		}
		st := p.status(in, name)
		if st == nil || ended(st.status) {
			st = &commitStatus{id: s.world.nextID("job"), pipeline: in, name: name, author: q.caller, created: time.Now()}
			p.statuses = append(p.statuses, st)
		}
		st.set(q)
		in.setStatus(p.summary(in))
		return created(s.statusJSON(st))
	})
}

func (st *commitStatus) set(q *request) {
	st.status = q.text("state")
	if st.status != "pending" && st.started.IsZero() {
		st.started = time.Now()
	}
	if ended(st.status) {
		st.finished = time.Now()
	}
	q.setOptional("target_url", &st.url)
	q.setOptional("description", &st.about)
	if coverage, err := strconv.ParseFloat(q.text("coverage"), 64); err == nil {
		st.coverage = &coverage
	}
}
