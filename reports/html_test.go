package reports

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// parsed returns a page as a browser reads it.
func parsed(t testing.TB, page []byte) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// elements returns the elements of a page with a name, all for "".
func elements(root *html.Node, name string) (out []*html.Node) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			out = append(out, n)
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// said returns the text of an element.
func said(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// skeleton is what a page is apart from its words: elements, and attributes without the values that follow from texts.
func skeleton(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		fmt.Fprintf(&b, "%s", n.Data)
		for _, a := range n.Attr {
			if a.Key == "tabindex" && n.Data == "pre" {
				continue // a line is long, or is not
			}
			if a.Key == "class" {
				names := slices.DeleteFunc(strings.Fields(a.Val), func(name string) bool { return name == "s" }) // a text is short, or is not
				if a.Val = strings.Join(names, " "); a.Val == "" {
					continue
				}
			}
			fmt.Fprintf(&b, " %s", a.Key)
			if !slices.Contains([]string{"id", "href", "aria-label", "d", "x", "y", "textLength", "textlength"}, a.Key) {
				fmt.Fprintf(&b, "=%s", a.Val)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// everyText is a document that has one text in all places that texts can have.
func everyText(s string) Document {
	cell := textCell(s)
	return Document{Title: s, Blocks: []Block{
		Box{s, Good, []Block{Paragraph(s), KeyValues{s, []Pair{{s, cell}}}, Code{s, s, []string{s, "+" + s, "-" + s}}}},
		Heading(s), Subheading(s), Paragraph(s),
		&Table{Name: s, Caption: s + ".", Columns: []Column{{Name: "a" + s}, {Name: "n", Head: s + ".", Align: Right}, {Name: s + "c"}, {}, {}, {}, {}},
			Rows: [][]Cell{{{Text: "x" + s}, cell, cell}}, Total: []Cell{{Text: "x" + s}, cell}, Footnotes: []string{s}, Heat: [][]calibrate.Number{{0.5, 0.5}}},
		Heading(s), Bars{s + ".", "b" + s, "c" + s, "d" + s, []Bar{{"e" + s, 3, cell}, {"f" + s, 0, cell}}},
		Heading(s), Notes{s + ".", []string{s, s}},
		Heading(s), Details{s, []Block{Paragraph(s), Heading(s), Subheading(s)}},
		Figure{s, s, s, Picture{}}, // pictures have such a test of their own
	}}
}

// hostileTexts try to end what they stand in.
var hostileTexts = []string{
	`<script>alert(1)</script>`, `</script><img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `' onmouseover='alert(1)`, `</style><b>`,
	`-->`, `<!--`, `]]>`, `<![CDATA[`, `</title></table></svg></details></main>`, `&lt;script&gt;`, `&#60;b&#62;`, `javascript:alert(1)`, "a\x00b\x1b[31m",
	"\u202egnp.exe", "\u2066x", "\xff\xfe", "\ufeff", "=1+1", "\n<p>", `style="font-family:x"`, "{{.}}", "<text x=\"1\"", "`", "+", "-",
}

// TestPageHoldsText checks that no text changes what a page consists of, and that it is read as it stands.
func TestPageHoldsText(t *testing.T) {
	want := skeleton(parsed(t, render(t, everyText("x"), "html")))
	hold := func(t failer, s string) {
		page := render(t, everyText(s), "html")
		root, err := html.Parse(bytes.NewReader(page))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if got := skeleton(root); strings.TrimSpace(clean(s)) != "" && got != want {
			t.Fatalf("%q makes another page:\n%s", s, got)
		}
		if bytes.ContainsFunc(page, func(r rune) bool { return r != '\n' && unprintable(r) }) {
			t.Fatalf("%q leaves a control character in the page", s)
		}
		for _, h1 := range elements(root, "h1") {
			if said(h1) != clean(s) {
				t.Fatalf("%q reads %q", s, said(h1))
			}
		}
	}
	for _, s := range hostileTexts {
		hold(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		hold(t, strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostileTexts), rapid.String()), 1, 4).Draw(t, "parts"), ""))
	})
}

// TestPageIsSelfContained checks that a page asks for nothing, and that it forbids itself to.
func TestPageIsSelfContained(t *testing.T) {
	root := parsed(t, render(t, gallery(), "html"))
	for _, n := range elements(root, "") {
		if slices.Contains([]string{"script", "iframe", "object", "embed", "img", "form", "base", "video", "audio", "use", "image", "foreignobject"}, strings.ToLower(n.Data)) {
			t.Errorf("the page has a %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("%s runs %q", n.Data, a.Val)
			case slices.Contains([]string{"src", "href", "srcset", "action"}, a.Key) && !strings.HasPrefix(a.Val, "#") && a.Val != "data:,":
				t.Errorf("%s asks for %q", n.Data, a.Val)
			}
		}
	}
	if strings.Contains(pageStyle, "url(") || strings.Contains(pageStyle, "@import") {
		t.Error("the style asks for something")
	}
	policy := attribute(elements(root, "meta")[1], "content")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "script-src") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
}

// TestPageIsSound checks what readers who do not see a page go by: ids of their own, headings without gaps, heads of tables, words for
// pictures, links that lead somewhere.
func TestPageIsSound(t *testing.T) {
	for name, d := range map[string]Document{"gallery": gallery(), "specimen": specimen(), "texts": everyText("Again"), "empty": {Title: "Nothing"}} {
		root := parsed(t, render(t, d, "html"))
		ids := map[string]bool{}
		level := 0
		for _, n := range elements(root, "") {
			if id := attribute(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s: two elements are called %q", name, id)
				}
				ids[id] = true
			}
			if regexp.MustCompile(`^h[1-6]$`).MatchString(n.Data) {
				if here := int(n.Data[1] - '0'); here > level+1 {
					t.Errorf("%s: a heading of level %d under one of %d", name, here, level)
				} else {
					level = here
				}
			}
			if n.Data == "th" && !slices.Contains([]string{"row", "col"}, attribute(n, "scope")) {
				t.Errorf("%s: %q heads neither row nor column", name, said(n))
			}
			if n.Data == "svg" && (attribute(n, "role") != "img" || attribute(n, "aria-label") == "") {
				t.Errorf("%s: a picture without words", name)
			}
		}
		for _, a := range elements(root, "a") {
			if to := attribute(a, "href"); !ids[strings.TrimPrefix(to, "#")] {
				t.Errorf("%s: the link %q leads nowhere", name, to)
			}
		}
	}
}

func TestContents(t *testing.T) {
	sections := func(n int) (d Document) {
		for i := range n {
			d.Blocks = append(d.Blocks, Heading(fmt.Sprint("Section ", i)), Paragraph("words"))
		}
		return d
	}
	for n, want := range map[int]int{0: 0, 3: 0, 4: 1, 12: 1} {
		root := parsed(t, render(t, sections(n), "html"))
		if got := len(elements(root, "nav")); got != want {
			t.Errorf("%d sections: %d tables of contents, want %d", n, got, want)
		}
		if got := len(elements(root, "section")); got != n {
			t.Errorf("%d sections are %d", n, got)
		}
		if links := len(elements(root, "li")); links != want*n {
			t.Errorf("%d sections: %d links", n, links)
		}
	}
}

// TestHeatIsReadable computes the contrast of text on every shade as WCAG 2.2 does; AA wants 4.5.
func TestHeatIsReadable(t *testing.T) {
	for name, c := range map[string]struct {
		page, ink, heat [3]float64
		most            float64
		style           string
	}{
		"light": {[3]float64{0xFF, 0xFF, 0xFF}, [3]float64{0x1C, 0x21, 0x26}, [3]float64{230, 159, 0}, 0.9, "--page:#fff;--ink:#1c2126;"},
		"dark":  {[3]float64{0x14, 0x18, 0x1D}, [3]float64{0xE4, 0xE9, 0xEE}, [3]float64{213, 94, 0}, 0.75, "--page:#14181d;--ink:#e4e9ee;"},
	} {
		heat := fmt.Sprintf("--heat:%g %g %g;--most:%s", c.heat[0], c.heat[1], c.heat[2], strings.TrimPrefix(fmt.Sprint(c.most), "0"))
		if flat := strings.ReplaceAll(pageStyle, "\n", ""); !strings.Contains(flat, c.style) || !strings.Contains(flat, heat) {
			t.Errorf("%s: the style has other colours than this test", name)
		}
		for a := 0.0; a <= 1; a += 0.01 {
			var mixed [3]float64
			for i := range mixed {
				mixed[i] = c.page[i] + (c.heat[i]-c.page[i])*a*c.most
			}
			if got := readability(c.ink, mixed); got < 4.5 {
				t.Errorf("%s: contrast %.2f at %.2f", name, got, a)
			}
		}
	}
}

func readability(a, b [3]float64) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(c [3]float64) float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// TestShade checks what a table's Heat may hold: less than the table, values beyond their range, none at all.
func TestShade(t *testing.T) {
	table := &Table{Heat: [][]calibrate.Number{{0, 0.304, 1, 7, calibrate.Number(math.Inf(1)), -1, calibrate.Undefined()}}}
	want := []string{"", ` style="--a:0.31"`, ` style="--a:1"`, ` style="--a:1"`, ` style="--a:1"`, "", "", ""}
	for c, w := range want {
		if got := table.shade(0, c); got != w {
			t.Errorf("column %d: %q, want %q", c, got, w)
		}
	}
	if got := table.shade(1, 0); got != "" {
		t.Errorf("a row without shades has %q", got)
	}
}

// specimen is a page of the size of a report: what a report has, once.
func specimen() Document {
	d := Document{Title: "A specimen of table-waterfall, 2025-01 to 2026-06"}
	d.Blocks = append(d.Blocks, Box{"Change to the recommended policy", Good, []Block{
		Paragraph("With 95 % confidence fraud among approved is at most 0.50 % for applicants like those of 2026-04 to 2026-06."),
		KeyValues{"", []Pair{{"approval rate", textCell("52.41 % now, 61.02 % proposed (95 % interval 60.10 – 61.94 %)")}, {"fraud rate", textCell("0.41 % now, 0.44 % proposed")}}},
		Code{"What changes", "diff", []string{" gate:", "-  review: next", "+  review: approve", "   high: approve"}}}})
	heat := &Table{Name: "heat", Caption: "Fraud rate by cluster", Columns: []Column{{Name: "session"}}}
	grid := heatSlide().Heat
	for r, name := range grid.Rows {
		row, shades := []Cell{textCell(name)}, []calibrate.Number{0}
		heat.Columns = append(heat.Columns, Column{Name: grid.Columns[r], Align: Right})
		for _, c := range grid.Cells[r] {
			row, shades = append(row, textCell(c.Text)), append(shades, calibrate.Number(2*c.Value))
		}
		heat.Rows, heat.Heat = append(heat.Rows, row), append(heat.Heat, shades)
	}
	wide := &Table{Caption: "By month", Columns: []Column{{Name: "month"}}, Total: []Cell{textCell("all")}}
	for c := range 14 {
		wide.Columns, wide.Total = append(wide.Columns, Column{Name: fmt.Sprint("measure ", c), Align: Right}), append(wide.Total, countCell(int64(1000*c)))
	}
	for _, month := range monthNames(18) {
		row := []Cell{textCell(month)}
		for c := range 14 {
			row = append(row, countCell(int64(100*c)))
		}
		wide.Rows = append(wide.Rows, row)
	}
	figure := func(name string, p Picture) Figure {
		return Figure{Name: name, Alt: p.Title + ": what it shows in a sentence.", Picture: p}
	}
	return Document{Title: d.Title, Blocks: append(d.Blocks,
		Heading("Scope and data"), KeyValues{"", []Pair{{"records", textCell("1,000,000")}, {"period", textCell("2025-01-01 to 2026-06-30 (UTC)")}}}, wide,
		Heading("Stability"), figure("months", months(18)), figure("actions", actionShares()),
		Box{"An alarm has sounded", Bad, []Block{Paragraph("The share of session review has moved.")}},
		Heading("Scores"), figure("distribution", distribution()), heat, figure("heat", heatSlide()), Bars{"Scores", "score", "records", "fraud rate", gallery().Blocks[4].(Bars).Rows},
		Heading("Curves"), figure("curve", slide()), Subheading("What the band means"), Paragraph("Words."), Notes{"Warnings", []string{"One.", "Two."}},
		Heading("Evidence"), Details{"Hashes", []Block{KeyValues{"", []Pair{{"policy", textCell(strings.Repeat("0123456789abcdef", 4))}}}, Code{"", "console", []string{"$ trustreplay report"}}}})}
}

// TestSpecimen holds a page with five pictures to what a report may weigh, and to the same bytes.
func TestSpecimen(t *testing.T) {
	page := render(t, specimen(), "html")
	if len(page) > 200_000 {
		t.Errorf("%d bytes: a report of fifteen pictures would be too heavy", len(page))
	}
	if !bytes.Equal(page, render(t, specimen(), "html")) {
		t.Error("two pages of one document differ")
	}
	if dir := os.Getenv("PICTURES"); dir != "" { // to look at it
		if err := os.WriteFile(filepath.Join(dir, "specimen.html"), page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
