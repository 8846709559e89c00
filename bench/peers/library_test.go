// Package peers_test runs this library and others through the same trouble, and
// holds docs/compared.md to what came of it.
package peers_test

import (
	"context"
	"net/http"
	"testing"
)

// A library is one of those that are compared. Another one joins by an entry in
// libraries and a cell in every row.
type library struct {
	name   string
	module string // "": this repository
	link   string // what tells how it is used here
	about  string // how it is used here, for the table's reader

	// start starts a process of an application, with what is stored.
	start func(t *testing.T, s *site) process
	// personal is a client with a personal access token.
	personal func(t *testing.T, s *site, token string) client
	// shareable reports whether a process may use one client for many goroutines
	// at once. nil: yes.
	shareable func(t *testing.T) bool
	// stores says that the library itself keeps the pair in a store.
	stores bool
	// receive takes a webhook and returns an error if secret is not its secret.
	// nil: the library has nothing to do with them.
	receive func(t *testing.T, r *http.Request, secret string) error
	// calls is the number of methods that call the API.
	calls func(t *testing.T) int
}

// A process makes a client for one who calls. The clients of a process share what
// the library shares; what is in memory begins with what was stored.
type process func() client

// A client acts for the user of a site. An error is an answer that is not a
// success, or none.
type client interface {
	user(ctx context.Context) error // GET /user
	note(ctx context.Context) error // POST a comment on the site's issue
}

var libraries = []library{ours, clientGo, oAuth2, goSCM}
