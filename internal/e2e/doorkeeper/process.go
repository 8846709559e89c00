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
	"time"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

const (
	startTime = 60 * time.Second // a loaded machine takes its time to load Rails
	stopTime  = 10 * time.Second
)

//go:embed app.rb api.rb control.rb login.rb config.ru
var program embed.FS

// listening is how Puma tells which free port it got.
var listening = regexp.MustCompile(`Listening on (http://127\.0\.0\.1:\d+)`)

// missing tells what of the server is not installed, in an [engines.ErrMissing];
// nil: nothing.
var missing = sync.OnceValue(func() error {
	if _, err := exec.LookPath("puma"); err != nil {
		return fmt.Errorf("doorkeeper is %w: %w", engines.ErrMissing, err)
	}
	const load = `%w[puma rails doorkeeper sqlite3 rack-oauth2].each { |name| gem name }`
	out, err := exec.CommandContext(context.Background(), "ruby", "-e", load).CombinedOutput()
	if err != nil {
		return fmt.Errorf("doorkeeper is %w: %w: %s", engines.ErrMissing, err, firstLine(out))
	}
	return nil
})

// Process is a running provider, whose root is URL, for a program; a test has
// [Server].
type Process struct {
	URL string

	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed when it has ended
}

// Boot runs a provider on a free port of the loopback interface, with its
// database in dir, which is empty, until [Process.Close] or until the process
// that called Boot ends. The error is [engines.ErrMissing] if Doorkeeper is not
// installed.
func Boot(ctx context.Context, dir string) (*Process, error) {
	if err := missing(); err != nil {
		return nil, err
	}
	if err := unpack(dir); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "puma", "--quiet", "--environment", "production",
		"--threads", "16:16", "--workers", "0", "--bind", "tcp://127.0.0.1:0", "config.ru")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "E2E_DIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out := newOutput()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintln(out, err)
		}
	}()
	select {
	case p.URL = <-out.url:
		return p, nil
	case <-p.ended:
		err = errors.New("doorkeeper ended at its start")
	case <-time.After(startTime):
		err = fmt.Errorf("doorkeeper did not start within %v", startTime)
	}
	return nil, fmt.Errorf("%w\n%s", errors.Join(err, p.Close()), out)
}

func unpack(dir string) error {
	files, err := program.ReadDir(".")
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := program.ReadFile(file.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file.Name()), data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close ends the server: at the end of its standard input it does so by itself,
// and is killed if it takes too long, which is an error.
func (p *Process) Close() error {
	p.stdin.Close()
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTime):
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return errors.Join(fmt.Errorf("doorkeeper (pid %d) did not end by itself within %v and was killed", p.cmd.Process.Pid, stopTime), err)
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
