// Package engines runs real database servers for tests: PostgreSQL, MariaDB,
// PgBouncer and Redis, each on a free port of the loopback interface with its data in a
// directory of its own. On Debian:
//
//	apt-get install --no-install-recommends postgresql mariadb-server pgbouncer redis-server
//
// Servers refuse to run as root; for root they run as nobody. They end when the
// process that started them does, however that comes about.
package engines

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Required reports whether a server that is missing is a failure.
func Required() bool { return os.Getenv("GITLAB_E2E") == "required" }

// ErrMissing means that a server is not installed.
var ErrMissing = errors.New("not installed")

// Need skips the test if err is [ErrMissing], unless servers are [Required], and
// fails it at any other error.
func Need(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && !Required():
		tb.Skipf("skipped: %v (set GITLAB_E2E=required to make this a failure)", err)
	default:
		tb.Fatal(err)
	}
}

const (
	startTime = 60 * time.Second // a loaded machine takes its time
	stopTime  = 20 * time.Second
	portTries = 3 // somebody else may be faster to take a free port
)

// Server is a running server. Its methods are for one goroutine at a time.
type Server struct {
	Driver string // of database/sql, if it has one; whoever uses the server imports it
	DSN    string
	Port   int

	name    string
	dir     string
	command []string
	stop    string                      // the signal to end it
	crash   os.Signal                   // to end it as a crash would
	ping    func(context.Context) error // nil: Driver's
	process *process
}

// in makes the directory of a server, which whoever the server runs as owns.
func (s *Server) in() error {
	dir, err := os.MkdirTemp("", "gitlab-e2e-"+s.name+"-")
	if err != nil {
		return err
	}
	s.dir = dir
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, -1)
}

// unprivileged is the command as nobody, where it would be root's.
func unprivileged(command ...string) []string {
	if os.Geteuid() != 0 {
		return command
	}
	return append([]string{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"}, command...)
}

// run runs a command that prepares a server.
func (s *Server) run(ctx context.Context, command ...string) error {
	command = unprivileged(command...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(command[0]), err, out)
	}
	return nil
}

// boot starts the server on a free port; command and dsn are told which.
func (s *Server) boot(ctx context.Context, command func(port int) []string, dsn func(port int) string) (err error) {
	for range portTries {
		if s.Port, err = freePort(ctx); err != nil {
			return err
		}
		s.command, s.DSN = command(s.Port), dsn(s.Port)
		if err = s.Start(ctx); err == nil {
			return nil
		}
	}
	return err
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// Start starts the server again after [Server.Stop] or [Server.Crash], on the
// same port with the same data, and returns when it answers.
func (s *Server) Start(ctx context.Context) error {
	p, err := launch(ctx, s.dir, s.stop, unprivileged(s.command...))
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.process = p
	if err := s.answers(ctx); err != nil {
		s.Stop()
		return fmt.Errorf("%s does not start: %w\n%s", s.name, err, p.output)
	}
	return nil
}

// answers waits until the server does.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	ping := s.ping
	if ping == nil {
		db, err := sql.Open(s.Driver, s.DSN)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		ping = db.PingContext
	}
	for {
		err := ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.ended:
			return err
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the server in good order. Its data stays.
func (s *Server) Stop() { s.process.end() }

// Crash ends the server without any order.
func (s *Server) Crash() error {
	if err := s.process.signal(s.crash); err != nil {
		return err
	}
	s.process.end()
	return nil
}

// Close ends the server and removes its data.
func (s *Server) Close() error {
	if s.process != nil {
		s.Stop()
	}
	return os.RemoveAll(s.dir)
}
