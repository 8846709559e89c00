package gitlab_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestScopesThatAreMissingAreNamed(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"error":"insufficient_scope","error_description":"` + scopeText + `","scope":"read_user  api read_api"}`: {"read_user", "api", "read_api"},
		`{"error":"insufficient_scope","scope":"api"}`:                                                             {"api"},
		`{"error":"insufficient_scope"}`:                                                                           nil,
		`{"error":"insufficient_scope","scope":["api"]}`:                                                           nil,
		`{"error":"insufficient_granular_scope","error_description":"no","scope":"api"}`:                           nil,
		`{"message":"403 Forbidden","scope":"api"}`:                                                                nil,
		`{"error":"insufficient_scope","scope":"glpat-1 api"}`:                                                     {"[redacted]", "api"},
	} {
		err := refused(t, refusal{status: http.StatusForbidden, body: body})
		if len(want) == 0 {
			assert.Empty(t, err.Scopes, body)
		} else {
			assert.Equal(t, want, err.Scopes, body)
		}
		require.ErrorIs(t, err, gitlab.ErrForbidden)
	}
}

func TestRefusalsTellTheRateLimit(t *testing.T) {
	t.Parallel()
	err := refused(t, refusal{status: http.StatusForbidden, headers: []string{
		"RateLimit-Name", "throttle_\nx", "RateLimit-Limit", "600", "RateLimit-Remaining", "0", "RateLimit-Reset", "1609844400",
	}})
	assert.Equal(t, gitlab.RateLimit{Name: "throttle_ x", Limit: 600, Reset: time.Unix(1609844400, 0)}, err.RateLimit)
	assert.Zero(t, err.RetryAfter, "it was not the limit's")
	assert.Zero(t, refused(t, refusal{status: http.StatusForbidden}).RateLimit)
}

func TestResetOfALimitTellsHowLongToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := strconv.FormatInt(time.Now().Add(90*time.Second).Unix(), 10)
		assert.Equal(t, 90*time.Second, refused(t, refusal{status: 429, headers: []string{"RateLimit-Reset", at}}).RetryAfter)
		assert.Equal(t, 5*time.Second, refused(t, refusal{status: 429, headers: []string{"RateLimit-Reset", at, "Retry-After", "5"}}).RetryAfter)
		assert.Zero(t, refused(t, refusal{status: 429, headers: []string{"RateLimit-Reset", at, "Retry-After", "0"}}).RetryAfter)
		assert.Zero(t, refused(t, refusal{status: 503, headers: []string{"RateLimit-Reset", at}}).RetryAfter)
		assert.Zero(t, refused(t, refusal{status: 429, headers: []string{"RateLimit-Reset", "12"}}).RetryAfter)
		assert.Equal(t, 24*time.Hour, refused(t, refusal{status: 429, headers: []string{"RateLimit-Reset", "99999999999"}}).RetryAfter)
		date := time.Now().Add(70 * time.Second).UTC().Format(http.TimeFormat)
		assert.Equal(t, 70*time.Second, refused(t, refusal{status: 503, headers: []string{"Retry-After", date}}).RetryAfter)
	})
}

func TestRefusalsThatMayPassAreTemporary(t *testing.T) {
	t.Parallel()
	const html = "<html>"
	for _, row := range []struct {
		refusal

		temporary, limited bool
	}{
		{refusal{429, `Retry later`, nil}, true, true},
		{refusal{503, html, []string{"Retry-After", "5"}}, true, true},
		{refusal{503, html, nil}, true, false},
		{refusal{503, html, []string{"Retry-After", "0"}}, true, false},
		{refusal{500, `{}`, []string{"Retry-After", "5"}}, true, false},
		{refusal{502, html, nil}, true, false},
		{refusal{200, html, []string{"Content-Type", "text/html"}}, true, false},
		{refusal{304, ``, nil}, false, false},
		{refusal{302, html, nil}, false, false},
		{refusal{400, `{}`, nil}, false, false},
		{refusal{403, html, []string{"Retry-After", "5"}}, false, false},
		{refusal{404, html, nil}, false, false},
		{refusal{499, html, nil}, false, false},
	} {
		err := refused(t, row.refusal)
		assert.Equal(t, row.temporary, err.Temporary(), "%d", row.status)
		assert.Equal(t, row.limited, errors.Is(err, gitlab.ErrRateLimited), "%d", row.status)
		assert.Equal(t, row.status == 304, errors.Is(err, gitlab.ErrNotModified), "%d", row.status)
	}
}

func TestReadOnlyInstanceAnswersWritesWithAWebPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(redirect(http.StatusMovedPermanently, baseURL))
	err := w.client.Call(t.Context(), http.MethodPost, itemsPath, gitlab.Form{"a": {"b"}}, nil)
	var api *gitlab.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusMovedPermanently, api.StatusCode)
	assert.Equal(t, "redirected; only GET requests follow redirects", api.Message)
	assert.Len(t, w.sent(), 1)
}
