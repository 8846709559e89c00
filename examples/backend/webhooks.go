package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/freshgrant/gitlab/webhook"
)

// newWebhooks makes the handler that GitLab calls. Each connection has a URL and
// a secret of its own. Events are handled while GitLab waits: they are one row
// each. Work that may take longer than a few seconds wants webhook.Config.Queue.
func (a *app) newWebhooks() (*webhook.Handler, error) {
	return webhook.New(webhook.Config{
		FindSecrets: func(r *http.Request) (webhook.Secrets, error) {
			c, known, err := a.db.connectionByID(r.Context(), r.PathValue("connection"))
			if err != nil || !known {
				return webhook.Secrets{}, err // empty secrets fit nobody
			}
			return webhook.Secrets{Tokens: []string{c.secret}, Tenant: c.id}, nil
		},
		OnPush: func(ctx context.Context, e *webhook.PushEvent) error {
			return a.received(ctx, e.Delivery, e.Project.PathWithNamespace,
				fmt.Sprintf("%s pushed %d commit(s) to %s", e.UserName, e.TotalCommitsCount, strings.TrimPrefix(e.Ref, "refs/heads/")))
		},
		OnIssue: func(ctx context.Context, e *webhook.IssueEvent) error {
			return a.received(ctx, e.Delivery, e.Project.PathWithNamespace,
				fmt.Sprintf("%s: %s #%d %q", e.User.Name, cmp.Or(e.ObjectAttributes.Action, "change"), e.ObjectAttributes.IID, e.ObjectAttributes.Title))
		},
		OnMergeRequest: func(ctx context.Context, e *webhook.MergeRequestEvent) error {
			return a.received(ctx, e.Delivery, e.Project.PathWithNamespace,
				fmt.Sprintf("%s: %s !%d %q", e.User.Name, cmp.Or(e.ObjectAttributes.Action, "change"), e.ObjectAttributes.IID, e.ObjectAttributes.Title))
		},
		OnNote: func(ctx context.Context, e *webhook.NoteEvent) error {
			return a.received(ctx, e.Delivery, e.Project.PathWithNamespace,
				fmt.Sprintf("%s commented on %s: %s", e.User.Name, noted(e), shortened(e.ObjectAttributes.Note)))
		},
		OnPipeline: func(ctx context.Context, e *webhook.PipelineEvent) error {
			return a.received(ctx, e.Delivery, e.Project.PathWithNamespace,
				fmt.Sprintf("pipeline %d of %s: %s", e.ObjectAttributes.ID, e.ObjectAttributes.Ref, e.ObjectAttributes.Status))
		},
		OnError: func(ctx context.Context, d webhook.Delivery, err error) {
			a.log.ErrorContext(ctx, "webhook", "event", d.Event, "connection", d.Tenant, "error", err)
		},
	})
}

// received stores one line for the live pages and wakes them. An error tells
// GitLab to send the webhook again.
func (a *app) received(ctx context.Context, d webhook.Delivery, project, summary string) error {
	c, known, err := a.db.connectionByID(ctx, d.Tenant)
	if err != nil || !known { // disconnected since its secret was looked up
		return err
	}
	delivery := cmp.Or(d.Key(), rand.Text()) // GitLab before 17.4 does not say what it sends again
	err = a.db.addEvent(ctx, c, delivery, event{
		Kind: strings.TrimSuffix(string(d.Event), " Hook"), Project: cmp.Or(project, c.project),
		Summary: summary, Received: time.Now().UTC().Format("15:04:05"),
	})
	if err == nil {
		a.feed.wake()
	}
	return err
}

func noted(e *webhook.NoteEvent) string {
	switch e.ObjectAttributes.NoteableType {
	case webhook.NoteOnIssue:
		return fmt.Sprintf("#%d", e.Issue.IID)
	case webhook.NoteOnMergeRequest:
		return fmt.Sprintf("!%d", e.MergeRequest.IID)
	case webhook.NoteOnCommit, webhook.NoteOnSnippet:
	}
	return "a " + strings.ToLower(string(e.ObjectAttributes.NoteableType))
}

// shortened is the beginning of what a user wrote, in characters, not bytes.
func shortened(text string) string {
	const most = 120
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
