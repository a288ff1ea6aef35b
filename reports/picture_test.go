package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// slide is a picture with everything that one can have.
func slide() Picture {
	var c Curve
	for i := range 40 {
		x := 0.3 + 0.65*float64(i)/39
		y := 0.0008 + 0.02*math.Pow(x, 9)
		c.Points = append(c.Points, Point{x, y})
		c.Band = append(c.Band, calibrate.Interval{Low: calibrate.Number(y / 2), High: calibrate.Number(2 * y)})
	}
	c.Name = "session.high"
	front := Curve{Name: "frontier", Step: true, Points: []Point{{0.35, 0.0002}, {0.6, 0.0006}, {0.8, 0.002}, {0.95, 0.011}}}
	return Picture{
		Title: "table-waterfall: moving session.high", Subtitle: "200,000 records, 2026-01-01 to 2026-06-30 (UTC)",
		X: Axis{Label: "Approval rate", Percent: true}, Y: Axis{Label: "Fraud rate among approved", Percent: true},
		Curves: []Curve{c, front}, Band: "95 % band, all points at once",
		Limits: []Limit{{Name: "limit 0.5 %", At: 0.005}, {Name: "no less", At: 0.5, Vertical: true}},
		Marks: []Mark{
			{"table-waterfall", "82.00 % approved, 0.42 % fraud", Point{0.82, 0.0042}, ChampionMark},
			{"recommended", "84.40 % approved, 0.50 % fraud", Point{0.844, 0.005}, RecommendedMark},
			{"runner-up", "", Point{0.832, 0.0046}, RunnerUpMark},
			{"guide-combined", "83.00 % approved, 0.70 % fraud", Point{0.83, 0.007}, PolicyMark},
		},
		Notes: []string{"Rates of 2026-01-01 to 2026-06-30 (UTC)."},
	}
}

func drawn(t testing.TB, p Picture, format string) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WritePicture(&buf, p, format); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestPictureGolden holds the drawing to a file that was looked at.
func TestPictureGolden(t *testing.T) {
	golden(t, "picture.svg", drawn(t, slide(), "svg"))
}

func TestPictureSameBytes(t *testing.T) {
	for _, format := range pictureFormats {
		first := drawn(t, slide(), format)
		if !bytes.Equal(first, drawn(t, slide(), format)) {
			t.Errorf("%s: two drawings of one picture differ", format)
		}
		if dated := regexp.MustCompile(`Date|20[0-9]{12}`).Find(first); format == "pdf" && dated != nil {
			t.Errorf("pdf: carries a date: %q", dated)
		}
		if dir := os.Getenv("PICTURES"); dir != "" { // to look at them
			if err := os.WriteFile(filepath.Join(dir, "slide."+format), first, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPictureIsASlide checks the size and that no dimension was lost between the units of the formats.
func TestPictureIsASlide(t *testing.T) {
	img, err := png.Decode(bytes.NewReader(drawn(t, slide(), "png")))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 1920 || b.Dy() != 1080 {
		t.Errorf("png is %v, want 1920 x 1080", b)
	}
	if svg := string(drawn(t, slide(), "svg")); !strings.Contains(svg, `width="960pt" height="540pt"`) {
		t.Error("svg is not 960 x 540 points")
	}
	if pdf := string(drawn(t, slide(), "pdf")); !strings.Contains(pdf, "/MediaBox [0 0 960.00 540.00]") {
		t.Error("pdf is not 960 x 540 points")
	}
}

// texts returns the texts of an SVG, which must parse.
func texts(t testing.TB, svg []byte) (out []string) {
	t.Helper()
	inText := false
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("svg does not parse: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "script" {
				t.Fatal("svg holds a script")
			}
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				out = append(out, string(token))
			}
		}
	}
}

const hostile = "a\x00b\x1b[31m\u202e<script>alert(1)</script>&\"'<text style=\"font-family:Liberation Sans;\">\xff日本"

func TestPictureHostileNames(t *testing.T) {
	p := slide()
	p.Title, p.Subtitle, p.Band, p.X.Label, p.Y.Label = hostile, hostile, hostile, hostile, hostile
	p.Curves[0].Name, p.Marks[0].Name, p.Marks[0].Detail, p.Limits[0].Name, p.Notes[0] = hostile, hostile, hostile, hostile, hostile
	p.Marks[1].Name = strings.Repeat("long ", 5000)
	p.Notes = append(p.Notes, strings.Repeat("x", 50000))
	for _, format := range pictureFormats {
		out := drawn(t, p, format)
		if format != "svg" {
			continue
		}
		for _, s := range texts(t, out) {
			if strings.ContainsFunc(s, unprintable) {
				t.Errorf("text %q is not clean", s)
			}
		}
	}
	for _, s := range texts(t, drawn(t, slide(), "svg")) {
		if strings.Contains(s, "…") {
			t.Errorf("text %q is cut though it fits", s)
		}
	}
}

// TestPictureOdd draws what has no size, no points or no numbers.
func TestPictureOdd(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one := []Point{{0.5, 0.01}}
	for name, p := range map[string]Picture{
		"zero":             {},
		"no points":        {Curves: []Curve{{Name: "c"}}, Empty: "No record is labeled."},
		"not numbers":      {Curves: []Curve{{Points: []Point{{nan, 1}, {1, nan}, {inf, 1}, {1, -inf}}}}, Marks: []Mark{{Point: Point{nan, nan}}}, Limits: []Limit{{At: nan}}},
		"one point":        {Curves: []Curve{{Points: one, Band: []calibrate.Interval{{Low: 0, High: 1}}}}},
		"one mark":         {Marks: []Mark{{Name: "m", Point: Point{0, 0}}}},
		"the same":         {Curves: []Curve{{Points: []Point{one[0], one[0], one[0]}, Step: true}}, Marks: []Mark{{Name: "m", Point: one[0]}, {Name: "m", Point: one[0]}}},
		"huge":             {Curves: []Curve{{Points: []Point{{1e300, -1e307}, {-1e300, 1e307}, {1e-320, 1e-320}}}}},
		"tiny":             {Curves: []Curve{{Points: []Point{{1e-320, 1e-310}, {0, 0}}}}},
		"negative":         {Curves: []Curve{{Points: []Point{{-2, -3}, {-1, -4}}}}},
		"undefined bounds": {Curves: []Curve{{Points: []Point{{0, 0}, {1, 1}}, Band: []calibrate.Interval{{Low: calibrate.Undefined(), High: calibrate.Undefined()}, {Low: 0, High: 1}}}}},
		"short band":       {Curves: []Curve{{Points: []Point{{0, 0}, {1, 1}}, Band: []calibrate.Interval{{Low: 0, High: 1}}}}},
		"beyond the axis":  {X: Axis{To: 0.5}, Y: Axis{To: 0.1}, Curves: []Curve{{Points: []Point{{0, 0}, {1, 1}}}}},
	} {
		for _, format := range pictureFormats {
			if format == "png" && testing.Short() {
				continue // two million dots each
			}
			out := drawn(t, p, format)
			if format == "svg" && regexp.MustCompile(`NaN|Inf`).Match(out) {
				t.Errorf("%s: svg holds what is no number", name)
			}
		}
		if p.Empty != "" && !strings.Contains(strings.Join(texts(t, drawn(t, p, "svg")), " "), p.Empty) {
			t.Errorf("%s: does not say %q", name, p.Empty)
		}
	}
}

func TestPictureFormats(t *testing.T) {
	for path, want := range map[string]string{"a.svg": "svg", "b/c.PNG": "png", "x.y.pdf": "pdf", "a.VL.json": "vl.json", "a.json": "", "a.jpg": "", "svg": "", ".svg/a": ""} {
		got, err := PictureFormat(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("PictureFormat(%q) = %q, %v, want %q", path, got, err, want)
		}
	}
	if err := WritePicture(io.Discard, slide(), "gif"); err == nil {
		t.Error("a format that does not exist is written")
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		values []float64
		ticks  int
		idle   float64
		want   string
	}{
		{[]float64{0.0008, 0.0132}, 6, 1, "0 % 0.25 % 0.50 % 0.75 % 1.00 % 1.25 % 1.50 %"},
		{[]float64{0.3, 0.95}, 10, 0.15, "30 % 40 % 50 % 60 % 70 % 80 % 90 % 100 %"},
		{[]float64{0.00001, 0.00005}, 6, 1, "0 % 0.001 % 0.002 % 0.003 % 0.004 % 0.005 %"},
		{[]float64{0, 1}, 6, 1, "0 % 20 % 40 % 60 % 80 % 100 %"},
		{[]float64{0.5}, 6, 0.15, "44 % 46 % 48 % 50 % 52 % 54 % 56 %"},
		{[]float64{0}, 6, 1, "0 % 0.2 % 0.4 % 0.6 % 0.8 % 1.0 %"},
	} {
		s := newScale(c.values, true, c.ticks, c.idle)
		var got []string
		for _, v := range s.ticks() {
			got = append(got, s.text(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("ticks of %v: %q, want %q", c.values, got, c.want)
		}
	}
}

// TestScaleHolds checks that every value lies on its axis, whatever the values, and that ticks are few and differ in print.
func TestScaleHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(-1e6, 1e6), rapid.Float64Range(-1e-6, 1e-6)), 1, 5).Draw(t, "values")
		s := newScale(values, rapid.Bool().Draw(t, "percent"), rapid.IntRange(3, 10).Draw(t, "ticks"), 0.5)
		for _, v := range values {
			if at := s.place(v); at < -1e-6 || at > 1+1e-6 {
				t.Fatalf("%v lies at %v of %v..%v", v, at, s.low(), s.high())
			}
		}
		ticks := s.ticks()
		if len(ticks) < 2 || len(ticks) > 14 {
			t.Fatalf("%d ticks", len(ticks))
		}
		for i := 1; i < len(ticks); i++ {
			if s.text(ticks[i]) == s.text(ticks[i-1]) {
				t.Fatalf("two ticks read %q", s.text(ticks[i]))
			}
		}
	})
}

// TestPlacer checks that labels stay in the frame, and never lie on each other while there is room.
func TestPlacer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frame := vg.Rectangle{Max: vg.Point{X: 800, Y: 400}}
		p := placer{frame: frame}
		var boxes []vg.Rectangle
		for range rapid.IntRange(1, 8).Draw(t, "labels") {
			at := vg.Point{X: vg.Length(rapid.Float64Range(0, 800).Draw(t, "x")), Y: vg.Length(rapid.Float64Range(0, 400).Draw(t, "y"))}
			box := p.label(at, vg.Point{X: 120, Y: 30})
			if box.Min.X < -1e-9 || box.Min.Y < -1e-9 || box.Max.X > 800+1e-9 || box.Max.Y > 400+1e-9 {
				t.Fatalf("label %v is out of the frame", box)
			}
			for _, b := range boxes {
				if min(b.Max.X, box.Max.X)-max(b.Min.X, box.Min.X) > 1e-6 && min(b.Max.Y, box.Max.Y)-max(b.Min.Y, box.Min.Y) > 1e-6 {
					t.Fatalf("labels %v and %v overlap", b, box)
				}
			}
			boxes = append(boxes, box)
		}
	})
}

func TestWithin(t *testing.T) {
	r := vg.Rectangle{Min: vg.Point{X: 0, Y: 0}, Max: vg.Point{X: 10, Y: 10}}
	for _, c := range []struct {
		line [2]vg.Point
		want float64
	}{
		{[2]vg.Point{{X: -5, Y: 5}, {X: 15, Y: 5}}, 10},
		{[2]vg.Point{{X: 2, Y: 2}, {X: 5, Y: 6}}, 5},
		{[2]vg.Point{{X: -5, Y: 11}, {X: 15, Y: 11}}, 0},
		{[2]vg.Point{{X: 20, Y: 0}, {X: 30, Y: 10}}, 0},
		{[2]vg.Point{{X: 5, Y: 5}, {X: 5, Y: 5}}, 0},
		{[2]vg.Point{{X: 5, Y: -4}, {X: 5, Y: 4}}, 4},
	} {
		if got := float64(within(r, c.line)); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("within %v = %v, want %v", c.line, got, c.want)
		}
	}
}
