package main

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestItTellsTheStory(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), out.String())

	assert.Equal(t, `client-go lists projects, two a page. After the first page the access token expires.
  GET  /api/v4/projects → 200 OK
    ada/project-5
    ada/project-4
  GET  /api/v4/projects, page 2 → 401 Unauthorized
  POST /oauth/token → 200 OK
  GET  /api/v4/projects, page 2 → 200 OK
    ada/project-3
    ada/project-2
  GET  /api/v4/projects, page 3 → 200 OK
    ada/project-1
client-go noticed nothing. The store has the new pair: true.

The token expires again, just before client-go creates an issue.
  POST /api/v4/projects/ada/project-1/issues → 401 Unauthorized
  POST /oauth/token → 200 OK
  POST /api/v4/projects/ada/project-1/issues → 201 Created
Created #1, "Fire in the hall", once.

Ada withdraws the application's rights.
  GET  /api/v4/projects → 401 Unauthorized
  POST /oauth/token → 400 Bad Request
  POST /oauth/token → 400 Bad Request
client-go has a 401.
  GET  /api/v4/user → 401 Unauthorized
It means: the grant is gone, ask the user to sign in again.
`, out.String())
}

func TestUnderAPathClientGoFindsTheInstance(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	client, err := gitlab.New(gitlab.Config{BaseURL: server.URL})
	require.NoError(t, err)
	lab, err := connect(server.URL, client.WithToken(server.PersonalToken("ada")))
	require.NoError(t, err)

	user, _, err := lab.Users.CurrentUser()

	require.NoError(t, err)
	assert.Equal(t, "ada", user.Username)
}

func TestEveryOutcomeIsExplained(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t)
	client, err := gitlab.New(gitlab.Config{BaseURL: server.URL})
	require.NoError(t, err)
	other := errors.New("something else")
	for _, test := range []struct {
		name string
		err  error
		want string
		left error
	}{
		{"no error", nil, "", nil},
		{"expired, and refused without a call", gitlab.ErrReauthorize, "sign in again", nil},
		{"never signed in", gitlab.ErrIdentityNotFound, "sign in again", nil},
		{"the store is down", gitlab.ErrRefreshUnavailable, "try later", nil},
		{"anything else", other, "", other},
	} {
		var out bytes.Buffer
		require.ErrorIs(t, explain(t.Context(), &out, client, test.err), test.left, test.name)
		assert.Contains(t, out.String(), test.want, test.name)
	}
	require.Empty(t, server.CallsTo(http.MethodGet, "*"))
}
