package dataset

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A csvSource reads a CSV with a header as one unit: it is meant for labels and small histories. Its cells are read by the
// same parse functions as JSON values; its columns are the flat names of the fields.
type csvSource struct {
	*textSource
	header     []string
	headerLine int64
	rows       *csv.Reader
	limit      *rowLimit
	claimed    bool
}

var _ source = (*csvSource)(nil)

// newCSVSource reads the header.
func newCSVSource(t *textSource, r *bufio.Reader) (*csvSource, error) {
	start, err := r.Peek(sniffSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	limit := &rowLimit{r: r, max: t.maxLine, left: t.maxLine}
	rows := csv.NewReader(limit)
	rows.Comma = separator(start)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	t.stream = r
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	line, _ := rows.FieldPos(0)
	c := &csvSource{textSource: t, rows: rows, limit: limit, headerLine: int64(line)}
	for _, name := range header {
		c.header = append(c.header, strings.TrimSpace(name))
	}
	return c, c.check()
}

// separator returns the most frequent of the three separators in the header.
func separator(start []byte) rune {
	start = bytes.TrimLeft(start, "\r\n")
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best, most := ',', 0
	for _, sep := range ",;\t" {
		if n := bytes.Count(line, []byte(string(sep))); n > most {
			best, most = sep, n
		}
	}
	return best
}

// check refuses a header that is too wide, that names a column twice, or a wanted one in another case. A name that is met
// twice is not shown: in a file without a header it is a value of the first record.
func (c *csvSource) check() error {
	if len(c.header) > maxColumns {
		return fmt.Errorf("the header has %d columns: want at most %d", len(c.header), maxColumns)
	}
	var errs []error
	at := map[string]int{} // by name, from 1
	folded := map[string]string{}
	for i, name := range c.header {
		if first := at[name]; name != "" && first > 0 {
			errs = append(errs, fmt.Errorf("the header names column %d as column %d: want each name once", i+1, first))
			continue
		}
		at[name] = i + 1
		folded[strings.ToLower(name)] = name
	}
	for _, w := range c.scan.want {
		for _, path := range w.paths[:min(len(w.paths), 3)] { // the canonical name in its spellings
			if name, found := folded[strings.ToLower(path[0])]; found && len(path) == 1 && at[path[0]] == 0 {
				errs = append(errs, fmt.Errorf("the header has column %q: write it %q, or map it", name, path[0]))
			}
		}
	}
	return errors.Join(errs[:min(len(errs), maxHeaderErrors)]...)
}

// maxColumns is how many columns, or keys at the top of a record, a history may have. The vendor's responses have a few
// hundred; what has more has data for names, such as ids, and would cost memory for each of them.
const maxColumns = 10_000

// maxHeaderErrors are told of one header; whoever made more is helped by the first.
const maxHeaderErrors = 20

func (c *csvSource) claim() (unit, error) {
	if c.claimed {
		return nil, io.EOF
	}
	c.claimed, c.begun = true, true
	u := &csvUnit{src: c, last: c.headerLine, place: newJSONReader(c.scan.want, c.scan.fields, nil)}
	for _, name := range c.header {
		u.columns = append(u.columns, u.place.root.kids[name])
	}
	return u, nil
}

// A csvUnit is the rows of one file.
type csvUnit struct {
	src     *csvSource
	place   *jsonReader
	columns []*node // by cell, nil for a column that is not in play
	lines   []int64
	last    int64 // the line of the row read last
}

var _ unit = (*csvUnit)(nil)

func (u *csvUnit) size() int64 { return u.last }
func (u *csvUnit) group() int  { return -1 }

// fill reads the next rows. A row spans several lines where a quoted cell does; an issue names its first.
func (u *csvUnit) fill(b *Batch) error {
	rows := u.src.scan.batchRows()
	b.reset(u.src.scan.fields, rows)
	u.lines = sized(u.lines, rows)
	b.Row, b.lines = u.last, u.lines
	u.place.start(b)
	n := 0
	for n < rows {
		u.src.limit.left = u.src.maxLine
		cells, err := u.src.rows.Read()
		if err == io.EOF {
			break
		}
		var pe *csv.ParseError
		switch {
		case err == nil:
			line, _ := u.src.rows.FieldPos(0)
			u.last = int64(line)
		case errors.As(err, &pe) && pe.Line > pe.StartLine:
			// How many records such a row has swallowed nobody knows, so it cannot be counted as one.
			return fmt.Errorf("lines %d to %d: a quote is missing, or one too many", pe.StartLine, pe.Line)
		case errors.As(err, &pe):
			u.last = int64(pe.StartLine)
		default:
			return fmt.Errorf("line %d: %w", u.last+1, err)
		}
		u.lines[n] = u.last - 1
		if err != nil || len(cells) != len(u.columns) {
			b.reject(n, BadRow, "", "")
		} else {
			u.row(b, n, cells)
		}
		n++
	}
	u.place.finish(b)
	b.truncate(n)
	if n == 0 {
		u.end()
		return io.EOF
	}
	u.src.records.Add(int64(n))
	return nil
}

func (u *csvUnit) row(b *Batch, i int, cells []string) {
	p := u.place
	p.next()
	for k, n := range u.columns {
		if n != nil {
			n.val = value{gen: p.gen, form: formString, text: []byte(cells[k])}
			if n.kids != nil && looksLikeObject(n.val.text) && !p.embedded(n) {
				b.reject(i, BadResponse, n.path, "")
				return
			}
		}
	}
	p.fill(b, i)
}

func (u *csvUnit) end() {
	u.src.mu.Lock()
	defer u.src.mu.Unlock()
	u.src.seen = u.place.places(u.src.seen, len(u.src.scan.fields))
}

// A rowLimit ends the reading of a row that does not end, as after a quote that was never closed.
type rowLimit struct {
	r    io.Reader
	max  int
	left int
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("a row of more than %d bytes: is a quote missing", l.max)
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}
