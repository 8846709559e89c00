package sealed_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/store/sealed"
)

// instance is a GitLab with clients that share one store.
type instance struct {
	*gitlabtest.Server

	inner *gitlab.MemoryStore
}

func start(t *testing.T) instance {
	t.Helper()
	return instance{Server: gitlabtest.New(t), inner: gitlab.NewMemoryStore()}
}

// client acts on the instance with what store holds.
func (i instance) client(t *testing.T, store gitlab.IdentityStore) *gitlab.Client {
	t.Helper()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    i.URL,
		Provider:   gitlab.OAuthProvider{ClientID: i.App.ClientID, ClientSecret: i.App.ClientSecret},
		Store:      store,
		HTTPClient: i.Client(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Shutdown(t.Context())) })
	return client
}

// signIn returns the tokens of a new sign-in.
func (i instance) signIn(t *testing.T, user string) gitlab.OAuthData {
	t.Helper()
	answer, err := json.Marshal(i.SignIn(user))
	require.NoError(t, err)
	tokens, err := gitlab.ParseOAuthData(answer)
	require.NoError(t, err)
	return tokens
}

// posts counts the requests to the token endpoint.
func (i instance) posts() int { return len(i.CallsTo(http.MethodPost, "/oauth/token")) }

// whoami is the user that GitLab takes client for.
func whoami(t *testing.T, client *gitlab.Client) (string, error) {
	t.Helper()
	user, err := client.Users.Current(t.Context())
	if err != nil {
		return "", err
	}
	return user.Username, nil
}

func TestSealedGrantIsRefreshedLikeAnyOther(t *testing.T) {
	t.Parallel()
	gl := start(t)
	store := seal(t, gl.inner, 1)
	tokens := gl.signIn(t, "ada")
	client, err := gl.client(t, store).Authorize(t.Context(), "user-1", tokens)
	require.NoError(t, err)
	gl.Expire(tokens.AccessToken)

	name, err := whoami(t, client)
	require.NoError(t, err)
	assert.Equal(t, "ada", name)
	assert.Equal(t, 1, gl.posts())
	assert.Regexp(t, `^sealed:v1:`, sealOf(t, gl.inner, "user-1"))

	name, err = whoami(t, gl.client(t, store).As("user-1"))
	require.NoError(t, err, "after a restart")
	assert.Equal(t, "ada", name)
	assert.Equal(t, 1, gl.posts())
}

func TestPlainGrantIsSealedByItsFirstRefresh(t *testing.T) {
	t.Parallel()
	gl := start(t)
	tokens := gl.signIn(t, "ada")
	_, err := gl.client(t, gl.inner).Authorize(t.Context(), "user-1", tokens)
	require.NoError(t, err)
	gl.Expire(tokens.AccessToken)

	name, err := whoami(t, gl.client(t, seal(t, gl.inner, 1)).As("user-1"))
	require.NoError(t, err)
	assert.Equal(t, "ada", name)
	assert.Regexp(t, `^sealed:v1:`, sealOf(t, gl.inner, "user-1"))
}

// harms are what can befall the sealed row of user-1, beside that of user-2.
var harms = map[string]func(t *testing.T, gl instance, own, other string) (now string){
	"another key":  func(t *testing.T, gl instance, _, _ string) string { return reseal(t, gl) },
	"swapped rows": func(_ *testing.T, _ instance, _, other string) string { return other },
	"flipped bit":  func(_ *testing.T, _ instance, own, _ string) string { return own[:40] + string(own[40]^1) + own[41:] },
	"cut off":      func(_ *testing.T, _ instance, own, _ string) string { return own[:len(own)-1] },
	"lost":         func(_ *testing.T, _ instance, _, _ string) string { return "" },
}

// reseal is the seal of user-1 as a program with another key would write it.
func reseal(t *testing.T, gl instance) string {
	t.Helper()
	id, err := seal(t, gl.inner, 1).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	id.Revision = ""
	elsewhere := gitlab.NewMemoryStore()
	save(t, seal(t, elsewhere, 2), id)
	return sealOf(t, elsewhere, "user-1")
}

func TestWhatDoesNotOpenSpendsNothing(t *testing.T) {
	t.Parallel()
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gl := start(t)
			store := seal(t, gl.inner, 1)
			tokens := gl.signIn(t, "ada")
			running, err := gl.client(t, store).Authorize(t.Context(), "user-1", tokens)
			require.NoError(t, err)
			_, err = gl.client(t, store).Authorize(t.Context(), "user-2", gl.signIn(t, "bob"))
			require.NoError(t, err)
			gl.Expire(tokens.AccessToken)
			own := sealOf(t, gl.inner, "user-1")
			user1 := gitlab.Identity{Key: "user-1"}
			put(t, gl.inner, user1, withSeal(t, harm(t, gl, own, sealOf(t, gl.inner, "user-2"))))
			gl.ResetCalls()

			restarted := gl.client(t, store).As("user-1")
			_, err = whoami(t, restarted)
			refused(t, err)
			assert.Empty(t, gl.Calls(), "GitLab is not called without a token")

			_, err = whoami(t, running)
			refused(t, err)
			require.ErrorIs(t, err, gitlab.ErrUnauthorized, "that was what GitLab said to the old token")
			assert.Zero(t, gl.posts())
			assert.Len(t, gl.Calls(), 1)

			put(t, gl.inner, user1, withSeal(t, own))
			name, err := whoami(t, restarted)
			require.NoError(t, err, "the grant goes on once the row opens")
			assert.Equal(t, "ada", name)
			assert.Equal(t, 1, gl.posts())
		})
	}
}

// refused asserts that err says "try later" and what to mend, and signs nobody out.
func refused(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, gitlab.ErrRefreshUnavailable)
	require.ErrorIs(t, err, sealed.ErrCannotOpen)
	require.NotErrorIs(t, err, gitlab.ErrReauthorize)
	require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound)
}

func TestClientWithoutTheSealSendsNothing(t *testing.T) {
	t.Parallel()
	gl := start(t)
	tokens := gl.signIn(t, "ada")
	_, err := gl.client(t, seal(t, gl.inner, 1)).Authorize(t.Context(), "user-1", tokens)
	require.NoError(t, err)
	gl.Expire(tokens.AccessToken)
	gl.ResetCalls()

	_, err = whoami(t, gl.client(t, gl.inner).As("user-1"))
	require.ErrorContains(t, err, "stored without an access token")
	require.NotErrorIs(t, err, gitlab.ErrReauthorize)
	assert.Empty(t, gl.Calls())
}

// While a deployment is replaced, an old replica may take a sign-in.
func TestSignInOfAClientWithoutTheSealIsReadAndSealedLater(t *testing.T) {
	t.Parallel()
	gl := start(t)
	store := seal(t, gl.inner, 1)
	_, err := gl.client(t, store).Authorize(t.Context(), "user-1", gl.signIn(t, "ada"))
	require.NoError(t, err)
	tokens := gl.signIn(t, "ada")
	_, err = gl.client(t, gl.inner).Authorize(t.Context(), "user-1", tokens)
	require.NoError(t, err)
	id, err := store.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, tokens.AccessToken, id.Data.AccessToken)
}

// The recipe of the package documentation for a key that is gone for good.
func TestLostKeyIsOvercomeByDeletingTheRowAndSigningIn(t *testing.T) {
	t.Parallel()
	gl := start(t)
	_, err := gl.client(t, seal(t, gl.inner, 1)).Authorize(t.Context(), "user-1", gl.signIn(t, "ada"))
	require.NoError(t, err)
	client := gl.client(t, seal(t, gl.inner, 2))
	_, err = client.Authorize(t.Context(), "user-1", gl.signIn(t, "ada"))
	require.ErrorIs(t, err, sealed.ErrCannotOpen, "it might be a mistake in the configuration")

	row, err := gl.inner.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	require.NoError(t, gl.inner.DeleteIdentity(t.Context(), "user-1", row.Revision))
	ada, err := client.Authorize(t.Context(), "user-1", gl.signIn(t, "ada"))
	require.NoError(t, err)
	name, err := whoami(t, ada)
	require.NoError(t, err)
	assert.Equal(t, "ada", name)
}
