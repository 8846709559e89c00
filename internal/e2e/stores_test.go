package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/store/filestore"
)

// opener opens one more handle on the same stored identities, as another
// process would.
type opener func(t *testing.T) gitlab.IdentityStore

// onEachStore runs a test with each store that needs no server.
func onEachStore(t *testing.T, test func(t *testing.T, open opener)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		store := gitlab.NewMemoryStore()
		test(t, func(*testing.T) gitlab.IdentityStore { return store })
	})
	t.Run("filestore", func(t *testing.T) {
		dir := t.TempDir()
		test(t, func(t *testing.T) gitlab.IdentityStore {
			t.Helper()
			store, err := filestore.New(dir)
			require.NoError(t, err)
			return store
		})
	})
}
