package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/freshgrant/gitlab/gitlabtest"
)

// A gitlabKind is one that the soak can run on.
type gitlabKind struct {
	// start brings the server up; dir is its own, and empty. It ends, at the
	// latest, with this process.
	start func(ctx context.Context, dir string) (server, error)
	// pause is about how long a caller waits between two calls, so that all of
	// them together leave the server time for refreshes.
	pause time.Duration
}

// A server is the GitLab behind the ledger and the faults. It knows grants by
// their newest refresh tokens.
type server interface {
	// Handler serves the API and the token endpoint. What it has begun for a
	// request whose context does not end, it finishes.
	Handler() http.Handler
	// application is the one that users sign in to.
	application() (clientID, clientSecret string)
	// signIn gives a user a pair; what it gave before stays good. Access tokens
	// of this grant live for lifetime, in whole seconds.
	signIn(ctx context.Context, username string, lifetime time.Duration) (gitlabtest.Token, error)
	// expire ends the life of a pair's access token.
	expire(ctx context.Context, refreshToken string) error
	// isGood reports whether a refresh token can be spent.
	isGood(ctx context.Context, refreshToken string) (bool, error)
	// census is the server's own count, to hold the ledger's against.
	census(ctx context.Context) (census, error)
	close() error
}

// A census is what a GitLab has counted.
type census struct {
	Rotations    int
	DoubleSpends *int // requests with a spent refresh token; nil: it does not count them
}

// The kinds of GitLab, as -gitlab names them.
const (
	gitlabDouble     = "double"
	gitlabDoorkeeper = "doorkeeper"
)

// gitlabs are all that -gitlab may name.
func gitlabs() map[string]gitlabKind {
	return map[string]gitlabKind{
		gitlabDouble:     {start: startDouble, pause: 15 * time.Millisecond},
		gitlabDoorkeeper: {start: startDoorkeeper, pause: 120 * time.Millisecond},
	}
}

func gitlabNames() []string { return slices.Sorted(maps.Keys(gitlabs())) }
