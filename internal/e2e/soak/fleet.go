package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"
)

// restartPause is how long a worker stays away after its death.
const (
	restartPause = 100 * time.Millisecond
	startLimit   = 20 * time.Second
	endLimit     = shutdownLimit + 10*time.Second
)

// fleet keeps the workers running, each as one process after the other.
type fleet struct {
	spawn   *spawner
	history *history
	config  func(worker, generation int) workerConfig
	onNote  func(note) // those that the controller acts on
	// storeGate is held for writing while the store is away: a process that
	// opened it then would find nothing.
	storeGate sync.RWMutex

	mu      sync.Mutex // guards all below
	running []*process // by worker; nil: between two processes
	ending  bool
	broken  error // the first process that ended otherwise than planned
	keepers sync.WaitGroup
}

// process is one life of a worker.
type process struct {
	child

	name  string
	mu    sync.Mutex // guards ended: a pid must not be signalled after its end
	ended bool
}

func processName(worker, generation int) string { return fmt.Sprintf("w%d.g%d", worker, generation) }

// workerOf is the worker that a process or a token request belongs to: "w1" of
// "w1.g2.33".
func workerOf(name string) string {
	worker, _, _ := strings.Cut(name, ".")
	return worker
}

// processOf is the process that a token request belongs to.
func processOf(request string) string {
	if at := strings.LastIndexByte(request, '.'); at > 0 {
		return request[:at]
	}
	return ""
}

// start brings all workers up and returns when they are ready.
func (f *fleet) start(ctx context.Context, workers int) error {
	f.running = make([]*process, workers)
	ready := make([]chan struct{}, workers)
	for n := range workers {
		ready[n] = make(chan struct{})
		f.keepers.Go(func() { f.keep(ctx, n, ready[n]) })
	}
	limit := time.After(startLimit)
	for n := range workers {
		select {
		case <-ready[n]:
		case <-limit:
			return fmt.Errorf("soak: worker %d was not ready within %v", n, startLimit)
		}
	}
	return f.failure()
}

// keep runs one process of a worker after the other, until the end.
func (f *fleet) keep(ctx context.Context, worker int, ready chan struct{}) {
	isReady := sync.OnceFunc(func() { close(ready) })
	defer isReady()
	for generation := 0; ; generation++ {
		if f.isEnding() {
			return
		}
		if err := f.live(ctx, worker, generation, isReady); err != nil {
			f.fail(fmt.Errorf("soak: %s: %w", processName(worker, generation), err))
			return
		}
		time.Sleep(restartPause)
	}
}

// live is one life of a worker. An end that was not wanted is an error.
func (f *fleet) live(ctx context.Context, worker, generation int, isReady func()) error {
	f.storeGate.RLock()
	opened := sync.OnceFunc(f.storeGate.RUnlock)
	defer opened()
	config := f.config(worker, generation)
	c, err := f.spawn.start(ctx, roleWorker, config, "GITLAB_SOAK_OFF="+config.Off)
	if err != nil {
		return err
	}
	p := &process{child: c, name: processName(worker, generation)}
	f.history.add(note{What: noteStarted, Process: p.name})
	f.set(worker, p)
	done := false
	readNotes(p.stdout, func(n note) {
		n.Process = p.name
		f.history.add(n)
		switch n.What {
		case noteReady:
			opened()
			isReady()
		case noteDone:
			done = true
		}
		f.onNote(n)
	}, func(line string) { f.fail(fmt.Errorf("soak: %s says %q", p.name, line)) })
	f.set(worker, nil)
	err = p.reap()
	killed := p.ProcessState != nil && isKilled(p)
	ended := note{What: noteEnded, Process: p.name}
	if killed {
		ended.Point, err = "killed", nil
	}
	f.history.add(ended)
	if !killed && !done && err == nil {
		err = errors.New("ended by itself")
	}
	return err
}

// reap waits for the end. Nobody signals the process afterwards.
func (p *process) reap() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	_ = p.stdin.Close()
	return p.Wait()
}

func isKilled(p *process) bool {
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// signal sends sig unless the process has ended.
func (p *process) signal(sig syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.ended && p.Process.Signal(sig) == nil
}

func (f *fleet) set(worker int, p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[worker] = p
	if p != nil && f.ending {
		_, _ = io.WriteString(p.stdin, wordStop+"\n")
	}
}

// get returns a worker's process, nil if there is none just now.
func (f *fleet) get(worker int) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running[worker]
}

func (f *fleet) isEnding() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ending
}

func (f *fleet) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken == nil {
		f.broken = err
	}
}

func (f *fleet) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// say writes a word to all workers.
func (f *fleet) say(word string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ending = f.ending || word == wordStop
	for _, p := range f.running {
		if p != nil {
			_, _ = io.WriteString(p.stdin, word+"\n") // one that has died does not hear it
		}
	}
}

// end lets all workers finish, and kills those that do not.
func (f *fleet) end() error {
	f.say(wordStop)
	ended := make(chan struct{})
	go func() { f.keepers.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(endLimit):
		f.fail(fmt.Errorf("soak: a worker did not end within %v", endLimit))
		for n := range f.running {
			if p := f.get(n); p != nil {
				p.signal(syscall.SIGKILL)
			}
		}
		<-ended
	}
	return f.failure()
}

func workerName(worker int) string { return workerOf(processName(worker, 0)) }
