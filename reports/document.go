package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
)

// A Document is a finished answer in the three forms that readers want: Blocks for people, Tidy for spreadsheets and data
// frames, Data for programs. The writers strip control characters and bidirectional marks from every text, so whoever
// builds a Document may use text as it stands in the data.
type Document struct {
	Title  string
	Blocks []Block
	Tidy   *Table
	Data   any
}

// A Block is one element of a document for people.
type Block interface{ block() }

// A Heading starts a section, a Subheading a part of one.
type (
	Heading    string
	Subheading string
)

// A Paragraph is running text; writers wrap it.
type Paragraph string

// A Table is a grid of cells: each row, and Total where there is one, has a cell for each column.
type Table struct {
	// Name is that of the table's files where a document is written with a folder of its tables, lower case with hyphens and
	// different for each table of the document; "" for a table that has none.
	Name      string
	Caption   string
	Columns   []Column
	Rows      [][]Cell
	Total     []Cell // nil for none
	Footnotes []string
	// Heat shades the cells of Rows, from 0, not at all, to 1; a row or a cell that it lacks, or a value that is undefined, is not
	// shaded. Only html shows it: the figures stand in the cells.
	Heat [][]calibrate.Number
}

// A Column describes one column of a table.
type Column struct {
	// Name heads the column in CSV, Head for people; an empty Head is the Name.
	Name, Head string
	Align      Align
	// Extra columns are the first to go, from the right, where a terminal is too narrow for all.
	Extra bool
}

func (c Column) head() string {
	if c.Head == "" {
		return c.Name
	}
	return c.Head
}

// Align is the side on which a column's cells are flush.
type Align uint8

const (
	Left Align = iota
	Right
)

// A Cell is a value and how it is printed for people. CSV writes the value: an int64, an Amount, a replay.Money, a calibrate.Number, a
// string, or nil for nothing.
type Cell struct {
	Value any
	Text  string
}

// Bars are a histogram: how many of each label, with a second figure beside each bar, such as a share of fraud.
type Bars struct {
	Caption string
	// Label, Count and Second head the columns; an empty Second leaves the second figure out.
	Label, Count, Second string
	Rows                 []Bar
}

// A Bar is one line of a histogram.
type Bar struct {
	Label  string
	Count  int64
	Second Cell
}

// Notes are numbered from 1, so that cells can refer to them; see mark.
type Notes struct {
	Caption string
	Items   []string
}

// KeyValues are facts in a column, each with its name.
type KeyValues struct {
	Caption string
	Pairs   []Pair
}

// A Pair is one fact.
type Pair struct {
	Key   string
	Value Cell
}

// Details hold what completes an answer without being its point: markdown folds it, text leaves it out.
type Details struct {
	Summary string
	Blocks  []Block
}

// A Figure is a picture with its place in a document. Text leaves it out, since tables say the same.
type Figure struct {
	// Name is that of its files, as that of a Table.
	Name string
	// Alt tells what the picture shows to a reader who does not see it: a sentence with the figures that matter.
	Alt string
	// File is the path of the picture from the folder of a markdown file to where it was written, with slashes; "" for a picture that
	// was not, which markdown leaves out. Html has its pictures in the page.
	File    string
	Picture Picture
}

// A Box sets a few blocks apart because they are what the document comes to.
type Box struct {
	Title  string
	Tone   Tone
	Blocks []Block
}

// A Tone is how a Box speaks. The title says the same in words.
type Tone uint8

const (
	Neutral Tone = iota
	Good
	Bad
)

// Code is text whose lines and spaces count: a policy file, a command, or the lines of a diff, which begin with + or - or a space.
type Code struct {
	Caption string
	// Language is "yaml", "diff", "console" or "".
	Language string
	Lines    []string
}

func (Heading) block()    {}
func (Subheading) block() {}
func (Figure) block()     {}
func (Box) block()        {}
func (Code) block()       {}
func (Paragraph) block()  {}
func (*Table) block()     {}
func (Bars) block()       {}
func (Notes) block()      {}
func (KeyValues) block()  {}
func (Details) block()    {}

// mark returns the reference to note i, counted from 0.
func mark(i int) string { return fmt.Sprintf(" [%d]", i+1) }

// formats lists what Write can write.
var formats = []string{"text", "json", "csv", "markdown", "html"}

// Formats returns the names of the formats that Write knows.
func Formats() []string { return append([]string(nil), formats...) }

// Write renders a document in the format of a name. The options are those of text; other formats have none.
func Write(w io.Writer, d Document, format string, opt TextOptions) error {
	switch format {
	case "text":
		return Text(w, d, opt)
	case "json":
		return JSON(w, d)
	case "csv":
		return CSV(w, d)
	case "markdown":
		return Markdown(w, d)
	case "html":
		return HTML(w, d)
	}
	return fmt.Errorf("format %q: want %s", format, strings.Join(formats, ", "))
}

// The functions below make cells.

func textCell(s string) Cell { return Cell{s, s} }

func countCell(n int64) Cell { return Cell{n, thousands(n)} }

func amountCell(minor int64) Cell { return Cell{Amount(minor), Amount(minor).String()} }

// shareCell prints k of n in percent, a dash for none: a bare 0.00 % would claim more than was counted.
func shareCell(k, n int64) Cell {
	switch {
	case n == 0:
		return Cell{calibrate.Undefined(), undefined}
	case k == 0:
		return Cell{calibrate.Number(0), none}
	}
	v := calibrate.Number(float64(k) / float64(n))
	return Cell{v, percent(v)}
}
