package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// A spawner starts processes of this program. It does so on a thread of its
// own, which lives as long as the controller, see dieWithUs.
type spawner struct{ starts chan func() }

// newSpawner returns a spawner; end it with close, when its processes have ended.
func newSpawner() *spawner {
	s := &spawner{starts: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for start := range s.starts {
			start()
		}
	}()
	return s
}

func (s *spawner) close() { close(s.starts) }

// A child is a process of this program.
type child struct {
	*exec.Cmd

	stdin  io.WriteCloser
	stdout io.ReadCloser
}

// start runs this program in that role. The process ends when its standard
// input does.
func (s *spawner) start(ctx context.Context, role string, config any, env ...string) (child, error) {
	encoded, err := json.Marshal(config)
	if err != nil {
		return child{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return child{}, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, role, string(encoded))
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	c := child{Cmd: cmd}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return child{}, err
	}
	if c.stdout, err = cmd.StdoutPipe(); err != nil {
		return child{}, err
	}
	return c, s.run(cmd)
}

// run starts a process that dies with the controller.
func (s *spawner) run(cmd *exec.Cmd) error {
	dieWithUs(cmd)
	done := make(chan error)
	s.starts <- func() { done <- cmd.Start() }
	return <-done
}
