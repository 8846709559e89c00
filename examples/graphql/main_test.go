package main

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/Khan/genqlient/generate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func TestItTellsTheStory(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out), out.String())

	assert.Equal(t, `Ada's access token has expired.
  POST /api/graphql → 401 Unauthorized
  POST /oauth/token → 200 OK
  POST /api/graphql → 200 OK
GitLab says: hello, ada (gid://gitlab/User/1).
The store has the new pair: true.

Without a token the query is nobody's; GitLab does not refuse it.
  POST /api/graphql → 200 OK
GitLab says: hello, stranger.

Ada withdraws the application's rights.
  POST /api/graphql → 401 Unauthorized
  POST /oauth/token → 400 Bad Request
  POST /oauth/token → 400 Bad Request
genqlient has a 401.
  GET  /api/v4/user → 401 Unauthorized
It means: the grant is gone, ask the user to sign in again.
`, out.String())
}

func TestTheQueryIsSentAgainWithTheSameBytes(t *testing.T) {
	t.Parallel()
	server := gitlabtest.New(t, gitlabtest.WithPath("/gitlab"))
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(),
	})
	require.NoError(t, err)
	token := server.SignIn("ada")
	ada, err := client.Authorize(t.Context(), "ada", gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken})
	require.NoError(t, err)
	server.Expire(token.AccessToken)

	answer, err := CurrentUser(t.Context(), connect(server.URL, ada))

	require.NoError(t, err)
	assert.Equal(t, "ada", answer.CurrentUser.Username)
	sent := server.CallsTo("POST", "/api/graphql")
	require.Len(t, sent, 2)
	assert.NotEmpty(t, sent[0].Body)
	assert.Equal(t, string(sent[0].Body), string(sent[1].Body))
	assert.Equal(t, 1, server.Audit().Rotations)
}

func TestOtherErrorsArePassedOn(t *testing.T) {
	t.Parallel()
	other := errors.New("something else")
	require.ErrorIs(t, explain(t.Context(), new(bytes.Buffer), nil, other), other)
}

func TestGeneratedCodeIsOfTheseQueries(t *testing.T) {
	t.Parallel()
	config, err := generate.ReadAndValidateConfig("genqlient.yaml")
	require.NoError(t, err)
	files, err := generate.Generate(config)
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "run go generate")
	}
}
