// Command graphql asks GitLab's GraphQL API through genqlient, on a grant that
// this library keeps fresh. It plays that with a GitLab of its own and prints
// every request.
//
// genqlient (https://github.com/Khan/genqlient) makes a typed function of every
// query and checks it against GitLab's schema before the program is built. What
// it generates wants nothing but somebody who sends its requests, which is what
// HTTPClient returns; any GraphQL library that takes an [http.Client] does as
// well. For a query now and then [gitlab.GraphQL] needs no library.
//
// connect is the part to copy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/Khan/genqlient/graphql"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

//go:generate go tool genqlient

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "graphql:", err)
		os.Exit(1)
	}
}

// connect returns a GraphQL client acting as the identity of c.
//
// GraphQL sends queries by POST. They are repeated after a refresh all the
// same, mutations too: what GitLab answers with 401 it has not done.
func connect(baseURL string, c *gitlab.Client) graphql.Client {
	return graphql.NewClient(baseURL+"/api/graphql", c.HTTPClient())
}

// run plays the story with a GitLab of its own.
func run(ctx context.Context, out io.Writer) (err error) {
	server, err := gitlabtest.Start()
	if err != nil {
		return err
	}
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    server.URL,
		Provider:   gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:      gitlab.NewMemoryStore(), // a service takes one that outlives it
		HTTPClient: &http.Client{Transport: narrator{out}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Shutdown(context.WithoutCancel(ctx))) }()
	token := server.SignIn("ada")
	ada, err := client.Authorize(ctx, "ada", gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken})
	if err != nil {
		return err
	}
	api := connect(server.URL, ada)

	fmt.Fprintln(out, "Ada's access token has expired.")
	server.Expire(token.AccessToken)
	if err := greet(ctx, out, api); err != nil {
		return err
	}
	stored, err := ada.Identity(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The store has the new pair: %t.\n\n", stored.Data.RefreshToken != token.RefreshToken)

	fmt.Fprintln(out, "Without a token the query is nobody's; GitLab does not refuse it.")
	if err := greet(ctx, out, connect(server.URL, client)); err != nil {
		return err
	}

	fmt.Fprintln(out, "\nAda withdraws the application's rights.")
	server.Revoke(stored.Data.AccessToken)
	return explain(ctx, out, ada, greet(ctx, out, api))
}

// greet asks who the caller is.
func greet(ctx context.Context, out io.Writer, api graphql.Client) error {
	answer, err := CurrentUser(ctx, api)
	switch {
	case err != nil:
		return err
	case answer.CurrentUser == nil:
		fmt.Fprintln(out, "GitLab says: hello, stranger.")
	default:
		fmt.Fprintf(out, "GitLab says: hello, %s (%s).\n", answer.CurrentUser.Username, answer.CurrentUser.Id)
	}
	return nil
}

// explain tells what a 401 means: "Invalid token" is all that GitLab's GraphQL
// ever says of it. One call of c, which after a dead grant costs no request to
// the token endpoint, knows.
func explain(ctx context.Context, out io.Writer, c *gitlab.Client, err error) error {
	if refused, ok := errors.AsType[*graphql.HTTPError](err); ok && refused.StatusCode == http.StatusUnauthorized {
		fmt.Fprintf(out, "genqlient has a %d.\n", refused.StatusCode)
		_, err = c.Users.Current(ctx)
	}
	if errors.Is(err, gitlab.ErrReauthorize) {
		fmt.Fprintln(out, "It means: the grant is gone, ask the user to sign in again.")
		return nil
	}
	return err
}

// narrator prints every request with its answer's status.
type narrator struct{ out io.Writer }

// RoundTrip implements [http.RoundTripper].
func (n narrator) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	status := "no answer"
	if err == nil {
		status = resp.Status
	}
	fmt.Fprintf(n.out, "  %-4s %s → %s\n", req.Method, req.URL.Path, status)
	return resp, err
}
