package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// filed is a document with tables and figures at every depth.
func filed() Document {
	table := &Table{Name: "by-month", Caption: "By month", Footnotes: []string{"final only"},
		Columns: []Column{{Name: "month"}, {Name: "records", Align: Right}, {Name: "fraud_rate", Head: "fraud rate"}, {Name: ""}, {Name: "month"}, {Name: "amount"}, {Name: "cost"}},
		Rows: [][]Cell{
			{textCell("2026-01"), countCell(1234), shareCell(1, 3), {Text: "=1+1"}, {Text: none}, amountCell(12345), {Value: replay.Money(1_500_000), Text: "1.50"}},
			{textCell("2026-02"), countCell(0), shareCell(0, 0), {}, {Text: undefined}, amountCell(0), {Value: calibrate.Number(math.Inf(1)), Text: "no end"}},
		},
		Total: []Cell{textCell("all"), countCell(1234), {}, {}, {}, {}, {}},
	}
	return Document{Title: "Filed", Blocks: []Block{
		Heading("A"), &Table{Columns: []Column{{Name: "unnamed"}}}, Box{"B", Good, []Block{table}}, Figure{Alt: "unnamed"},
		Details{"C", []Block{Details{"D", []Block{Figure{Name: "by-month", Alt: "as the table", Picture: months(3)}}}}},
		&Table{Name: "empty", Columns: []Column{{Name: "a"}}},
	}}
}

func TestFiles(t *testing.T) {
	files, err := Files(filed())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	want := []string{"by-month.csv", "by-month.json", "by-month.svg", "by-month.png", "by-month.vl.json", "empty.csv", "empty.json"}
	if !slices.Equal(names, want) {
		t.Fatalf("files %v, want %v", names, want)
	}
	golden(t, "folder-table.csv", files[0].Bytes)
	golden(t, "folder-table.json", files[1].Bytes)
	golden(t, "folder-empty.json", files[6].Bytes)
	for i, format := range []string{"svg", "png", "vl.json"} {
		if !bytes.Equal(files[2+i].Bytes, drawn(t, months(3), format)) {
			t.Errorf("the %s is another picture", format)
		}
	}
	again, err := Files(filed())
	if err != nil || len(again) != len(files) {
		t.Fatal(err)
	}
	for i := range files {
		if !bytes.Equal(files[i].Bytes, again[i].Bytes) {
			t.Errorf("%s differs from one writing to the next", files[i].Name)
		}
	}
}

func TestFilesRefuseNames(t *testing.T) {
	table := func(name string) *Table { return &Table{Name: name, Columns: []Column{{Name: "a"}}} }
	for _, name := range []string{"A", "a b", "../a", "a/b", "a.csv", "-a", "a-", "a--b", "é", "a\n", strings.Repeat("a", 81), "con\x00"} {
		if _, err := Files(Document{Blocks: []Block{table(name)}}); err == nil {
			t.Errorf("%q is taken for the name of a file", name)
		}
	}
	if _, err := Files(Document{Blocks: []Block{table("a"), Details{"", []Block{Box{"", Neutral, []Block{table("a")}}}}}}); err == nil || !strings.Contains(err.Error(), `table "a"`) {
		t.Errorf("two tables of one name: %v", err)
	}
	if _, err := Files(Document{Blocks: []Block{Figure{Name: "a"}, Figure{Name: "a"}}}); err == nil {
		t.Error("two figures of one name pass")
	}
}

// TestFilesAgree checks that CSV and JSON of any table have the same shape and the same numbers, whatever its texts.
func TestFilesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(hostileTexts), rapid.String())
		table := &Table{Name: "t", Caption: text.Draw(t, "caption")}
		width := rapid.IntRange(2, 4).Draw(t, "columns") // a line of one empty value is no line to readers of CSV
		for range width {
			table.Columns = append(table.Columns, Column{Name: text.Draw(t, "column")})
		}
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			var row []Cell
			for range width {
				row = append(row, rapid.OneOf(
					rapid.Map(text, textCell), rapid.Map(rapid.Int64(), func(n int64) Cell { return Cell{Value: n} }),
					rapid.Map(rapid.Float64(), func(v float64) Cell { return Cell{Value: calibrate.Number(v)} }),
					rapid.Just(Cell{})).Draw(t, "cell"))
			}
			table.Rows = append(table.Rows, row)
		}
		files, err := Files(Document{Blocks: []Block{table}})
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(files[0].Bytes)).ReadAll()
		if err != nil {
			t.Fatalf("%v in %q", err, files[0].Bytes)
		}
		var value struct {
			Columns []struct{ Name string }
			Rows    [][]any
		}
		dec := json.NewDecoder(bytes.NewReader(files[1].Bytes))
		dec.UseNumber()
		if err := dec.Decode(&value); err != nil {
			t.Fatalf("%v in %s", err, files[1].Bytes)
		}
		if len(lines) != len(value.Rows)+1 || len(value.Rows) != len(table.Rows) || len(value.Columns) != width {
			t.Fatalf("%d lines and %d rows of %d", len(lines), len(value.Rows), len(table.Rows))
		}
		seen := map[string]bool{}
		for c, column := range value.Columns {
			if seen[column.Name] || column.Name == "" || disarm(column.Name) != lines[0][c] {
				t.Fatalf("column %q is %q", column.Name, lines[0][c])
			}
			seen[column.Name] = true
		}
		for r, row := range value.Rows {
			for c, v := range row {
				if number, ok := v.(json.Number); ok && plain(table.Rows[r][c].Value) != lines[r+1][c] || ok && number == "" {
					t.Fatalf("cell %d,%d: %v and %q", r, c, v, lines[r+1][c])
				}
			}
		}
	})
}
