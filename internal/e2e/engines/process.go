package engines

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watch runs a server until its own standard input has a line, or ends, as it
// does when the tests' process was killed; then the data goes too. It tells the
// server's pid first.
const watch = `stop=$1; shift
"$@" >&2 & pid=$!
echo $pid
keep=; read -r _ && keep=yes
kill -s "$stop" $pid 2>/dev/null
wait $pid
[ "$keep" ] || rm -rf "$PWD"`

// process is a server's process and the shell that watches it.
type process struct {
	pid    int
	shell  *exec.Cmd
	stdin  io.WriteCloser
	output *output
	ended  chan struct{} // closed when the shell has ended
}

func launch(ctx context.Context, dir, stop string, command []string) (*process, error) {
	shell := exec.CommandContext(context.WithoutCancel(ctx), "sh", append([]string{"-c", watch, "sh", stop}, command...)...)
	shell.Dir = dir
	p := &process{shell: shell, output: new(output), ended: make(chan struct{})}
	shell.Stderr = p.output
	stdin, err := shell.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := shell.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		p.pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	go func() {
		defer close(p.ended)
		if err := shell.Wait(); err != nil {
			fmt.Fprintln(p.output, err)
		}
	}()
	if err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (p *process) signal(sig os.Signal) error {
	server, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	return server.Signal(sig)
}

// end returns when the server has ended.
func (p *process) end() {
	_, _ = io.WriteString(p.stdin, "\n") // the shell may have ended
	p.stdin.Close()
	select {
	case <-p.ended:
		return
	case <-time.After(stopTime):
	}
	_ = p.signal(os.Kill) // it may just have ended
	<-p.ended
}

// output keeps what a server prints.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String implements [fmt.Stringer].
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
