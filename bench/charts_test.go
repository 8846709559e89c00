package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/freshgrant/gitlab/bench/chart"
)

// storedResults has no memory, and nothing of client-go for burst_64.
const storedResults = `[
  {"case": "get_user", "subject": "gitlab", "metric": "time_ns", "median": 7500, "spread": 0.05},
  {"case": "get_user", "subject": "client-go", "metric": "time_ns", "median": 20000, "spread": 0.1},
  {"case": "get_user", "subject": "raw", "metric": "time_ns", "median": 18000, "spread": 0.07},
  {"case": "webhook_push_20", "subject": "client-go", "metric": "time_ns", "median": 118000, "spread": 0.07},
  {"case": "burst_64", "subject": "gitlab", "metric": "time_ns", "median": 9000000, "spread": 0.2},
  {"case": "list_issues_5000_parallel8", "subject": "gitlab", "metric": "time_ns", "median": 170000000, "spread": 0.2},
  {"case": "list_issues_5000_parallel8", "subject": "client-go", "metric": "time_ns", "median": 2000000000, "spread": 0.2},
  {"case": "storm_1000", "subject": "gitlab", "metric": "failed", "median": 0, "spread": 0},
  {"case": "storm_1000", "subject": "oauth2", "metric": "failed", "median": 999, "spread": 0},
  {"case": "storm_1000", "subject": "gitlab", "metric": "posts", "median": 1, "spread": 0},
  {"case": "storm_1000", "subject": "oauth2", "metric": "posts", "median": 12.46, "spread": 0}
]`

// drawStored is ./script/bench -from a file of storedResults -charts a directory.
func drawStored(t *testing.T) (dir, table string) {
	t.Helper()
	dir = t.TempDir()
	file := filepath.Join(t.TempDir(), "results.json")
	require.NoError(t, os.WriteFile(file, []byte(storedResults), 0o600))
	var out strings.Builder
	require.NoError(t, measureAll(t.Context(), []string{"-from", file, "-charts", dir}, &out))
	return dir, out.String()
}

func description(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "<desc>")
	desc, _, closed := strings.Cut(rest, "</desc>")
	require.True(t, found && closed)
	return desc
}

func TestStoredResultsAreDrawnWithoutMeasuring(t *testing.T) {
	t.Parallel()
	dir, table := drawStored(t)
	assert.Contains(t, table, "| get_user | time_ns | 7.500µs ±5% (×0.38) | 20.00µs ±10% | 18.00µs ±7% (×0.90) | – |")
	for _, theme := range []string{"light", "dark"} {
		assert.Equal(t, "shorter is better; medians of interleaved rounds."+
			" one user (client-go: 20.00µs): this library ×0.38, net/http + encoding/json ×0.90."+
			" 5 000 issues, Parallel(8) (client-go: 2.000s): this library ×0.09.",
			description(t, filepath.Join(dir, "bench-time-"+theme+".svg")), "cases that lack something are left out")
		assert.Equal(t, "shorter is better; each group has a scale of its own."+
			" calls that failed (1 000 at once, token expired): this library 0, the same with x/oauth2 999."+
			" POSTs to the token endpoint (1 000 at once, token expired): this library 1, the same with x/oauth2 12.5.",
			description(t, filepath.Join(dir, "bench-expiry-"+theme+".svg")))
	}
}

func TestGroupsOfTheExpiryHaveScalesOfTheirOwn(t *testing.T) {
	t.Parallel()
	var results []result
	require.NoError(t, json.Unmarshal([]byte(storedResults), &results))
	results = append(results, result{Case: "rollover", Subject: ours, Metric: failCount})
	groups := expiry(byKey(results)).Groups
	require.Len(t, groups, 3)
	assert.Equal(t, []chart.Bar{{Series: 0, Value: 0, Label: "0"}, {Series: 3, Value: 1, Label: "999"}}, groups[0].Bars)
	assert.Equal(t, []chart.Bar{{Series: 0, Value: 0, Label: "0"}}, groups[1].Bars)
	assert.Equal(t, []chart.Bar{{Series: 0, Value: 1 / 12.46, Label: "1"}, {Series: 3, Value: 1, Label: "12.5"}}, groups[2].Bars)
}

func TestChartWithoutResultsIsNotWritten(t *testing.T) {
	t.Parallel()
	dir, _ := drawStored(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Len(t, files, 4, "two charts in two themes, none of memory")
	var log strings.Builder
	require.NoError(t, writeCharts(filepath.Join(dir, "none"), nil, &log))
	assert.Equal(t, "bench: bench-time is not drawn: there are no results for it\n"+
		"bench: bench-memory is not drawn: there are no results for it\n"+
		"bench: bench-expiry is not drawn: there are no results for it\n", log.String())
}

func TestSameResultsAreTheSameCharts(t *testing.T) {
	t.Parallel()
	first, _ := drawStored(t)
	again, _ := drawStored(t)
	for _, name := range []string{"bench-time-light.svg", "bench-expiry-dark.svg"} {
		a, err := os.ReadFile(filepath.Join(first, name))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(again, name))
		require.NoError(t, err)
		assert.Equal(t, string(a), string(b), name)
		assert.Less(t, len(a), 40_000, name)
	}
}

// TestChartsNameCasesThatThereAre keeps a renamed case from leaving its chart
// unseen.
func TestChartsNameCasesThatThereAre(t *testing.T) {
	t.Parallel()
	for _, c := range chartCases {
		assert.NotNil(t, find(c.name), c.name)
	}
	for _, g := range expiryGroups {
		assert.NotNil(t, find(g.name), g.name)
	}
	assert.Len(t, chartNames, len(subjects))
}

func TestResultsThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.json")
	_, err := readJSON(file)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	_, err = readJSON(file)
	assert.ErrorContains(t, err, file)
}
