package main

import (
	"os"
	"sync/atomic"
	"syscall"
)

// doom is what waits for a process at one point of a refresh.
type doom struct {
	sentence sentence
	tell     *reporter
	quiet    *atomic.Bool
	passed   atomic.Int64
}

// at is called where a refresh of key has come to point. It may not return.
func (d *doom) at(point, key, request string) {
	if point != d.sentence.Point || d.quiet.Load() || d.passed.Add(1) != int64(d.sentence.Nth) {
		return
	}
	d.tell.tell(note{What: noteDies, Point: point, Key: key, Request: request})
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail
	select {}
}
