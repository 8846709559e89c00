package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"
	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// call is a GET /user as one user.
type call func(context.Context) error

// refreshing is a subject that refreshes tokens by itself.
type refreshing struct {
	// as makes the calls of a stored identity. But for this library, which goes
	// by its key, it begins with that pair and knows of no store.
	as func(id gitlab.Identity) (call, error)
	// finish waits for what goes on without a call.
	finish func(context.Context) error
}

// newRefreshing is a subject as its documentation has it. transport nil: the
// subject's own.
func newRefreshing(s subject, at serverHello, store gitlab.IdentityStore, transport http.RoundTripper) (*refreshing, error) {
	if s == ours {
		return newRefreshingOurs(at, store, transport)
	}
	if transport == nil && s == clientGo {
		theirs, err := newClientGo(at.API, nil)
		if err != nil {
			return nil, err
		}
		transport = theirs.HTTPClient().Transport
	}
	client := &http.Client{Transport: &counting{cmp.Or(transport, http.DefaultTransport)}}
	r := &refreshing{finish: func(context.Context) error { return nil }}
	switch s {
	case clientGo:
		r.as = func(id gitlab.Identity) (call, error) {
			source := at.tokenSource(client, id)
			theirs, err := clientgo.NewAuthSourceClient(clientgo.OAuthTokenSource{TokenSource: source},
				clientgo.WithBaseURL(at.API), clientgo.WithHTTPClient(client))
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) error {
				_, _, err := theirs.Users.CurrentUser(clientgo.WithContext(ctx))
				return err
			}, nil
		}
	case oAuth2:
		r.as = func(id gitlab.Identity) (call, error) {
			lent := &http.Client{Transport: &oauth2.Transport{Source: at.tokenSource(client, id), Base: client.Transport}}
			return getUser(&web{http: lent, api: at.API + "/api/v4"}), nil
		}
	default:
		r.as = func(id gitlab.Identity) (call, error) {
			return (&byHand{http: client, at: at, access: id.Data.AccessToken, refresh: id.Data.RefreshToken}).getUser, nil
		}
	}
	return r, nil
}

func newRefreshingOurs(at serverHello, store gitlab.IdentityStore, transport http.RoundTripper) (*refreshing, error) {
	cfg := gitlab.Config{
		BaseURL:  at.API,
		Provider: gitlab.OAuthProvider{ClientID: at.ClientID, ClientSecret: at.ClientSecret},
		Store:    store,
		OnCall:   func(ctx context.Context, _ gitlab.CallEvent) { countSending(ctx) },
	}
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	client, err := gitlab.New(cfg)
	if err != nil {
		return nil, err
	}
	return &refreshing{
		as: func(id gitlab.Identity) (call, error) {
			user := client.As(id.Key)
			return func(ctx context.Context) error {
				_, err := user.Users.Current(ctx)
				return err
			}, nil
		},
		finish: client.Shutdown,
	}, nil
}

// tokenSource is a ReuseTokenSource that refreshes, over client.
func (at serverHello) tokenSource(client *http.Client, id gitlab.Identity) oauth2.TokenSource {
	cfg := oauth2.Config{
		ClientID:     at.ClientID,
		ClientSecret: at.ClientSecret,
		// Otherwise it would ask twice whenever it is refused.
		Endpoint: oauth2.Endpoint{TokenURL: at.API + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	return cfg.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, client), &oauth2.Token{
		AccessToken:  id.Data.AccessToken,
		RefreshToken: id.Data.RefreshToken,
		Expiry:       id.Data.ExpiresAt,
	})
}

// byHand is what people write: a call that gets a 401 refreshes and is sent
// again, whatever the other calls do meanwhile.
type byHand struct {
	http *http.Client
	at   serverHello

	mu              sync.Mutex // guards all below
	access, refresh string
}

func (h *byHand) tokens() (access, refresh string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.access, h.refresh
}

func (h *byHand) getUser(ctx context.Context) error {
	access, _ := h.tokens()
	status, err := h.try(ctx, access)
	if err == nil && status == http.StatusUnauthorized {
		if access, err = h.renew(ctx); err == nil {
			status, err = h.try(ctx, access)
		}
	}
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET /user: %d", status)
	}
	return err
}

func (h *byHand) try(ctx context.Context, access string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.at.API+"/api/v4/user", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+access)
	resp, err := h.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		_, err := io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, err
	}
	var user gitlab.User
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(&user)
}

// renew asks for a new pair and keeps it.
func (h *byHand) renew(ctx context.Context) (access string, err error) {
	_, refresh := h.tokens()
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"client_id": {h.at.ClientID}, "client_secret": {h.at.ClientSecret},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.at.API+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := h.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("POST /oauth/token: %s", resp.Status)
	}
	var got oauth2.Token
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.access, h.refresh = got.AccessToken, got.RefreshToken
	return got.AccessToken, nil
}

// sendings is the key of the *atomic.Int64, in a call's context, that counts how
// often the call is sent.
type sendings struct{}

func countSending(ctx context.Context) {
	if n, ok := ctx.Value(sendings{}).(*atomic.Int64); ok {
		n.Add(1)
	}
}

// counting counts how often calls are sent.
type counting struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		countSending(req.Context())
	}
	return c.base.RoundTrip(req)
}

// signIn signs n new users in, whose access tokens live so long, and returns what
// a store keeps of them. If dead, the tokens have run out by GitLab's clock
// already.
func (s *server) signIn(ctx context.Context, n int, lifetime time.Duration, dead bool) ([]gitlab.Identity, error) {
	var tokens map[string]struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	path := fmt.Sprintf("/sign-in?n=%d&lifetime=%v&dead=%t", n, lifetime, dead)
	if err := s.ask(ctx, http.MethodPost, path, &tokens); err != nil {
		return nil, err
	}
	var ids []gitlab.Identity
	now := time.Now()
	for name, token := range tokens {
		ids = append(ids, gitlab.Identity{Key: name, BaseURL: s.API, Data: gitlab.OAuthData{
			AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, CreatedAt: now, ExpiresAt: now.Add(lifetime),
		}})
	}
	return ids, nil
}
