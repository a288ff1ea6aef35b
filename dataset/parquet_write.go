package dataset

import (
	"io"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// groupRows is how many rows a row group gets: the unit of parallel reading, and what a writer holds in memory. Of a wide
// table it is fewer: converting 300,000 full responses took 1.6 GB where only the rows were bounded.
const groupRows = 1 << 20

// groupCells bounds the cells of a row group, groupText the bytes of their text.
const (
	groupCells = 1 << 22
	groupText  = 1 << 28
)

// A parquetTable writes rows as row groups of optional columns.
type parquetTable struct {
	w     *file.Writer // nil before the first row group
	root  *schema.GroupNode
	codec compress.Compression
	sink  *stickyWriter
	cols  []TableColumn
	data  []cellColumn
	most  int // rows of a row group
	rows  int
	bytes int // of text
	defs  []int16
	notes [][2]string // the file's own metadata
	lens  []int       // of the text in each row that is added
}

// A cellColumn holds a column of the row group that is being built: texts, or ints for all other kinds.
type cellColumn struct {
	texts []string
	ints  []int64
}

// A stickyWriter keeps the first error: arrow's writer drops some.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}

// or returns the first write error, or else err, which arrow may have made of it.
func (s *stickyWriter) or(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}

// TableVersionKey is the key of a Parquet file's metadata that tells the version of its columns: it counts incompatible changes of
// their names, types and meaning.
const TableVersionKey = "trustreplay.schema_version"

const tableVersion = "1"

func newParquetTable(w io.Writer, cols []TableColumn, codec compress.Compression) (t *parquetTable, err error) {
	t = &parquetTable{codec: codec, most: groupRows, sink: &stickyWriter{w: w}, cols: cols, data: make([]cellColumn, len(cols))}
	t.describe(TableVersionKey, tableVersion)
	t.most = min(groupRows, max(1, groupCells/max(1, len(cols))))
	err = guard(func() (err error) {
		var fields schema.FieldList
		for _, c := range cols {
			n, err := c.node()
			if err != nil {
				return err
			}
			fields = append(fields, n)
		}
		t.root, err = schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
		return err
	})
	return t, err
}

// open begins the file once the rows of its first row group are there. They decide which columns get a dictionary, and
// one that gets it keeps it: where a dictionary is given up half-way, arrow lists the two encodings of the column in the
// order of a Go map, so that the same rows would not always give the same bytes.
func (t *parquetTable) open() {
	opts := []parquet.WriterProperty{parquet.WithCompression(t.codec), parquet.WithDictionaryDefault(true),
		parquet.WithDictionaryPageSizeLimit(math.MaxInt32), parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithCreatedBy("trustreplay")}
	for i, c := range t.cols {
		if manyDistinct(t.data[i].texts) || manyDistinct(t.data[i].ints) {
			opts = append(opts, parquet.WithDictionaryFor(c.Name, false))
		}
	}
	t.w = file.NewParquetWriter(t.sink, t.root, file.WithWriterProps(parquet.NewWriterProperties(opts...)))
}

// dictSample is how many of a column's first values tell whether a dictionary is worth its while.
const dictSample = 1 << 16

// manyDistinct reports whether more than half of the first values, and more than a small dictionary holds, are different
// from each other.
func manyDistinct[T comparable](cells []T) bool {
	cells = cells[:min(len(cells), dictSample)]
	most := max(len(cells)/2, maxDict)
	seen := map[T]struct{}{}
	for i, c := range cells {
		if seen[c] = struct{}{}; len(seen) > most {
			return true
		}
		if len(seen)+len(cells)-i-1 <= most {
			return false
		}
	}
	return false
}

// node returns the column's place in the schema. Every column is optional.
func (c TableColumn) node() (schema.Node, error) {
	logical, typ := schema.LogicalType(schema.NoLogicalType{}), parquet.Types.Int64
	switch c.Kind {
	case CellText:
		logical, typ = schema.StringLogicalType{}, parquet.Types.ByteArray
	case CellTime:
		logical = schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	case CellAmount:
		logical = schema.NewDecimalLogicalType(18, 2)
	case cellInt32:
		typ = parquet.Types.Int32
	case CellBool:
		typ = parquet.Types.Boolean
	case cellFloat:
		typ = parquet.Types.Double
	}
	return schema.NewPrimitiveNodeLogical(c.Name, parquet.Repetitions.Optional, logical, typ, -1, -1)
}

func (t *parquetTable) append(row []Cell) error {
	for i, c := range row {
		d := &t.data[i]
		if t.cols[i].Kind == CellText {
			d.texts = append(d.texts, c.Text)
			t.bytes += len(c.Text)
		} else {
			d.ints = append(d.ints, c.Int)
		}
	}
	return t.grow(1)
}

// grow counts rows that were added to every column, and writes the row group when it is full.
func (t *parquetTable) grow(n int) error {
	if t.rows += n; t.rows >= t.most || t.bytes >= groupText {
		return t.flush()
	}
	return t.sink.err
}

// flush writes the rows at hand as a row group.
func (t *parquetTable) flush() error {
	if t.rows == 0 {
		return t.sink.err
	}
	err := guard(func() error {
		if t.w == nil {
			t.open()
		}
		g := t.w.AppendRowGroup()
		for i := range t.data {
			w, err := g.NextColumn()
			if err != nil {
				return err
			}
			if err := t.write(w, &t.data[i], t.cols[i].Kind); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
		}
		return g.Close()
	})
	if err := t.sink.or(err); err != nil {
		return err
	}
	for i := range t.data {
		d := &t.data[i]
		clear(d.texts)
		d.texts, d.ints = d.texts[:0], d.ints[:0]
	}
	t.rows, t.bytes = 0, 0
	return nil
}

// describe adds a key and its value to the file's metadata.
func (t *parquetTable) describe(key, value string) { t.notes = append(t.notes, [2]string{key, value}) }

func (t *parquetTable) close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.sink.or(guard(func() error {
		if t.w == nil {
			t.open()
		}
		for _, n := range t.notes {
			if err := t.w.AppendKeyValueMetadata(n[0], n[1]); err != nil {
				return err
			}
		}
		return t.w.FlushWithFooter()
	}))
}

func (t *parquetTable) write(w file.ColumnChunkWriter, d *cellColumn, kind CellKind) error {
	var err error
	switch w := w.(type) {
	case *file.ByteArrayColumnChunkWriter:
		values := dense(t, d.texts, func(s string) (parquet.ByteArray, bool) {
			return unsafe.Slice(unsafe.StringData(s), len(s)), s != ""
		})
		_, err = w.WriteBatch(values, t.defs, nil)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(dense(t, d.ints, func(v int64) (int64, bool) { return v, v != NoInt }), t.defs, nil)
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(dense(t, d.ints, func(v int64) (int32, bool) { return int32(v), v != NoInt }), t.defs, nil)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(dense(t, d.ints, func(v int64) (bool, bool) { return v != 0, v != NoInt }), t.defs, nil)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(dense(t, d.ints, func(v int64) (float64, bool) {
			f := math.Float64frombits(uint64(v))
			return f, !math.IsNaN(f)
		}), t.defs, nil)
	}
	return err
}

// dense returns the values that are not absent, and sets t.defs to tell where they are.
func dense[S, T any](t *parquetTable, cells []S, value func(S) (T, bool)) []T {
	t.defs = sized(t.defs, len(cells))
	out := make([]T, 0, len(cells))
	for i, c := range cells {
		v, present := value(c)
		t.defs[i] = 0
		if present {
			t.defs[i] = 1
			out = append(out, v)
		}
	}
	return out
}
