package filestore

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// everyCall asserts that no call gets anywhere, that all say so in the words
// given, and that none says what a caller would take for an answer.
func everyCall(t *testing.T, s *Store, key string, words ...string) {
	t.Helper()
	calls := map[string]func(context.Context) error{
		"LoadIdentity": func(ctx context.Context) error {
			_, err := s.LoadIdentity(ctx, key)
			return err
		},
		"SaveIdentity": func(ctx context.Context) error {
			_, err := s.SaveIdentity(ctx, gitlab.Identity{Key: key, Data: gitlab.OAuthData{AccessToken: "access-2"}})
			return err
		},
		"DeleteIdentity": func(ctx context.Context) error { return s.DeleteIdentity(ctx, key, "") },
		"LockIdentity": func(ctx context.Context) error {
			_, err := s.LockIdentity(ctx, key)
			return err
		},
	}
	for name, call := range calls {
		for range 2 { // what failed is not in the way
			err := call(t.Context())
			require.Error(t, err, name)
			require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound, name)
			require.NotErrorIs(t, err, gitlab.ErrIdentityConflict, name)
			for _, word := range words {
				assert.Contains(t, err.Error(), word, name)
			}
			assert.NotContains(t, err.Error(), "secret", name)
			assert.NotContains(t, err.Error(), "access-", name)
		}
	}
}

func TestDamagedFileIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":              "",
		"zeros":              "\x00\x00\x00\x00",
		"cut off":            `{"key":"user-1","base_url":"","revision":"r","data":{"access_token":"secret`,
		"two":                `{"key":"user-1","revision":"r","data":{"access_token":"secret"}}{"key":"user-1"}`,
		"not an object":      `"secret"`,
		"null":               `null`,
		"no revision":        `{"key":"user-1","data":{"access_token":"secret"}}`,
		"no key":             `{"revision":"r","data":{"access_token":"secret"}}`,
		"data not an object": `{"key":"user-1","revision":"r","data":"secret"}`,
		"wrong types":        `{"key":"user-1","revision":"r","base_url":["secret"],"data":{}}`,
		"no JSON":            "access_token=secret",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			put(t, s, "user-1", identityEnd, content)
			everyCall(t, s, "user-1", s.path("user-1", identityEnd), `"user-1"`, "damaged", "backup")
			after, err := os.ReadFile(s.path("user-1", identityEnd))
			require.NoError(t, err)
			assert.Equal(t, content, string(after), "it may be mended")
			create(t, s, "user-2")
		})
	}
}

func TestFileOfAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	create(t, s, "user-1")
	require.NoError(t, os.Rename(s.path("user-1", identityEnd), s.path("user-2", identityEnd)))
	everyCall(t, s, "user-2", s.path("user-2", identityEnd), `"user-1"`, `"user-2"`)
}

func TestDirectoryInPlaceOfAFileIsAnError(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	require.NoError(t, os.Mkdir(s.path("user-1", identityEnd), 0o700))
	everyCall(t, s, "user-1", "user-1", s.path("user-1", identityEnd))
}

// An application signs users out whose identities are not found, so a disk that
// is not mounted must not look like that.
func TestMissingDirectoryIsNoMissingIdentity(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "tokens"))
	create(t, s, "user-1")
	require.NoError(t, os.RemoveAll(s.dir))
	everyCall(t, s, "user-1", s.dir, "mounted")

	require.NoError(t, os.Mkdir(s.dir, 0o700))
	_, err := s.LoadIdentity(t.Context(), "user-1")
	require.ErrorIs(t, err, gitlab.ErrIdentityNotFound)
	create(t, s, "user-1")
	assert.False(t, lockBriefly(t, s, "user-1"))
}

func TestUnwritableDirectoryIsFoundByTheLock(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("modes do not bind root, and Windows has none")
	}
	s := open(t, t.TempDir())
	id := create(t, s, "user-1")
	lockBriefly(t, s, "user-1")
	require.NoError(t, os.Chmod(s.dir, 0o500))
	t.Cleanup(func() { assert.NoError(t, os.Chmod(s.dir, 0o700)) })
	_, err := s.LockIdentity(t.Context(), "user-1")
	require.ErrorContains(t, err, "needs permission to read and write in "+s.dir)
	_, err = s.SaveIdentity(t.Context(), id)
	require.ErrorContains(t, err, "needs permission to read and write in "+s.dir)
	loaded, err := s.LoadIdentity(t.Context(), "user-1")
	require.NoError(t, err, "reading needs no writing")
	assert.Equal(t, id, loaded)
}

func TestMarkThatCannotBeWrittenIsFoundByTheLock(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	create(t, s, "user-1")
	require.NoError(t, os.Mkdir(s.path("user-1", heldEnd), 0o700))
	for range 2 {
		_, err := s.LockIdentity(t.Context(), "user-1")
		require.ErrorContains(t, err, s.path("user-1", heldEnd))
		require.NoError(t, os.MkdirAll(s.path("user-1", heldEnd), 0o700))
	}
	require.NoError(t, os.Remove(s.path("user-1", heldEnd)))
	lockBriefly(t, s, "user-1")
}

func TestNewSaysWhatIsWrongWithTheDirectory(t *testing.T) {
	t.Parallel()
	_, err := New("")
	require.EqualError(t, err, "filestore: no directory given")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err = New(dir)
		require.ErrorContains(t, err, dir+" must be a directory")
	}
}

func TestLongKeysAreCutInErrors(t *testing.T) {
	t.Parallel()
	long := make([]byte, 1024)
	s := open(t, t.TempDir())
	put(t, s, string(long), identityEnd, "")
	_, err := s.LoadIdentity(t.Context(), string(long))
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 1000)
}
