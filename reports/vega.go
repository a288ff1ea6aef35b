package reports

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
)

// vegaSchema names the grammar of the specifications. It is a name: nothing here asks for it.
const vegaSchema = "https://vega.github.io/schema/vega-lite/v5.json"

// WriteVega writes a picture as a specification of Vega-Lite 5, for a notebook or an editor that draws it, restyles it and shows values
// under the pointer. It has the titles, axes, colours and dashes of the drawing, and all its points, those beyond the axes included;
// labels stand beside their marks whether or not there is room. The notes are in its description.
func WriteVega(w io.Writer, p Picture) error {
	p = p.cleaned()
	v := vega{painter: painter{Picture: p}}
	switch {
	case p.empty():
		v.sentence()
	case p.Heat != nil:
		v.heat()
	default:
		v.fit()
		v.chart()
	}
	text, err := v.spec()
	if err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// A vega gathers the layers of a specification and the data that they refer to by name.
type vega struct {
	painter
	datasets spread // each lined
	layers   lined
}

// spec returns the whole specification: a layer and a row of data to a line, so that a change of one is a change of one line.
func (v *vega) spec() ([]byte, error) {
	title := object{{"text", v.Title}, {"anchor", "start"}}
	if v.Subtitle != "" {
		title = append(title, member{"subtitle", v.Subtitle})
	}
	return jsonLines(spread{
		{"$schema", vegaSchema},
		{"description", strings.Join(append([]string{v.Title, v.Subtitle}, v.Notes...), "\n")},
		{"title", title},
		{"width", 880}, {"height", 400}, {"background", "white"},
		{"config", object{{"font", "Liberation Sans, Arial, Helvetica, sans-serif"}, {"view", object{{"stroke", nil}}},
			{"axis", object{{"labelFontSize", 12}, {"titleFontSize", 13}, {"titleFontWeight", "normal"}, {"gridColor", hex(gridColor)}}}}},
		{"datasets", v.datasets}, {"layer", v.layers},
	})
}

// data adds a dataset and returns the member of a layer that refers to it.
func (v *vega) data(name string, rows []object) member {
	set := lined{}
	for _, r := range rows {
		set = append(set, r)
	}
	v.datasets = append(v.datasets, member{name, set})
	return member{"data", object{{"name", name}}}
}

func (v *vega) layer(data member, mark, encoding object) {
	v.layers = append(v.layers, object{data, {"mark", mark}, {"encoding", encoding}})
}

// sentence says why there is nothing to draw.
func (v *vega) sentence() {
	text := v.Empty
	if text == "" {
		text = "There is nothing to draw."
	}
	v.layer(v.data("nothing", []object{{{"text", text}}}), object{{"type", "text"}, {"fontSize", 18}, {"color", hex(ink)}}, object{{"text", object{{"field", "text"}}}})
}

// chart adds what stands in a frame, from the back to the front.
func (v *vega) chart() {
	v.bars()
	for i, c := range v.Curves {
		v.curve(i, c)
	}
	for i, l := range v.Limits {
		v.limit(i, l)
	}
	for i, m := range v.Marks {
		v.mark(i, m)
	}
}

// channelX and channelY return a channel of an axis, which begins with its field.
func (v *vega) channelX(first member) object { return v.channel(first, v.x, v.X) }
func (v *vega) channelY(first member) object { return v.channel(first, v.y, v.Y) }

func (v *vega) channel(first member, s scale, a Axis) object {
	axis := object{{"format", s.format()}, {"values", s.ticks()}}
	if s.names != nil {
		values := make([]int, len(s.names))
		for i := range values {
			values[i] = i
		}
		names, _ := marshal(s.names, "") // texts: it cannot fail
		axis = object{{"values", values}, {"labelExpr", string(names) + "[datum.value]"}, {"labelOverlap", true}, {"grid", false}}
	}
	return object{first, {"type", "quantitative"}, {"title", a.Label}, {"axis", axis},
		{"scale", object{{"domain", []float64{s.low(), s.high()}}, {"zero", false}, {"nice", false}}}}
}

// format is that of d3-format which prints what text prints.
func (s scale) format() string {
	step, unit := s.step, "f"
	if s.percent {
		step, unit = 100*step, "%"
	}
	digits := 0
	for scaled := step; digits < 12 && math.Abs(scaled-math.Round(scaled)) > 1e-6*scaled; digits++ {
		scaled *= 10
	}
	return ",." + strconv.Itoa(digits) + unit
}

// field is a channel without an axis of its own.
func field(name string) object { return object{{"field", name}} }

// colored returns the colour of a curve or of a series: by its name, which the rows have too and the legend shows.
func (v *vega) colored(name string, i int) member {
	if name == "" {
		return member{"color", object{{"value", hex(curveColor(i))}}}
	}
	names, colors := v.legendNames()
	return member{"color", object{{"field", "series"}, {"type", "nominal"}, {"title", nil}, {"scale", object{{"domain", names}, {"range", colors}}},
		{"legend", object{{"orient", "top"}, {"symbolOpacity", 1}, {"labelFontSize", 12}, {"labelLimit", 400}}}}}
}

// legendNames lists the names of curves and series, each once, with their colours.
func (v *vega) legendNames() (names, colors []string) {
	add := func(name string, i int) {
		if name != "" && !slices.Contains(names, name) {
			names, colors = append(names, name), append(colors, hex(curveColor(i)))
		}
	}
	for i, c := range v.Curves {
		add(c.Name, i)
	}
	for i, s := range v.Series {
		add(s.Name, i+len(v.Curves))
	}
	return names, colors
}

// curve adds a curve with its bounds. Parts of it are drawn each for itself: those that a name without a point parts, and for the
// bounds those that undefined ones part.
func (v *vega) curve(i int, c Curve) {
	if len(c.Points) == 0 {
		return
	}
	var rows []object
	part := 0
	for k, pt := range c.Points {
		if k > 0 && v.breaks(c.Points[k-1], pt) {
			part++
		}
		row := object{{"series", c.Name}, {"point", k}, {"x", pt.X}, {"y", pt.Y}}
		if v.x.names != nil {
			row = append(object{{"name", v.x.names[min(max(int(math.Round(pt.X)), 0), len(v.x.names)-1)]}}, row...)
		}
		rows = append(rows, append(row, member{"part", part}))
	}
	bounds(rows, c.Band, "low", "high", "band")
	bounds(rows, c.Range, "least", "most", "range")
	data := v.data("curve_"+strconv.Itoa(i+1), rows)
	x, color := member{"x", v.channelX(member{"field", "x"})}, v.colored(c.Name, i)
	turn := "linear"
	if c.Step {
		turn = "step-before"
	}
	order := member{"order", object{{"field", "point"}, {"type", "quantitative"}}} // a line would be sorted by x, as an area is
	area := func(low, high, within string) {
		v.layer(data, object{{"type", "area"}, {"opacity", shade / 255.0}, {"interpolate", turn}, {"clip", true}},
			object{x, {"y", v.channelY(member{"field", low})}, {"y2", field(high)}, color, {"detail", []object{field("part"), field(within)}}})
	}
	if c.Band != nil && !c.Whiskers {
		area("low", "high", "band")
	}
	if c.Range != nil {
		area("least", "most", "range")
	}
	if c.Band != nil && c.Whiskers {
		v.layer(data, object{{"type", "errorbar"}, {"ticks", true}, {"clip", true}}, object{x, {"y", v.channelY(member{"field", "low"})}, {"y2", field("high")}, color})
	}
	line := object{{"type", "line"}, {"strokeWidth", 2.4}, {"interpolate", turn}, {"clip", true}}
	if dashes := curveDashes[i%len(curveDashes)]; dashes != nil {
		line = append(line, member{"strokeDash", dashes})
	}
	y := member{"y", v.channelY(member{"field", "y"})}
	v.layer(data, line, object{x, y, color, {"detail", field("part")}, order})
	if c.Dots || len(c.Points) == 1 {
		v.layer(data, object{{"type", "point"}, {"filled", true}, {"opacity", 1}, {"size", 50}, {"shape", vegaShapes[i%len(vegaShapes)]}, {"clip", true}, {"tooltip", object{{"content", "data"}}}},
			object{x, y, color})
	}
}

// vegaShapes are those of dots.
var vegaShapes = []string{"circle", "square", "triangle-up", "diamond", "triangle-down"}

// bounds adds the bounds of each point to its row, null for what is undefined or without end, and a number for each part between such.
func bounds(rows []object, of []calibrate.Interval, low, high, part string) {
	n := 0
	for i, b := range of {
		if finite(float64(b.Low)) && finite(float64(b.High)) {
			rows[i] = append(rows[i], member{low, b.Low}, member{high, b.High}, member{part, n})
			continue
		}
		rows[i] = append(rows[i], member{low, nil}, member{high, nil}, member{part, nil})
		n++
	}
}
