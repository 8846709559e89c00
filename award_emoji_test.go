package gitlab_test

import (
	"context"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/freshgrant/gitlab"
)

const awardEmojiJSON = `{"id":344,"name":"blowfish","user":` + eileenJSON + `,"created_at":"2018-09-13T00:35:07Z","updated_at":"2018-09-13T00:35:08Z","awardable_id":80,"awardable_type":"Issue","url":"https://g/blowfish.gif"}`

var fullAwardEmoji = gitlab.AwardEmoji{
	ID: 344, Name: "blowfish", User: eileen, AwardableID: 80, AwardableType: "Issue", URL: "https://g/blowfish.gif", CreatedAt: at, UpdatedAt: at.Add(time.Second),
}

func TestAwardEmojiAPI(t *testing.T) {
	t.Parallel()
	type awardable struct {
		name, path string
		on         gitlab.Awardable
	}
	var awardables []awardable
	for _, target := range noteTargets {
		awardables = append(awardables,
			awardable{target.name, target.path + "/award_emoji", target.on},
			awardable{"note on " + target.name, target.path + "/notes/302/award_emoji", gitlab.OnNote(target.on, 302)})
	}
	for _, a := range awardables {
		create := func(name string) func(context.Context, *gitlab.Client) (any, error) {
			return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.AwardEmoji, error) {
				return c.AwardEmoji.Create(ctx, a.on, name)
			})
		}
		runTyped(t, []typedCall{{
			name: a.name + ": list", method: http.MethodGet, path: a.path + "?per_page=100", status: 200, answer: "[" + awardEmojiJSON + "]", want: []gitlab.AwardEmoji{fullAwardEmoji},
			make: collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.AwardEmoji, error] {
				return c.AwardEmoji.List(ctx, a.on)
			}),
		}, {
			name: a.name + ": get", method: http.MethodGet, path: a.path + "/344", status: 200, answer: awardEmojiJSON, want: fullAwardEmoji,
			make: fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.AwardEmoji, error) {
				return c.AwardEmoji.Get(ctx, a.on, 344)
			}),
		}, {
			name: a.name + ": create nothing", method: http.MethodPost, path: a.path, body: `{"name":""}`, status: 201, answer: awardEmojiJSON, want: fullAwardEmoji, make: create(""),
		}, {
			name: a.name + ": create", method: http.MethodPost, path: a.path, body: `{"name":"blowfish"}`, status: 201, answer: awardEmojiJSON, want: fullAwardEmoji, make: create("blowfish"),
		}, {
			name: a.name + ": delete", method: http.MethodDelete, path: a.path + "/344", status: 204, want: nil,
			make: func(ctx context.Context, c *gitlab.Client) (any, error) {
				return nil, c.AwardEmoji.Delete(ctx, a.on, 344)
			},
		}})
	}
}
