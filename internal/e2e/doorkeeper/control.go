package doorkeeper

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Application is what an application registers with.
type Application struct {
	Confidential bool
	Scopes       []string // empty: api, read_api and read_user
	RedirectURI  string   // empty: http://127.0.0.1/callback
}

// App is a registered application's credentials.
type App struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"` // a public application has one too, and need not send it
}

// Token is a pair as the token endpoint answers it.
type Token struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// State is what the database says of a pair.
type State struct {
	Expired bool `json:"expired"`
	Revoked bool `json:"revoked"`
	Live    int  `json:"live"` // pairs of the same application that are not revoked
}

// Versions names what runs, for a test's log.
func (s *Server) Versions() string {
	s.tb.Helper()
	var v struct{ Ruby, Rails, Doorkeeper, RackOAuth2 string }
	s.control("versions", nil, &v)
	return fmt.Sprintf("Doorkeeper %s, rack-oauth2 %s, Rails %s, Ruby %s", v.Doorkeeper, v.RackOAuth2, v.Rails, v.Ruby)
}

// NewApplication registers an application.
func (s *Server) NewApplication(a Application) App {
	s.tb.Helper()
	var app App
	s.control("application", url.Values{
		"confidential": {strconv.FormatBool(a.Confidential)},
		"scopes":       {strings.Join(a.Scopes, " ")},
		"redirect_uri": {a.RedirectURI},
	}, &app)
	return app
}

// SignInTo grants app the scopes of a user, who is created at need; no scopes: api.
func (s *Server) SignInTo(app App, username string, scopes ...string) Token {
	s.tb.Helper()
	var token Token
	s.control("grant", url.Values{
		"client_id": {app.ClientID},
		"username":  {username},
		"scopes":    {strings.Join(scopes, " ")},
	}, &token)
	return token
}

// AutoApprove signs a user in who consents to every application without a page.
func (s *Server) AutoApprove(username string) {
	s.tb.Helper()
	s.control("approve", url.Values{"username": {username}}, nil)
}

// Expire ends the access token's life; token is either token of the pair, here and below.
func (s *Server) Expire(token string) { s.tb.Helper(); s.change("expire", token) }

// Revoke revokes the pair.
func (s *Server) Revoke(token string) { s.tb.Helper(); s.change("revoke", token) }

// State looks the pair up.
func (s *Server) State(token string) State { s.tb.Helper(); return s.change("state", token) }

func (s *Server) change(action, token string) State {
	s.tb.Helper()
	var state State
	s.control(action, url.Values{"token": {token}}, &state)
	return state
}

// control calls one of the server's test-only routes; out: nil for none.
func (s *Server) control(action string, form url.Values, out any) {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), http.MethodPost, s.URL+"/-/e2e/"+action, strings.NewReader(form.Encode()))
	if err != nil {
		s.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.tb.Fatal(err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		s.tb.Fatalf("%s: %s %s", action, resp.Status, body)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(body, out); err != nil {
		s.tb.Fatalf("%s: %v in %s", action, err, body)
	}
}
