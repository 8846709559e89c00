package sqlstores

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// In a synctest bubble the year is 2000, so its clock is decades behind.
func TestClientsWithWrongClocksRespectEachOther(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		now := p.open(t)
		create(t, now, "ann")
		held := lock(t, now, "ann")
		// What is outside of the bubble must be used from outside.
		unlock, try, tried := make(chan bool), make(chan bool), make(chan error)
		go func() {
			if <-unlock {
				held.Unlock()
				unlock <- true
			}
			if <-try {
				tried <- tryBriefly(now)
			}
		}()
		defer close(try)
		defer close(unlock)
		synctest.Test(t, func(t *testing.T) {
			require.Less(t, time.Now().Year(), 2001)
			then := p.open(t)
			require.ErrorIs(t, tryBriefly(then), context.DeadlineExceeded, "theirs")
			unlock <- true
			<-unlock

			mine := lock(t, then, "ann")
			assert.False(t, mine.Abandoned)
			try <- true
			require.ErrorIs(t, <-tried, context.DeadlineExceeded, "mine")
		})
	})
}

func tryBriefly(store gitlab.IdentityStore) error {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	held, err := store.LockIdentity(ctx, "ann")
	if err == nil {
		held.Unlock()
	}
	return err
}
