package gitlab

import (
	"context"
	"net/http"
	"time"
)

// Hook is a webhook of a project
// (https://docs.gitlab.com/api/project_webhooks/). GitLab never returns its
// secret token.
type Hook struct {
	ID                    int64     `json:"id"`
	ProjectID             int64     `json:"project_id"`
	URL                   string    `json:"url"`
	Name                  string    `json:"name"`
	Description           string    `json:"description"`
	PushEvents            bool      `json:"push_events"`
	MergeRequestsEvents   bool      `json:"merge_requests_events"`
	IssuesEvents          bool      `json:"issues_events"`
	NoteEvents            bool      `json:"note_events"`
	EnableSSLVerification bool      `json:"enable_ssl_verification"`
	AlertStatus           string    `json:"alert_status"`   // "executable", or why GitLab does not call it
	DisabledUntil         time.Time `json:"disabled_until"` // zero: not disabled
	CreatedAt             time.Time `json:"created_at"`
}

// CreateHook is a new webhook. The events are nil for GitLab's defaults, which
// are push events alone.
type CreateHook struct {
	URL                   string `json:"url"`            // required
	Token                 string `json:"token,omitzero"` // the secret that GitLab sends as X-Gitlab-Token
	PushEvents            *bool  `json:"push_events,omitzero"`
	MergeRequestsEvents   *bool  `json:"merge_requests_events,omitzero"`
	IssuesEvents          *bool  `json:"issues_events,omitzero"`
	NoteEvents            *bool  `json:"note_events,omitzero"`
	EnableSSLVerification *bool  `json:"enable_ssl_verification,omitzero"` // nil: GitLab verifies
}

// HooksService calls the webhooks API of projects.
type HooksService service

// Create adds a webhook to a project.
func (s *HooksService) Create(ctx context.Context, project string, in CreateHook, opts ...RequestOption) (Hook, error) {
	var out Hook
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathProjectHooks, project), in, &out, opts...)
	return out, err
}

// Delete removes a webhook from a project.
func (s *HooksService) Delete(ctx context.Context, project string, id int64, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathProjectHook, project, id), nil, nil, opts...)
}
