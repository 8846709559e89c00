// Package doorkeeper runs the real Doorkeeper, the OAuth provider inside
// GitLab, with GitLab's settings, for one test.
//
// It needs Ruby, Rails, Doorkeeper, SQLite, rack-oauth2 and Puma; on Debian:
//
//	apt-get install --no-install-recommends ruby ruby-rails ruby-doorkeeper ruby-sqlite3 ruby-rack-oauth2 puma
//
// Debian's Doorkeeper has no device grant, so neither has this server.
package doorkeeper

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

const (
	startTime = 60 * time.Second // a loaded machine takes its time to load Rails
	stopTime  = 10 * time.Second
)

//go:embed app.rb api.rb control.rb config.ru
var program embed.FS

// listening is how Puma tells which free port it got.
var listening = regexp.MustCompile(`Listening on (http://127\.0\.0\.1:\d+)`)

// missing tells what of the server is not installed; nil: nothing.
var missing = sync.OnceValue(func() error {
	if _, err := exec.LookPath("puma"); err != nil {
		return err
	}
	const load = `%w[puma rails doorkeeper sqlite3 rack-oauth2].each { |name| gem name }`
	out, err := exec.CommandContext(context.Background(), "ruby", "-e", load).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, firstLine(out))
	}
	return nil
})

// Server is a running provider, whose root is URL.
type Server struct {
	URL string

	tb testing.TB
}

// Start runs a provider on a free port of the loopback interface, with a
// database of its own, until tb ends. When Doorkeeper is not installed the test
// is skipped, or fails if GITLAB_E2E is "required".
func Start(tb testing.TB) *Server {
	tb.Helper()
	if err := missing(); err != nil {
		if os.Getenv("GITLAB_E2E") == "required" {
			tb.Fatalf("Doorkeeper is not installed, but GITLAB_E2E is required: %v", err)
		}
		tb.Skipf("skipped, Doorkeeper is not installed (set GITLAB_E2E=required to make this a failure): %v", err)
	}
	dir := tb.TempDir()
	unpack(tb, dir)
	return &Server{URL: run(tb, dir), tb: tb}
}

func unpack(tb testing.TB, dir string) {
	tb.Helper()
	files, err := program.ReadDir(".")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range files {
		data, err := program.ReadFile(file.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file.Name()), data, 0o600)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// run starts Puma and returns the URL at which it answers. The server ends when
// its standard input does, so it does not outlive even a test that was killed.
func run(tb testing.TB, dir string) string {
	tb.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), "puma", "--quiet", "--environment", "production",
		"--threads", "16:16", "--workers", "0", "--bind", "tcp://127.0.0.1:0", "config.ru")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "E2E_DIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out := newOutput()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	tb.Cleanup(func() { stop(tb, cmd, stdin, ended) })

	select {
	case url := <-out.url:
		return url
	case <-ended:
		tb.Fatalf("Doorkeeper ended at its start\n%s", out)
	case <-time.After(startTime):
		tb.Fatalf("Doorkeeper did not start within %v\n%s", startTime, out)
	}
	return ""
}

func stop(tb testing.TB, cmd *exec.Cmd, stdin io.Closer, ended <-chan struct{}) {
	stdin.Close()
	select {
	case <-ended:
		return
	case <-time.After(stopTime):
	}
	tb.Logf("Doorkeeper (pid %d) did not end by itself within %v and is killed", cmd.Process.Pid, stopTime)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Error(err)
	}
	<-ended
}

// output keeps what the server prints and picks its URL out of it.
type output struct {
	url chan string // gets one value

	mu   sync.Mutex // guards text and told
	text bytes.Buffer
	told bool
}

func newOutput() *output { return &output{url: make(chan string, 1)} }

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	if found := listening.FindSubmatch(o.text.Bytes()); found != nil && !o.told {
		o.told = true
		o.url <- string(found[1])
	}
	return n, err
}

// String implements [fmt.Stringer].
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func firstLine(text []byte) string {
	line, _, err := bufio.NewReader(bytes.NewReader(text)).ReadLine()
	if err != nil {
		return ""
	}
	return string(line)
}
