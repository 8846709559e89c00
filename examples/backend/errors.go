package main

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/freshgrant/gitlab"
)

// grantIsGone reports that only a new sign-in helps.
func grantIsGone(err error) bool {
	return errors.Is(err, gitlab.ErrReauthorize) || errors.Is(err, gitlab.ErrIdentityNotFound)
}

// fail shows what an error means for the user. The order matters: after a 401
// the first three match gitlab.ErrUnauthorized too.
func (a *app) fail(w http.ResponseWriter, r *http.Request, u user, err error) {
	level := a.log.WarnContext
	status, name, v := http.StatusBadGateway, "error", view{User: u}
	refused, answered := errors.AsType[*gitlab.APIError](err)
	switch {
	case r.Context().Err() != nil:
		return // the browser has left
	case grantIsGone(err):
		// The session is kept: signing in again goes on where the user was.
		level = a.log.InfoContext
		status, name = http.StatusForbidden, "reconnect"
		v.Title, v.Data = "Connect GitLab again", "/login?return_to="+url.QueryEscape(backTo(r))
	case errors.Is(err, gitlab.ErrClientRejected):
		level = a.log.ErrorContext // an operator must mend this; nobody is signed out
		v.Title, v.Data = "We have a problem with GitLab", "GitLab does not accept this service at the moment. It is not your fault, and your connection is kept."
	case gitlab.IsTemporary(err):
		status, name = http.StatusServiceUnavailable, "later"
		v.Title, v.Data = "Try again in a moment", backTo(r)
		wait := 5 * time.Second
		if answered {
			wait = max(wait, refused.RetryAfter)
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	case errors.Is(err, gitlab.ErrNotFound):
		status = http.StatusNotFound
		v.Title, v.Data = "Not found", "GitLab does not have it, or does not show it to you."
	case errors.Is(err, gitlab.ErrForbidden):
		status = http.StatusForbidden
		v.Title, v.Data = "Not allowed", "GitLab does not let you do that. To connect a project you must be its maintainer."
	case answered:
		v.Title, v.Data = "GitLab refuses", refused.Message
	default:
		level = a.log.ErrorContext
		status = http.StatusInternalServerError
		v.Title, v.Data = "Something went wrong", "It is on our side, and we have been told."
	}
	level(r.Context(), "request", "path", r.URL.Path, "status", status, "error", err)
	a.show(w, r, status, name, v)
}

// backTo is where the user goes on: the page itself, or the one whose form was
// sent.
func backTo(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	if project := r.PathValue("project"); project != "" {
		return "/projects/" + url.PathEscape(project)
	}
	return "/"
}

func (a *app) notFound(w http.ResponseWriter, r *http.Request) {
	a.show(w, r, http.StatusNotFound, "error", view{Title: "Not found", Data: "There is no such page."})
}
