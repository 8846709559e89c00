package gitlab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"iter"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// File is a file of a repository, as it is at one ref
// (https://docs.gitlab.com/api/repository_files/).
type File struct {
	FileName        string `json:"file_name"`
	FilePath        string `json:"file_path"`
	Size            int64  `json:"size"` // bytes
	Ref             string `json:"ref"`  // the one that was asked for
	BlobID          string `json:"blob_id"`
	CommitID        string `json:"commit_id"`      // what Ref is
	LastCommitID    string `json:"last_commit_id"` // the last one that changed the file
	ContentSHA256   string `json:"content_sha256"` // in hexadecimal
	ExecuteFilemode bool   `json:"execute_filemode"`
	// Content is what is in the file, decoded from GitLab's Base64. nil from
	// [FilesService.Head].
	Content []byte `json:"content"`
}

// BlameRange is lines of a file that one commit wrote.
type BlameRange struct {
	Commit Commit   `json:"commit"` // without its title, short id and URL
	Lines  []string `json:"lines"`  // without the line feeds
}

// ChangedFile is a file that was written, and the branch that it was written to.
type ChangedFile struct {
	FilePath string `json:"file_path"`
	Branch   string `json:"branch"`
}

// RawFile says which content of a file is wanted.
type RawFile struct {
	Ref string // branch, tag or SHA; "": the default branch
	LFS bool   // what Git LFS keeps of the file, instead of the pointer to it
}

// BlameFile says which lines are wanted.
type BlameFile struct {
	Ref   string // branch, tag or SHA; "": the default branch
	Start int64  // the first line is 1; 0: all lines
	End   int64  // the last line; required with a Start
}

// CreateFile is a commit that adds a file.
type CreateFile struct {
	Branch          string `json:"branch"`         // required
	CommitMessage   string `json:"commit_message"` // required
	Content         []byte `json:"-"`
	StartBranch     string `json:"start_branch,omitzero"` // what Branch is made of if there is none; "": it is there
	AuthorName      string `json:"author_name,omitzero"`
	AuthorEmail     string `json:"author_email,omitzero"`
	ExecuteFilemode bool   `json:"execute_filemode,omitzero"`
}

// UpdateFile is a commit that changes the content of a file.
type UpdateFile struct {
	Branch          string `json:"branch"`         // required
	CommitMessage   string `json:"commit_message"` // required
	Content         []byte `json:"-"`
	StartBranch     string `json:"start_branch,omitzero"` // what Branch is made of if there is none; "": it is there
	AuthorName      string `json:"author_name,omitzero"`
	AuthorEmail     string `json:"author_email,omitzero"`
	LastCommitID    string `json:"last_commit_id,omitzero"`   // an error if the file was changed since; "": no matter
	ExecuteFilemode *bool  `json:"execute_filemode,omitzero"` // nil: as it is
}

// DeleteFile is a commit that removes a file.
type DeleteFile struct {
	Branch        string `json:"branch"`                // required
	CommitMessage string `json:"commit_message"`        // required
	StartBranch   string `json:"start_branch,omitzero"` // what Branch is made of if there is none; "": it is there
	AuthorName    string `json:"author_name,omitzero"`
	AuthorEmail   string `json:"author_email,omitzero"`
	LastCommitID  string `json:"last_commit_id,omitzero"` // an error if the file was changed since; "": no matter
}

// fileContent is content in the form that GitLab takes for what it is.
type fileContent struct {
	Content  string `json:"content"`
	Encoding string `json:"encoding"`
}

// encodeContent sends as Base64 what JSON cannot carry, and the NUL bytes that
// GitLab refuses.
func encodeContent(content []byte) fileContent {
	if utf8.Valid(content) && bytes.IndexByte(content, 0) < 0 {
		return fileContent{string(content), "text"}
	}
	return fileContent{base64.StdEncoding.EncodeToString(content), "base64"}
}

// FilesService calls the repository files API. A file is named by its path from
// the root of the repository, as it is. A ref is a branch, tag or SHA; "" is the
// default branch.
type FilesService service

// Head returns what is known of a file, without its content.
func (s *FilesService) Head(ctx context.Context, project, file, ref string, opts ...RequestOption) (File, error) {
	resp, err := s.client.send(ctx, http.MethodHead, fileAt(pathFile, project, file, ref), nil, gather(opts))
	if err != nil {
		return File{}, err
	}
	defer resp.Body.Close()
	h := resp.Header
	if isUnexpected(resp) || h.Get("X-Gitlab-Blob-Id") == "" { // or a page, which GitLab answers with while it is deployed
		return File{}, newAPIError(resp, nil)
	}
	size, _ := strconv.ParseInt(h.Get("X-Gitlab-Size"), 10, 64)
	return File{
		FileName:        h.Get("X-Gitlab-File-Name"),
		FilePath:        h.Get("X-Gitlab-File-Path"),
		Size:            size,
		Ref:             h.Get("X-Gitlab-Ref"),
		BlobID:          h.Get("X-Gitlab-Blob-Id"),
		CommitID:        h.Get("X-Gitlab-Commit-Id"),
		LastCommitID:    h.Get("X-Gitlab-Last-Commit-Id"),
		ContentSHA256:   h.Get("X-Gitlab-Content-Sha256"),
		ExecuteFilemode: h.Get("X-Gitlab-Execute-Filemode") == "true",
	}, nil
}

// Get returns a file with its content. Of files larger than 10 MB GitLab gives
// five a minute; see Raw for them.
func (s *FilesService) Get(ctx context.Context, project, file, ref string, opts ...RequestOption) (File, error) {
	return Get[File](ctx, s.client, fileAt(pathFile, project, file, ref), opts...)
}

// Raw returns the content of a file as a stream of any length, which the caller
// closes. A page of HTML, which GitLab answers with while it is deployed, is an
// [*APIError].
func (s *FilesService) Raw(ctx context.Context, project, file string, in RawFile, opts ...RequestOption) (io.ReadCloser, error) {
	q := make(query)
	q.set("ref", in.Ref)
	q.flag("lfs", in.LFS)
	if in.LFS { // it may come from somewhere else, and may be a page of HTML itself
		opts = append([]RequestOption{WithHeader("Accept", "*/*")}, opts...)
	}
	return s.client.open(ctx, PathTo(pathFileRaw, project, file).With(q.values()), opts)
}

// Blame lists the lines of a file with the commits that wrote them.
func (s *FilesService) Blame(ctx context.Context, project, file string, in BlameFile, opts ...RequestOption) iter.Seq2[BlameRange, error] {
	q := make(query)
	q.number("range[start]", in.Start)
	q.number("range[end]", in.End)
	return List[BlameRange](ctx, s.client, fileAt(pathFileBlame, project, file, in.Ref).With(q.values()), opts...)
}

// Create adds a file. One that is there already is an [*APIError] of status 400.
func (s *FilesService) Create(ctx context.Context, project, file string, in CreateFile, opts ...RequestOption) (ChangedFile, error) {
	body := struct {
		CreateFile
		fileContent
	}{in, encodeContent(in.Content)}
	var out ChangedFile
	err := s.client.Call(ctx, http.MethodPost, PathTo(pathFile, project, file), body, &out, opts...)
	return out, err
}

// Update replaces the content of a file.
func (s *FilesService) Update(ctx context.Context, project, file string, in UpdateFile, opts ...RequestOption) (ChangedFile, error) {
	body := struct {
		UpdateFile
		fileContent
	}{in, encodeContent(in.Content)}
	var out ChangedFile
	err := s.client.Call(ctx, http.MethodPut, PathTo(pathFile, project, file), body, &out, opts...)
	return out, err
}

// Delete removes a file.
func (s *FilesService) Delete(ctx context.Context, project, file string, in DeleteFile, opts ...RequestOption) error {
	return s.client.Call(ctx, http.MethodDelete, PathTo(pathFile, project, file), in, nil, opts...)
}

// fileAt is the path of a file at a ref, which GitLab requires.
func fileAt(template, project, file, ref string) Path {
	q := make(query)
	q.set("ref", cmp.Or(ref, "HEAD"))
	return PathTo(template, project, file).With(q.values())
}
