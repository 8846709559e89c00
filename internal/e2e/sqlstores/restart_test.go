package sqlstores

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// onOwnServers runs a test on servers that it may crash.
func onOwnServers(t *testing.T, test func(t *testing.T, server *engines.Server, p place)) {
	t.Helper()
	for _, e := range []engine{
		{"PostgreSQL", sqlstore.PostgreSQL, func() (*engines.Server, error) { return engines.StartPostgreSQL(t.Context()) }, ""},
		{"MariaDB", sqlstore.MySQL, func() (*engines.Server, error) { return engines.StartMariaDB(t.Context()) }, ""},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			server, err := e.server()
			engines.Need(t, err)
			t.Cleanup(func() { assert.NoError(t, server.Close()) })
			e.server = func() (*engines.Server, error) { return server, nil }
			test(t, server, e.place(t))
		})
	}
}

func TestLeaseOutlivesACrashOfTheDatabase(t *testing.T) {
	t.Parallel()
	onOwnServers(t, func(t *testing.T, server *engines.Server, p place) {
		const long = 30 * time.Second
		a, b := p.open(t, sqlstore.WithLease(long)), p.open(t, sqlstore.WithLease(long))
		id := create(t, a, "ann")
		held := lock(t, a, "ann")
		require.NoError(t, server.Crash())

		_, err := a.LoadIdentity(t.Context(), "ann")
		require.Error(t, err)
		_, err = b.LockIdentity(t.Context(), "ann")
		require.Error(t, err)

		require.NoError(t, server.Start(t.Context()))
		require.NoError(t, held.Context.Err())
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err = b.LockIdentity(ctx, "ann")
		require.ErrorIs(t, err, context.DeadlineExceeded, "the lock is still held")
		_, err = a.SaveIdentity(t.Context(), id)
		require.NoError(t, err)
		held.Unlock()
		assert.False(t, lock(t, b, "ann").Abandoned)
	})
}

func TestLeaseIsLostInALongOutageOfTheDatabase(t *testing.T) {
	t.Parallel()
	onOwnServers(t, func(t *testing.T, server *engines.Server, p place) {
		a, b := p.open(t, sqlstore.WithLease(3*time.Second)), p.open(t)
		id := create(t, a, "ann")
		held := lock(t, a, "ann")
		require.NoError(t, server.Crash())
		select {
		case <-held.Context.Done():
		case <-time.After(30 * time.Second):
			require.Fail(t, "the lock's Context does not end")
		}
		require.NoError(t, server.Start(t.Context()))
		assert.True(t, lock(t, b, "ann").Abandoned)
		_, err := a.SaveIdentity(t.Context(), id)
		require.NoError(t, err, "what the late holder brings is kept")
	})
}
