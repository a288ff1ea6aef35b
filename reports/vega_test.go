package reports

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"pgregory.net/rapid"
)

// A vegaSpec is what these tests read of a specification.
type vegaSpec struct {
	Schema   string `json:"$schema"`
	Datasets map[string][]map[string]any
	Layer    []struct {
		Mark     map[string]any
		Encoding map[string]any
		Data     struct{ Name string }
	}
}

func vegaOf(t failer, p Picture) vegaSpec {
	t.Helper()
	var b bytes.Buffer
	if err := WriteVega(&b, p); err != nil {
		t.Fatalf("%v", err)
	}
	var spec vegaSpec
	if err := json.Unmarshal(b.Bytes(), &spec); err != nil {
		t.Fatalf("%v in\n%s", err, b.Bytes())
	}
	for i, l := range spec.Layer {
		if _, found := spec.Datasets[l.Data.Name]; l.Data.Name != "" && !found {
			t.Fatalf("layer %d reads %q, which is not there", i, l.Data.Name)
		}
	}
	return spec
}

// points returns the values of two fields of every row, in order, of the datasets whose name begins so.
func (s vegaSpec) points(prefix, x, y string) (out []Point) {
	var names []string
	for name := range s.Datasets {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, row := range s.Datasets[name] {
			out = append(out, Point{row[x].(float64), row[y].(float64)})
		}
	}
	return out
}

// TestVegaHasAll checks that every point that can be drawn is in the specification, with its bounds, and nothing else.
func TestVegaHasAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPicture(t)
		p.Marks = []Mark{{Name: "m", Point: Point{0.25, 0.5}}}
		spec := vegaOf(t, p)
		clean := p.cleaned()
		var want []Point
		for _, c := range clean.Curves {
			want = append(want, c.Points...)
		}
		if got := spec.points("curve_", "x", "y"); !slices.Equal(got, want) {
			t.Fatalf("points %v, want %v", got, want)
		}
		bars := 0
		for _, places := range clean.corners() {
			bars += len(places)
		}
		if got := len(spec.points("bars_", "x", "x2")); got != bars {
			t.Fatalf("%d bars, want %d", got, bars)
		}
		cells := 0
		if p.Heat != nil {
			cells = len(p.Heat.Rows) * len(p.Heat.Columns)
		}
		if got := len(spec.Datasets["cells"]); got != cells {
			t.Fatalf("%d cells, want %d", got, cells)
		}
	})
}

func TestVega(t *testing.T) {
	kinds := pictureKinds()
	kinds["slide"] = slide()
	kinds["empty"] = Picture{Title: "Nothing", Empty: "No record is labeled."}
	hostileNames := months(6)
	hostileNames.X.Names[1], hostileNames.X.Names[2], hostileNames.Title = `"]+alert(1)+["`, `\`, hostile
	kinds["hostile"] = hostileNames
	for name, p := range kinds {
		spec := vegaOf(t, p)
		if dir := os.Getenv("PICTURES"); dir != "" { // to compile and to look at them
			if err := os.WriteFile(filepath.Join(dir, name+".vl.json"), drawn(t, p, "vl.json"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if spec.Schema != vegaSchema || len(spec.Layer) == 0 {
			t.Errorf("%s: %q with %d layers", name, spec.Schema, len(spec.Layer))
		}
		if name == "months-60" || name == "distribution" {
			continue // larger than what they show
		}
		golden(t, "vega-"+name+".vl.json", drawn(t, p, "vl.json"))
	}
}

// TestVegaBounds checks that undefined bounds are null, and part a band.
func TestVegaBounds(t *testing.T) {
	known, unknown := calibrate.Interval{Low: 0.1, High: 0.2}, calibrate.Interval{Low: calibrate.Undefined(), High: calibrate.Undefined()}
	endless := calibrate.Interval{Low: 0, High: calibrate.Number(math.Inf(1))}
	c := Curve{Points: []Point{{0, 0.1}, {1, 0.1}, {2, 0.1}, {3, 0.1}, {4, 0.1}}, Band: []calibrate.Interval{known, unknown, known, endless, known}}
	rows := vegaOf(t, Picture{Curves: []Curve{c}}).Datasets["curve_1"]
	for i, want := range []any{0.0, nil, 1.0, nil, 2.0} {
		if rows[i]["band"] != want || (rows[i]["high"] == nil) != (want == nil) {
			t.Errorf("row %d: %v, want part %v", i, rows[i], want)
		}
	}
}
