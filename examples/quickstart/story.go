package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/freshgrant/gitlab"
)

// key is this program's own name for its one grant. A service takes its users'
// IDs.
const key = "quickstart"

// tell calls GitLab as the stored identity, or with first where none is stored
// or the stored one is dead, and shows what happens.
func tell(ctx context.Context, out io.Writer, cfg gitlab.Config, first gitlab.OAuthData) (err error) {
	cfg.HTTPClient = &http.Client{Transport: &narrator{out: out}}
	client, err := gitlab.New(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Shutdown(context.WithoutCancel(ctx))) }()

	stored, err := cfg.Store.LoadIdentity(ctx, key)
	switch {
	case errors.Is(err, gitlab.ErrIdentityNotFound) && first.RefreshToken != "":
		if _, err := client.Authorize(ctx, key, first); err != nil {
			return err
		}
		stored.Data = first
	case err != nil:
		return err
	}
	show(out, "The store has", stored.Data)
	if first.RefreshToken != "" && first.RefreshToken != stored.Data.RefreshToken {
		fmt.Fprintln(out, "Going on from there; the given refresh token is for when GitLab no longer takes that.")
	}

	ada := client.As(key)
	user, err := ada.Users.Current(ctx)
	if errors.Is(err, gitlab.ErrReauthorize) && first.RefreshToken != "" && stored.Data.RefreshToken != first.RefreshToken {
		fmt.Fprintln(out, "The stored grant is gone; starting again with the given refresh token.")
		if ada, err = client.Authorize(ctx, key, first); err != nil {
			return err
		}
		user, err = ada.Users.Current(ctx)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "GitLab knows us as %s (@%s).\n", user.Name, user.Username)
	if stored, err = cfg.Store.LoadIdentity(ctx, key); err != nil {
		return err
	}
	show(out, "The store has", stored.Data)
	return projects(ctx, out, ada)
}

// projects lists the projects that the user is a member of.
func projects(ctx context.Context, out io.Writer, client *gitlab.Client) error {
	const most = 20
	path := gitlab.PathTo("/projects").With(url.Values{"membership": {"true"}, "simple": {"true"}})
	n := 0
	for project, err := range gitlab.List[gitlab.Project](ctx, client, path) {
		if err != nil {
			return err
		}
		if n++; n > most {
			fmt.Fprintf(out, "  … and more\n")
			return nil
		}
		if n == 1 {
			fmt.Fprintln(out, "Projects:")
		}
		fmt.Fprintln(out, "  "+project.PathWithNamespace)
	}
	if n == 0 {
		fmt.Fprintln(out, "No projects.")
	}
	return nil
}

func show(out io.Writer, what string, d gitlab.OAuthData) {
	fmt.Fprintf(out, "%s access token %s and refresh token %s.\n", what, short(d.AccessToken), short(d.RefreshToken))
}

// short is enough of a token to tell it from another one, and too little to use
// it.
func short(token string) string {
	switch {
	case token == "":
		return "(none)"
	case len(token) < 16:
		return "…"
	}
	return token[:6] + "…"
}

// narrator prints every request with its answer's status.
type narrator struct {
	out io.Writer

	mu sync.Mutex // guards n
	n  int
}

// RoundTrip implements [http.RoundTripper].
func (t *narrator) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	status := "no answer"
	if err == nil {
		status = resp.Status
	}
	with := ""
	if token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok {
		with = "  with access token " + short(token)
	}
	fmt.Fprintf(t.out, "  %d. %-4s %s → %s%s\n", t.n, req.Method, req.URL.Path, status, with)
	return resp, err
}
