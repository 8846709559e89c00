// Package chart draws groups of horizontal bars as SVG, for a light or for a
// dark background.
package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bars is a chart. The same Bars and Theme are always the same bytes.
type Bars struct {
	Title  string
	About  string   // in one line below the title
	Series []string // what is compared, at most 4; the first is the one to look at
	Groups []Group  // from top to bottom

	// LineAt is where a vertical line stands, and LineName what it is called; 0: there is none.
	LineAt   float64
	LineName string
}

// Group is bars that belong together.
type Group struct {
	Name, Note string
	Bars       []Bar // from top to bottom
}

// Bar is one bar: its series by its index, how long it is, in the unit that all
// bars of the chart have, and the text beside it.
type Bar struct {
	Series int
	Value  float64
	Label  string
}

// SVG draws the chart, 800 pixels wide, on a background of its own, so that it
// can be read wherever it is shown. Its title and all of its labels are there
// for a screen reader too.
func (b *Bars) SVG(t Theme) ([]byte, error) {
	drawn, err := b.draw(t)
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	before, rest, found := strings.Cut(drawn, "<svg ")
	attributes, body, closed := strings.Cut(rest, ">\n")
	if !found || !closed {
		return nil, errors.New("chart: the plotting library wrote no <svg>")
	}
	return []byte(before + `<svg role="img" ` + attributes + ">\n" +
		"<title>" + escaped(b.Title) + "</title>\n<desc>" + escaped(b.describe()) + "</desc>\n" + body), nil
}

// describe tells in words what the chart shows.
func (b *Bars) describe() string {
	var text strings.Builder
	text.WriteString(b.About + ".")
	for _, g := range b.Groups {
		fmt.Fprintf(&text, " %s (%s):", g.Name, g.Note)
		for i, bar := range g.Bars {
			if i > 0 {
				text.WriteString(",")
			}
			text.WriteString(" " + b.Series[bar.Series] + " " + bar.Label)
		}
		text.WriteString(".")
	}
	return text.String()
}

// shown are the series that have a bar.
func (b *Bars) shown() []int {
	var shown []int
	for _, g := range b.Groups {
		for _, bar := range g.Bars {
			shown = append(shown, bar.Series)
		}
	}
	slices.Sort(shown)
	return slices.Compact(shown)
}

func escaped(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // a buffer takes everything
	return out.String()
}
