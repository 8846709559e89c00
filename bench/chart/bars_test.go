package chart

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *Bars {
	return &Bars{
		Title: "Time <of> it", About: "shorter is better",
		Series: []string{"mine", "theirs", "nobody's", "by hand"},
		Groups: []Group{
			{Name: "one user", Note: "theirs: 19 µs", Bars: []Bar{{0, 0.5, "×0.50"}, {3, 2, "×2.00"}}},
			{Name: "a name that is much longer than all others", Note: "theirs: 1 s", Bars: []Bar{{0, 0, "×0.00"}}},
			{Name: "three", Note: "theirs: 3 s", Bars: []Bar{{0, 0.25, "×0.25"}, {1, 1, "×1.00"}, {3, 1.5, "×123456.00"}}},
		},
		LineAt: 1, LineName: "theirs = 1",
	}
}

// picture is what of an SVG the tests look at.
type picture struct {
	Width string  `xml:"width,attr"`
	Role  string  `xml:"role,attr"`
	Title string  `xml:"title"`
	Desc  string  `xml:"desc"`
	Texts []label `xml:"g>text"`
	Paths []struct {
		D     string `xml:"d,attr"`
		Style string `xml:"style,attr"`
	} `xml:"g>path"`
}

type label struct {
	X     float64 `xml:"x,attr"`
	Width float64 `xml:"textLength,attr"`
	Text  string  `xml:",chardata"`
	Style string  `xml:"style,attr"`
}

func drawn(t *testing.T, b *Bars, theme Theme) picture {
	t.Helper()
	svg, err := b.SVG(theme)
	require.NoError(t, err)
	var p picture
	require.NoError(t, xml.Unmarshal(svg, &p))
	require.NotEmpty(t, p.Texts)
	return p
}

func (p picture) all() []string {
	var all []string
	for _, text := range p.Texts {
		all = append(all, text.Text)
	}
	return all
}

// filled are the rectangles of a colour: left, bottom, width, height.
func (p picture) filled(t *testing.T, c color.Color) [][4]float64 {
	t.Helper()
	var found [][4]float64
	for _, path := range p.Paths {
		if path.Style != "fill:"+hex(c) {
			continue
		}
		var x, y [4]float64
		_, err := fmt.Sscanf(path.D, "M%g,%gL%g,%gL%g,%gL%g,%gZ", &x[0], &y[0], &x[1], &y[1], &x[2], &y[2], &x[3], &y[3])
		require.NoError(t, err, path.D)
		left, bottom := min(x[0], x[2]), min(y[0], y[2])
		found = append(found, [4]float64{left, bottom, max(x[0], x[2]) - left, max(y[0], y[2]) - bottom})
	}
	return found
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}

func TestChartSaysEverythingOnceAndToScreenReadersToo(t *testing.T) {
	t.Parallel()
	p := drawn(t, sample(), Light)
	assert.ElementsMatch(t, []string{
		"Time <of> it", "shorter is better", "mine", "theirs", "by hand", "theirs = 1",
		"one user", "theirs: 19 µs", "×0.50", "×2.00",
		"a name that is much longer than all others", "theirs: 1 s", "×0.00",
		"three", "theirs: 3 s", "×0.25", "×1.00", "×123456.00",
	}, p.all(), "nobody's has no bar, and so no colour to tell")
	assert.Equal(t, "img", p.Role)
	assert.Equal(t, "600pt", p.Width, "which is 800 pixels")
	assert.Equal(t, "Time <of> it", p.Title)
	assert.Equal(t, "shorter is better. one user (theirs: 19 µs): mine ×0.50, by hand ×2.00."+
		" a name that is much longer than all others (theirs: 1 s): mine ×0.00."+
		" three (theirs: 3 s): mine ×0.25, theirs ×1.00, by hand ×123456.00.", p.Desc)
}

func TestBarsAreAsLongAsTheirValues(t *testing.T) {
	t.Parallel()
	p := drawn(t, sample(), Dark)
	colours := Dark.palette()
	var lengths [][]float64
	for _, c := range colours.bars {
		var of []float64
		for _, bar := range p.filled(t, c)[min(1, len(p.filled(t, c))):] { // the first is the legend's
			assert.InDelta(t, barWidth, bar[3], 0.1)
			of = append(of, bar[2])
		}
		lengths = append(lengths, of)
	}
	require.Len(t, lengths[0], 3)
	unit := lengths[0][0] / 0.5
	assert.Greater(t, unit, 50.0)
	assert.InDeltaSlice(t, []float64{0.5 * unit, 0, 0.25 * unit}, lengths[0], 0.1)
	assert.InDeltaSlice(t, []float64{unit}, lengths[1], 0.1)
	assert.Empty(t, lengths[2])
	assert.InDeltaSlice(t, []float64{2 * unit, 1.5 * unit}, lengths[3], 0.1)
}

func TestTextsKeepTheirWidthOffTheBarsAndOnThePage(t *testing.T) {
	t.Parallel()
	p := drawn(t, sample(), Light)
	zero := p.filled(t, Light.palette().bars[0])[1][0]
	widest := slices.IndexFunc(p.Texts, func(text label) bool { return text.Text == "×123456.00" })
	for _, text := range p.Texts {
		assert.Positive(t, text.Width, text.Text)
		assert.Contains(t, text.Style, "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;", text.Text)
		assert.GreaterOrEqual(t, text.X, float64(margin)-0.1, text.Text)
		assert.LessOrEqual(t, text.X+text.Width, float64(width-margin)+0.1, text.Text)
		if strings.HasPrefix(text.Text, "×") {
			assert.InDelta(t, zero-textGap, text.X+text.Width, 0.1, text.Text)
		}
		if text.Text == "three" || strings.HasPrefix(text.Text, "theirs: ") || strings.HasPrefix(text.Text, "a name") {
			assert.Less(t, text.X+text.Width, p.Texts[widest].X-textGap, text.Text)
		}
	}
	page := p.filled(t, Light.palette().background)
	require.Len(t, page, 1, "a background of its own")
	for _, c := range Light.palette().bars {
		for _, bar := range p.filled(t, c) {
			assert.LessOrEqual(t, bar[0]+bar[2], float64(width-margin)+0.1)
			assert.GreaterOrEqual(t, bar[1], float64(margin)-0.1)
		}
	}
}

func TestSameChartIsTheSameBytes(t *testing.T) {
	t.Parallel()
	first, err := sample().SVG(Light)
	require.NoError(t, err)
	again, err := sample().SVG(Light)
	require.NoError(t, err)
	assert.Equal(t, string(first), string(again))
	dark, err := sample().SVG(Dark)
	require.NoError(t, err)
	assert.NotEqual(t, string(first), string(dark))
}

func TestChartOfNothingButZeroesIsDrawn(t *testing.T) {
	t.Parallel()
	p := drawn(t, &Bars{Series: []string{"mine"}, Groups: []Group{{Name: "calls that failed", Bars: []Bar{{0, 0, "0"}}}}}, Light)
	zero := p.Texts[slices.Index(p.all(), "0")]
	name := p.Texts[slices.Index(p.all(), "calls that failed")]
	assert.InDelta(t, margin, name.X, 0.1, "what is left of the bars takes the room it needs")
	assert.Less(t, zero.X, name.X+name.Width+5*textGap)
	for _, path := range p.Paths {
		assert.NotContains(t, path.D, "NaN")
	}
}

func TestColoursCanBeSeen(t *testing.T) {
	t.Parallel()
	for _, theme := range []Theme{Light, Dark} {
		colours := theme.palette()
		for _, c := range []color.Color{colours.text, colours.muted} {
			assert.GreaterOrEqual(t, contrast(c, colours.background), 4.5, "text %s", hex(c))
		}
		for _, c := range colours.bars {
			assert.GreaterOrEqual(t, contrast(c, colours.background), 3.0, "bar %s", hex(c))
		}
	}
}

// contrast is the ratio that https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
// defines.
func contrast(a, b color.Color) float64 {
	l, m := luminance(a), luminance(b)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

func luminance(c color.Color) float64 {
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.03928 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
