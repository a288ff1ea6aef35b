package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/pierrec/lz4/v4"
)

// testChunk is a column chunk to write: the values that are not null and, for optional columns, the definition levels.
type testChunk struct {
	values any
	defs   []int16
}

// writeParquet writes row groups with arrow's own writer.
func writeParquet(tb testing.TB, nodes schema.FieldList, groups [][]testChunk, opts ...parquet.WriterProperty) []byte {
	tb.Helper()
	var buf bytes.Buffer
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		tb.Fatal(err)
	}
	w := file.NewParquetWriter(&buf, root, file.WithWriterProps(parquet.NewWriterProperties(opts...)))
	for _, chunks := range groups {
		g := w.AppendRowGroup()
		for _, c := range chunks {
			cw, err := g.NextColumn()
			if err == nil {
				err = writeChunk(cw, c)
			}
			if err == nil {
				err = cw.Close()
			}
			if err != nil {
				tb.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.FlushWithFooter(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func writeChunk(cw file.ColumnChunkWriter, c testChunk) (err error) {
	switch v := c.values.(type) {
	case []int32:
		_, err = cw.(*file.Int32ColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []int64:
		_, err = cw.(*file.Int64ColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []parquet.Int96:
		_, err = cw.(*file.Int96ColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []float32:
		_, err = cw.(*file.Float32ColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []float64:
		_, err = cw.(*file.Float64ColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []bool:
		_, err = cw.(*file.BooleanColumnChunkWriter).WriteBatch(v, c.defs, nil)
	case []string:
		b := make([]parquet.ByteArray, len(v))
		for i, s := range v {
			b[i] = parquet.ByteArray(s)
		}
		_, err = cw.(*file.ByteArrayColumnChunkWriter).WriteBatch(b, c.defs, nil)
	case []parquet.FixedLenByteArray:
		_, err = cw.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(v, c.defs, nil)
	default:
		err = fmt.Errorf("no writer for %T", v)
	}
	return err
}

// leafNode is a column without or with a logical type.
func leafNode(tb testing.TB, name string, rep parquet.Repetition, typ parquet.Type, logical schema.LogicalType, length int) schema.Node {
	tb.Helper()
	if logical == nil {
		logical = schema.NoLogicalType{}
	}
	n, err := schema.NewPrimitiveNodeLogical(name, rep, logical, typ, length, -1)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func groupNode(tb testing.TB, name string, rep parquet.Repetition, kids ...schema.Node) schema.Node {
	tb.Helper()
	n, err := schema.NewGroupNode(name, rep, schema.FieldList(kids), -1)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

var (
	optional = parquet.Repetitions.Optional
	required = parquet.Repetitions.Required
)

// memory is an input that is held in memory.
func memoryInput(b []byte) input {
	return input{name: "test.parquet", size: int64(len(b)), stream: bytes.NewReader(b)}
}

// cellText renders a value of a batch.
func cellText(kind Kind, c *Column, i int) string {
	switch kind {
	case KindState:
		if n, scored := c.State[i].Score(); scored {
			return strconv.Itoa(n)
		}
		return c.State[i].Status().String()
	case KindTime, KindAmount:
		if c.I64[i] == math.MinInt64 {
			return ""
		}
		return strconv.FormatInt(c.I64[i], 10)
	case KindNumber:
		if math.IsNaN(c.F64[i]) {
			return ""
		}
		return strconv.FormatFloat(c.F64[i], 'g', -1, 64)
	case KindText, KindCodes:
		return c.Dict[c.Idx[i]]
	case KindBool:
		return []string{"", "false", "true"}[c.U8[i]]
	}
	return named(c.U8[i], wordNames(kind))
}

// scanRows reads a scan to its end with one goroutine: a row of texts for each record, "rejected" for the bad ones.
func scanRows(s *Scan) (rows [][]string, err error) {
	var b Batch
	for {
		if err := s.Next(context.Background(), &b); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		for i := range b.N {
			if b.Rejected(i) {
				rows = append(rows, []string{"rejected"})
				continue
			}
			var row []string
			for k, f := range s.fields {
				row = append(row, strings.Clone(cellText(f.Kind, &b.Cols[k], i))) // see ReuseTexts
			}
			rows = append(rows, row)
		}
	}
}

// readParquet reads a scan to its end and closes it.
func readParquet(tb testing.TB, s *Scan) ([][]string, Account, error) {
	tb.Helper()
	rows, err := scanRows(s)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := s.Account()
	return rows, a, err
}

// lz4raw lets arrow's writer, which has no such codec, write LZ4_RAW. The reader does not use it.
type lz4raw struct{ compress.Codec }

func (lz4raw) CompressBound(n int64) int64 { return int64(lz4.CompressBlockBound(int(n))) }

func (lz4raw) Encode(_, src []byte) []byte {
	dst := make([]byte, lz4.CompressBlockBound(len(src)))
	var c lz4.Compressor
	n, err := c.CompressBlock(src, dst)
	if err != nil {
		panic(err)
	}
	return dst[:n]
}

func (c lz4raw) EncodeLevel(dst, src []byte, _ int) []byte { return c.Encode(dst, src) }

func init() { compress.RegisterCodec(codecLZ4Raw, lz4raw{}) }

// TestParquetTableSameBytes writes columns whose dictionary outgrows arrow's default limit, from the first value on and
// late: giving a dictionary up half-way made the order of a column's encodings in the footer a matter of chance.
func TestParquetTableSameBytes(t *testing.T) {
	rows := func() []byte {
		var buf bytes.Buffer
		table, err := NewTable(&buf, "parquet", []TableColumn{{"id", CellText}, {"late", CellText}, {"n", CellInt}, {"few", CellInt}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200_000 {
			id := fmt.Sprintf("customer-%d", i)
			if err := table.Append(Cell{Text: id}, Cell{Text: id[:min(len(id), 9+i/dictSample*6)]}, Cell{Int: int64(i)}, Cell{Int: int64(i % 3)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	want := rows()
	for range 8 {
		if !bytes.Equal(rows(), want) {
			t.Fatal("the same rows gave other bytes")
		}
	}
}
