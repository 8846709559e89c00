package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
)

const usage = `backend is a small service that a user connects with GitLab.

  backend
      starts with a GitLab of its own; open the URL that it prints

  backend -url https://gitlab.com -client-id ID -client-secret SECRET -public-url https://app.example.com
      uses a real one. ID and secret are those of an application that you add under your
      user settings, with the scope api and the redirect URI https://app.example.com/callback.
      GitLab must be able to reach the public URL, or no webhook arrives

Flags, and the environment variables that stand for them:

`

// options are the command line.
type options struct {
	addr, publicURL                   string
	gitlabURL, clientID, clientSecret string
	data, postgres                    string
}

func readOptions(args []string, env func(string) string, errOut io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		fmt.Fprint(errOut, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "the `address` to listen on")
	flags.StringVar(&o.publicURL, "public-url", env("PUBLIC_URL"), "the `URL` at which browsers and GitLab reach this service; default: that of -addr (PUBLIC_URL)")
	flags.StringVar(&o.gitlabURL, "url", env("GITLAB_URL"), "the `URL` of GitLab (GITLAB_URL)")
	flags.StringVar(&o.clientID, "client-id", env("GITLAB_CLIENT_ID"), "the OAuth application's `ID` (GITLAB_CLIENT_ID)")
	// The default of a secret would be printed by -h, so the environment is read afterwards.
	flags.StringVar(&o.clientSecret, "client-secret", "", "its `secret`; rather by the environment, where nobody sees it (GITLAB_CLIENT_SECRET)")
	flags.StringVar(&o.data, "data", "", "the `directory` of the SQLite database; default: a temporary one, removed at the end")
	flags.StringVar(&o.postgres, "postgres", "", "the `DSN` of a PostgreSQL database in place of SQLite; rather by the environment (DATABASE_URL)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.clientSecret = cmp.Or(o.clientSecret, env("GITLAB_CLIENT_SECRET"))
	o.postgres = cmp.Or(o.postgres, env("DATABASE_URL"))
	err := o.check(flags.Args())
	if err != nil {
		fmt.Fprintln(errOut, "backend:", err)
	}
	return o, err
}

func (o *options) check(args []string) error {
	o.publicURL = strings.TrimRight(o.publicURL, "/")
	public, err := url.Parse(o.publicURL)
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q, see -h", args[0])
	case o.publicURL != "" && (err != nil || public.Host == "" || public.Path != "" || (public.Scheme != "http" && public.Scheme != "https")):
		return errors.New("-public-url must be like https://app.example.com, without a path")
	case o.gitlabURL == "" && (o.clientID != "" || o.clientSecret != ""):
		return errors.New("-client-id and -client-secret need the -url that they belong to")
	case o.gitlabURL != "" && o.clientID == "":
		return errors.New("-url needs a -client-id")
	case o.data != "" && o.postgres != "":
		return errors.New("-data and -postgres exclude each other")
	}
	return nil
}
