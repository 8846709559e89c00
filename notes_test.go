package gitlab_test

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	positionJSON = `{"base_sha":"b5d6e7b1","start_sha":"7c9c2ead","head_sha":"4803c71e","old_path":"package.json","new_path":"packages.json","position_type":"text","old_line":27,"new_line":28,` +
		`"line_range":{"start":{"line_code":"588440f66559714280628a4f9799f0c4eb880a4a_10_11","type":"old","old_line":10,"new_line":11},` +
		`"end":{"line_code":"588440f66559714280628a4f9799f0c4eb880a4a_12_13","type":"new","old_line":12,"new_line":13}},"width":640,"height":480,"x":12.5,"y":7}`
	noteJSON = `{"id":1128,"type":"DiffNote","body":"diff comment\r\n","attachment":"a.png","author":` + eileenJSON + `,"created_at":"2018-09-13T00:35:07Z","updated_at":"2018-09-13T00:35:08Z",` +
		`"system":true,"noteable_id":3,"noteable_type":"MergeRequest","project_id":5,"noteable_iid":11,"commit_id":"4803c71e6b1833ca72b8b26ef2ecd5adc8a38031","position":` + positionJSON + `,` +
		`"resolvable":true,"resolved":true,"resolved_by":` + rootJSON + `,"resolved_at":"2018-09-13T00:35:09Z","confidential":true,"internal":true,"imported":true,"imported_from":"github",` +
		`"commands_changes":{"add_label_ids":[9007199254740993],"state_event":"close"},"summary":["Closed this issue."]}`
)

var (
	fullPosition = gitlab.Position{
		BaseSHA: "b5d6e7b1", StartSHA: "7c9c2ead", HeadSHA: "4803c71e", PositionType: gitlab.PositionText, OldPath: "package.json", NewPath: "packages.json", OldLine: 27, NewLine: 28,
		LineRange: gitlab.LineRange{
			Start: gitlab.LinePosition{LineCode: "588440f66559714280628a4f9799f0c4eb880a4a_10_11", Type: "old", OldLine: 10, NewLine: 11},
			End:   gitlab.LinePosition{LineCode: "588440f66559714280628a4f9799f0c4eb880a4a_12_13", Type: "new", OldLine: 12, NewLine: 13},
		},
		Width: 640, Height: 480, X: 12.5, Y: 7,
	}
	fullNote = gitlab.Note{
		ID: 1128, Type: "DiffNote", Body: "diff comment\r\n", Attachment: "a.png", Author: eileen, System: true, Internal: true, Imported: true, ImportedFrom: "github",
		NoteableID: 3, NoteableIID: 11, NoteableType: "MergeRequest", ProjectID: 5, CommitID: "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031", Position: fullPosition,
		Resolvable: true, Resolved: true, ResolvedBy: root, ResolvedAt: at.Add(2 * time.Second), CreatedAt: at, UpdatedAt: at.Add(time.Second),
		CommandsChanges: map[string]json.RawMessage{"add_label_ids": json.RawMessage(`[9007199254740993]`), "state_event": json.RawMessage(`"close"`)},
		Summary:         []string{"Closed this issue."},
	}
)

// noteTargets are the kinds of targets, with their paths.
var noteTargets = []struct {
	name, path string
	on         gitlab.Target
}{
	{"issue", "/projects/group%2Fapp.io/issues/11", gitlab.OnIssue("group/app.io", 11)},
	{"merge request", "/projects/group%2Fapp.io/merge_requests/11", gitlab.OnMergeRequest("group/app.io", 11)},
}

func TestNotesAreComparedInEveryField(t *testing.T) {
	t.Parallel()
	for _, v := range []any{fullNote, fullDiscussion, fullAwardEmoji} {
		assertFilled(t, reflect.TypeOf(v).Name(), reflect.ValueOf(v))
	}
}

func TestNotesAPI(t *testing.T) {
	t.Parallel()
	for _, target := range noteTargets {
		list := func(in gitlab.ListNotes) func(context.Context, *gitlab.Client) (any, error) {
			return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Note, error] {
				return c.Notes.List(ctx, target.on, in)
			})
		}
		create := func(in gitlab.CreateNote) func(context.Context, *gitlab.Client) (any, error) {
			return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Note, error) {
				return c.Notes.Create(ctx, target.on, in)
			})
		}
		path := target.path + "/notes"
		runTyped(t, []typedCall{{
			name: target.name + ": all", method: http.MethodGet, path: path + "?per_page=100", status: 200, answer: "[" + noteJSON + "]", want: []gitlab.Note{fullNote},
			make: list(gitlab.ListNotes{}),
		}, {
			name: target.name + ": some", method: http.MethodGet, path: path + "?activity_filter=only_comments&order_by=updated_at&per_page=100&sort=asc",
			status: 200, answer: "[" + noteJSON + "]", want: []gitlab.Note{fullNote},
			make: list(gitlab.ListNotes{OrderBy: "updated_at", Sort: "asc", ActivityFilter: "only_comments"}),
		}, {
			name: target.name + ": get", method: http.MethodGet, path: path + "/1128", status: 200, answer: noteJSON, want: fullNote,
			make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Note, error) {
				return c.Notes.Get(ctx, target.on, 1128)
			}),
		}, {
			name: target.name + ": create the least", method: http.MethodPost, path: path, body: `{"body":""}`, status: 201, answer: noteJSON, want: fullNote,
			make: create(gitlab.CreateNote{}),
		}, {
			name: target.name + ": create the most", method: http.MethodPost, path: path,
			body:   `{"body":"It \u003cis\u003e","internal":true,"created_at":"2018-09-13T00:35:07Z","merge_request_diff_head_sha":"4803c71e"}`,
			status: 201, answer: noteJSON, want: fullNote,
			make: create(gitlab.CreateNote{Body: "It <is>", Internal: true, CreatedAt: at, MergeRequestDiffHeadSHA: "4803c71e"}),
		}, {
			name: target.name + ": update", method: http.MethodPut, path: path + "/1128", body: `{"body":"better"}`, status: 200, answer: noteJSON, want: fullNote,
			make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Note, error) {
				return c.Notes.Update(ctx, target.on, 1128, "better")
			}),
		}, {
			name: target.name + ": delete", method: http.MethodDelete, path: path + "/1128", status: 204, want: nil,
			make: func(ctx context.Context, c *gitlab.Client) (any, error) {
				return nil, c.Notes.Delete(ctx, target.on, 1128)
			},
		}})
	}
}

func TestQuickActionsAloneMakeNoNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusAccepted, `{"commands_changes":{"state_event":"close"},"summary":["Closed this issue."]}`))
	note, err := w.client.Notes.Create(t.Context(), gitlab.OnIssue("group/app.io", 11), gitlab.CreateNote{Body: "/close"})
	require.NoError(t, err)
	assert.Equal(t, gitlab.Note{
		CommandsChanges: map[string]json.RawMessage{"state_event": json.RawMessage(`"close"`)}, Summary: []string{"Closed this issue."},
	}, note)
}

func TestNotesNeedATarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.client.WithToken("glpat-1")
	ctx := t.Context()
	last := func(_ any, err error) error { return err }
	for says, on := range map[string]gitlab.Target{
		"gitlab: no target":           {},
		"element 1: is empty":         gitlab.OnIssue("", 11),
		"would name another resource": gitlab.OnMergeRequest("..", 11),
	} {
		for _, err := range []error{
			first(c.Notes.List(ctx, on, gitlab.ListNotes{})),
			last(c.Notes.Get(ctx, on, 1)),
			last(c.Notes.Create(ctx, on, gitlab.CreateNote{})),
			last(c.Notes.Update(ctx, on, 1, "x")),
			c.Notes.Delete(ctx, on, 1),
			first(c.Discussions.List(ctx, on)),
			last(c.Discussions.Get(ctx, on, "6a9c17")),
			last(c.Discussions.Create(ctx, on, gitlab.CreateDiscussion{})),
			last(c.Discussions.Reply(ctx, on, "6a9c17", gitlab.ReplyDiscussion{})),
			last(c.Discussions.UpdateNote(ctx, on, "6a9c17", 1, "x")),
			c.Discussions.DeleteNote(ctx, on, "6a9c17", 1),
			first(c.AwardEmoji.List(ctx, on)),
			last(c.AwardEmoji.Get(ctx, on, 1)),
			last(c.AwardEmoji.Create(ctx, gitlab.OnNote(on, 302), "tada")),
			c.AwardEmoji.Delete(ctx, gitlab.OnNote(on, 302), 1),
		} {
			require.ErrorContains(t, err, says)
		}
	}
	require.ErrorContains(t, last(c.Discussions.Resolve(ctx, gitlab.Target{}, "6a9c17", true)), "gitlab: no target")
	require.ErrorContains(t, last(c.Discussions.Resolve(ctx, gitlab.OnIssue("group/app.io", 11), "6a9c17", true)),
		`OnIssue("group/app.io", 11): GitLab has nothing of this kind there`)
	for _, id := range []string{"", ".", ".."} {
		on := gitlab.OnMergeRequest("group/app.io", 11)
		require.ErrorContains(t, last(c.Discussions.Get(ctx, on, id)), "element 3")
		require.ErrorContains(t, last(c.Discussions.Resolve(ctx, on, id, false)), "element 3")
		require.ErrorContains(t, c.Discussions.DeleteNote(ctx, on, id, 1), "element 3")
	}
	assert.Empty(t, w.sent())
}
