package main

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/perf/benchunit"
)

// printTable prints the results as a table in Markdown. Behind a median stands
// its spread, and for all but client-go the ratio to client-go's.
func printTable(out io.Writer, cases []*benchCase, results []result) error {
	found := byKey(results)
	var text strings.Builder
	text.WriteString("| case | metric | gitlab | client-go | raw | oauth2 | target |\n|---|---|---|---|---|---|---|\n")
	for _, c := range cases {
		for _, m := range allMetrics {
			var row strings.Builder
			known := false
			for _, s := range subjects {
				r, ok := found[key(c.name, s, m)]
				known = known || ok
				row.WriteString(" " + cell(r, found[key(c.name, clientGo, m)]) + " |")
			}
			if known {
				fmt.Fprintf(&text, "| %s | %s |%s %s |\n", c.name, m, &row, c.verdict(m, found))
			}
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// byKey is the results by their keys.
func byKey(results []result) map[string]result {
	found := make(map[string]result)
	for _, r := range results {
		found[key(r.Case, r.Subject, r.Metric)] = r
	}
	return found
}

func key(name string, s subject, m metric) string {
	return name + "\x00" + string(s) + "\x00" + string(m)
}

// cell is a result beside the one of client-go. The zero result is not there.
func cell(r, other result) string {
	switch {
	case r.Case == "":
		return "–"
	case r.Subject == clientGo || other.Case == "" || other.Median == 0:
		return fmt.Sprintf("%s ±%.0f%%", scaled(r.Metric, r.Median), 100*r.Spread)
	}
	return fmt.Sprintf("%s ±%.0f%% (×%.2f)", scaled(r.Metric, r.Median), 100*r.Spread, r.Median/other.Median)
}

// verdict tells what the targets for m are, and whether they are met.
func (c *benchCase) verdict(m metric, found map[string]result) string {
	var told []string
	for _, t := range c.targets {
		mine, known := found[key(c.name, ours, m)]
		other, has := found[key(c.name, t.against, m)]
		if t.metric != m || !known || t.factor != 0 && !has {
			continue
		}
		text := "≤ "
		if t.factor != 0 {
			text += fmt.Sprintf("%v × %s", t.factor, t.against)
			if t.plus != 0 {
				text += " + "
			}
		}
		if t.plus != 0 || t.factor == 0 {
			text += scaled(m, t.plus)
		}
		if mine.Median > t.factor*other.Median+t.plus {
			text += ": **missed**"
		}
		told = append(told, text)
	}
	return strings.Join(told, "; ")
}

// scaled is a value with its unit.
func scaled(m metric, value float64) string {
	switch {
	case strings.HasSuffix(string(m), "_ns"):
		return benchunit.Scale(value/1e9, benchunit.Decimal) + "s"
	case strings.HasPrefix(string(m), "bytes"):
		return benchunit.Scale(value, benchunit.Decimal) + "B"
	default:
		return benchunit.Scale(value, benchunit.Decimal)
	}
}
