// Command bench measures the library against GitLab's own client-go, against
// net/http with encoding/json, and against the transport of x/oauth2. README.md
// tells what the cases do and what the figures are worth.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// roleVariable says, in the environment of a process that this program has
// started, what the process is. Without it the process measures.
const roleVariable = "GITLAB_BENCH_ROLE"

// roles are what a started process can be. It is told its config on stdin, as
// JSON, answers on stdout, as JSON, and ends when stdin does.
var roles = map[string]func(ctx context.Context, in io.Reader, out io.Writer) error{
	roleServer:  serve,
	roleLister:  listInRole,
	roleReplica: replicate,
}

func main() { os.Exit(run()) }

// run is main with an exit code: 1 if a case could not be measured, 2 if the
// program was not called rightly. A target that is missed is no failure: it is
// marked in the table.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if play, ok := roles[os.Getenv(roleVariable)]; ok {
		err = play(ctx, os.Stdin, os.Stdout)
	} else {
		err = measureAll(ctx, os.Args[1:], os.Stdout)
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

// measureAll runs the cases that args name, or reads what they came to, and
// prints their table.
func measureAll(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	results, missing, err := o.results(ctx)
	if err != nil {
		return err
	}
	if err := printTable(stdout, o.cases, results); err != nil {
		return err
	}
	for _, line := range missing {
		fmt.Fprint(stdout, "\n", line)
	}
	if o.json != "" {
		if err := writeJSON(o.json, results); err != nil {
			return err
		}
	}
	if o.charts == "" {
		return nil
	}
	return writeCharts(o.charts, results, os.Stderr)
}

// results are those of the file, or else are measured. A case whose servers are
// not installed is left out and said to be missing, unless they are required.
func (o *options) results(ctx context.Context) (results []result, missing []string, err error) {
	if o.from != "" {
		results, err = readJSON(o.from)
		return results, nil, err
	}
	for _, c := range o.cases {
		fmt.Fprintln(os.Stderr, "measuring", c.name)
		got, err := c.measure(ctx, o.rounds)
		switch {
		case errors.Is(err, engines.ErrMissing) && !engines.Required():
			missing = append(missing, fmt.Sprintf("Not measured: %s, since %v.\n", c.name, err))
			fmt.Fprint(os.Stderr, missing[len(missing)-1])
		case err != nil:
			return nil, nil, fmt.Errorf("bench: %s: %w", c.name, err)
		}
		results = append(results, got...)
	}
	return results, missing, nil
}

// errUsage is for a program that was not called rightly.
var errUsage = errors.New("bench: see -h")

type options struct {
	json   string
	charts string
	from   string
	rounds int // 0: each case's own
	cases  []*benchCase
}

func parseOptions(args []string) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.json, "json", "", "write the results to `FILE` too, as JSON")
	flags.StringVar(&o.charts, "charts", "", "draw the README's charts into `DIR`")
	flags.StringVar(&o.from, "from", "", "measure nothing, but take the results from `FILE`, which -json has written")
	flags.IntVar(&o.rounds, "rounds", 0, "measure each subject `N` times; 0: as often as is right for the case")
	names := flags.String("case", "", "measure only the cases `NAME,…`")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: bench [-json FILE] [-charts DIR] [-from FILE] [-rounds N] [-case NAME,…]")
		flags.PrintDefaults()
		fmt.Fprintln(flags.Output(), "Cases:")
		for _, c := range registry {
			fmt.Fprintf(flags.Output(), "  %-26s %s\n", c.name, c.about)
		}
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, err
	case err != nil, flags.NArg() > 0, o.rounds < 0:
		return nil, errUsage
	}
	if *names == "" {
		o.cases = registry
		return o, nil
	}
	for name := range strings.SplitSeq(*names, ",") {
		c := find(name)
		if c == nil {
			return nil, fmt.Errorf("%w: no case is called %q", errUsage, name)
		}
		o.cases = append(o.cases, c)
	}
	return o, nil
}
