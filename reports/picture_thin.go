package reports

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// slack is how far a drawn line may pass from a point of it, in points: a third of a dot of the PNG, a sixteenth of a curve's width.
const slack = vg.Length(0.15)

// thin returns the path without the points that its shape does not need: those that lie within slack of the line between those that are
// kept, of which the first and the last are two (Ramer 1972, Douglas and Peucker 1973). A curve over a million records has a point for
// each score, most of them on a line that the eye cannot tell from straight.
func thin(path []vg.Point) []vg.Point {
	if len(path) < 3 {
		return path
	}
	kept := make([]bool, len(path))
	kept[0], kept[len(path)-1] = true, true
	open := [][2]int{{0, len(path) - 1}}
	for len(open) > 0 {
		from, to := open[len(open)-1][0], open[len(open)-1][1]
		open = open[:len(open)-1]
		farthest, most := 0, slack
		for i := from + 1; i < to; i++ {
			if d := apart(path[i], path[from], path[to]); d > most {
				farthest, most = i, d
			}
		}
		if farthest > 0 {
			kept[farthest] = true
			open = append(open, [2]int{from, farthest}, [2]int{farthest, to})
		}
	}
	var out []vg.Point
	for i, p := range path {
		if kept[i] {
			out = append(out, p)
		}
	}
	return out
}

// apart returns the distance of a point from the line between two others, ends included.
func apart(p, a, b vg.Point) vg.Length {
	d := b.Sub(a)
	t, length := vg.Length(0), d.Dot(d)
	if length > 0 {
		t = min(max(p.Sub(a).Dot(d)/length, 0), 1)
	}
	return vg.Length(math.Hypot(float64(p.X-a.X-t*d.X), float64(p.Y-a.Y-t*d.Y)))
}
