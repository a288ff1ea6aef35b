package reports

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// A placer finds room for labels in a frame: where they cover no other label, no symbol and no line.
type placer struct {
	frame vg.Rectangle
	boxes []vg.Rectangle
	lines [][2]vg.Point
}

// directions are the sides of a point on which a label is tried, in the order of preference: curves of fraud over approval
// rise to the right, so above them on the left, and below them on the right, there is room.
var directions = []float64{135, -45, 0, 180, 90, -90, 45, -135, 112, -22, 157, -67, 22, 67, -112, -157}

// distances are how far from a point a label is tried, in points.
var distances = []vg.Length{9, 18, 30, 45, 65, 90, 120, 160, 210}

// label returns the place of a label of a size beside a point: the first that covers nothing, else the one that covers
// least. The place is taken.
func (p *placer) label(at vg.Point, size vg.Point) vg.Rectangle {
	var tried []vg.Rectangle
	for _, d := range distances {
		for _, angle := range directions {
			tried = append(tried, beside(at, size, d, angle))
		}
	}
	r := p.first(tried, &at)
	if p.hides(r) {
		r = p.first(append(p.everywhere(at, size), r), &at)
	}
	p.boxes = append(p.boxes, r)
	if _, from, far := leader(at, r); far {
		p.lines = append(p.lines, [2]vg.Point{at, from})
	}
	return r
}

// first returns the first rectangle that covers nothing, else the one that covers least. at is the point that a leader
// would come from, nil for a label without one.
func (p *placer) first(tried []vg.Rectangle, at *vg.Point) vg.Rectangle {
	best, least := tried[0], math.Inf(1)
	for _, r := range tried {
		r = p.inside(r)
		covers := p.covers(r)
		if at != nil {
			if _, to, far := leader(*at, r); far {
				covers += p.crosses([2]vg.Point{*at, to})
			}
		}
		if covers == 0 {
			return r
		}
		if covers < least {
			best, least = r, covers
		}
	}
	return best
}

// hides reports whether a rectangle lies on a box.
func (p *placer) hides(r vg.Rectangle) bool {
	return slices.ContainsFunc(p.boxes, func(b vg.Rectangle) bool {
		return min(r.Max.X, b.Max.X) > max(r.Min.X, b.Min.X) && min(r.Max.Y, b.Max.Y) > max(r.Min.Y, b.Min.Y)
	})
}

// everywhere returns places of a label in the whole frame, the nearest to its point first: for the one that finds none beside it.
func (p *placer) everywhere(at, size vg.Point) []vg.Rectangle {
	const step = 10
	var out []vg.Rectangle
	for x := p.frame.Min.X; x+size.X <= p.frame.Max.X; x += step {
		for y := p.frame.Min.Y; y+size.Y <= p.frame.Max.Y; y += step {
			out = append(out, vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + size.X, Y: y + size.Y}})
		}
	}
	slices.SortStableFunc(out, func(a, b vg.Rectangle) int { return cmp.Compare(distance(at, a), distance(at, b)) })
	return out
}

// distance is that from a point to the middle of a rectangle.
func distance(at vg.Point, r vg.Rectangle) float64 {
	return math.Hypot(float64(r.Min.X+r.Max.X)/2-float64(at.X), float64(r.Min.Y+r.Max.Y)/2-float64(at.Y))
}

// covers measures what a rectangle would hide: area of boxes, and length of lines.
func (p *placer) covers(r vg.Rectangle) float64 {
	total := 0.0
	for _, b := range p.boxes {
		w := min(r.Max.X, b.Max.X) - max(r.Min.X, b.Min.X)
		h := min(r.Max.Y, b.Max.Y) - max(r.Min.Y, b.Min.Y)
		if w > 0 && h > 0 {
			total += 1e5 + 10*float64(w*h) // no other cost comes near: two labels on one spot cannot be read
		}
	}
	const gap = 2.5 // lines have a width
	wide := vg.Rectangle{Min: r.Min.Sub(vg.Point{X: gap, Y: gap}), Max: r.Max.Add(vg.Point{X: gap, Y: gap})}
	for _, l := range p.lines {
		total += float64(within(wide, l))
	}
	return total
}

// crosses measures what the leader from a point would cross: labels and symbols above all, and lines.
func (p *placer) crosses(l [2]vg.Point) float64 {
	total := 0.0
	for _, b := range p.boxes {
		if !contains(b, l[0]) { // not the point's own symbol
			total += 20 * float64(within(b, l))
		}
	}
	for _, other := range p.lines {
		if meet(l, other) {
			total += 10
		}
	}
	return total
}

// inside moves a rectangle into the frame.
func (p *placer) inside(r vg.Rectangle) vg.Rectangle {
	shift := vg.Point{
		X: max(p.frame.Min.X-r.Min.X, 0) + min(p.frame.Max.X-r.Max.X, 0),
		Y: max(p.frame.Min.Y-r.Min.Y, 0) + min(p.frame.Max.Y-r.Max.Y, 0),
	}
	return vg.Rectangle{Min: r.Min.Add(shift), Max: r.Max.Add(shift)}
}

// beside returns a rectangle of a size at a distance from a point, in a direction in degrees.
func beside(at, size vg.Point, distance vg.Length, degrees float64) vg.Rectangle {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	corner := vg.Point{X: at.X + distance*vg.Length(cos), Y: at.Y + distance*vg.Length(sin)}
	// The label hangs on the corner that is nearest to the point; straight up, down or aside it is centred.
	corner.X -= size.X * vg.Length(side(-cos)+1) / 2
	corner.Y -= size.Y * vg.Length(side(-sin)+1) / 2
	return vg.Rectangle{Min: corner, Max: corner.Add(size)}
}

// side is -1, 0 or 1 by the half that a sine points to, 0 near the middle.
func side(v float64) float64 {
	if math.Abs(v) < 0.2 {
		return 0
	}
	return math.Copysign(1, v)
}

// leader returns the line from a point to its label, and whether the label is so far away that it needs one.
func leader(at vg.Point, r vg.Rectangle) (from, to vg.Point, far bool) {
	to = vg.Point{X: min(max(at.X, r.Min.X), r.Max.X), Y: min(max(at.Y, r.Min.Y), r.Max.Y)}
	return at, to, math.Hypot(float64(to.X-at.X), float64(to.Y-at.Y)) > 14
}

func contains(r vg.Rectangle, p vg.Point) bool {
	return r.Min.X <= p.X && p.X <= r.Max.X && r.Min.Y <= p.Y && p.Y <= r.Max.Y
}

// within returns the length of a line's part in a rectangle (Liang and Barsky's clipping).
func within(r vg.Rectangle, l [2]vg.Point) vg.Length {
	d := l[1].Sub(l[0])
	from, to := 0.0, 1.0
	for _, edge := range [4][2]vg.Length{
		{-d.X, l[0].X - r.Min.X}, {d.X, r.Max.X - l[0].X}, {-d.Y, l[0].Y - r.Min.Y}, {d.Y, r.Max.Y - l[0].Y},
	} {
		p, q := float64(edge[0]), float64(edge[1])
		switch {
		case p == 0 && q < 0:
			return 0
		case p < 0:
			from = max(from, q/p)
		case p > 0:
			to = min(to, q/p)
		}
	}
	if from >= to {
		return 0
	}
	return vg.Length((to - from) * math.Hypot(float64(d.X), float64(d.Y)))
}

// meet reports whether two lines cross at a point inside both, ends excluded.
func meet(a, b [2]vg.Point) bool {
	turn := func(p, q, r vg.Point) vg.Length { return (q.X-p.X)*(r.Y-p.Y) - (q.Y-p.Y)*(r.X-p.X) }
	return turn(a[0], a[1], b[0])*turn(a[0], a[1], b[1]) < 0 && turn(b[0], b[1], a[0])*turn(b[0], b[1], a[1]) < 0
}
