package gitlab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// newExample starts a GitLab for an example, with a project and a user who has
// signed in, and makes a client of it. A program would have a database as its
// Store and would get the tokens from OAuthProvider.Exchange.
func newExample() (*gitlabtest.Server, *gitlab.Client, gitlab.OAuthData) {
	server, err := gitlabtest.Start()
	if err != nil {
		log.Fatal(err)
	}
	server.AddProject("team/app")
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(),
	})
	if err != nil {
		log.Fatal(err)
	}
	token := server.SignIn("ada")
	return server, client, gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, Scope: token.Scope}
}

// signedIn is newExample with the user signed in.
func signedIn() (*gitlabtest.Server, *gitlab.Client) {
	server, client, tokens := newExample()
	ada, err := client.Authorize(context.Background(), "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	return server, ada
}

// A client acts as many users, each of whom has signed in once. The other
// examples leave the beginning out: signedIn stands for all up to Authorize, and
// newExample for all before it.
func Example() {
	server, err := gitlabtest.Start() // a GitLab in this process
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.AddProject("team/app")
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL, // gitlab.GitLabCom
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(), // a database
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	// Once, when the user has signed in (OAuthProvider.Exchange, or package signin):
	token := server.SignIn("ada")
	tokens := gitlab.OAuthData{AccessToken: token.AccessToken, RefreshToken: token.RefreshToken}
	if _, err := client.Authorize(ctx, "user-42", tokens); err != nil {
		log.Fatal(err)
	}
	server.Expire(tokens.AccessToken) // Two hours later …

	// … anywhere in the program:
	ada := client.As("user-42")
	project, err := ada.Projects.Get(ctx, "team/app")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(project.PathWithNamespace)
	fmt.Println("refreshes:", len(server.CallsTo(http.MethodPost, "/oauth/token")))
	// Output:
	// team/app
	// refreshes: 1
}

// ErrReauthorize is the only error on which a user has to sign in again.
func Example_errors() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	tokens.RefreshToken = "" // an application that did not keep it
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	_, err = ada.Projects.Get(ctx, "team/secret")
	fmt.Println(explain(err))
	server.Expire(tokens.AccessToken)
	_, err = ada.Projects.Get(ctx, "team/app")
	fmt.Println(explain(err))
	// Output:
	// not there, or not for this user: 404 Project Not Found
	// please sign in to GitLab again
}

func explain(err error) string {
	var refused *gitlab.APIError
	switch {
	case errors.Is(err, gitlab.ErrReauthorize):
		return "please sign in to GitLab again"
	case errors.Is(err, gitlab.ErrClientRejected):
		return "call the operator: wrong client ID or secret"
	case errors.Is(err, gitlab.ErrRefreshUnavailable):
		return "nothing is lost, try again later"
	case errors.Is(err, gitlab.ErrNotFound) && errors.As(err, &refused):
		return "not there, or not for this user: " + refused.Message
	case errors.As(err, &refused) && refused.RetryAfter > 0:
		return fmt.Sprint("GitLab asks to wait for ", refused.RetryAfter)
	default:
		return err.Error()
	}
}

func ExampleList() {
	server, client, _ := newExample()
	defer server.Close()
	for n := range 150 {
		server.AddIssue("team/app", fmt.Sprintf("Issue %d", n+1))
	}
	bot := client.WithToken(server.PersonalToken("bot", "api"))
	issues := gitlab.PathTo("/projects/{project}/issues", "team/app").With(url.Values{"scope": {"all"}, "sort": {"asc"}})
	count := 0
	for issue, err := range gitlab.List[gitlab.Issue](context.Background(), bot, issues) {
		if err != nil {
			log.Fatal(err)
		}
		if count++; count == 120 { // the second page is fetched when it is needed
			fmt.Println(issue.Title)
			break
		}
	}
	// Output: Issue 120
}

func ExamplePathTo() {
	fmt.Println(gitlab.PathTo("/projects/{project}/issues/{iid}", "team/app", 7))
	fmt.Println(gitlab.PathTo("/projects/{project}/repository/files/{file}/raw", 42, "docs/a+b.md"))
	// Output:
	// /projects/team%2Fapp/issues/7
	// /projects/42/repository/files/docs%2Fa%2Bb.md/raw
}

func ExampleClient_Authorize() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	user, err := ada.Users.Current(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username)
	identity, err := ada.Identity(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity.Data) // printing shows no token
	// Output:
	// ada
	// OAuthData{access_token:[redacted] refresh_token:[redacted] scope:"api"}
}

func ExampleClient_Call() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	var issue struct {
		IID   int64  `json:"iid"`
		Title string `json:"title"`
	}
	path := gitlab.PathTo("/projects/{project}/issues", "team/app")
	if err := ada.Call(ctx, http.MethodPost, path, map[string]string{"title": "It breaks"}, &issue); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("#%d %s\n", issue.IID, issue.Title)
	// Output: #1 It breaks
}

// Do sends what Call cannot: requests to other paths than those of the API, and
// those whose answer is read as it comes.
func ExampleClient_Do() {
	server, ada := signedIn()
	defer server.Close()
	page := ada.BaseURL() + "/oauth/token/info"
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, page, http.NoBody)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := ada.Do(req)
	if err != nil {
		log.Fatal(err) // also for status 400 and above
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, bytes.Contains(answer, []byte(`"scope":["api"]`)))
	// Output: 200 true
}

// HTTPClient lends its tokens to other libraries.
func ExampleClient_HTTPClient() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	server.Expire(tokens.AccessToken)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v4/user", http.NoBody)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := ada.HTTPClient().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

func ExampleClient_TokenSource() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	token, err := ada.TokenSource(ctx).Token()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.AccessToken == tokens.AccessToken, token.RefreshToken == "")
	// Output: true true
}

func ExampleClient_WithToken() {
	server, client, _ := newExample()
	defer server.Close()
	bot := client.WithToken(server.PersonalToken("bot", "read_user"))
	user, err := bot.Users.Current(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Username)
	// Output: bot
}

// Two functions tell what happens: for metrics, logs and alerts.
func ExampleConfig() {
	server, _, tokens := newExample()
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(),
		OnRefresh: func(_ context.Context, e gitlab.RefreshEvent) {
			fmt.Println("refresh of", e.Key, e.Outcome)
		},
		OnCall: func(_ context.Context, e gitlab.CallEvent) {
			fmt.Println(e.Method, e.Route, e.Status)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	ada, err := client.Authorize(ctx, "user-42", tokens)
	if err != nil {
		log.Fatal(err)
	}
	server.Expire(tokens.AccessToken)
	if _, err := ada.Users.Current(ctx); err != nil {
		log.Fatal(err)
	}
	if err := client.Shutdown(ctx); err != nil { // at the end of the program
		log.Fatal(err)
	}
	// Output:
	// GET /user 401
	// refresh of user-42 refreshed
	// GET /user 200
}

func ExampleOAuthProvider_AuthCodeURL() {
	provider := gitlab.OAuthProvider{ClientID: "id", ClientSecret: "secret", RedirectURL: "https://app.example.com/callback", Scopes: []string{"api"}}
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // keep it in the user's session: oauth2.GenerateVerifier()
	page, err := provider.AuthCodeURL(gitlab.GitLabCom, "random-state", verifier)
	if err != nil {
		log.Fatal(err)
	}
	there, query, _ := strings.Cut(page, "?")
	fmt.Println(there)
	fmt.Println(strings.ReplaceAll(query, "&", "\n"))
	// Then, in the callback: provider.Exchange(ctx, gitlab.GitLabCom, code, verifier)

	// Output:
	// https://gitlab.com/oauth/authorize
	// client_id=id
	// code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
	// code_challenge_method=S256
	// redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback
	// response_type=code
	// scope=api
	// state=random-state
}
