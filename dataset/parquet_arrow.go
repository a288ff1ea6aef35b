package dataset

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
)

// An arrowReader decodes pages of one chunk with arrow's column reader: those in encodings that are not worth code of our
// own, and in the tests all of them, to compare. It is fed a page at a time, but lives as long as the chunk: arrow's writer
// lets the first value of a DELTA_BYTE_ARRAY page continue the last one of the page before.
type arrowReader struct {
	r       file.ColumnChunkReader
	pages   pageList
	hasDict bool
	highest int16
	defs    []int16
	levels  []uint8
	raw     []byte

	i32  []int32
	i64  []int64
	i96  []parquet.Int96
	f32  []float32
	f64  []float64
	bool []bool
	flba []parquet.FixedLenByteArray
	bin  []parquet.ByteArray
	strs []string
}

// newArrowReader returns a reader without pages. The plain Go allocator is a must: with one that reuses memory arrow v17
// frees buffers that are still in use.
func newArrowReader(c *chunk) *arrowReader {
	mem := memory.NewGoAllocator()
	pool := &sync.Pool{New: func() any { return memory.NewResizableBuffer(mem) }}
	a := &arrowReader{highest: c.col.MaxDefinitionLevel()}
	a.r = file.NewColumnReader(c.col, &a.pages, mem, pool)
	return a
}

// feed adds the chunk's current page, behind its dictionary if it needs one.
func (a *arrowReader) feed(c *chunk) error {
	p, enc := &c.page, parquet.Encoding(c.page.encoding)
	switch enc {
	case parquet.Encodings.Plain, parquet.Encodings.RLE:
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		if !a.hasDict && c.dict.body != nil {
			a.hasDict = true
			a.pages.add(file.NewDictionaryPage(memory.NewBufferBytes(c.dict.body), int32(c.dict.values), parquet.Encodings.Plain))
		}
	case parquet.Encodings.DeltaBinaryPacked, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.DeltaByteArray:
		if err := checkDelta(p.data, p.values); err != nil {
			return err
		}
	default:
		return fmt.Errorf("encoding %s is not supported, want PLAIN, RLE_DICTIONARY, RLE, BYTE_STREAM_SPLIT of numbers or one of the DELTA encodings", enc)
	}
	buf := memory.NewBufferBytes(p.body)
	if p.kind == dataPageV2 {
		a.pages.add(file.NewDataPageV2(buf, int32(p.values), 0, int32(p.values), enc, int32(p.levelBytes), int32(p.repeatBytes), int32(p.size), false))
	} else {
		a.pages.add(file.NewDataPageV1(buf, int32(p.values), enc, parquet.Encoding(p.levelEncoding), parquet.Encodings.RLE, int32(p.size)))
	}
	return nil
}

// checkDelta checks the header of delta-encoded integers, from which arrow allocates.
func checkDelta(data []byte, rows int) error {
	var head [3]uint64 // values in a block, miniblocks in a block, values in all
	for i := range head {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return errBeyond
		}
		head[i], data = v, data[n:]
	}
	block, minis, total := head[0], head[1], head[2]
	if block == 0 || block > 1<<20 || block%128 != 0 || minis == 0 || minis > block || block/minis%32 != 0 || total > uint64(rows) {
		return fmt.Errorf("delta encoding with blocks of %d values in %d parts for %d of %d values", block, minis, total, rows)
	}
	return nil
}

// read decodes the next n rows. Levels are nil where no row is null.
func (a *arrowReader) read(n int, v *values) (levels []uint8, vals int, err error) {
	if a.highest > 0 {
		a.defs = sized(a.defs, n)
	}
	var got int64
	typ := a.r.Type()
	*v = values{typ: typ, width: physicalWidth(a.r.Descriptor())}
	switch r := a.r.(type) {
	case *file.Int32ColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.i32, n, a.defs)
		v.raw = arrow.Int32Traits.CastToBytes(a.i32[:vals])
	case *file.Int64ColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.i64, n, a.defs)
		v.raw = arrow.Int64Traits.CastToBytes(a.i64[:vals])
	case *file.Int96ColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.i96, n, a.defs)
		v.raw = parquet.Int96Traits.CastToBytes(a.i96[:vals])
	case *file.Float32ColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.f32, n, a.defs)
		v.raw = arrow.Float32Traits.CastToBytes(a.f32[:vals])
	case *file.Float64ColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.f64, n, a.defs)
		v.raw = arrow.Float64Traits.CastToBytes(a.f64[:vals])
	case *file.BooleanColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.bool, n, a.defs)
		a.raw, v.width = a.raw[:0], 1
		for _, t := range a.bool[:vals] {
			var c byte
			if t {
				c = 1
			}
			a.raw = append(a.raw, c)
		}
		v.raw = a.raw
	case *file.FixedLenByteArrayColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.flba, n, a.defs)
		a.raw = a.raw[:0]
		for _, s := range a.flba[:vals] {
			a.raw = append(a.raw, s[:v.width]...)
		}
		v.raw = a.raw
	case *file.ByteArrayColumnChunkReader:
		got, vals, err = readBatch(r.ReadBatch, &a.bin, n, a.defs)
		a.strs = a.strs[:0]
		for _, s := range a.bin[:vals] {
			a.strs = append(a.strs, string(s))
		}
		v.strs = a.strs
	}
	v.n = vals
	// On a page error ReadBatch returns (0, 0, nil) and keeps the error to itself.
	if err == nil {
		err = a.r.Err()
	}
	if err == nil && (got != int64(n) || a.highest == 0 && vals != n) {
		err = errRuns
	}
	if err != nil || a.highest == 0 {
		return nil, vals, err
	}
	if !slices.ContainsFunc(a.defs[:n], func(d int16) bool { return d != a.highest }) {
		return nil, vals, nil
	}
	a.levels = sized(a.levels, n)
	for i, d := range a.defs[:n] {
		a.levels[i] = uint8(d)
	}
	return a.levels, vals, nil
}

// readBatch reads n rows into *into, which it enlarges as needed.
func readBatch[T any](read func(int64, []T, []int16, []int16) (int64, int, error), into *[]T, n int, defs []int16) (int64, int, error) {
	*into = sized(*into, n)
	return read(int64(n), *into, defs, nil)
}

// A pageList is a file.PageReader over pages at hand.
type pageList struct {
	pages []file.Page
	cur   file.Page
}

func (p *pageList) add(page file.Page)       { p.pages = append(p.pages, page) }
func (p *pageList) SetMaxPageHeaderSize(int) {}
func (p *pageList) Page() file.Page          { return p.cur }
func (p *pageList) Err() error               { return nil }

func (p *pageList) Next() bool {
	if len(p.pages) == 0 {
		return false
	}
	p.cur, p.pages = p.pages[0], p.pages[1:]
	return true
}

// Reset has no meaning for pages at hand.
func (p *pageList) Reset(parquet.BufferedReader, int64, compress.Compression, *file.CryptoContext) {}
