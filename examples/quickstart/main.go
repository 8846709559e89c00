// Command quickstart acts as a GitLab user with an expired token, and shows
// what the library does about it: with a GitLab inside its own process, or, with
// -url, with a real one.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
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
      it goes on from there, and needs a -refresh-token only if GitLab has revoked them

  ID and secret are those of an application with the scope api or read_api that you
  add under your user settings. A refresh token comes with a sign-in to it (see
  OAuthProvider's AuthCodeURL and Exchange, or DeviceAuth); it works once.

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
	switch {
	case flags.NArg() > 0:
		fmt.Fprintf(errOut, "quickstart: unexpected argument %q, see -h\n", flags.Arg(0))
		return 2
	case o.url == "" && flags.NFlag() > 0:
		fmt.Fprintln(errOut, "quickstart: these flags are for a real GitLab, name it with -url")
		return 2
	case o.url == "":
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
	api, answered := errors.AsType[*gitlab.APIError](err)
	network, failed := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, gitlab.ErrIdentityNotFound):
		return "no tokens are stored yet; start with -refresh-token."
	case errors.Is(err, gitlab.ErrReauthorize):
		return "GitLab no longer accepts the refresh token (it is spent, revoked or another application's); sign in again and pass a new one with -refresh-token."
	case errors.Is(err, gitlab.ErrClientRejected):
		return "GitLab rejects the application; check -client-id and -client-secret."
	case errors.Is(err, gitlab.ErrWrongInstance):
		return "the stored tokens belong to another GitLab; name another directory with -store."
	case failed:
		return fmt.Sprintf("%s cannot be reached; check -url and the network (%v).", o.url, network)
	case answered && api.RetryAfter > 0:
		return fmt.Sprintf("GitLab asks to wait; try again in %s.", api.RetryAfter)
	case answered && api.StatusCode != http.StatusUnauthorized && errors.Is(err, gitlab.ErrRefreshUnavailable):
		return fmt.Sprintf("%s does not answer like a GitLab (status %d); check -url.", o.url, api.StatusCode)
	}
	return err.Error()
}
