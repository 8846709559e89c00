package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/signin"
)

// newSignIn makes the handlers behind "Connect GitLab". Package signin does the
// sign-in and stores the tokens; what is left to say here is where the browser's
// session begins.
func (a *app) newSignIn(ctx context.Context, provider gitlab.OAuthProvider) (*signin.Handler, error) {
	key, err := a.db.cookieKey(ctx, "sign-in")
	if err != nil {
		return nil, err
	}
	return signin.New(signin.Config{
		Instances:  map[string]signin.Instance{"gitlab": {Client: a.gitlab, Provider: provider}},
		CookieKeys: [][]byte{key},
		Done: func(w http.ResponseWriter, r *http.Request, s signin.SignIn) {
			// Key is the default, the GitLab account's: who signs in is the user.
			if err := a.sessions.begin(w, user{Key: s.Key, Name: s.User.Name}); err != nil {
				a.fail(w, r, user{}, err)
				return
			}
			http.Redirect(w, r, s.ReturnTo, http.StatusSeeOther)
		},
		Failed: func(w http.ResponseWriter, r *http.Request, err *signin.Error) {
			a.log.WarnContext(r.Context(), "sign-in", "error", err)
			title, text := err.Message() // err.ServeHTTP shows a page of its own
			a.show(w, r, err.Status(), "error", view{Title: title, Data: text})
		},
	})
}

// signOut disconnects the user: the hooks first, as long as there is a token to
// delete them with, then the grant.
func (a *app) signOut(w http.ResponseWriter, r *http.Request, u user) error {
	connections, err := a.db.connectionsOf(r.Context(), u.Key)
	if err != nil {
		return err
	}
	for _, c := range connections {
		err := a.removeHook(r.Context(), u, c)
		if err != nil && !grantIsGone(err) { // nothing is lost yet: the user may try again
			return err
		}
		if err := a.db.removeConnection(r.Context(), c.id); err != nil {
			return err
		}
	}
	// SignOut revokes at GitLab and then deletes, under the lock that refreshes
	// take, so that none of them leaves a live token behind.
	err = a.gitlab.As(u.Key).SignOut(r.Context())
	switch {
	case errors.Is(err, gitlab.ErrIdentityNotFound): // in another tab, say
	case errors.Is(err, gitlab.ErrSignOutIncomplete):
		a.log.WarnContext(r.Context(), "sign-out", "error", err)
		a.sessions.end(w)
		http.Redirect(w, r, "/disconnected?incomplete=1", http.StatusSeeOther)
		return nil
	case err != nil:
		return err
	}
	a.sessions.end(w)
	http.Redirect(w, r, "/disconnected", http.StatusSeeOther)
	return nil
}

func (a *app) disconnected(w http.ResponseWriter, r *http.Request) {
	incomplete := r.FormValue("incomplete") != ""
	a.show(w, r, http.StatusOK, "disconnected", view{Title: "Disconnected", Data: incomplete})
}
