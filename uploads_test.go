package gitlab_test

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func TestFileIsUploadedToAProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(always(http.StatusCreated, `{"id":5,"alt":"dk","url":"/uploads/66db/dk.png","full_path":"/-/project/1234/uploads/66db/dk.png","markdown":"![dk](/uploads/66db/dk.png)"}`))

	got, err := w.signIn(t, 0).Projects.Upload(t.Context(), "group/app.io", gitlab.Upload{
		Field: "ignored", Name: "dk.png", ContentType: "image/png", Content: strings.NewReader("pixels"), Form: url.Values{"note": {"a&b"}},
	})

	require.NoError(t, err)
	assert.Equal(t, gitlab.UploadedFile{
		ID: 5, Alt: "dk", URL: "/uploads/66db/dk.png", FullPath: "/-/project/1234/uploads/66db/dk.png", Markdown: "![dk](/uploads/66db/dk.png)",
	}, got)
	sent := w.sent()[0]
	assert.Equal(t, http.MethodPost, sent.Method)
	assert.Equal(t, baseURL+"/api/v4/projects/group%2Fapp.io/uploads", sent.URL)
	kind, params, err := mime.ParseMediaType(sent.Header.Get("Content-Type"))
	require.NoError(t, err)
	assert.Equal(t, "multipart/form-data", kind)
	parts := multipart.NewReader(strings.NewReader(sent.Body), params["boundary"])
	note, err := parts.NextPart()
	require.NoError(t, err)
	assert.Equal(t, "note", note.FormName())
	file, err := parts.NextPart()
	require.NoError(t, err)
	assert.Equal(t, "file", file.FormName())
	assert.Equal(t, "dk.png", file.FileName())
	assert.Equal(t, "image/png", file.Header.Get("Content-Type"))
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	assert.Equal(t, "pixels", string(content))
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)
}
