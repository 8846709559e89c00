package gitlab

import (
	"context"
	"net/http"
	"time"
)

// PersonalAccessToken is what GitLab tells of a personal, group or project
// access token (https://docs.gitlab.com/api/personal_access_tokens/), without
// the token itself.
type PersonalAccessToken struct {
	ID             int64           `json:"id"`
	Name           string          `json:"name"`
	Description    string          `json:"description"`
	UserID         int64           `json:"user_id"` // of a group's or project's token, its bot's
	Scopes         []string        `json:"scopes"`
	Active         bool            `json:"active"`
	Revoked        bool            `json:"revoked"`
	Expired        bool            `json:"expired"`
	Granular       bool            `json:"granular"` // GranularScopes count, not Scopes
	GranularScopes []GranularScope `json:"granular_scopes"`
	CreatedAt      time.Time       `json:"created_at"`
	LastUsedAt     time.Time       `json:"last_used_at"`  // zero: never
	LastUsedIPs    []string        `json:"last_used_ips"` // the newest five at most
	ExpiresAt      Date            `json:"expires_at"`    // at its beginning, in UTC; zero: never
}

// GranularScope is what a granular token may do in one place.
type GranularScope struct {
	Access      string   `json:"access"`
	Permissions []string `json:"permissions"`
	ProjectID   int64    `json:"project_id"` // 0: not one project's
	GroupID     int64    `json:"group_id"`   // 0: not one group's
}

// TokenInfo is what GitLab tells of an OAuth access token
// (https://docs.gitlab.com/api/oauth2/#retrieve-the-token-information).
type TokenInfo struct {
	ResourceOwnerID int64            `json:"resource_owner_id"` // the user's ID
	Scope           []string         `json:"scope"`
	ExpiresIn       int64            `json:"expires_in"` // seconds from now; 0: it does not expire
	Application     TokenApplication `json:"application"`
	CreatedAt       time.Time        `json:"-"` // sent as a number of seconds
}

// TokenApplication is the OAuth application that a token was issued to.
type TokenApplication struct {
	UID string `json:"uid"` // its client ID
}

// TokensService asks about the token that the client itself acts with.
type TokensService service

// Self returns the access token that the client acts with, if it is a personal,
// group or project access token ([Client.WithToken]). For those of OAuth see
// [TokensService.Info].
func (s *TokensService) Self(ctx context.Context, opts ...RequestOption) (PersonalAccessToken, error) {
	return Get[PersonalAccessToken](ctx, s.client, PathTo(pathPersonalAccessToken), opts...)
}

// Info returns the OAuth access token that the client acts with. Any other token
// is [ErrUnauthorized].
func (s *TokensService) Info(ctx context.Context, opts ...RequestOption) (TokenInfo, error) {
	target := s.client.core.baseURL + pathOAuthInfo
	resp, err := s.client.request(ctx, http.MethodGet, target, pathOAuthInfo, nil, gather(opts))
	if err != nil {
		return TokenInfo{}, err
	}
	var out struct {
		TokenInfo

		CreatedAt int64 `json:"created_at"`
	}
	if err := s.client.decode(resp, pathOAuthInfo, &out); err != nil {
		return TokenInfo{}, err
	}
	if out.CreatedAt != 0 {
		out.TokenInfo.CreatedAt = time.Unix(out.CreatedAt, 0).UTC()
	}
	return out.TokenInfo, nil
}
