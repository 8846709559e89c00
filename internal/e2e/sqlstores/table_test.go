package sqlstores

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

func TestAnyNumberOfReplicasMayCreateTheTable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		p.Table += "_new"
		var replicas sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			h := p.open(t)
			replicas.Go(func() {
				<-start
				assert.NoError(t, h.CreateSchema(t.Context()))
			})
		}
		close(start)
		replicas.Wait()
		id := create(t, p.open(t), "ann")
		require.NoError(t, p.open(t).CreateSchema(t.Context()), "it is there")
		loaded, err := p.open(t).LoadIdentity(t.Context(), "ann")
		require.NoError(t, err)
		assert.Equal(t, id, loaded)
	})
}

func TestTableMayHaveAnyName(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		schema := map[sqlstore.Dialect]string{sqlstore.PostgreSQL: "public.", sqlstore.MySQL: "e2e.", sqlstore.SQLite: "main."}[p.Dialect]
		for _, prefix := range []string{`Order "by"; `, "a`b?", schema} {
			p := p
			p.Table = prefix + p.Table
			h := p.open(t)
			require.NoError(t, h.CreateSchema(t.Context()))
			create(t, h, "ann")
			held := lock(t, h, "ann")
			held.Unlock()
			_, err := h.LoadIdentity(t.Context(), "ann")
			require.NoError(t, err)
		}
	})
}

func TestMissingTableIsNoMissingIdentity(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, p place) {
		p.Table += "_none"
		h := p.open(t)
		_, err := h.LoadIdentity(t.Context(), "ann")
		require.ErrorContains(t, err, "table "+p.Table)
		require.NotErrorIs(t, err, gitlab.ErrIdentityNotFound)
		_, err = h.LockIdentity(t.Context(), "ann")
		require.ErrorContains(t, err, "table "+p.Table)
	})
}

func TestProgramThatMayNotCreateTablesUsesTheOneThatIsThere(t *testing.T) {
	t.Parallel()
	p := named(t, "PostgreSQL").place(t)
	h := p.open(t)
	role := "role_" + p.Table
	h.exec(t, "CREATE ROLE "+role+" LOGIN")
	h.exec(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+p.Table+" TO "+role)
	p.DSN = strings.Replace(p.DSN, "e2e@", role+"@", 1)
	h = p.open(t)
	require.NoError(t, h.CreateSchema(t.Context()))
	id := create(t, h, "ann")
	lock(t, h, "ann").Unlock()
	require.NoError(t, h.DeleteIdentity(t.Context(), "ann", id.Revision))
	p.Table += "_none"
	require.ErrorContains(t, p.open(t).CreateSchema(t.Context()), "permission denied")
}

// Whatever the connection believes text to be, the data comes back.
func TestDataOutlivesOtherCharacterSets(t *testing.T) {
	t.Parallel()
	p := named(t, "MariaDB").place(t)
	p.DSN += "&charset=ascii"
	h := p.open(t)
	id := gitlab.Identity{Key: "zoë \U0001F511", Data: gitlab.OAuthData{AccessToken: "é日本\U0001F511\u2028"}}
	_, err := h.SaveIdentity(t.Context(), id)
	require.NoError(t, err)
	loaded, err := h.LoadIdentity(t.Context(), id.Key)
	require.NoError(t, err)
	assert.Equal(t, id.Data, loaded.Data)
}

func TestPasswordIsInNoError(t *testing.T) {
	t.Parallel()
	for driver, dsn := range map[string]string{
		"pgx":   "postgres://app:hunter2@127.0.0.1:1/app?sslmode=disable",
		"mysql": "app:hunter2@tcp(127.0.0.1:1)/app",
	} {
		p := place{sqlstore.PostgreSQL, driver, dsn, "tokens"}
		h := p.open(t)
		_, load := h.LoadIdentity(t.Context(), "ann")
		_, save := h.SaveIdentity(t.Context(), gitlab.Identity{Key: "ann", Data: gitlab.OAuthData{AccessToken: "secret"}})
		_, lock := h.LockIdentity(t.Context(), "ann")
		for _, err := range []error{load, save, lock, h.DeleteIdentity(t.Context(), "ann", "r"), h.CreateSchema(t.Context())} {
			require.ErrorContains(t, err, "table tokens")
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "secret")
		}
	}
}
