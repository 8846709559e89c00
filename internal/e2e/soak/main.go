package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// What this program is started as; without one of these it is the controller.
const (
	roleGitLab = "role:gitlab"
	roleWorker = "role:worker"
)

// errRed ends a soak that found something.
var errRed = errors.New("soak: the last line holds a field that must be 0 and is not")

func main() { os.Exit(run(os.Args[1:])) }

// The exit codes of run, beside 0.
const (
	exitFailed  = 1 // the soak or its audit failed
	exitUsage   = 2 // it was not called rightly
	exitMissing = 3 // what it would run on is not installed
)

// run is main with an exit code.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := play(ctx, args)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	case errors.Is(err, engines.ErrMissing):
		fmt.Fprintln(os.Stderr, err)
		return exitMissing
	default:
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
}

// play does what the role among args asks for.
func play(ctx context.Context, args []string) error {
	if len(args) == 2 {
		switch args[0] {
		case roleGitLab:
			return serveGitLab(ctx, args[1], os.Stdin, os.Stdout)
		case roleWorker:
			return work(ctx, args[1], os.Stdin, os.Stdout)
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	return control(ctx, o, os.Stdout)
}
