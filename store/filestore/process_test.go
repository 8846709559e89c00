package filestore

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/storetest"
)

func TestFileStoreIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		dir := t.TempDir()
		return storetest.Fixture{
			A: open(t, dir),
			B: open(t, dir),
			Abandon: func(t *testing.T, key string) {
				startUntilReady(t, task{Do: "hold the lock", Dir: dir, Key: key})()
			},
		}
	})
}

func TestLockOfAKilledProcessIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	kill := startUntilReady(t, task{Do: "hold the lock", Dir: s.dir, Key: "user-1"})

	locks := make(chan *gitlab.IdentityLock, 1)
	go func() {
		defer close(locks)
		if lock, err := s.LockIdentity(t.Context(), "user-1"); assert.NoError(t, err) {
			locks <- lock
		}
	}()
	select {
	case <-locks:
		require.Fail(t, "two processes hold the lock")
	case <-time.After(10 * lockPause):
	}
	killed := time.Now()
	kill()
	lock := <-locks
	require.NotNil(t, lock)
	assert.Less(t, time.Since(killed), 5*time.Second)
	assert.True(t, lock.Abandoned)

	_, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	lock.Unlock()
	assert.False(t, lockBriefly(t, s, "user-1"), "saved since")
}

// A holder that was killed after its save has finished its rotation.
func TestSaveOfAKilledHolderEndsTheAbandonment(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	kill := startUntilReady(t, task{Do: "hold the lock", Dir: s.dir, Key: "user-1"})
	_, err := s.SaveIdentity(t.Context(), id) // as the holder would
	require.NoError(t, err)
	kill()
	assert.False(t, lockBriefly(t, s, "user-1"))
}

func TestProcessesLoseNoUpdateAndExcludeEachOther(t *testing.T) {
	t.Parallel()
	const processes, times = 4, 10
	s := open(t, t.TempDir())
	create(t, s, "user-1")
	counter := filepath.Join(s.dir, "count")
	require.NoError(t, os.WriteFile(counter, []byte("0"), 0o600))

	failures := make(chan error, processes)
	for range processes {
		process := start(t, task{Do: "count", Dir: s.dir, Key: "user-1", Times: times})
		process.Stdout = os.Stderr
		require.NoError(t, process.Start())
		go func() { failures <- process.Wait() }()
	}
	for range processes {
		require.NoError(t, <-failures)
	}
	id, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(processes*times), id.Data.Scope, "compare-and-swap")
	count, err := os.ReadFile(counter)
	require.NoError(t, err)
	assert.Equal(t, strconv.Itoa(processes*times), string(count), "lock")
}

func TestCrashBeforeTheRenameKeepsTheOldIdentity(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	startUntilReady(t, task{Do: "stay before the rename", Dir: s.dir, Key: "user-1"})()

	left := temporaryFiles(t, s)
	require.Len(t, left, 1, "what the crashed save left")
	loaded, err := open(t, s.dir).LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, id, loaded)
	_, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err, "the lock of the crashed save is free")
	assert.Equal(t, left, temporaryFiles(t, s), "it may be another process's that is still being written")

	old := time.Now().Add(-2 * tempAge)
	require.NoError(t, os.Chtimes(left[0], old, old))
	open(t, s.dir)
	assert.Empty(t, temporaryFiles(t, s))
}

func temporaryFiles(t *testing.T, s *Store) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "*"+tempEnd))
	require.NoError(t, err)
	return found
}
