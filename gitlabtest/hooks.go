package gitlabtest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

var hookParams = hookSwitchParams() + "branch_filter_strategy=wildcard|regex|all_branches"

var hookRoutes = []route{
	{method: "GET", pattern: "{place}/hooks", params: paged, handle: (*Server).listHooks},
	{method: "POST", pattern: "{place}/hooks", params: "url! " + hookParams, handle: (*Server).createHook},
	{method: "GET", pattern: "{place}/hooks/:hook_id", handle: (*Server).getHook},
	{method: "PUT", pattern: "{place}/hooks/:hook_id", params: "url " + hookParams, handle: (*Server).updateHook},
	{method: "DELETE", pattern: "{place}/hooks/:hook_id", handle: (*Server).deleteHook},
	{
		method: "POST", pattern: "{place}/hooks/:hook_id/test/:trigger", handle: (*Server).testHook,
		params: "trigger!=" + strings.Join(hookTriggers, "|"),
	},
}

// hookTriggers are the events that a hook can be tested with.
var hookTriggers = []string{
	"push_events", "tag_push_events", "issues_events", "confidential_issues_events", "note_events", "merge_requests_events",
	"job_events", "pipeline_events", "wiki_page_events", "releases_events", "milestone_events", "emoji_events",
	"resource_access_token_events", "resource_deploy_token_events",
}

type hook struct {
	Hook

	name     *string
	about    *string
	switches map[string]bool
	filter   *string
	strategy string
	template *string
	headers  []any
	created  time.Time
}

// A Hook is a hook of a project or group with what the API never tells.
type Hook struct {
	ID    int64
	URL   string
	Token string // the secret that GitLab would send as X-Gitlab-Token
}

// Hooks returns the hooks of the project or group with that full path, oldest
// first; none of an unknown one.
func (s *Server) Hooks(fullPath string) []Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []*hook
	if p := s.findProject(fullPath); p != nil {
		kept = p.hooks
	} else if g := s.findGroup(fullPath); g != nil {
		kept = g.hooks
	}
	var hooks []Hook
	for _, h := range kept {
		hooks = append(hooks, h.Hook)
	}
	return hooks
}

// hookEvents are the switches of a hook, with their defaults.
var hookEvents = map[string]bool{
	"push_events": true, "tag_push_events": false, "merge_requests_events": false,
	"repository_update_events": false, "enable_ssl_verification": true, "issues_events": false,
	"confidential_issues_events": false, "note_events": false, "confidential_note_events": false,
	"pipeline_events": false, "wiki_page_events": false, "job_events": false, "deployment_events": false,
	"releases_events": false, "milestone_events": false, "feature_flag_events": false, "emoji_events": false,
	"resource_access_token_events": false, "resource_deploy_token_events": false, "vulnerability_events": false,
	"subgroup_events": false, "project_events": false, "member_events": false,
}

func hookSwitchParams() string {
	names := make([]string, 0, len(hookEvents))
	for name := range hookEvents {
		names = append(names, name+":bool ")
	}
	slices.Sort(names)
	return strings.Join(names, "")
}

func (h *hook) json(n *node) object {
	v := object{
		"id": h.ID, "url": h.URL, "name": h.name, "description": h.about, "created_at": apiTime(h.created),
		"push_events_branch_filter": h.filter, "branch_filter_strategy": h.strategy, "alert_status": "executable",
		"disabled_until": nil, "custom_webhook_template": h.template, "url_variables": []string{}, "custom_headers": h.headers,
	}
	if n.isProject {
		v["project_id"] = n.id
	} else {
		v["group_id"] = n.id
	}
	for name, on := range h.switches {
		v[name] = on
	}
	return v
}

func (s *Server) listHooks(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		return list(q, n.hooks, func(h *hook) any { return h.json(n) })
	})
}

func (s *Server) createHook(q *request) answer {
	return s.withPlace(q, func(n *node) answer {
		if !webURL(q.text("url")) {
			return badHookURL()
		}
		h := &hook{
			Hook:     Hook{ID: s.world.nextID("hook"), URL: q.text("url"), Token: q.text("token")},
			switches: maps.Clone(hookEvents), strategy: "wildcard", headers: []any{}, created: time.Now(),
		}
		h.set(q)
		n.hooks = append(n.hooks, h)
		return created(h.json(n))
	})
}

// set changes a hook as the call asks for.
func (h *hook) set(q *request) {
	for name := range hookEvents {
		h.switches[name] = q.flagOr(name, h.switches[name])
	}
	q.setOptional("name", &h.name)
	q.setOptional("description", &h.about)
	q.setOptional("push_events_branch_filter", &h.filter)
	q.setOptional("custom_webhook_template", &h.template)
	if strategy := q.text("branch_filter_strategy"); strategy != "" {
		h.strategy = strategy
	}
	if headers, given := q.object["custom_headers"].([]any); given {
		h.headers = []any{}
		for _, header := range headers {
			if pair, isObject := header.(map[string]any); isObject {
				h.headers = append(h.headers, object{"key": pair["key"]})
			}
		}
	}
}

func badHookURL() answer { return apiError(http.StatusUnprocessableEntity, "Invalid url given") }

func webURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (s *Server) getHook(q *request) answer {
	return s.withHook(q, func(n *node, h *hook) answer { return ok(h.json(n)) })
}

// updateHook changes a hook; another URL takes the secret away.
func (s *Server) updateHook(q *request) answer {
	return s.withHook(q, func(n *node, h *hook) answer {
		if to := q.text("url"); to != "" && to != h.URL {
			if !webURL(to) {
				return badHookURL()
			}
			h.URL, h.Token = to, ""
		}
		q.setText("token", &h.Token)
		h.set(q)
		return ok(h.json(n))
	})
}

func (s *Server) deleteHook(q *request) answer {
	return s.withHook(q, func(n *node, h *hook) answer {
		n.hooks = without(n.hooks, h)
		return deleted()
	})
}

// testHook calls nobody.
func (s *Server) testHook(q *request) answer {
	return s.withHook(q, func(n *node, _ *hook) answer {
		if n.isProject && q.args["trigger"] == "push_events" && len(s.findProject(idText(n.id)).repo.branches) == 0 {
			return apiMessage(http.StatusUnprocessableEntity, "Ensure the project has at least one commit.")
		}
		return apiMessage(http.StatusCreated, "201 Created")
	})
}

func (s *Server) withHook(q *request, handle func(*node, *hook) answer) answer {
	return s.withPlace(q, func(n *node) answer {
		h := find(n.hooks, func(h *hook) bool { return h.ID == q.arg("hook_id") })
		if h == nil {
			return noRecord()
		}
		return handle(n, h)
	})
}
