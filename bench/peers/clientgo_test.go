package peers_test

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	clientgo "gitlab.com/gitlab-org/api/client-go/v2"
	"gitlab.com/gitlab-org/api/client-go/v2/gitlaboauth2"
)

var clientGo = library{
	name:   "client-go",
	module: "gitlab.com/gitlab-org/api/client-go/v2",
	link:   "https://gitlab.com/gitlab-org/api/client-go#use-oauth2-helper-package",
	about: "`NewAuthSourceClient(OAuthTokenSource{…})` over the token source of a `gitlaboauth2.NewOAuth2Config`, as its README " +
		"has it. That is x/oauth2's source, so lines about refreshing are alike. Not measured is its `config` package, marked " +
		"experimental, which reads the pair from a keyring or file of the machine before a refresh and writes it there afterwards, " +
		"without a lock between processes",
	start:    startClientGo,
	personal: personalClientGo,
	receive:  receiveClientGo,
	calls:    callsClientGo,
}

type clientGoClient struct {
	*clientgo.Client
	issue int64
}

func startClientGo(t *testing.T, s *site) process {
	config := gitlaboauth2.NewOAuth2Config(s.URL, s.App.ClientID, s.App.RedirectURI, nil)
	config.ClientSecret = s.App.ClientSecret
	return func() client {
		source := config.TokenSource(t.Context(), s.stored.token())
		return newClientGo(t, s, clientgo.OAuthTokenSource{TokenSource: source})
	}
}

func personalClientGo(t *testing.T, s *site, token string) client {
	return newClientGo(t, s, clientgo.AccessTokenAuthSource{Token: token})
}

func newClientGo(t *testing.T, s *site, auth clientgo.AuthSource) client {
	t.Helper()
	c, err := clientgo.NewAuthSourceClient(auth, append(s.clientGo, clientgo.WithBaseURL(s.URL))...)
	require.NoError(t, err)
	t.Cleanup(c.HTTPClient().CloseIdleConnections)
	return clientGoClient{c, s.issue}
}

func (c clientGoClient) user(ctx context.Context) error {
	_, _, err := c.Users.CurrentUser(clientgo.WithContext(ctx))
	return err
}

func (c clientGoClient) note(ctx context.Context) error {
	_, _, err := c.Notes.CreateIssueNote(project, c.issue, &clientgo.CreateIssueNoteOptions{Body: new("Hello")}, clientgo.WithContext(ctx))
	return err
}

// It parses, and leaves HookEventToken to be compared by its caller.
func receiveClientGo(_ *testing.T, r *http.Request, _ string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	_, err = clientgo.ParseHook(clientgo.HookEventType(r), body)
	return err
}

func callsClientGo(*testing.T) (n int) {
	for field := range reflect.TypeFor[clientgo.Client]().Fields() {
		if field.IsExported() && field.Type.Kind() == reflect.Interface {
			n += field.Type.NumMethod()
		}
	}
	return n
}

// hurried takes the pauses out, which add up to 12 s for one call.
func hurried() clientgo.ClientOptionFunc {
	return clientgo.WithCustomBackoff(func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 })
}

// The page says so beside the row that has its default.
func TestClientGoCanLeaveAPOSTAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, fresh)
	s.clientGo = append(s.clientGo, hurried(), clientgo.WithOnlyIdempotentRetries())
	assert.Equal(t, "2, 1", askedOfBadGateway(t, s, clientGo))
}
