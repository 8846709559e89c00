package sqlstores

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/storetest"
)

func TestSQLStoreIsAStore(t *testing.T) {
	t.Parallel()
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.place(t) // skips, before the suite
			storetest.Run(t, e.fixture)
		})
	}
}

// renewal is in every renewal, and in no other statement.
const renewal = "SET lock_until"

func (e engine) fixture(t *testing.T) storetest.Fixture {
	t.Helper()
	p := e.place(t)
	return storetest.Fixture{
		A:        p.open(t),
		B:        p.open(t),
		Patience: 30 * time.Second,
		Abandon: func(t *testing.T, key string) {
			t.Helper()
			const short = 300 * time.Millisecond
			p.lockElsewhere(t, key, short)()
			time.Sleep(short)
		},
		LoseLease: func(t *testing.T, holder gitlab.IdentityStore, key string) {
			t.Helper()
			h, ok := holder.(handle)
			assert.True(t, ok)
			h.spy.refuse(renewal)
			h.expire(t, p, key)
		},
	}
}
