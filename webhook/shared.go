package webhook

import (
	"encoding/json"
)

// User is whoever an event tells of. GitLab leaves out ID and Email where it
// tells of a bystander.
type User struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Username  string `json:"username"`
	Email     string `json:"email"` // "[REDACTED]" unless it is public
	AvatarURL string `json:"avatar_url"`
}

// Project is the project in which something happened. GitLab leaves out ID for
// the source and target of a merge request.
type Project struct {
	ID                int64  `json:"id"`
	Name              string `json:"name"`
	Description       string `json:"description"`
	WebURL            string `json:"web_url"`
	AvatarURL         string `json:"avatar_url"`
	GitSSHURL         string `json:"git_ssh_url"`
	GitHTTPURL        string `json:"git_http_url"`
	Namespace         string `json:"namespace"`        // its name, not its path
	VisibilityLevel   int    `json:"visibility_level"` // 0: private, 10: internal, 20: public
	PathWithNamespace string `json:"path_with_namespace"`
	DefaultBranch     string `json:"default_branch"`
	CIConfigPath      string `json:"ci_config_path"`
	Homepage          string `json:"homepage"`
	URL               string `json:"url"`
	SSHURL            string `json:"ssh_url"`
	HTTPURL           string `json:"http_url"`
}

// Repository is what GitLab told of a project before it had [Project].
type Repository struct {
	Name            string `json:"name"`
	URL             string `json:"url"`
	Description     string `json:"description"`
	Homepage        string `json:"homepage"`
	GitHTTPURL      string `json:"git_http_url"`
	GitSSHURL       string `json:"git_ssh_url"`
	VisibilityLevel int    `json:"visibility_level"`
}

// Commit is a commit. The files are told of by push events alone.
type Commit struct {
	ID        string   `json:"id"`
	Message   string   `json:"message"`
	Title     string   `json:"title"`
	Timestamp Time     `json:"timestamp"`
	URL       string   `json:"url"`
	Author    Author   `json:"author"`
	Added     []string `json:"added"`
	Modified  []string `json:"modified"`
	Removed   []string `json:"removed"`
}

// Author is a commit's author, as git knows them.
type Author struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Label is a label of an issue or merge request.
type Label struct {
	ID          int64  `json:"id"`
	Title       string `json:"title"`
	Color       string `json:"color"`
	ProjectID   int64  `json:"project_id"` // 0: a group's
	GroupID     int64  `json:"group_id"`   // 0: a project's
	Template    bool   `json:"template"`
	Description string `json:"description"`
	Type        string `json:"type"` // "ProjectLabel" or "GroupLabel"
	CreatedAt   Time   `json:"created_at"`
	UpdatedAt   Time   `json:"updated_at"`
}

// Changes is what has changed of an issue or merge request, by the names of its
// JSON.
type Changes map[string]Change

// Change is what something was and has become, as JSON.
type Change struct {
	Previous json.RawMessage `json:"previous"`
	Current  json.RawMessage `json:"current"`
}

// Runner is the runner that has a job.
type Runner struct {
	ID          int64    `json:"id"`
	Description string   `json:"description"`
	RunnerType  string   `json:"runner_type"` // "instance_type", "group_type" or "project_type"
	Active      bool     `json:"active"`
	IsShared    bool     `json:"is_shared"`
	Tags        []string `json:"tags"`
}

// Environment is where a job deploys to.
type Environment struct {
	Name           string `json:"name"`
	Action         string `json:"action"` // "start", "stop", …
	DeploymentTier string `json:"deployment_tier"`
}

// SourcePipeline is the pipeline of another project that triggered one.
type SourcePipeline struct {
	Project    SourceProject `json:"project"`
	PipelineID int64         `json:"pipeline_id"`
	JobID      int64         `json:"job_id"`
}

// SourceProject is the project of a [SourcePipeline].
type SourceProject struct {
	ID                int64  `json:"id"`
	WebURL            string `json:"web_url"`
	PathWithNamespace string `json:"path_with_namespace"`
}
