package gitlabtest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

type hook struct {
	Hook

	events  map[string]bool
	created time.Time
}

// A Hook is a project hook with what the API never tells.
type Hook struct {
	ID    int64
	URL   string
	Token string // the secret that GitLab would send as X-Gitlab-Token
}

// Hooks returns the hooks of the project with that full path, oldest first.
func (s *Server) Hooks(project string) []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hooks []Hook
	if p := s.findProject(project); p != nil {
		for _, h := range p.hooks {
			hooks = append(hooks, h.Hook)
		}
	}
	return hooks
}

// hookEvents are the switches of a hook, with their defaults.
var hookEvents = map[string]bool{
	"push_events": true, "tag_push_events": false, "merge_requests_events": false,
	"repository_update_events": false, "enable_ssl_verification": true, "issues_events": false,
	"confidential_issues_events": false, "note_events": false, "confidential_note_events": false,
	"pipeline_events": false, "wiki_page_events": false, "job_events": false, "deployment_events": false,
	"releases_events": false, "emoji_events": false,
}

func (h *hook) json(p *project) map[string]any {
	v := map[string]any{
		"id": h.ID, "url": h.URL, "project_id": p.id, "created_at": apiTime(h.created),
		"push_events_branch_filter": nil, "alert_status": "executable", "disabled_until": nil,
		"custom_webhook_template": nil, "url_variables": []string{},
	}
	for name, on := range h.events {
		v[name] = on
	}
	return v
}

func (s *Server) listHooks(q *request) answer {
	return s.withProject(q, func(p *project) answer {
		return paginate(s, q, &check{params: q.params}, func() listing[*hook] {
			return listing[*hook]{items: p.hooks, render: func(h *hook) any { return h.json(p) }}
		})
	})
}

func (s *Server) createHook(q *request) answer {
	c := &check{params: q.params}
	to := c.required("url")
	events := map[string]bool{}
	for name, byDefault := range hookEvents {
		events[name] = c.boolean(name, byDefault)
	}
	slices.Sort(c.wrong) // the switches have no order
	if refused, ok := c.refused(); ok {
		return refused
	}
	return s.withProject(q, func(p *project) answer {
		u, err := url.Parse(to)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return apiError(http.StatusUnprocessableEntity, "Invalid url given")
		}
		h := &hook{
			Hook:   Hook{ID: s.world.nextID("hook"), URL: to, Token: q.params.get("token")},
			events: events, created: time.Now(),
		}
		p.hooks = append(p.hooks, h)
		return jsonAnswer(http.StatusCreated, h.json(p))
	})
}

func (s *Server) getHook(q *request) answer {
	return s.withHook(q, func(p *project, at int) answer {
		return jsonAnswer(http.StatusOK, p.hooks[at].json(p))
	})
}

func (s *Server) deleteHook(q *request) answer {
	return s.withHook(q, func(p *project, at int) answer {
		p.hooks = slices.Delete(p.hooks, at, at+1)
		return newAnswer(http.StatusNoContent, "", nil)
	})
}

func (s *Server) withHook(q *request, handle func(p *project, at int) answer) answer {
	id, err := strconv.ParseInt(q.args["hook_id"], 10, 64)
	if err != nil {
		return apiError(http.StatusBadRequest, "hook_id is invalid")
	}
	return s.withProject(q, func(p *project) answer {
		at := slices.IndexFunc(p.hooks, func(h *hook) bool { return h.ID == id })
		if at < 0 {
			return noRecord()
		}
		return handle(p, at)
	})
}
