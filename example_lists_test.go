package gitlab_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"github.com/freshgrant/gitlab"
)

// Get reaches what no typed call does.
func ExampleGet() {
	server, ada := signedIn()
	defer server.Close()
	type languages map[string]float64
	server.SetLanguages("team/app", map[string]float64{"Go": 97.5, "Shell": 2.5})
	percent, err := gitlab.Get[languages](context.Background(), ada, gitlab.PathTo("/projects/{project}/languages", "team/app"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(percent)
	// Output: map[Go:97.5 Shell:2.5]
}

// A type that embeds one of the library's has the fields of both: those that
// the library does not name, and those of a newer GitLab.
func ExampleGet_moreFields() {
	server, ada := signedIn()
	defer server.Close()
	type project struct {
		gitlab.Project

		EmptyRepo *bool `json:"empty_repo"`
	}
	p, err := gitlab.Get[project](context.Background(), ada, gitlab.PathTo("/projects/{project}", "team/app"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.PathWithNamespace, *p.EmptyRepo)
	// Output: team/app true
}

// With adds a query, for what no field of an input says.
func ExamplePath_With() {
	server, ada := signedIn()
	defer server.Close()
	server.AddIssue("team/app", "It breaks")
	urgent := gitlab.PathTo("/projects/{project}/issues", "team/app").With(url.Values{"state": {"opened"}, "labels": {"urgent"}})
	for issue, err := range gitlab.List[gitlab.Issue](context.Background(), ada, urgent) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(issue.Title)
	}
	fmt.Println(server.CallsTo(http.MethodGet, "*/issues")[0].Query.Get("labels"))
	// Output: urgent
}

// Pages are fetched ahead, and their items come in order all the same.
func ExampleParallel() {
	server, ada := signedIn()
	defer server.Close()
	for n := range 10 {
		server.AddIssue("team/app", fmt.Sprintf("Issue %d", n+1))
	}
	oldestFirst := gitlab.ListIssues{Sort: "asc"}
	for issue, err := range ada.Issues.List(context.Background(), gitlab.InProject("team/app"), oldestFirst,
		gitlab.Parallel(4), gitlab.WithPageSize(3)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(issue.IID, " ")
	}
	fmt.Println()
	// Output: 1 2 3 4 5 6 7 8 9 10
}

// Who wants a few items only asks for small pages.
func ExampleWithPageSize() {
	server, ada := signedIn()
	defer server.Close()
	for n := range 10 {
		server.AddIssue("team/app", fmt.Sprintf("Issue %d", n+1))
	}
	for issue, err := range ada.Issues.List(context.Background(), gitlab.InProject("team/app"), gitlab.ListIssues{}, gitlab.WithPageSize(1)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(issue.Title)
		break // fetches no more
	}
	fmt.Println(server.CallsTo(http.MethodGet, "/api/v4/projects/*")[0].Query.Get("per_page"))
	// Output:
	// Issue 10
	// 1
}

// A program that stops in the middle of a list goes on there the next time.
func ExampleWithCursor() {
	server, ada := signedIn()
	defer server.Close()
	for n := range 5 {
		server.AddIssue("team/app", fmt.Sprintf("Issue %d", n+1))
	}
	run := func(cursor string, most int) string {
		var answer gitlab.Answer
		for issue, err := range ada.Issues.List(context.Background(), gitlab.InProject("team/app"), gitlab.ListIssues{Sort: "asc"},
			gitlab.WithCursor(cursor), gitlab.WithAnswer(&answer)) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(issue.Title)
			if most--; most == 0 {
				break
			}
		}
		return answer.Cursor() // to be stored
	}
	cursor := run("", 2)
	fmt.Println("a day later:")
	fmt.Printf("%q\n", run(cursor, 100))
	// Output:
	// Issue 1
	// Issue 2
	// a day later:
	// Issue 3
	// Issue 4
	// Issue 5
	// ""
}

// A progress bar needs to know how much there is.
func ExampleAnswer() {
	server, ada := signedIn()
	defer server.Close()
	for n := range 3 {
		server.AddIssue("team/app", fmt.Sprintf("Issue %d", n+1))
	}
	var answer gitlab.Answer
	done := 0
	for _, err := range ada.Issues.List(context.Background(), gitlab.InProject("team/app"), gitlab.ListIssues{Sort: "asc"}, gitlab.WithAnswer(&answer)) {
		if err != nil {
			log.Fatal(err)
		}
		done++
		fmt.Println(done, "of", answer.Total)
	}
	// Output:
	// 1 of 3
	// 2 of 3
	// 3 of 3
}
