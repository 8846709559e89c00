package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
)

// races are about compare-and-swap among many.
func races() []behaviour {
	return []behaviour{
		{"concurrent saves lose no update", losesNoUpdate},
		{"of concurrent creates one wins", createsOneOfMany},
		{"of a save and a delete of the same revision one wins", savesOrDeletes},
	}
}

// writersPerHandle are enough to collide all the time.
const writersPerHandle = 6

// atOnce runs do in writersPerHandle goroutines on each handle, all at once.
func (f Fixture) atOnce(do func(store gitlab.IdentityStore, number int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range 2 * writersPerHandle {
		store := f.A
		if i%2 == 1 {
			store = f.B
		}
		all.Go(func() {
			<-start
			do(store, i)
		})
	}
	close(start)
	all.Wait()
}

func losesNoUpdate(t *testing.T, f Fixture) {
	const each = 5
	create(t, f.A, key)
	ctx, cancel := context.WithTimeout(t.Context(), 3*f.Patience)
	defer cancel()
	f.atOnce(func(store gitlab.IdentityStore, _ int) {
		for range each {
			if err := increment(ctx, store); !assert.NoError(t, err) {
				return
			}
		}
	})
	got, err := f.A.LoadIdentity(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, json.Number(strconv.Itoa(2*writersPerHandle*each)), members(t, got.Data)["count"], "increments that were kept")
}

// increment counts one up in an unknown member, as often as it conflicts.
func increment(ctx context.Context, store gitlab.IdentityStore) error {
	for ctx.Err() == nil {
		id, err := store.LoadIdentity(ctx, key)
		if err != nil {
			return err
		}
		var form struct {
			Count int `json:"count"`
		}
		stored, err := json.Marshal(id.Data)
		if err == nil {
			err = json.Unmarshal(stored, &form)
		}
		if err == nil {
			err = json.Unmarshal(fmt.Appendf(nil, `{"access_token":"access-%[1]d","count":%[1]d}`, form.Count+1), &id.Data)
		}
		if err != nil {
			return err
		}
		time.Sleep(time.Millisecond) // others load the same meanwhile
		if _, err = store.SaveIdentity(ctx, id); !errors.Is(err, gitlab.ErrIdentityConflict) {
			return err
		}
	}
	return ctx.Err()
}

func createsOneOfMany(t *testing.T, f Fixture) {
	var winner atomic.Value
	var wins atomic.Int32
	f.atOnce(func(store gitlab.IdentityStore, number int) {
		id := rotated(sample(t, key), fmt.Sprintf("access-%d", number))
		revision, err := store.SaveIdentity(t.Context(), id)
		if err != nil {
			assert.ErrorIs(t, err, gitlab.ErrIdentityConflict)
			return
		}
		wins.Add(1)
		id.Revision = revision
		winner.Store(id)
	})
	require.EqualValues(t, 1, wins.Load(), "creates that succeeded")
	id, _ := winner.Load().(gitlab.Identity)
	f.stored(t, id)
}

func savesOrDeletes(t *testing.T, f Fixture) {
	for range 5 {
		id := create(t, f.A, key)
		var wins atomic.Int32
		var saved atomic.Value
		f.atOnce(func(store gitlab.IdentityStore, number int) {
			if number%4 < 2 {
				if store.DeleteIdentity(t.Context(), key, id.Revision) == nil {
					wins.Add(1)
				}
				return
			}
			next := rotated(id, fmt.Sprintf("access-%d", number))
			revision, err := store.SaveIdentity(t.Context(), next)
			if err != nil {
				assert.ErrorIs(t, err, gitlab.ErrIdentityConflict)
				return
			}
			wins.Add(1)
			next.Revision = revision
			saved.Store(next)
		})
		require.EqualValues(t, 1, wins.Load(), "saves and deletes of one revision that succeeded")
		next, ok := saved.Load().(gitlab.Identity)
		if !ok {
			f.missing(t, key)
			continue
		}
		f.stored(t, next)
		remove(t, f.A, next)
	}
}
