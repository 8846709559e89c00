package chart

import "image/color"

// Theme is what the chart is to be read on.
type Theme int

// The themes: those of GitHub.
const (
	Light Theme = iota
	Dark
)

// palette is the colours of a theme. Text has a contrast of 4.5 to 1 against the
// background at least, bars one of 3 to 1. The bars differ in lightness or in
// blue against yellow, which colour-blind people tell apart.
type palette struct {
	background, text, muted, line color.Color
	bars                          [4]color.Color
}

func (t Theme) palette() palette {
	if t == Dark {
		return palette{
			background: rgb(0x0d1117), text: rgb(0xe6edf3), muted: rgb(0x9198a1), line: rgb(0x9198a1),
			bars: [4]color.Color{rgb(0x58a6ff), rgb(0xd1d7de), rgb(0x6e7681), rgb(0xbb8009)},
		}
	}
	return palette{
		background: rgb(0xffffff), text: rgb(0x1f2328), muted: rgb(0x59636e), line: rgb(0x59636e),
		bars: [4]color.Color{rgb(0x0969da), rgb(0x424a53), rgb(0x8c959f), rgb(0xbf8700)},
	}
}

// rgb is the colour that is written #rrggbb.
func rgb(hex uint32) color.Color {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff} //nolint:gosec // the parts of a number
}
