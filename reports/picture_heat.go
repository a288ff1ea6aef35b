package reports

import (
	"image/color"
	"math"
	"strconv"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A HeatMap is a grid of values, the darker the higher from 0 on. X.Label names what goes across, Y.Label what goes down.
type HeatMap struct {
	// Rows, from the top, and Columns, from the left, are the names beside the grid.
	Rows, Columns []string
	// Cells has a row for each of Rows and a cell for each of Columns; those that it lacks are as those without a value.
	Cells [][]HeatCell
	// Name says what the values are, beside a legend that goes from 0 to the highest.
	Name string
	// Percent prints the legend in percent.
	Percent bool
}

// A HeatCell is a value, how it is printed, and a second line such as the number of records. A value that is not finite, or below
// 0, is not shaded.
type HeatCell struct {
	Value        float64
	Text, Detail string
}

// cleaned returns a grid that has all its cells, with printable texts, and NaN for what is not shaded.
func (h HeatMap) cleaned() *HeatMap {
	out := HeatMap{Rows: cleanedAll(h.Rows), Columns: cleanedAll(h.Columns), Name: clean(h.Name), Percent: h.Percent}
	for r := range h.Rows {
		row := make([]HeatCell, len(h.Columns))
		for c := range row {
			row[c].Value = math.NaN()
			if r >= len(h.Cells) || c >= len(h.Cells[r]) {
				continue
			}
			cell := h.Cells[r][c]
			row[c].Text, row[c].Detail = clean(cell.Text), clean(cell.Detail)
			if finite(cell.Value) && cell.Value >= 0 {
				row[c].Value = cell.Value
			}
		}
		out.Cells = append(out.Cells, row)
	}
	return &out
}

// highest returns the highest value, 0 for none.
func (h *HeatMap) highest() float64 {
	highest := 0.0
	for _, row := range h.Cells {
		for _, c := range row {
			if c.Value > highest {
				highest = c.Value
			}
		}
	}
	return highest
}

// heatColors is the ramp "Blues" of ColorBrewer (Brewer, Harrower and Penn State), one hue from light to dark, which people with every
// kind of colour vision read in the same order, and which survives a grey printer.
var heatColors = []color.NRGBA{
	{0xF7, 0xFB, 0xFF, 0xFF}, {0xDE, 0xEB, 0xF7, 0xFF}, {0xC6, 0xDB, 0xEF, 0xFF}, {0x9E, 0xCA, 0xE1, 0xFF}, {0x6B, 0xAE, 0xD6, 0xFF},
	{0x42, 0x92, 0xC6, 0xFF}, {0x21, 0x71, 0xB5, 0xFF}, {0x08, 0x51, 0x9C, 0xFF}, {0x08, 0x30, 0x6B, 0xFF},
}

var (
	bare  = color.NRGBA{0xF2, 0xF2, 0xF2, 0xFF} // a cell without a value
	black = color.NRGBA{A: 0xFF}
)

// heatColor returns the colour of a share of the highest value, 0 to 1, and that of a text on it: white or black, whichever has more
// contrast. Where both have the same it is 4.58, and AA of WCAG 2.2 wants 4.5.
func heatColor(share float64) (fill, text color.NRGBA) {
	if math.IsNaN(share) {
		return bare, black
	}
	at := min(max(share, 0), 1) * float64(len(heatColors)-1)
	i := min(int(at), len(heatColors)-2)
	a, b, t := heatColors[i], heatColors[i+1], at-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + t*(float64(y)-float64(x)))) }
	fill = color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xFF}
	if lightness(fill) > math.Sqrt(1.05*0.05)-0.05 {
		return fill, black
	}
	return fill, color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
}

// lightness is the relative luminance of a colour, 0 to 1 (WCAG 2.2).
func lightness(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 0xFF
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// heat draws the grid between two heights, its names and its legend.
func (p *painter) heat(top, bottom vg.Length) {
	h := p.Heat
	p.text(p.shorten(p.Y.Label, 400, axisStyle), vg.Point{X: pictureMargin, Y: top - 16}, axisStyle)
	p.heatLegend(top - 16)
	wide := vg.Length(0)
	for _, name := range h.Rows {
		wide = max(wide, min(p.width(name, tickStyle), mostName))
	}
	frame := vg.Rectangle{Min: vg.Point{X: pictureMargin + wide + 10, Y: bottom + 44}, Max: vg.Point{X: pictureWidth - pictureMargin, Y: top - 36}}
	size := frame.Size()
	w, height := size.X/vg.Length(len(h.Columns)), size.Y/vg.Length(len(h.Rows))
	for c, name := range h.Columns {
		p.aligned(p.shorten(name, w-6, tickStyle), vg.Point{X: frame.Min.X + (vg.Length(c)+0.5)*w, Y: frame.Min.Y - 18}, 0.5, tickStyle)
	}
	p.aligned(p.shorten(p.X.Label, size.X, axisStyle), vg.Point{X: (frame.Min.X + frame.Max.X) / 2, Y: frame.Min.Y - 40}, 0.5, axisStyle)
	for r, row := range h.Cells {
		y := frame.Max.Y - vg.Length(r+1)*height
		p.aligned(p.shorten(h.Rows[r], mostName, tickStyle), vg.Point{X: frame.Min.X - 10, Y: y + height/2 - 4.5}, 1, tickStyle)
		for c, cell := range row {
			x := frame.Min.X + vg.Length(c)*w
			p.heatCell(cell, vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + w, Y: y + height}})
		}
	}
}

// heatCell draws a cell with its texts, those that have room.
func (p *painter) heatCell(c HeatCell, r vg.Rectangle) {
	fill, text := heatColor(math.NaN())
	if highest := p.Heat.highest(); !math.IsNaN(c.Value) {
		fill, text = heatColor(0)
		if highest > 0 {
			fill, text = heatColor(c.Value / highest)
		}
	}
	const gap = 1
	p.box(vg.Rectangle{Min: r.Min.Add(vg.Point{X: gap, Y: gap}), Max: r.Max.Sub(vg.Point{X: gap, Y: gap})}, fill)
	name, detail := nameStyle, detailStyle
	name.color, detail.color = text, text
	middle := vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
	size := r.Size()
	if c.Detail == "" || size.Y < name.size+detail.size+8 {
		if size.Y >= name.size {
			p.aligned(p.shorten(c.Text, size.X-8, name), vg.Point{X: middle.X, Y: middle.Y - 5}, 0.5, name)
		}
		return
	}
	p.aligned(p.shorten(c.Text, size.X-8, name), vg.Point{X: middle.X, Y: middle.Y + 2}, 0.5, name)
	p.aligned(p.shorten(c.Detail, size.X-8, detail), vg.Point{X: middle.X, Y: middle.Y - detail.size - 2}, 0.5, detail)
}

// heatLegend draws the ramp with its two ends.
func (p *painter) heatLegend(y vg.Length) {
	highest := p.Heat.highest()
	if highest == 0 {
		return
	}
	const steps, step = 40, 4
	end := strconv.FormatFloat(highest, 'g', 6, 64)
	if p.Heat.Percent {
		end = percent(calibrate.Number(highest))
	}
	x := pictureWidth - pictureMargin - p.width(end, legendStyle)
	p.text(end, vg.Point{X: x, Y: y}, legendStyle)
	x -= 8 + steps*step
	for i := range steps {
		fill, _ := heatColor(float64(i) / (steps - 1))
		left := x + vg.Length(i)*step
		p.box(vg.Rectangle{Min: vg.Point{X: left, Y: y - 2}, Max: vg.Point{X: left + step, Y: y + 12}}, fill)
	}
	p.StrokeLines(draw.LineStyle{Color: frameColor, Width: 0.6}, []vg.Point{{X: x, Y: y - 2}, {X: x + steps*step, Y: y - 2}, {X: x + steps*step, Y: y + 12}, {X: x, Y: y + 12}, {X: x, Y: y - 2}})
	name := p.shorten(p.Heat.Name, 360, legendStyle)
	p.text(name+"  0", vg.Point{X: x - 8 - p.width(name+"  0", legendStyle), Y: y}, legendStyle)
}
