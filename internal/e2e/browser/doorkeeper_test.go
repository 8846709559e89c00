package browser

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // driver "sqlite"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/doorkeeper"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

func TestUserOfTheExampleWithDoorkeeper(t *testing.T) {
	t.Parallel()
	ada := open(t)
	server := doorkeeper.Start(t)
	app := server.NewApplication(doorkeeper.Application{Confidential: true, Scopes: []string{"api"}, RedirectURI: "http://127.0.0.1/callback"})
	data := t.TempDir()
	b := start(t, []string{"GITLAB_CLIENT_SECRET=" + app.ClientSecret}, "-url", server.URL, "-client-id", app.ClientID, "-data", data)

	ada.step("opens the service", chromedp.Navigate(b.url), sees("h1", "Connect GitLab"))
	ada.step("clicks Connect GitLab", clicks("#connect"), sees("h1", "Sign in"))
	ada.shot("doorkeeper-sign-in")
	ada.step("signs in", types(`input[name="username"]`, "ada"), clicks("button"), sees("body", "Authorize"))
	ada.shot("doorkeeper-asks")
	ada.step("denies", deny(), sees("h1", "Access was not granted"))
	ada.shot("denied")
	ada.step("goes back", follows("Back to the start"), sees("h1", "Connect GitLab"))
	ada.step("clicks Connect GitLab", clicks("#connect"), sees("body", "Authorize"))
	ada.step("authorizes", authorize(), sees("#projects", "root/p1"))
	ada.shot("projects")

	first := stored(t, data)
	server.Expire(first.AccessToken)
	ada.step("the token expires; searches, and notices nothing", types(`input[name="search"]`, "p2\r"), appears(`input[value="p2"]`), sees("#projects", "root/p2"))
	second := stored(t, data)
	assert.NotEqual(t, first.AccessToken, second.AccessToken)
	assert.NotEqual(t, first.RefreshToken, second.RefreshToken)
	assert.True(t, server.State(first.AccessToken).Revoked, "the old pair is spent")

	server.Revoke(second.AccessToken)
	ada.step("the rights are withdrawn; clicks", clicks(".brand"), sees("h1", "Connect GitLab again"))
	ada.shot("connect-again")
	ada.step("connects again", clicks("#connect"), sees("body", "Authorize"))
	ada.step("authorizes", authorize(), sees("#projects", "root/p1"))
	third := stored(t, data)

	ada.step("disconnects GitLab", follows("Disconnect GitLab"), sees("h1", "Disconnected"))
	ada.shot("disconnected")
	state := server.State(third.AccessToken)
	assert.True(t, state.Revoked)
	assert.Zero(t, state.Live)
	assert.Empty(t, identities(t, data))
}

// Doorkeeper's page has a form for each of the two.
func authorize() chromedp.Action[chromedp.Void] {
	return clicks(`form:not(:has(input[name="_method"])) [type="submit"]`)
}

func deny() chromedp.Action[chromedp.Void] {
	return clicks(`form:has(input[name="_method"][value="delete"]) [type="submit"]`)
}

// stored is the one grant that the backend keeps.
func stored(t *testing.T, data string) gitlab.OAuthData {
	t.Helper()
	all := identities(t, data)
	require.Len(t, all, 1)
	return all[0].Data
}

// identities reads the backend's database, as another process may.
func identities(t *testing.T, data string) (all []gitlab.Identity) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "backend.db")+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	store, err := sqlstore.New(db, sqlstore.SQLite)
	require.NoError(t, err)
	rows, err := db.QueryContext(t.Context(), `SELECT identity_key FROM gitlab_identities WHERE revision <> ''`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var keys []string
	for rows.Next() {
		var key string
		require.NoError(t, rows.Scan(&key))
		keys = append(keys, key)
	}
	require.NoError(t, rows.Err())
	for _, key := range keys {
		id, err := store.LoadIdentity(t.Context(), key)
		require.NoError(t, err)
		all = append(all, id)
	}
	return all
}
