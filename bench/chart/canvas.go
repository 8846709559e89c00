package chart

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// canvas is an SVG whose text is as wide as it was meant, in whatever font it is
// shown.
type canvas struct {
	*vgsvg.Canvas
	widths []vg.Length // of each text, in the order of the file
}

// FillString draws a text and remembers how wide it is.
func (c *canvas) FillString(face font.Face, at vg.Point, text string) {
	c.widths = append(c.widths, face.Width(text))
	c.Canvas.FillString(face, at, text)
}

// text is the SVG.
func (c *canvas) text() (string, error) {
	var drawn bytes.Buffer
	if _, err := c.WriteTo(&drawn); err != nil {
		return "", err
	}
	pieces := strings.Split(drawn.String(), "<text ")
	if len(pieces) != len(c.widths)+1 {
		return "", errors.New("the plotting library wrote other texts than it drew")
	}
	var out strings.Builder
	out.WriteString(pieces[0])
	for i, piece := range pieces[1:] {
		fmt.Fprintf(&out, `<text textLength="%.5g" lengthAdjust="spacingAndGlyphs" %s`, c.widths[i].Points(), piece)
	}
	// What systems without the font call one of the same widths.
	return strings.ReplaceAll(out.String(), "font-family:"+typeface+" Sans;", "font-family:'"+typeface+" Sans',Arial,Helvetica,sans-serif;"), nil
}
