package gitlab_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// lengths notes the Content-Length of what is sent to the API.
type lengths struct {
	http.RoundTripper

	mu  sync.Mutex // guards got
	got []int64
}

func (l *lengths) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.String(), baseURL+"/api/") {
		l.mu.Lock()
		l.got = append(l.got, req.ContentLength)
		l.mu.Unlock()
	}
	return l.RoundTripper.RoundTrip(req)
}

// posted sends in by POST and returns what arrived.
func posted(t *testing.T, in any) (call, int64) {
	t.Helper()
	l := &lengths{}
	w := newWorld(t, func(cfg *gitlab.Config) {
		l.RoundTripper = cfg.HTTPClient.Transport
		cfg.HTTPClient = &http.Client{Transport: l}
	})
	w.mock.RegisterNoResponder(always(http.StatusCreated, `{}`))
	require.NoError(t, w.client.Call(t.Context(), http.MethodPost, itemsPath, in, nil))
	require.Len(t, w.sent(), 1)
	return w.sent()[0], l.got[0]
}

// openedAt is a file of text, read up to offset.
func openedAt(t *testing.T, text string, offset int64) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "content")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	_, err = f.Seek(offset, io.SeekStart)
	require.NoError(t, err)
	return f
}

// behind is a reader of text, read up to offset.
func behind(t *testing.T, text string, offset int) *bytes.Reader {
	t.Helper()
	r := bytes.NewReader([]byte(text))
	_, err := io.CopyN(io.Discard, r, int64(offset))
	require.NoError(t, err)
	return r
}

// unseekable has all methods, but cannot seek, as a pipe.
type unseekable struct{ *strings.Reader }

func (unseekable) Seek(int64, int) (int64, error) { return 0, errors.New("illegal seek") }

// endless cannot tell where it ends.
type endless struct{ *strings.Reader }

func (e endless) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return 0, errors.New("it has no end")
	}
	return e.Reader.Seek(offset, whence)
}

func TestInputsAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	beyond := strings.NewReader("abc")
	_, err := beyond.Seek(10, io.SeekStart)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		in          any
		contentType string
		body        string
		length      int64
	}{
		"JSON":               {map[string]string{"a": "<b>"}, "application/json", `{"a":"\u003cb\u003e"}`, 21},
		"form":               {gitlab.Form(url.Values{"b[]": {"x y", "+"}, "a": {"é"}}), "application/x-www-form-urlencoded", "a=%C3%A9&b%5B%5D=x+y&b%5B%5D=%2B", 32},
		"empty form":         {gitlab.Form{}, "application/x-www-form-urlencoded", "", 0},
		"nil form":           {gitlab.Form(nil), "application/x-www-form-urlencoded", "", 0},
		"stream":             {gitlab.Stream{Content: strings.NewReader("abc")}, "application/octet-stream", "abc", 3},
		"stream of a type":   {gitlab.Stream{ContentType: "text/plain", Content: strings.NewReader("abc")}, "text/plain", "abc", 3},
		"rest of a reader":   {gitlab.Stream{Content: behind(t, "abcdef", 2)}, "application/octet-stream", "cdef", 4},
		"rest of a file":     {gitlab.Stream{Content: openedAt(t, "abcdef", 4)}, "application/octet-stream", "ef", 2},
		"plain reader":       {gitlab.Stream{Content: io.MultiReader(strings.NewReader("abc"))}, "application/octet-stream", "abc", -1},
		"pipe":               {gitlab.Stream{Content: unseekable{strings.NewReader("abc")}}, "application/octet-stream", "abc", -1},
		"empty reader":       {gitlab.Stream{Content: strings.NewReader("")}, "application/octet-stream", "", 0},
		"reader at its end":  {gitlab.Stream{Content: behind(t, "abc", 3)}, "application/octet-stream", "", 0},
		"beyond its end":     {gitlab.Stream{Content: beyond}, "application/octet-stream", "", 0},
		"empty file":         {gitlab.Stream{Content: openedAt(t, "", 0)}, "application/octet-stream", "", 0},
		"empty plain reader": {gitlab.Stream{Content: io.MultiReader()}, "application/octet-stream", "", -1},
	} {
		got, length := posted(t, row.in)
		assert.Equal(t, row.body, got.Body, name)
		assert.Equal(t, row.contentType, got.Header.Get("Content-Type"), name)
		assert.Equal(t, row.length, length, name)
	}
}

func TestUploadsAreFormsWithOneFile(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		in     gitlab.Upload
		body   string // B stands for the boundary
		length bool
	}{
		"a file": {
			gitlab.Upload{Name: "a.txt", Content: strings.NewReader("hello")},
			"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n--B--\r\n", true,
		},
		"with everything": {
			gitlab.Upload{Field: "avatar", Name: `a "b".png`, ContentType: "image/png", Content: openedAt(t, "xxhello", 2), Form: url.Values{"name[]": {"v 1", "v\r\n2"}}},
			"--B\r\nContent-Disposition: form-data; name=\"name[]\"\r\n\r\nv 1\r\n--B\r\nContent-Disposition: form-data; name=\"name[]\"\r\n\r\nv\r\n2\r\n" +
				"--B\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a \\\"b\\\".png\"\r\nContent-Type: image/png\r\n\r\nhello\r\n--B--\r\n", true,
		},
		"nothing": {
			gitlab.Upload{Name: "a", Content: strings.NewReader("")},
			"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n", true,
		},
		"plain reader": {
			gitlab.Upload{Name: "a", Content: io.MultiReader(strings.NewReader("hello"))},
			"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n--B--\r\n", false,
		},
	} {
		got, length := posted(t, row.in)
		kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
		require.NoError(t, err)
		assert.Equal(t, "multipart/form-data", kind)
		header := func(text string) string {
			head, rest, _ := strings.Cut(text, "\r\nContent-Type:") // which of the two comes first is no matter
			return head + rest
		}
		assert.Equal(t, header(row.body), header(strings.ReplaceAll(got.Body, params["boundary"], "B")), name)
		if row.length {
			assert.Equal(t, int64(len(got.Body)), length, name)
		} else {
			assert.Equal(t, int64(-1), length, name)
		}
		form, err := multipart.NewReader(strings.NewReader(got.Body), params["boundary"]).ReadForm(1 << 20)
		require.NoError(t, err)
		assert.Len(t, form.Value, len(row.in.Form), name)
	}
}

func TestInputsThatCannotBeSentAreErrorsBeforeAnyIO(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for says, in := range map[string]any{
		"the input has no Content":                                 gitlab.Stream{},
		"the input has no Content\x00":                             gitlab.Upload{Name: "a"},
		"an Upload needs the Name of its file":                     gitlab.Upload{Content: strings.NewReader("a")},
		"finding the length of the input's Content: it has no end": gitlab.Stream{Content: endless{strings.NewReader("a")}},
		"json: unsupported type: chan int":                         make(chan int),
	} {
		err := w.client.Call(t.Context(), http.MethodPost, itemsPath, in, nil)
		require.EqualError(t, err, "gitlab: POST /items: encoding the input: "+strings.TrimSuffix(says, "\x00"))
	}
	assert.Empty(t, w.sent())
}

func TestInputsAreSentAgainAfterARefresh(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]any{
		"JSON":           map[string]int{"a": 1},
		"form":           gitlab.Form(url.Values{"a": {"b"}}),
		"reader":         gitlab.Stream{Content: behind(t, "abcdef", 2)},
		"file":           gitlab.Stream{Content: openedAt(t, "abcdef", 4)},
		"nothing":        gitlab.Stream{Content: strings.NewReader("")},
		"upload":         gitlab.Upload{Name: "a", Content: behind(t, "abcdef", 3), Form: url.Values{"x": {"1"}, "y": {"2"}, "z": {"3"}}},
		"upload of file": gitlab.Upload{Name: "a", Content: openedAt(t, "abcdef", 4)},
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		w.mock.RegisterResponder(http.MethodPost, itemsURL, accepts(`{}`, "access-2"))
		require.NoError(t, w.signIn(t, 2*time.Hour).Call(t.Context(), http.MethodPost, itemsPath, in, nil), name)
		calls := w.apiCalls()
		require.Len(t, calls, 2, name)
		assert.Equal(t, calls[0].Body, calls[1].Body, name)
		assert.Equal(t, calls[0].Header.Get("Content-Type"), calls[1].Header.Get("Content-Type"), name)
		if stream, ok := in.(gitlab.Stream); ok {
			left, err := io.ReadAll(stream.Content)
			require.NoError(t, err)
			assert.Equal(t, calls[1].Body, string(left), "%s: it stands where it stood", name)
		}
	}
}

func TestInputThatCanBeReadOnceIsRefreshedForTheNextCall(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]func() any{
		"stream": func() any { return gitlab.Stream{Content: io.MultiReader(strings.NewReader("once"))} },
		"pipe":   func() any { return gitlab.Stream{Content: unseekable{strings.NewReader("once")}} },
		"upload": func() any { return gitlab.Upload{Name: "a", Content: io.MultiReader(strings.NewReader("once"))} },
	} {
		w := newWorld(t, nil)
		w.mock.RegisterResponder(http.MethodPost, tokenURL, always(http.StatusOK, pairJSON))
		w.mock.RegisterResponder(http.MethodPost, itemsURL, accepts(`{}`, "access-2"))
		c := w.signIn(t, 2*time.Hour)
		require.ErrorIs(t, c.Call(t.Context(), http.MethodPost, itemsPath, in(), nil), gitlab.ErrUnauthorized, name)
		require.NoError(t, c.Call(t.Context(), http.MethodPost, itemsPath, in(), nil), name)
		requireStory(t, w, "POST access-1", "POST refresh-1", "POST access-2")
	}
}

func TestPipeIsSentToARealServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := gitlab.New(gitlab.Config{BaseURL: s.URL, HTTPClient: &http.Client{Transport: transport}})
	require.NoError(t, err)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	go func() {
		_, _ = io.WriteString(w, "through a pipe")
		_ = w.Close()
	}()
	require.NoError(t, c.Call(t.Context(), http.MethodPost, itemsPath, gitlab.Stream{Content: r}, nil))
	require.NoError(t, c.Call(t.Context(), http.MethodPost, itemsPath, gitlab.Stream{Content: openedAt(t, "from a file", 5)}, nil))
	require.NoError(t, r.Close())
	arrived := s.arrived()
	require.Len(t, arrived, 2)
	assert.Equal(t, "through a pipe", arrived[0].Body)
	assert.Equal(t, "a file", arrived[1].Body)
}
