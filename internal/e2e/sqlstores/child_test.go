package sqlstores

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/store/sqlstore"
)

// taskVariable holds, in the environment of a second process, whose lock it
// takes instead of testing.
const taskVariable = "SQLSTORES_TASK"

type task struct {
	Place place
	Key   string
	Lease time.Duration
}

// ready is what a second process says when it has the lock.
const ready = "ready"

// perform takes a lock and holds it until the process is killed.
func perform(what string) error {
	var do task
	if err := json.Unmarshal([]byte(what), &do); err != nil {
		return err
	}
	db, err := sql.Open(do.Place.Driver, do.Place.DSN)
	if err != nil {
		return err
	}
	store, err := sqlstore.New(db, do.Place.Dialect, sqlstore.WithTable(do.Place.Table), sqlstore.WithLease(do.Lease))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := store.LockIdentity(ctx, do.Key); err != nil {
		return err
	}
	fmt.Println(ready)
	<-ctx.Done()
	return ctx.Err()
}

// lockElsewhere takes the lock of key in a process of its own, which kill ends
// by SIGKILL.
func (p place) lockElsewhere(t *testing.T, key string, lease time.Duration) (kill func()) {
	t.Helper()
	what, err := json.Marshal(task{p, key, lease})
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	process := exec.CommandContext(t.Context(), program)
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
