package filestore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/freshgrant/gitlab"
)

// A lock that another process holds is asked for again after these pauses. A
// write takes milliseconds, a refresh the better part of a second.
const (
	writePause = 2 * time.Millisecond
	lockPause  = 20 * time.Millisecond
)

// LockIdentity implements [gitlab.IdentityStore] with a lock of the operating
// system, which ends when its holder unlocks or ends, however that comes about,
// and not before: the lock's Context ends only with Unlock.
//
// It writes a mark to the disk, so a directory that cannot be written is found
// here, before any token is spent.
func (s *Store) LockIdentity(ctx context.Context, key string) (*gitlab.IdentityLock, error) {
	turn, err := s.holders.LockIdentity(ctx, key)
	if err != nil {
		return nil, err
	}
	file := flock.New(s.path(key, lockEnd))
	if err := s.acquire(ctx, file, lockPause); err != nil {
		turn.Unlock()
		return nil, err
	}
	release := func() {
		_ = file.Close()
		turn.Unlock()
	}
	m, err := s.mark(key)
	if err != nil {
		release()
		return nil, err
	}
	return &gitlab.IdentityLock{
		Context:   turn.Context,
		Abandoned: m.abandoned,
		Unlock: sync.OnceFunc(func() {
			s.unmark(key, m)
			release()
		}),
	}, nil
}

// mark is what a holder leaves on the disk while it holds the lock, so that the
// next one learns of its death. Only the lock's holder touches it.
type mark struct {
	// Revision is what was stored when the lock was taken; "" for nothing. A
	// mark says nothing of any other revision.
	Revision  string `json:"revision"`
	abandoned bool   // there was one already
}

// mark leaves the mark of the caller, who has just got the lock of key.
func (s *Store) mark(key string) (mark, error) {
	stored, err := s.read(key)
	if err != nil && !errors.Is(err, gitlab.ErrIdentityNotFound) {
		return mark{}, err
	}
	const marking = "cannot mark an identity as locked"
	m := mark{Revision: stored.Revision}
	if m.abandoned, err = s.marked(key, m.Revision); err != nil {
		return mark{}, s.explain(marking, err)
	}
	content, err := json.Marshal(m)
	if err == nil {
		err = s.write(s.path(key, heldEnd), content)
	}
	if err != nil {
		s.unmark(key, m)
		return mark{}, s.explain(marking, err)
	}
	return m, nil
}

// marked reports whether a holder left a mark on this revision. One that cannot
// be read might be.
func (s *Store) marked(key, revision string) (bool, error) {
	content, err := readFile(s.path(key, heldEnd))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	var left mark
	damaged := json.Unmarshal(content, &left) != nil
	return revision != "" && (damaged || left.Revision == revision), nil
}

// unmark takes the mark away, but not if an earlier holder's rotation may still
// be unfinished.
func (s *Store) unmark(key string, m mark) {
	if m.abandoned {
		if stored, err := s.read(key); err != nil && !errors.Is(err, gitlab.ErrIdentityNotFound) || stored.Revision == m.Revision {
			return
		}
	}
	// A mark that stays makes the next holder more careful than needed.
	_ = retry(func() error { return os.Remove(s.path(key, heldEnd)) })
}

// lockWrites makes the caller the only writer of key among all processes.
func (s *Store) lockWrites(ctx context.Context, key string) (unlock func(), err error) {
	turn, err := s.writers.LockIdentity(ctx, key)
	if err != nil {
		return nil, err
	}
	file := flock.New(s.path(key, writeLockEnd))
	if err := s.acquire(ctx, file, writePause); err != nil {
		turn.Unlock()
		return nil, err
	}
	return func() {
		_ = file.Close()
		turn.Unlock()
	}, nil
}

// acquire waits for the lock of file. Where that fails, file is not locked.
func (s *Store) acquire(ctx context.Context, file *flock.Flock, pause time.Duration) error {
	_, err := file.TryLockContext(ctx, pause)
	return s.explain("cannot lock "+filepath.Base(file.Path()), err)
}
