package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	calibrateTime   = time.Second
	shortestLife    = 2 * time.Second
	lifeInCalls     = 20 // a token lives at least for so many of the slowest percent of calls
	percentileCalls = 0.99
)

// calibrate measures calls under the load to come, and has GitLab give tokens
// that live long enough for them.
func (c *controller) calibrate(ctx context.Context) error {
	transport := &http.Transport{MaxIdleConnsPerHost: c.processes * c.goroutines}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	until := time.Now().Add(calibrateTime)
	var all sync.WaitGroup
	for range c.processes * c.goroutines {
		all.Go(func() {
			for time.Now().Before(until) && ctx.Err() == nil {
				d, err := c.measure(ctx, client)
				mu.Lock()
				if took = append(took, d); err != nil {
					failed = err
				}
				mu.Unlock()
				pause(ctx, gitlabs()[c.gitlab].pause)
			}
		})
	}
	all.Wait()
	if failed != nil || len(took) == 0 {
		return failed
	}
	slices.Sort(took)
	p99 := took[int(percentileCalls*float64(len(took)-1))]
	life := max(shortestLife, (lifeInCalls*p99 + time.Second - 1).Truncate(time.Second))
	c.sum.CallP99, c.sum.TokenLifetimeMS = float64(p99.Microseconds())/1000, life.Milliseconds()
	var set time.Duration
	return c.place.ask(ctx, http.MethodPost, "/lifetime?d="+url.QueryEscape(life.String()), &set)
}

func (c *controller) measure(ctx context.Context, client *http.Client) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.place.URL+"/api/v4/user", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.place.AccessToken)
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		err = errors.New("soak: a call that measures is answered " + resp.Status)
	}
	return time.Since(began), err
}
