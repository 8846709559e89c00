package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// process is this program, started in a role.
type process struct {
	say     *json.Encoder
	answers *json.Decoder
	stop    func()
}

// startProcess starts this program in a role and tells it config. It ends with
// stop, with ctx, and with this process.
func startProcess(ctx context.Context, role string, config any) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	cmd := exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	p := &process{say: json.NewEncoder(in), answers: json.NewDecoder(out), stop: func() {
		_ = in.Close()
		_ = cmd.Wait() // it was told to end; how it did no longer matters
	}}
	if err := p.say.Encode(config); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting the %s: %w", role, err)
	}
	return p, nil
}

// server is a server in another process.
type server struct {
	*process
	serverHello
}

func startServer(ctx context.Context, cfg serverConfig) (*server, error) {
	p, err := startProcess(ctx, roleServer, cfg)
	if err != nil {
		return nil, err
	}
	s := &server{process: p}
	if err := p.answers.Decode(&s.serverHello); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	return s, nil
}

// state is what the server has seen so far.
func (s *server) state(ctx context.Context) (serverState, error) {
	var state serverState
	err := s.ask(ctx, http.MethodGet, "/", &state)
	return state, err
}

// ask has the server's control answer into out.
func (s *server) ask(ctx context.Context, method, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.Control+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server: %s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
