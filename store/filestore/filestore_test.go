package filestore

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := New(dir)
	require.NoError(t, err)
	return s
}

func create(t *testing.T, s *Store, key string) gitlab.Identity {
	t.Helper()
	id := gitlab.Identity{
		Key:     key,
		BaseURL: "https://gitlab.example.com/git",
		Data:    gitlab.OAuthData{AccessToken: "access-1", RefreshToken: "refresh-1", ExpiresAt: time.Unix(1700007200, 0).UTC()},
	}
	revision, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	id.Revision = revision
	return id
}

func lockBriefly(t *testing.T, s *Store, key string) (abandoned bool) {
	t.Helper()
	lock, err := s.LockIdentity(t.Context(), key)
	require.NoError(t, err)
	defer lock.Unlock()
	return lock.Abandoned
}

// put replaces the file of key by what somebody else wrote.
func put(t *testing.T, s *Store, key, end, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(s.path(key, end), []byte(content), 0o600))
}

func TestSavedFileIsReadableJSON(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := gitlab.Identity{Key: "tenant/7 <zoë>", BaseURL: "https://gitlab.example.com/git"}
	require.NoError(t, id.Data.UnmarshalJSON([]byte(`{"access_token":"access-1","refresh_token":"refresh-1","token_type":"Bearer",
		"scope":"api","created_at":1700000000,"expires_at":1700007200,"id_token":"a.b.c"}`)))
	revision, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)

	content, err := os.ReadFile(filepath.Join(s.dir, "8487fabefdd7ef7123c9389ce037e279c5b784ec16270443ed9c56e6a11ed425.json"))
	require.NoError(t, err)
	assert.Equal(t, `{
  "key": "tenant/7 <zoë>",
  "base_url": "https://gitlab.example.com/git",
  "revision": "`+revision+`",
  "data": {
    "access_token": "access-1",
    "refresh_token": "refresh-1",
    "token_type": "Bearer",
    "scope": "api",
    "created_at": 1700000000,
    "expires_at": 1700007200,
    "id_token": "a.b.c"
  }
}
`, string(content))
	loaded, err := s.LoadIdentity(t.Context(), id.Key)
	require.NoError(t, err)
	id.Revision = revision
	assert.Equal(t, id, loaded, "unknown members to the letter")
}

func TestFileThatAPersonEditedIsLoaded(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	put(t, s, "user-1", identityEnd, `{"revision":"mine", "key":"user-1", "comment":"restored by hand",
		"data":{"access_token":"access-1","expiry":"2023-11-15T00:13:20Z"}}`)
	id, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Identity{
		Key:      "user-1",
		Data:     gitlab.OAuthData{AccessToken: "access-1", ExpiresAt: time.Unix(1700007200, 0).UTC()},
		Revision: "mine",
	}, id)
	_, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
}

func TestRevisionsAreRandom(t *testing.T) {
	t.Parallel()
	// Counted ones would begin again in a directory restored from a backup.
	first, second := create(t, open(t, t.TempDir()), "user-1"), create(t, open(t, t.TempDir()), "user-1")
	assert.NotEqual(t, first.Revision, second.Revision)
	assert.GreaterOrEqual(t, len(first.Revision), 26, "128 bits in base 32")
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir := filepath.Join(t.TempDir(), "new", "tokens")
	s := open(t, dir)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeDir|0o700, info.Mode())

	id := create(t, s, "user-1")
	require.NoError(t, os.Chmod(s.path("user-1", identityEnd), 0o644)) // somebody made it readable
	_, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	defer lock.Unlock()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode(), entry.Name())
	}
}

func TestFileNamesAreSafeForAnyKey(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	s := open(t, filepath.Join(parent, "tokens"))
	keys := []string{"../x", "..", ".", "/etc/passwd", `..\x`, "CON", "a", "A", "a.", "a ", "a\x00b", "\xff", strings.Repeat("k", 1024)}
	for _, key := range keys {
		create(t, s, key)
		lockBriefly(t, s, key)
	}
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir(parent, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names[strings.ToLower(entry.Name())] = true
			assert.Equal(t, s.dir, filepath.Dir(path))
			assert.Regexp(t, `^[0-9a-f]{64}\.(json|json\.lock|lock)$`, entry.Name())
		}
		return err
	}))
	assert.Len(t, names, 3*len(keys), "files, in any case")
}

func TestLockFilesStay(t *testing.T) {
	t.Parallel()
	// Who opened one before it was removed would share its lock with nobody.
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	lockBriefly(t, s, "user-1")
	require.NoError(t, s.DeleteIdentity(t.Context(), "user-1", id.Revision))
	assert.FileExists(t, s.path("user-1", lockEnd))
	assert.FileExists(t, s.path("user-1", writeLockEnd))
	assert.NoFileExists(t, s.path("user-1", identityEnd))
	assert.NoFileExists(t, s.path("user-1", heldEnd))
}

func TestLoadsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	_, err := s.LoadIdentity(t.Context(), "user-1")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	entries, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestHolderMarksTheRevisionItFound(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	lock, err := s.LockIdentity(t.Context(), "user-1")
	require.NoError(t, err)
	content, err := os.ReadFile(s.path("user-1", heldEnd))
	require.NoError(t, err)
	assert.Equal(t, `{"revision":"`+id.Revision+`"}`, string(content))
	lock.Unlock()
	lock.Unlock() // harmless, as is often deferred
	assert.NoFileExists(t, s.path("user-1", heldEnd))
}

func TestDamagedMarkCountsAsAbandoned(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	put(t, s, "user-1", heldEnd, "\x00\x00")
	assert.False(t, lockBriefly(t, s, "user-1"), "nothing is stored that could be spent")
	id := create(t, s, "user-1")
	put(t, s, "user-1", heldEnd, "\x00\x00")
	assert.True(t, lockBriefly(t, s, "user-1"))
	assert.True(t, lockBriefly(t, s, "user-1"))
	_, err := s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	assert.False(t, lockBriefly(t, s, "user-1"))
}

func TestWaitingForAnotherWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	other := flock.New(s.path("user-1", writeLockEnd))
	require.NoError(t, other.Lock())
	ctx, cancel := context.WithTimeout(t.Context(), 10*writePause)
	defer cancel()
	_, err := s.SaveIdentity(ctx, id)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, s.DeleteIdentity(ctx, "user-1", id.Revision), context.DeadlineExceeded)
	require.NoError(t, other.Close())
	_, err = s.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
}

func TestRelativeDirectoryStaysWhereItWas(t *testing.T) {
	first := t.TempDir()
	t.Chdir(first)
	s := open(t, "tokens")
	t.Chdir(t.TempDir())
	create(t, s, "user-1")
	assert.FileExists(t, filepath.Join(first, "tokens", filepath.Base(s.path("user-1", identityEnd))))
}

func TestNewRemovesOnlyItsOwnOldFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hash := filepath.Base(open(t, dir).path("user-1", ""))
	old := time.Now().Add(-2 * tempAge)
	keep := []string{"notes.tmp", hash[:60] + "zzzz.json.1.tmp", hash + ".json", hash + ".held", hash + ".lock"}
	for _, name := range append(keep, hash+".json.1.tmp", hash+".held.2.tmp") {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	open(t, dir)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	assert.ElementsMatch(t, keep, names)
}

func TestPrintingShowsTheDirectoryAlone(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	create(t, s, "user-1")
	want := "filestore(" + s.dir + ")"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, want, fmt.Sprintf(verb, s), verb)
	}
	assert.Equal(t, want, s.String())
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("opened", "store", s)
	assert.Regexp(t, regexp.QuoteMeta("store="+want)+`\n$`, log.String())
}
