package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// Contract line 8: what a save finds in the store.

func TestNewerSignInFoundBySaveIsAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	gl := issuing(w, 0, 0)
	w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
	w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
		put(t, w.store, pairOf(9)) // by another process
		return gl.token(req)
	})
	c := w.signIn(t, 0)

	_, err := c.Users.Current(t.Context())

	require.NoError(t, err)
	assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
	assert.Equal(t, []string{"Bearer access-1", "Bearer access-9"}, w.carried())
	assert.Equal(t, 1, w.posts())
	assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeConflicted}, w.outcomes())
}

func TestNewerSignInFoundByALaterSaveIsAdopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := unsaved(t, w, store, &left)
		w.mock.RegisterResponder(http.MethodGet, userURL, accepts(userJSON, "access-9"))
		put(t, store.IdentityStore, pairOf(9))

		left.Store(0)
		require.NoError(t, w.client.Shutdown(t.Context()))

		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "refresh-9", w.stored(t).RefreshToken)
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed, gitlab.OutcomeConflicted}, w.outcomes())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-9"}, w.carried())
		assert.Equal(t, 1, w.posts())
	})
}

func TestDeletedKeyIsNotBroughtBackByALaterSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := unsaved(t, w, store, &left)
		id, err := store.LoadIdentity(t.Context(), "ada")
		require.NoError(t, err)
		require.NoError(t, store.DeleteIdentity(t.Context(), "ada", id.Revision))

		left.Store(0)
		time.Sleep(time.Minute)

		_, err = store.LoadIdentity(t.Context(), "ada")
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		_, err = c.Users.Current(t.Context())
		require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
		require.NoError(t, w.client.Shutdown(t.Context()))
		assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeSaveFailed, gitlab.OutcomeFailed}, w.outcomes())
		assert.Equal(t, 1, w.posts())
	})
}

// rowOf reads "ada"'s row as JSON.
func rowOf(t *testing.T, w *world) string {
	t.Helper()
	row, err := json.Marshal(w.stored(t))
	require.NoError(t, err)
	return string(row)
}

// touch changes "ada"'s row without giving it other tokens.
func touch(t *testing.T, store gitlab.IdentityStore, row string) {
	t.Helper()
	var data gitlab.OAuthData
	require.NoError(t, json.Unmarshal([]byte(row), &data))
	put(t, store, data)
}

func TestRowThatTheApplicationTouchedKeepsItsOtherMembers(t *testing.T) {
	t.Parallel()
	const (
		before  = `{"access_token":"access-1","refresh_token":"refresh-1","team":"blue","note":"old","draft":1}`
		touched = `{"access_token":"access-1","refresh_token":"refresh-1","team":"blue","note":"new","color":"red"}`
		after   = `{"access_token":"access-2","refresh_token":"refresh-2","token_type":"Bearer","scope":"api","created_at":1536798907,"expires_at":%d,"color":"red","note":"new","team":"blue"}`
	)
	moments := map[string]func(*testing.T, *world, *issuer){
		"before the refresh": func(t *testing.T, w *world, _ *issuer) { touch(t, w.store, touched) },
		"during the refresh": func(t *testing.T, w *world, gl *issuer) {
			w.mock.RegisterResponder(http.MethodPost, tokenURL, func(req *http.Request) (*http.Response, error) {
				touch(t, w.store, touched)
				return gl.token(req)
			})
		},
	}
	for moment, touches := range moments {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				gl := issuing(w, 0, 0)
				touch(t, w.store, before)
				c := w.client.As("ada")
				_, err := c.Identity(t.Context())
				require.NoError(t, err)
				touches(t, w, gl)

				_, err = c.Users.Current(t.Context())

				require.NoError(t, err)
				assert.JSONEq(t, fmt.Sprintf(after, time.Now().Add(2*time.Hour).Unix()), rowOf(t, w))
				assert.Equal(t, 1, w.posts())
				assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
				assert.Equal(t, []gitlab.RefreshOutcome{gitlab.OutcomeRefreshed}, w.outcomes())
			})
		})
	}
}

func TestRowTouchedWhileTwoRotationsWereUnsavedIsSavedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store *hookedStore
		var left atomic.Int64
		w := newWorld(t, hooked(&store))
		issuing(w, 0, 0)
		c := unsaved(t, w, store, &left)
		time.Sleep(2 * time.Hour)
		_, err := c.Users.Current(t.Context())
		require.NoError(t, err)
		touch(t, store.IdentityStore, `{"access_token":"access-1","refresh_token":"refresh-1","team":"blue"}`)

		left.Store(0)
		require.NoError(t, w.client.Shutdown(t.Context()))

		assert.Equal(t, "refresh-3", w.stored(t).RefreshToken)
		assert.Contains(t, rowOf(t, w), `"team":"blue"`)
		assert.Equal(t, []string{"refresh-1", "refresh-2"}, w.spent())
		assert.Equal(t, []string{"Bearer access-1", "Bearer access-2", "Bearer access-3"}, w.carried())
	})
}

func TestSaveThatWorkedButReportedAnErrorIsKnownAsOurs(t *testing.T) {
	t.Parallel()
	for name, times := range map[string]int64{"once": 1, "until the background save": 8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store *hookedStore
				var left atomic.Int64
				w := newWorld(t, hooked(&store))
				issuing(w, 0, 0)
				c := w.signIn(t, 0)
				left.Store(times)
				failing(store, &left, func(ctx context.Context, id gitlab.Identity) (string, error) {
					if times > 1 {
						<-ctx.Done() // the first takes all the time there is
					}
					_, err := store.IdentityStore.SaveIdentity(context.WithoutCancel(ctx), id)
					return "", errors.Join(err, context.DeadlineExceeded)
				})

				_, err := c.Users.Current(t.Context())
				require.NoError(t, err)
				left.Store(0)
				time.Sleep(time.Minute)

				assert.Equal(t, "refresh-2", w.stored(t).RefreshToken)
				assert.Equal(t, 1, w.posts())
				assert.Equal(t, []string{"Bearer access-1", "Bearer access-2"}, w.carried())
				assert.NotContains(t, w.outcomes(), gitlab.OutcomeConflicted)
				require.NoError(t, w.client.Shutdown(t.Context()))
			})
		})
	}
}
