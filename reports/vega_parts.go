package reports

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
)

// hex is a colour as a page writes it.
func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// hover shows the row behind a mark under the pointer.
var hover = member{"tooltip", object{{"content", "data"}}}

// bars adds the bars of each series, with the corners that the drawing has.
func (v *vega) bars() {
	for i, places := range v.corners() {
		var rows []object
		for _, at := range places {
			rows = append(rows, object{{"series", v.Series[i].Name}, {"name", v.x.names[at.name]}, {"value", v.Series[i].Values[at.name]},
				{"x", at.low.X}, {"x2", at.high.X}, {"y", at.low.Y}, {"y2", at.high.Y}})
		}
		v.layer(v.data("bars_"+strconv.Itoa(i+1), rows), object{{"type", "rect"}, {"clip", true}, hover},
			object{{"x", v.channelX(member{"field", "x"})}, {"x2", field("x2")}, {"y", v.channelY(member{"field", "y"})}, {"y2", field("y2")},
				v.colored(v.Series[i].Name, i+len(v.Curves))})
	}
}

// limit adds a line across the frame, with its name at the end.
func (v *vega) limit(i int, l Limit) {
	data := v.data("limit_"+strconv.Itoa(i+1), []object{{{"name", l.Name}, {"at", l.At}}})
	at, mark := member{"y", v.channelY(member{"field", "at"})}, object{{"type", "text"}, {"align", "right"}, {"dy", -6}}
	end := member{"x", object{{"value", "width"}}}
	if l.Vertical {
		at, mark = member{"x", v.channelX(member{"field", "at"})}, object{{"type", "text"}, {"align", "left"}, {"dx", 4}, {"dy", 10}}
		end = member{"y", object{{"value", 0}}}
	}
	v.layer(data, object{{"type", "rule"}, {"color", hex(limitColor)}, {"strokeWidth", 1.6}, {"strokeDash", []vg.Length{7, 4}}}, object{at})
	if l.Name != "" {
		v.layer(data, append(mark, member{"color", hex(limitColor)}, member{"fontWeight", "bold"}), object{at, end, {"text", field("name")}})
	}
}

// mark adds a mark and its label, on one side and the other in turn where the frame has room on both.
func (v *vega) mark(i int, m Mark) {
	label := []string{m.Name}
	if m.Detail != "" {
		label = append(label, m.Detail)
	}
	data := v.data("mark_"+strconv.Itoa(i+1), []object{{{"x", m.X}, {"y", m.Y}, {"label", label}}})
	x, y := member{"x", v.channelX(member{"field", "x"})}, member{"y", v.channelY(member{"field", "y"})}
	point := object{{"type", "point"}, {"size", 140}, {"opacity", 1}, {"filled", true}, {"stroke", "white"}, {"strokeWidth", 1}}
	switch m.Kind {
	case ChampionMark:
		point = append(point, member{"shape", "square"}, member{"color", hex(ink)})
	case RecommendedMark:
		point = append(point, member{"shape", "diamond"}, member{"color", hex(curveColors[2])})
	case RunnerUpMark:
		point = append(point, member{"shape", "circle"}, member{"fill", "white"})
		point[4], point[5] = member{"stroke", hex(ink)}, member{"strokeWidth", 2}
	default:
		point = append(point, member{"shape", "circle"}, member{"color", hex(ink)})
	}
	v.layer(data, append(point, hover), object{x, y})
	align, shift := "left", 10
	if at := v.x.place(m.X); at > 0.8 || at > 0.3 && i%2 == 0 {
		align, shift = "right", -10
	}
	v.layer(data, object{{"type", "text"}, {"align", align}, {"dx", shift}, {"dy", -4}, {"color", hex(ink)}}, object{x, y, {"text", field("label")}})
}

// heat adds the cells of a grid and their texts.
func (v *vega) heat() {
	h := v.Heat
	rowNames, columnNames := distinct(h.Rows), distinct(h.Columns)
	highest := h.highest()
	var rows []object
	for r, row := range h.Cells {
		for c, cell := range row {
			share := cell.Value
			if highest > 0 {
				share /= highest
			}
			_, text := heatColor(share)
			rows = append(rows, object{{"row", rowNames[r]}, {"column", columnNames[c]}, {"value", calibrate.Number(cell.Value)},
				{"text", cell.Text}, {"detail", cell.Detail}, {"light", text != black}})
		}
	}
	data := v.data("cells", rows)
	side := func(name, label string, sort []string) object {
		return object{{"field", name}, {"type", "ordinal"}, {"sort", sort}, {"title", label}, {"axis", object{{"labelAngle", 0}, {"domain", false}, {"ticks", false}}}}
	}
	x, y := member{"x", side("column", v.X.Label, columnNames)}, member{"y", side("row", v.Y.Label, rowNames)}
	var ramp []string
	for _, c := range heatColors {
		ramp = append(ramp, hex(c))
	}
	format := ",.6~g"
	if h.Percent {
		format = ".2%"
	}
	shaded := object{{"field", "value"}, {"type", "quantitative"}, {"title", h.Name},
		{"scale", object{{"domain", []float64{0, max(highest, math.SmallestNonzeroFloat64)}}, {"range", ramp}, {"interpolate", "rgb"}}}, {"legend", object{{"format", format}}}}
	cell := object{{"type", "rect"}, {"stroke", "white"}, {"strokeWidth", 2}, hover}
	v.layer(data, cell, object{x, y, {"color", object{{"value", hex(bare)}}}}) // seen where the layer above it has no value
	v.layer(data, cell, object{x, y, {"color", shaded}})
	// A second scale of colours in one picture is more than Vega-Lite 5.23 compiles.
	text := object{{"condition", object{{"test", "datum.light"}, {"value", "white"}}}, {"value", "black"}}
	for _, t := range []struct {
		field  string
		weight string
		dy     int
	}{{"text", "bold", -7}, {"detail", "normal", 9}} {
		v.layer(data, object{{"type", "text"}, {"fontWeight", t.weight}, {"dy", t.dy}}, object{x, y, {"text", field(t.field)}, {"color", text}})
	}
}

// distinct returns names that all differ: the second of two that are the same has a number.
func distinct(names []string) (out []string) {
	taken := map[string]bool{}
	for _, name := range names {
		one := name
		for n := 2; taken[one]; n++ {
			one = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[one] = true
		out = append(out, one)
	}
	return out
}
