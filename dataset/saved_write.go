package dataset

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// MaxAmount bounds the amount of a record, and of a row of a saved cube, in minor units: it is below.
const MaxAmount = maxAmount

// NewBatch returns a batch of n rows with the columns of the fields, to be written.
func NewBatch(fields []Field, n int) *Batch {
	b := &Batch{}
	b.reset(fields, n)
	return b
}

// A SavedWriter writes a saved cube. The same rows and description give the same bytes.
type SavedWriter struct {
	t      *parquetTable
	fields []flatField
	counts int // the column of weights among the table's
	part   part
	rows   int64
}

// savedRows is how many rows a row group of a saved cube gets: its columns are many and small, and all of a group is in memory.
const savedRows = 1 << 17

// NewSavedWriter begins a saved cube whose rows hold the fields, and the number of records that each stands for.
func NewSavedWriter(w io.Writer, fields []Field) (*SavedWriter, error) {
	for _, f := range fields {
		if f.Name == RecordsField {
			return nil, fmt.Errorf("a field is called %s, as the column of a saved cube that counts its records: give it another name (--mapping)", RecordsField)
		}
	}
	flats, cols, err := flatten(fields)
	if err != nil {
		return nil, err
	}
	t, err := newParquetTable(w, append(cols, TableColumn{RecordsField, CellInt}), compress.Codecs.Zstd)
	if err != nil {
		return nil, err
	}
	t.most = savedRows
	return &SavedWriter{t: t, fields: flats, counts: len(cols), part: part{cells: make([]cellColumn, len(cols)+1)}}, nil
}

// Add writes the rows of a batch: one Column for each field, and Weights.
func (s *SavedWriter) Add(b *Batch) error {
	p := &s.part
	p.rows = b.N
	for i := range s.counts {
		p.cells[i] = cellColumn{p.cells[i].texts[:0], p.cells[i].ints[:0]} // the table has copied them
	}
	cells := p.cells
	for _, f := range s.fields {
		f.copy(b, cells)
		cells = cells[len(f.columns()):]
	}
	p.cells[s.counts].ints = b.Weights[:b.N]
	s.rows += int64(b.N)
	return s.t.add(p)
}

// Rows returns how many rows were added.
func (s *SavedWriter) Rows() int64 { return s.rows }

// Close ends the file with its description. It does not close the writer.
func (s *SavedWriter) Close(about Saved) error {
	about.SchemaVersion = savedVersion
	text, err := about.json()
	if err != nil {
		return err
	}
	if _, err := parseSaved([]byte(text)); err != nil {
		return fmt.Errorf("a saved cube that would not be read back: %w", err)
	}
	s.t.describe(SavedKey, text)
	return s.t.close()
}
