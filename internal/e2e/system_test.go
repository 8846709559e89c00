package e2e

import (
	"testing"

	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/internal/e2e/doorkeeper"
)

// callback is the redirect URI of every application that a test registers.
const callback = "http://127.0.0.1/callback"

// system is an OAuth provider with GitLab's rules, and a test's hand on it.
type system interface {
	name() string
	root() string // its URL
	newApplication(confidential bool, scopes ...string) application
	signIn(app application, username string, scopes ...string) pair
	expire(token string) // either token of a pair, here and below
	revoke(token string)
	isRevoked(token string) bool
	autoApprove(username string)
	addProject(path string)
}

// application is a registered application's credentials.
type application struct{ clientID, clientSecret string }

// pair is an access token and its refresh token.
type pair struct{ access, refresh string }

// start is how a test gets a system of its own.
type start func(t *testing.T) system

// onEach runs a test on both systems.
func onEach(t *testing.T, test func(t *testing.T, s system)) {
	t.Helper()
	for name, start := range map[string]start{"doorkeeper": startDoorkeeper, "gitlabtest": startDouble} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

// real is Doorkeeper itself.
type real struct{ server *doorkeeper.Server }

func startDoorkeeper(t *testing.T) system { t.Helper(); return real{doorkeeper.Start(t)} }

func (r real) name() string                { return "doorkeeper" }
func (r real) root() string                { return r.server.URL }
func (r real) expire(token string)         { r.server.Expire(token) }
func (r real) revoke(token string)         { r.server.Revoke(token) }
func (r real) isRevoked(token string) bool { return r.server.State(token).Revoked }
func (r real) autoApprove(username string) { r.server.AutoApprove(username) }

func (r real) addProject(string) {} // takes issues for any

func (r real) newApplication(confidential bool, scopes ...string) application {
	app := r.server.NewApplication(doorkeeper.Application{Confidential: confidential, Scopes: scopes, RedirectURI: callback})
	return application{app.ClientID, app.ClientSecret}
}

func (r real) signIn(app application, username string, scopes ...string) pair {
	token := r.server.SignInTo(doorkeeper.App{ClientID: app.clientID}, username, scopes...)
	return pair{token.AccessToken, token.RefreshToken}
}

// double is the test server that users of the library get.
type double struct{ server *gitlabtest.Server }

func startDouble(t *testing.T) system { t.Helper(); return double{gitlabtest.New(t)} }

func (d double) name() string                { return "gitlabtest" }
func (d double) root() string                { return d.server.URL }
func (d double) expire(token string)         { d.server.Expire(token) }
func (d double) revoke(token string)         { d.server.Revoke(token) }
func (d double) isRevoked(token string) bool { return d.server.State(token).Revoked }
func (d double) autoApprove(username string) { d.server.AutoApprove(username) }

func (d double) addProject(path string) { d.server.AddProject(path) }

func (d double) newApplication(confidential bool, scopes ...string) application {
	app := d.server.NewApplication(gitlabtest.Application{Confidential: confidential, Scopes: scopes, RedirectURI: callback})
	return application{app.ClientID, app.ClientSecret}
}

func (d double) signIn(app application, username string, scopes ...string) pair {
	token := d.server.SignInTo(gitlabtest.Application{ClientID: app.clientID}, username, scopes...)
	return pair{token.AccessToken, token.RefreshToken}
}
