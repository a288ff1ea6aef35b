package reports

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Series is a row of bars: a value for each of X.Names, from 0 on. A value that is not finite has no bar, nor has one below 0 where
// bars are stacked.
type Series struct {
	Name   string
	Values []float64
}

// any reports whether a series has a bar.
func (s Series) any() bool { return slices.ContainsFunc(s.Values, finite) }

// cleanedSeries returns the series with a value for each name, NaN for none.
func (p Picture) cleanedSeries() []Series {
	var out []Series
	for _, s := range p.Series {
		values := make([]float64, len(p.X.Names))
		for i := range values {
			values[i] = math.NaN()
			if i >= len(s.Values) || !finite(s.Values[i]) {
				continue
			}
			// The sum of a stack is to be finite too.
			if v := s.Values[i]; !p.Stacked || v >= 0 && finite(v*float64(len(p.Series))) {
				values[i] = v
			}
		}
		out = append(out, Series{clean(s.Name), values})
	}
	return out
}

// A bar goes from one height to another at a name, in the place of its series.
type bar struct{ from, to float64 }

// bars returns the bars of each series at each name.
func (p Picture) bars() [][]bar {
	out := make([][]bar, len(p.Series))
	sums := make([]float64, len(p.X.Names))
	for i, s := range p.Series {
		for at, v := range s.Values {
			b := bar{math.NaN(), math.NaN()}
			switch {
			case finite(v) && p.Stacked:
				b = bar{sums[at], sums[at] + v}
				sums[at] += v
			case finite(v):
				b = bar{0, v}
			}
			out[i] = append(out[i], b)
		}
	}
	return out
}

// A barPlace is where a bar stands: two corners in the units of the axes, and which name it belongs to.
type barPlace struct {
	name      int
	low, high Point
}

// corners returns the places of the bars of each series that has one, those of one name side by side or one on the other.
func (p Picture) corners() [][]barPlace {
	const full = 0.84 // of the room of a name
	width := full
	if !p.Stacked {
		width = full / float64(len(p.Series))
	}
	out := make([][]barPlace, len(p.Series))
	for i, bars := range p.bars() {
		for at, b := range bars {
			if math.IsNaN(b.to) || b.from == b.to {
				continue
			}
			x := float64(at) - full/2
			if !p.Stacked {
				x += width * float64(i)
			}
			out[i] = append(out[i], barPlace{at, Point{x, b.from}, Point{x + width, b.to}})
		}
	}
	return out
}

// series draws the bars. Those of every second series are striped, so that colours are not all that tells them apart.
func (p *painter) series() {
	for i, corners := range p.corners() {
		var places []vg.Rectangle
		for _, c := range corners {
			if r, ok := p.place(p.at(c.low), p.at(c.high)); ok {
				places = append(places, r)
			}
		}
		p.swatches(i, places...)
	}
}

// place returns the rectangle of a bar between two corners, as far as it is in the frame, with room between it and its neighbours.
func (p *painter) place(a, b vg.Point) (vg.Rectangle, bool) {
	r := vg.Rectangle{Min: vg.Point{X: min(a.X, b.X), Y: min(a.Y, b.Y)}, Max: vg.Point{X: max(a.X, b.X), Y: max(a.Y, b.Y)}}
	r.Min.Y, r.Max.Y = max(r.Min.Y, p.area.Min.Y), min(r.Max.Y, p.area.Max.Y)
	if r.Size().X > 6 {
		r.Min.X, r.Max.X = r.Min.X+0.5, r.Max.X-0.5
	}
	return r, r.Max.Y > r.Min.Y
}

// swatches fills rectangles in the manner of a series, which has a colour that no curve has.
func (p *painter) swatches(i int, places ...vg.Rectangle) {
	if len(places) == 0 {
		return
	}
	var fill, stripes vg.Path
	for _, r := range places {
		for k, corner := range []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}} {
			if k == 0 {
				fill.Move(corner)
			} else {
				fill.Line(corner)
			}
		}
		fill.Close()
		if i%2 == 1 {
			stripes = appendStripes(stripes, r)
		}
	}
	p.SetColor(curveColor(i + len(p.Curves)))
	p.Fill(fill)
	p.strokes(stripes, draw.LineStyle{Color: color.White, Width: 1.1})
}

// appendStripes adds lines that rise at 45 degrees across a rectangle, one too narrow for them excepted.
func appendStripes(path vg.Path, r vg.Rectangle) vg.Path {
	const gap, least = 6, 3
	size := r.Size()
	if size.X < least {
		return path
	}
	for at := r.Min.X - size.Y; at < r.Max.X; at += gap { // where the line would leave the lower edge
		from, to := max(at, r.Min.X), min(at+size.Y, r.Max.X)
		if to > from {
			path = appendLine(path, vg.Point{X: from, Y: r.Min.Y + from - at}, vg.Point{X: to, Y: r.Min.Y + to - at})
		}
	}
	return path
}
