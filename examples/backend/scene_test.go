package main

import (
	"bufio"
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A scene is the service with a GitLab of its own.
type scene struct {
	t    *testing.T
	app  *app
	demo *demo
	url  string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	o := options{publicURL: "http://" + server.Listener.Addr().String(), data: t.TempDir()}
	demo, err := startDemo(t.Context(), &o)
	require.NoError(t, err)
	t.Cleanup(demo.close)
	db, err := openDatabase(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.close()) })
	a, err := newApp(t.Context(), o, db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.shutdown(context.WithoutCancel(t.Context()))) })
	a.feed.pause = time.Hour // whatever a live page shows, it was woken for
	server.Config.Handler = a.handler()
	server.Config.RegisterOnShutdown(a.feed.close)
	server.Start()
	t.Cleanup(func() {
		a.feed.close()
		server.Close()
	})
	return &scene{t: t, app: a, demo: demo, url: o.publicURL}
}

// project is the number of a project in the demo.
func (s *scene) project(path string) string {
	return strconv.FormatInt(s.demo.gitlab.AddProject(path).ID, 10)
}

// A browser keeps cookies and follows redirects.
type browser struct {
	t      *testing.T
	scene  *scene
	client *http.Client
}

func (s *scene) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{s.t, s, &http.Client{Jar: jar, Transport: transport}}
}

// as is a browser whose user has connected GitLab.
func (s *scene) as(username string) *browser {
	s.t.Helper()
	b := s.browser()
	b.signIn(b.get("/login"), username, "approve")
	return b
}

// A page is what a browser shows in the end.
type page struct {
	status int
	at     *url.URL
	body   string
	header http.Header
}

func (b *browser) do(req *http.Request) page {
	b.t.Helper()
	resp, err := b.client.Do(req)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return page{resp.StatusCode, resp.Request.URL, html.UnescapeString(string(body)), resp.Header}
}

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.scene.url+path, http.NoBody)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) request(path string, form url.Values) *http.Request {
	b.t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = b.scene.url + path
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// post sends a form of the service's own pages.
func (b *browser) post(path string, form url.Values) page {
	b.t.Helper()
	req := b.request(path, form)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// signIn answers GitLab's page, and returns the one that comes after.
func (b *browser) signIn(p page, username, decision string) page {
	b.t.Helper()
	require.Contains(b.t, p.body, "Authorization required")
	form := url.Values{"username": {username}, "decision": {decision}}
	for _, field := range hidden.FindAllStringSubmatch(p.body, -1) {
		form.Set(field[1], field[2])
	}
	return b.do(b.request(p.at.String(), form))
}

// live opens the stream of events, and returns a function that reads the next one.
func (b *browser) live() (next func() string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.scene.url+"/events", http.NoBody)
	require.NoError(b.t, err)
	resp, err := b.client.Do(req)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { resp.Body.Close() })
	require.Equal(b.t, "text/event-stream", resp.Header.Get("Content-Type"))
	lines := make(chan string)
	done := make(chan struct{})
	b.t.Cleanup(func() { close(done) })
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				select {
				case lines <- data:
				case <-done:
					return
				}
			}
		}
	}()
	return func() string {
		b.t.Helper()
		select {
		case line := <-lines:
			return line
		case <-time.After(10 * time.Second):
			b.t.Fatal("no event has arrived")
			return ""
		}
	}
}
