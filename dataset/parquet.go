package dataset

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/klauspost/compress/zstd"
)

// A parquetSource reads one Parquet file; its units are the row groups. arrow reads the footer and the unusual encodings,
// everything else is here, from the bytes of a column chunk to the columns of a batch:
//
//	pager  the pages of a column chunk, decompressed        parquet_page.go
//	chunk  the values of a run of rows                      parquet_chunk.go, parquet_decode.go
//	sink   the values in the form of their field's kind     parquet_sink.go, parquet_value.go
type parquetSource struct {
	in     *input
	scan   *Scan
	file   io.ReaderAt
	close_ func() error
	size   int64
	meta   *metadata.FileMetaData
	layout *layout
	chunks [][]chunkPlace // per row group, per leaf
	before []int64        // records before each row group, and in all
	next   int            // row group
	zstd   *zstd.Decoder
	spare  sync.Pool // of *groupReader
	slow   bool      // decode with arrow alone: for tests
	newRaw func(want []wanted, fields []Field, prefix Path) rawJSON
}

// A chunkPlace is where a column chunk lies in the file.
type chunkPlace struct {
	off, size int64
	codec     compress.Compression
}

var (
	_ source = (*parquetSource)(nil)
	_ unit   = (*rowGroup)(nil)
)

// openParquet opens a Parquet file and finds the wanted columns in it. A stream is read to its end first: a Parquet file
// begins at its end.
func openParquet(ctx context.Context, in *input, s *Scan) (source, error) {
	p, err := newParquetSource(in, s)
	if err != nil {
		return nil, inFile(in.name, err)
	}
	return p, nil
}

func newParquetSource(in *input, s *Scan) (*parquetSource, error) {
	p := &parquetSource{in: in, scan: s, close_: func() error { return nil }, newRaw: newRawJSON}
	if err := p.open(); err != nil {
		return nil, err
	}
	err := guard(func() (err error) {
		if p.zstd, err = newZstd(); err != nil {
			return err
		}
		if err = p.readFooter(); err != nil {
			return err
		}
		p.layout = match(p.meta.Schema, s.fields, s.want, p.isRaw)
		return p.place()
	})
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *parquetSource) open() error {
	if p.in.stream != nil {
		b, err := io.ReadAll(p.in.stream)
		p.file, p.size = bytes.NewReader(b), int64(len(b))
		return err
	}
	if p.in.file == nil {
		if err := p.in.open(); err != nil {
			return err
		}
	}
	p.file, p.close_, p.size = p.in.file, p.in.file.Close, p.in.was.Size()
	return nil
}

// readFooter reads the file's metadata. It is walked before arrow decodes it: see checkFooter.
func (p *parquetSource) readFooter() error {
	var tail [8]byte
	if p.size < 12 {
		return fmt.Errorf("is no Parquet file: it has %d bytes", p.size)
	}
	if _, err := p.file.ReadAt(tail[:], p.size-8); err != nil {
		return err
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return errors.New("is an encrypted Parquet file, which is not supported")
	default:
		return errors.New("is no Parquet file, or a truncated one: it does not end in PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > p.size-12 {
		return fmt.Errorf("its footer has %d bytes, the file only %d", n, p.size)
	}
	footer := make([]byte, n)
	if _, err := p.file.ReadAt(footer, p.size-8-n); err != nil {
		return err
	}
	if err := checkFooter(footer); err != nil {
		return err
	}
	r, err := file.NewParquetReader(io.NewSectionReader(p.file, 0, p.size), file.WithReadProps(parquet.NewReaderProperties(memory.NewGoAllocator())))
	if err != nil {
		return err
	}
	p.meta = r.MetaData()
	if n := p.meta.Schema.NumColumns(); n > maxColumns {
		return fmt.Errorf("it has %d columns: want at most %d", n, maxColumns)
	}
	if err := p.countRows(); err != nil {
		return err
	}
	return p.alone(p.size - 8 - n)
}

// alone checks that the file is one Parquet file. Of two, one behind the other as cat leaves them, only the last footer would
// be read, and its places counted from the beginning of the first file. Where the columns end before the footer begins, the
// file may have moved by as much as that; most of the time it is an index that lies between them.
func (p *parquetSource) alone(footer int64) error {
	end := int64(len(parquetMagic))
	for g := range p.meta.RowGroups {
		rg := p.meta.RowGroup(g)
		for i := range rg.NumColumns() {
			cc, err := rg.ColumnChunk(i)
			if err != nil {
				return fmt.Errorf("row group %d, column %d: %w", g, i, err)
			}
			at := cc.DataPageOffset()
			if d := cc.DictionaryPageOffset(); cc.HasDictionaryPage() && d > 0 {
				at = min(at, d)
			}
			if size := cc.TotalCompressedSize(); at >= 0 && size >= 0 && at <= footer && size <= footer-at {
				end = max(end, at+size)
			}
		}
	}
	twice := slices.Concat(parquetMagic, parquetMagic)
	r := bufio.NewReaderSize(io.NewSectionReader(p.file, 0, min(footer, footer-end+int64(len(twice)))), 1<<20)
	for {
		b, err := r.Peek(1 << 20)
		if bytes.Contains(b, twice) {
			return errors.New("two Parquet files one behind the other: want each as a file of its own")
		}
		if err != nil {
			return nil // to its end, or as far as it can be read, of which the columns will tell
		}
		r.Discard(len(b) - len(twice))
	}
}

// countRows checks that the row groups hold what the footer promises.
func (p *parquetSource) countRows() error {
	p.before = []int64{0}
	sum := int64(0)
	for g := range p.meta.RowGroups {
		n := p.meta.RowGroup(g).NumRows()
		if n < 0 || n > math.MaxInt64-sum {
			return fmt.Errorf("row group %d has %d rows", g, n)
		}
		sum += n
		p.before = append(p.before, sum)
	}
	if sum != p.meta.NumRows {
		return fmt.Errorf("its row groups have %d rows, its footer says %d", sum, p.meta.NumRows)
	}
	if sum > manyRows && sum/rowsPerByte > p.size {
		return fmt.Errorf("its footer promises %d rows in %d bytes: want at most %d to a byte", sum, p.size, rowsPerByte)
	}
	return nil
}

// Nulls and repeated values are runs, of which each byte more is 128 times as many rows: a page of a hundred bytes may have two
// thousand million, and a file of such pages would be read for hours. No history is that even: where ids and times differ, a row
// has bytes. Files of fewer than manyRows are read whatever they hold.
const (
	manyRows    = 1 << 24
	rowsPerByte = 1 << 16
)

// place finds the chunks of the wanted columns and checks that they lie within the file.
func (p *parquetSource) place() error {
	for g := range p.meta.RowGroups {
		rg := p.meta.RowGroup(g)
		places := make([]chunkPlace, len(p.layout.leaves))
		for i, leaf := range p.layout.leaves {
			at, err := p.placeChunk(rg, leaf)
			if err != nil {
				return fmt.Errorf("row group %d, column %q: %w", g, leaf.col.Path(), err)
			}
			places[i] = at
		}
		p.chunks = append(p.chunks, places)
	}
	return nil
}

func (p *parquetSource) placeChunk(rg *metadata.RowGroupMetaData, leaf leafPlan) (chunkPlace, error) {
	if leaf.index >= rg.NumColumns() {
		return chunkPlace{}, errors.New("is missing")
	}
	cc, err := rg.ColumnChunk(leaf.index)
	if err != nil {
		return chunkPlace{}, err
	}
	if cc.FilePath() != "" || cc.CryptoMetadata() != nil {
		return chunkPlace{}, errors.New("is encrypted or in another file, which is not supported")
	}
	if cc.Type() != leaf.col.PhysicalType() {
		return chunkPlace{}, fmt.Errorf("has type %s, the schema says %s", cc.Type(), leaf.col.PhysicalType())
	}
	if cc.NumValues() != rg.NumRows() {
		return chunkPlace{}, fmt.Errorf("has %d rows, its row group has %d", cc.NumValues(), rg.NumRows())
	}
	if rg.NumRows() == 0 { // never read, and its offsets are often left at zero
		return chunkPlace{}, nil
	}
	at := chunkPlace{cc.DataPageOffset(), cc.TotalCompressedSize(), cc.Compression()}
	if d := cc.DictionaryPageOffset(); cc.HasDictionaryPage() && d > 0 && d < at.off {
		at.off = d
	}
	if at.off < 4 || at.size < 0 || at.off > p.size-8 || at.size > p.size-8-at.off {
		return chunkPlace{}, fmt.Errorf("bytes %d to %d are not within the file's %d", at.off, at.off+at.size, p.size)
	}
	return at, known(at.codec)
}

func (p *parquetSource) claim() (unit, error) {
	if p.next == len(p.chunks) {
		return nil, io.EOF
	}
	p.next++
	return &rowGroup{source: p, number: p.next - 1}, nil
}

func (p *parquetSource) info() FileInfo {
	info := FileInfo{Name: p.in.name, Format: "parquet", Records: p.meta.NumRows, SHA256: p.in.sha256}
	for i, f := range p.scan.fields {
		info.Columns = append(info.Columns, Found{f, p.layout.fields[i].found})
	}
	if note := promised(info); note != "" {
		info.Notes = append(info.Notes, note)
	}
	return info
}

func (p *parquetSource) close() error {
	if p.zstd != nil {
		p.zstd.Close()
		p.zstd = nil
	}
	var err error
	if p.next > 0 {
		err = p.in.unchanged()
	}
	return errors.Join(err, p.close_())
}

// share returns the part of the file's size that the first rows of row group g and all groups before it stand for.
func (p *parquetSource) share(g int, rows int64) int64 {
	return int64(float64(p.size) * float64(p.before[g]+rows) / float64(max(1, p.meta.NumRows)))
}
