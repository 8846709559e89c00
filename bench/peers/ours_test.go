package peers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/webhook"
)

var ours = library{
	name:     "this library",
	link:     "../README.md",
	about:    "a default `Config` with an `OAuthProvider` and `store/filestore`; `client.As(key)` for each caller",
	start:    startOurs,
	personal: personalOurs,
	stores:   true,
	receive:  receiveOurs,
	calls:    callsOurs,
}

type oursClient struct {
	*gitlab.Client
	on gitlab.Target
}

func startOurs(t *testing.T, s *site) process {
	c := newOurs(t, s)
	return func() client { return oursClient{c.As("ada"), gitlab.OnIssue(project, s.issue)} }
}

func personalOurs(t *testing.T, s *site, token string) client {
	return oursClient{newOurs(t, s).WithToken(token), gitlab.OnIssue(project, s.issue)}
}

func newOurs(t *testing.T, s *site) *gitlab.Client {
	t.Helper()
	c, err := gitlab.New(gitlab.Config{
		BaseURL:  s.URL,
		Provider: gitlab.OAuthProvider{ClientID: s.App.ClientID, ClientSecret: s.App.ClientSecret},
		Store:    s.store,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Shutdown(context.WithoutCancel(t.Context()))) })
	return c
}

func (c oursClient) user(ctx context.Context) error {
	_, err := c.Users.Current(ctx)
	return err
}

func (c oursClient) note(ctx context.Context) error {
	_, err := c.Notes.Create(ctx, c.on, gitlab.CreateNote{Body: "Hello"})
	return err
}

func receiveOurs(t *testing.T, r *http.Request, secret string) error {
	t.Helper()
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{Tokens: []string{secret}},
		OnPush:  func(context.Context, *webhook.PushEvent) error { return nil },
	})
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	hooks.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		return fmt.Errorf("it was answered with %d", answer.Code)
	}
	return nil
}

func callsOurs(*testing.T) (n int) {
	for field := range reflect.TypeFor[gitlab.Client]().Fields() {
		if field.IsExported() {
			n += field.Type.NumMethod()
		}
	}
	return n
}
