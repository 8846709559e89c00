package peers_test

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/drone/go-scm/scm"
	scmgitlab "github.com/drone/go-scm/scm/driver/gitlab"
	"github.com/drone/go-scm/scm/transport"
	scmoauth2 "github.com/drone/go-scm/scm/transport/oauth2"
	"github.com/stretchr/testify/require"
)

var goSCM = library{
	name:   "go-scm",
	module: "github.com/drone/go-scm",
	link:   "https://pkg.go.dev/github.com/drone/go-scm/scm/transport/oauth2#Refresher",
	about: "its GitLab driver with `transport/oauth2`: a `Transport` over a `Refresher` for each client. It speaks to many forges by one " +
		"interface, which is what it is for. The refreshed pair is left in the `scm.Token` that it was given",
	start:     startGoSCM,
	personal:  personalGoSCM,
	shareable: shareableGoSCM,
	receive:   receiveGoSCM,
	calls:     callsGoSCM,
}

type goSCMClient struct {
	*scm.Client
	issue int64
}

func startGoSCM(t *testing.T, s *site) process {
	return func() client {
		return newGoSCM(t, s, &scmoauth2.Transport{Source: &scmoauth2.Refresher{
			ClientID:     s.App.ClientID,
			ClientSecret: s.App.ClientSecret,
			Endpoint:     s.tokenURL(),
			Source:       scmoauth2.StaticTokenSource(&scm.Token{Token: s.stored.access, Refresh: s.stored.refresh, Expires: s.stored.expiry}),
		}})
	}
}

func personalGoSCM(t *testing.T, s *site, token string) client {
	return newGoSCM(t, s, &transport.PrivateToken{Token: token})
}

func newGoSCM(t *testing.T, s *site, authorize http.RoundTripper) client {
	t.Helper()
	c, err := scmgitlab.New(s.URL)
	require.NoError(t, err)
	c.Client = &http.Client{Transport: authorize}
	return goSCMClient{c, s.issue}
}

func (c goSCMClient) user(ctx context.Context) error {
	_, _, err := c.Users.Find(ctx)
	return err
}

func (c goSCMClient) note(ctx context.Context) error {
	_, _, err := c.Issues.CreateComment(ctx, project, int(c.issue), &scm.CommentInput{Body: "Hello"})
	return err
}

// shareableGoSCM asks its documentation, instead of running a race.
func shareableGoSCM(t *testing.T) bool {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "go", "doc", "github.com/drone/go-scm/scm/transport/oauth2.Refresher").Output()
	require.NoError(t, err)
	return !strings.Contains(strings.Join(strings.Fields(string(text)), " "), "the Refresher is NOT safe for concurrent use")
}

func receiveGoSCM(_ *testing.T, r *http.Request, secret string) error {
	_, err := scmgitlab.NewDefault().Webhooks.Parse(r, func(scm.Webhook) (string, error) { return secret, nil })
	return err
}

// callsGoSCM counts the methods that send something to a GitLab: the interfaces
// are for other forges too, and what GitLab's driver lacks is an error or a panic.
func callsGoSCM(t *testing.T) (n int) {
	c := scmgitlab.NewDefault()
	sent := 0
	c.Client = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errors.New("there is no network")
	})}
	for field, service := range reflect.ValueOf(c).Elem().Fields() {
		if !field.IsExported() || field.Type.Kind() != reflect.Interface {
			continue
		}
		for _, method := range service.Methods() {
			sent = 0
			call(t, method)
			if sent > 0 {
				n++
			}
		}
	}
	return n
}

// call calls a method with values that are empty, but not nil.
func call(t *testing.T, method reflect.Value) {
	t.Helper()
	var args []reflect.Value
	for in := range method.Type().Ins() {
		switch {
		case in == reflect.TypeFor[context.Context]():
			args = append(args, reflect.ValueOf(t.Context()))
		case in.Kind() == reflect.Pointer:
			args = append(args, reflect.New(in.Elem()))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	defer func() { _ = recover() }()
	method.Call(args)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
