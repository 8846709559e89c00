// Command quickstart acts as a GitLab user with an expired token, and shows
// what the library does about it.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
	"github.com/freshgrant/gitlab/store/filestore"
)

const usage = `quickstart shows how a GitLab client keeps its own token fresh.

  quickstart
      starts a small GitLab inside this process and calls it with an expired token

  quickstart -url https://gitlab.example.com -client-id ID -client-secret SECRET -refresh-token TOKEN
      does the same on a real GitLab, and keeps the tokens in files: started again,
      it goes on from there and needs no -refresh-token

Flags, and the environment variables that stand for them:

`

// options are the command line.
type options struct {
	url, clientID, clientSecret, refreshToken, dir string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, env func(string) string, out, errOut io.Writer) int {
	var o options
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		fmt.Fprint(errOut, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.url, "url", env("GITLAB_URL"), "the instance's `URL` (GITLAB_URL)")
	flags.StringVar(&o.clientID, "client-id", env("GITLAB_CLIENT_ID"), "the OAuth application's `ID` (GITLAB_CLIENT_ID)")
	flags.StringVar(&o.clientSecret, "client-secret", "", "its `secret`; none for a public application (GITLAB_CLIENT_SECRET)")
	flags.StringVar(&o.refreshToken, "refresh-token", "", "a refresh `token` to begin with; it works once (GITLAB_REFRESH_TOKEN)")
	flags.StringVar(&o.dir, "store", "", "the `directory` for the tokens (default: below the user's configuration directory)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	o.clientSecret = cmp.Or(o.clientSecret, env("GITLAB_CLIENT_SECRET"))
	o.refreshToken = cmp.Or(o.refreshToken, env("GITLAB_REFRESH_TOKEN"))

	play := o.real
	if o.url == "" {
		play = embedded
	}
	if err := play(ctx, out); err != nil {
		fmt.Fprintln(errOut, "quickstart: "+explain(err, o))
		return 1
	}
	return 0
}

// embedded plays against a GitLab of its own.
func embedded(ctx context.Context, out io.Writer) error {
	server, err := gitlabtest.Start(gitlabtest.WithPath("/gitlab"))
	if err != nil {
		return err
	}
	defer server.Close()
	for _, path := range []string{"ada/engine", "ada/notes", "ada/website"} {
		server.AddProject(path)
		server.AddMember(path, "ada")
	}
	token := server.SignIn("ada")
	server.Expire(token.AccessToken)
	fmt.Fprintf(out, "A small GitLab listens at %s. Ada has signed in, and her access token has expired.\n", server.URL)

	return tell(ctx, out, gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(),
	}, gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, TokenType: token.TokenType, Scope: token.Scope})
}

// real plays against the GitLab that the options name.
func (o options) real(ctx context.Context, out io.Writer) error {
	if o.clientID == "" {
		return errors.New("a real GitLab needs -client-id, and -client-secret unless the application is public")
	}
	dir := o.dir
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return fmt.Errorf("no directory for the tokens, name one with -store: %w", err)
		}
		dir = filepath.Join(config, "gitlab-quickstart")
	}
	store, err := filestore.New(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Calling %s; the tokens are kept in %s.\n", o.url, dir)
	return tell(ctx, out, gitlab.Config{
		BaseURL:  o.url,
		Provider: gitlab.OAuthProvider{ClientID: o.clientID, ClientSecret: o.clientSecret},
		Store:    store,
	}, gitlab.OAuthData{RefreshToken: o.refreshToken})
}

// explain is err as one sentence for the person at the terminal.
func explain(err error, o options) string {
	var api *gitlab.APIError
	switch {
	case errors.Is(err, gitlab.ErrIdentityNotFound):
		return "no tokens are stored yet; start with -refresh-token."
	case errors.Is(err, gitlab.ErrReauthorize):
		return "GitLab no longer accepts the refresh token (it is spent, revoked or another application's); sign in again and pass a new one with -refresh-token."
	case errors.Is(err, gitlab.ErrClientRejected):
		return "GitLab rejects the application; check -client-id and -client-secret."
	case errors.Is(err, gitlab.ErrWrongInstance):
		return "the stored tokens belong to another GitLab; name another directory with -store."
	case errors.As(err, &api) && errors.Is(err, gitlab.ErrRefreshUnavailable):
		return fmt.Sprintf("%s does not answer like a GitLab (status %d: %s); check -url.", o.url, api.StatusCode, api.Message)
	case errors.Is(err, gitlab.ErrRefreshUnavailable):
		why := err
		if network, ok := errors.AsType[*net.OpError](err); ok {
			why = network
		}
		return fmt.Sprintf("%s cannot be reached; check -url and the network (%v).", o.url, why)
	}
	return err.Error()
}
