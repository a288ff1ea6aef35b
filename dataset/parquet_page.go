package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// A page is one decompressed page of a column chunk.
type page struct {
	pageHeader
	at     int64  // where it begins in the file, behind its header
	passed bool   // it was not decompressed: only the header is there
	body   []byte // as a writer without compression would have written it
	levels []byte // runs of definition levels
	data   []byte // values
}

// A pager reads the pages of one column chunk. Its memory is reused from page to page and from chunk to chunk.
//
// arrow's own page reader is not used: it frees the buffer of a V1 page while the page is in use, allocates what a damaged
// header claims, does not check checksums and ignores short reads.
type pager struct {
	r        io.ReaderAt
	off, end int64  // of the chunk's bytes that are not in the window yet
	window   []byte // bytes read ahead
	pos      int    // of the next byte within the window
	codec    compress.Compression
	maxDef   int  // the column's highest definition level
	keep     bool // values outlive the page: each page gets memory of its own
	out      []byte
	pages    pageMemory // of pages that are kept, where they are kept for a batch alone
	zstd     *zstd.Decoder
	number   int // of the page last read, 0 for the first
	// passes tells whether a data page need not be decompressed; nil where each must be.
	passes func(h *pageHeader) bool
	least  int // bytes to read ahead at a time
}

// A pageMemory gives the pages of byte arrays the memory of earlier ones, whose values nobody uses any more.
type pageMemory struct {
	reuse bool
	used  [][]byte // by pages of the current batch; the last is that of the page last read
	free  [][]byte
}

// batch begins a batch. The page last read may have values left.
func (m *pageMemory) batch() {
	if last := len(m.used) - 1; last > 0 {
		m.free = append(m.free, m.used[:last]...)
		m.used = append(m.used[:0], m.used[last])
	}
}

// take returns memory for a page. What is too small is dropped, so there are never more pieces than a batch has had pages.
func (m *pageMemory) take(size int) []byte {
	var buf []byte
	if n := len(m.free); n > 0 {
		buf, m.free = m.free[n-1], m.free[:n-1]
	}
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	m.used = append(m.used, buf)
	return buf
}

// release leaves the memory of the page last read to its values for good.
func (m *pageMemory) release() {
	if n := len(m.used); n > 0 {
		m.used = m.used[:n-1]
	}
}

const (
	windowSize    = 1 << 18
	headerSize    = 1 << 12 // what is read ahead at a time while pages are passed
	maxHeader     = 1 << 24
	maxPage       = 1 << 30
	smallPage     = 1 << 26 // pages up to this size are taken whatever their compression ratio
	maxExpansion  = 1 << 12
	codecLZ4Raw   = compress.Compression(7)
	bitPackedWord = 4 // the deprecated encoding of definition levels
)

func (p *pager) reset(at chunkPlace) {
	p.off, p.end, p.codec, p.number = at.off, at.off+at.size, at.codec, -1
	p.window, p.pos, p.least = p.window[:0], 0, windowSize
}

// ahead returns the next n bytes without passing over them, or all that are left where these are fewer.
func (p *pager) ahead(n int) ([]byte, error) {
	have := len(p.window) - p.pos
	if have < n && p.off < p.end {
		want := int(min(int64(max(n, p.least)-have), p.end-p.off))
		buf := p.window[:0]
		if cap(buf) < have+want {
			buf = make([]byte, 0, have+want)
		}
		buf = append(buf, p.window[p.pos:]...)
		p.window, p.pos = buf[:have+want], 0
		if _, err := p.r.ReadAt(p.window[have:], p.off); err != nil {
			return nil, err
		}
		p.off += int64(want)
	}
	return p.window[p.pos:min(p.pos+n, len(p.window))], nil
}

// next reads the next page, io.EOF at the chunk's end.
func (p *pager) next(pg *page) error {
	for {
		p.number++
		if err := p.header(&pg.pageHeader); err != nil {
			return err
		}
		pg.at, pg.passed = p.off-int64(len(p.window)-p.pos), false
		if (pg.kind == dataPage || pg.kind == dataPageV2) && p.passes != nil && p.passes(&pg.pageHeader) {
			pg.passed = true
			return p.over(pg.packed)
		}
		p.least = windowSize
		packed, err := p.ahead(pg.packed)
		if err != nil {
			return err
		}
		if len(packed) < pg.packed {
			return errPastColumn
		}
		p.pos += pg.packed
		switch pg.kind {
		case dataPage, dataPageV2, dictPage:
			return p.unpack(pg, packed)
		}
	}
}

var errPastColumn = errors.New("goes beyond the column's end")

// over passes over n bytes, without reading those that are not in the window yet.
func (p *pager) over(n int) error {
	if have := len(p.window) - p.pos; n > have {
		p.off += int64(n - have)
		p.window, p.pos, p.least, n = p.window[:0], 0, headerSize, 0
	}
	p.pos += n
	if p.off > p.end {
		return errPastColumn
	}
	return nil
}

// back decompresses a page that was passed.
func (p *pager) back(pg *page) error {
	packed := make([]byte, pg.packed)
	if _, err := p.r.ReadAt(packed, pg.at); err != nil {
		return err
	}
	pg.passed = false
	return p.unpack(pg, packed)
}

func (p *pager) header(h *pageHeader) error {
	for n := 1 << 12; ; n *= 4 {
		b, err := p.ahead(n)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return io.EOF
		}
		size, err := h.read(b)
		switch {
		case err == nil:
			p.pos += size
			return nil
		case err != errShort || len(b) < n || n > maxHeader:
			return fmt.Errorf("its header %w", err)
		}
	}
}

// unpack checks and decompresses a page and finds its parts.
func (p *pager) unpack(pg *page, packed []byte) error {
	if pg.hasCRC && crc32.ChecksumIEEE(packed) != pg.crc {
		return errors.New("its checksum is wrong")
	}
	if pg.size > maxPage || pg.size > max(smallPage, pg.packed*maxExpansion) {
		return fmt.Errorf("claims to hold %d bytes", pg.size)
	}
	plain := 0 // bytes at the front that are never compressed
	codec := p.codec
	if pg.kind == dataPageV2 {
		plain = pg.levelBytes + pg.repeatBytes
		if !pg.valuesPacked {
			codec = compress.Codecs.Uncompressed
		}
	}
	switch {
	case p.pages.reuse:
		p.out = p.pages.take(pg.size)
	case p.keep || cap(p.out) < pg.size:
		p.out = make([]byte, pg.size)
	}
	pg.body = p.out[:pg.size]
	copy(pg.body[:plain], packed)
	if err := p.decompress(codec, pg.body[plain:], packed[plain:]); err != nil {
		return err
	}
	return p.split(pg)
}

// split finds the levels and the values of a page. The column does not repeat, so it has no repetition levels to speak of,
// though some writers of V2 pages leave some.
func (p *pager) split(pg *page) error {
	pg.levels, pg.data = nil, pg.body
	switch {
	case pg.kind == dataPageV2:
		pg.levels = pg.body[pg.repeatBytes : pg.repeatBytes+pg.levelBytes]
		pg.data = pg.body[pg.repeatBytes+pg.levelBytes:]
	case pg.kind == dataPage && p.maxDef > 0 && pg.levelEncoding != bitPackedWord:
		var err error
		pg.levels, pg.data, err = prefixed(pg.body)
		return err
	}
	return nil
}

// prefixed takes a block of bytes that begins with its length.
func prefixed(b []byte) (block, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errRuns
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, errRuns
	}
	return b[4 : 4+n], b[4+n:], nil
}

// decompress fills dst, which has the size that the page's header promises.
func (p *pager) decompress(codec compress.Compression, dst, src []byte) error {
	if len(dst) == 0 {
		return nil
	}
	got, err := 0, error(nil)
	switch codec {
	case compress.Codecs.Uncompressed:
		got = len(src)
		copy(dst, src)
	case compress.Codecs.Snappy:
		if got, err = s2.DecodedLen(src); err == nil && got == len(dst) {
			_, err = s2.Decode(dst, src)
		}
	case compress.Codecs.Zstd:
		var out []byte
		out, err = p.zstd.DecodeAll(src, dst[:0:len(dst)])
		got = len(out)
	case codecLZ4Raw:
		got, err = lz4.UncompressBlock(src, dst)
	default:
		got, err = stream(codec, dst, src)
	}
	if err == nil && got != len(dst) {
		err = fmt.Errorf("holds %d bytes, its header promises %d", got, len(dst))
	}
	return err
}

// stream decompresses gzip and brotli, and whatever else arrow may come to know.
func stream(codec compress.Compression, dst, src []byte) (int, error) {
	c, err := compress.GetCodec(codec)
	if err != nil {
		return 0, err
	}
	r := c.NewReader(bytes.NewReader(src))
	defer r.Close()
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return n, err
	}
	if extra, _ := r.Read(make([]byte, 1)); extra > 0 {
		return 0, errors.New("holds more bytes than its header promises")
	}
	return n, nil
}

// known reports whether pages compressed with codec can be read.
func known(codec compress.Compression) error {
	if codec == codecLZ4Raw {
		return nil
	}
	if _, err := compress.GetCodec(codec); err != nil {
		return fmt.Errorf("compression %s is not supported, want snappy, zstd, gzip, brotli, lz4_raw or none", codec)
	}
	return nil
}

// newZstd returns a decoder that any number of pagers share and that never writes beyond the slice it is given.
func newZstd() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPage))
}

// encodings that are decoded here; arrow decodes the others.
func ownEncoding(e int, typ parquet.Type) bool {
	switch parquet.Encoding(e) {
	case parquet.Encodings.Plain, parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		return true
	case parquet.Encodings.RLE:
		return typ == parquet.Types.Boolean
	case encodingSplit:
		return typ != parquet.Types.Boolean && typ != parquet.Types.ByteArray && typ != parquet.Types.Int96
	}
	return false
}

// encodingSplit is BYTE_STREAM_SPLIT, which arrow v17 cannot read and DuckDB writes for floats in its newer files.
const encodingSplit = parquet.Encoding(9)

// unsplit returns values of the given width in PLAIN order: BYTE_STREAM_SPLIT holds the first bytes of all values, then the
// second bytes, and so on.
func unsplit(data []byte, width int) ([]byte, error) {
	if width <= 0 || len(data)%width != 0 {
		return nil, fmt.Errorf("%d bytes in encoding BYTE_STREAM_SPLIT, want a multiple of %d", len(data), width)
	}
	n := len(data) / width
	out := make([]byte, len(data))
	for k := range width {
		stream := data[k*n : (k+1)*n]
		for i, b := range stream {
			out[i*width+k] = b
		}
	}
	return out, nil
}

// widthOf returns the bytes of a value of a column of fixed width.
func widthOf(col *schema.Column) int {
	switch col.PhysicalType() {
	case parquet.Types.Int32, parquet.Types.Float:
		return 4
	case parquet.Types.FixedLenByteArray:
		return col.TypeLength()
	}
	return 8
}
