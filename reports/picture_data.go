package reports

import (
	"image/color"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// band fills the area between bounds of a curve, with a gap where they are undefined. Bounds of one name alone are no area.
func (p *painter) band(of int, c Curve, bounds []calibrate.Interval) {
	var lows, highs []vg.Point
	fill := func() {
		if len(lows) > 1 {
			lows, highs = thin(lows), thin(highs)
			outline := lows
			for i := len(highs) - 1; i >= 0; i-- {
				outline = append(outline, highs[i])
			}
			if clipped := p.area.ClipPolygonXY(outline); len(clipped) > 2 {
				p.FillPolygon(p.glass(curveColor(of), shade), clipped)
			}
		}
		lows, highs = nil, nil
	}
	for i, b := range bounds {
		if !b.Low.Defined() || !b.High.Defined() {
			fill()
			continue
		}
		if p.alone(c, bounds, i) {
			fill()
			p.whiskers(of, Curve{Points: c.Points[i : i+1], Band: bounds[i : i+1]})
			continue
		}
		if i > 0 && p.breaks(c.Points[i-1], c.Points[i]) {
			fill()
		}
		low, high := p.at(Point{c.Points[i].X, float64(b.Low)}), p.at(Point{c.Points[i].X, float64(b.High)})
		if n := len(lows); n > 0 && c.Step { // the bounds move as the curve does
			lows, highs = append(lows, vg.Point{X: lows[n-1].X, Y: low.Y}), append(highs, vg.Point{X: highs[n-1].X, Y: high.Y})
		}
		lows, highs = append(lows, low), append(highs, high)
	}
	fill()
}

// curve draws a curve and returns its segments, which labels are to keep clear of.
func (p *painter) curve(i int, c Curve) (segments [][2]vg.Point) {
	if c.Whiskers {
		segments = p.whiskers(i, c)
	}
	for _, part := range p.stretches(c) {
		segments = append(segments, p.stretch(i, part)...)
	}
	if c.Dots {
		p.dots(i, p.inFrame(c)...)
	}
	return segments
}

// stretch draws a part of a curve that nothing interrupts.
func (p *painter) stretch(i int, c Curve) (segments [][2]vg.Point) {
	var path []vg.Point
	for at, pt := range c.Points {
		q := p.at(pt)
		if n := len(path); n > 0 {
			if at < len(c.Points)-1 && near(path[n-1], q) {
				continue
			}
			if c.Step {
				path = append(path, vg.Point{X: path[n-1].X, Y: q.Y})
			}
		}
		path = append(path, q)
	}
	path = thin(path)
	p.line(p.area, path, curveStyle(i))
	for k := 1; k < len(path); k++ {
		segments = append(segments, [2]vg.Point{path[k-1], path[k]})
	}
	if c.Dots {
		return segments
	}
	if len(path) == 1 || len(path) == 2 && near(path[0], path[1]) { // one point is no line, and must be seen
		p.disc(path[0], 4, curveColor(i))
	}
	return segments
}

// limits draws the limits and their names, at the end of the line that has room.
func (p *painter) limits(room *placer) {
	style := draw.LineStyle{Color: limitColor, Width: 1.6, Dashes: []vg.Length{7, 4}}
	r := p.area.Rectangle
	for _, l := range p.Limits {
		from, to := vg.Point{X: r.Min.X, Y: p.at(Point{0, l.At}).Y}, vg.Point{X: r.Max.X, Y: p.at(Point{0, l.At}).Y}
		if l.Vertical {
			x := p.at(Point{l.At, 0}).X
			from, to = vg.Point{X: x, Y: r.Max.Y}, vg.Point{X: x, Y: r.Min.Y}
		}
		p.StrokeLines(style, []vg.Point{from, to})
		name := p.shorten(l.Name, 360, limitStyle)
		size := vg.Point{X: p.width(name, limitStyle) + 6, Y: limitStyle.size + 5}
		box := room.first(alongside(from, to, size), nil)
		p.text(name, vg.Point{X: box.Min.X + 3, Y: box.Min.Y + 5}, limitStyle)
		room.boxes = append(room.boxes, box)
		room.lines = append(room.lines, [2]vg.Point{from, to})
	}
}

// alongside returns places of a text beside a line, those at its ends first.
func alongside(from, to, size vg.Point) []vg.Rectangle {
	var out []vg.Rectangle
	for _, t := range []vg.Length{1, 0, 0.85, 0.15, 0.7, 0.3, 0.5} {
		at := vg.Point{X: from.X + t*(to.X-from.X), Y: from.Y + t*(to.Y-from.Y)}
		for _, above := range []vg.Length{0, 1} {
			min := vg.Point{X: at.X - t*size.X, Y: at.Y + 2 - above*(size.Y+4)}
			if from.X == to.X {
				min = vg.Point{X: at.X + 3 - above*(size.X+6), Y: at.Y - (1-t)*size.Y}
			}
			out = append(out, vg.Rectangle{Min: min, Max: min.Add(size)})
		}
	}
	return out
}

// marks draws the marks, then their labels where there is room.
func (p *painter) marks(room *placer) {
	for _, m := range p.Marks {
		at := p.at(m.Point)
		room.boxes = append(room.boxes, vg.Rectangle{Min: at.Sub(vg.Point{X: 7, Y: 7}), Max: at.Add(vg.Point{X: 7, Y: 7})})
	}
	type label struct {
		box          vg.Rectangle
		name, detail string
	}
	var labels []label
	for _, m := range p.Marks {
		l := label{name: p.shorten(m.Name, 340, nameStyle), detail: p.shorten(m.Detail, 280, detailStyle)}
		size := vg.Point{X: max(p.width(l.name, nameStyle), p.width(l.detail, detailStyle)) + 8, Y: nameStyle.size + 7}
		if l.detail != "" {
			size.Y += detailStyle.size + 3
		}
		at := p.at(m.Point)
		l.box = room.label(at, size)
		if from, to, far := leader(at, l.box); far {
			p.StrokeLines(draw.LineStyle{Color: faint, Width: 0.9}, []vg.Point{from, to})
		}
		labels = append(labels, l)
	}
	for _, l := range labels {
		p.box(l.box, p.glass(color.NRGBA{0xFF, 0xFF, 0xFF, 0}, 0xA8))
		y := l.box.Max.Y - nameStyle.size
		p.text(l.name, vg.Point{X: l.box.Min.X + 4, Y: y}, nameStyle)
		p.text(l.detail, vg.Point{X: l.box.Min.X + 4, Y: y - detailStyle.size - 3}, detailStyle)
	}
	for i := len(p.Marks) - 1; i >= 0; i-- { // the first, which matters most, on top
		p.symbol(p.Marks[i].Kind, p.at(p.Marks[i].Point))
	}
}

// symbol draws a mark with a white edge, so that it stands out from curves and from other marks.
func (p *painter) symbol(k MarkKind, at vg.Point) {
	switch k {
	case ChampionMark:
		p.polygon(at, 8.6, 4, math.Pi/4, color.White)
		p.polygon(at, 6.8, 4, math.Pi/4, ink)
	case RecommendedMark:
		p.polygon(at, 10.5, 4, 0, color.White)
		p.polygon(at, 8.6, 4, 0, color.NRGBA{0x00, 0x9E, 0x73, 0xFF})
	case RunnerUpMark:
		p.disc(at, 5.6, ink)
		p.disc(at, 3.8, color.White)
	default:
		p.disc(at, 7, color.White)
		p.disc(at, 5.4, ink)
	}
}

func (p *painter) disc(at vg.Point, radius vg.Length, c color.Color) {
	p.SetColor(c)
	p.Fill(appendDisc(nil, at, radius))
}

func (p *painter) polygon(at vg.Point, radius vg.Length, corners int, turn float64, c color.Color) {
	p.SetColor(c)
	p.Fill(appendPolygon(nil, at, radius, corners, turn))
}

func appendDisc(path vg.Path, at vg.Point, radius vg.Length) vg.Path {
	path.Move(vg.Point{X: at.X + radius, Y: at.Y})
	path.Arc(at, radius, 0, 2*math.Pi)
	path.Close()
	return path
}

// appendPolygon adds a regular polygon, whose first corner is turned from the right by an angle in radians.
func appendPolygon(path vg.Path, at vg.Point, radius vg.Length, corners int, turn float64) vg.Path {
	for i := range corners {
		sin, cos := math.Sincos(turn + 2*math.Pi*float64(i)/float64(corners))
		corner := vg.Point{X: at.X + radius*vg.Length(cos), Y: at.Y + radius*vg.Length(sin)}
		if i == 0 {
			path.Move(corner)
		} else {
			path.Line(corner)
		}
	}
	path.Close()
	return path
}

// appendLine adds a line of its own.
func appendLine(path vg.Path, from, to vg.Point) vg.Path {
	path.Move(from)
	path.Line(to)
	return path
}

func trimSpace(s string) string { return strings.TrimLeft(s, " ") }

func firstRune(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
