package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// errUsage is in the chain of every error of the command line.
var errUsage = errors.New("scale: usage")

// options are the command line's. A case looks at those that its defaults name.
type options struct {
	name       string
	store      string
	processes  int
	goroutines int // in each process
	identities int
	pool       int // connections to the store, in each process
	limit      time.Duration
	serverTime time.Duration // of the token endpoint

	// replicas
	seconds  float64
	lifetime time.Duration // of the access tokens
	pause    time.Duration // of a goroutine between two calls, on the average

	// herd
	share     string // shareSplit or shareAll
	expired   string // expiredKnown, expiredAtServer or expiredNot
	refreshes int    // Config.MaxConcurrentRefreshes
}

// Who calls as which identities, in a herd.
const (
	shareSplit = "split" // each process as its part of them
	shareAll   = "all"   // each process as all of them, in an order of its own
)

// How a herd's tokens have ended.
const (
	expiredKnown    = "known"  // by what is stored
	expiredAtServer = "server" // GitLab alone knows
	expiredNot      = "none"   // they are good: what the calls alone cost
)

// A measurement is a case that args can name.
type measurement struct {
	defaults options
	run      func(context.Context, options) (result, error)
}

var cases = map[string]measurement{
	"replicas": {run: replicas, defaults: options{
		store: "postgres", processes: 8, goroutines: 64, identities: 200, pool: 10, limit: 10 * time.Minute,
		serverTime: 50 * time.Millisecond, seconds: 60, lifetime: 8 * time.Second, pause: 400 * time.Millisecond,
	}},
	"herd": {run: herd, defaults: options{
		store: "postgres", processes: 4, identities: 10_000, pool: 10, limit: 10 * time.Minute,
		serverTime: 50 * time.Millisecond, share: shareSplit, expired: expiredKnown, refreshes: 16,
	}},
	"keys":       {run: keys, defaults: options{identities: 1_000_000, limit: 10 * time.Minute}},
	"identities": {run: identities, defaults: options{identities: 100_000, limit: 10 * time.Minute}},
}

func parseOptions(args []string) (options, error) {
	names := strings.Join(slices.Sorted(maps.Keys(cases)), ", ")
	if len(args) == 0 {
		return options{}, fmt.Errorf("%w: name a case: %s", errUsage, names)
	}
	c, ok := cases[args[0]]
	if !ok {
		return options{}, fmt.Errorf("%w: %q is none of the cases %s", errUsage, args[0], names)
	}
	o := c.defaults
	o.name = args[0]
	set := o.flags()
	err := set.Parse(args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(os.Stderr)
		set.PrintDefaults()
	case err != nil:
	case set.NArg() > 0:
		err = fmt.Errorf("what is %q", set.Arg(0))
	default:
		err = o.check()
	}
	if err != nil {
		return options{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	return o, nil
}

// flags are those of the case, with its defaults.
func (o *options) flags() *flag.FlagSet {
	set := flag.NewFlagSet(o.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.IntVar(&o.identities, "identities", o.identities, "how many there are")
	set.DurationVar(&o.limit, "limit", o.limit, "when to give up")
	if o.processes > 0 {
		set.StringVar(&o.store, "store", o.store, "one of "+strings.Join(slices.Sorted(maps.Keys(engineOf)), ", "))
		set.IntVar(&o.processes, "processes", o.processes, "that share the store")
		set.IntVar(&o.pool, "pool", o.pool, "connections to the store, in each process")
		set.DurationVar(&o.serverTime, "server-time", o.serverTime, "that the token endpoint takes")
	}
	if o.goroutines > 0 {
		set.IntVar(&o.goroutines, "goroutines", o.goroutines, "that call, in each process")
		set.Float64Var(&o.seconds, "seconds", o.seconds, "how long they call")
		set.DurationVar(&o.lifetime, "lifetime", o.lifetime, "of access tokens, in whole seconds")
		set.DurationVar(&o.pause, "pause", o.pause, "of each goroutine between two calls, on the average")
	}
	if o.refreshes > 0 {
		set.StringVar(&o.share, "share", o.share, "split: each process calls as its part of the identities; all: as all of them")
		set.StringVar(&o.expired, "expired", o.expired, "known: the store says that tokens have expired; server: GitLab alone knows; none: they are good")
		set.IntVar(&o.refreshes, "refreshes", o.refreshes, "Config.MaxConcurrentRefreshes")
	}
	return set
}

func (o *options) check() error {
	switch {
	case o.identities < 1:
		return errors.New("-identities starts at 1")
	case o.store == "":
		return nil
	case engineOf[o.store] == nil:
		return fmt.Errorf("-store %q is unknown", o.store)
	case o.processes < 1 || o.pool < 1 || o.serverTime < 0:
		return errors.New("-processes and -pool start at 1, -server-time at 0")
	case o.name == "replicas" && (o.goroutines < 1 || o.seconds <= 0 || o.lifetime < time.Second || o.pause <= 0):
		return errors.New("-goroutines, -seconds, -lifetime and -pause must be more than nothing, the lifetime a second")
	case o.name == "herd" && !slices.Contains([]string{shareSplit, shareAll}, o.share):
		return fmt.Errorf("-share %q is unknown", o.share)
	case o.name == "herd" && !slices.Contains([]string{expiredKnown, expiredAtServer, expiredNot}, o.expired):
		return fmt.Errorf("-expired %q is unknown", o.expired)
	case o.name == "herd" && o.refreshes < 1:
		return errors.New("-refreshes starts at 1")
	}
	return nil
}
