package chart

import (
	"image/color"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// typeface is as wide as Arial and Helvetica, letter by letter.
const typeface = "Liberation"

// Measures, in points: 3 of them are 4 pixels.
const (
	width      = 600
	margin     = 14
	titleSize  = 13
	textSize   = 9
	noteSize   = 8
	textGap    = 5
	headHeight = 58 // title, the line below it, and what the colours mean
	nameHeight = 16 // of the line's name
	barPitch   = 12.5
	barWidth   = 10
	groupGap   = 10
	groupMin   = 24 // a name and a note
)

// draw is the chart as the plotting library writes it. One unit of its vertical
// axis is a point.
func (b *Bars) draw(t Theme) (string, error) {
	colours := t.palette()
	p := plot.New()
	p.BackgroundColor = nil
	p.HideAxes()
	p.X.Padding, p.Y.Padding = 0, 0
	bottom, err := b.addRows(p, colours)
	if err != nil {
		return "", err
	}
	if err := b.addLine(p, bottom, colours); err != nil {
		return "", err
	}
	p.X.Min, p.X.Max = 0, b.longest()
	p.Y.Min, p.Y.Max = bottom, 0

	svg := &canvas{Canvas: vgsvg.New(width, headHeight-vg.Length(bottom)+2*margin)}
	page := draw.New(svg)
	page.FillPolygon(colours.background, corners(page.Rectangle))
	page = draw.Crop(page, margin, -margin, margin, -margin)
	b.drawHead(page, colours)
	p.Draw(draw.Crop(page, 0, 0, 0, -headHeight))
	return svg.text()
}

// drawHead draws what is above the rows.
func (b *Bars) drawHead(page draw.Canvas, colours palette) {
	at := vg.Point{X: page.Min.X, Y: page.Max.Y - titleSize/2}
	page.FillText(style(titleSize, xfont.WeightBold, colours.text, text.XLeft), at, b.Title)
	at.Y -= titleSize + 3
	page.FillText(style(textSize, xfont.WeightNormal, colours.muted, text.XLeft), at, b.About)
	at.Y -= titleSize + 7
	for _, s := range b.shown() {
		name := style(textSize, weight(s), colours.text, text.XLeft)
		page.FillPolygon(colours.bars[s], corners(vg.Rectangle{
			Min: vg.Point{X: at.X, Y: at.Y - barWidth/2},
			Max: vg.Point{X: at.X + barWidth, Y: at.Y + barWidth/2},
		}))
		at.X += barWidth + textGap
		page.FillText(name, at, b.Series[s])
		at.X += name.Width(b.Series[s]) + 3*textGap
	}
}

// addRows adds all groups and tells how far down they reach, as a negative
// number. Left of the bars stand their labels, left of those the names.
func (b *Bars) addRows(p *plot.Plot, colours palette) (bottom float64, err error) {
	name := style(textSize, xfont.WeightNormal, colours.text, text.XRight)
	note := style(noteSize, xfont.WeightNormal, colours.muted, text.XRight)
	var names, labels texts
	var widest vg.Length
	top := 0.0
	if b.LineAt != 0 {
		top -= nameHeight
	}
	for _, g := range b.Groups {
		height := max(groupMin, barPitch*float64(len(g.Bars)))
		middle := top - height/2
		names.add(middle+textSize*0.65, g.Name, name)
		names.add(middle-textSize*0.65, g.Note, note)
		y := middle + barPitch*float64(len(g.Bars)-1)/2
		for _, bar := range g.Bars {
			drawn, err := plotter.NewBarChart(plotter.Values{bar.Value}, barWidth)
			if err != nil {
				return 0, err
			}
			drawn.Horizontal, drawn.XMin, drawn.Color, drawn.LineStyle.Width = true, y, colours.bars[bar.Series], 0
			p.Add(drawn)
			label := style(textSize, weight(bar.Series), colours.text, text.XRight)
			labels.add(y, bar.Label, label)
			widest = max(widest, label.Width(bar.Label))
			y -= barPitch
		}
		top -= height + groupGap
	}
	p.Add(labels.at(0, -textGap), names.at(0, -widest-4*textGap))
	return top + groupGap, nil
}

// addLine adds the line, from its name down to the last row.
func (b *Bars) addLine(p *plot.Plot, bottom float64, colours palette) error {
	if b.LineAt == 0 {
		return nil
	}
	line, err := plotter.NewLine(plotter.XYs{{X: b.LineAt, Y: bottom}, {X: b.LineAt, Y: -nameHeight + 3}})
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = colours.muted, 1, []vg.Length{3, 2}
	var name texts
	name.add(-nameHeight/2+1, b.LineName, style(textSize, xfont.WeightNormal, colours.muted, text.XCenter))
	p.Add(line, name.at(b.LineAt, 0))
	return nil
}

// longest is the value that is as long as the chart is wide.
func (b *Bars) longest() float64 {
	longest := b.LineAt
	for _, g := range b.Groups {
		for _, bar := range g.Bars {
			longest = max(longest, bar.Value)
		}
	}
	if longest == 0 {
		return 1
	}
	return longest
}

// texts are pieces of text, one below the other.
type texts struct{ plotter.Labels }

// add adds a text whose middle is y points from the top, which is negative.
func (t *texts) add(y float64, text string, s text.Style) {
	t.XYs = append(t.XYs, plotter.XY{Y: y})
	t.Labels.Labels = append(t.Labels.Labels, text)
	t.TextStyle = append(t.TextStyle, s)
}

// at is the texts at the value x, moved right by so many points, and up a little,
// since few letters go below the line.
func (t *texts) at(x float64, moved vg.Length) plot.Plotter {
	for i := range t.XYs {
		t.XYs[i].X = x
	}
	t.Offset = vg.Point{X: moved, Y: 1}
	return &t.Labels
}

func style(size vg.Length, weight xfont.Weight, colour color.Color, align text.XAlignment) text.Style {
	return text.Style{
		Color:   colour,
		Font:    font.From(font.Font{Typeface: typeface, Variant: "Sans", Weight: weight}, size),
		XAlign:  align,
		YAlign:  text.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// weight is bold for the series to look at.
func weight(series int) xfont.Weight {
	if series == 0 {
		return xfont.WeightBold
	}
	return xfont.WeightNormal
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}
