package reports

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strings"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A pen draws on a canvas of any format. Its fonts are the two faces of Liberation Sans that it needs: the collection of
// gonum.org/v1/plot/font/liberation adds ten others, and 3 MB, to the program.
type pen struct {
	draw.Canvas
	// outlines draws letters as shapes. Pictures and PDF then show every letter that the font has: the PDF canvas knows the
	// 250 of one code page only, and writes its fonts in random order. SVG keeps text as text, so that it can be found.
	outlines      bool
	straight      bool // see glass
	regular, bold *sfnt.Font
	widths        []vg.Length // of the texts that were drawn as text, in order
}

func newPen(c draw.Canvas, format string) pen {
	return pen{Canvas: c, outlines: format != "svg", straight: format == "pdf", regular: parseFont(liberationsansregular.TTF), bold: parseFont(liberationsansbold.TTF)}
}

func parseFont(ttf []byte) *sfnt.Font {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic("reports: a font of the program's own: " + err.Error())
	}
	return f
}

// A textStyle is the look of a text.
type textStyle struct {
	size  vg.Length
	bold  bool
	color color.Color
}

func (p *pen) face(s textStyle) font.Face {
	f := font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: s.size}, Face: p.regular}
	if s.bold {
		f.Font.Weight, f.Face = xfont.WeightBold, p.bold
	}
	return f
}

func (p *pen) width(text string, s textStyle) vg.Length {
	f := p.face(s)
	return f.Width(text)
}

// text draws a line of text whose baseline begins at a point.
func (p *pen) text(text string, at vg.Point, s textStyle) {
	p.SetColor(s.color)
	f := p.face(s)
	if !p.outlines {
		p.widths = append(p.widths, f.Width(text))
		p.FillString(f, at, text)
		return
	}
	if path := outline(f, text, at); len(path) > 0 {
		p.Fill(path)
	}
}

// aligned draws a text that extends from a point to the right by the share 1 - align of its width: 0.5 centres it.
func (p *pen) aligned(text string, at vg.Point, align vg.Length, s textStyle) {
	p.text(text, vg.Point{X: at.X - align*p.width(text, s), Y: at.Y}, s)
}

// shorten returns a text of at most a width, with an ellipsis in the place of what it cuts off.
func (p *pen) shorten(text string, width vg.Length, s textStyle) string {
	if p.width(text, s) <= width {
		return text
	}
	runes := []rune(text)
	if len(runes) > 400 {
		runes = runes[:400] // no line holds more
	}
	for len(runes) > 0 && p.width(string(runes)+"…", s) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// outline returns the shapes of a text's letters, with the kerning that Width counts.
func outline(f font.Face, text string, at vg.Point) vg.Path {
	var buf sfnt.Buffer
	ppem := fixed.Int26_6(f.Face.UnitsPerEm()) // so that lengths come in units of the font
	scale := f.Font.Size / vg.Length(ppem)
	point := func(q fixed.Point26_6) vg.Point {
		return vg.Point{X: at.X + vg.Length(q.X)*scale, Y: at.Y - vg.Length(q.Y)*scale}
	}
	var path vg.Path
	var prev sfnt.GlyphIndex
	for i, r := range []rune(text) {
		glyph, err := f.Face.GlyphIndex(&buf, r)
		if err != nil {
			glyph = 0 // the box that stands for a letter that the font lacks
		}
		if i > 0 {
			if kern, err := f.Face.Kern(&buf, prev, glyph, ppem, xfont.HintingNone); err == nil {
				at.X += vg.Length(kern) * scale
			}
		}
		segments, err := f.Face.LoadGlyph(&buf, glyph, ppem, nil)
		if err == nil {
			path = appendGlyph(path, segments, point)
		}
		if advance, err := f.Face.GlyphAdvance(&buf, glyph, ppem, xfont.HintingNone); err == nil {
			at.X += vg.Length(advance) * scale
		}
		prev = glyph
	}
	return path
}

func appendGlyph(path vg.Path, segments sfnt.Segments, point func(fixed.Point26_6) vg.Point) vg.Path {
	for i, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				path.Close()
			}
			path.Move(point(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			path.Line(point(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(point(s.Args[0]), point(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(point(s.Args[0]), point(s.Args[1]), point(s.Args[2]))
		}
	}
	if len(segments) > 0 {
		path.Close()
	}
	return path
}

// A glass is a translucent colour for every canvas. That of PDF takes the colour as it comes and the alpha beside it, where
// RGBA promises colours that alpha is multiplied into.
type glass struct {
	color.NRGBA
	straight bool
}

// RGBA returns the colour as the canvas expects it.
func (g glass) RGBA() (r, g2, b, a uint32) {
	if !g.straight {
		return g.NRGBA.RGBA()
	}
	const wide = 0x101
	return wide * uint32(g.R), wide * uint32(g.G), wide * uint32(g.B), wide * uint32(g.A)
}

// glass returns a colour that lets what is behind it show through.
func (p *pen) glass(c color.NRGBA, alpha uint8) color.Color {
	c.A = alpha
	return glass{c, p.straight}
}

// line strokes points, clipped to an area.
func (p *pen) line(area draw.Canvas, points []vg.Point, s draw.LineStyle) {
	for _, l := range area.ClipLinesXY(points) {
		if len(l) > 1 {
			p.StrokeLines(s, l)
		}
	}
}

// box fills a rectangle.
func (p *pen) box(r vg.Rectangle, c color.Color) {
	p.FillPolygon(c, []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}})
}

// finishSVG makes a document that looks the same wherever it is opened. It names fonts that stand in for Liberation Sans
// where it is not installed, those with its widths first, holds each text to the width that it was laid out for, and names
// the picture for those who cannot see it.
func finishSVG(svg []byte, title string, widths []vg.Length) []byte {
	const head = `xmlns:xlink="http://www.w3.org/1999/xlink"`
	svg = bytes.Replace(compactSVG(svg, widths), []byte(head+">"), []byte(head+" role=\"img\">\n<title>"+html.EscapeString(title)+"</title>"), 1)
	return svg
}

// compactSVG says once what the canvas says with each text, half of a picture's bytes. No text of the picture can be taken for
// markup: quotes in it are escaped already.
func compactSVG(svg []byte, widths []vg.Length) []byte {
	const group = `<g transform="scale(1, -1) translate(0, `
	svg = bytes.Replace(svg, []byte(group), []byte(`<g font-family="'Liberation Sans',Arial,Helvetica,sans-serif" `+strings.TrimPrefix(group, "<g ")), 1)
	var out bytes.Buffer
	last := 0
	found := svgTexts.FindAllSubmatchIndex(svg, -1)
	if len(found) != len(widths) {
		panic(fmt.Sprintf("reports: %d texts of an svg are %d", len(widths), len(found)))
	}
	for i, at := range found {
		part := func(group int) []byte { return svg[at[2*group]:at[2*group+1]] }
		out.Write(svg[last:at[0]])
		fmt.Fprintf(&out, `<text textLength="%.5g" lengthAdjust="spacingAndGlyphs" %s`, widths[i].Points(), part(1))
		if weight := part(2); string(weight) != "normal" {
			fmt.Fprintf(&out, ` font-weight="%s"`, weight)
		}
		fmt.Fprintf(&out, ` font-size="%s"`, part(3))
		if at[8] >= 0 { // the canvas leaves black out, as SVG does
			fmt.Fprintf(&out, ` fill="%s"`, bytes.TrimPrefix(part(4), []byte(";fill:")))
		}
		last = at[1]
	}
	out.Write(svg[last:])
	return svgStyles.ReplaceAll(out.Bytes(), []byte(`fill="$1"/>`))
}

// What the SVG canvas writes of a text up to its words, and of an opaque shape.
var (
	svgTexts = regexp.MustCompile(`<text (x="[^"]*" y="[^"]*" transform="scale\(1, -1\)")\s+` +
		`style="font-family:[^;"]*;font-variant:normal;font-weight:(\w+);font-style:normal;font-size:([\d.]+)px(;fill:#[0-9A-F]{6})?"`)
	svgStyles = regexp.MustCompile(`style="fill:(#[0-9A-F]{6})" />`)
)

// undate blanks out the dates of a PDF: places in the file are counted in bytes, so its length must stay.
func undate(pdf []byte) {
	for _, at := range pdfDates.FindAllIndex(pdf, -1) {
		for i := at[0]; i < at[1]; i++ {
			pdf[i] = ' '
		}
	}
}

var pdfDates = regexp.MustCompile(`/(Creation|Mod)Date \(D:\d{14}\)`)
