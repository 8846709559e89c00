package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// endLimit is how long a process may take to end when its input has.
const endLimit = 30 * time.Second

// A child is a process of this program, as its controller sees it.
type child struct {
	role string
	cmd  *exec.Cmd
	in   io.WriteCloser
	say  *json.Encoder
	told *json.Decoder
}

// start starts a process in a role; its config is the first that it is told. It
// is killed when ctx ends.
func start(ctx context.Context, role string, config any) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = endLimit
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c := &child{role: role, cmd: cmd, in: in, say: json.NewEncoder(in), told: json.NewDecoder(out)}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := c.say.Encode(config); err != nil {
		return nil, errors.Join(err, c.end())
	}
	return c, nil
}

// hear reads what the process says next.
func (c *child) hear(v any) error {
	if err := c.told.Decode(v); err != nil {
		return fmt.Errorf("scale: a process in the role %s: %w", c.role, err)
	}
	return nil
}

// end has the process end, and kills it if it does not.
func (c *child) end() error {
	_ = c.in.Close() // it may have ended
	kill := time.AfterFunc(endLimit, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	return c.cmd.Wait()
}

// cpu is the time that the ended process has computed.
func (c *child) cpu() time.Duration {
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
}

// A crew is several processes that begin at once.
type crew []*child

// startCrew returns when all are ready. The caller ends them, also if there is
// an error.
func startCrew[C any](ctx context.Context, role string, configs []C) (crew, error) {
	var all crew
	for _, config := range configs {
		c, err := start(ctx, role, config)
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	for _, c := range all {
		var ready bool
		if err := c.hear(&ready); err != nil {
			return all, err
		}
	}
	return all, nil
}

// perform lets all begin and returns what each has said at its end, and how long
// the last one took.
func perform[R any](all crew) (results []R, took time.Duration, err error) {
	began := time.Now()
	for _, c := range all {
		if err := c.say.Encode("go"); err != nil {
			return nil, 0, err
		}
	}
	results = make([]R, len(all))
	for i, c := range all {
		if err := c.hear(&results[i]); err != nil {
			return nil, 0, err
		}
	}
	return results, time.Since(began), nil
}

func (all crew) end() error {
	var errs []error
	for _, c := range all {
		errs = append(errs, c.end())
	}
	return errors.Join(errs...)
}

func (all crew) cpu() (sum time.Duration) {
	for _, c := range all {
		sum += c.cpu()
	}
	return sum
}

// A controller is who has started this process.
type controller struct {
	told *json.Decoder
	say  *json.Encoder
}

func newController(stdin io.Reader, stdout io.Writer) *controller {
	return &controller{told: json.NewDecoder(stdin), say: json.NewEncoder(stdout)}
}

// alive is ctx until the controller goes away or lets this process end. begin is
// closed when the work is to begin.
func (c *controller) alive(ctx context.Context) (_ context.Context, begin <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	started := make(chan struct{})
	go func() {
		defer cancel()
		var word string
		if c.told.Decode(&word) != nil {
			return
		}
		close(started)
		_ = c.told.Decode(&word) // there is nothing more to be told
	}()
	return ctx, started
}

// ready says so and waits for the word to begin.
func (c *controller) ready(ctx context.Context, begin <-chan struct{}) error {
	if err := c.say.Encode(true); err != nil {
		return err
	}
	select {
	case <-begin:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
