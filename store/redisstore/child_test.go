package redisstore

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(taskVariable); task != "" {
		fmt.Fprintln(os.Stdout, holdLock(task))
		os.Exit(1)
	}
	logging.Disable() // go-redis writes down every dial that fails
	goleak.VerifyTestMain(m)
}

// taskVariable holds, in the environment of a second process, which lock it
// takes instead of testing.
const taskVariable = "REDISSTORE_TASK"

type task struct {
	Access access
	Key    string
}

// ready is what a second process says when it has its lock.
const ready = "ready"

// holdLock takes the lock and keeps it, renewed, until the process is killed.
func holdLock(what string) error {
	var do task
	if err := json.Unmarshal([]byte(what), &do); err != nil {
		return err
	}
	s, err := do.Access.store()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	lock, err := s.LockIdentity(ctx, do.Key)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, ready)
	select {
	case <-lock.Context.Done():
		return context.Cause(lock.Context)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lockElsewhere lets a second process take the lock of key; kill ends it as
// SIGKILL does.
func lockElsewhere(t *testing.T, a access, key string) (kill func()) {
	t.Helper()
	what, err := json.Marshal(task{Access: a, Key: key})
	require.NoError(t, err)
	executable, err := os.Executable()
	require.NoError(t, err)
	process := exec.CommandContext(t.Context(), executable)
	process.Env = append(os.Environ(), taskVariable+"="+string(what))
	process.Stderr = os.Stderr
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
