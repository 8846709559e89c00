package gitlab_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/freshgrant/gitlab"
)

func ExampleIssuesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	issue, err := ada.Issues.Create(context.Background(), "team/app", gitlab.CreateIssue{
		Title:   "It breaks",
		Labels:  []string{"bug"},
		DueDate: gitlab.Date{Year: 2030, Month: time.January, Day: 31},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issue.IID, issue.Title, issue.Labels, issue.DueDate)
	// Output: 1 It breaks [bug] 2030-01-31
}

func ExampleIssuesService_List() {
	server, ada := signedIn()
	defer server.Close()
	server.AddIssue("team/app", "It breaks")
	server.CloseIssue(server.AddIssue("team/app", "It does not start").ID)
	open := gitlab.ListIssues{State: gitlab.IssueOpened}
	for issue, err := range ada.Issues.List(context.Background(), gitlab.InProject("team/app"), open) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(issue.Title)
	}
	// Output: It breaks
}

// Pointers tell what is to change from what stays as it is; new makes them.
func ExampleIssuesService_Update() {
	server, ada := signedIn()
	defer server.Close()
	n := server.AddIssue("team/app", "It breaks").IID
	issue, err := ada.Issues.Update(context.Background(), "team/app", n, gitlab.UpdateIssue{
		Title:     new("It breaks on Mondays"),
		AddLabels: []string{"bug"},
		DueDate:   new(gitlab.Date{}), // none
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issue.Title, issue.Labels)
	// Output: It breaks on Mondays [bug]
}

func ExampleIssuesService_Link() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	cause, effect := server.AddIssue("team/app", "The disk is full").IID, server.AddIssue("team/app", "It breaks").IID
	link := gitlab.LinkIssue{TargetProject: "team/app", TargetIID: cause, LinkType: gitlab.LinkRelatesTo}
	if _, err := ada.Issues.Link(ctx, "team/app", effect, link); err != nil {
		log.Fatal(err)
	}
	for linked, err := range ada.Issues.Links(ctx, "team/app", effect) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(linked.LinkType, linked.Title)
	}
	// Output: relates_to The disk is full
}

func ExampleNotesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	n := server.AddMergeRequest("team/app", "feature", "Add a feature").IID
	if _, err := ada.Notes.Create(ctx, gitlab.OnMergeRequest("team/app", n), gitlab.CreateNote{Body: "Well done!"}); err != nil {
		log.Fatal(err)
	}
	for note, err := range ada.Notes.List(ctx, gitlab.OnMergeRequest("team/app", n), gitlab.ListNotes{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(note.Author.Username+":", note.Body)
	}
	// Output: ada: Well done!
}

// A review: a comment on a line of a merge request, which somebody resolves.
func ExampleDiscussionsService_Create() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	server.AddCommit("team/app", "Begin")
	server.AddFile("team/app", "feature", "main.go", "package main\n")
	n := server.AddMergeRequest("team/app", "feature", "Add a feature").IID
	mr, err := ada.MergeRequests.Get(ctx, "team/app", n)
	if err != nil {
		log.Fatal(err)
	}
	on := gitlab.OnMergeRequest("team/app", n)
	discussion, err := ada.Discussions.Create(ctx, on, gitlab.CreateDiscussion{
		Body: "Say what the package is for.",
		Position: gitlab.Position{
			BaseSHA: mr.DiffRefs.BaseSHA, StartSHA: mr.DiffRefs.StartSHA, HeadSHA: mr.DiffRefs.HeadSHA,
			PositionType: gitlab.PositionText, OldPath: "main.go", NewPath: "main.go",
			NewLine: 1, // a line that was added
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := ada.Discussions.Reply(ctx, on, discussion.ID, gitlab.ReplyDiscussion{Body: "Done."}); err != nil {
		log.Fatal(err)
	}
	discussion, err = ada.Discussions.Resolve(ctx, on, discussion.ID, true)
	if err != nil {
		log.Fatal(err)
	}
	for _, note := range discussion.Notes {
		fmt.Println(note.Body, note.Resolved)
	}
	// Output:
	// Say what the package is for. true
	// Done. true
}

func ExampleAwardEmojiService_Create() {
	server, ada := signedIn()
	defer server.Close()
	n := server.AddIssue("team/app", "It breaks").IID
	reaction, err := ada.AwardEmoji.Create(context.Background(), gitlab.OnIssue("team/app", n), "eyes")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reaction.User.Username, reaction.Name)
	// Output: ada eyes
}

// Issues, merge requests and the notes on them have reactions.
func ExampleOnNote() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	issue := gitlab.OnIssue("team/app", server.AddIssue("team/app", "It breaks").IID)
	note, err := ada.Notes.Create(ctx, issue, gitlab.CreateNote{Body: "I am looking into it."})
	if err != nil {
		log.Fatal(err)
	}
	reaction, err := ada.AwardEmoji.Create(ctx, gitlab.OnNote(issue, note.ID), "thumbsup")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reaction.Name, "on a", reaction.AwardableType)
	// Output: thumbsup on a Note
}

// Labels, milestones, members, hooks and lists are those of a project or of a
// group; a project has the labels of its groups too.
func ExampleInGroup() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	if _, err := ada.Labels.Create(ctx, gitlab.InGroup("team"), gitlab.CreateLabel{Name: "bug", Color: "#d9534f"}); err != nil {
		log.Fatal(err)
	}
	for label, err := range ada.Labels.List(ctx, gitlab.InProject("team/app"), gitlab.ListLabels{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(label.Name, label.Color)
	}
	// Output: bug #d9534f
}

// Whatever the user may see.
func ExampleEverywhere() {
	server, ada := signedIn()
	defer server.Close()
	server.AddIssue("team/app", "It breaks")
	server.AddIssue("team/site", "It is slow")
	for issue, err := range ada.Issues.List(context.Background(), gitlab.Everywhere(), gitlab.ListIssues{Sort: "asc"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(issue.References.Full, issue.Title)
	}
	// Output:
	// team/app#1 It breaks
	// team/site#1 It is slow
}

func ExampleLabelsService_Update() {
	server, ada := signedIn()
	defer server.Close()
	server.AddLabel("team/app", "bug")
	project := gitlab.InProject("team/app")
	label, err := ada.Labels.Update(context.Background(), project, "bug", gitlab.UpdateLabel{NewName: "defect"})
	fmt.Println(label.Name, err)
	// Output: defect <nil>
}

func ExampleMilestonesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	milestone, err := ada.Milestones.Create(context.Background(), gitlab.InProject("team/app"), gitlab.CreateMilestone{
		Title:   "v1.0",
		DueDate: gitlab.DateOf(time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(milestone.Title, "is due on", milestone.DueDate)
	// Output: v1.0 is due on 2030-06-01
}

// A Date is a day of the calendar; whoever needs a moment says where.
func ExampleDateOf() {
	due := gitlab.DateOf(time.Date(2030, time.January, 31, 23, 30, 0, 0, time.UTC))
	fmt.Println(due)
	fmt.Println(due.In(time.UTC).AddDate(0, 0, 7).Format(time.DateOnly))
	fmt.Println(due == gitlab.Date{Year: 2030, Month: time.January, Day: 31}, gitlab.Date{}.IsZero())
	// Output:
	// 2030-01-31
	// 2030-02-07
	// true true
}
