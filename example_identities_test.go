package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// Without a Provider and a Store, a client acts with personal, group and project
// access tokens, or anonymously.
func ExampleNew() {
	client, err := gitlab.New(gitlab.Config{BaseURL: gitlab.GitLabCom})
	if err != nil {
		log.Fatal(err)
	}
	bot := client.WithToken("glpat-…")
	fmt.Println(client)
	fmt.Println(bot)
	// Output:
	// Client{base_url:https://gitlab.com as:anonymous}
	// Client{base_url:https://gitlab.com as:a fixed token}
}

// An instance below a path, with a CA of its own.
func ExampleNew_selfManaged() {
	server, err := gitlabtest.Start(gitlabtest.WithTLS(), gitlabtest.WithPath("/gitlab"))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:    server.URL,      // https://127.0.0.1:12345/gitlab
		HTTPClient: server.Client(), // whose transport has that CA in its TLSClientConfig
	})
	if err != nil {
		log.Fatal(err)
	}
	about, err := client.WithToken(server.PersonalToken("bot", "read_user")).Instance.Version(context.Background())
	fmt.Println(about.Version, err)
	// Output: 18.9.0 <nil>
}

// The normal form of a base URL, as identities have it.
func ExampleClient_BaseURL() {
	client, err := gitlab.New(gitlab.Config{BaseURL: "HTTPS://GitLab.Example.com:443/git/"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.BaseURL())
	// Output: https://gitlab.example.com/git
}

// As costs nothing, so a request handler makes the client that it needs.
func ExampleClient_As() {
	server, client, tokens := newExample()
	defer server.Close()
	ctx := context.Background()
	if _, err := client.Authorize(ctx, "user-42", tokens); err != nil {
		log.Fatal(err)
	}
	for _, key := range []string{"user-42", "user-43"} {
		user, err := client.As(key).Users.Current(ctx)
		if errors.Is(err, gitlab.ErrIdentityNotFound) {
			fmt.Println(key, "has not connected GitLab")
			continue
		}
		fmt.Println(key, "is", user.Username, err)
	}
	// Output:
	// user-42 is ada <nil>
	// user-43 has not connected GitLab
}

// What is stored: for a page that shows which accounts are connected, say.
func ExampleClient_Identity() {
	server, ada := signedIn()
	defer server.Close()
	identity, err := ada.Identity(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(identity.Key, identity.BaseURL == server.URL, identity.Data.Scope)
	// Output: user-42 true api
}

// In a program the client is the only one who uses its store; a test can look
// into it.
func ExampleNewMemoryStore() {
	store := gitlab.NewMemoryStore()
	ctx := context.Background()
	revision, err := store.SaveIdentity(ctx, gitlab.Identity{Key: "user-42", Data: gitlab.OAuthData{AccessToken: "access"}})
	if err != nil {
		log.Fatal(err)
	}
	id, err := store.LoadIdentity(ctx, "user-42")
	fmt.Println(id.Data.AccessToken, id.Revision == revision, err)
	// Output: access true <nil>
}

// At the end of a program, after all that makes calls has ended. With an error
// the only copy of a grant's tokens may be in this process.
func ExampleClient_Shutdown() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	if err := ada.Shutdown(ctx); err != nil { // any client of one New ends all
		log.Print("do not kill this process: ", err)
	}

	identity, err := ada.Identity(ctx)
	if err != nil {
		log.Fatal(err)
	}
	server.Expire(identity.Data.AccessToken)
	_, err = ada.Users.Current(ctx)
	fmt.Println("refreshes:", !errors.Is(err, gitlab.ErrRefreshUnavailable))
	// Output: refreshes: false
}

// Which outcomes are worth a log line, and which an alert.
func ExampleRefreshEvent() {
	watch := func(_ context.Context, e gitlab.RefreshEvent) {
		switch e.Outcome {
		case gitlab.OutcomeRefreshed, gitlab.OutcomeAdopted, gitlab.OutcomeConflicted, gitlab.OutcomeSaveRecovered, gitlab.OutcomeRevived:
			fmt.Println("fine:", e.Outcome)
		case gitlab.OutcomeSaveFailed, gitlab.OutcomeClientRejected:
			fmt.Println("wake somebody up:", e.Outcome, e.Err)
		default:
			fmt.Println("count:", e.Outcome, e.Key, e.Err)
		}
	}
	watch(context.Background(), gitlab.RefreshEvent{Key: "user-42", Outcome: gitlab.OutcomeDead, Attempts: 2, Err: gitlab.ErrReauthorize})
	// Output: count: dead user-42 gitlab: the grant is gone, the user must authorize again
}

// A call that was healed makes two events.
func ExampleCallEvent() {
	server, _, tokens := newExample()
	defer server.Close()
	client, err := gitlab.New(gitlab.Config{
		BaseURL:  server.URL,
		Provider: gitlab.OAuthProvider{ClientID: server.App.ClientID, ClientSecret: server.App.ClientSecret},
		Store:    gitlab.NewMemoryStore(),
		OnCall: func(_ context.Context, e gitlab.CallEvent) {
			fmt.Printf("%s %s %d, attempt %d\n", e.Method, e.Route, e.Status, e.Attempt)
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
	if _, err := ada.Projects.Get(ctx, "team/app"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// GET /projects/{project} 401, attempt 1
	// GET /projects/{project} 200, attempt 2
}
