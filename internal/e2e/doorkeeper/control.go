package doorkeeper

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
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
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	CreatedAt    int64  `json:"created_at"` // Unix seconds
}

// State is what the database says of a pair.
type State struct {
	Expired bool `json:"expired"`
	Revoked bool `json:"revoked"`
	Live    int  `json:"live"` // pairs of the same application that are not revoked
}

// Census counts the pairs in the database.
type Census struct {
	Issued  int `json:"issued"`
	Revoked int `json:"revoked"` // of those; a refresh revokes one and issues one
}

// Versions names what runs.
func (p *Process) Versions(ctx context.Context) (string, error) {
	var v struct{ Ruby, Rails, Doorkeeper, RackOAuth2 string }
	err := p.control(ctx, "versions", nil, &v)
	return fmt.Sprintf("Doorkeeper %s, rack-oauth2 %s, Rails %s, Ruby %s", v.Doorkeeper, v.RackOAuth2, v.Rails, v.Ruby), err
}

// NewApplication registers an application.
func (p *Process) NewApplication(ctx context.Context, a Application) (App, error) {
	var app App
	err := p.control(ctx, "application", url.Values{
		"confidential": {strconv.FormatBool(a.Confidential)},
		"scopes":       {strings.Join(a.Scopes, " ")},
		"redirect_uri": {a.RedirectURI},
	}, &app)
	return app, err
}

// SignInTo grants app the scopes of a user, who is created at need; no scopes:
// api. The access token and those that follow it live for lifetime, in whole
// seconds; 0: for two hours.
func (p *Process) SignInTo(ctx context.Context, app App, username string, lifetime time.Duration, scopes ...string) (Token, error) {
	form := url.Values{
		"client_id": {app.ClientID},
		"username":  {username},
		"scopes":    {strings.Join(scopes, " ")},
	}
	if lifetime != 0 {
		form.Set("expires_in", strconv.Itoa(int(lifetime/time.Second)))
	}
	var token Token
	err := p.control(ctx, "grant", form, &token)
	return token, err
}

// AutoApprove signs a user in who consents to every application without a page.
func (p *Process) AutoApprove(ctx context.Context, username string) error {
	return p.control(ctx, "approve", url.Values{"username": {username}}, nil)
}

// Expire ends the access token's life; token is either token of the pair, here and below.
func (p *Process) Expire(ctx context.Context, token string) error {
	return p.control(ctx, "expire", url.Values{"token": {token}}, nil)
}

// Revoke revokes the pair.
func (p *Process) Revoke(ctx context.Context, token string) error {
	return p.control(ctx, "revoke", url.Values{"token": {token}}, nil)
}

// State looks the pair up. One that was never issued is an error.
func (p *Process) State(ctx context.Context, token string) (State, error) {
	var state State
	err := p.control(ctx, "state", url.Values{"token": {token}}, &state)
	return state, err
}

// Census counts all pairs.
func (p *Process) Census(ctx context.Context) (Census, error) {
	var census Census
	err := p.control(ctx, "census", nil, &census)
	return census, err
}

// control calls one of the server's test-only routes; out: nil for none.
func (p *Process) control(ctx context.Context, action string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/-/e2e/"+action, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s %s", action, resp.Status, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: %w in %s", action, err, body)
	}
	return nil
}
