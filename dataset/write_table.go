package dataset

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// A CellKind is the type of a Table's column.
type CellKind uint8

const (
	CellText   CellKind = iota // Cell.Text, "" where absent
	CellInt                    // Cell.Int, NoInt where absent
	CellTime                   // Cell.Int: microseconds since 1970 UTC, NoTime where absent
	CellAmount                 // Cell.Int: minor units, NoAmount where absent
	cellInt32                  // an integer that fits
	CellBool                   // Cell.Int: 0 or 1
	cellFloat                  // the bits of a float
)

// NoInt is the absent value of CellInt.
const NoInt = math.MinInt64

// A TableColumn is a column of a Table.
type TableColumn struct {
	Name string
	Kind CellKind
}

// A Cell is a value of one row; its column's kind says which part of it counts.
type Cell struct {
	Text string
	Int  int64
}

// A Table writes rows of named columns as CSV or Parquet. The same rows give the same bytes.
type Table struct {
	cols    []TableColumn
	csv     *csvTable
	parquet *parquetTable
}

// NewTable begins a table in format "csv" or "parquet".
func NewTable(w io.Writer, format string, cols []TableColumn) (*Table, error) {
	t := &Table{cols: cols}
	switch format {
	case "csv":
		t.csv = &csvTable{w: w}
		t.csv.header(cols)
		return t, nil
	case "parquet":
		var err error
		t.parquet, err = newParquetTable(w, cols, compress.Codecs.Zstd)
		return t, err
	}
	return nil, fmt.Errorf("format %q: want csv or parquet", format)
}

// Append adds a row of as many cells as there are columns.
func (t *Table) Append(row ...Cell) error {
	if len(row) != len(t.cols) {
		panic("dataset: a row of " + strconv.Itoa(len(row)) + " cells in a table of " + strconv.Itoa(len(t.cols)))
	}
	if t.csv != nil {
		return t.csv.append(t.cols, row)
	}
	return t.parquet.append(row)
}

// Close writes what is left. It does not close the writer.
func (t *Table) Close() error {
	if t.csv != nil {
		return t.csv.flush()
	}
	return t.parquet.close()
}

type csvTable struct {
	w   io.Writer
	buf []byte
	err error
}

const csvBuffer = 1 << 16

func (t *csvTable) header(cols []TableColumn) {
	for i, c := range cols {
		t.separate(i)
		t.buf = appendText(t.buf, c.Name)
	}
	t.buf = append(t.buf, '\n')
}

func (t *csvTable) separate(i int) {
	if i > 0 {
		t.buf = append(t.buf, ',')
	}
}

func (t *csvTable) append(cols []TableColumn, row []Cell) error {
	for i, c := range row {
		t.separate(i)
		t.buf = appendCell(t.buf, cols[i].Kind, c)
	}
	t.buf = append(t.buf, '\n')
	if len(t.buf) < csvBuffer {
		return t.err
	}
	return t.flush()
}

func (t *csvTable) flush() error {
	if t.err == nil {
		_, t.err = t.w.Write(t.buf)
	}
	t.buf = t.buf[:0]
	return t.err
}

func appendCell(b []byte, kind CellKind, c Cell) []byte {
	if kind == CellText {
		return appendText(b, c.Text)
	}
	if c.Int == NoInt { // NoTime and NoAmount are the same value
		return b
	}
	switch kind {
	case CellTime:
		return time.UnixMicro(c.Int).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z")
	case CellAmount:
		return appendAmount(b, c.Int)
	case CellBool:
		return strconv.AppendBool(b, c.Int != 0)
	}
	return strconv.AppendInt(b, c.Int, 10)
}

func appendAmount(b []byte, minor int64) []byte {
	if minor < 0 {
		b, minor = append(b, '-'), -minor
	}
	b = strconv.AppendInt(b, minor/100, 10)
	return append(b, '.', byte('0'+minor/10%10), byte('0'+minor%10))
}

// What a byte means for a text cell.
const (
	quoted  = 1 << iota // the cell needs quotes
	special             // the cell needs a careful look
)

var textClass = func() (class [256]uint8) {
	for i := range class {
		if i < ' ' || i >= 0x7f {
			class[i] = special
		}
	}
	class['"'], class[','] = quoted, quoted
	return class
}()

// formula reports whether a text begins as a formula does in one spreadsheet or another, the full-width forms included (OWASP,
// "CSV Injection"). Spaces before it do not help.
func formula(s string) bool {
	if s[0] >= '0' && s[0] < 0x7f && s[0] != '=' && s[0] != '@' { // most texts
		return false
	}
	s = strings.TrimLeft(s, " \u00a0\ufeff")
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}

// appendText appends a text cell. Control characters are left out, and so is what turns the direction of writing; a text
// that a spreadsheet would take for a formula is disarmed by an apostrophe before it; quotes go around a text that needs
// them.
func appendText(b []byte, s string) []byte {
	class := uint8(0)
	for i := range len(s) {
		class |= textClass[s[i]]
	}
	if class&special != 0 {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError {
				return -1
			}
			return r
		}, s)
	}
	if s == "" {
		return b
	}
	if formula(s) {
		s = "'" + s
	}
	if class&quoted == 0 && s[0] != ' ' && s[len(s)-1] != ' ' {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
