package gitlab_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

const (
	fileJSON = `{"file_name":"key.rb","file_path":"app/models/key.rb","size":13,"encoding":"base64","content_sha256":"4c294617b60715c1d218e61164a3abd4808a4284cbc30e6728a01ad9aada4481",` +
		`"ref":"main","blob_id":"79f7bbd25901e8334750839545a9bd021f0e4c83","commit_id":"d5a3ff139356ce33e37e73add446f16869741b50","last_commit_id":"570e7b2abdd848b95f2f578043fc23bd6f6fd24d",` +
		`"execute_filemode":true,"content":"IyBLZXkK/wD+PyI+Cg=="}`
	blameRangeJSON  = `{"commit":` + commitJSON + `,"lines":["require 'fileutils'","require 'open3'",""]}`
	changedFileJSON = `{"file_path":"app/models/key.rb","branch":"feature/x"}`
)

var (
	fullFile = gitlab.File{
		FileName: "key.rb", FilePath: "app/models/key.rb", Size: 13, Ref: "main", BlobID: "79f7bbd25901e8334750839545a9bd021f0e4c83",
		CommitID: "d5a3ff139356ce33e37e73add446f16869741b50", LastCommitID: "570e7b2abdd848b95f2f578043fc23bd6f6fd24d",
		ContentSHA256:   "4c294617b60715c1d218e61164a3abd4808a4284cbc30e6728a01ad9aada4481",
		ExecuteFilemode: true, Content: []byte("# Key\n\xff\x00\xfe?\">\n"),
	}
	fullBlameRange  = gitlab.BlameRange{Commit: fullCommit, Lines: []string{"require 'fileutils'", "require 'open3'", ""}}
	fullChangedFile = gitlab.ChangedFile{FilePath: "app/models/key.rb", Branch: "feature/x"}
)

// fileHeaders answers with what GitLab tells of a file in headers.
func fileHeaders(body string) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, body)
		for name, value := range map[string]string{
			"X-Gitlab-Blob-Id": "79f7bbd25901e8334750839545a9bd021f0e4c83", "X-Gitlab-Commit-Id": "d5a3ff139356ce33e37e73add446f16869741b50",
			"X-Gitlab-Content-Sha256": "4c294617b60715c1d218e61164a3abd4808a4284cbc30e6728a01ad9aada4481", "X-Gitlab-Encoding": "base64",
			"X-Gitlab-Execute-Filemode": "true", "X-Gitlab-File-Name": "key.rb", "X-Gitlab-File-Path": "app/models/key.rb",
			"X-Gitlab-Last-Commit-Id": "570e7b2abdd848b95f2f578043fc23bd6f6fd24d", "X-Gitlab-Ref": "main", "X-Gitlab-Size": "13",
		} {
			resp.Header.Set(name, value)
		}
		return resp, nil
	}
}

func TestFilesAPI(t *testing.T) {
	t.Parallel()
	const path = "/projects/group%2Fapp.io/repository/files/app%2Fmodels%2Fkey.rb"
	get := func(ref string) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.File, error) {
			return c.Files.Get(ctx, "group/app.io", "app/models/key.rb", ref)
		})
	}
	blame := func(in gitlab.BlameFile) func(context.Context, *gitlab.Client) (any, error) {
		return collect(func(ctx context.Context, c *gitlab.Client) iter.Seq2[gitlab.BlameRange, error] {
			return c.Files.Blame(ctx, "group/app.io", "app/models/key.rb", in)
		})
	}
	create := func(in gitlab.CreateFile) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.ChangedFile, error) {
			return c.Files.Create(ctx, "group/app.io", "app/models/key.rb", in)
		})
	}
	update := func(in gitlab.UpdateFile) func(context.Context, *gitlab.Client) (any, error) {
		return fetch(func(ctx context.Context, c *gitlab.Client) (gitlab.ChangedFile, error) {
			return c.Files.Update(ctx, "group/app.io", "app/models/key.rb", in)
		})
	}
	remove := func(in gitlab.DeleteFile) func(context.Context, *gitlab.Client) (any, error) {
		return func(ctx context.Context, c *gitlab.Client) (any, error) {
			return nil, c.Files.Delete(ctx, "group/app.io", "app/models/key.rb", in)
		}
	}
	runTyped(t, []typedCall{{
		name: "get", method: http.MethodGet, path: path + "?ref=HEAD", status: 200, answer: fileJSON, want: fullFile, make: get(""),
	}, {
		name: "get at a ref", method: http.MethodGet, path: path + "?ref=v1.0%2Brc1", status: 200, answer: fileJSON, want: fullFile, make: get("v1.0+rc1"),
	}, {
		name: "blame", method: http.MethodGet, path: path + "/blame?per_page=100&ref=HEAD", status: 200, answer: "[" + blameRangeJSON + "]", want: []gitlab.BlameRange{fullBlameRange},
		make: blame(gitlab.BlameFile{}),
	}, {
		name: "blame lines", method: http.MethodGet, path: path + "/blame?per_page=100&range%5Bend%5D=20&range%5Bstart%5D=10&ref=feature%2Fx", status: 200,
		answer: "[" + blameRangeJSON + "]", want: []gitlab.BlameRange{fullBlameRange}, make: blame(gitlab.BlameFile{Ref: "feature/x", Start: 10, End: 20}),
	}, {
		name: "create the least", method: http.MethodPost, path: path, body: `{"branch":"","commit_message":"","content":"","encoding":"text"}`,
		status: 201, answer: changedFileJSON, want: fullChangedFile, make: create(gitlab.CreateFile{}),
	}, {
		name: "create the most", method: http.MethodPost, path: path,
		body: `{"branch":"feature/x","commit_message":"Add key","start_branch":"main","author_name":"Ada","author_email":"ada@x.org","execute_filemode":true,` +
			`"content":"größe \u003c 1\r\n","encoding":"text"}`,
		status: 201, answer: changedFileJSON, want: fullChangedFile,
		make: create(gitlab.CreateFile{
			Branch: "feature/x", CommitMessage: "Add key", Content: []byte("größe < 1\r\n"), StartBranch: "main", AuthorName: "Ada", AuthorEmail: "ada@x.org", ExecuteFilemode: true,
		}),
	}, {
		name: "create of bytes that are no text", method: http.MethodPost, path: path, body: `{"branch":"main","commit_message":"Add","content":"//79","encoding":"base64"}`,
		status: 201, answer: changedFileJSON, want: fullChangedFile, make: create(gitlab.CreateFile{Branch: "main", CommitMessage: "Add", Content: []byte("\xff\xfe\xfd")}),
	}, {
		name: "create of text with a NUL", method: http.MethodPost, path: path, body: `{"branch":"main","commit_message":"Add","content":"YQBi","encoding":"base64"}`,
		status: 201, answer: changedFileJSON, want: fullChangedFile, make: create(gitlab.CreateFile{Branch: "main", CommitMessage: "Add", Content: []byte("a\x00b")}),
	}, {
		name: "update the least", method: http.MethodPut, path: path, body: `{"branch":"","commit_message":"","content":"","encoding":"text"}`,
		status: 200, answer: changedFileJSON, want: fullChangedFile, make: update(gitlab.UpdateFile{}),
	}, {
		name: "update the most", method: http.MethodPut, path: path,
		body: `{"branch":"feature/x","commit_message":"Mend key","start_branch":"main","author_name":"Ada","author_email":"ada@x.org","last_commit_id":"570e7b2a","execute_filemode":false,` +
			`"content":"//79","encoding":"base64"}`,
		status: 200, answer: changedFileJSON, want: fullChangedFile,
		make: update(gitlab.UpdateFile{
			Branch: "feature/x", CommitMessage: "Mend key", Content: []byte("\xff\xfe\xfd"), StartBranch: "main", AuthorName: "Ada", AuthorEmail: "ada@x.org",
			LastCommitID: "570e7b2a", ExecuteFilemode: new(false),
		}),
	}, {
		name: "delete the least", method: http.MethodDelete, path: path, body: `{"branch":"","commit_message":""}`, status: 204, want: nil, make: remove(gitlab.DeleteFile{}),
	}, {
		name: "delete the most", method: http.MethodDelete, path: path,
		body:   `{"branch":"feature/x","commit_message":"Drop key","start_branch":"main","author_name":"Ada","author_email":"ada@x.org","last_commit_id":"570e7b2a"}`,
		status: 204, want: nil,
		make: remove(gitlab.DeleteFile{
			Branch: "feature/x", CommitMessage: "Drop key", StartBranch: "main", AuthorName: "Ada", AuthorEmail: "ada@x.org", LastCommitID: "570e7b2a",
		}),
	}})
}

func TestHeadOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.mock.RegisterNoResponder(fileHeaders(""))
	c := w.signIn(t, 2*time.Hour)
	want := fullFile
	want.Content = nil
	for _, row := range []struct{ ref, sent string }{{"", "HEAD"}, {"feature/x", "feature%2Fx"}} {
		file, err := c.Files.Head(t.Context(), "group/app.io", "app/models/key.rb", row.ref)
		require.NoError(t, err)
		assert.Equal(t, want, file)
		sent := w.sent()[len(w.sent())-1]
		assert.Equal(t, http.MethodHead, sent.Method)
		assert.Equal(t, baseURL+"/api/v4/projects/group%2Fapp.io/repository/files/app%2Fmodels%2Fkey.rb?ref="+row.sent, sent.URL)
		assert.Equal(t, "Bearer access-1", sent.Authorization)
	}

	w.mock.RegisterNoResponder(always(http.StatusNotFound, ""))
	_, err := c.Files.Head(t.Context(), "group/app.io", "app/models/key.rb", "")
	require.ErrorIs(t, err, gitlab.ErrNotFound)

	w.mock.RegisterNoResponder(always(http.StatusOK, "<html>Deploy in progress</html>"))
	_, err = c.Files.Head(t.Context(), "group/app.io", "app/models/key.rb", "")
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused, "an answer that tells of no file")
	assert.Equal(t, http.StatusOK, refused.StatusCode)
}

// closing tells when an answer's body is closed.
type closing struct {
	io.Reader

	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

func TestRawFilesAreStreams(t *testing.T) {
	t.Parallel()
	const path = baseURL + "/api/v4/projects/group%2Fapp.io/repository/files/app%2Fmodels%2Fkey.rb/raw"
	for _, row := range []struct {
		in               gitlab.RawFile
		contentType, url string
	}{
		{gitlab.RawFile{}, "text/plain; charset=utf-8", path},
		{gitlab.RawFile{Ref: "feature/x", LFS: true}, "text/html", path + "?lfs=true&ref=feature%2Fx"}, // of a file that is a page
	} {
		w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxResponseBytes = 4 })
		body := &closing{Reader: strings.NewReader("longer than four\xff\x00")}
		w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
			resp := answer(req, http.StatusOK, "")
			resp.Header.Set("Content-Type", row.contentType)
			resp.Body = body
			return resp, nil
		})
		c := w.signIn(t, 2*time.Hour)

		raw, err := c.Files.Raw(t.Context(), "group/app.io", "app/models/key.rb", row.in)

		require.NoError(t, err)
		content, err := io.ReadAll(raw)
		require.NoError(t, err)
		assert.Equal(t, "longer than four\xff\x00", string(content))
		assert.Zero(t, body.closed)
		require.NoError(t, raw.Close())
		assert.Equal(t, 1, body.closed)
		require.Len(t, w.sent(), 1)
		assert.Equal(t, http.MethodGet, w.sent()[0].Method)
		assert.Equal(t, row.url, w.sent()[0].URL)
		assert.Equal(t, "Bearer access-1", w.sent()[0].Authorization)
	}
}

func TestWhatIsNoRawFileIsAnError(t *testing.T) {
	t.Parallel()
	page := &closing{Reader: strings.NewReader("<html>Deploy in progress</html>")}
	w := newWorld(t, func(cfg *gitlab.Config) { cfg.MaxRetries = -1 })
	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp := answer(req, http.StatusOK, "")
		resp.Header.Set("Content-Type", "text/html; charset=utf-8")
		resp.Body = page
		return resp, nil
	})
	raw, err := w.client.Files.Raw(t.Context(), "group/app.io", "a", gitlab.RawFile{})
	var refused *gitlab.APIError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusOK, refused.StatusCode)
	assert.Nil(t, raw)
	assert.Equal(t, 1, page.closed)

	w.mock.RegisterNoResponder(always(http.StatusNotFound, `{"message":"404 File Not Found"}`))
	raw, err = w.client.Files.Raw(t.Context(), "group/app.io", "a", gitlab.RawFile{})
	require.ErrorIs(t, err, gitlab.ErrNotFound)
	assert.Nil(t, raw)

	w.mock.RegisterNoResponder(always(http.StatusMovedPermanently, "")) // without a Location
	raw, err = w.client.Files.Raw(t.Context(), "group/app.io", "a", gitlab.RawFile{})
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusMovedPermanently, refused.StatusCode)
	assert.Nil(t, raw)

	w.mock.RegisterNoResponder(always(http.StatusNotModified, ""))
	raw, err = w.client.Files.Raw(t.Context(), "group/app.io", "a", gitlab.RawFile{}, gitlab.WithIfNoneMatch(`"1"`))
	require.ErrorIs(t, err, gitlab.ErrNotModified)
	assert.Nil(t, raw)

	w.mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		resp, err := fileHeaders("")(req)
		resp.StatusCode = http.StatusNotModified
		return resp, err
	})
	_, err = w.client.Files.Head(t.Context(), "group/app.io", "a", "", gitlab.WithIfNoneMatch(`"1"`))
	require.ErrorIs(t, err, gitlab.ErrNotModified)
}
