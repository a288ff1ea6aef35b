package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// savedTexts are what data may hold and no format may run.
var savedTexts = []string{"", "plain", `<script>alert(1)</script>`, "</script><!--", `"'><img src=x onerror=alert(1)>`, "=1+1", "-2+3|cmd", "@SUM(A1)", "\u202eevil\u202c", "a\u0000b\u001b[31m",
	"](javascript:alert(1))", "```\n# x", "line\nline", "|pipe|", "\uFEFF=x", "é世界", "null", `{"type":"table"}`}

// drawValue fills a value of any type that a document is made of.
func drawValue(t *rapid.T, into reflect.Value, depth int) {
	switch {
	case into.Type() == blockType:
		of := rapid.SampledFrom(blockTypes).Draw(t, "block").of
		if depth > 3 {
			of = reflect.TypeFor[Paragraph]()
		}
		v := reflect.New(of).Elem()
		drawValue(t, v, depth+1)
		into.Set(v)
		return
	case into.Type() == cellType:
		text := rapid.SampledFrom(savedTexts).Draw(t, "text")
		value := rapid.SampledFrom([]any{nil, text, "other", int64(math.MaxInt64), int64(-1), Amount(1<<60 + 1), replay.Money(-5), calibrate.Number(0.1), calibrate.Number(0), calibrate.Undefined()}).Draw(t, "value")
		into.Set(reflect.ValueOf(Cell{value, text}))
		return
	case enumNames[into.Type()] != nil:
		into.SetUint(uint64(rapid.IntRange(0, len(enumNames[into.Type()])-1).Draw(t, "enum")))
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(rapid.OneOf(rapid.SampledFrom(savedTexts), rapid.String()).Draw(t, "string"))
	case reflect.Bool:
		into.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int64, reflect.Int:
		into.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Float64:
		into.SetFloat(rapid.OneOf(rapid.Float64Range(-1e300, 1e300), rapid.SampledFrom([]float64{0, 1, math.NaN(), 5e-324, 1e300})).Draw(t, "float"))
	case reflect.Pointer:
		if into.Type() != reflect.TypeFor[*Table]() && rapid.Bool().Draw(t, "nil") {
			return
		}
		into.Set(reflect.New(into.Type().Elem()))
		drawValue(t, into.Elem(), depth+1)
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		into.Set(reflect.MakeSlice(into.Type(), n, n))
		for i := range n {
			drawValue(t, into.Index(i), depth+1)
		}
	case reflect.Struct:
		for i := range into.NumField() {
			drawValue(t, into.Field(i), depth+1)
		}
	default:
		t.Fatalf("a document holds a %v, which its file does not know", into.Type())
	}
}

// tame makes what was drawn a document that writers take: rows as wide as the table, each name once, and of a file.
func tame(blocks []Block, names *int) {
	for i, b := range blocks {
		*names++
		switch b := b.(type) {
		case *Table:
			tameTable(b)
			b.Name = fmt.Sprintf("t-%d", *names)
		case Figure:
			b.Name, b.File = fmt.Sprintf("f-%d", *names), ""
			blocks[i] = b
		case Code:
			b.Language = languages[*names%len(languages)]
			blocks[i] = b
		case Details:
			tame(b.Blocks, names)
		case Box:
			tame(b.Blocks, names)
		}
	}
}

func tameTable(t *Table) {
	wide := func(row []Cell) []Cell {
		for len(row) < len(t.Columns) {
			row = append(row, Cell{})
		}
		return row[:len(t.Columns)]
	}
	for i := range t.Rows {
		t.Rows[i] = wide(t.Rows[i])
	}
	if t.Total = wide(t.Total); len(t.Total) == 0 {
		t.Total = nil
	}
}

// reloaded writes a document and reads it again.
func reloaded(t interface{ Fatal(...any) }, d Document) Document {
	text, err := marshal(documentJSON(d), " ")
	if err != nil {
		t.Fatal(err)
	}
	got, err := loadDocument(treeOf(t, escapeMarks(text)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func treeOf(t interface{ Fatal(...any) }, text []byte) any {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// sameNumbers takes what is undefined as equal.
var sameNumbers = cmp.Comparer(func(a, b calibrate.Number) bool { return a == b || !a.Defined() && !b.Defined() })

// TestDocumentRoundTrip checks that a document of any blocks, with any texts and numbers, is the same after it was written and read.
func TestDocumentRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Document
		d.Title = rapid.SampledFrom(savedTexts).Draw(t, "title")
		drawValue(t, reflect.ValueOf(&d.Blocks).Elem(), 0)
		if rapid.Bool().Draw(t, "tidy") {
			d.Tidy = &Table{}
			drawValue(t, reflect.ValueOf(d.Tidy).Elem(), 0)
			tameTable(d.Tidy)
		}
		names := 0
		tame(d.Blocks, &names)
		if diff := cmp.Diff(d, reloaded(t, d), cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), sameNumbers); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestDocumentBytes checks that text which is no UTF-8 is written alike before and after.
func TestDocumentBytes(t *testing.T) {
	bad := "a\xff\xfe\xfdb"
	d := Document{Title: bad, Blocks: []Block{Heading(bad), Paragraph(bad), &Table{Columns: []Column{{Name: bad}}, Rows: [][]Cell{{textCell(bad)}, {{int64(1), bad}}}}, Code{Lines: []string{bad}}}}
	for _, format := range []string{"text", "markdown", "html"} {
		var before, after strings.Builder
		if err := Write(&before, d, format, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := Write(&after, reloaded(t, d), format, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if before.String() != after.String() {
			t.Errorf("%s:\n%s\nthen\n%s", format, before.String(), after.String())
		}
	}
}

// TestDocumentRefused checks that a file which was changed is refused with the place of the change.
func TestDocumentRefused(t *testing.T) {
	deep := strings.Repeat(`{"type":"details","blocks":[`, 60) + strings.Repeat("]}", 60)
	for _, c := range []struct{ document, want string }{
		{`[]`, `document: want an object, got a list`},
		{`{"title":"x","blocks":[],"more":1}`, `document: unknown field "more": want title, blocks, tidy`},
		{`{"blocks":[]}`, `document.title: want a text, got nothing`},
		{`{"title":"x"}`, `document.blocks: want a list, got nothing`},
		{`{"title":"x","blocks":["p"]}`, `document.blocks[0]: want an object, got a text`},
		{`{"title":"x","blocks":[{"type":"script","text":"x"}]}`, `document.blocks[0].type: "script": want heading, subheading,`},
		{`{"title":"x","blocks":[{"type":"paragraph","text":"x","html":"y"}]}`, `document.blocks[0]: unknown field "html"`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a","align":"up"}]}]}`, `document.blocks[0].columns[0].align: "up": want left, right`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"rows":[["1"],["1","2"]]}]}`, `document.blocks[0].rows[1]: 2 cells in a table of 1 columns`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"total":[]}]}`, `document.blocks[0].total: 0 cells in a table of 1 columns`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"rows":[[{"text":"1","count":1.5}]]}]}`, `document.blocks[0].rows[0][0].count: want a whole number`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"rows":[[{"text":"1","count":1,"number":1}]]}]}`, `document.blocks[0].rows[0][0]: a cell has one value`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"rows":[[{"text":"1","amount":-1}]]}]}`, `document.blocks[0].rows[0][0].amount: amount -1 is below 0`},
		{`{"title":"x","blocks":[{"type":"table","columns":[{"name":"a"}],"rows":[[{"text":"1","number":1e999}]]}]}`, `number 1e999 is beyond what can be shown`},
		{`{"title":"x","blocks":[{"type":"table","name":"../../etc/passwd"}]}`, `document.blocks[0].name: "../../etc/passwd": want at most 80 letters`},
		{`{"title":"x","blocks":[{"type":"figure","name":"a"},{"type":"box","blocks":[{"type":"figure","name":"a"}]}]}`, `document.blocks[1].blocks[0].name: "a" is the name of another figure`},
		{`{"title":"x","blocks":[{"type":"figure","file":"/etc/passwd"}]}`, `document.blocks[0].file: "/etc/passwd": want none`},
		{`{"title":"x","blocks":[{"type":"code","language":"html"}]}`, `document.blocks[0].language: "html": want yaml, diff, console or none`},
		{`{"title":"x","blocks":[{"type":"figure","picture":{"curves":[{"points":[{"x":1,"y":"2"}]}]}}]}`, `document.blocks[0].picture.curves[0].points[0].y: want a number or null, got a text`},
		{`{"title":"x","blocks":[` + deep + `]}`, `more than 40 blocks in each other`},
	} {
		_, err := loadDocument(treeOf(t, []byte(c.document)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v, want %q", c.document, err, c.want)
		}
	}
}

// TestParseReportRefused checks what is refused before the document is looked at.
func TestParseReportRefused(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", "r.json: not the JSON of a report: EOF"},
		{"{\n\"kind\": \"report\",,\n}", "r.json:2: not the JSON of a report: invalid character ','"},
		{`{"kind":"report","schema_version":1,"document":` + strings.Repeat("[", 20_000), "r.json:1: not the JSON of a report: invalid character"},
		{`{"schema_version":1,"policy":"x"}`, `r.json: not the JSON of a report: want the file that trustreplay report writes`},
		{`[1]`, `r.json: not the JSON of a report`},
		{`{"kind":"report","schema_version":2,"document":{}}`, `r.json: schema_version 2, want 1`},
		{`{"kind":"report","schema_version":"1","document":{}}`, `r.json: schema_version 1, want 1`},
		{`{"kind":"report","document":{}}`, `r.json: schema_version <nil>, want 1`},
		{`{"kind":"report","schema_version":1}`, `r.json: document: want an object, got nothing`},
		{`{"kind":"report","schema_version":1,"document":{"title":"x","blocks":[]}} {}`, `r.json: text behind its end`},
		{strings.Repeat(" ", MaxReport+1), "r.json is longer than 64 MiB"},
	} {
		_, err := ParseReport("r.json", []byte(c.src))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v, want %q", c.src, err, c.want)
		}
	}
}

// TestDocumentTampered checks that whatever is accepted of a file that was changed anywhere can be written in every form.
func TestDocumentTampered(t *testing.T) {
	interval := []calibrate.Interval{{Low: 0.1, High: 0.4}, {Low: 0.2, High: 0.5}}
	whole := filed()
	whole.Blocks = append(whole.Blocks, Bars{"b", "l", "c", "s", []Bar{{"x", 3, countCell(1)}}}, KeyValues{Pairs: []Pair{{"k", textCell("v")}}}, Code{Language: "diff", Lines: []string{"+a"}},
		&Table{Name: "heat", Columns: []Column{{Name: "a"}, {Name: "b"}}, Rows: [][]Cell{{textCell("x"), shareCell(1, 2)}}, Heat: [][]calibrate.Number{{calibrate.Undefined(), 0.5}}},
		Figure{Name: "heat", Picture: Picture{Heat: &HeatMap{Rows: []string{"a"}, Columns: []string{"b"}, Cells: [][]HeatCell{{{0.5, "t", "d"}}}}}},
		Figure{Name: "curves", Picture: Picture{X: Axis{Percent: true}, Y: Axis{Percent: true, To: 1}, Curves: []Curve{{Points: []Point{{0.1, 0.2}, {0.3, 0.4}}, Band: interval, Range: interval}},
			Marks: []Mark{{Name: "m", Point: Point{0.2, 0.3}, Kind: RecommendedMark}}, Limits: []Limit{{"l", 0.25, false}, {"v", 0.2, true}}}})
	text, err := marshal(documentJSON(whole), "")
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		tree := treeOf(t, text)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			tree = tampered(t, tree)
		}
		d, err := loadDocument(tree)
		if err != nil {
			return
		}
		accepted++
		for _, format := range []string{"text", "markdown", "html"} {
			if err := Write(io.Discard, d, format, TextOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Files(d); err != nil {
			t.Fatal(err)
		}
	})
	if accepted == 0 && !testing.Short() { // of the 20 of a short run, chance may have every one refused
		t.Error("every change was refused: nothing was tested")
	}
}

// tampered changes one value of a tree, somewhere.
func tampered(t *rapid.T, tree any) any {
	values := []any{nil, true, "", "x", "=1", json.Number("0"), json.Number("-1"), json.Number("1e300"), json.Number("-1e300"), json.Number("5e-324"), json.Number("9223372036854775807"), []any{}, map[string]any{}}
	switch at := tree.(type) {
	case []any:
		if len(at) == 0 || rapid.IntRange(0, 9).Draw(t, "stop") == 0 {
			break
		}
		i := rapid.IntRange(0, len(at)-1).Draw(t, "item")
		out := slices.Clone(at)
		if rapid.IntRange(0, 9).Draw(t, "leave out") == 0 {
			return slices.Delete(out, i, i+1)
		}
		out[i] = tampered(t, at[i])
		return out
	case map[string]any:
		if len(at) == 0 || rapid.IntRange(0, 9).Draw(t, "stop") == 0 {
			break
		}
		key := rapid.SampledFrom(sortedKeys(at)).Draw(t, "key")
		out := maps.Clone(at)
		if out[key] = tampered(t, at[key]); rapid.IntRange(0, 9).Draw(t, "leave out") == 0 {
			delete(out, key)
		}
		return out
	}
	return rapid.SampledFrom(values).Draw(t, "value")
}
