package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/freshgrant/gitlab/webhook"
)

// deliver does what GitLab does, for an example, and returns the answer.
func deliver(h http.Handler, path, token, event, body string) string {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Gitlab-Event", event)
	r.Header.Set("X-Gitlab-Token", token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body))
}

// A handler calls a function for each kind of event, and GitLab is told what
// became of it.
func Example() {
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{Tokens: []string{"made-up"}}, // CreateHook.Token
		OnPush: func(_ context.Context, e *webhook.PushEvent) error {
			fmt.Println(e.UserUsername, "pushed to", e.Project.PathWithNamespace)
			return nil
		},
		OnNote: func(_ context.Context, e *webhook.NoteEvent) error {
			if e.ObjectAttributes.NoteableType == webhook.NoteOnIssue {
				return errors.New("the database is down")
			}
			return nil
		},
		OnError: func(_ context.Context, d webhook.Delivery, err error) { fmt.Println(d.Event, "failed:", err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks", hooks)

	push := `{"object_kind": "push", "user_username": "ada", "project": {"path_with_namespace": "team/app"}}`
	fmt.Println(deliver(mux, "/webhooks", "made-up", "Push Hook", push))
	fmt.Println(deliver(mux, "/webhooks", "guessed", "Push Hook", push))
	fmt.Println(deliver(mux, "/webhooks", "made-up", "Note Hook", `{"object_kind": "note", "object_attributes": {"noteable_type": "Issue"}}`))
	// Output:
	// ada pushed to team/app
	// 200
	// 401 the secret token or the signature is missing or wrong
	// Note Hook failed: the database is down
	// 500 the webhook could not be handled
}

// Where each tenant has a hook of its own, its secrets are found by the request.
func ExampleConfig_findSecrets() {
	secrets := map[string]string{"acme": "made-up-1", "initech": "made-up-2"} // a database
	hooks, err := webhook.New(webhook.Config{
		FindSecrets: func(r *http.Request) (webhook.Secrets, error) {
			tenant := r.PathValue("tenant")
			secret, ok := secrets[tenant]
			if !ok {
				return webhook.Secrets{}, nil // fits nobody
			}
			return webhook.Secrets{Tenant: tenant, Tokens: []string{secret}}, nil
		},
		OnPush: func(_ context.Context, e *webhook.PushEvent) error {
			fmt.Println("a push for", e.Delivery.Tenant)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/{tenant}", hooks)

	push := `{"object_kind": "push"}`
	fmt.Println(deliver(mux, "/webhooks/acme", "made-up-1", "Push Hook", push))
	fmt.Println(deliver(mux, "/webhooks/initech", "made-up-1", "Push Hook", push))
	fmt.Println(deliver(mux, "/webhooks/nobody", "", "Push Hook", push))
	// Output:
	// a push for acme
	// 200
	// 401 the secret token or the signature is missing or wrong
	// 401 the secret token or the signature is missing or wrong
}

// With a queue GitLab is answered before the function runs. Shutdown waits for
// what is in it.
func ExampleConfig_queue() {
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{Tokens: []string{"made-up"}},
		Queue:   100,
		Workers: 1,
		OnPipeline: func(_ context.Context, e *webhook.PipelineEvent) error {
			fmt.Println("pipeline", e.ObjectAttributes.ID, e.ObjectAttributes.Status)
			return nil
		},
		OnError: func(_ context.Context, d webhook.Delivery, err error) { log.Println(d.Event, err) },
		Seen:    webhook.NewMemorySeen(10_000),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deliver(hooks, "/", "made-up", "Job Hook", `{"object_kind": "build"}`)) // nobody wants it
	fmt.Println(deliver(hooks, "/", "made-up", "Pipeline Hook", `{"object_kind": "pipeline", "object_attributes": {"id": 31, "status": "failed"}}`))
	if err := hooks.Shutdown(context.Background()); err != nil { // after http.Server.Shutdown
		log.Fatal(err)
	}
	// Unordered output:
	// 200
	// 202
	// pipeline 31 failed
}

// Events without a type come as JSON, and Parse reads them into a type of yours;
// one that embeds a type of this package adds to it.
func ExampleParse() {
	type wikiPage struct {
		User             webhook.User `json:"user"`
		ObjectAttributes struct {
			Title  string `json:"title"`
			Action string `json:"action"`
		} `json:"object_attributes"`
	}
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{Tokens: []string{"made-up"}},
		OnOther: func(_ context.Context, d webhook.Delivery) error {
			if d.Event != webhook.EventWikiPage {
				return nil
			}
			page, err := webhook.Parse[wikiPage](d)
			if err != nil {
				return err
			}
			fmt.Println(page.User.Username, page.ObjectAttributes.Action, page.ObjectAttributes.Title)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deliver(hooks, "/", "made-up", "Wiki Page Hook", `{"object_kind": "wiki_page", "user": {"username": "ada"}, "object_attributes": {"title": "Home", "action": "create"}}`))
	// Output:
	// ada create Home
	// 200
}

// GitLab sends a delivery again when it had no answer in time. Seen keeps it
// from being handled again: in memory, or in a database that replicas share.
func ExampleNewMemorySeen() {
	hooks, err := webhook.New(webhook.Config{
		Secrets: webhook.Secrets{Tokens: []string{"made-up"}},
		Seen:    webhook.NewMemorySeen(10_000),
		OnPush: func(_ context.Context, e *webhook.PushEvent) error {
			fmt.Println("a push to", e.Ref)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(`{"object_kind": "push", "ref": "refs/heads/main"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Gitlab-Event", "Push Hook")
		r.Header.Set("X-Gitlab-Token", "made-up")
		r.Header.Set("Idempotency-Key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f")
		w := httptest.NewRecorder()
		hooks.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// a push to refs/heads/main
	// 200
	// 200
}

// While a secret is replaced, both are good. Printing shows neither.
func ExampleSecrets() {
	secrets := webhook.Secrets{Tokens: []string{"the new one", "the old one"}}
	hooks, err := webhook.New(webhook.Config{Secrets: secrets})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deliver(hooks, "/", "the old one", "Push Hook", `{"object_kind": "push"}`))
	fmt.Println(secrets)
	// Output:
	// 200
	// Secrets{tokens:2 signing_tokens:0 tenant:""}
}
