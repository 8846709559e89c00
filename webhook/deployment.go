package webhook

import (
	"github.com/freshgrant/gitlab"
)

// DeploymentEvent tells that a deployment has started or ended.
type DeploymentEvent struct {
	Delivery               Delivery                `json:"-"`
	ObjectKind             string                  `json:"object_kind"` // "deployment"
	Status                 gitlab.DeploymentStatus `json:"status"`
	StatusChangedAt        Time                    `json:"status_changed_at"`
	DeploymentID           int64                   `json:"deployment_id"`
	DeployableID           int64                   `json:"deployable_id"`  // the job's; 0: there is none
	DeployableURL          string                  `json:"deployable_url"` // likewise
	Environment            string                  `json:"environment"`
	EnvironmentTier        string                  `json:"environment_tier"`
	EnvironmentSlug        string                  `json:"environment_slug"`
	EnvironmentExternalURL string                  `json:"environment_external_url"`
	Project                Project                 `json:"project"`
	Ref                    string                  `json:"ref"`
	ShortSHA               string                  `json:"short_sha"`
	User                   User                    `json:"user"`
	UserURL                string                  `json:"user_url"`
	CommitURL              string                  `json:"commit_url"`
	CommitTitle            string                  `json:"commit_title"`
}

func (e *DeploymentEvent) about() (*Delivery, bool) { return &e.Delivery, e.ObjectKind == "deployment" }
