package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// roleVariable says, in the environment of a process that this program has
// started, what the process is. Without it the process is the controller.
const roleVariable = "GITLAB_SCALE_ROLE"

// The roles, and what plays them. A process is told its config first, ends when
// its input does, and answers with JSON values.
var roles = map[string]func(context.Context, *controller) error{
	"gitlab": serveGitLab,
	"worker": work,
	"direct": spendDirectly,
	"bubble": passHours,
}

// errMissed ends a case that has measured something that must not be.
var errMissed = errors.New("scale: missed")

func main() { os.Exit(run(os.Args[1:])) }

// run is main with an exit code: 1 if a case failed or missed what must hold, 2
// if the program was not called rightly.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if play, ok := roles[os.Getenv(roleVariable)]; ok {
		err = play(ctx, newController(os.Stdin, os.Stdout))
	} else {
		err = measure(ctx, args, os.Stdout)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}

// result is what a case prints.
type result interface {
	// missed lists what must hold and does not.
	missed() []string
}

// measure runs the case that args name and prints its result.
func measure(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	got, err := cases[o.name].run(ctx, o)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(got); err != nil {
		return err
	}
	if missed := got.missed(); len(missed) > 0 {
		return fmt.Errorf("%w: %v", errMissed, missed)
	}
	return nil
}
