// Command clientgo runs GitLab's own client, client-go, on a grant that this
// library keeps fresh: its services see no expired token, and the rotated pair
// is stored. It plays that with a GitLab of its own and prints every request.
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
	"strings"

	clientgo "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "clientgo:", err)
		os.Exit(1)
	}
}

// connect returns client-go acting as the identity of c.
//
// client-go must hold no token: [clientgo.Unauthenticated] says so. The HTTP
// client attaches the newest one to every request, and would replace any other.
//
// A 429 or a 5xx comes back to client-go untouched: it alone repeats those, and
// its options for that work as ever. WithOnlyIdempotentRetries keeps it from
// sending a POST again after a 5xx, when GitLab may have done what it said.
func connect(baseURL string, c *gitlab.Client) (*clientgo.Client, error) {
	return clientgo.NewAuthSourceClient(clientgo.Unauthenticated{},
		clientgo.WithBaseURL(baseURL),
		clientgo.WithHTTPClient(c.HTTPClient()),
		clientgo.WithOnlyIdempotentRetries(),
	)
}

// run plays the story with a GitLab of its own.
func run(ctx context.Context, out io.Writer) (err error) {
	server, err := gitlabtest.Start()
	if err != nil {
		return err
	}
	defer server.Close()
	for n := range 5 {
		server.AddProject(fmt.Sprintf("ada/project-%d", n+1))
	}

	store := gitlab.NewMemoryStore() // a service takes one of those that outlive it
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    server.URL,
		Provider:   gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:      store,
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
	lab, err := connect(server.URL, ada)
	if err != nil {
		return err
	}

	fmt.Fprintln(out, "client-go lists projects, two a page. After the first page the access token expires.")
	if err := projects(ctx, out, lab, func() { server.Expire(token.AccessToken) }); err != nil {
		return err
	}
	stored, err := store.LoadIdentity(ctx, "ada")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "client-go noticed nothing. The store has the new pair: %t.\n\n", stored.Data.RefreshToken != token.RefreshToken)

	fmt.Fprintln(out, "The token expires again, just before client-go creates an issue.")
	server.Expire(stored.Data.AccessToken)
	title := "Fire in the hall"
	issue, _, err := lab.Issues.CreateIssue("ada/project-1", &clientgo.CreateIssueOptions{Title: &title}, clientgo.WithContext(ctx))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Created #%d, %q, once.\n\n", issue.IID, issue.Title)

	fmt.Fprintln(out, "Ada withdraws the application's rights.")
	if stored, err = store.LoadIdentity(ctx, "ada"); err != nil {
		return err
	}
	server.Revoke(stored.Data.AccessToken)
	_, _, err = lab.Projects.ListProjects(nil, clientgo.WithContext(ctx))
	return explain(ctx, out, ada, err)
}

// projects lists every project with client-go's own paging, and calls trouble
// after the first page.
func projects(ctx context.Context, out io.Writer, lab *clientgo.Client, trouble func()) error {
	options := &clientgo.ListProjectsOptions{ListOptions: clientgo.ListOptions{PerPage: 2}}
	pages := func(p clientgo.PaginationOptionFunc) ([]*clientgo.Project, *clientgo.Response, error) {
		return lab.Projects.ListProjects(options, p, clientgo.WithContext(ctx))
	}
	for project, err := range clientgo.Scan2(pages) {
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "    "+project.PathWithNamespace)
		trouble()
		trouble = func() {}
	}
	return nil
}

// explain tells what a 401 of client-go means. It reaches client-go as GitLab
// sent it, so client-go cannot know: one call of c, which after a dead grant
// costs no request to the token endpoint, says it.
//
// Where the access token is known to have expired, no request can be made at
// all, and the error that client-go returns says it itself.
func explain(ctx context.Context, out io.Writer, c *gitlab.Client, err error) error {
	if refused, ok := errors.AsType[*clientgo.ErrorResponse](err); ok && refused.HasStatusCode(http.StatusUnauthorized) {
		fmt.Fprintf(out, "client-go has a %d.\n", refused.StatusCode)
		_, err = c.Users.Current(ctx)
	}
	switch {
	case errors.Is(err, gitlab.ErrReauthorize), errors.Is(err, gitlab.ErrIdentityNotFound):
		fmt.Fprintln(out, "It means: the grant is gone, ask the user to sign in again.")
	case errors.Is(err, gitlab.ErrRefreshUnavailable):
		fmt.Fprintln(out, "It means: nothing is lost, try later.")
	case err != nil:
		return err
	}
	return nil
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
	page := ""
	if number := req.URL.Query().Get("page"); number != "" {
		page = ", page " + number
	}
	fmt.Fprintf(n.out, "  %-4s %s%s → %s\n", req.Method, strings.ReplaceAll(req.URL.EscapedPath(), "%2F", "/"), page, status)
	return resp, err
}
