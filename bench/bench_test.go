package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/internal/e2e/engines"
)

// TestEveryCaseMeasuresItsSubjects runs the cases that need no other program and
// little time, once.
func TestEveryCaseMeasuresItsSubjects(t *testing.T) {
	t.Parallel()
	for _, c := range registry {
		if !strings.HasPrefix(c.name, "page_") && c.name != "get_user" && c.name != "auth_overhead" {
			continue
		}
		results, err := c.measure(t.Context(), 1)
		require.NoError(t, err, c.name)
		assert.Len(t, results, 3*len(subjects), c.name)
		for _, r := range results {
			assert.Positive(t, r.Median, "%s %s %s", r.Case, r.Subject, r.Metric)
		}
	}
}

//nolint:paralleltest // it looks at the heap of the whole process
func TestIdentitiesAreWeighed(t *testing.T) {
	results, err := find("identity").measure(t.Context(), 1)
	require.NoError(t, err)
	assert.Len(t, results, 3*len(subjects))
	for _, r := range results {
		assert.Positive(t, r.Median, "%s %s", r.Subject, r.Metric)
		if r.Subject == ours && r.Metric == sizeBytes {
			assert.Greater(t, r.Median, 200.0, "its tokens alone are that")
			assert.Less(t, r.Median, 10e3)
		}
	}
}

func TestSpreadIsAPartOfTheMedian(t *testing.T) {
	t.Parallel()
	few := summarize("c", ours, timeNS, []float64{90, 100, 130})
	assert.InDelta(t, 100, few.Median, 0)
	assert.InDelta(t, 0.3, few.Spread, 1e-9, "the farthest round")
	many := summarize("c", ours, timeNS, []float64{1, 98, 99, 99, 100, 100, 100, 101, 101, 102, 1000})
	assert.InDelta(t, 100, many.Median, 0)
	assert.Less(t, many.Spread, 0.05, "outliers do not count")
	assert.Zero(t, summarize("c", ours, connCount, []float64{0, 0}).Spread)
}

func TestTableTellsRatiosAndMissedTargets(t *testing.T) {
	t.Parallel()
	c := &benchCase{name: "c", targets: []target{
		{metric: timeNS, against: clientGo, factor: 0.5},
		{metric: sizeBytes, against: oAuth2, factor: 1, plus: 1e6},
	}}
	var out strings.Builder
	require.NoError(t, printTable(&out, []*benchCase{c}, []result{
		{Case: "c", Subject: ours, Metric: timeNS, Median: 6e6, Spread: 0.02},
		{Case: "c", Subject: clientGo, Metric: timeNS, Median: 1e7, Spread: 0.1},
		{Case: "c", Subject: ours, Metric: sizeBytes, Median: 7.5e6},
		{Case: "c", Subject: oAuth2, Metric: sizeBytes, Median: 7e6},
	}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, "| c | time_ns | 6.000ms ±2% (×0.60) | 10.00ms ±10% | – | – | ≤ 0.5 × client-go: **missed** |", lines[2])
	assert.Equal(t, "| c | bytes | 7.500MB ±0% | – | – | 7.000MB ±0% | ≤ 1 × oauth2 + 1.000MB |", lines[3])
}

func TestTargetsOfNothingAreTold(t *testing.T) {
	t.Parallel()
	c := &benchCase{name: "c", targets: []target{{metric: failCount}}}
	none, one := result{Case: "c", Subject: ours, Metric: failCount}, result{Case: "c", Subject: ours, Metric: failCount, Median: 1}
	assert.Equal(t, "≤ 0.000", c.verdict(failCount, map[string]result{key("c", ours, failCount): none}))
	assert.Equal(t, "≤ 0.000: **missed**", c.verdict(failCount, map[string]result{key("c", ours, failCount): one}))
}

func TestCaseWithoutItsServerIsLeftOut(t *testing.T) {
	missing := &benchCase{name: "replicas", start: func(context.Context) (map[subject]round, func(), error) {
		return nil, nil, fmt.Errorf("the server is %w", engines.ErrMissing)
	}}
	o := &options{cases: []*benchCase{missing}}
	t.Setenv("GITLAB_E2E", "")
	results, left, err := o.results(t.Context())
	require.NoError(t, err)
	assert.Empty(t, results)
	assert.Equal(t, []string{"Not measured: replicas, since the server is not installed.\n"}, left)
	t.Setenv("GITLAB_E2E", "required")
	_, _, err = o.results(t.Context())
	require.ErrorIs(t, err, engines.ErrMissing)
}

func TestOptionsNameCases(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-rounds", "2", "-case", "burst_64,get_user"})
	require.NoError(t, err)
	assert.Equal(t, 2, o.rounds)
	require.Len(t, o.cases, 2)
	assert.Equal(t, "burst_64", o.cases[0].name)
	_, err = parseOptions([]string{"-case", "none"})
	require.ErrorIs(t, err, errUsage)
	o, err = parseOptions(nil)
	require.NoError(t, err)
	assert.Len(t, o.cases, len(registry))
}

func TestJSONHasTheAgreedNames(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.json")
	require.NoError(t, writeJSON(file, []result{{Case: "c", Subject: clientGo, Metric: p99NS, Median: 1.5, Spread: 0.25}}))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var got []map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, []map[string]any{{"case": "c", "subject": "client-go", "metric": "p99_ns", "median": 1.5, "spread": 0.25}}, got)
}
