package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Discussion is notes on an issue or merge request that answer each other
// (https://docs.gitlab.com/api/discussions/).
type Discussion struct {
	ID             string `json:"id"`
	IndividualNote bool   `json:"individual_note"` // a comment that nobody replied to
	Notes          []Note `json:"notes"`
}

// PositionType is what a note on a diff is about.
type PositionType string

// The types of positions.
const (
	PositionText  PositionType = "text"  // a line, or several
	PositionImage PositionType = "image" // a point of an image
	PositionFile  PositionType = "file"  // all of a file
)

// Position is where in the diff of a merge request a note is. A line that was
// added has a NewLine alone, one that was removed has an OldLine alone, and one
// that was not changed has both.
type Position struct {
	BaseSHA      string       `json:"base_sha,omitzero"`      // required; the three SHAs are those of the diff's version
	StartSHA     string       `json:"start_sha,omitzero"`     // required
	HeadSHA      string       `json:"head_sha,omitzero"`      // required
	PositionType PositionType `json:"position_type,omitzero"` // required
	OldPath      string       `json:"old_path,omitzero"`      // required for text, as is NewPath
	NewPath      string       `json:"new_path,omitzero"`
	OldLine      int64        `json:"old_line,omitzero"`   // the first line is 1; 0: none
	NewLine      int64        `json:"new_line,omitzero"`   // the first line is 1; 0: none
	LineRange    LineRange    `json:"line_range,omitzero"` // of a note on several lines
	Width        int64        `json:"width,omitzero"`      // of an image
	Height       int64        `json:"height,omitzero"`
	X            float64      `json:"x,omitzero"` // from the left
	Y            float64      `json:"y,omitzero"` // from the top
}

// LineRange is several lines of a diff.
type LineRange struct {
	Start LinePosition `json:"start,omitzero"`
	End   LinePosition `json:"end,omitzero"`
}

// LinePosition is the first or the last line of a [LineRange].
type LinePosition struct {
	LineCode string `json:"line_code,omitzero"` // required: the SHA-1 of the path, the old and the new line, with _ between
	Type     string `json:"type,omitzero"`      // "new" for added lines, "old" for others
	OldLine  int64  `json:"old_line,omitzero"`
	NewLine  int64  `json:"new_line,omitzero"`
}

// CreateDiscussion is the first note of a discussion.
type CreateDiscussion struct {
	Body      string    `json:"body"`                // required
	CreatedAt time.Time `json:"created_at,omitzero"` // owners only; zero: now
	// Position is where in the diff of a merge request the note is; zero: nowhere.
	// With a CommitID, it is in the diff of that commit.
	Position Position `json:"position,omitzero"`
	CommitID string   `json:"commit_id,omitzero"`
}

// ReplyDiscussion is a further note of a discussion.
type ReplyDiscussion struct {
	Body      string    `json:"body"`                // required
	CreatedAt time.Time `json:"created_at,omitzero"` // owners only; zero: now
}

// DiscussionsService calls the discussions API of issues and merge requests. A
// discussion's id is a string.
type DiscussionsService service

var (
	targetDiscussions     = targets{issue: pathIssueDiscussions, mergeRequest: pathMergeRequestDiscussions}
	targetDiscussion      = targets{issue: pathIssueDiscussion, mergeRequest: pathMergeRequestDiscussion}
	targetDiscussionNotes = targets{issue: pathIssueDiscussionNotes, mergeRequest: pathMergeRequestDiscussionNotes}
	targetDiscussionNote  = targets{issue: pathIssueDiscussionNote, mergeRequest: pathMergeRequestDiscussionNote}
)

// List lists the discussions of an issue or merge request, oldest first.
// Comments that nobody replied to are discussions of one note.
func (s *DiscussionsService) List(ctx context.Context, on Target, opts ...RequestOption) iter.Seq2[Discussion, error] {
	return List[Discussion](ctx, s.client, on.path(targetDiscussions), opts...)
}

// Get returns a discussion.
func (s *DiscussionsService) Get(ctx context.Context, on Target, id string, opts ...RequestOption) (Discussion, error) {
	return Get[Discussion](ctx, s.client, on.path(targetDiscussion, id), opts...)
}

// Create starts a discussion. On a merge request it can be resolved.
func (s *DiscussionsService) Create(ctx context.Context, on Target, in CreateDiscussion, opts ...RequestOption) (Discussion, error) {
	var body any = in
	if in.Position.PositionType == PositionImage {
		body = onImage(in)
	}
	var out Discussion
	err := s.client.Call(ctx, http.MethodPost, on.path(targetDiscussions), body, &out, opts...)
	return out, err
}

// onImage is in with the X and Y of its position even at the edges, where they
// are zero.
func onImage(in CreateDiscussion) any {
	type position struct {
		Position

		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	return struct {
		CreateDiscussion

		Position position `json:"position"`
	}{in, position{in.Position, in.Position.X, in.Position.Y}}
}

// Reply adds a note to a discussion, which makes one of a single comment.
func (s *DiscussionsService) Reply(ctx context.Context, on Target, id string, in ReplyDiscussion, opts ...RequestOption) (Note, error) {
	var out Note
	err := s.client.Call(ctx, http.MethodPost, on.path(targetDiscussionNotes, id), in, &out, opts...)
	return out, err
}

// UpdateNote changes the body of a note of a discussion.
func (s *DiscussionsService) UpdateNote(ctx context.Context, on Target, id string, note int64, body string, opts ...RequestOption) (Note, error) {
	var out Note
	err := s.client.Call(ctx, http.MethodPut, on.path(targetDiscussionNote, id, note), noteBody{body}, &out, opts...)
	return out, err
}

// DeleteNote deletes a note of a discussion, and the discussion with its last.
func (s *DiscussionsService) DeleteNote(ctx context.Context, on Target, id string, note int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, on.path(targetDiscussionNote, id, note), nil, nil, opts...)
}

// Resolve marks a discussion of a merge request as resolved, or as not resolved.
// On an issue it is an error before any I/O.
func (s *DiscussionsService) Resolve(ctx context.Context, on Target, id string, resolved bool, opts ...RequestOption) (Discussion, error) {
	body := struct {
		Resolved bool `json:"resolved"`
	}{resolved}
	var out Discussion
	err := s.client.Call(ctx, http.MethodPut, on.path(targets{mergeRequest: pathMergeRequestDiscussion}, id), body, &out, opts...)
	return out, err
}
