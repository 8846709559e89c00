package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// accessToken is the one of all subjects; nobody checks it.
const accessToken = "made-up"

// newOurs is this library as people use it: as a stored identity whose token is
// fresh. transport nil: the library's own.
func newOurs(ctx context.Context, baseURL string, transport http.RoundTripper) (*gitlab.Client, error) {
	cfg := gitlab.Config{
		BaseURL:  baseURL,
		Provider: gitlab.OAuthProvider{ClientID: "bench", ClientSecret: "made up"},
		Store:    gitlab.NewMemoryStore(),
	}
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	client, err := gitlab.New(cfg)
	if err != nil {
		return nil, err
	}
	return client.Authorize(ctx, "ada", gitlab.OAuthData{
		AccessToken:  accessToken,
		RefreshToken: "made up",
		ExpiresAt:    time.Now().Add(2 * time.Hour),
	})
}

// newClientGo is GitLab's library as its documentation makes it. transport nil:
// the library's own.
func newClientGo(baseURL string, transport http.RoundTripper) (*clientgo.Client, error) {
	options := []clientgo.ClientOptionFunc{clientgo.WithBaseURL(baseURL)}
	if transport != nil {
		options = append(options, clientgo.WithHTTPClient(&http.Client{Transport: transport}))
	}
	return clientgo.NewClient(accessToken, options...)
}

// web is what people write who use no library.
type web struct {
	http   *http.Client
	api    string
	byHand string // the token, if the transport does not know it
}

// newRaw is net/http with the token in a header. transport nil: net/http's own.
func newRaw(baseURL string, transport http.RoundTripper) *web {
	return &web{http: &http.Client{Transport: transport}, api: baseURL + "/api/v4", byHand: accessToken}
}

// newOAuth2 is net/http with x/oauth2's transport, and a token that is fresh.
func newOAuth2(baseURL string, transport http.RoundTripper) *web {
	token := &oauth2.Token{AccessToken: accessToken, Expiry: time.Now().Add(2 * time.Hour)}
	source := oauth2.ReuseTokenSource(token, nil)
	return &web{http: &http.Client{Transport: &oauth2.Transport{Source: source, Base: transport}}, api: baseURL + "/api/v4"}
}

// get decodes the answer for path into out; nil: it is not read.
func (w *web) get(ctx context.Context, path string, out any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.api+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "bench")
	if w.byHand != "" {
		req.Header.Set("Authorization", "Bearer "+w.byHand)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	if out == nil {
		return resp.Header, nil
	}
	return resp.Header, json.NewDecoder(resp.Body).Decode(out)
}
