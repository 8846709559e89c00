package webhook

import (
	"github.com/freshgrant/gitlab"
)

// NoteEvent tells of a comment. ObjectAttributes.NoteableType says what it is
// on, and so which of Commit, MergeRequest, Issue and Snippet is there; the
// others are zero.
type NoteEvent struct {
	Delivery         Delivery     `json:"-"`
	ObjectKind       string       `json:"object_kind"` // "note"
	EventType        string       `json:"event_type"`  // "note" or "confidential_note"
	User             User         `json:"user"`
	ProjectID        int64        `json:"project_id"`
	Project          Project      `json:"project"`
	ObjectAttributes Note         `json:"object_attributes"`
	Commit           Commit       `json:"commit"`
	MergeRequest     MergeRequest `json:"merge_request"`
	Issue            Issue        `json:"issue"`
	Snippet          Snippet      `json:"snippet"`
	Repository       Repository   `json:"repository"`
}

// NoteableType is what a comment is on. GitLab may have others than those named
// here.
type NoteableType string

// What comments are on.
const (
	NoteOnCommit       NoteableType = "Commit"
	NoteOnMergeRequest NoteableType = "MergeRequest"
	NoteOnIssue        NoteableType = "Issue"
	NoteOnSnippet      NoteableType = "Snippet"
)

// Note is a comment.
type Note struct {
	ID               int64           `json:"id"`
	Type             string          `json:"type"` // "DiffNote", "DiscussionNote" or ""
	Note             string          `json:"note"`
	Description      string          `json:"description"` // the same with absolute URLs of images
	Action           string          `json:"action"`      // "create" or "update"
	NoteableType     NoteableType    `json:"noteable_type"`
	NoteableID       int64           `json:"noteable_id"` // 0: on a commit
	DiscussionID     string          `json:"discussion_id"`
	AuthorID         int64           `json:"author_id"`
	ProjectID        int64           `json:"project_id"`
	Internal         bool            `json:"internal"`
	System           bool            `json:"system"`
	Attachment       string          `json:"attachment"`
	LineCode         string          `json:"line_code"`
	CommitID         string          `json:"commit_id"`
	Position         gitlab.Position `json:"position"`
	OriginalPosition gitlab.Position `json:"original_position"`
	ChangePosition   gitlab.Position `json:"change_position"`
	StDiff           Diff            `json:"st_diff"`
	ResolvedAt       Time            `json:"resolved_at"`
	ResolvedByID     int64           `json:"resolved_by_id"`
	ResolvedByPush   bool            `json:"resolved_by_push"`
	URL              string          `json:"url"`
	CreatedAt        Time            `json:"created_at"`
	UpdatedAt        Time            `json:"updated_at"`
	UpdatedByID      int64           `json:"updated_by_id"`
}

// Diff is the diff that a comment on a commit is on.
type Diff struct {
	Diff        string `json:"diff"`
	NewPath     string `json:"new_path"`
	OldPath     string `json:"old_path"`
	AMode       string `json:"a_mode"`
	BMode       string `json:"b_mode"`
	NewFile     bool   `json:"new_file"`
	RenamedFile bool   `json:"renamed_file"`
	DeletedFile bool   `json:"deleted_file"`
}

// Snippet is a snippet that a comment is on.
type Snippet struct {
	ID              int64  `json:"id"`
	Title           string `json:"title"`
	Description     string `json:"description"`
	Content         string `json:"content"`
	AuthorID        int64  `json:"author_id"`
	ProjectID       int64  `json:"project_id"`
	FileName        string `json:"file_name"`
	Type            string `json:"type"` // "ProjectSnippet"
	VisibilityLevel int    `json:"visibility_level"`
	URL             string `json:"url"`
	CreatedAt       Time   `json:"created_at"`
	UpdatedAt       Time   `json:"updated_at"`
}

func (e *NoteEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "note" }
