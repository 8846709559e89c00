package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/freshgrant/gitlab"
)

// shownProjects and shownIssues are how many a page lists.
const (
	shownProjects = 30
	shownIssues   = 30
)

// home is the page with the button, or the user's projects.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.sessions.user(r); !ok {
		a.show(w, r, http.StatusOK, "welcome", view{Title: "Connect GitLab"})
		return
	}
	a.signedIn(a.listProjects)(w, r)
}

// A projectLine is one project of the list.
type projectLine struct {
	gitlab.Project

	Connected bool
}

// listProjects shows the projects in which something happened last, or those
// that are searched for.
func (a *app) listProjects(w http.ResponseWriter, r *http.Request, u user) error {
	connections, err := a.db.connectionsOf(r.Context(), u.Key)
	if err != nil {
		return err
	}
	search := r.FormValue("search")
	var lines []projectLine
	all := a.gitlab.As(u.Key).Projects.List(r.Context(), gitlab.ListProjects{
		Membership: true, Simple: true, Search: search, OrderBy: "last_activity_at",
	}, gitlab.WithPageSize(shownProjects))
	for p, err := range all {
		if err != nil {
			return err
		}
		_, connected := connections[p.ID]
		lines = append(lines, projectLine{p, connected})
		if len(lines) == shownProjects {
			break
		}
	}
	a.show(w, r, http.StatusOK, "projects", view{Title: "Your projects", User: u, Data: map[string]any{
		"Projects": lines, "Search": search, "Full": len(lines) == shownProjects,
	}})
	return nil
}

// showProject shows a project's open issues, and whether it is connected.
func (a *app) showProject(w http.ResponseWriter, r *http.Request, u user) error {
	ada := a.gitlab.As(u.Key)
	project, err := ada.Projects.Get(r.Context(), r.PathValue("project"))
	if err != nil {
		return err
	}
	connections, err := a.db.connectionsOf(r.Context(), u.Key)
	if err != nil {
		return err
	}
	var issues []gitlab.Issue
	open := ada.Issues.List(r.Context(), gitlab.InProject(strconv.FormatInt(project.ID, 10)),
		gitlab.ListIssues{State: gitlab.IssueOpened}, gitlab.WithPageSize(shownIssues))
	for issue, err := range open {
		if err != nil {
			return err
		}
		if issues = append(issues, issue); len(issues) == shownIssues {
			break
		}
	}
	c, known := connections[project.ID]
	a.show(w, r, http.StatusOK, "project", view{Title: project.PathWithNamespace, User: u, Data: map[string]any{
		"Project": project, "Issues": issues, "Connected": known && c.hookID != 0, "Unfinished": known && c.hookID == 0,
	}})
	return nil
}

// connect has a project report to us. The connection is stored before the hook
// is made, since GitLab may call it at once; if the answer is lost, the next try
// finds the hook by its URL.
func (a *app) connect(w http.ResponseWriter, r *http.Request, u user) error {
	ada := a.gitlab.As(u.Key)
	project, err := ada.Projects.Get(r.Context(), r.PathValue("project"))
	if err != nil {
		return err
	}
	_, err = a.db.addConnection(r.Context(), connection{
		id: rand.Text(), user: u.Key, projectID: project.ID, project: project.PathWithNamespace, secret: rand.Text(),
	})
	if err != nil {
		return err
	}
	connections, err := a.db.connectionsOf(r.Context(), u.Key)
	if err != nil {
		return err
	}
	if c := connections[project.ID]; c.hookID == 0 {
		if err := a.createHook(r.Context(), ada, c); err != nil {
			return err
		}
	}
	return back(w, r, project.ID)
}

// createHook makes the hook of c, unless GitLab has it.
func (a *app) createHook(ctx context.Context, as *gitlab.Client, c connection) error {
	hook, err := a.findHook(ctx, as, c)
	if err == nil && hook == 0 {
		on := true
		var created gitlab.Hook
		created, err = as.Hooks.Create(ctx, c.place(), gitlab.CreateHook{
			URL:   a.hookURL(c),
			Name:  "backend example",
			Token: gitlab.Secret(c.secret),
			HookEvents: gitlab.HookEvents{
				PushEvents: &on, IssuesEvents: &on, MergeRequestsEvents: &on, NoteEvents: &on, PipelineEvents: &on,
			},
		})
		hook = created.ID
	}
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok && !refused.Temporary() && !grantIsGone(err) {
		return errors.Join(err, a.db.removeConnection(ctx, c.id)) // there is no hook, for sure
	}
	if err != nil {
		return err
	}
	return a.db.setHook(ctx, c.id, hook)
}

// findHook returns the number of c's hook at GitLab, 0 if there is none.
func (a *app) findHook(ctx context.Context, as *gitlab.Client, c connection) (int64, error) {
	for hook, err := range as.Hooks.List(ctx, c.place()) {
		if err != nil {
			return 0, err
		}
		if hook.URL == a.hookURL(c) {
			return hook.ID, nil
		}
	}
	return 0, nil
}

// hookURL is where GitLab calls us for c.
func (a *app) hookURL(c connection) string { return a.publicURL + "/webhooks/" + c.id }

func (c connection) place() gitlab.Place {
	return gitlab.InProject(strconv.FormatInt(c.projectID, 10))
}

func (a *app) disconnect(w http.ResponseWriter, r *http.Request, u user) error {
	connections, err := a.db.connectionsOf(r.Context(), u.Key)
	if err != nil {
		return err
	}
	c, known := connections[number(r, "project")]
	if !known {
		a.notFound(w, r)
		return nil
	}
	if err := a.removeHook(r.Context(), u, c); err != nil {
		return err
	}
	if err := a.db.removeConnection(r.Context(), c.id); err != nil {
		return err
	}
	return back(w, r, c.projectID)
}

// removeHook deletes the hook of c. One that is gone, with its project perhaps,
// or that the user may not touch any more is none of ours: it gets a 401 from
// now on, after which GitLab stops calling.
func (a *app) removeHook(ctx context.Context, u user, c connection) error {
	as := a.gitlab.As(u.Key)
	hook, err := c.hookID, error(nil)
	if hook == 0 {
		hook, err = a.findHook(ctx, as, c)
	}
	if err == nil && hook != 0 {
		err = as.Hooks.Delete(ctx, c.place(), hook)
	}
	if errors.Is(err, gitlab.ErrNotFound) || errors.Is(err, gitlab.ErrForbidden) {
		a.log.InfoContext(ctx, "hook cannot be deleted", "project", c.project, "error", err)
		err = nil
	}
	return err
}

// number is the number that the path has under that name, 0 if it has none:
// GitLab counts from 1.
func number(r *http.Request, name string) int64 {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// back shows the project after a form: a redirect, so that reloading the page
// does not send the form again.
func back(w http.ResponseWriter, r *http.Request, project int64) error {
	http.Redirect(w, r, fmt.Sprintf("/projects/%d", project), http.StatusSeeOther)
	return nil
}
