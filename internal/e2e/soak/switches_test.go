//go:build soak

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTheSoakCanFail turns off one protection after the other. Each row has the
// faults that the protection is for, and fields that must go red.
func TestTheSoakCanFail(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		off, minutes, faults string
		red                  func(summary) int
	}{
		{offLock, "0.4", "expire", func(s summary) int { return s.DoubleSpends }},
		{offCAS, "0.5", "expire,sign-in", func(s summary) int { return s.LostOutsideWindow }},
		{offPending, "1", "expire,store-cut,slow", func(s summary) int { return s.LostOutsideWindow + s.DoubleSpends }},
		{offOpinion, "0.4", "expire,lag", func(s summary) int { return s.FalseReauthorize }},
		{offDetach, "0.5", "expire,leave,slow", func(s summary) int { return s.LostOutsideWindow + s.DoubleSpends }},
	} {
		t.Run(row.off, func(t *testing.T) { // one after the other: each wants the machine for itself
			sum, code, _ := soak(t, "-store", "file", "-minutes", row.minutes, "-faults", row.faults, "-off", row.off)
			assert.Positive(t, row.red(sum))
			assert.Equal(t, 1, code)
		})
	}
}
