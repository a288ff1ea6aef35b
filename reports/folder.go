package reports

import (
	"bytes"
	"fmt"
	"math"
	"regexp"

	"github.com/trustreplay/trustreplay/calibrate"
)

// A File is a file beside a document: its name, which has no folder, and what is in it.
type File struct {
	Name  string
	Bytes []byte
}

// Files returns the files of a document's tables and figures that have a name, those in boxes and folds included, in the order of the
// document: NAME.csv and NAME.json of a table, NAME.svg, NAME.png and NAME.vl.json of a figure.
//
// CSV has what a cell's value is, and its text where it has none; it is written as CSV writes the tidy table. JSON has
//
//	{"schema_version": 1, "name": "...", "caption": "...", "columns": [{"name": "...", "head": "..."}], "rows": [[...]], "total": [...],
//	 "footnotes": ["..."]}
//
// with a value for each column in each row and in total, which is null where the table has none. Numbers are numbers, shares between 0
// and 1; null is nothing, and what is undefined or without end. Columns without a name, or with that of another, get one of their own.
//
// A name has lower-case letters, digits and single hyphens, and no other table, or figure, of the document has it: anything else is an
// error.
func Files(d Document) ([]File, error) {
	f := folder{taken: map[string]bool{}}
	if err := f.add(d.Blocks); err != nil {
		return nil, err
	}
	return f.files, nil
}

// A folder gathers files.
type folder struct {
	files []File
	taken map[string]bool
}

func (f *folder) add(blocks []Block) error {
	for _, b := range blocks {
		var err error
		switch b := b.(type) {
		case *Table:
			if b.Name != "" {
				err = f.table(b)
			}
		case Figure:
			if b.Name != "" {
				err = f.figure(b)
			}
		case Box:
			err = f.add(b.Blocks)
		case Details:
			err = f.add(b.Blocks)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileName is what can stand in a path of every system, in a link and in a query without a quote.
var fileName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// claim refuses a name that is not one, and one that another has.
func (f *folder) claim(kind, name string) error {
	if !fileName.MatchString(name) || len(name) > longestName {
		return fmt.Errorf("%s %q: a name of files has up to 80 lower-case letters, digits and single hyphens", kind, name)
	}
	if f.taken[kind+" "+name] {
		return fmt.Errorf("%s %q: another %[1]s of the document has this name", kind, name)
	}
	f.taken[kind+" "+name] = true
	return nil
}

func (f *folder) table(t *Table) error {
	if err := f.claim("table", t.Name); err != nil {
		return err
	}
	t = t.forPrograms()
	var b bytes.Buffer
	if err := writeCSV(&b, t); err != nil {
		return fmt.Errorf("table %q: %w", t.Name, err)
	}
	text, err := t.json()
	if err != nil {
		return fmt.Errorf("table %q: %w", t.Name, err)
	}
	f.files = append(f.files, File{t.Name + ".csv", b.Bytes()}, File{t.Name + ".json", text})
	return nil
}

// figureFormats are those of a figure's files. PDF is what the report is printed to.
var figureFormats = []string{"svg", "png", "vl.json"}

func (f *folder) figure(figure Figure) error {
	if err := f.claim("figure", figure.Name); err != nil {
		return err
	}
	for _, format := range figureFormats {
		var b bytes.Buffer
		if err := WritePicture(&b, figure.Picture, format); err != nil {
			return fmt.Errorf("figure %q: %w", figure.Name, err)
		}
		f.files = append(f.files, File{figure.Name + "." + format, b.Bytes()})
	}
	return nil
}

// forPrograms returns the table with columns whose names differ, and with a value in each cell that says something.
func (t *Table) forPrograms() *Table {
	out := &Table{Name: t.Name, Caption: t.Caption, Footnotes: t.Footnotes, Columns: append([]Column(nil), t.Columns...), Total: valued(t.Total)}
	var names []string
	for i, c := range t.Columns {
		if names = append(names, clean(c.Name)); names[i] == "" {
			names[i] = fmt.Sprint("column ", i+1)
		}
	}
	for i, name := range distinct(names) {
		out.Columns[i].Head = t.Columns[i].head()
		out.Columns[i].Name = name
	}
	for _, row := range t.Rows {
		out.Rows = append(out.Rows, valued(row))
	}
	return out
}

// valued returns cells of which those without a value have their text for it. A dash stands for no value.
func valued(row []Cell) []Cell {
	out := append([]Cell(nil), row...)
	for i, c := range out {
		if c.Value == nil && c.Text != "" && c.Text != none && c.Text != undefined {
			out[i].Value = c.Text
		}
	}
	return out
}

// json returns the table as a value for programs, a row to a line.
func (t *Table) json() ([]byte, error) {
	columns, rows := lined{}, lined{}
	for _, c := range t.Columns {
		columns = append(columns, object{{"name", clean(c.Name)}, {"head", clean(c.Head)}})
	}
	for _, r := range t.Rows {
		rows = append(rows, jsonRow(r))
	}
	var total any
	if t.Total != nil {
		total = jsonRow(t.Total)
	}
	footnotes := append([]string{}, cleanedAll(t.Footnotes)...) // [], not null
	return jsonLines(spread{{"schema_version", 1}, {"name", t.Name}, {"caption", clean(t.Caption)}, {"columns", columns}, {"rows", rows},
		{"total", total}, {"footnotes", footnotes}})
}

// jsonRow returns the values of a row as JSON has them.
func jsonRow(row []Cell) []any {
	out := make([]any, len(row))
	for i, c := range row {
		switch v := c.Value.(type) {
		case string:
			out[i] = clean(v)
		case calibrate.Number:
			if v.Defined() && !math.IsInf(float64(v), 0) {
				out[i] = v
			}
		default:
			out[i] = v
		}
	}
	return out
}

// Linked returns the document with each figure that has a name linked to its file of a format in a folder, for markdown that stands
// beside that folder. The document itself stays as it is.
func Linked(d Document, folder, format string) Document {
	d.Blocks = linked(d.Blocks, func(name string) string { return folder + "/" + name + "." + format })
	return d
}

func linked(blocks []Block, file func(name string) string) []Block {
	out := append([]Block(nil), blocks...)
	for i, b := range out {
		switch b := b.(type) {
		case Figure:
			if b.Name != "" {
				b.File = file(b.Name)
			}
			out[i] = b
		case Box:
			b.Blocks = linked(b.Blocks, file)
			out[i] = b
		case Details:
			b.Blocks = linked(b.Blocks, file)
			out[i] = b
		}
	}
	return out
}
