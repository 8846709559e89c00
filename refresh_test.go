package gitlab_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// The ancestor's three flows.

func TestExpiredTokenIsRefreshedAndTheCallSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
	c := w.signIn(t, 0)

	user, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, "ada", user.Username)
	sent := w.sent()
	require.Len(t, sent, 3, "GET, POST, GET")
	assert.Equal(t, userURL, sent[0].URL)
	assert.Equal(t, "Bearer access-1", sent[0].Authorization)
	assert.Equal(t, tokenURL, sent[1].URL)
	assert.Empty(t, sent[1].Authorization, "credentials go as parameters")
	form, err := url.ParseQuery(sent[1].Body)
	require.NoError(t, err)
	assert.Equal(t, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"},
		"client_id": {"client-id"}, "client_secret": {"client-secret"},
	}, form)
	assert.Equal(t, userURL, sent[2].URL)
	assert.Equal(t, "Bearer access-2", sent[2].Authorization, "the retry carries the new token")

	stored := w.stored(t)
	assert.Equal(t, "access-2", stored.AccessToken)
	assert.Equal(t, "refresh-2", stored.RefreshToken)
	assert.Equal(t, int64(1536798907), stored.CreatedAt.Unix())
	inUse, err := c.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, stored, inUse.Data)
	assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
}

func TestRefusedRefreshChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-2"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusUnauthorized, `{}`))
	c := w.signIn(t, 0)
	before := w.stored(t)

	_, err := c.Users.Current(t.Context())

	var refused *gitlab.IdentityNotValidError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, gitlab.IdentityNotValidError{Key: "ada", StatusCode: http.StatusUnauthorized}, *refused)
	require.ErrorIs(t, err, gitlab.ErrUnauthorized)
	require.NotErrorIs(t, err, gitlab.ErrReauthorize)
	assert.Len(t, w.sent(), 2, "GET, POST")
	assert.Equal(t, before, w.stored(t))
	inUse, err := c.Identity(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, inUse.Data)
}

func TestGoodTokenIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-1"))
	c := w.signIn(t, 2*time.Hour)
	before := w.stored(t)

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Len(t, w.sent(), 1)
	assert.Equal(t, before, w.stored(t))
	assert.Empty(t, w.outcomes())
}

func TestDeadGrantIsAskedTwiceThenLeftAloneForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON))
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusBadRequest, grantJSON))
		c := w.signIn(t, 0)
		started := time.Now()

		_, err := c.Users.Current(t.Context())

		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		require.ErrorIs(t, err, gitlab.ErrUnauthorized)
		var refused *gitlab.IdentityNotValidError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "invalid_grant", refused.Code)
		assert.Equal(t, 2, w.posts())
		assert.InDelta(t, time.Second, time.Since(started), float64(500*time.Millisecond))

		for range 10 {
			_, err = c.Users.Current(t.Context())
			require.ErrorIs(t, err, gitlab.ErrReauthorize)
			time.Sleep(5 * time.Second)
		}
		assert.Equal(t, 2, w.posts())
		time.Sleep(11 * time.Second)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrReauthorize)
		assert.Equal(t, 3, w.posts())
	})
}
