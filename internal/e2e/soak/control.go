package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/freshgrant/gitlab"
	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// controller runs one soak.
type controller struct {
	options

	plan    plan
	engine  engine
	history *history
	place   gitlabPlace
	backend *backend
	store   gitlab.IdentityStore // reached directly
	fleet   *fleet
	users   *users
	trouble *troubles
	sum     summary
	closers []func()
}

// settleTime is how long workers go on in quiet before they end.
const settleTime = 2 * time.Second

// control runs a soak and prints its summary to stdout.
func control(ctx context.Context, o options, stdout io.Writer) error {
	c := &controller{
		options: o, plan: plan{seed: o.seed, faults: o.faults}, engine: stores()[o.store], history: &history{},
		sum: summary{Store: o.store, GitLab: o.gitlab, Off: o.off, Seed: o.seed, FaultsByKind: map[string]int{}},
	}
	defer c.close()
	started := time.Now()
	if err := c.prepare(ctx); err != nil {
		return err
	}
	broken := c.soak(ctx, started) // audited all the same
	found, err := c.audit(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(broken, err)
	}
	c.sum.Seconds = time.Since(started).Round(100 * time.Millisecond).Seconds()
	explain(os.Stderr, found.findings, c.history, found.spends)
	if err := json.NewEncoder(stdout).Encode(c.sum); err != nil {
		return err
	}
	if c.sum.red() {
		return errors.Join(broken, errRed)
	}
	return broken
}

func (c *controller) close() {
	for _, f := range slices.Backward(c.closers) {
		f()
	}
}

func (c *controller) onClose(f func()) { c.closers = append(c.closers, f) }

// prepare brings up everything but the workers.
func (c *controller) prepare(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	c.onClose(func() { _ = os.RemoveAll(dir) }) // a temporary directory
	spawn := newSpawner()
	c.onClose(spawn.close)
	if c.backend, err = c.engine.start(ctx, spawn, dir); err != nil {
		return err
	}
	c.onClose(c.backend.stop)
	store, closeStore, err := c.engine.open(ctx, c.backend.dsn(c.backend.address))
	if err != nil {
		return err
	}
	c.store = store
	c.onClose(closeStore)
	if err := c.startGitLab(ctx, spawn, filepath.Join(dir, "gitlab")); err != nil {
		return err
	}
	if err := c.connect(); err != nil {
		return err
	}
	return c.assemble(ctx, spawn)
}

// startGitLab starts the GitLab process.
func (c *controller) startGitLab(ctx context.Context, spawn *spawner, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	hub, err := spawn.start(ctx, roleGitLab, gitlabConfig{Kind: c.gitlab, Dir: dir, Seed: c.seed, Faults: c.faults})
	if err != nil {
		return err
	}
	end := sync.OnceValue(func() error { return errors.Join(hub.stdin.Close(), hub.Wait()) })
	c.onClose(func() { _ = end() }) // its word came over the control endpoint
	line, err := bufio.NewReader(hub.stdout).ReadBytes('\n')
	if err != nil {
		if _ = end(); hub.ProcessState.ExitCode() == exitMissing {
			err = engines.ErrMissing
		}
		return fmt.Errorf("soak: GitLab did not start: %w", err)
	}
	return json.Unmarshal(line, &c.place)
}

// connect makes the workers' ways to GitLab and to the store.
func (c *controller) connect() error {
	c.trouble = &troubles{plan: c.plan, history: c.history, backend: c.backend, lease: c.engine.lease, storeCuts: make(chan int)}
	proxies := newProxies()
	for range c.processes {
		p, err := proxies.to(strings.TrimPrefix(c.place.URL, "http://"))
		if err != nil {
			return err
		}
		c.onClose(p.Stop)
		c.trouble.toHub = append(c.trouble.toHub, p)
		if c.backend.address == "" {
			continue
		}
		if p, err = proxies.to(c.backend.address); err != nil {
			return err
		}
		c.onClose(p.Stop)
		c.trouble.toStore = append(c.trouble.toStore, p)
	}
	return nil
}

// assemble makes the fleet and the users, and signs all of them in.
func (c *controller) assemble(ctx context.Context, spawn *spawner) error {
	client, err := gitlab.New(gitlab.Config{BaseURL: c.place.URL, Store: c.store})
	if err != nil {
		return err
	}
	c.users = &users{
		plan: c.plan, history: c.history, place: c.place, store: c.store, client: client,
		records: newRecords(), wanted: make(chan string, 16),
	}
	for n := range c.identities {
		c.users.keys = append(c.users.keys, fmt.Sprintf("user-%d", n))
	}
	c.fleet = &fleet{spawn: spawn, history: c.history, config: c.workerConfig, onNote: func(n note) {
		switch n.What {
		case noteSignIn:
			c.users.want(n.Key)
		case noteCut:
			c.trouble.want(n.Process)
		}
	}}
	c.trouble.fleet, c.trouble.place, c.trouble.keys = c.fleet, c.place, c.users.keys
	c.trouble.long = c.length > 45*time.Second
	if err := c.calibrate(ctx); err != nil {
		return err
	}
	for _, key := range c.users.keys {
		if err := c.users.signIn(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (c *controller) workerConfig(worker, generation int) workerConfig {
	address := c.backend.address
	if len(c.trouble.toStore) > 0 {
		address = c.trouble.toStore[worker].place
	}
	return workerConfig{
		Worker: worker, Generation: generation, Seed: c.seed, Faults: c.faults, Off: c.off,
		GitLab: c.place, Through: c.trouble.toHub[worker].place, Store: c.options.store, DSN: c.backend.dsn(address),
		Keys: c.users.keys, Goroutines: c.goroutines, Pause: gitlabs()[c.gitlab].pause,
	}
}

// soak lets workers work and faults happen until the time is over, and ends all
// in quiet.
func (c *controller) soak(ctx context.Context, started time.Time) error {
	if err := c.fleet.start(ctx, c.processes); err != nil {
		return errors.Join(err, c.fleet.end())
	}
	var sum map[string]int
	if err := c.place.ask(ctx, "POST", "/faults?on=true", &sum); err != nil {
		return errors.Join(err, c.fleet.end())
	}
	noisy, cancel := context.WithTimeout(ctx, max(c.length/2, c.length-time.Since(started)-settleTime-3*time.Second))
	defer cancel()
	var errs [2]error
	var all sync.WaitGroup
	all.Go(func() { errs[0] = c.trouble.run(noisy) })
	all.Go(func() { errs[1] = c.users.live(noisy) })
	<-noisy.Done()
	c.fleet.say(wordQuiet)
	all.Wait()
	late := context.WithoutCancel(ctx)
	errOff := c.place.ask(late, "POST", "/faults?on=false", &c.sum.FaultsByKind)
	pause(ctx, settleTime)
	return errors.Join(errs[0], errs[1], errOff, c.fleet.end())
}

// audit judges what has happened.
func (c *controller) audit(ctx context.Context) (*audit, error) {
	var own census
	if err := c.place.ask(ctx, "POST", "/census", &own); err != nil {
		return nil, err
	}
	c.users.records = newRecords() // the whole ledger again: the last answers were not known before
	if err := c.users.update(ctx); err != nil {
		return nil, err
	}
	a := &audit{records: c.users.records, lease: c.engine.lease, stored: map[string]string{}, lost: map[cause]int{}}
	for _, key := range c.users.keys {
		id, err := c.store.LoadIdentity(ctx, key)
		if err != nil {
			return nil, err
		}
		a.stored[key] = mark(id.Data.RefreshToken)
		good, err := c.place.isGood(ctx, id.Data.RefreshToken)
		if err != nil {
			return nil, err
		}
		if g := a.current(key, endOfTime); good && g.newest(endOfTime).mark == a.stored[key] {
			a.alive++
		}
	}
	a.run()
	c.sum.sum(a, c.history)
	if err := c.compare(own, a); err != nil {
		return nil, err
	}
	if c.trace != "" {
		return a, c.writeTrace(a)
	}
	return a, nil
}

// compare makes sure that the ledger has missed nothing: GitLab counts for
// itself.
func (c *controller) compare(own census, a *audit) error {
	double := 0
	for _, s := range a.spends {
		if shown := a.pairs[s.Token]; s.Refused == "invalid_grant" && shown != nil && shown.spent != nil {
			double++
		}
	}
	if own.DoubleSpends == nil {
		own.DoubleSpends = &double
	}
	if own.Rotations != c.sum.Rotations || *own.DoubleSpends != double {
		return fmt.Errorf("soak: GitLab counts %d rotations and %d double spends, the ledger %d and %d",
			own.Rotations, *own.DoubleSpends, c.sum.Rotations, double)
	}
	return nil
}

func (c *controller) writeTrace(a *audit) error {
	file, err := os.Create(c.trace)
	if err != nil {
		return err
	}
	return errors.Join(c.history.write(file, a.spends), file.Close())
}
