package gitlab_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/freshgrant/gitlab"
)

func ExampleBranchesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin")
	branch, err := ada.Branches.Create(context.Background(), "team/app", gitlab.CreateBranch{Branch: "feature", Ref: "main"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(branch.Name, branch.Commit.Title)
	// Output: feature Begin
}

func ExampleTagsService_Create() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin")
	tag, err := ada.Tags.Create(context.Background(), "team/app", gitlab.CreateTag{TagName: "v1.0.0", Ref: "main", Message: "The first one"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tag.Name, tag.Message)
	// Output: v1.0.0 The first one
}

func ExampleReleasesService_Create() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin")
	release, err := ada.Releases.Create(context.Background(), "team/app", gitlab.CreateRelease{
		TagName:     "v1.0.0",
		Ref:         "main", // since there is no such tag
		Description: "It works.",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(release.Name, release.Commit.Title)
	// Output: v1.0.0 Begin
}

func ExampleCommitsService_List() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin", "README.md")
	server.AddCommit("team/app", "Say how to install it", "docs/install.md")
	for commit, err := range ada.Commits.List(context.Background(), "team/app", gitlab.ListCommits{Path: "docs"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(commit.AuthorName, commit.Title)
	}
	// Output: root Say how to install it
}

// Another system than GitLab CI tells what it thinks of a commit.
func ExampleCommitsService_SetStatus() {
	server, ada := signedIn()
	defer server.Close()
	commit := server.AddCommit("team/app", "Begin")
	status, err := ada.Commits.SetStatus(context.Background(), "team/app", commit.ID, gitlab.SetCommitStatus{
		State:       gitlab.JobSuccess,
		Name:        "licences",
		Description: "all of them are free",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Name, status.Status)
	// Output: licences success
}

// The content is bytes; how it travels is the library's business.
func ExampleFilesService_Update() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	server.AddFile("team/app", "main", "VERSION", "1\n")
	file, err := ada.Files.Get(ctx, "team/app", "VERSION", "main")
	if err != nil {
		log.Fatal(err)
	}
	_, err = ada.Files.Update(ctx, "team/app", "VERSION", gitlab.UpdateFile{
		Branch:        "main",
		CommitMessage: "Version 2",
		Content:       []byte("2\n"),
		LastCommitID:  file.LastCommitID, // an error if somebody was faster
	})
	if err != nil {
		log.Fatal(err)
	}
	file, err = ada.Files.Get(ctx, "team/app", "VERSION", "main")
	fmt.Printf("%q %v\n", file.Content, err)
	// Output: "2\n" <nil>
}

// A file as it is, read as it comes: it may be as large as it likes.
func ExampleFilesService_Raw() {
	server, ada := signedIn()
	defer server.Close()
	server.AddFile("team/app", "main", "docs/guide.md", "# Guide\n")
	content, err := ada.Files.Raw(context.Background(), "team/app", "docs/guide.md", gitlab.RawFile{Ref: "main"})
	if err != nil {
		log.Fatal(err)
	}
	defer content.Close()
	text, err := io.ReadAll(content) // or io.Copy to where it belongs
	fmt.Printf("%q %v\n", text, err)
	// Output: "# Guide\n" <nil>
}

func ExampleRepositoryService_Tree() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin", "README.md", "docs/guide.md")
	for entry, err := range ada.Repository.Tree(context.Background(), "team/app", gitlab.ListTree{Recursive: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(entry.Type, entry.Path)
	}
	// Output:
	// tree docs
	// blob README.md
	// blob docs/guide.md
}

func ExampleRepositoryService_Compare() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin")
	server.AddFile("team/app", "feature", "main.go", "package main\n")
	comparison, err := ada.Repository.Compare(context.Background(), "team/app", gitlab.CompareRefs{From: "main", To: "feature"})
	if err != nil {
		log.Fatal(err)
	}
	for _, diff := range comparison.Diffs {
		fmt.Print(diff.NewPath, "\n", diff.Diff)
	}
	// Output:
	// main.go
	// @@ -0,0 +1 @@
	// +package main
}

func ExampleMergeRequestsService_Create() {
	server, ada := signedIn()
	defer server.Close()
	server.AddCommit("team/app", "Begin")
	server.AddFile("team/app", "feature", "main.go", "package main\n")
	mr, err := ada.MergeRequests.Create(context.Background(), "team/app", gitlab.CreateMergeRequest{
		SourceBranch: "feature",
		TargetBranch: "main",
		Title:        "Draft: Add a feature",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mr.References.Short, mr.Title, mr.Draft)
	// Output: !1 Draft: Add a feature true
}

// With a SHA, what was reviewed is merged, or nothing.
func ExampleMergeRequestsService_Merge() {
	server, ada := signedIn()
	defer server.Close()
	ctx := context.Background()
	n := server.AddMergeRequest("team/app", "feature", "Add a feature").IID
	mr, err := ada.MergeRequests.Get(ctx, "team/app", n)
	if err != nil {
		log.Fatal(err)
	}
	mr, err = ada.MergeRequests.Merge(ctx, "team/app", n, gitlab.MergeMergeRequest{SHA: mr.SHA, RemoveSourceBranch: new(true)})
	if err != nil {
		log.Fatal(err) // ErrConflict: there are newer commits
	}
	fmt.Println(mr.State, mr.MergeUser.Username)
	// Output: merged ada
}

func ExampleMergeRequestsService_List() {
	server, ada := signedIn()
	defer server.Close()
	server.AddMergeRequest("team/app", "feature", "Add a feature")
	server.AddMergeRequest("team/site", "logo", "Draw a logo")
	open := gitlab.ListMergeRequests{State: gitlab.MergeRequestOpened, Sort: "asc"}
	for mr, err := range ada.MergeRequests.List(context.Background(), gitlab.InGroup("team"), open) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(mr.References.Full, mr.SourceBranch)
	}
	// Output:
	// team/app!1 feature
	// team/site!1 logo
}

func ExampleSearchService_Blobs() {
	server, ada := signedIn()
	defer server.Close()
	server.AddFile("team/app", "main", "main.go", "package main\n\nfunc main() {}\n")
	for found, err := range ada.Search.Blobs(context.Background(), gitlab.InProject("team/app"), gitlab.Search{Text: "func main"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(found.Path, "from line", found.Startline)
	}
	// Output: main.go from line 3
}
