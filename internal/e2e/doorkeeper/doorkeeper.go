// Package doorkeeper runs the real Doorkeeper, the OAuth provider inside
// GitLab, with GitLab's settings, for one test or one program.
//
// It needs Ruby, Rails, Doorkeeper, SQLite, rack-oauth2 and Puma; on Debian:
//
//	apt-get install --no-install-recommends ruby ruby-rails ruby-doorkeeper ruby-sqlite3 ruby-rack-oauth2 puma
//
// Debian's Doorkeeper has no device grant, so neither has this server.
package doorkeeper

import (
	"testing"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// Server is a running provider, whose root is URL, for one test: what goes wrong
// ends it.
type Server struct {
	URL string

	process *Process
	tb      testing.TB
}

// Start runs a provider on a free port of the loopback interface, with a
// database of its own, until tb ends. When Doorkeeper is not installed the test
// is skipped, or fails if GITLAB_E2E is "required".
func Start(tb testing.TB) *Server {
	tb.Helper()
	process, err := Boot(tb.Context(), tb.TempDir())
	engines.Need(tb, err)
	tb.Cleanup(func() {
		if err := process.Close(); err != nil {
			tb.Log(err)
		}
	})
	return &Server{URL: process.URL, process: process, tb: tb}
}

// Versions names what runs, for a test's log.
func (s *Server) Versions() string {
	s.tb.Helper()
	v, err := s.process.Versions(s.tb.Context())
	s.need(err)
	return v
}

// NewApplication registers an application.
func (s *Server) NewApplication(a Application) App {
	s.tb.Helper()
	app, err := s.process.NewApplication(s.tb.Context(), a)
	s.need(err)
	return app
}

// SignInTo grants app the scopes of a user, who is created at need; no scopes: api.
func (s *Server) SignInTo(app App, username string, scopes ...string) Token {
	s.tb.Helper()
	token, err := s.process.SignInTo(s.tb.Context(), app, username, 0, scopes...)
	s.need(err)
	return token
}

// AutoApprove signs a user in who consents to every application without a page.
func (s *Server) AutoApprove(username string) {
	s.tb.Helper()
	s.need(s.process.AutoApprove(s.tb.Context(), username))
}

// Expire ends the access token's life; token is either token of the pair, here and below.
func (s *Server) Expire(token string) {
	s.tb.Helper()
	s.need(s.process.Expire(s.tb.Context(), token))
}

// Revoke revokes the pair.
func (s *Server) Revoke(token string) {
	s.tb.Helper()
	s.need(s.process.Revoke(s.tb.Context(), token))
}

// State looks the pair up.
func (s *Server) State(token string) State {
	s.tb.Helper()
	state, err := s.process.State(s.tb.Context(), token)
	s.need(err)
	return state
}

func (s *Server) need(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
}
