package webhook

import (
	"encoding/json"
)

// PushEvent tells that commits were pushed to a branch, or that a branch was
// created or deleted
// (https://docs.gitlab.com/user/project/integrations/webhook_events/, as for all
// events).
type PushEvent struct {
	Delivery          Delivery        `json:"-"`
	ObjectKind        string          `json:"object_kind"` // "push"; "tag_push" for tags
	EventName         string          `json:"event_name"`  // the same
	Before            string          `json:"before"`      // zeros: the ref is new
	After             string          `json:"after"`       // zeros: the ref was deleted
	Ref               string          `json:"ref"`         // "refs/heads/main", "refs/tags/v1.0.0"
	RefProtected      bool            `json:"ref_protected"`
	CheckoutSHA       string          `json:"checkout_sha"` // "": the ref was deleted
	Message           string          `json:"message"`      // of an annotated tag
	UserID            int64           `json:"user_id"`
	UserName          string          `json:"user_name"`
	UserUsername      string          `json:"user_username"`
	UserEmail         string          `json:"user_email"`
	UserAvatar        string          `json:"user_avatar"`
	ProjectID         int64           `json:"project_id"`
	Project           Project         `json:"project"`
	Commits           []Commit        `json:"commits"` // the newest 20
	TotalCommitsCount int             `json:"total_commits_count"`
	PushOptions       json.RawMessage `json:"push_options"` // an object
	Repository        Repository      `json:"repository"`
}

// The most commits that a push tells of, and what few bodies have less of in
// bytes: without commits, and for each of them.
const (
	mostCommits = 20
	pushBytes   = 2000
	commitBytes = 400
)

// makeRoom spares the commits, which are large, that they are moved whenever
// there are more than fit. size is that of the body in bytes.
func (e *PushEvent) makeRoom(size int) {
	if n := (size - pushBytes) / commitBytes; n > 0 {
		e.Commits = make([]Commit, 0, min(n, mostCommits))
	}
}

// TagPushEvent tells that a tag was created or deleted.
type TagPushEvent PushEvent

func (e *PushEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "push" }

func (e *TagPushEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "tag_push" }
