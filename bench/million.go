package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// The peaks of the heap while the first and the last tenth of a list were read:
// they are alike if the list's length does not matter.
const (
	firstTenth metric = "bytes_first_tenth"
	lastTenth  metric = "bytes_last_tenth"
)

const million = 1_000_000

// roleLister is a process that lists once and tells what it took.
const roleLister = "lister"

// listerConfig is what a lister is told.
type listerConfig struct {
	Subject subject
	BaseURL string
	Items   int
}

// listerReport is what a lister tells.
type listerReport struct {
	Took              time.Duration
	Peak, First, Last uint64 // bytes of heap
}

// startListMillion lets client-go read a tenth only, whose heap is the same and
// whose time is long.
func startListMillion(ctx context.Context) (map[subject]round, func(), error) {
	whole, err := startServer(ctx, serverConfig{Items: million})
	if err != nil {
		return nil, nil, err
	}
	part, err := startServer(ctx, serverConfig{Items: million / 10})
	if err != nil {
		return nil, whole.stop, err
	}
	rounds := map[subject]round{
		ours: func(ctx context.Context) (values, error) {
			got, err := listElsewhere(ctx, listerConfig{Subject: ours, BaseURL: whole.API, Items: million})
			return values{
				timeNS:     float64(got.Took),
				sizeBytes:  float64(got.Peak),
				firstTenth: float64(got.First),
				lastTenth:  float64(got.Last),
			}, err
		},
		clientGo: func(ctx context.Context) (values, error) {
			got, err := listElsewhere(ctx, listerConfig{Subject: clientGo, BaseURL: part.API, Items: million / 10})
			return values{sizeBytes: float64(got.Peak)}, err
		},
	}
	return rounds, func() { whole.stop(); part.stop() }, nil
}

// listElsewhere lists in a process of its own.
func listElsewhere(ctx context.Context, cfg listerConfig) (listerReport, error) {
	var got listerReport
	p, err := startProcess(ctx, roleLister, cfg)
	if err != nil {
		return got, err
	}
	defer p.stop()
	if err := p.answers.Decode(&got); err != nil {
		return got, fmt.Errorf("the lister has failed: %w", err)
	}
	return got, nil
}

// listInRole is the role of the lister.
func listInRole(ctx context.Context, in io.Reader, out io.Writer) error {
	var cfg listerConfig
	if err := json.NewDecoder(in).Decode(&cfg); err != nil {
		return fmt.Errorf("bench: lister: %w", err)
	}
	list, err := newLister(ctx, cfg.Subject, cfg.BaseURL)
	if err != nil {
		return fmt.Errorf("bench: lister: %w", err)
	}
	var read atomic.Int64
	watch := watchHeap(func() int { return int(read.Load()) * 10 / cfg.Items })
	started := time.Now()
	err = wants(cfg.Items)(list(ctx, true, func() { read.Add(1) }))
	took := time.Since(started)
	peaks := watch()
	if err != nil {
		return fmt.Errorf("bench: lister: %w", err)
	}
	report := listerReport{Took: took, First: peaks[0], Last: peaks[9]}
	for _, peak := range peaks {
		report.Peak = max(report.Peak, peak)
	}
	return json.NewEncoder(out).Encode(report)
}

// watchHeap looks at the heap every few milliseconds until the function that it
// returns is called, which tells the peak for each value below 10 that phase has
// had. The heap is what is in use and what is dead but not yet swept away.
func watchHeap(phase func() int) func() [10]uint64 {
	var peaks [10]uint64
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for ticker := time.NewTicker(2 * time.Millisecond); ; {
			select {
			case <-done:
				ticker.Stop()
				return
			case <-ticker.C:
			}
			metrics.Read(sample)
			now := min(phase(), 9)
			peaks[now] = max(peaks[now], sample[0].Value.Uint64())
		}
	})
	return func() [10]uint64 {
		close(done)
		watching.Wait()
		return peaks
	}
}
