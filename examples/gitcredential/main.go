// Command gitcredential is a git credential helper: git asks it for a password,
// and gets an access token that is fresh, as often as it asks
// (https://git-scm.com/docs/git-credential).
//
//	git config --global credential.https://gitlab.example.com.helper \
//	    '/usr/local/bin/gitcredential -url https://gitlab.example.com -client-id ID -store DIR -key KEY'
//
// The application's secret, if it has one, comes from GITLAB_CLIENT_SECRET: other
// users of a machine can read command lines. DIR is a filestore's directory in
// which some program has stored the sign-in under KEY; several processes may
// share it, this one among them. The grant needs the scope read_repository or
// write_repository, or api.
//
// Without arguments it clones a repository from a GitLab of its own, with a
// token that has expired, and prints what happens.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/filestore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, env func(string) string, in io.Reader, out, errOut io.Writer) int {
	if len(args) == 0 {
		if err := demonstrate(ctx, out); err != nil {
			fmt.Fprintln(errOut, "gitcredential:", err)
			return 1
		}
		return 0
	}
	var baseURL, clientID, dir, key string
	flags := flag.NewFlagSet("gitcredential", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&baseURL, "url", "", "the instance's `URL`")
	flags.StringVar(&clientID, "client-id", "", "the OAuth application's `ID`; its secret is in GITLAB_CLIENT_SECRET")
	flags.StringVar(&dir, "store", "", "the `directory` with the tokens")
	flags.StringVar(&key, "key", "", "the `name` under which they are stored")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case baseURL == "" || clientID == "" || dir == "" || key == "" || flags.NArg() != 1:
		fmt.Fprintln(errOut, "gitcredential: -url, -client-id, -store and -key are needed, and the operation, which git adds; see -h")
		return 2
	case flags.Arg(0) != "get":
		// A helper ignores what it does not support: store and erase, for the store
		// here is not git's to change, and what later versions of git may ask.
		return 0
	}
	err := get(ctx, in, out, baseURL, func() (*gitlab.Client, error) {
		store, err := filestore.New(dir)
		if err != nil {
			return nil, err
		}
		client, err := gitlab.New(gitlab.Config{
			BaseURL:  baseURL,
			Provider: gitlab.OAuthProvider{ClientID: clientID, ClientSecret: env("GITLAB_CLIENT_SECRET")},
			Store:    store,
		})
		if err != nil {
			return nil, err
		}
		return client.As(key), nil
	})
	if err != nil {
		fmt.Fprintln(errOut, "gitcredential:", explain(err)) // git shows it to its user
		return 1
	}
	return 0
}

// explain says what to do about err. No error of the library holds a token.
func explain(err error) string {
	switch {
	case errors.Is(err, gitlab.ErrIdentityNotFound):
		return "nobody has signed in under this -key yet."
	case errors.Is(err, gitlab.ErrReauthorize):
		return "GitLab has withdrawn the grant; sign in again."
	case errors.Is(err, gitlab.ErrClientRejected):
		return "GitLab rejects the application; check -client-id and GITLAB_CLIENT_SECRET."
	case errors.Is(err, gitlab.ErrRefreshUnavailable):
		return "no fresh token can be had now, try later: " + err.Error()
	}
	return err.Error()
}
