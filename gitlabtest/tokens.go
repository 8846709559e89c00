package gitlabtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Application is an OAuth client.
type Application struct {
	ClientID     string
	ClientSecret string // a confidential application's; public ones have one too, and need not send it
	Confidential bool
	Scopes       []string // that it may ask for; none: any that the instance knows
	RedirectURI  string   // one or several, separated by spaces
}

func (a *Application) allowedScopes() []string {
	if len(a.Scopes) == 0 {
		return serverScopes
	}
	return a.Scopes
}

func (a *Application) defaultScopes() []string {
	if len(a.Scopes) > 0 && !slices.Contains(a.Scopes, defaultScope) {
		return nil
	}
	return []string{defaultScope}
}

// stillAllowed are the scopes of a grant that the application may have today:
// a refresh drops, without a word, what was taken from the application since.
func (a *Application) stillAllowed(granted []string) []string {
	if len(a.Scopes) == 0 {
		return granted
	}
	return slices.DeleteFunc(slices.Clone(granted), func(scope string) bool { return !slices.Contains(a.Scopes, scope) })
}

// A Token is a token endpoint's answer, and marshals to exactly that.
type Token struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in,omitempty"` // seconds; 0: for ever, see WithTokenLifetime
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"` // separated by spaces
	CreatedAt    int64  `json:"created_at"`      // Unix seconds
}

func (p *pair) token(now time.Time) Token {
	t := Token{
		AccessToken: p.access, RefreshToken: p.refresh, TokenType: "Bearer",
		Scope: strings.Join(p.scopes, " "), CreatedAt: p.created.Unix(),
	}
	if left := p.remaining(now); left != nil {
		t.ExpiresIn = *left
	}
	return t
}

// NewApplication registers an application. An empty ClientID, ClientSecret or
// RedirectURI is filled in; the result is what was registered.
func (s *Server) NewApplication(a Application) Application {
	if a.ClientID == "" {
		a.ClientID = randomHex(32)
	}
	if a.ClientSecret == "" {
		a.ClientSecret = "gloas-" + randomHex(32)
	}
	if a.RedirectURI == "" {
		a.RedirectURI = "http://127.0.0.1/callback"
	}
	a.Scopes = slices.Clone(a.Scopes)
	kept := a
	kept.Scopes = slices.Clone(a.Scopes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.apps[a.ClientID] = &kept
	return a
}

// SignIn gives username a new token of the default application, as if the user
// had just signed in; earlier tokens stay good. A user who does not exist is
// created. Without scopes the token has "api".
func (s *Server) SignIn(username string, scopes ...string) Token {
	return s.SignInTo(s.App, username, scopes...)
}

// SignInTo is [Server.SignIn] to an application that [Server.NewApplication]
// returned; an unknown one panics. Scopes that the application does not have
// last until the first refresh, as if they had been taken from it since.
func (s *Server) SignInTo(a Application, username string, scopes ...string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	app := s.oauth.apps[a.ClientID]
	if app == nil {
		panic(fmt.Sprintf("gitlabtest: SignInTo: no application has the client id %q", a.ClientID))
	}
	if len(scopes) == 0 {
		scopes = []string{defaultScope}
	}
	return s.issue(app, s.account(username), scopes, s.oauth.lifetime).token(time.Now())
}

// PersonalToken gives username, who is created if new, a personal access
// token. It never expires; [Server.Revoke] ends it. Without scopes it has "api".
func (s *Server) PersonalToken(username string, scopes ...string) string {
	if len(scopes) == 0 {
		scopes = []string{defaultScope}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &pair{
		id: s.world.nextID("token"), access: "glpat-" + randomHex(10), owner: s.account(username),
		scopes: slices.Clone(scopes), created: time.Now(),
	}
	s.oauth.byAccess[p.access] = p
	return p.access
}

// Expire lets the time of a token's access token be over since a second; its
// refresh token stays good. The token may be an access or a refresh token; an
// unknown one panics.
func (s *Server) Expire(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.known("Expire", token)
	p.over = true
	p.created = time.Now().Add(-p.lifetime - time.Second)
}

// Revoke ends an access token, its refresh token with it, as a user does who
// withdraws an application's rights. The token may be an access, refresh or
// personal token; an unknown one panics.
func (s *Server) Revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known("Revoke", token).revoked = true
}

// known finds a token for a caller who must know it. The caller holds the lock.
func (s *Server) known(what, token string) *pair {
	p := s.find(token)
	if p == nil {
		panic("gitlabtest: " + what + ": this server never issued that token")
	}
	return p
}

// find looks for an access or refresh token, nil if there is none.
func (s *Server) find(token string) *pair {
	if p := s.oauth.byAccess[token]; p != nil {
		return p
	}
	return s.oauth.byRefresh[token]
}

// SetTokenLifetime is [WithTokenLifetime] for the sign-ins from now on. What
// was issued before keeps its lifetime, through all its refreshes.
func (s *Server) SetTokenLifetime(d time.Duration) {
	o := options{}
	WithTokenLifetime(d)(&o)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.lifetime = o.lifetime
}

// A TokenState is what the server knows of a token.
type TokenState struct {
	Known    bool // false: never issued here, and the rest is zero
	Expired  bool // the access token's time is over
	Revoked  bool // by a rotation, by Revoke or by /oauth/revoke
	Spent    bool // revoked by a rotation: a newer pair was given out for it
	Username string
	Scopes   []string
	Live     int // tokens of the same application and user that are not revoked
}

// Active reports whether the access token works.
func (t TokenState) Active() bool { return t.Known && !t.Expired && !t.Revoked }

// State returns what the server knows of an access, refresh or personal token.
func (s *Server) State(token string) TokenState {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(token)
	if p == nil {
		return TokenState{}
	}
	state := TokenState{
		Known: true, Expired: p.expired(time.Now()), Revoked: p.revoked, Spent: p.spent,
		Username: p.owner.Username, Scopes: slices.Clone(p.scopes),
	}
	for _, other := range s.oauth.byAccess {
		if other.app == p.app && other.owner == p.owner && !other.revoked {
			state.Live++
		}
	}
	return state
}

// ReplicaLag lets the API refuse each OAuth token that is issued from now on
// with the bare 401 of an unknown token until d after its issue, as replicas do
// that have not heard of it. 0 ends that for tokens still to come.
func (s *Server) ReplicaLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.replicaLag = d
}
