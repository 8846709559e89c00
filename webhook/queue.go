package webhook

import (
	"context"
	"fmt"
	"sync"
)

// job is an event that waits for its function.
type job struct {
	run  func()
	size int64 // of its body
}

// queue runs jobs in goroutines of their own. It has none while there is nothing
// to do.
type queue struct {
	workers, places int
	room            int64 // for bodies, in bytes

	mu      sync.Mutex // guards what follows
	waiting []job
	size    int64 // of what waits
	running int
	closed  bool
	idle    chan struct{} // closed when the queue is closed and nothing runs
}

func newQueue(workers, places int, room int64) *queue {
	return &queue{workers: workers, places: places, room: room, idle: make(chan struct{})}
}

// check tells whether there is a place for a job of that size.
func (q *queue) check(size int64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.accepts(size)
}

// accepts is check with mu held. While a worker is free, nothing waits.
func (q *queue) accepts(size int64) error {
	switch {
	case q.closed:
		return errClosed
	case len(q.waiting) >= q.places || q.size+size > q.room:
		return errBusy
	}
	return nil
}

// add has j run now or later, or tells why not.
func (q *queue) add(j job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.accepts(j.size); err != nil {
		return err
	}
	if q.running < q.workers {
		q.running++
		go q.work(j)
		return nil
	}
	q.waiting = append(q.waiting, j)
	q.size += j.size
	return nil
}

func (q *queue) work(j job) {
	defer q.next() // also after a function that ends its goroutine
	j.run()
}

// next starts the job that has waited longest, in place of one that has ended.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) > 0 {
		j := q.waiting[0]
		q.waiting[0] = job{}
		q.waiting = q.waiting[1:]
		q.size -= j.size
		go q.work(j)
		return
	}
	q.running--
	q.end()
}

func (q *queue) end() {
	if q.closed && q.running == 0 {
		close(q.idle)
	}
}

// shutdown takes no more jobs, and waits until none is left.
func (q *queue) shutdown(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		q.end()
	}
	q.mu.Unlock()
	select {
	case <-q.idle:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running == 0 {
		return nil
	}
	return fmt.Errorf("webhook: shut down with %d events under way and %d waiting: %w", q.running, len(q.waiting), context.Cause(ctx))
}
