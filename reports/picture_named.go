package reports

import (
	"math"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// lacks reports whether a value has no place on an axis of names.
func (a Axis) lacks(v float64) bool {
	return len(a.Names) > 0 && (v < -0.5 || v > float64(len(a.Names))-0.5)
}

// namedScale is an axis of names.
func namedScale(names []string) scale {
	return scale{step: 1, first: -0.5, last: float64(len(names)) - 0.5, names: names, every: 1}
}

// evenSteps are those at which names are left out. Months have them in common with years.
var evenSteps = []int{1, 2, 3, 4, 6, 12}

// thin leaves names out until those that are left have room in a width.
func (p *painter) thin(width vg.Length) {
	if p.x.names == nil {
		return
	}
	widest := vg.Length(0)
	for _, name := range p.x.names {
		widest = max(widest, min(p.width(name, tickStyle), mostName))
	}
	slot := width / vg.Length(len(p.x.names))
	for i := 0; ; i++ {
		p.x.every = evenSteps[min(i, len(evenSteps)-1)]
		if i >= len(evenSteps) {
			p.x.every *= i - len(evenSteps) + 2 // 24, 36, 48 ...
		}
		if slot*vg.Length(p.x.every) >= widest+12 || p.x.every >= len(p.x.names) {
			return
		}
	}
}

// mostName is how wide a name on an axis may be.
const mostName = vg.Length(130)

// notches draws a short line below the axis at each name, where some are left out.
func (p *painter) notches() {
	if p.x.names == nil || p.x.every == 1 {
		return
	}
	var path vg.Path
	for i := range p.x.names {
		from := p.at(Point{float64(i), 0}).X
		length := vg.Length(3)
		if i%p.x.every == 0 {
			length = 6
		}
		path = appendLine(path, vg.Point{X: from, Y: p.area.Min.Y}, vg.Point{X: from, Y: p.area.Min.Y - length})
	}
	p.strokes(path, draw.LineStyle{Color: frameColor, Width: 1})
}

// strokes draws all lines of a path at once: a picture of many months would be twice as large with an element for each.
func (p *painter) strokes(path vg.Path, s draw.LineStyle) {
	if len(path) > 0 {
		p.SetLineStyle(s)
		p.Stroke(path)
	}
}

// spread moves curves with whiskers a little apart, so that whiskers of one name do not hide each other.
func (p *painter) spread() {
	const apart = 0.14
	count := 0
	for _, c := range p.Curves {
		if c.Whiskers {
			count++
		}
	}
	if count < 2 || p.x.names == nil {
		return
	}
	at := 0
	for i, c := range p.Curves {
		if !c.Whiskers {
			continue
		}
		shift := apart * (float64(at) - float64(count-1)/2)
		at++
		points := make([]Point, len(c.Points))
		for k, pt := range c.Points {
			points[k] = Point{pt.X + shift, pt.Y}
		}
		p.Curves[i].Points = points
	}
}

// breaks reports whether a curve is interrupted between two points: a name between them has none.
func (p *painter) breaks(a, b Point) bool { return p.x.names != nil && math.Abs(b.X-a.X) > 1.5 }

// stretches parts a curve where it is interrupted.
func (p *painter) stretches(c Curve) (out []Curve) {
	first := 0
	for i := range c.Points {
		if i+1 == len(c.Points) || p.breaks(c.Points[i], c.Points[i+1]) {
			part := c
			part.Points = c.Points[first : i+1]
			out = append(out, part)
			first = i + 1
		}
	}
	return out
}

// whiskers draws the bounds of each point as an upright line with ends, and returns the lines. What is beyond the frame has no end.
func (p *painter) whiskers(i int, c Curve) (lines [][2]vg.Point) {
	var path vg.Path
	for k, b := range c.Band {
		if b.Low.Defined() && b.High.Defined() {
			path, lines = p.whisker(path, lines, p.at(Point{c.Points[k].X, float64(b.Low)}), p.at(Point{c.Points[k].X, float64(b.High)}))
		}
	}
	p.strokes(path, whiskerStyle(i))
	return lines
}

func whiskerStyle(i int) draw.LineStyle { return draw.LineStyle{Color: curveColor(i), Width: 1.4} }

// whisker adds an upright line between two heights to a path, and to the lines what of it is in the frame.
func (p *painter) whisker(path vg.Path, lines [][2]vg.Point, from, to vg.Point) (vg.Path, [][2]vg.Point) {
	bottom, top := vg.Point{X: from.X, Y: max(from.Y, p.area.Min.Y)}, vg.Point{X: from.X, Y: min(to.Y, p.area.Max.Y)}
	if bottom.Y > top.Y || from.X < p.area.Min.X || from.X > p.area.Max.X {
		return path, lines
	}
	path = appendLine(path, bottom, top)
	for _, end := range []vg.Point{from, to} {
		if end == bottom || end == top {
			path = appendEnd(path, end)
		}
	}
	return path, append(lines, [2]vg.Point{bottom, top})
}

// appendEnd adds the short line across that ends a whisker.
func appendEnd(path vg.Path, at vg.Point) vg.Path {
	const half = 4
	return appendLine(path, vg.Point{X: at.X - half, Y: at.Y}, vg.Point{X: at.X + half, Y: at.Y})
}

// inFrame returns the places of a curve's points that are in the frame.
func (p *painter) inFrame(c Curve) (out []vg.Point) {
	for _, pt := range c.Points {
		if at := p.at(pt); contains(p.area.Rectangle, at) {
			out = append(out, at)
		}
	}
	return out
}

// dots draws symbols, of a shape of the curve's own.
func (p *painter) dots(i int, places ...vg.Point) {
	var path vg.Path
	for _, at := range places {
		path = appendDot(path, i, at)
	}
	p.SetColor(curveColor(i))
	p.Fill(path)
}

func appendDot(path vg.Path, i int, at vg.Point) vg.Path {
	switch i % 5 {
	case 1:
		return appendPolygon(path, at, 4.6, 4, math.Pi/4)
	case 2:
		return appendPolygon(path, at, 4.8, 3, math.Pi/2)
	case 3:
		return appendPolygon(path, at, 5, 4, 0)
	case 4:
		return appendPolygon(path, at, 4.8, 3, -math.Pi/2)
	}
	return appendDisc(path, at, 3.6)
}

// alone reports whether bounds stand at a name between two that have none, or at an end beside one.
func (p *painter) alone(c Curve, bounds []calibrate.Interval, i int) bool {
	joined := func(k int) bool {
		return k >= 0 && k < len(bounds) && bounds[k].Low.Defined() && bounds[k].High.Defined() && !p.breaks(c.Points[i], c.Points[k])
	}
	return p.x.names != nil && !joined(i-1) && !joined(i+1)
}

// sampleWhisker draws a whisker for the legend.
func (p *painter) sampleWhisker(i int, from, to vg.Point) {
	low, high := vg.Point{X: (from.X + to.X) / 2, Y: from.Y - 7}, vg.Point{X: (from.X + to.X) / 2, Y: from.Y + 7}
	p.strokes(appendEnd(appendEnd(appendLine(nil, low, high), low), high), whiskerStyle(i))
}

// reach returns the bounds of whiskers that the vertical axis is to show: those that are not so far from all points that they would
// press the points together.
func (c Curve) reach() (out []float64) {
	if !c.Whiskers || len(c.Points) == 0 {
		return nil
	}
	low, high := c.Points[0].Y, c.Points[0].Y
	for _, pt := range c.Points {
		low, high = min(low, pt.Y), max(high, pt.Y)
	}
	room := 2 * max(high-low, math.Abs(high)/2, math.Abs(low)/2)
	for _, b := range c.Band {
		for _, v := range []float64{float64(b.Low), float64(b.High)} {
			if v >= low-room && v <= high+room {
				out = append(out, v)
			}
		}
	}
	return out
}
