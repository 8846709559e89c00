package gitlabtest

import (
	"strings"
	"time"
)

type environment struct {
	id      int64
	name    string
	created time.Time
}

type deployment struct {
	id, iid  int64
	in       *environment
	ref, sha string
	status   string
	user     *account
	created  time.Time
	updated  time.Time
	finished time.Time
}

const (
	deploymentEnds     = "running|success|failed|canceled"
	deploymentStatuses = "created|blocked|skipped|" + deploymentEnds
)

var deploymentRoutes = []route{
	{
		method: "GET", pattern: "projects/:id/deployments", handle: (*Server).listDeployments,
		params: "environment status=" + deploymentStatuses + " updated_after:time updated_before:time finished_after:time " +
			"finished_before:time order_by=id|iid|created_at|updated_at|finished_at|ref sort=asc|desc" + paged,
	},
	{
		method: "POST", pattern: "projects/:id/deployments", handle: (*Server).createDeployment,
		params: "environment! sha! ref! tag!:bool status!=" + deploymentEnds,
	},
	{method: "GET", pattern: "projects/:id/deployments/:deployment_id", handle: (*Server).getDeployment},
	{
		method: "PUT", pattern: "projects/:id/deployments/:deployment_id", params: "status!=" + deploymentEnds,
		handle: (*Server).updateDeployment,
	},
}

func (s *Server) deploymentJSON(d *deployment) object {
	return object{
		"id": d.id, "iid": d.iid, "ref": d.ref, "sha": d.sha, "status": d.status, "user": s.userJSON(d.user), "deployable": nil,
		"created_at": apiTime(d.created), "updated_at": apiTime(d.updated),
		"environment": object{
			"id": d.in.id, "name": d.in.name, "slug": strings.ToLower(strings.ReplaceAll(d.in.name, "/", "-")), "external_url": nil,
			"created_at": apiTime(d.in.created), "updated_at": apiTime(d.in.created),
		},
	}
}

var deploymentOrders = order[*deployment]{
	"id":          func(*deployment) string { return "" },
	"iid":         func(d *deployment) string { return numberKey(d.iid) },
	"created_at":  func(d *deployment) string { return timeKey(d.created) },
	"updated_at":  func(d *deployment) string { return timeKey(d.updated) },
	"finished_at": func(d *deployment) string { return timeKey(d.finished) },
	"ref":         func(d *deployment) string { return d.ref },
}

// listDeployments wants the order to match the times that are asked for.
func (s *Server) listDeployments(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		updated := q.has("updated_after") || q.has("updated_before")
		finished := q.has("finished_after") || q.has("finished_before")
		switch {
		case updated && q.text("order_by") != "updated_at":
			return apiMessage(400, "`updated_at` filter requires `updated_at` sort")
		case finished && q.text("order_by") != "finished_at":
			return apiMessage(400, "`finished_at` filter requires `finished_at` sort.")
		case finished && q.text("status") != "success":
			return apiMessage(400, "`finished_at` filter must be combined with `success` status filter.")
		}
		items := filter(p.deployments, func(d *deployment) bool {
			return same(q.text("environment"), d.in.name) && same(q.text("status"), d.status) && q.during("updated", d.updated) &&
				q.during("finished", d.finished)
		})
		l := sorted(q, items, deploymentOrders, "id asc", func(d *deployment) int64 { return d.id })
		l.render = func(d *deployment) any { return s.deploymentJSON(d) }
		return paginate(q, l)
	})
}

func (s *Server) createDeployment(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		if p.repo.resolve(q.text("sha")) == nil {
			return apiMessage(400, map[string][]string{"sha": {"The commit does not exist"}})
		}
		now := time.Now()
		in := find(p.environments, func(e *environment) bool { return e.name == q.text("environment") })
		if in == nil {
			in = &environment{id: s.world.nextID("environment"), name: q.text("environment"), created: now}
			p.environments = append(p.environments, in)
		}
		d := &deployment{
			id: s.world.nextID("deployment"), iid: int64(len(p.deployments)) + 1, in: in, ref: q.text("ref"), sha: q.text("sha"),
			user: q.caller, created: now,
		}
		d.setStatus(q.text("status"))
		p.deployments = append(p.deployments, d)
		return created(s.deploymentJSON(d))
	})
}

func (d *deployment) setStatus(status string) {
	d.status, d.updated = status, time.Now()
	if ended(status) {
		d.finished = d.updated
	}
}

func (s *Server) withDeployment(q *request, handle func(*deployment) answer) answer {
	return s.withProject(q, func(p *project) answer {
		d := find(p.deployments, func(d *deployment) bool { return d.id == q.arg("deployment_id") })
		if d == nil {
			return noRecord()
		}
		return handle(d)
	})
}

func (s *Server) getDeployment(q *request) answer {
	return s.withDeployment(q, func(d *deployment) answer { return ok(s.deploymentJSON(d)) })
}

func (s *Server) updateDeployment(q *request) answer {
	return s.withDeployment(q, func(d *deployment) answer {
		if d.status == q.text("status") {
			return apiMessage(400, map[string][]string{"status": {"The status is already " + d.status}})
		}
		d.setStatus(q.text("status"))
		return ok(s.deploymentJSON(d))
	})
}
