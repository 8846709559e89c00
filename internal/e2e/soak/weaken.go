package main

import (
	"context"
	"errors"

	"github.com/freshgrant/gitlab"
)

// weaken takes from the store the protection that the run does without.
func (w *worker) weaken(store gitlab.IdentityStore) gitlab.IdentityStore {
	switch w.Off {
	case offLock:
		return openToAll{store}
	case offCAS:
		return lastWins{store}
	}
	return store
}

// openToAll is a store whose lock keeps nobody out.
type openToAll struct{ gitlab.IdentityStore }

// LockIdentity implements [gitlab.IdentityStore], against its rules.
func (s openToAll) LockIdentity(ctx context.Context, _ string) (*gitlab.IdentityLock, error) {
	lease, end := context.WithCancel(context.WithoutCancel(ctx))
	return &gitlab.IdentityLock{Context: lease, Unlock: end}, nil
}

// lastWins is a store that saves over whatever is there.
type lastWins struct{ gitlab.IdentityStore }

// SaveIdentity implements [gitlab.IdentityStore], against its rules.
func (s lastWins) SaveIdentity(ctx context.Context, id gitlab.Identity) (string, error) {
	for {
		stored, err := s.LoadIdentity(ctx, id.Key)
		if err != nil && !errors.Is(err, gitlab.ErrIdentityNotFound) {
			return "", err
		}
		id.Revision = stored.Revision
		revision, err := s.IdentityStore.SaveIdentity(ctx, id)
		if !errors.Is(err, gitlab.ErrIdentityConflict) || ctx.Err() != nil {
			return revision, err
		}
	}
}
