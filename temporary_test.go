package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestWhatMaySucceedLaterIsTemporary(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer httpmock.Responder
		want   bool
	}{
		"429":                   {plain(http.StatusTooManyRequests, "Retry later"), true},
		"502":                   {page(http.StatusBadGateway), true},
		"deploy page":           {page(http.StatusOK), true},
		"refused":               {refusedConnection, true},
		"reset":                 {resetConnection, true},
		"cut":                   {cut(`{"id":`), true},
		"host not found now":    {unresolved(false), true},
		"no such host":          {unresolved(true), false},
		"untrusted certificate": {untrusted, false},
		"401":                   {always(http.StatusUnauthorized, bareJSON), false},
		"404":                   {always(http.StatusNotFound, `{"message":"404 Not Found"}`), false},
		"422":                   {always(http.StatusUnprocessableEntity, `{}`), false},
		"no JSON":               {always(http.StatusOK, `{"id":"x"}`), false},
		"another error":         {httpmock.NewErrorResponder(errors.New("no")), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
			w.mock.RegisterResponder(http.MethodGet, userURL, row.answer)
			_, err := w.client.WithToken("glpat-1").Users.Current(t.Context())
			require.Error(t, err)
			assert.Equal(t, row.want, gitlab.IsTemporary(err), "%v", err)
			assert.Equal(t, row.want, gitlab.IsTemporary(fmt.Errorf("the application: %w", err)))

			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, userURL, http.NoBody)
			require.NoError(t, err)
			resp, err := w.client.WithToken("glpat-1").HTTPClient().Do(req)
			if err == nil {
				_ = resp.Body.Close()
				return
			}
			assert.Equal(t, row.want, gitlab.IsTemporary(err), "%v, of HTTPClient", err)
		})
	}
}

func TestWhatARefreshEndedWithIsTemporaryOrNot(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		token httpmock.Responder
		want  bool
	}{
		"dead grant":     {always(http.StatusBadRequest, grantJSON), false},
		"wrong secret":   {always(http.StatusUnauthorized, `{"error":"invalid_client"}`), false},
		"token endpoint": {page(http.StatusBadGateway), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			ada := w.signIn(t, 0)
			w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
			w.mock.RegisterResponder(http.MethodPost, tokenURL, row.token)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := ada.Users.Current(ctx)
			require.ErrorIs(t, err, gitlab.ErrUnauthorized)
			assert.Equal(t, row.want, gitlab.IsTemporary(err), "%v", err)
		})
	}
	assert.False(t, gitlab.IsTemporary(gitlab.ErrIdentityNotFound))
	incomplete := errors.Join(gitlab.ErrSignOutIncomplete, gitlab.ErrRefreshUnavailable)
	assert.False(t, gitlab.IsTemporary(incomplete), "only the user can end what is left")
}

func TestWhatTheCallerEndedIsNotTemporary(t *testing.T) {
	t.Parallel()
	assert.False(t, gitlab.IsTemporary(nil))
	assert.False(t, gitlab.IsTemporary(context.Canceled))
	assert.False(t, gitlab.IsTemporary(&url.Error{Op: "Get", URL: "x", Err: context.Canceled}))
	assert.True(t, gitlab.IsTemporary(context.DeadlineExceeded), "with more time it may succeed")
	assert.True(t, gitlab.IsTemporary(&url.Error{Op: "Get", URL: "x", Err: io.EOF}))
	assert.False(t, gitlab.IsTemporary(&url.Error{Op: "Get", URL: "x", Err: errors.New("unsupported protocol scheme")}))
}
