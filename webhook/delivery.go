package webhook

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// EventName names the kind of an event, as X-Gitlab-Event does. GitLab may have
// others than those named here.
type EventName string

// The kinds of events with types of their own.
const (
	EventPush              EventName = "Push Hook"
	EventTagPush           EventName = "Tag Push Hook"
	EventIssue             EventName = "Issue Hook"
	EventConfidentialIssue EventName = "Confidential Issue Hook"
	EventMergeRequest      EventName = "Merge Request Hook"
	EventNote              EventName = "Note Hook"
	EventConfidentialNote  EventName = "Confidential Note Hook"
	EventPipeline          EventName = "Pipeline Hook"
	EventJob               EventName = "Job Hook"
	EventDeployment        EventName = "Deployment Hook"
	EventRelease           EventName = "Release Hook"
	EventMember            EventName = "Member Hook"
)

// The kinds of events that are for Config.OnOther.
const (
	EventEmoji               EventName = "Emoji Hook"
	EventFeatureFlag         EventName = "Feature Flag Hook"
	EventMilestone           EventName = "Milestone Hook"
	EventProject             EventName = "Project Hook"
	EventResourceAccessToken EventName = "Resource Access Token Hook"
	EventResourceDeployToken EventName = "Resource Deploy Token Hook"
	EventSubgroup            EventName = "Subgroup Hook"
	EventSystem              EventName = "System Hook" // the body's event_name tells more
	EventVulnerability       EventName = "Vulnerability Hook"
	EventWikiPage            EventName = "Wiki Page Hook"
)

// Delivery is one call of a webhook: what its headers tell, and its body. Of the
// headers a signature covers WebhookID alone.
type Delivery struct {
	Event          EventName
	EventUUID      string // the same for all events that one has led to
	WebhookUUID    string // of the hook
	IdempotencyKey string // the same when GitLab sends a delivery again; since GitLab 17.4
	WebhookID      string // likewise, of signed deliveries; "": it is not signed
	Instance       string // the GitLab that says it has sent it: "https://gitlab.com"
	Tenant         string // Secrets.Tenant

	// Body is what GitLab has sent, with what no type names. It is kept as long
	// as the event is.
	Body json.RawMessage
}

func newDelivery(h http.Header, tenant string, body []byte) Delivery {
	return Delivery{
		Event:          EventName(h.Get("X-Gitlab-Event")),
		EventUUID:      h.Get("X-Gitlab-Event-UUID"),
		WebhookUUID:    h.Get("X-Gitlab-Webhook-UUID"),
		IdempotencyKey: h.Get("Idempotency-Key"),
		Instance:       h.Get("X-Gitlab-Instance"),
		Tenant:         tenant,
		Body:           body,
	}
}

// Key is the same for all times that GitLab sends a delivery, and different for
// all others, also for those of other tenants. It is "" where GitLab tells
// nothing of the kind, as before GitLab 17.4.
func (d *Delivery) Key() string {
	id := d.WebhookID
	if id == "" {
		id = d.IdempotencyKey
	}
	if id == "" {
		return ""
	}
	return url.PathEscape(d.Tenant) + "/" + id
}
