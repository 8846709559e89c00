package browser

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	startTime = time.Minute // a loaded machine takes its time
	stopTime  = 30 * time.Second
)

// build compiles the example.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "backend")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	cmd.Dir = filepath.Join("..", "..", "..", "examples", "backend")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// watch runs the program until its own standard input ends, as it does when the
// tests' process has died, and tells the program's pid first.
const watch = `"$@" & pid=$!
echo "pid $pid"
read -r _
kill -s TERM $pid 2>/dev/null
wait $pid`

var printed = regexp.MustCompile(`^pid (\d+)|^There is a GitLab to play with at (\S+);|^Open (\S+)`)

// A backend is the example as a process.
type backend struct {
	url    string
	gitlab string // of its own; "": it uses another one
}

// start runs the example on a free port until the test ends.
func start(t *testing.T, env []string, args ...string) backend {
	t.Helper()
	program := build(t)
	// The cleanup below ends it, in good order.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", append([]string{"-c", watch, "sh", program, "-addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	log := &logged{}
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	var b backend
	pid, ready, ended := 0, make(chan struct{}), make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			switch found := printed.FindStringSubmatch(lines.Text()); {
			case found == nil || b.url != "":
			case found[1] != "":
				pid, _ = strconv.Atoi(found[1])
			case found[2] != "":
				b.gitlab = found[2]
			default:
				b.url = found[3]
				close(ready)
			}
		}
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		select {
		case err := <-ended:
			assert.NoError(t, err, "the end of the backend")
		case <-time.After(stopTime):
			t.Errorf("the backend (pid %d) did not end within %v and is killed", pid, stopTime)
			if process, err := os.FindProcess(pid); err == nil {
				_ = process.Kill()
			}
		}
		if t.Failed() {
			t.Log(log)
		}
	})
	select {
	case <-ready:
	case <-time.After(startTime):
		t.Fatalf("the backend does not start\n%s", log)
	}
	return b
}

// logged is what the backend logs.
type logged struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
