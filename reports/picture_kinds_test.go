package reports

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// monthNames returns n months from January 2021 on.
func monthNames(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("%d-%02d", 2021+i/12, i%12+1))
	}
	return out
}

// months is a series in time with whiskers, of which one month has no point, beside one with a band.
func months(n int) Picture {
	observed := Curve{Name: "fraud rate, labels final", Dots: true, Whiskers: true}
	expected := Curve{Name: "forecast", Dots: true}
	for i := range n {
		y := 0.02 + 0.006*math.Sin(float64(i)/3)
		if i != 4 {
			observed.Points = append(observed.Points, Point{float64(i), y})
			observed.Band = append(observed.Band, calibrate.Interval{Low: calibrate.Number(y - 0.005), High: calibrate.Number(y + 0.006)})
		}
		expected.Points = append(expected.Points, Point{float64(i), 0.021})
		expected.Band = append(expected.Band, calibrate.Interval{Low: 0.019, High: 0.0235})
	}
	return Picture{Title: "Fraud rate by month", Subtitle: "200,000 records", X: Axis{Label: "Month (UTC)", Names: monthNames(n)},
		Y: Axis{Label: "Fraud rate of labeled records", Percent: true}, Curves: []Curve{observed, expected}, Band: "95 % interval",
		Limits: []Limit{{Name: "limit 3 %", At: 0.03}, {Name: "policy changed", At: 2.5, Vertical: true}}, Notes: []string{"Each interval for its month alone."}}
}

// distribution is a histogram of two labels.
func distribution() Picture {
	p := Picture{Title: "Scores of session", Subtitle: "Shares within each label", X: Axis{Label: "Score (1000 = most trusted)"}, Y: Axis{Label: "Share of the label's records", Percent: true},
		Series: []Series{{Name: "legit"}, {Name: "fraud"}}}
	for i := range 20 {
		p.X.Names = append(p.X.Names, fmt.Sprintf("%d-%d", 50*i, 50*i+49))
		at := float64(i)
		p.Series[0].Values = append(p.Series[0].Values, 0.14*math.Exp(-math.Pow((at-13)/4, 2)))
		p.Series[1].Values = append(p.Series[1].Values, 0.12*math.Exp(-math.Pow((at-5)/4, 2)))
	}
	return p
}

// actionShares is a stack by month.
func actionShares() Picture {
	p := Picture{Title: "Actions by month", X: Axis{Label: "Month (UTC)", Names: monthNames(24)}, Y: Axis{Label: "Share of records", Percent: true, To: 1}, Stacked: true}
	for k, name := range []string{"approve", "step_up", "review", "block"} {
		s := Series{Name: name}
		for i := range 24 {
			s.Values = append(s.Values, []float64{0.7, 0.1, 0.12, 0.08}[k]+[]float64{-1, 1, 0, 0}[k]*0.004*float64(i))
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// heatSlide is the table of session by onboarding with a row of answers that are missing.
func heatSlide() Picture {
	names := []string{"missing", "very_low", "low", "review", "high", "very_high"}
	h := &HeatMap{Rows: names, Columns: names, Name: "Fraud rate", Percent: true}
	for r := range names {
		var row []HeatCell
		for c := range names {
			v := 0.5 * math.Pow(float64(11-r-c)/11, 3)
			cell := HeatCell{Value: v, Text: percent(calibrate.Number(v)), Detail: fmt.Sprintf("n = %s", thousands(int64(120*(r+1)*(c+1))))}
			if r == 0 && c < 2 {
				cell = HeatCell{Value: math.NaN(), Text: none, Detail: "n = 0"}
			}
			row = append(row, cell)
		}
		h.Cells = append(h.Cells, row)
	}
	return Picture{Title: "Fraud rate by cluster", Subtitle: "200,000 records, 2026-01-01 to 2026-06-30 (UTC)", X: Axis{Label: "Onboarding cluster"}, Y: Axis{Label: "Session cluster"},
		Heat: h, Notes: []string{"n: records whose outcome is known."}}
}

func pictureKinds() map[string]Picture {
	return map[string]Picture{"months": months(18), "months-60": months(60), "distribution": distribution(), "actions": actionShares(), "heat": heatSlide()}
}

// TestPictureKinds holds the drawings to files that were looked at.
func TestPictureKinds(t *testing.T) {
	for name, p := range pictureKinds() {
		for _, format := range pictureFormats {
			if format != "svg" && testing.Short() {
				continue
			}
			out := drawn(t, p, format)
			if !bytes.Equal(out, drawn(t, p, format)) {
				t.Errorf("%s: two %s of one picture differ", name, format)
			}
			if format == "svg" {
				if name != "months-60" {
					golden(t, "picture-"+name+".svg", out)
				}
				if len(out) > 40_000 {
					t.Errorf("%s: %d bytes", name, len(out))
				}
			}
			if dir := os.Getenv("PICTURES"); dir != "" { // to look at them
				if err := os.WriteFile(filepath.Join(dir, name+"."+format), out, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// anyPicture returns a picture of any kind with values that need not make sense, few or many names, and texts of any sort.
func anyPicture(t *rapid.T) Picture {
	value := rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64(), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1}))
	text := rapid.SampledFrom([]string{"", "2025-01", hostile, strings.Repeat("wide ", 40), "x"})
	names := rapid.SliceOfN(text, 0, 9)
	p := Picture{Title: text.Draw(t, "title"), X: Axis{Label: "x", Names: names.Draw(t, "names")}, Y: Axis{Label: "y", Percent: rapid.Bool().Draw(t, "percent")}, Band: "band",
		Stacked: rapid.Bool().Draw(t, "stacked")}
	for range rapid.IntRange(0, 3).Draw(t, "series") {
		p.Series = append(p.Series, Series{text.Draw(t, "series"), rapid.SliceOfN(value, 0, 10).Draw(t, "values")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "curves") {
		c := Curve{Name: "c", Dots: rapid.Bool().Draw(t, "dots"), Whiskers: rapid.Bool().Draw(t, "whiskers"), Step: rapid.Bool().Draw(t, "step")}
		for i := range rapid.IntRange(0, 10).Draw(t, "points") {
			x := float64(i)
			if rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
				x = value.Draw(t, "x")
			}
			c.Points = append(c.Points, Point{x, value.Draw(t, "y")})
			c.Band = append(c.Band, calibrate.Interval{Low: calibrate.Number(value.Draw(t, "low")), High: calibrate.Number(value.Draw(t, "high"))})
		}
		p.Curves = append(p.Curves, c)
	}
	if rapid.Bool().Draw(t, "limit") {
		p.Limits = []Limit{{Name: "limit", At: value.Draw(t, "limit"), Vertical: rapid.Bool().Draw(t, "vertical")}}
	}
	if rapid.IntRange(0, 2).Draw(t, "heat") == 0 {
		p.Heat = &HeatMap{Rows: names.Draw(t, "rows"), Columns: names.Draw(t, "columns"), Name: text.Draw(t, "legend"), Percent: p.Y.Percent}
		for range rapid.IntRange(0, 9).Draw(t, "cells") {
			var row []HeatCell
			for range rapid.IntRange(0, 9).Draw(t, "cells") {
				row = append(row, HeatCell{value.Draw(t, "value"), text.Draw(t, "text"), text.Draw(t, "detail")})
			}
			p.Heat.Cells = append(p.Heat.Cells, row)
		}
	}
	return p
}

// TestPictureAny draws what nobody would: it must be a drawing without numbers that are none.
func TestPictureAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPicture(t)
		var b bytes.Buffer
		if err := WritePicture(&b, p, "svg"); err != nil {
			t.Fatal(err)
		}
		if bad := regexp.MustCompile(`NaN|Inf`).Find(b.Bytes()); bad != nil {
			t.Fatalf("svg holds %s", bad)
		}
	})
	for name, p := range map[string]Picture{
		"one name":        {X: Axis{Names: []string{"2025-01"}}, Curves: []Curve{{Points: []Point{{0, 0.02}}, Whiskers: true, Band: []calibrate.Interval{{Low: 0.01, High: 0.03}}}}},
		"a name alone":    {X: Axis{Names: monthNames(5)}, Curves: []Curve{{Points: []Point{{0, 0.02}, {3, 0.02}}, Band: []calibrate.Interval{{Low: 0.01, High: 0.03}, {Low: 0.01, High: 0.03}}}}},
		"bars of nothing": {X: Axis{Names: monthNames(5)}, Series: []Series{{"a", []float64{0, 0, 0}}}},
		"below zero":      {X: Axis{Names: monthNames(5)}, Series: []Series{{"a", []float64{-1, 2, 0, -3, 1}}}},
		"an empty grid":   {Heat: &HeatMap{}},
		"a bare grid":     {Heat: &HeatMap{Rows: []string{"a"}, Columns: []string{"b"}}},
		"a grid of zeros": {Heat: &HeatMap{Rows: []string{"a"}, Columns: []string{"b"}, Cells: [][]HeatCell{{{0, "0", "n = 9"}}}}},
	} {
		for _, format := range pictureFormats {
			if format == "png" && testing.Short() {
				continue
			}
			if out := drawn(t, p, format); format == "svg" && regexp.MustCompile(`NaN|Inf`).Match(out) {
				t.Errorf("%s: svg holds what is no number", name)
			}
		}
	}
}

// TestNamesDoNotCollide measures the names on the axis, for few and many of them.
func TestNamesDoNotCollide(t *testing.T) {
	name := regexp.MustCompile(`<text textLength="([\d.]+)"[^>]* x="([-\d.]+)" [^>]*>(20\d\d-\d\d)<`)
	for n := 1; n <= 61; n += 3 {
		end, found := -100.0, 0
		for _, m := range name.FindAllStringSubmatch(string(drawn(t, months(n), "svg")), -1) {
			width, _ := strconv.ParseFloat(m[1], 64)
			x, _ := strconv.ParseFloat(m[2], 64)
			if x < end+4 || x < 0 || x+width > 960 {
				t.Errorf("%d months: %s at %v runs into what is before it, or out of the picture", n, m[3], x)
			}
			end, found = x+width, found+1
		}
		if found == 0 || n <= 12 && found != n {
			t.Errorf("%d months: %d names", n, found)
		}
	}
}

// TestHeatText computes the contrast of every text on the grid.
func TestHeatText(t *testing.T) {
	last := 2.0
	for i := range 1001 {
		fill, text := heatColor(float64(i) / 1000)
		a, b := lightness(fill), lightness(text)
		if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < 4.5 {
			t.Errorf("contrast %.2f at %d", got, i)
		}
		if a > last {
			t.Errorf("at %d of 1000 the ramp grows lighter", i)
		}
		last = a
	}
}

// TestGapIsAGap checks that no line is drawn over a month without a point, and that a band is not either.
func TestGapIsAGap(t *testing.T) {
	p := months(18)
	whole := p
	whole.Curves = []Curve{p.Curves[1]}
	broken := whole
	broken.Curves = []Curve{whole.Curves[0]}
	c := &broken.Curves[0]
	c.Points, c.Band = append(c.Points[:4:4], c.Points[5:]...), append(c.Band[:4:4], c.Band[5:]...)
	count := func(p Picture, what string) int { return strings.Count(string(drawn(t, p, "svg")), what) }
	for _, what := range []string{"stroke-width:2.4", "fill-opacity:0.18"} {
		if a, b := count(whole, what), count(broken, what); b != a+1 {
			t.Errorf("%s: %d elements, %d where a month is missing", what, a, b)
		}
	}
}

// TestThin checks that what is left of a path are points of it, in order, with both ends, and that no point is farther from it than
// slack.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var path []vg.Point
		for range rapid.IntRange(0, 60).Draw(t, "points") {
			path = append(path, vg.Point{X: vg.Length(rapid.Float64Range(0, 3).Draw(t, "x")), Y: vg.Length(rapid.Float64Range(0, 1).Draw(t, "y"))})
		}
		got := thin(path)
		if len(path) > 0 && (got[0] != path[0] || got[len(got)-1] != path[len(path)-1]) {
			t.Fatalf("%v has other ends than %v", got, path)
		}
		at := 0 // of what is left: the line that a point is to lie near
		for i, p := range path {
			if at+1 < len(got) && p == got[at+1] {
				at++
			}
			if i == 0 || at+1 >= len(got) {
				continue
			}
			if d := min(apart(p, got[at], got[at+1]), apart(p, got[max(at-1, 0)], got[at])); d > slack {
				t.Fatalf("point %d is %v from the line", i, d)
			}
		}
		if len(path) > 0 && at != len(got)-1 {
			t.Fatalf("%v is not a part of %v", got, path)
		}
	})
	straight := make([]vg.Point, 1000)
	for i := range straight {
		straight[i] = vg.Point{X: vg.Length(i), Y: vg.Length(i) / 7}
	}
	if got := thin(straight); len(got) != 2 {
		t.Errorf("a straight line of 1000 points has %d", len(got))
	}
}
