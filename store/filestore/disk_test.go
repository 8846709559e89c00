package filestore

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordDisk makes s take down in steps what it asks of the disk. An empty file
// that is synced does not count.
func recordDisk(s *Store, steps *[]string) {
	short := strings.NewReplacer(s.path("user-1", ""), "HASH", s.dir, "DIR")
	name := func(path string) string {
		path = short.Replace(path)
		if before, random, ok := strings.Cut(path, ".json."); ok && strings.HasSuffix(random, tempEnd) {
			return before + ".json.*.tmp"
		}
		return path
	}
	s.disk = disk{
		sync: func(f *os.File) error {
			info, err := f.Stat()
			if err == nil && info.Size() > 0 {
				*steps = append(*steps, "sync "+name(f.Name()))
			}
			return errors.Join(err, f.Sync())
		},
		rename: func(from, to string) error {
			*steps = append(*steps, "rename "+name(from)+" "+name(to))
			return rename(from, to)
		},
		syncDir: func(dir string) error {
			*steps = append(*steps, "sync "+name(dir))
			return syncDir(dir)
		},
	}
}

func TestSaveHasReachedTheDiskWhenItReturns(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var steps []string
	recordDisk(s, &steps)
	id := create(t, s, "user-1")
	assert.Equal(t, []string{"sync HASH.json.*.tmp", "rename HASH.json.*.tmp HASH.json", "sync DIR"}, steps)

	steps = nil
	require.NoError(t, s.DeleteIdentity(t.Context(), "user-1", id.Revision))
	assert.Equal(t, []string{"sync DIR"}, steps)
}

func TestSaveGoesOnWhenItsContextEndsWhileItWrites(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	ctx, cancel := context.WithCancel(t.Context())
	s.disk.rename = func(from, to string) error {
		cancel()
		return rename(from, to)
	}
	revision, err := s.SaveIdentity(ctx, id)
	require.NoError(t, err)
	loaded, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, revision, loaded.Revision)
}

var errBroken = errors.New("input/output error")

func TestFailedWriteChangesNothing(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*disk){
		"sync":   func(d *disk) { d.sync = func(*os.File) error { return errBroken } },
		"rename": func(d *disk) { d.rename = func(_, _ string) error { return errBroken } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			id := create(t, s, "user-1")
			broken(&s.disk)
			_, err := s.SaveIdentity(t.Context(), id)
			require.ErrorIs(t, err, errBroken)
			_, err = s.LockIdentity(t.Context(), "user-1")
			require.ErrorIs(t, err, errBroken, "a lock is a write")
			assert.Empty(t, temporaryFiles(t, s))
			assert.NoFileExists(t, s.path("user-1", heldEnd))

			s.disk = realDisk()
			loaded, err := s.LoadIdentity(t.Context(), "user-1")
			require.NoError(t, err)
			assert.Equal(t, id, loaded)
			assert.False(t, lockBriefly(t, s, "user-1"), "the lock is free")
			_, err = s.SaveIdentity(t.Context(), id)
			require.NoError(t, err, "and the write lock")
		})
	}
}

// The renaming may be lost then, so nobody may rely on it.
func TestDirectoryThatDoesNotReachTheDiskIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	s.disk.syncDir = func(string) error { return errBroken }
	_, err := s.LockIdentity(t.Context(), "user-1")
	require.ErrorIs(t, err, errBroken)
	assert.NoFileExists(t, s.path("user-1", heldEnd), "nobody held the lock")
	_, err = s.SaveIdentity(t.Context(), id)
	require.ErrorIs(t, err, errBroken)

	loaded, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	require.ErrorIs(t, s.DeleteIdentity(t.Context(), "user-1", loaded.Revision), errBroken)
}
