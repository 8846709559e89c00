package filestore

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(taskVariable); task != "" {
		if err := perform(task); err != nil {
			fmt.Fprintln(os.Stdout, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// taskVariable holds, in the environment of a second process, what it does
// instead of testing.
const taskVariable = "FILESTORE_TASK"

type task struct {
	Do, Dir, Key string
	Times        int
}

// ready is what a second process says when it has come to where it stays.
const ready = "ready"

func perform(what string) error {
	var do task
	if err := json.Unmarshal([]byte(what), &do); err != nil {
		return err
	}
	s, err := New(do.Dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch do.Do {
	case "hold the lock":
		if _, err := s.LockIdentity(ctx, do.Key); err != nil {
			return err
		}
		return stay(ctx)
	case "stay before the rename":
		s.disk.rename = func(_, _ string) error { return stay(ctx) }
		id, err := s.LoadIdentity(ctx, do.Key)
		if err != nil {
			return err
		}
		id.Data.AccessToken = "access-2"
		_, err = s.SaveIdentity(ctx, id)
		return err
	case "count":
		for range do.Times {
			if err := errors.Join(countBySwap(ctx, s, do.Key), countUnderLock(ctx, s, do.Key)); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("no such task")
}

func stay(ctx context.Context) error {
	fmt.Fprintln(os.Stdout, ready)
	<-ctx.Done()
	return ctx.Err()
}

// countBySwap counts one up in the scope of key, as often as it conflicts.
func countBySwap(ctx context.Context, s *Store, key string) error {
	for {
		id, err := s.LoadIdentity(ctx, key)
		if err != nil {
			return err
		}
		count, _ := strconv.Atoi(id.Data.Scope)
		id.Data.Scope = strconv.Itoa(count + 1)
		if _, err := s.SaveIdentity(ctx, id); !errors.Is(err, gitlab.ErrIdentityConflict) {
			return err
		}
	}
}

// countUnderLock counts one up in a file that only the lock of key protects.
func countUnderLock(ctx context.Context, s *Store, key string) error {
	lock, err := s.LockIdentity(ctx, key)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	path := filepath.Join(s.dir, "count")
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(string(content))
	if err != nil {
		return err
	}
	time.Sleep(time.Millisecond)
	return os.WriteFile(path, []byte(strconv.Itoa(count+1)), 0o600)
}

// start runs do in a process of its own.
func start(t *testing.T, do task) *exec.Cmd {
	t.Helper()
	what, err := json.Marshal(do)
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	process := exec.CommandContext(t.Context(), program)
	process.Env = append(os.Environ(), taskVariable+"="+string(what))
	process.Stderr = os.Stderr
	return process
}

// startUntilReady runs do until it stays; kill ends it as SIGKILL does.
func startUntilReady(t *testing.T, do task) (kill func()) {
	t.Helper()
	process := start(t, do)
	output, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	kill = func() {
		t.Helper()
		require.NoError(t, process.Process.Kill())
		require.Error(t, process.Wait())
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil || line != ready+"\n" {
		kill()
		require.Fail(t, "the second process failed", "%s %v", line, err)
	}
	return kill
}
