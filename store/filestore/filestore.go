// Package filestore keeps identities in files: one readable JSON file each, in
// one directory. It is for programs on one machine that have no database at
// hand, with up to a few thousand identities; any number of processes on that
// machine may share the directory, also from several containers.
//
// # Durability
//
// A save has reached the disk when it returns, and the file changes in one
// step: after a crash of the program or of the machine it holds the old
// identity or the new one, never a part. (Windows has no way to make the
// renaming itself reach the disk; after a power cut the old identity may be
// back.)
//
// # Where the directory may be
//
// On a local file system. NFS, SMB and the shared folders of virtual machines
// may grant a lock to two holders, keep the lock of a machine that is gone, or
// show an old file after it was replaced, and each of these can cost a grant.
// Several machines need a store in a database.
//
// # What is in it
//
// For each key, under the SHA-256 of the key, so that any key makes a valid
// name on any system:
//
//	<hash>.json       the identity: key, base_url, revision, data
//	<hash>.json.lock  held for a moment by whoever writes the file above
//	<hash>.lock       held by whoever has the identity's lock
//	<hash>.held       there while the lock is held; one that is left tells the
//	                  next holder that the last one ended without unlocking
//
// The JSON files hold tokens in plain text. The store creates every file with
// mode 0600 and the directory with 0700; the modes of what is there already are
// left alone. Encrypt the disk, or wrap the store, where that is not enough.
// The *.json files are all that a backup needs. Lock files are empty and stay;
// remove them only while no process uses the directory.
package filestore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/freshgrant/gitlab"
)

// Store is a [gitlab.IdentityStore] in the files of one directory. It is safe
// for concurrent use, keeps no file open between calls and nothing in memory,
// so it needs no closing. Make one with [New].
type Store struct {
	dir  string
	disk disk
	// This process's goroutines queue here before they ask for a lock that
	// other processes know. The empty key is refused here.
	holders, writers gitlab.SingleProcess
}

var _ gitlab.IdentityStore = (*Store)(nil)

// The ends of the names in the directory.
const (
	identityEnd  = ".json"
	writeLockEnd = ".json.lock"
	lockEnd      = ".lock"
	heldEnd      = ".held"
	tempEnd      = ".tmp"
)

// tempAge is older than any temporary file that is still being written.
const tempAge = time.Hour

// New opens the store in dir, and creates dir if it is missing. It removes
// temporary files that crashed programs left there more than an hour ago.
func New(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("filestore: no directory given")
	}
	path, err := filepath.Abs(dir) // the program may change its working directory later
	if err != nil {
		return nil, fmt.Errorf("filestore: the working directory is not known, give an absolute path: %w", err)
	}
	s := &Store{dir: path, disk: realDisk()}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, s.explain("cannot create the directory", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, s.explain("cannot read the directory", err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && isTemp(entry.Name()) && time.Since(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(path, entry.Name())) // it only takes space
		}
	}
	return s, nil
}

// isTemp reports whether this package gave a temporary file that name.
func isTemp(name string) bool {
	if len(name) < hex.EncodedLen(sha256.Size) || filepath.Ext(name) != tempEnd {
		return false
	}
	_, err := hex.DecodeString(name[:hex.EncodedLen(sha256.Size)])
	return err == nil
}

// Format prints the store's directory, for every verb.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "filestore(%s)", s.dir) }

// String names the store's directory.
func (s *Store) String() string { return fmt.Sprint(s) }

// LoadIdentity implements [gitlab.IdentityStore].
func (s *Store) LoadIdentity(ctx context.Context, key string) (gitlab.Identity, error) {
	if err := ctx.Err(); err != nil {
		return gitlab.Identity{}, err
	}
	return s.read(key)
}

// SaveIdentity implements [gitlab.IdentityStore]. Once it has begun to write it
// goes on when ctx ends. After an error that is no conflict the old identity is
// stored or, if the directory could not be flushed, the new one.
func (s *Store) SaveIdentity(ctx context.Context, id gitlab.Identity) (revision string, err error) {
	unlock, err := s.lockWrites(ctx, id.Key)
	if err != nil {
		return "", err
	}
	defer unlock()
	switch stored, err := s.read(id.Key); {
	case err != nil && !errors.Is(err, gitlab.ErrIdentityNotFound):
		return "", err
	case stored.Revision != id.Revision:
		return "", gitlab.ErrIdentityConflict
	}
	id.Revision = rand.Text() // more than 128 bits
	content, err := encode(id)
	if err != nil {
		return "", fmt.Errorf("filestore: cannot encode identity %s: %w", quote(id.Key), err)
	}
	if err := s.write(s.path(id.Key, identityEnd), content); err != nil {
		return "", s.explain("cannot save identity "+quote(id.Key), err)
	}
	return id.Revision, nil
}

// DeleteIdentity implements [gitlab.IdentityStore].
func (s *Store) DeleteIdentity(ctx context.Context, key, revision string) error {
	unlock, err := s.lockWrites(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	switch stored, err := s.read(key); {
	case err != nil:
		return err
	case stored.Revision != revision:
		return gitlab.ErrIdentityConflict
	}
	err = retry(func() error { return os.Remove(s.path(key, identityEnd)) })
	if err == nil {
		err = s.disk.syncDir(s.dir)
	}
	return s.explain("cannot delete identity "+quote(key), err)
}
