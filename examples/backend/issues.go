package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/freshgrant/gitlab"
)

// shownNotes is how many comments a page shows.
const shownNotes = 50

func (a *app) showIssue(w http.ResponseWriter, r *http.Request, u user) error {
	as := a.gitlab.As(u.Key)
	project, err := as.Projects.Get(r.Context(), r.PathValue("project"))
	if err != nil {
		return err
	}
	issue, err := as.Issues.Get(r.Context(), r.PathValue("project"), number(r, "issue"))
	if err != nil {
		return err
	}
	var notes []gitlab.Note
	on := gitlab.OnIssue(r.PathValue("project"), issue.IID)
	for note, err := range as.Notes.List(r.Context(), on, gitlab.ListNotes{Sort: "asc"}, gitlab.WithPageSize(shownNotes)) {
		if err != nil {
			return err
		}
		if notes = append(notes, note); len(notes) == shownNotes {
			break
		}
	}
	a.show(w, r, http.StatusOK, "issue", view{Title: issue.Title, User: u, Data: map[string]any{
		"Project": project, "Issue": issue, "Notes": notes,
	}})
	return nil
}

// comment writes as the user: GitLab shows it under the user's name. If the
// token has just expired, the library refreshes it and sends the same comment,
// which the first time was refused, again.
func (a *app) comment(w http.ResponseWriter, r *http.Request, u user) error {
	body := strings.TrimSpace(r.FormValue("body"))
	if body != "" {
		on := gitlab.OnIssue(r.PathValue("project"), number(r, "issue"))
		if _, err := a.gitlab.As(u.Key).Notes.Create(r.Context(), on, gitlab.CreateNote{Body: body}); err != nil {
			return err
		}
	}
	page := fmt.Sprintf("/projects/%d/issues/%d#comments", number(r, "project"), number(r, "issue"))
	http.Redirect(w, r, page, http.StatusSeeOther)
	return nil
}
