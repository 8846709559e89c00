package peers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"golang.org/x/oauth2"
)

var oAuth2 = library{
	name:   "x/oauth2",
	module: "golang.org/x/oauth2",
	link:   "https://pkg.go.dev/golang.org/x/oauth2#Config.Client",
	about: "`Config.Client` with the instance's endpoints, and net/http. It is for every OAuth server, and no API client; " +
		"what it lacks of one is \"–\"",
	start:    startOAuth2,
	personal: personalOAuth2,
	calls:    func(*testing.T) int { return 0 },
}

// web is net/http with a transport that authorizes.
type web struct {
	http *http.Client
	api  string
	on   int64
}

func (p pair) token() *oauth2.Token {
	return &oauth2.Token{AccessToken: p.access, RefreshToken: p.refresh, Expiry: p.expiry}
}

func startOAuth2(t *testing.T, s *site) process {
	config := &oauth2.Config{
		ClientID:     s.App.ClientID,
		ClientSecret: s.App.ClientSecret,
		Endpoint:     oauth2.Endpoint{AuthURL: s.URL + "/oauth/authorize", TokenURL: s.tokenURL()},
	}
	return func() client { return web{config.Client(t.Context(), s.stored.token()), s.URL + "/api/v4", s.issue} }
}

func personalOAuth2(t *testing.T, s *site, token string) client {
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
	return web{oauth2.NewClient(t.Context(), source), s.URL + "/api/v4", s.issue}
}

func (c web) user(ctx context.Context) error {
	return c.send(ctx, http.MethodGet, "/user", "")
}

func (c web) note(ctx context.Context) error {
	return c.send(ctx, http.MethodPost, fmt.Sprintf("/projects/team%%2Fapp/issues/%d/notes", c.on), `{"body":"Hello"}`)
}

func (c web) send(ctx context.Context, method, path, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
