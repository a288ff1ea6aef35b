package reports

import (
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours are those of Okabe and Ito ("Color universal design", 2008), which people with every kind of colour vision
// tell apart. Curves differ in their dashes too, marks in their shapes.
var (
	ink        = color.NRGBA{0x22, 0x22, 0x22, 0xFF}
	faint      = color.NRGBA{0x60, 0x60, 0x60, 0xFF}
	gridColor  = color.NRGBA{0xE4, 0xE4, 0xE4, 0xFF}
	frameColor = color.NRGBA{0x80, 0x80, 0x80, 0xFF}
	limitColor = color.NRGBA{0xD5, 0x5E, 0x00, 0xFF} // vermillion

	curveColors = []color.NRGBA{
		{0x00, 0x72, 0xB2, 0xFF}, // blue
		{0xE6, 0x9F, 0x00, 0xFF}, // orange
		{0x00, 0x9E, 0x73, 0xFF}, // bluish green
		{0xCC, 0x79, 0xA7, 0xFF}, // reddish purple
		{0x56, 0xB4, 0xE9, 0xFF}, // sky blue
	}
	curveDashes = [][]vg.Length{nil, {9, 4}, {2.5, 3}, {9, 3, 2.5, 3}, {14, 5}}
)

var (
	titleStyle  = textStyle{size: 25, bold: true, color: ink}
	headStyle   = textStyle{size: 15, color: faint}
	legendStyle = textStyle{size: 14, color: ink}
	axisStyle   = textStyle{size: 14, color: ink}
	tickStyle   = textStyle{size: 13, color: ink}
	nameStyle   = textStyle{size: 14, bold: true, color: ink}
	detailStyle = textStyle{size: 12.5, color: ink}
	limitStyle  = textStyle{size: 13, bold: true, color: limitColor}
	noteStyle   = textStyle{size: 11.5, color: faint}
	emptyStyle  = textStyle{size: 18, color: ink}
)

const pictureMargin = vg.Length(40)

// A painter draws one picture, from the back to the front.
type painter struct {
	pen
	Picture
	x, y scale
	area draw.Canvas // the frame
}

func (p *painter) paint() {
	p.box(p.Rectangle, color.White)
	top := p.head()
	bottom := p.foot()
	if p.empty() {
		p.sentence((top + bottom) / 2)
		return
	}
	if p.Heat != nil {
		p.heat(top, bottom)
		return
	}
	p.fit()
	p.spread()
	top = p.legend(top)
	p.lay(top, bottom)
	p.grid()
	p.series()
	for i, c := range p.Curves {
		if !c.Whiskers {
			p.band(i, c, c.Band)
		}
		p.band(i, c, c.Range) // which darkens the band
	}
	const gap = 3
	room := placer{frame: vg.Rectangle{Min: p.area.Min.Add(vg.Point{X: gap, Y: gap}), Max: p.area.Max.Sub(vg.Point{X: gap, Y: gap})}}
	for i, c := range p.Curves {
		room.lines = append(room.lines, p.curve(i, c)...)
	}
	p.limits(&room)
	p.marks(&room)
}

// head draws the title and what is below it, and returns where it ends.
func (p *painter) head() vg.Length {
	width := pictureWidth - 2*pictureMargin
	title := titleStyle
	for p.width(p.Title, title) > width && title.size > 17 {
		title.size--
	}
	y := pictureHeight - 30 - title.size
	p.text(p.shorten(p.Title, width, title), vg.Point{X: pictureMargin, Y: y}, title)
	if p.Subtitle != "" {
		y -= 23
		p.text(p.shorten(p.Subtitle, width, headStyle), vg.Point{X: pictureMargin, Y: y}, headStyle)
	}
	return y - 12
}

// foot draws the notes and returns where they end.
func (p *painter) foot() vg.Length {
	const spacing, most = 15, 5
	width := pictureWidth - 2*pictureMargin
	var lines []string
	for _, n := range p.Notes {
		lines = append(lines, p.wrap(n, width, noteStyle)...)
	}
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1] = p.shorten(lines[most-1]+" …", width, noteStyle)
	}
	y := vg.Length(18)
	for i := len(lines) - 1; i >= 0; i-- {
		p.text(lines[i], vg.Point{X: pictureMargin, Y: y}, noteStyle)
		y += spacing
	}
	return y + 2
}

// sentence says, in the place of the frame, why there is none.
func (p *painter) sentence(middle vg.Length) {
	text := p.Empty
	if text == "" {
		text = "There is nothing to draw."
	}
	lines := p.wrap(text, 640, emptyStyle)
	lines = lines[:min(len(lines), 8)]
	y := middle + vg.Length(len(lines)-1)*13
	for _, l := range lines {
		p.aligned(l, vg.Point{X: pictureWidth / 2, Y: y}, 0.5, emptyStyle)
		y -= 26
	}
}

// fit chooses what the axes show.
func (p *painter) fit() {
	var xs, ys []float64
	add := func(pt Point) {
		if p.X.To == 0 || pt.X <= p.X.To {
			xs = append(xs, pt.X)
		}
		if p.Y.To == 0 || pt.Y <= p.Y.To {
			ys = append(ys, pt.Y)
		}
	}
	for _, c := range p.Curves {
		for _, pt := range c.Points {
			add(pt)
		}
	}
	for _, c := range p.Curves {
		ys = append(ys, c.reach()...)
	}
	for _, bars := range p.bars() {
		for _, b := range bars {
			if finite(b.to) && (p.Y.To == 0 || b.to <= p.Y.To) {
				ys = append(ys, 0, b.to)
			}
		}
	}
	if p.X.To != 0 {
		xs = append(xs, p.X.To)
	}
	if p.Y.To != 0 {
		ys = append(ys, p.Y.To)
	}
	for _, m := range p.Marks {
		xs, ys = append(xs, m.X), append(ys, m.Y)
	}
	for _, l := range p.Limits {
		if l.Vertical {
			xs = append(xs, l.At)
		} else {
			ys = append(ys, l.At)
		}
	}
	// Heights are compared from 0 on; across, what is between 0 and the first value would often be most of the frame.
	p.x, p.y = newScale(xs, p.X.Percent, 10, 0.15), newScale(ys, p.Y.Percent, 6, 1)
	if len(p.X.Names) > 0 {
		p.x = namedScale(p.X.Names)
	}
}

// legend names the curves and the band in a row that ends at the right, above the frame, and the vertical axis at its left.
// It returns where the frame may begin.
func (p *painter) legend(top vg.Length) vg.Length {
	y := top - 16
	label := p.shorten(p.Y.Label, 400, axisStyle)
	p.text(label, vg.Point{X: pictureMargin, Y: y}, axisStyle)
	left := pictureMargin + p.width(label, axisStyle) + 30
	x := pictureWidth - pictureMargin
	for i, name := range []string{p.Band, p.Range} {
		if name == "" {
			continue
		}
		if at := p.banded(); i == 0 && at < len(p.Curves) && p.Curves[at].Whiskers {
			x = p.entry(name, x, y, left, func(from, to vg.Point) { p.sampleWhisker(at, from, to) })
			continue
		}
		x = p.entry(name, x, y, left, func(from, to vg.Point) {
			for range i + 1 { // a range lies over the band
				p.box(vg.Rectangle{Min: vg.Point{X: from.X, Y: from.Y - 6}, Max: vg.Point{X: to.X, Y: to.Y + 6}}, p.glass(curveColor(p.banded()), shade))
			}
		})
	}
	for i := len(p.Curves) - 1; i >= 0; i-- {
		if p.Curves[i].Name == "" || len(p.Curves[i].Points) == 0 {
			continue
		}
		if x < left+80 { // the rest goes to a row of its own
			x, y, left = pictureWidth-pictureMargin, y-20, pictureMargin
		}
		x = p.entry(p.Curves[i].Name, x, y, left, func(from, to vg.Point) {
			p.StrokeLines(curveStyle(i), []vg.Point{from, to})
			if p.Curves[i].Dots {
				p.dots(i, vg.Point{X: (from.X + to.X) / 2, Y: from.Y})
			}
		})
	}
	for i := len(p.Series) - 1; i >= 0; i-- {
		if p.Series[i].Name == "" || !p.Series[i].any() {
			continue
		}
		if x < left+80 {
			x, y, left = pictureWidth-pictureMargin, y-20, pictureMargin
		}
		x = p.entry(p.Series[i].Name, x, y, left, func(from, to vg.Point) {
			p.swatches(i, vg.Rectangle{Min: vg.Point{X: from.X, Y: from.Y - 6}, Max: vg.Point{X: to.X, Y: to.Y + 6}})
		})
	}
	return y - 20
}

// banded is the first curve that has a band, whose colour stands for it.
func (p *painter) banded() int {
	return max(slices.IndexFunc(p.Curves, func(c Curve) bool { return len(c.Band) > 0 }), 0)
}

// entry draws one entry of the legend that ends at right, and returns where it begins.
func (p *painter) entry(name string, right, y, left vg.Length, sample func(from, to vg.Point)) vg.Length {
	const length, gap = 34, 8
	name = p.shorten(name, min(300, right-left-length-gap), legendStyle)
	right -= p.width(name, legendStyle)
	p.text(name, vg.Point{X: right, Y: y}, legendStyle)
	from := vg.Point{X: right - gap - length, Y: y + 5}
	sample(from, vg.Point{X: from.X + length, Y: from.Y})
	return from.X - 24
}

// lay finds the frame's place: what the head, the foot and the ticks' texts leave.
func (p *painter) lay(top, bottom vg.Length) {
	wide := vg.Length(0)
	for _, v := range p.y.ticks() {
		wide = max(wide, p.width(p.y.text(v), tickStyle))
	}
	p.thin(pictureWidth - 2*pictureMargin - wide)
	ticks := p.x.ticks()
	last := p.shorten(p.x.text(ticks[len(ticks)-1]), mostName, tickStyle)
	p.area = p.Canvas
	p.area.Rectangle = vg.Rectangle{
		Min: vg.Point{X: pictureMargin + wide + 8, Y: bottom + 52},
		Max: vg.Point{X: pictureWidth - pictureMargin - p.width(last, tickStyle)/2 + 10, Y: top},
	}
}

// at returns the place of a point on the canvas.
func (p *painter) at(pt Point) vg.Point {
	const far = 1e4 // frames away: a bound without end has a place too, and no length becomes infinite
	place := func(s scale, v float64) vg.Length { return vg.Length(min(max(s.place(v), -far), far)) }
	size := p.area.Size()
	return vg.Point{
		X: p.area.Min.X + size.X*place(p.x, pt.X),
		Y: p.area.Min.Y + size.Y*place(p.y, pt.Y),
	}
}

// grid draws the light lines, the ticks' texts and the axes.
func (p *painter) grid() {
	light := draw.LineStyle{Color: gridColor, Width: 0.8}
	r := p.area.Rectangle
	for _, v := range p.x.ticks() {
		x := p.at(Point{v, 0}).X
		if len(p.Series) == 0 { // a line behind each bar would say nothing
			p.StrokeLine2(light, x, r.Min.Y, x, r.Max.Y)
		}
		p.aligned(p.shorten(p.x.text(v), mostName, tickStyle), vg.Point{X: x, Y: r.Min.Y - 19}, 0.5, tickStyle)
	}
	for _, v := range p.y.ticks() {
		y := p.at(Point{0, v}).Y
		p.StrokeLine2(light, r.Min.X, y, r.Max.X, y)
		p.aligned(p.y.text(v), vg.Point{X: r.Min.X - 8, Y: y - 4.5}, 1, tickStyle)
	}
	p.StrokeLine2(draw.LineStyle{Color: frameColor, Width: 1.2}, r.Min.X, r.Min.Y, r.Max.X, r.Min.Y)
	p.notches()
	p.aligned(p.shorten(p.X.Label, r.Size().X, axisStyle), vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: r.Min.Y - 42}, 0.5, axisStyle)
}

// wrap breaks a text into lines of a width.
func (p *pen) wrap(text string, width vg.Length, s textStyle) []string {
	var lines []string
	for _, l := range wrap(text, 1<<30) { // which also drops repeated spaces
		for p.width(l, s) > width {
			cut := p.fitting(l, width, s)
			lines, l = append(lines, l[:cut]), trimSpace(l[cut:])
		}
		lines = append(lines, l)
	}
	return lines
}

// fitting returns how many bytes of a text fit in a width: up to a space where there is one.
func (p *pen) fitting(text string, width vg.Length, s textStyle) int {
	end, space := 0, 0
	for i, r := range text {
		if p.width(text[:i], s) > width {
			break
		}
		if end = i; r == ' ' && !strings.HasPrefix(text[i:], " %") { // which stays with its number
			space = i
		}
	}
	if space > 0 {
		return space
	}
	return max(end, firstRune(text))
}

func curveColor(i int) color.NRGBA { return curveColors[i%len(curveColors)] }

func curveStyle(i int) draw.LineStyle {
	return draw.LineStyle{Color: curveColor(i), Width: 2.4, Dashes: curveDashes[i%len(curveDashes)]}
}

// shade is how much of what is behind a band is hidden, of 255.
const shade = 0x2E

// near reports whether two points would be drawn on the same spot.
func near(a, b vg.Point) bool {
	return math.Abs(float64(a.X-b.X)) < 0.2 && math.Abs(float64(a.Y-b.Y)) < 0.2
}
