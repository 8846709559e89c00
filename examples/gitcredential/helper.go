package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/freshgrant/gitlab"
)

// username is what GitLab expects beside an access token.
const username = "oauth2"

// get answers git's question on in. A question about anything else than the
// instance at baseURL gets no answer, which makes git ask its next helper, or
// its user; then open, which returns a client with the identity, is not called.
func get(ctx context.Context, in io.Reader, out io.Writer, baseURL string, open func() (*gitlab.Client, error)) (err error) {
	question, err := attributes(in)
	if err != nil {
		return err
	}
	ours, err := concerns(question, baseURL)
	if err != nil || !ours {
		return err
	}
	defer func() {
		if err != nil {
			fmt.Fprintln(out, "quit=1") // nobody else knows a password for this host: git is not to ask
		}
	}()
	client, err := open()
	if err != nil {
		return err
	}
	// The process ends when git has its answer; what was refreshed is stored first.
	defer func() { err = errors.Join(err, client.Shutdown(context.WithoutCancel(ctx))) }()

	// An expired token is refreshed here, once among all processes on this store.
	// What Token cannot know is that a token died before its time; git will then
	// say that the password was wrong. Any API call of the client finds that out,
	// and repairs it.
	token, err := client.TokenSource(ctx).Token()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "username=%s\npassword=%s\n", username, token.AccessToken)
	if !token.Expiry.IsZero() {
		fmt.Fprintf(out, "password_expiry_utc=%d\n", token.Expiry.Unix()) // so that no cache of git's gives out an old one
	}
	return nil
}

// attributes reads lines of name=value up to an empty one or the end.
func attributes(in io.Reader) (map[string]string, error) {
	found := map[string]string{}
	lines := bufio.NewScanner(in)
	for lines.Scan() && lines.Text() != "" {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok {
			return nil, errors.New("this is no question of git's") // and may hold anything
		}
		found[name] = value
	}
	if lines.Err() != nil {
		return nil, errors.New("git's question cannot be read")
	}
	return found, nil
}

// concerns reports whether the question is about the instance: a token goes to
// the scheme, host and port that issued it, and nowhere else. A user name in
// the repository's URL asks for an account that is not this one.
func concerns(question map[string]string, baseURL string) (bool, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return false, errors.New("-url cannot be read")
	}
	asked := url.URL{Scheme: question["protocol"], Host: question["host"]}
	name := question["username"]
	return origin(&asked) == origin(base) && (name == "" || name == username), nil
}

// origin is a URL's scheme, host and port; the default ports are none.
func origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}
