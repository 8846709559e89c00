package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// GitLab says which fields it does not take, and why.
func ExampleAPIError() {
	server, ada := signedIn()
	defer server.Close()
	_, err := ada.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{Title: " "})
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok {
		fmt.Println(refused.StatusCode, refused.Fields)
	}
	// Output: 400 map[title:[can't be blank]]
}

// Short waits were sat out already: RetryAfter is longer than
// Config.MaxRetryWait, or than the context lasts.
func ExampleAPIError_rateLimited() {
	server, ada := signedIn()
	defer server.Close()
	server.Fault(gitlabtest.Fault{Method: http.MethodGet, Do: gitlabtest.TooMany(10 * time.Minute)})
	_, err := ada.Users.Current(context.Background())
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok && errors.Is(err, gitlab.ErrRateLimited) {
		fmt.Println("come back in", refused.RetryAfter)
	}
	// Output: come back in 10m0s
}

// A token whose scope is too narrow is told which one would do.
func ExampleAPIError_scopes() {
	server, client, _ := newExample()
	defer server.Close()
	bot := client.WithToken(server.PersonalToken("bot", "read_api"))
	_, err := bot.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{Title: "It breaks"})
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok && errors.Is(err, gitlab.ErrForbidden) {
		fmt.Println(refused.Code, refused.Scopes)
	}
	// Output: insufficient_scope [api]
}

// A job that fails in passing is put back into its queue.
func ExampleIsTemporary() {
	server, ada := signedIn()
	defer server.Close()
	server.Fault(gitlabtest.Fault{Method: http.MethodPost, Do: gitlabtest.CutBefore()})
	_, err := ada.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{Title: "It breaks"})
	fmt.Println("try later:", gitlab.IsTemporary(err))
	_, err = ada.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{Title: " "})
	fmt.Println("try later:", gitlab.IsTemporary(err))
	// Output:
	// try later: true
	// try later: false
}

// An answer tells it of itself alone; IsTemporary knows the other errors too.
func ExampleAPIError_Temporary() {
	server, ada := signedIn()
	defer server.Close()
	server.Fault(gitlabtest.Fault{Method: http.MethodPost, Do: gitlabtest.HTMLPage()}) // GitLab is being deployed
	_, err := ada.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{Title: "It breaks"})
	if refused, ok := errors.AsType[*gitlab.APIError](err); ok {
		fmt.Println("try later:", refused.Temporary())
	}
	// Output: try later: true
}

// What GitLab said of a grant that it refused to refresh.
func ExampleIdentityNotValidError() {
	server, ada := signedIn()
	defer server.Close()
	id, err := ada.Identity(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	server.Revoke(id.Data.AccessToken) // by the user, in GitLab's list of authorized applications
	_, err = ada.Users.Current(context.Background())
	if refused, ok := errors.AsType[*gitlab.IdentityNotValidError](err); ok {
		fmt.Println(refused.Key, refused.StatusCode, refused.Code)
	}
	fmt.Println("sign in again:", errors.Is(err, gitlab.ErrReauthorize))
	// Output:
	// user-42 400 invalid_grant
	// sign in again: true
}

// The type says what the query asks for. Variables, here none, are a struct or
// a map.
func ExampleGraphQL() {
	server, ada := signedIn()
	defer server.Close()
	type viewer struct {
		CurrentUser struct {
			Username string `json:"username"`
		} `json:"currentUser"`
	}
	answer, err := gitlab.GraphQL[viewer](context.Background(), ada, `query { currentUser { username } }`, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.CurrentUser.Username)
	// Output: ada
}

// Of a query that GitLab has taken, errors come beside the data.
func ExampleGraphQLError() {
	server, ada := signedIn()
	defer server.Close()
	_, err := gitlab.GraphQL[any](context.Background(), ada, `query { currentUser { shoeSize } }`, nil)
	if wrong, ok := errors.AsType[*gitlab.GraphQLError](err); ok {
		fmt.Println(wrong.Errors[0].Message)
	}
	// Output: Field 'shoeSize' doesn't exist on type 'CurrentUser'
}
