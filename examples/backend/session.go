package main

import (
	"context"
	"net/http"

	"github.com/gorilla/securecookie"
)

// sessionSeconds is how long a browser stays signed in to this service. The
// grant at GitLab has a life of its own.
const sessionSeconds = 7 * 24 * 60 * 60

// A user is whoever has connected GitLab. This service has no users beside
// GitLab's; one that has keeps its own session, and stores the tokens under its
// own user's key.
type user struct {
	Key  string // of the tokens in the store
	Name string
}

// sessions keeps the user in a cookie, encrypted and signed. It holds no token.
type sessions struct {
	codec *securecookie.SecureCookie
	name  string
	https bool
}

func newSessions(ctx context.Context, db *database, https bool) (*sessions, error) {
	sign, err := db.cookieKey(ctx, "signing of sessions")
	if err != nil {
		return nil, err
	}
	encrypt, err := db.cookieKey(ctx, "encryption of sessions")
	if err != nil {
		return nil, err
	}
	codec := securecookie.New(sign, encrypt).SetSerializer(securecookie.JSONEncoder{}).MaxAge(sessionSeconds)
	s := &sessions{codec: codec, name: "session", https: https}
	if https {
		s.name = "__Host-session" // no other host of the domain can set one
	}
	return s, nil
}

func (s *sessions) begin(w http.ResponseWriter, u user) error {
	value, err := s.codec.Encode(s.name, u)
	if err == nil {
		http.SetCookie(w, s.cookie(value, sessionSeconds))
	}
	return err
}

func (s *sessions) end(w http.ResponseWriter) { http.SetCookie(w, s.cookie("", -1)) }

func (s *sessions) cookie(value string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever the service is reached by https
		Name: s.name, Value: value, Path: "/", MaxAge: seconds,
		Secure: s.https, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// user returns whose browser it is; ok is false for anybody without a cookie of
// ours.
func (s *sessions) user(r *http.Request) (u user, ok bool) {
	cookie, err := r.Cookie(s.name)
	if err != nil {
		return user{}, false
	}
	err = s.codec.Decode(s.name, cookie.Value, &u)
	return u, err == nil && u.Key != ""
}

// signedIn lets only users through to handle, and shows the page that its error
// asks for.
func (a *app) signedIn(handle func(http.ResponseWriter, *http.Request, user) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, ok := a.sessions.user(r)
		if !ok {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		if err := handle(w, r, u); err != nil {
			a.fail(w, r, u, err)
		}
	}
}
