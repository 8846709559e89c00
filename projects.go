package gitlab

import (
	"context"
	"time"
)

// Project is a GitLab project (https://docs.gitlab.com/api/projects/). With
// simple lists, fields beyond names, URLs and dates are zero.
type Project struct {
	ID                int64     `json:"id"`
	Name              string    `json:"name"`
	NameWithNamespace string    `json:"name_with_namespace"`
	Path              string    `json:"path"`
	PathWithNamespace string    `json:"path_with_namespace"`
	Description       string    `json:"description"`
	DefaultBranch     string    `json:"default_branch"` // "": an empty repository
	Topics            []string  `json:"topics"`
	Visibility        string    `json:"visibility"` // "private", "internal" or "public"
	Archived          bool      `json:"archived"`
	EmptyRepo         bool      `json:"empty_repo"`
	IssuesEnabled     bool      `json:"issues_enabled"`
	OpenIssuesCount   int       `json:"open_issues_count"`
	StarCount         int       `json:"star_count"`
	ForksCount        int       `json:"forks_count"`
	CreatorID         int64     `json:"creator_id"`
	Namespace         Namespace `json:"namespace"`
	SSHURLToRepo      string    `json:"ssh_url_to_repo"`
	HTTPURLToRepo     string    `json:"http_url_to_repo"`
	ReadmeURL         string    `json:"readme_url"`
	AvatarURL         string    `json:"avatar_url"`
	WebURL            string    `json:"web_url"`
	CreatedAt         time.Time `json:"created_at"`
	LastActivityAt    time.Time `json:"last_activity_at"`
}

// Namespace is the group or user that a project belongs to.
type Namespace struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Path     string `json:"path"`
	Kind     string `json:"kind"` // "group" or "user"
	FullPath string `json:"full_path"`
	ParentID int64  `json:"parent_id"` // 0: none
	WebURL   string `json:"web_url"`
}

// ProjectsService calls the projects API. Everywhere in this library a project
// is named by its full path, such as "group/app", or its number in decimal
// digits.
type ProjectsService service

// Get returns a project. GitLab redirects from the path that a moved project
// had before; the redirect is followed.
func (s *ProjectsService) Get(ctx context.Context, project string, opts ...RequestOption) (Project, error) {
	return Get[Project](ctx, s.client, PathTo(pathProject, project), opts...)
}
