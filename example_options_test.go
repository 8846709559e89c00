package gitlab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/gitlabtest"
)

// A header of any kind, such as that of a trace.
func ExampleWithHeader() {
	server, ada := signedIn()
	defer server.Close()
	if _, err := ada.Users.Current(context.Background(), gitlab.WithHeader("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.CallsTo(http.MethodGet, "/api/v4/user")[0].Header.Get("Traceparent"))
	// Output: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
}

// An administrator's token can act as any user.
func ExampleWithSudo() {
	server, client, _ := newExample()
	defer server.Close()
	admin := client.WithToken(server.PersonalToken("root", "api", "sudo"))
	in := gitlab.CreateIssue{Title: "It breaks"}
	if _, err := admin.Issues.Create(context.Background(), "team/app", in, gitlab.WithSudo("ada")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("made as", server.CallsTo(http.MethodPost, "/api/v4/*")[0].Header.Get("Sudo"))
	// Output: made as ada
}

// What is not in the body: status, request id, rate limit, headers.
func ExampleWithAnswer() {
	server, ada := signedIn()
	defer server.Close()
	var answer gitlab.Answer
	if _, err := ada.Users.Current(context.Background(), gitlab.WithAnswer(&answer)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.StatusCode, answer.Header.Get("Content-Type"))
	fmt.Println("request id:", answer.RequestID != "")
	fmt.Println("rate limit:", answer.RateLimit.Limit) // this instance has none
	// Output:
	// 200 application/json
	// request id: true
	// rate limit: 0
}

// A poller keeps the ETag, and learns cheaply that nothing has changed.
func ExampleWithIfNoneMatch() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	var answer gitlab.Answer
	if _, err := ada.Projects.Get(ctx, "team/app", gitlab.WithAnswer(&answer)); err != nil {
		log.Fatal(err)
	}
	_, err := ada.Projects.Get(ctx, "team/app", gitlab.WithIfNoneMatch(answer.ETag))
	fmt.Println(errors.Is(err, gitlab.ErrNotModified))
	// Output: true
}

// A change is sent again after a 502 only where the caller says that it does no
// harm.
func ExampleIdempotent() {
	server, ada := signedIn()
	defer server.Close()
	issue := server.AddIssue("team/app", "It breaks")
	server.Fault(gitlabtest.Fault{Method: http.MethodPut, Do: gitlabtest.Status(http.StatusBadGateway, "text/plain", "")})

	urgent := gitlab.UpdateIssue{AddLabels: []string{"urgent"}}
	changed, err := ada.Issues.Update(context.Background(), "team/app", issue.IID, urgent, gitlab.Idempotent())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(changed.Labels, len(server.CallsTo(http.MethodPut, "")), "calls")
	// Output: [urgent] 2 calls
}

// Form is for the few calls that want no JSON.
func ExampleForm() {
	server, ada := signedIn()
	defer server.Close()
	form := gitlab.Form{"title": {"From a form"}}
	var issue gitlab.Issue
	err := ada.Call(context.Background(), http.MethodPost, gitlab.PathTo("/projects/{project}/issues", "team/app"), form, &issue)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issue.Title)
	// Output: From a form
}

// An export that is imported as a project: a file, and fields beside it.
func ExampleUpload() {
	server, ada := signedIn()
	defer server.Close()
	server.Fault(gitlabtest.Fault{On: "/api/v4/projects/import", Do: gitlabtest.Status(http.StatusCreated, "application/json", `{"import_status": "scheduled"}`)})

	export := gitlab.Upload{
		Name:    "app.tar.gz",
		Content: strings.NewReader("\x1f\x8b…"), // or an *os.File
		Form:    url.Values{"path": {"app-2"}, "namespace": {"team"}},
	}
	var answer struct {
		Status string `json:"import_status"`
	}
	if err := ada.Call(context.Background(), http.MethodPost, gitlab.PathTo("/projects/import"), export, &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status)
	// Output: scheduled
}

// A package is sent as it is, whatever its size.
func ExampleStream() {
	server, ada := signedIn()
	defer server.Close()
	server.Fault(gitlabtest.Fault{On: "*/packages/generic/*", Do: gitlabtest.Status(http.StatusCreated, "application/json", `{"message": "201 Created"}`)})

	path := gitlab.PathTo("/projects/{project}/packages/generic/{name}/{version}/{file}", "team/app", "tool", "1.0.0", "tool.zip")
	archive := gitlab.Stream{ContentType: "application/zip", Content: strings.NewReader("PK…")} // or an *os.File
	if err := ada.Call(context.Background(), http.MethodPut, path, archive, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", server.CallsTo(http.MethodPut, "")[0].Body)
	// Output: PK…
}
