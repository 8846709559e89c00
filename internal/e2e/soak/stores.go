package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
	"github.com/freshgrant/gitlab/store/filestore"
	"github.com/freshgrant/gitlab/store/sqlstore"
)

// An engine is a kind of store that the soak can run on.
type engine struct {
	// start brings the engine up, empty, for one run; dir is its own. What it
	// starts must not outlive the controller.
	start func(ctx context.Context, spawn *spawner, dir string) (*backend, error)
	// open opens the store at a DSN.
	open func(ctx context.Context, dsn string) (gitlab.IdentityStore, func(), error)
	// lease is for how long a holder that does not move keeps the lock; 0: as
	// long as its process lives.
	lease time.Duration
}

// A backend is a running engine.
type backend struct {
	// address is the host:port that proxies lead to; "": the engine is no
	// server.
	address string
	// dsn is what open needs to reach the engine at address.
	dsn func(address string) string
	// away takes the store away from all until back is called; for an engine
	// that is no server.
	away func() (back func() error, err error)
	// restart ends the engine as hard as the plan wants and starts it again;
	// nil: it cannot be restarted.
	restart func(ctx context.Context) error
	// stop ends the engine.
	stop func()
}

// lease is that of the stores whose lock is one: long enough for a machine that
// has other things to do, short enough to run out often.
const lease = 3 * time.Second

// stores are all that -store may name.
func stores() map[string]engine {
	return map[string]engine{
		"file":     {start: startFiles, open: openFiles},
		"sqlite":   {start: startSQLite, open: openSQL("sqlite", sqlstore.SQLite), lease: lease},
		"postgres": {start: startServer(engines.StartPostgreSQL, sqlstore.PostgreSQL), open: openSQL("pgx", sqlstore.PostgreSQL), lease: lease},
		"mariadb":  {start: startServer(engines.StartMariaDB, sqlstore.MySQL), open: openSQL("mysql", sqlstore.MySQL), lease: lease},
		"redis":    {start: startRedis, open: openRedis, lease: lease},
	}
}

func engineNames() []string { return slices.Sorted(maps.Keys(stores())) }

func openStore(ctx context.Context, name, dsn string) (gitlab.IdentityStore, func(), error) {
	e, ok := stores()[name]
	if !ok {
		return nil, nil, fmt.Errorf("soak: no store is called %q", name)
	}
	return e.open(ctx, dsn)
}

// startFiles makes a directory. It is away while it has another name, like one
// whose disk is not mounted.
func startFiles(_ context.Context, _ *spawner, dir string) (*backend, error) {
	here, away := filepath.Join(dir, "identities"), filepath.Join(dir, "away")
	return &backend{
		dsn: func(string) string { return here },
		away: func() (func() error, error) {
			return func() error { return os.Rename(away, here) }, os.Rename(here, away)
		},
		stop: func() {},
	}, os.Mkdir(here, 0o700)
}

func openFiles(_ context.Context, dsn string) (gitlab.IdentityStore, func(), error) {
	store, err := filestore.New(dsn)
	return store, func() {}, err
}
