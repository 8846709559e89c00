package gitlab_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	accessTokenJSON = `{"id":4,"name":"Test Token","description":"For tests","user_id":3,"scopes":["api","read_user"],"active":true,"revoked":true,"expired":true,"granular":true,"granular_scopes":[{"access":"personal_projects","permissions":["read_job"],"project_id":5,"group_id":6}],"created_at":"2018-09-13T00:40:01.123Z","last_used_at":"2018-09-13T00:40:02Z","last_used_ips":["192.0.2.1","2001:db8::1"],"expires_at":"2019-09-13"}`
	tokenInfoJSON   = `{"resource_owner_id":7,"scope":["api","read_user"],"expires_in":7199,"application":{"uid":"1cb242f495280beb4291e64bee2a17f330902e499882fe8e1e2aa875519cab33"},"created_at":1536798907,"scopes":["api","read_user"],"expires_in_seconds":7199}`
)

var (
	fullAccessToken = gitlab.PersonalAccessToken{
		ID: 4, Name: "Test Token", Description: "For tests", UserID: 3, Scopes: []string{"api", "read_user"}, Active: true, Revoked: true, Expired: true, Granular: true,
		GranularScopes: []gitlab.GranularScope{{Access: "personal_projects", Permissions: []string{"read_job"}, ProjectID: 5, GroupID: 6}},
		CreatedAt:      second(1).Add(123 * time.Millisecond), LastUsedAt: second(2), LastUsedIPs: []string{"192.0.2.1", "2001:db8::1"},
		ExpiresAt: gitlab.Date{Year: 2019, Month: 9, Day: 13},
	}
	fullTokenInfo = gitlab.TokenInfo{
		ResourceOwnerID: 7, Scope: []string{"api", "read_user"}, ExpiresIn: 7199,
		Application: gitlab.TokenApplication{UID: "1cb242f495280beb4291e64bee2a17f330902e499882fe8e1e2aa875519cab33"}, CreatedAt: time.Unix(1536798907, 0).UTC(),
	}
)

func TestTokensAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "PersonalAccessToken", reflect.ValueOf(fullAccessToken))
	runTyped(t, []typedCall{{
		name: "self", method: http.MethodGet, path: "/personal_access_tokens/self", status: 200, answer: accessTokenJSON, want: fullAccessToken,
		make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.PersonalAccessToken, error) {
			return c.Tokens.Self(ctx)
		}),
	}})
}

func TestTokenInfoIsAskedOutsideTheAPI(t *testing.T) {
	t.Parallel()
	assertFilled(t, "TokenInfo", reflect.ValueOf(fullTokenInfo))
	var events []gitlab.CallEvent
	w := newWorld(t, func(cfg *gitlab.Config) {
		cfg.OnCall = func(_ context.Context, e gitlab.CallEvent) { events = append(events, e) }
	})
	w.mock.RegisterNoResponder(always(http.StatusOK, tokenInfoJSON))
	info, err := w.signIn(t, 2*time.Hour).Tokens.Info(t.Context(), gitlab.WithHeader("X-Trace", "1"))
	require.NoError(t, err)
	assert.Equal(t, fullTokenInfo, info)
	require.Len(t, w.sent(), 1)
	sent := w.sent()[0]
	assert.Equal(t, http.MethodGet, sent.Method)
	assert.Equal(t, baseURL+"/oauth/token/info", sent.URL)
	assert.Empty(t, sent.Body)
	assert.Equal(t, "Bearer access-1", sent.Authorization)
	assert.Equal(t, "application/json", sent.Header.Get("Accept"))
	assert.Equal(t, "freshgrant-gitlab", sent.Header.Get("User-Agent"))
	assert.Equal(t, "1", sent.Header.Get("X-Trace"))
	require.Len(t, events, 1)
	assert.Equal(t, "/oauth/token/info", events[0].Route)
}

func TestTokenInfoOfATokenThatDoesNotExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusOK, `{"resource_owner_id":7,"scope":["api"],"expires_in":null,"application":null,"created_at":null}`))
	info, err := w.client.WithToken("glpat-1").Tokens.Info(t.Context())
	require.NoError(t, err)
	assert.Equal(t, gitlab.TokenInfo{ResourceOwnerID: 7, Scope: []string{"api"}}, info)
}

func TestTokenInfoIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	w.mock.RegisterNoResponder(always(http.StatusUnauthorized, `{"error":"invalid_token","error_description":"The access token is invalid"}`))
	_, err := c.Tokens.Info(t.Context())
	require.ErrorIs(t, err, gitlab.ErrUnauthorized)
	w.mock.RegisterNoResponder(page(http.StatusOK))
	_, err = c.Tokens.Info(t.Context())
	require.Error(t, err)
	_, err = w.client.As("").Tokens.Info(t.Context())
	require.Error(t, err)
}
