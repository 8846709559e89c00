package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/freshgrant/gitlab/bench/chart"
)

// charts are the pictures of the README, by the names of their files.
var charts = []struct {
	name string
	of   func(found map[string]result) *chart.Bars
}{
	{"bench-time", func(found map[string]result) *chart.Bars {
		return ratios("Time compared with client-go’s", timeNS, found)
	}},
	{"bench-memory", func(found map[string]result) *chart.Bars {
		return ratios("Memory allocated compared with client-go’s", sizeBytes, found)
	}},
	{"bench-expiry", expiry},
}

// chartNames are the subjects in words, in the order of subjects.
var chartNames = []string{"this library", "GitLab’s client-go", "net/http + encoding/json", "the same with x/oauth2"}

// chartCases are the cases of the charts of ratios, in words.
var chartCases = []struct{ name, title string }{
	{"get_user", "one user"},
	{"page_issues_100", "a page of 100 issues"},
	{"page_projects_100", "a page of 100 projects"},
	{"page_users_100", "a page of 100 users"},
	{"page_mrs_100", "a page of 100 merge requests"},
	{"webhook_push_20", "a webhook of 20 commits"},
	{"list_issues_5000", "5 000 issues, page by page"},
	{"list_issues_5000_parallel8", "5 000 issues, Parallel(8)"},
	{"burst_64", "64 calls at once"},
}

// ratios is the chart of one metric, beside client-go's. Cases that client-go
// has no part in are left out.
func ratios(title string, m metric, found map[string]result) *chart.Bars {
	bars := &chart.Bars{
		Title: title, About: "shorter is better; medians of interleaved rounds",
		Series: chartNames, LineAt: 1, LineName: "client-go = 1",
	}
	for _, c := range chartCases {
		base := found[key(c.name, clientGo, m)]
		if base.Median == 0 {
			continue
		}
		group := chart.Group{Name: c.title, Note: "client-go: " + scaled(m, base.Median)}
		for i, s := range subjects {
			if r, ok := found[key(c.name, s, m)]; ok && s != clientGo {
				ratio := r.Median / base.Median
				group.Bars = append(group.Bars, chart.Bar{Series: i, Value: ratio, Label: fmt.Sprintf("×%.2f", ratio)})
			}
		}
		if len(group.Bars) > 0 {
			bars.Groups = append(bars.Groups, group)
		}
	}
	return bars
}

// expiryGroups are the groups of the chart of what happens when a token expires
// under load.
var expiryGroups = []struct {
	name       string // of the case
	metric     metric
	what, when string
}{
	{"storm_1000_early", failCount, "calls that failed", "1 000 at once, token ended early"},
	{"storm_1000", failCount, "calls that failed", "1 000 at once, token expired"},
	{"rollover", failCount, "calls that failed", "steady load, ten expiries"},
	{"replicas_postgres", failCount, "calls that failed", "4 processes, one database"},
	{"storm_1000", postCount, "POSTs to the token endpoint", "1 000 at once, token expired"},
	{"replicas_postgres", postCount, "POSTs for each rotation", "4 processes, one database"},
}

// expiry is that chart. Each of its groups has a scale of its own.
func expiry(found map[string]result) *chart.Bars {
	bars := &chart.Bars{
		Title: "When the token expires under load", About: "shorter is better; each group has a scale of its own",
		Series: chartNames,
	}
	for _, g := range expiryGroups {
		group := chart.Group{Name: g.what, Note: g.when}
		worst := 0.0 // 0: nobody has any
		for _, s := range subjects {
			worst = max(worst, found[key(g.name, s, g.metric)].Median)
		}
		for i, s := range subjects {
			if r, ok := found[key(g.name, s, g.metric)]; ok {
				label := strconv.FormatFloat(math.Round(10*r.Median)/10, 'f', -1, 64)
				group.Bars = append(group.Bars, chart.Bar{Series: i, Value: r.Median / max(worst, 1), Label: label})
			}
		}
		if len(group.Bars) > 0 {
			bars.Groups = append(bars.Groups, group)
		}
	}
	return bars
}

// writeCharts writes each chart of which there are results to dir, for light
// and for dark backgrounds, and says on log which there are none of.
func writeCharts(dir string, results []result, log io.Writer) error {
	found := byKey(results)
	for _, c := range charts {
		bars := c.of(found)
		if len(bars.Groups) == 0 {
			fmt.Fprintf(log, "bench: %s is not drawn: there are no results for it\n", c.name)
			continue
		}
		for suffix, theme := range map[string]chart.Theme{"light": chart.Light, "dark": chart.Dark} {
			svg, err := bars.SVG(theme)
			if err != nil {
				return fmt.Errorf("bench: %s: %w", c.name, err)
			}
			file := filepath.Join(dir, c.name+"-"+suffix+".svg")
			if err := os.WriteFile(file, svg, 0o600); err != nil {
				return fmt.Errorf("bench: %w", err)
			}
		}
	}
	return nil
}
