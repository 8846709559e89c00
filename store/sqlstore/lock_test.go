package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errDown = errors.New("the database is down")

// ends waits for a lease to be lost.
func ends(t *testing.T, ctx context.Context) {
	t.Helper()
	select {
	case <-ctx.Done():
	case <-time.After(time.Hour): // by the bubble's clock
		require.Fail(t, "the lock's Context does not end")
	}
}

func TestLeaseIsRenewedAtEachThird(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: answers(nil)}
		began := time.Now()
		held, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		defer held.Unlock()
		time.Sleep(5 * time.Minute)
		require.NoError(t, held.Context.Err())
		held.Unlock()
		time.Sleep(5 * time.Minute)

		renewals := f.all(renew)
		require.Len(t, renewals, 30-1+1)
		for i, renewal := range renewals {
			assert.Equal(t, time.Duration(i+1)*10*time.Second, renewal.at.Sub(began))
			assert.Equal(t, f.all(take)[0].args[1].Value, renewal.args[1].Value, "the owner")
		}
		assert.Len(t, f.all(release), 1)
	})
}

func TestLeaseEndsWithItsTimeAfterTheLastRenewalWasSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = answers(map[string]func() reply{
			renew: func() reply {
				if len(f.all(renew)) > 2 {
					return reply{err: errDown}
				}
				time.Sleep(3 * time.Second) // the database may have counted from the start
				return done
			},
		})
		began := time.Now()
		held, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		defer held.Unlock()
		ends(t, held.Context)
		assert.Equal(t, 20*time.Second+30*time.Second, time.Since(began))
		require.ErrorIs(t, context.Cause(held.Context), errLeaseLost)
		assert.Greater(t, len(f.all(renew)), 5, "it goes on trying")
	})
}

func TestSlowTakeCountsAsTimeOfTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: answers(map[string]func() reply{
			take: func() reply { time.Sleep(25 * time.Second); return taken },
		})}
		s := f.open(t)
		held, err := s.LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		defer held.Unlock()
		time.Sleep(time.Minute)
		require.NoError(t, held.Context.Err(), "renewed at once")
		held.Unlock()

		f.answer = answers(map[string]func() reply{take: func() reply { time.Sleep(31 * time.Second); return taken }})
		held, err = s.LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		defer held.Unlock()
		synctest.Wait()
		require.Error(t, held.Context.Err(), "somebody else may have it by now")
	})
}

func TestLeaseThatSomebodyElseHasEndsAtTheNextRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: answers(map[string]func() reply{
			renew: func() reply { return nothing },
		})}
		began := time.Now()
		held, err := f.open(t, WithLease(3*time.Second)).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		defer held.Unlock()
		ends(t, held.Context)
		assert.Equal(t, time.Second, time.Since(began))
		require.ErrorIs(t, context.Cause(held.Context), errLeaseLost)
	})
}

// A take that was broken off may have succeeded, and would block the key for
// a whole lease.
func TestTakeOfUnknownOutcomeIsUndone(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(ctx context.Context) error{
		"broken off": func(ctx context.Context) error { <-ctx.Done(); return errors.New("interrupted") },
		"failed":     func(context.Context) error { return errDown },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				others := answers(nil)
				f := &fake{answer: func(ctx context.Context, statement string, args []driver.NamedValue) reply {
					if strings.HasPrefix(statement, take) {
						return reply{err: fails(ctx)}
					}
					return others(ctx, statement, args)
				}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := f.open(t).LockIdentity(ctx, "ann")
				require.Error(t, err)
				if ctx.Err() != nil {
					require.ErrorIs(t, err, ctx.Err())
				}
				synctest.Wait()
				require.Len(t, f.all(release), 1)
				assert.Equal(t, f.all(take)[0].args, f.all(release)[0].args, "key and owner")
			})
		})
	}
}

func TestWaitersOnlyReadUntilTheLockLooksFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := time.Now().Add(time.Minute)
		f := &fake{answer: answers(map[string]func() reply{
			take: func() reply {
				if time.Now().Before(free) {
					return nothing
				}
				return taken
			},
			peek: func() reply {
				if time.Now().Before(free) {
					return held
				}
				return reply{row: []driver.Value{"revision-1", false}}
			},
		})}
		lock, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		lock.Unlock()
		assert.Len(t, f.all(take), 2)
		assert.Less(t, time.Since(free), longestWait)
		peeks := len(f.all(peek))
		assert.Greater(t, peeks, 60*4)
		assert.Less(t, peeks, 60*8+20)
	})
}

func TestSaveMakesWaitersLookOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		saved := began.Add(10 * time.Second)
		f := &fake{answer: answers(map[string]func() reply{
			take: func() reply { return nothing },
			peek: func() reply {
				if time.Now().Before(saved) {
					return held
				}
				return reply{row: []driver.Value{"revision-2", true}}
			},
		})}
		ctx, cancel := context.WithDeadline(t.Context(), saved.Add(time.Second))
		defer cancel()
		_, err := f.open(t).LockIdentity(ctx, "ann")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		shortest := time.Hour
		peeks := f.all(peek)
		for i := 1; i < len(peeks); i++ {
			if peeks[i-1].at.After(saved) {
				shortest = min(shortest, peeks[i].at.Sub(peeks[i-1].at))
			}
		}
		assert.Less(t, shortest, 2*shortestWait)
	})
}

func TestUnlockThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		f := &fake{answer: answers(map[string]func() reply{
			release: func() reply {
				if tries++; tries < releaseTries {
					return reply{err: errDown}
				}
				return done
			},
		})}
		held, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		held.Unlock()
		assert.Equal(t, releaseTries, tries)
		held.Unlock()
		assert.Equal(t, releaseTries, tries, "once")
	})
}

func TestUnlockDoesNotWaitLongForAHangingDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(ctx context.Context, statement string, _ []driver.NamedValue) reply {
			if strings.HasPrefix(statement, release) {
				<-ctx.Done()
				return reply{err: ctx.Err()}
			}
			return taken
		}
		held, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		began := time.Now()
		held.Unlock()
		assert.Equal(t, releaseLimit, time.Since(began))
	})
}

// A create between the two statements of an unlock must not leave the lock.
func TestUnlockFindsWhatWasCreatedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		f := &fake{answer: answers(map[string]func() reply{
			release: func() reply {
				tries++
				return reply{affected: int64(tries - 1)}
			},
			drop: func() reply { return nothing },
		})}
		held, err := f.open(t).LockIdentity(t.Context(), "ann")
		require.NoError(t, err)
		held.Unlock()
		assert.Equal(t, 2, tries)
	})
}

func TestLeaseIsOverForWhoeverAsksAfterItsTime(t *testing.T) {
	t.Parallel()
	held := newLeaseContext(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, held.Err())
	past := time.Now() // as after a stop of the process: no timer has run yet
	held.until.Store(&past)

	require.ErrorIs(t, held.Err(), context.Canceled)
	require.ErrorIs(t, context.Cause(held), errLeaseLost)
	<-held.Done()
}
