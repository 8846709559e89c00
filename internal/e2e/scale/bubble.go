package main

import (
	"context"
	"testing"
	"testing/synctest"
)

// bubbleConfig is what a process is told where hours pass in no time.
type bubbleConfig struct{ Keys int }

// bubbleReport is what it says at its end.
type bubbleReport struct {
	Result keysResult
	Error  string // "": none
}

// passHours is the process. Package testing/synctest wants a test, so it is one,
// and ends as tests do: with package testing's own exit.
func passHours(ctx context.Context, c *controller) error {
	var config bubbleConfig
	if err := c.told.Decode(&config); err != nil {
		return err
	}
	ctx, _ = c.alive(ctx)
	_ = ctx.Done() // both bubbles may use the channel that is made outside of them
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "hours", F: func(t *testing.T) {
		said := bubbleReport{Result: keysResult{Case: "keys", Keys: config.Keys}}
		for _, part := range []func(*keysResult, context.Context) error{(*keysResult).burst, (*keysResult).day} {
			synctest.Test(t, func(*testing.T) {
				if err := part(&said.Result, ctx); err != nil {
					said.Error = err.Error()
				}
			})
		}
		if err := c.say.Encode(said); err != nil {
			t.Error(err)
		}
	}}}, nil, nil)
	return nil
}
