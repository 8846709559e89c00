package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freshgrant/gitlab"
)

// workerConfig is what a worker is told at its start.
type workerConfig struct {
	Worker, Generation int
	Seed               uint64
	Faults             []string
	Off                string

	GitLab     gitlabPlace
	Through    string // host:port of the proxy to GitLab
	Store, DSN string // what openStore takes
	Keys       []string
	Goroutines int
	Pause      time.Duration // of a caller between two calls, about
}

// A worker calls GitLab as many identities at once.
type worker struct {
	workerConfig

	plan   plan
	doom   doom
	tell   *reporter
	client *gitlab.Client
	spent  lastSpends
	counts counts
	quiet  atomic.Bool // no more sentences, sign-ins and leaving: the end is near
}

const shutdownLimit = 20 * time.Second

// The controller's words on a worker's standard input.
const (
	wordQuiet = "quiet"
	wordStop  = "stop"
)

// work is the worker process. It ends when it is told to stop, or with its
// standard input: then at once, since its controller is gone.
func work(ctx context.Context, config string, stdin io.Reader, stdout io.Writer) error {
	w := &worker{tell: &reporter{w: stdout}}
	if err := json.Unmarshal([]byte(config), &w.workerConfig); err != nil {
		return err
	}
	w.plan = plan{seed: w.Seed, faults: w.Faults}
	w.doom = doom{tell: w.tell, sentence: w.plan.sentence(w.Worker, w.Generation), quiet: &w.quiet}
	store, closeStore, err := openStore(ctx, w.Store, w.DSN)
	if err != nil {
		return err
	}
	defer closeStore()
	if w.client, err = w.connect(store); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go w.obey(stdin, stop)
	w.tell.tell(note{What: noteReady})

	var callers sync.WaitGroup
	for n := range w.Goroutines {
		callers.Go(func() { w.call(ctx, n) })
	}
	callers.Go(func() { w.count(ctx) })
	callers.Wait()
	w.counts.report(w.tell)
	return w.shutdown()
}

// obey does what the controller says.
func (w *worker) obey(stdin io.Reader, stop func()) {
	words := bufio.NewScanner(stdin)
	for words.Scan() {
		switch words.Text() {
		case wordQuiet:
			w.quiet.Store(true)
		case wordStop:
			w.quiet.Store(true)
			stop()
		}
	}
	os.Exit(1) // the controller is gone
}

func (w *worker) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	done := note{What: noteDone}
	err := w.client.Shutdown(ctx)
	if err != nil {
		done.Error = err.Error()
	}
	w.tell.tell(done)
	return err
}

// connect makes the client as an application would, on a watched store and a
// watched provider.
func (w *worker) connect(store gitlab.IdentityStore) (*gitlab.Client, error) {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 2 * w.Goroutines,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, w.Through) // GitLab has one base URL, and each worker its own way there
		},
	}
	cfg := gitlab.Config{
		BaseURL:    w.GitLab.URL,
		Provider:   &watchedProvider{worker: w, IdentityProvider: w.provider()},
		Store:      newWatchedStore(w, w.weaken(store)),
		HTTPClient: &http.Client{Transport: &namingTransport{base: transport}, Timeout: 30 * time.Second},
		OnRefresh:  w.refreshed,
	}
	if w.Generation%2 == 1 {
		cfg.RefreshBefore = -1 // only after a 401
	}
	return gitlab.New(cfg)
}

func (w *worker) provider() gitlab.OAuthProvider {
	return gitlab.OAuthProvider{ClientID: w.GitLab.ClientID, ClientSecret: w.GitLab.ClientSecret}
}

// refreshed is the client's OnRefresh.
func (w *worker) refreshed(_ context.Context, event gitlab.RefreshEvent) {
	n := note{What: noteEvent, Key: event.Key, Outcome: string(event.Outcome), Attempts: event.Attempts}
	if event.Err != nil {
		n.Error = event.Err.Error()
	}
	if event.Outcome == gitlab.OutcomeDead {
		last := w.spent.refused(event.Key)
		n.Request, n.Token, n.Loaded = last.request, last.token, last.loaded
	}
	w.tell.tell(n)
}

// call is one goroutine's life.
func (w *worker) call(ctx context.Context, n int) {
	r := w.plan.stream("caller", w.Worker, w.Generation, n)
	for ctx.Err() == nil {
		key := w.Keys[r.IntN(len(w.Keys))]
		limit := 20 * time.Second
		leaves := w.plan.has(faultLeave) && r.IntN(8) == 0
		if leaves {
			limit = between(r, time.Millisecond, 30*time.Millisecond)
		}
		w.once(ctx, key, limit, leaves && !w.quiet.Load(), r.IntN(50) == 0)
		pause(ctx, between(r, w.Pause/3, w.Pause*5/3))
	}
}

// once makes one call as key, and counts it.
func (w *worker) once(ctx context.Context, key string, limit time.Duration, leaves, stream bool) {
	if !leaves {
		limit = 20 * time.Second
	}
	callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	began := time.Now().UnixNano()
	err := w.ask(callCtx, key, stream)
	if err != nil && leaves && callCtx.Err() != nil {
		w.counts.add("", true)
		return
	}
	kind := kindOf(err)
	if kind == "401" && stream {
		kind = "401 stream" // as promised: it cannot be sent again
	}
	w.counts.add(kind, false)
	if kind == kindReauthorize && w.counts.firstFor(key) {
		w.tell.tell(note{What: noteTold, Key: key, Loaded: began, Error: err.Error()})
	}
	if err != nil {
		pause(ctx, 30*time.Millisecond) // as whoever cares for the other side would
	}
}

// ask calls GitLab as key; stream: with a body that cannot be sent twice.
func (w *worker) ask(ctx context.Context, key string, stream bool) error {
	client := w.client.As(key)
	if stream {
		body := io.MultiReader(newBody(`{"title":"soak"}`))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.GitLab.URL+"/api/v4/projects/soak%2Fapp/issues", body)
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
	user, err := client.Users.Current(ctx)
	if err == nil && user.Username != key {
		return fmt.Errorf("%w: called as %s, answered as %s", errOther, key, user.Username)
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
