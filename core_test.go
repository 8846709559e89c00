package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/freshgrant/gitlab"
)

// The public core is a promise: these signatures compile as they are.
var (
	_ func(gitlab.Config) (*gitlab.Client, error)                                                               = gitlab.New
	_ func(*gitlab.Client, string) *gitlab.Client                                                               = (*gitlab.Client).As
	_ func(*gitlab.Client, string) *gitlab.Client                                                               = (*gitlab.Client).WithToken
	_ func(*gitlab.Client, context.Context, string, gitlab.OAuthData) (*gitlab.Client, error)                   = (*gitlab.Client).Authorize
	_ func(*gitlab.Client, context.Context) (gitlab.Identity, error)                                            = (*gitlab.Client).Identity
	_ func(*gitlab.Client, context.Context, string, gitlab.Path, any, any, ...gitlab.RequestOption) error       = (*gitlab.Client).Call
	_ func(*gitlab.Client, *http.Request) (*http.Response, error)                                               = (*gitlab.Client).Do
	_ func(*gitlab.Client) *http.Client                                                                         = (*gitlab.Client).HTTPClient
	_ func(*gitlab.Client, context.Context) oauth2.TokenSource                                                  = (*gitlab.Client).TokenSource
	_ func(*gitlab.Client, context.Context) error                                                               = (*gitlab.Client).Shutdown
	_ func(context.Context, *gitlab.Client, gitlab.Path, ...gitlab.RequestOption) (gitlab.User, error)          = gitlab.Get[gitlab.User]
	_ func(context.Context, *gitlab.Client, gitlab.Path, ...gitlab.RequestOption) iter.Seq2[gitlab.User, error] = gitlab.List[gitlab.User]
	_ func(string, ...any) gitlab.Path                                                                          = gitlab.PathTo
	_ func(gitlab.Path, url.Values) gitlab.Path                                                                 = gitlab.Path.With
	_ func([]byte) (gitlab.OAuthData, error)                                                                    = gitlab.ParseOAuthData
	_ func(*oauth2.Token) gitlab.OAuthData                                                                      = gitlab.OAuthDataFromToken
	_ func() *gitlab.MemoryStore                                                                                = gitlab.NewMemoryStore
	_ gitlab.IdentityStore                                                                                      = (*gitlab.MemoryStore)(nil)
	_ interface {
		LockIdentity(context.Context, string) (*gitlab.IdentityLock, error)
	} = (*gitlab.SingleProcess)(nil)
	_ gitlab.IdentityProvider = gitlab.OAuthProvider{}
	_ gitlab.IdentityProvider = (*gitlab.OAuthProvider)(nil)
	_                         = gitlab.Config{
		BaseURL: gitlab.GitLabCom, Provider: gitlab.OAuthProvider{ClientID: "", ClientSecret: "", RedirectURL: "", Scopes: []string{}},
		Store: gitlab.NewMemoryStore(), HTTPClient: &http.Client{}, UserAgent: "", RefreshBefore: time.Minute, FreshTokenGrace: time.Second,
		MaxConcurrentRefreshes: 1,
		OnRefresh:              func(context.Context, gitlab.RefreshEvent) {}, OnCall: func(context.Context, gitlab.CallEvent) {},
	}
	_ = gitlab.Identity{Key: "", BaseURL: "", Data: gitlab.OAuthData{
		AccessToken: "", RefreshToken: "", TokenType: "", Scope: "", CreatedAt: time.Time{}, ExpiresAt: time.Time{},
	}, Revision: ""}
	_       = gitlab.IdentityLock{Context: context.Background(), Abandoned: false, Unlock: func() {}}
	_ error = &gitlab.APIError{StatusCode: 1, Method: "", Path: "", Message: "", RequestID: "", Fields: map[string][]string{}, RetryAfter: time.Second}
	_ error = &gitlab.IdentityNotValidError{Key: "", StatusCode: 0, Code: "", Description: ""}
	_       = []error{
		gitlab.ErrUnauthorized, gitlab.ErrForbidden, gitlab.ErrNotFound, gitlab.ErrConflict, gitlab.ErrRateLimited,
		gitlab.ErrReauthorize, gitlab.ErrClientRejected, gitlab.ErrWrongInstance, gitlab.ErrRefreshUnavailable,
		gitlab.ErrIdentityNotFound, gitlab.ErrIdentityConflict,
	}
)
