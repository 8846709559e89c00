package gitlabtest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// A memoryTransport hands requests to a handler in the same process. Like a
// network it copies the body first, and a caller who leaves does not stop the
// handler.
type memoryTransport struct{ handler http.Handler }

func (t *memoryTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.Body = io.NopCloser(bytes.NewReader(body))
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	in.RequestURI = r.URL.RequestURI()

	done := make(chan *memoryWriter, 1)
	go func() { done <- t.run(in) }()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case w := <-done:
		return w.response(r)
	}
}

func (t *memoryTransport) run(r *http.Request) (w *memoryWriter) {
	w = &memoryWriter{header: http.Header{}}
	defer func() {
		if e := recover(); e != nil {
			if e != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
				panic(e)
			}
			w.cut = true
		}
	}()
	t.handler.ServeHTTP(w, r)
	return w
}

// A memoryWriter keeps an answer, and whether it was cut short.
type memoryWriter struct {
	header http.Header
	sent   http.Header // as it was at WriteHeader; nil before
	status int
	body   bytes.Buffer
	cut    bool
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if w.sent == nil {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush is there for handlers that ask for it; everything arrives at the end.
func (w *memoryWriter) Flush() {}

func (w *memoryWriter) response(r *http.Request) (*http.Response, error) {
	if w.cut && w.sent == nil {
		return nil, io.ErrUnexpectedEOF
	}
	w.WriteHeader(http.StatusOK)
	var body io.Reader = &w.body
	if w.cut {
		body = io.MultiReader(body, brokenReader{})
	}
	length := int64(w.body.Len())
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}, nil
}

// A brokenReader is a connection that ended too early.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
