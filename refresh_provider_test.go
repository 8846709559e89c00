package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 5: what the provider sends, and what its errors mean.

func TestTokenRequestIsPlain(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"confidential": "a secret+/&=", "public": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *gitlab.Config) {
				cfg.Provider = gitlab.OAuthProvider{ClientID: "id+/&=", ClientSecret: secret, Scopes: []string{"api"}, RedirectURL: "https://app.example.com/"}
			})
			w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))

			_, err := w.signIn(t, 0).Users.Current(t.Context())

			require.NoError(t, err)
			sent := w.sent()
			require.Len(t, sent, 3)
			post := sent[1]
			assert.Equal(t, http.MethodPost, post.Method)
			assert.Equal(t, tokenURL, post.URL, "no parameter in the URL")
			assert.Equal(t, "application/x-www-form-urlencoded", post.Header.Get("Content-Type"))
			assert.Equal(t, "application/json", post.Header.Get("Accept"))
			for _, name := range []string{"Authorization", "Idempotency-Key", "X-Idempotency-Key", "Private-Token", "Cookie"} {
				assert.NotContains(t, post.Header, name)
			}
			want := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"}, "client_id": {"id+/&="}}
			if secret != "" {
				want.Set("client_secret", secret)
			}
			form, err := url.ParseQuery(post.Body)
			require.NoError(t, err)
			assert.Equal(t, want, form)
		})
	}
}

func TestTokenAnswerIsCapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	endless := &brokenBody{text: io.MultiReader(
		strings.NewReader(`{"access_token":"access-2","refresh_token":"refresh-2","filler":"`), letters{})}
	w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "")
		resp.Body = endless
		return resp, nil
	})

	_, err := w.signIn(t, 0).Users.Current(t.Context())

	require.NoError(t, err)
	requireStory(t, w, "GET access-1", "POST refresh-1", "GET access-2")
	assert.LessOrEqual(t, endless.read, 1<<20)
	assert.True(t, endless.closed)
	assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
}

// The provider does not trust the context's client to stop at a redirect.
func TestProviderFollowsNoRedirectWhateverClientItIsGiven(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.mock.RegisterResponder(http.MethodPost, tokenURL, redirect(status, elsewhereURL))
			ctx := clientIn(t.Context(), w)
			id := gitlab.Identity{Key: "ada", Data: gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1"}}

			_, err := gitlab.OAuthProvider{ClientID: "client-id", ClientSecret: "client-secret"}.RefreshIdentity(ctx, id, tokenURL)

			requireUnavailable(t, err)
			assert.Contains(t, err.Error(), "https://elsewhere.example.net")
			requireStory(t, w, "POST refresh-1")
		})
	}
}

var errOfMine = errors.New("the vault is sealed")

func TestProvidersOwnErrors(t *testing.T) {
	t.Parallel()
	limited := func(wait time.Duration) error { return &gitlab.APIError{StatusCode: 429, RetryAfter: wait} }
	tests := map[string]struct {
		err   error
		calls int
		pause time.Duration // between two calls, at least
		is    []error
	}{
		"unavailable":                  {gitlab.ErrRefreshUnavailable, 3, 400 * time.Millisecond, []error{gitlab.ErrRefreshUnavailable}},
		"unavailable, wrapped":         {fmt.Errorf("%w: %w", gitlab.ErrRefreshUnavailable, errOfMine), 3, 400 * time.Millisecond, []error{gitlab.ErrRefreshUnavailable, errOfMine}},
		"unavailable, a short wait":    {fmt.Errorf("%w: %w", gitlab.ErrRefreshUnavailable, limited(4*time.Second)), 3, 4 * time.Second, []error{gitlab.ErrRefreshUnavailable, gitlab.ErrRateLimited}},
		"unavailable, a long wait":     {fmt.Errorf("%w: %w", gitlab.ErrRefreshUnavailable, limited(time.Minute)), 1, 0, []error{gitlab.ErrRefreshUnavailable, gitlab.ErrRateLimited}},
		"an answer without a token":    {nil, 3, 400 * time.Millisecond, []error{gitlab.ErrRefreshUnavailable}},
		"an API error":                 {limited(time.Minute), 1, 0, []error{gitlab.ErrRateLimited}},
		"something else":               {errOfMine, 1, 0, []error{errOfMine}},
		"something else, wrapped":      {fmt.Errorf("reading the secret: %w", errOfMine), 1, 0, []error{errOfMine}},
		"a cancellation of its own":    {context.Canceled, 1, 0, []error{context.Canceled}},
		"a time limit of its own":      {context.DeadlineExceeded, 1, 0, []error{context.DeadlineExceeded}},
		"a refusal without code":       {&gitlab.IdentityNotValidError{StatusCode: 400}, 1, 0, nil},
		"a refusal, wrapped":           {fmt.Errorf("mine: %w", &gitlab.IdentityNotValidError{Code: "not_today"}), 1, 0, nil},
		"a refusal of the application": {&gitlab.IdentityNotValidError{Code: "invalid_client"}, 1, 0, []error{gitlab.ErrClientRejected}},
		"a refusal of the grant":       {&gitlab.IdentityNotValidError{Code: "invalid_grant"}, 2, time.Second, []error{gitlab.ErrReauthorize}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				provider := &fakeProvider{answer: func(context.Context, int) (gitlab.OAuthData, error) { return gitlab.OAuthData{}, test.err }}
				w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = provider })
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))

				_, err := w.signIn(t, 0).Users.Current(t.Context())

				require.ErrorIs(t, err, gitlab.ErrUnauthorized)
				for _, meaning := range []error{gitlab.ErrRefreshUnavailable, gitlab.ErrReauthorize, gitlab.ErrClientRejected, errOfMine} {
					wanted := false
					for _, is := range test.is {
						require.ErrorIs(t, err, is)
						wanted = wanted || errors.Is(is, meaning)
					}
					assert.Equal(t, wanted, errors.Is(err, meaning), meaning)
				}
				var given, got *gitlab.IdentityNotValidError
				require.Equal(t, errors.As(test.err, &given), errors.As(err, &got))
				if got != nil {
					assert.Equal(t, "ada", got.Key)
					assert.Equal(t, given.Code, got.Code)
				}
				require.Len(t, provider.calls, test.calls)
				for n := 1; n < test.calls; n++ {
					assert.GreaterOrEqual(t, provider.calls[n].Sub(provider.calls[n-1]), test.pause)
				}
				requireStory(t, w, "GET access-1")
			})
		})
	}
}

func TestAttemptThatRanOutOfItsTimeIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]error{"its own words": errOfMine, "the context's": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				provider := &fakeProvider{answer: func(ctx context.Context, n int) (gitlab.OAuthData, error) {
					if n == 3 {
						return gitlab.OAuthData{AccessToken: "access-2", RefreshToken: "refresh-2"}, nil
					}
					<-ctx.Done()
					if cut != nil {
						return gitlab.OAuthData{}, cut
					}
					return gitlab.OAuthData{}, ctx.Err()
				}}
				w := newWorld(t, func(cfg *gitlab.Config) { cfg.Provider = provider })
				w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))

				_, err := w.signIn(t, 0).Users.Current(t.Context())

				require.NoError(t, err)
				requireStory(t, w, "GET access-1", "GET access-2")
				require.Len(t, provider.calls, 3)
				assertBetween(t, 10400*time.Millisecond, provider.calls[1].Sub(provider.calls[0]), 10500*time.Millisecond)
				assertBetween(t, 10800*time.Millisecond, provider.calls[2].Sub(provider.calls[1]), 11*time.Second)
				assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
			})
		})
	}
}
