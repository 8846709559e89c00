package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// errUsage is in the chain of every error of the command line.
var errUsage = errors.New("soak: usage")

// options are the command line's.
type options struct {
	store      string
	gitlab     string
	length     time.Duration
	seed       uint64
	faults     []string
	processes  int
	identities int
	goroutines int
	off        string // the protection that is turned off; "": none
	trace      string // a file that gets everything that was seen; "": none
}

// The kinds of faults, as -faults names them.
const (
	faultKill      = "kill"       // a worker is killed at a random moment
	faultPoints    = "points"     // a worker kills itself at a named point
	faultStop      = "stop"       // a worker is stopped and continued; longer than the lease, where the lock is one
	faultAnswers   = "answers"    // GitLab does its work and the answer is swallowed or torn
	faultErrors    = "errors"     // 5xx, 429, HTML, cut before the work
	faultLag       = "lag"        // invalid_grant for a good refresh token, a bare 401 for a good access token
	faultSlow      = "slow"       // slow answers, slow connections to GitLab
	faultCut       = "cut"        // a worker's connections to GitLab are cut
	faultStoreCut  = "store-cut"  // a worker's connections to the store are cut; the file store's directory is away
	faultStoreSlow = "store-slow" // a worker's connections to the store are slow
	faultRestart   = "restart"    // the store's engine is restarted
	faultExpire    = "expire"     // an access token's time is over before it was said
	faultSignIn    = "sign-in"    // a user signs in again, in the middle of a refresh
	faultLeave     = "leave"      // callers leave after milliseconds
)

var allFaults = []string{
	faultKill, faultPoints, faultStop, faultAnswers, faultErrors, faultLag, faultSlow, faultCut,
	faultStoreCut, faultStoreSlow, faultRestart, faultExpire, faultSignIn, faultLeave,
}

// The protections that -off turns off.
const (
	offLock    = "lock"    // LockIdentity lets everybody in
	offCAS     = "cas"     // SaveIdentity saves over whatever is there
	offPending = "pending" // a new pair that the store does not take is dropped
	offOpinion = "opinion" // one invalid_grant is enough
	offDetach  = "detach"  // a refresh ends with the call that caused it
)

var allSwitches = []string{offLock, offCAS, offPending, offOpinion, offDetach}

func parseOptions(args []string) (options, error) {
	var o options
	var faults string
	var minutes float64
	set := flag.NewFlagSet("soak", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&o.store, "store", "file", "one of "+strings.Join(engineNames(), ", "))
	set.StringVar(&o.gitlab, "gitlab", gitlabDouble, "one of "+strings.Join(gitlabNames(), ", "))
	set.Float64Var(&minutes, "minutes", 2, "length of the whole run; a slow start makes it longer")
	set.Uint64Var(&o.seed, "seed", 1, "of all decisions")
	set.StringVar(&faults, "faults", "all", "\"all\", \"none\", or some of "+strings.Join(allFaults, ",")+"; with a leading - all but those")
	set.IntVar(&o.processes, "processes", 3, "workers at a time")
	set.IntVar(&o.identities, "identities", 12, "that they share")
	set.IntVar(&o.goroutines, "goroutines", 4, "that call, in each worker")
	set.StringVar(&o.off, "off", "", "turn one protection off: "+strings.Join(allSwitches, ", "))
	set.StringVar(&o.trace, "trace", "", "write everything that was seen to this `file`, as JSON lines")
	err := set.Parse(args)
	if err == nil {
		o.length = time.Duration(minutes * float64(time.Minute))
		o.faults, err = parseFaults(faults)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(os.Stderr)
		set.PrintDefaults()
	case err != nil:
	case set.NArg() > 0:
		err = fmt.Errorf("what is %q", set.Arg(0))
	case !slices.Contains(engineNames(), o.store):
		err = fmt.Errorf("-store %q is none of %s", o.store, strings.Join(engineNames(), ", "))
	case !slices.Contains(gitlabNames(), o.gitlab):
		err = fmt.Errorf("-gitlab %q is none of %s", o.gitlab, strings.Join(gitlabNames(), ", "))
	case o.length < 10*time.Second || o.length > 24*time.Hour:
		err = fmt.Errorf("-minutes %g is not between 10 seconds and a day", minutes)
	case o.processes < 1 || o.identities < 1 || o.goroutines < 1:
		err = errors.New("-processes, -identities and -goroutines start at 1")
	case o.off != "" && !slices.Contains(allSwitches, o.off):
		err = fmt.Errorf("-off %q is none of %s", o.off, strings.Join(allSwitches, ", "))
	case !switchable && (o.off == offPending || o.off == offOpinion || o.off == offDetach):
		err = fmt.Errorf("-off %s needs a program built with -tags soak", o.off)
	}
	if err != nil {
		return options{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	return o, nil
}

func parseFaults(list string) ([]string, error) {
	switch list {
	case "all":
		return allFaults, nil
	case "none":
		return nil, nil
	}
	rest, but := strings.CutPrefix(list, "-")
	named := strings.Split(rest, ",")
	for _, name := range named {
		if !slices.Contains(allFaults, name) {
			return nil, fmt.Errorf("-faults: %q is none of %s", name, strings.Join(allFaults, ", "))
		}
	}
	if !but {
		return named, nil
	}
	return slices.DeleteFunc(slices.Clone(allFaults), func(name string) bool { return slices.Contains(named, name) }), nil
}
