package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"

	"github.com/freshgrant/gitlab"
)

const discussionJSON = `{"id":"6a9c1750b37d513a43987b574953fceb50b03ce7","individual_note":true,"notes":[` + noteJSON + `,` + noteJSON + `]}`

var fullDiscussion = gitlab.Discussion{ID: "6a9c1750b37d513a43987b574953fceb50b03ce7", IndividualNote: true, Notes: []gitlab.Note{fullNote, fullNote}}

func TestDiscussionsAPI(t *testing.T) {
	t.Parallel()
	for _, target := range noteTargets {
		create := func(in gitlab.CreateDiscussion) func(context.Context, *gitlab.Client) (any, error) {
			return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Discussion, error) {
				return c.Discussions.Create(ctx, target.on, in)
			})
		}
		reply := func(in gitlab.ReplyDiscussion) func(context.Context, *gitlab.Client) (any, error) {
			return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Note, error) {
				return c.Discussions.Reply(ctx, target.on, "6a9c17", in)
			})
		}
		path := target.path + "/discussions"
		runTyped(t, []typedCall{{
			name: target.name + ": list", method: http.MethodGet, path: path + "?per_page=100", status: 200,
			answer: "[" + discussionJSON + "]", want: []gitlab.Discussion{fullDiscussion},
			make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.Discussion, error] {
				return c.Discussions.List(ctx, target.on)
			}),
		}, {
			name: target.name + ": get", method: http.MethodGet, path: path + "/6a9c17", status: 200, answer: discussionJSON, want: fullDiscussion,
			make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Discussion, error) {
				return c.Discussions.Get(ctx, target.on, "6a9c17")
			}),
		}, {
			name: target.name + ": create the least", method: http.MethodPost, path: path, body: `{"body":""}`, status: 201, answer: discussionJSON, want: fullDiscussion,
			make: create(gitlab.CreateDiscussion{}),
		}, {
			name: target.name + ": reply the least", method: http.MethodPost, path: path + "/6a9c17/notes", body: `{"body":""}`, status: 201, answer: noteJSON, want: fullNote,
			make: reply(gitlab.ReplyDiscussion{}),
		}, {
			name: target.name + ": reply the most", method: http.MethodPost, path: path + "/6a9c17/notes", body: `{"body":"So it is","created_at":"2018-09-13T00:35:07Z"}`,
			status: 201, answer: noteJSON, want: fullNote, make: reply(gitlab.ReplyDiscussion{Body: "So it is", CreatedAt: at}),
		}, {
			name: target.name + ": update a note", method: http.MethodPut, path: path + "/6a9c17/notes/1128", body: `{"body":"better"}`, status: 200, answer: noteJSON, want: fullNote,
			make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Note, error) {
				return c.Discussions.UpdateNote(ctx, target.on, "6a9c17", 1128, "better")
			}),
		}, {
			name: target.name + ": delete a note", method: http.MethodDelete, path: path + "/6a9c17/notes/1128", status: 204, want: nil,
			make: func(ctx context.Context, c *gitlab.Client) (any, error) {
				return nil, c.Discussions.DeleteNote(ctx, target.on, "6a9c17", 1128)
			},
		}})
	}
}

func TestDiscussionsOfMergeRequestsAPI(t *testing.T) {
	t.Parallel()
	const path = "/projects/group%2Fapp.io/merge_requests/11/discussions"
	on := gitlab.OnMergeRequest("group/app.io", 11)
	create := func(in gitlab.CreateDiscussion) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Discussion, error) {
			return c.Discussions.Create(ctx, on, in)
		})
	}
	resolve := func(resolved bool) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.Discussion, error) {
			return c.Discussions.Resolve(ctx, on, "6a9c17", resolved)
		})
	}
	runTyped(t, []typedCall{{
		name: "create the most", method: http.MethodPost, path: path,
		body: `{"body":"Why?","created_at":"2018-09-13T00:35:07Z","position":{"base_sha":"b5d6e7b1","start_sha":"7c9c2ead","head_sha":"4803c71e","position_type":"text",` +
			`"old_path":"package.json","new_path":"packages.json","old_line":27,"new_line":28,` +
			`"line_range":{"start":{"line_code":"588440f66559714280628a4f9799f0c4eb880a4a_10_11","type":"old","old_line":10,"new_line":11},` +
			`"end":{"line_code":"588440f66559714280628a4f9799f0c4eb880a4a_12_13","type":"new","old_line":12,"new_line":13}},"width":640,"height":480,"x":12.5,"y":7},"commit_id":"4803c71e"}`,
		status: 201, answer: discussionJSON, want: fullDiscussion,
		make: create(gitlab.CreateDiscussion{Body: "Why?", CreatedAt: at, Position: fullPosition, CommitID: "4803c71e"}),
	}, {
		name: "create on an added line", method: http.MethodPost, path: path,
		body: `{"body":"Why?","position":{"base_sha":"b5d6e7b1","start_sha":"7c9c2ead","head_sha":"4803c71e","position_type":"text",` +
			`"old_path":"package.json","new_path":"package.json","new_line":28}}`,
		status: 201, answer: discussionJSON, want: fullDiscussion,
		make: create(gitlab.CreateDiscussion{Body: "Why?", Position: gitlab.Position{
			BaseSHA: "b5d6e7b1", StartSHA: "7c9c2ead", HeadSHA: "4803c71e", PositionType: gitlab.PositionText, OldPath: "package.json", NewPath: "package.json", NewLine: 28,
		}}),
	}, {
		name: "create on the corner of an image", method: http.MethodPost, path: path,
		body: `{"body":"Cut off","commit_id":"4803c71e","position":{"base_sha":"b5d6e7b1","start_sha":"7c9c2ead","head_sha":"4803c71e","position_type":"image",` +
			`"old_path":"a.png","new_path":"a.png","width":640,"height":480,"x":0,"y":0}}`,
		status: 201, answer: discussionJSON, want: fullDiscussion,
		make: create(gitlab.CreateDiscussion{Body: "Cut off", CommitID: "4803c71e", Position: gitlab.Position{
			BaseSHA: "b5d6e7b1", StartSHA: "7c9c2ead", HeadSHA: "4803c71e", PositionType: gitlab.PositionImage, OldPath: "a.png", NewPath: "a.png", Width: 640, Height: 480,
		}}),
	}, {
		name: "resolve", method: http.MethodPut, path: path + "/6a9c17", body: `{"resolved":true}`, status: 200, answer: discussionJSON, want: fullDiscussion, make: resolve(true),
	}, {
		name: "unresolve", method: http.MethodPut, path: path + "/6a9c17", body: `{"resolved":false}`, status: 200, answer: discussionJSON, want: fullDiscussion, make: resolve(false),
	}})
}
