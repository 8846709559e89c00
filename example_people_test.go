package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"strings"

	"github.com/freshgrant/gitlab"
)

func ExampleUsersService_Current() {
	server, ada := signedIn()
	defer server.Close()
	user, err := ada.Users.Current(context.Background())
	fmt.Println(user.Username, err)
	// Output: ada <nil>
}

func ExampleUsersService_ByUsername() {
	server, ada := signedIn()
	defer server.Close()
	server.AddUser("grace", "")
	for _, username := range []string{"Grace", "nobody"} {
		user, err := ada.Users.ByUsername(context.Background(), username)
		if errors.Is(err, gitlab.ErrNotFound) {
			fmt.Println("there is no", username)
			continue
		}
		fmt.Println(user.Username, err)
	}
	// Output:
	// grace <nil>
	// there is no nobody
}

func ExampleGroupsService_Projects() {
	server, ada := signedIn()
	defer server.Close()
	server.AddProject("team/backend/api")
	all := gitlab.ListGroupProjects{IncludeSubgroups: true, OrderBy: "path", Sort: "asc"}
	for project, err := range ada.Groups.Projects(context.Background(), "team", all) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(project.PathWithNamespace)
	}
	// Output:
	// team/backend/api
	// team/app
}

// A project is named by its full path, or by its number in decimal digits.
func ExampleProjectsService_Get() {
	server, ada := signedIn()
	defer server.Close()
	for _, name := range []string{"team/app", strconv.FormatInt(server.AddProject("team/app").ID, 10)} {
		project, err := ada.Projects.Get(context.Background(), name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(project.PathWithNamespace)
	}
	// Output:
	// team/app
	// team/app
}

func ExampleProjectsService_List() {
	server, ada := signedIn()
	defer server.Close()
	server.AddMember("team/app", "ada")
	server.AddProject("others/site")
	for project, err := range ada.Projects.List(context.Background(), gitlab.ListProjects{Membership: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(project.PathWithNamespace)
	}
	// Output: team/app
}

// A picture for an issue: the Markdown of its upload goes into the text.
func ExampleProjectsService_Upload() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	picture := gitlab.Upload{Name: "crash.png", ContentType: "image/png", Content: strings.NewReader("\x89PNG…")}
	file, err := ada.Projects.Upload(ctx, "team/app", picture)
	if err != nil {
		log.Fatal(err)
	}
	issue, err := ada.Issues.Create(ctx, "team/app", gitlab.CreateIssue{Title: "It breaks", Description: "See " + file.Markdown})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.HasPrefix(issue.Description, "See ![crash](/uploads/"))
	// Output: true
}

func ExampleMembersService_Add() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	server.AddUser("grace", "")
	member, err := ada.Members.Add(ctx, gitlab.InGroup("team"), gitlab.AddMember{Username: "grace", AccessLevel: gitlab.AccessDeveloper})
	if err != nil {
		log.Fatal(err)
	}
	// ListAll knows those of the groups above, too.
	for member, err := range ada.Members.ListAll(ctx, gitlab.InProject("team/app"), gitlab.ListMembers{UserIDs: []int64{member.ID}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(member.Username, member.AccessLevel >= gitlab.AccessReporter)
	}
	// Output: grace true
}

// Package webhook receives what this hook sends.
func ExampleHooksService_Create() {
	server, ada := signedIn()
	defer server.Close()
	hook, err := ada.Hooks.Create(context.Background(), gitlab.InProject("team/app"), gitlab.CreateHook{
		URL:        "https://app.example.com/webhooks",
		Token:      "random text", // for webhook.Secrets
		HookEvents: gitlab.HookEvents{PushEvents: new(false), MergeRequestsEvents: new(true)},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hook.URL, hook.PushEvents, hook.MergeRequestsEvents)
	// Output: https://app.example.com/webhooks false true
}

// What the instance is, to leave out what it does not have yet.
func ExampleInstanceService_Metadata() {
	server, ada := signedIn()
	defer server.Close()
	about, err := ada.Instance.Metadata(context.Background())
	fmt.Println(about.Version, about.Enterprise, err)
	// Output: 18.9.0 false <nil>
}

// What an OAuth token may do, and for how long.
func ExampleTokensService_Info() {
	server, ada := signedIn()
	defer server.Close()
	token, err := ada.Tokens.Info(context.Background())
	fmt.Println(token.Scope, err)
	// Output: [api] <nil>
}

// The same of a personal, group or project access token.
func ExampleTokensService_Self() {
	server, client, _ := newExample()
	defer server.Close()
	bot := client.WithToken(server.PersonalToken("bot", "read_api"))
	token, err := bot.Tokens.Self(context.Background())
	fmt.Println(token.Scopes, token.Active, token.ExpiresAt.IsZero(), err)
	// Output: [read_api] true true <nil>
}
