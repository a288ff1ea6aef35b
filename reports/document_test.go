package reports

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/trustreplay/trustreplay/calibrate"
	"pgregory.net/rapid"
)

// gallery has one of each block, with text that no writer may pass on as it is.
func gallery() Document {
	hostile := "a|b *c* <b>\x1b[31m\u202egnp\r\nnew"
	grid := &Table{
		Caption: "Session by onboarding", Footnotes: []string{"rows: session"},
		Columns: []Column{{Name: "session"}, {Name: "very_low", Align: Right}, {Name: "low", Align: Right}, {Name: "review", Align: Right}},
		Rows: [][]Cell{
			{textCell("very_low"), countCell(1), countCell(0), countCell(12_345)},
			{textCell(hostile), countCell(1_000_000), {nil, ""}, shareCell(1, 3)},
		},
	}
	return Document{
		Title: "A gallery of " + hostile,
		Tidy:  grid,
		Data:  object{{"z", 1}, {"a", []any{calibrate.Undefined(), Amount(5), "del\u007f \u202e <&>"}}},
		Blocks: []Block{
			Paragraph(strings.Repeat("Words that wrap. ", 12) + hostile),
			KeyValues{"Facts", []Pair{{"records", countCell(1234)}, {"mode", textCell(strings.Repeat("waterfall ", 15))}}},
			Heading("- Shapes"),
			grid,
			Bars{"Scores", "score", "records", "fraud share", []Bar{
				{"0-99", 800, Cell{Text: "12.00 %"}}, {"100-199", 333, Cell{Text: "3.00 %"}}, {"200-299", 1, Cell{Text: none}}, {"300-399", 0, Cell{Text: undefined}}}},
			Bars{"", "month", "records", "", []Bar{{"2026-01", 0, Cell{}}}},
			Notes{"Warnings", []string{"first", strings.Repeat("second and long ", 10)}},
			Subheading("# Under " + hostile),
			Box{"Keep the champion", Bad, []Block{Paragraph("Because of " + hostile), KeyValues{"", []Pair{{"records", countCell(7)}}}}},
			Code{"A diff", "diff", []string{"-gate: {low: block}", "+  ```" + hostile, " # kept"}},
			Figure{"curve", "A curve of " + hostile, "", Picture{}},
			Figure{Name: "beside", Alt: "Kept [beside]", File: "figures/a (1).svg"},
			Details{"More", []Block{Paragraph("folded")}},
		},
	}
}

func TestGallery(t *testing.T) {
	for _, format := range Formats() {
		golden(t, "gallery."+extensions[format], render(t, gallery(), format))
	}
	var colour, plain, narrow bytes.Buffer
	for out, opt := range map[*bytes.Buffer]TextOptions{&colour: {Color: true}, &plain: {}, &narrow: {Width: 50}} {
		if err := Text(out, gallery(), opt); err != nil {
			t.Fatal(err)
		}
	}
	if got := text.StripEscape(colour.String()); got != plain.String() || colour.String() == got {
		t.Errorf("colour changes more than colour:\n%s", colour.String())
	}
	golden(t, "gallery-narrow.txt", narrow.Bytes())
}

func TestWriteNamesFormats(t *testing.T) {
	err := Write(&bytes.Buffer{}, Document{}, "xml", TextOptions{})
	if err == nil || err.Error() != `format "xml": want text, json, csv, markdown, html` {
		t.Errorf("got %v", err)
	}
	if err := Write(&bytes.Buffer{}, Document{}, "csv", TextOptions{}); err == nil {
		t.Error("a document without a table was written as CSV")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWriteReportsErrors(t *testing.T) {
	for _, format := range Formats() {
		if err := Write(brokenPipe{}, gallery(), format, TextOptions{}); err == nil {
			t.Errorf("%s: a failed write passed unnoticed", format)
		}
	}
	if err := JSON(&bytes.Buffer{}, Document{Data: func() {}}); err == nil {
		t.Error("a value that JSON cannot hold passed unnoticed")
	}
}

func TestExtraColumnsGoFirst(t *testing.T) {
	wide := strings.Repeat("x", 30)
	d := Document{Blocks: []Block{&Table{
		Columns: []Column{{Name: "kept"}, {Name: "dropped second", Extra: true}, {Name: "also kept"}, {Name: "dropped first", Extra: true}},
		Rows:    [][]Cell{{textCell(wide), textCell(wide), textCell(wide), textCell(wide)}},
	}}}
	for width, want := range map[int]string{
		128: "", 127: "(left out for width: dropped first)", 96: "(left out for width: dropped first)", 95: "(left out for width: dropped second, dropped first)", 40: "(left out for width: dropped second, dropped first)",
	} {
		var b bytes.Buffer
		if err := Text(&b, d, TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "left out for width"); got != (want != "") || !strings.Contains(b.String(), want) {
			t.Errorf("width %d: want %q in\n%s", width, want, b.String())
		}
	}
}

func TestDisarm(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM": "'@SUM", "\t=1": "' =1", "\r@x": "' @x", "  =1": "'  =1", "＝1": "'＝1",
		"a=1": "a=1", "": "", " ": " ", "1-2": "1-2", "'=1": "'=1", "\x00=1": "'=1", "\u202e=1": "'=1", "\uFEFF=1": "'\uFEFF=1",
	} {
		if got := disarm(in); got != want {
			t.Errorf("disarm(%q) = %q, want %q", in, got, want)
		}
	}
	// Numbers are not text: a plain negative number stays one.
	if got := plain(int64(-1)); got != "-1" {
		t.Errorf("plain(-1) = %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 999_999: "999,999", 1_000_000: "1,000,000", -1000: "-1,000", -100: "-100", -123456: "-123,456"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[Amount][2]string{0: {"0.00", "0.00"}, 9: {"0.09", "0.09"}, 123_456: {"1,234.56", "1234.56"},
		9223372036854775807: {"92,233,720,368,547,758.07", "92233720368547758.07"}} {
		if n.String() != want[0] || n.Decimal() != want[1] {
			t.Errorf("%d is %s and %s, want %s", int64(n), n, n.Decimal(), want)
		}
	}
	for v, want := range map[calibrate.Number]string{1: "100.00 %", 0.99995: ">99.99 %", 0.99994: "99.99 %", 0.00005: "0.01 %", 0.000049: "<0.01 %", 0.5: "50.00 %"} {
		if got := percent(v); got != want {
			t.Errorf("percent(%v) = %s, want %s", float64(v), got, want)
		}
	}
	// 0 of 598 is at most 0.4997 %, 0 of 597 at most 0.5005 %: rounding the second down would claim too much.
	for v, want := range map[calibrate.Number]string{0.004997058694246506: "0.50 %", 0.00500540799346669: "0.51 %", 0.005: "0.50 %", 1e-12: "0.01 %", 1: "100.00 %"} {
		if got := roundUp(v); v > 1e-9 && got != want {
			t.Errorf("roundUp(%v) = %s, want %s", float64(v), got, want)
		}
	}
	for c, want := range map[float64]string{0.95: "95 %", 0.999: "99.9 %", 0.9: "90 %", 0.57: "57 %"} {
		if got := confidenceText(c); got != want {
			t.Errorf("confidence %v is %s, want %s", c, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé–]{1,12}`), 0, 40).Draw(t, "words")
		width := rapid.IntRange(12, 60).Draw(t, "width")
		lines := wrap(strings.Join(words, "  "), width)
		if got, want := strings.Join(lines, " "), strings.Join(words, " "); got != want {
			t.Errorf("%q lost words of %q", got, want)
		}
		for i, l := range lines {
			if utf8.RuneCountInString(l) > width {
				t.Errorf("%q is wider than %d", l, width)
			}
			// Greedy: the first word of the next line would not have fitted.
			if i+1 < len(lines) {
				next, _, _ := strings.Cut(lines[i+1], " ")
				if utf8.RuneCountInString(l+" "+next) <= width {
					t.Errorf("%q has room for %q", l, next)
				}
			}
		}
	})
}

// FuzzClean gives any text to every writer: nothing that moves a cursor, runs in a spreadsheet or opens a tag comes out.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "=1", "\x1b[2J", "a|b", "<script>", "\u2066x", "\xff\xfe", "- item", "a\nb", "[x](y)", "`c`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := Document{Title: s, Blocks: []Block{Paragraph(s), KeyValues{s, []Pair{{s, textCell(s)}}}, Notes{s, []string{s}}},
			Tidy: &Table{Columns: []Column{{Name: s}, {Name: "n"}}, Rows: [][]Cell{{textCell(s), countCell(1)}}}, Data: s}
		d.Blocks = append(d.Blocks, d.Tidy)
		for _, format := range Formats() {
			out := render(t, d, format)
			if !utf8.Valid(out) {
				t.Errorf("%s is not UTF-8: %q", format, out)
			}
			if bytes.ContainsFunc(out, func(r rune) bool { return r != '\n' && unprintable(r) }) {
				t.Errorf("%s has a control character: %q", format, out)
			}
			if format == "markdown" && bytes.ContainsAny(out, "<>") {
				t.Errorf("markdown has a tag: %q", out)
			}
		}
		rows, err := csv.NewReader(bytes.NewReader(render(t, d, "csv"))).ReadAll()
		if err != nil || len(rows) != 2 || strings.ContainsAny(rows[1][0][:min(1, len(rows[1][0]))], "=+-@\t\r") {
			t.Errorf("csv %q, %v", rows, err)
		}
	})
}
