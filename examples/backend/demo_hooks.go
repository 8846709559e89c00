package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// The webhooks that GitLab would send. gitlabtest keeps hooks, and calls none.

// deliveries are under way until close.
type deliveries struct {
	ctx     context.Context //nolint:containedctx // ends what is under way at close
	cancel  context.CancelFunc
	client  *http.Client
	running sync.WaitGroup
}

func newDeliveries() *deliveries {
	d := &deliveries{client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

func (d *deliveries) close() {
	d.cancel()
	d.running.Wait()
}

// deliver calls every hook of a project, as GitLab does: in the background.
func (d *demo) deliver(project, event string, payload map[string]any) {
	body, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	for _, hook := range d.gitlab.Hooks(project) {
		d.hooks.running.Go(func() {
			ctx, cancel := context.WithTimeout(d.hooks.ctx, 10*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-Gitlab-Event", event)
			req.Header.Set("X-Gitlab-Token", hook.Token)
			req.Header.Set("X-Gitlab-Instance", d.url)
			req.Header.Set("Idempotency-Key", rand.Text())
			if resp, err := d.hooks.client.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
}

// comment has gitlabtest store a comment on an issue, and tells the project's
// hooks of it.
func (d *demo) comment(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	d.gitlab.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())

	var note struct {
		ID     int64
		Body   string
		IID    int64 `json:"noteable_iid"`
		Author struct{ Name, Username string }
	}
	if answer.Code != http.StatusCreated || json.Unmarshal(answer.Body.Bytes(), &note) != nil {
		return
	}
	project := d.projects[r.PathValue("project")]
	d.deliver(project, "Note Hook", map[string]any{
		"object_kind": "note", "event_type": "note",
		"user":              map[string]any{"name": note.Author.Name, "username": note.Author.Username},
		"project":           map[string]any{"path_with_namespace": project},
		"object_attributes": map[string]any{"id": note.ID, "note": note.Body, "noteable_type": "Issue", "action": "create"},
		"issue":             map[string]any{"iid": note.IID},
	})
}

func (d *demo) push() {
	const project = "acme/website"
	sha := fmt.Sprintf("%x", rand.Text())[:40]
	d.deliver(project, "Push Hook", map[string]any{
		"object_kind": "push", "event_name": "push", "ref": "refs/heads/main", "after": sha, "checkout_sha": sha,
		"user_name": "Grace", "user_username": "grace",
		"project": map[string]any{"path_with_namespace": project}, "total_commits_count": 1,
		"commits": []map[string]any{{"id": sha, "title": "Turn the logo around", "message": "Turn the logo around"}},
	})
}
