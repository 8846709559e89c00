package gitlab

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Note is a comment on an issue or merge request, or what GitLab noted of a
// change of it (https://docs.gitlab.com/api/notes/).
type Note struct {
	ID           int64     `json:"id"`   // 0: no note, see Summary
	Type         string    `json:"type"` // "DiscussionNote"; "DiffNote" on a line of a diff; "": a comment that nobody replied to
	Body         string    `json:"body"`
	Attachment   string    `json:"attachment"`
	Author       BasicUser `json:"author"`
	System       bool      `json:"system"`   // written by GitLab
	Internal     bool      `json:"internal"` // for members of the project only
	Imported     bool      `json:"imported"`
	ImportedFrom string    `json:"imported_from"` // such as "github"; "none"
	NoteableID   int64     `json:"noteable_id"`
	NoteableIID  int64     `json:"noteable_iid"`
	NoteableType string    `json:"noteable_type"` // "Issue" or "MergeRequest"
	ProjectID    int64     `json:"project_id"`
	CommitID     string    `json:"commit_id"` // of a note on the diff of one commit
	Position     Position  `json:"position"`  // of a DiffNote
	Resolvable   bool      `json:"resolvable"`
	Resolved     bool      `json:"resolved"`
	ResolvedBy   BasicUser `json:"resolved_by"`
	ResolvedAt   time.Time `json:"resolved_at"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`

	// CommandsChanges are what quick actions in the body changed, by the names
	// of the fields.
	CommandsChanges map[string]json.RawMessage `json:"commands_changes"`
	// Summary is what quick actions did, if the body was nothing else: GitLab
	// makes no note of it then, and all other fields but CommandsChanges are zero.
	Summary []string `json:"summary"`
}

// ListNotes selects notes; zero fields do not.
type ListNotes struct {
	OrderBy        string // "created_at" or "updated_at"; "": by creation
	Sort           string // "asc" or "desc"; "": descending
	ActivityFilter string // "all_notes", "only_comments" or "only_activity"; "": all
}

// CreateNote is a new note.
type CreateNote struct {
	Body      string    `json:"body"` // required
	Internal  bool      `json:"internal,omitzero"`
	CreatedAt time.Time `json:"created_at,omitzero"` // owners only; zero: now
	// MergeRequestDiffHeadSHA is the last commit of the merge request, which the
	// quick action /merge needs.
	MergeRequestDiffHeadSHA string `json:"merge_request_diff_head_sha,omitzero"`
}

// NotesService calls the notes API of issues and merge requests.
type NotesService service

var (
	targetNotes = targets{issue: pathIssueNotes, mergeRequest: pathMergeRequestNotes}
	targetNote  = targets{issue: pathIssueNote, mergeRequest: pathMergeRequestNote}
)

// List lists the notes on an issue or merge request, those of discussions too.
func (s *NotesService) List(ctx context.Context, on Target, in ListNotes, opts ...RequestOption) iter.Seq2[Note, error] {
	q := make(query)
	q.set("order_by", in.OrderBy)
	q.set("sort", in.Sort)
	q.set("activity_filter", in.ActivityFilter)
	return List[Note](ctx, s.client, on.path(targetNotes).With(q.values()), opts...)
}

// Get returns a note.
func (s *NotesService) Get(ctx context.Context, on Target, id int64, opts ...RequestOption) (Note, error) {
	return Get[Note](ctx, s.client, on.path(targetNote, id), opts...)
}

// Create comments on an issue or merge request; see [DiscussionsService] for
// comments that can be resolved. Of a body that has only quick actions comes a
// [Note.Summary] instead.
func (s *NotesService) Create(ctx context.Context, on Target, in CreateNote, opts ...RequestOption) (Note, error) {
	var out Note
	err := s.client.Call(ctx, http.MethodPost, on.path(targetNotes), in, &out, opts...)
	return out, err
}

// Update changes the body of a note.
func (s *NotesService) Update(ctx context.Context, on Target, id int64, body string, opts ...RequestOption) (Note, error) {
	var out Note
	err := s.client.Call(ctx, http.MethodPut, on.path(targetNote, id), noteBody{body}, &out, opts...)
	return out, err
}

// Delete deletes a note.
func (s *NotesService) Delete(ctx context.Context, on Target, id int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, on.path(targetNote, id), nil, nil, opts...)
}

type noteBody struct {
	Body string `json:"body"`
}
