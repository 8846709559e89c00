package gitlab

import (
	"context"
	"net/http"
)

// UploadedFile is a file that Markdown in a project can show
// (https://docs.gitlab.com/api/project_markdown_uploads/).
type UploadedFile struct {
	ID       int64  `json:"id"`
	Alt      string `json:"alt"`
	URL      string `json:"url"`       // within the project
	FullPath string `json:"full_path"` // within the instance
	Markdown string `json:"markdown"`  // to put into a text
}

// Upload adds a file to a project, for use in Markdown. The Field of in is not
// used.
func (s *ProjectsService) Upload(ctx context.Context, project string, in Upload, opts ...RequestOption) (UploadedFile, error) {
	in.Field = ""
	var out UploadedFile
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathUploads, project), in, &out, opts...)
	return out, err
}
