package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"

	"golang.org/x/perf/benchmath"
)

// result is what the rounds of one case come to for one subject and metric.
type result struct {
	Case    string  `json:"case"`
	Subject subject `json:"subject"`
	Metric  metric  `json:"metric"`
	Median  float64 `json:"median"`
	// Spread is how far from the median, as a part of it, its 95 % confidence
	// interval reaches, which assumes nothing of the distribution. That needs 6
	// rounds; with fewer it is how far the farthest round was.
	Spread float64 `json:"spread"`
}

func summarize(name string, s subject, m metric, measured []float64) result {
	sample := benchmath.NewSample(slices.Clone(measured), &benchmath.DefaultThresholds)
	sum := benchmath.AssumeNothing.Summary(sample, 0.95)
	low, high := sum.Lo, sum.Hi
	if math.IsInf(low, 0) || math.IsInf(high, 0) {
		low, high = slices.Min(measured), slices.Max(measured)
	}
	r := result{Case: name, Subject: s, Metric: m, Median: sum.Center}
	if sum.Center != 0 {
		r.Spread = max(high-sum.Center, sum.Center-low) / math.Abs(sum.Center)
	}
	return r
}

// writeJSON writes the results to a file.
func writeJSON(file string, results []result) error {
	out, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if err := os.WriteFile(file, append(out, '\n'), 0o600); err != nil { //nolint:gosec // G703: the caller names the file
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

// readJSON reads what writeJSON has written.
func readJSON(file string) ([]result, error) {
	text, err := os.ReadFile(file) //nolint:gosec // G703: the caller names the file
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	var results []result
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("bench: %s: %w", file, err)
	}
	return results, nil
}
