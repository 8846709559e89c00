package gitlab

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// AwardEmoji is the reaction of a user to an issue, merge request or note
// (https://docs.gitlab.com/api/emoji_reactions/).
type AwardEmoji struct {
	ID            int64     `json:"id"`
	Name          string    `json:"name"` // such as "thumbsup"
	User          BasicUser `json:"user"`
	AwardableID   int64     `json:"awardable_id"`
	AwardableType string    `json:"awardable_type"` // "Issue", "MergeRequest" or "Note"
	URL           string    `json:"url"`            // of the image of a custom emoji
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// Awardable is what users react to: a [Target], or a note on one, made by
// [OnNote].
type Awardable interface {
	// emojis is the path of its reactions, or of the one with the id.
	emojis(id ...any) Path
}

func (t Target) emojis(id ...any) Path {
	of := targets{issue: pathIssueEmojis, mergeRequest: pathMergeRequestEmojis}
	if len(id) > 0 {
		of = targets{issue: pathIssueEmoji, mergeRequest: pathMergeRequestEmoji}
	}
	return t.path(of, id...)
}

type noteTarget struct {
	on   Target
	note int64
}

// OnNote is the note with the id on an issue or merge request.
func OnNote(on Target, note int64) Awardable { return noteTarget{on, note} }

func (t noteTarget) emojis(id ...any) Path {
	of := targets{issue: pathIssueNoteEmojis, mergeRequest: pathMergeRequestNoteEmojis}
	if len(id) > 0 {
		of = targets{issue: pathIssueNoteEmoji, mergeRequest: pathMergeRequestNoteEmoji}
	}
	return t.on.path(of, append([]any{t.note}, id...)...)
}

// AwardEmojiService calls the API of emoji reactions.
type AwardEmojiService service

// List lists the reactions to an issue, merge request or note.
func (s *AwardEmojiService) List(ctx context.Context, on Awardable, opts ...RequestOption) iter.Seq2[AwardEmoji, error] {
	return List[AwardEmoji](ctx, s.client, on.emojis(), opts...)
}

// Get returns a reaction.
func (s *AwardEmojiService) Get(ctx context.Context, on Awardable, id int64, opts ...RequestOption) (AwardEmoji, error) {
	return Get[AwardEmoji](ctx, s.client, on.emojis(id), opts...)
}

// Create reacts with the emoji of that name, without colons, such as "thumbsup".
// The same reaction twice is an [ErrNotFound].
func (s *AwardEmojiService) Create(ctx context.Context, on Awardable, name string, opts ...RequestOption) (AwardEmoji, error) {
	body := struct {
		Name string `json:"name"`
	}{name}
	var out AwardEmoji
	err := s.client.Call(ctx, http.MethodPost, on.emojis(), body, &out, opts...)
	return out, err
}

// Delete takes a reaction back.
func (s *AwardEmojiService) Delete(ctx context.Context, on Awardable, id int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, on.emojis(id), nil, nil, opts...)
}
