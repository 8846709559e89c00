package sqlstores

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(taskVariable); what != "" {
		if err := perform(what); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	// These tests wait for leases rather than compute. -parallel has the last word.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(withServers{m})
}

// withServers ends the shared servers after the tests.
type withServers struct{ m *testing.M }

// Run implements goleak.TestingM.
func (w withServers) Run() int {
	code := w.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for _, server := range shared.started {
		if err := server.Close(); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	return code
}

// shared are the servers that all tests use beside each other, each on a table
// of its own. They start when they are first needed.
var shared struct {
	mu      sync.Mutex // guards started
	started []*engines.Server
}

var (
	postgres = sync.OnceValues(func() (*engines.Server, error) {
		return share(engines.StartPostgreSQL(context.Background()))
	})
	bouncer = sync.OnceValues(func() (*engines.Server, error) {
		server, err := postgres()
		if err != nil {
			return nil, err
		}
		return share(engines.StartPgBouncer(context.Background(), server))
	})
	mariadb = sync.OnceValues(func() (*engines.Server, error) {
		return share(engines.StartMariaDB(context.Background()))
	})
)

func share(server *engines.Server, err error) (*engines.Server, error) {
	if err != nil {
		return nil, err
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.started = append([]*engines.Server{server}, shared.started...)
	return server, nil
}
