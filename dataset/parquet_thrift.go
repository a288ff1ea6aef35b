package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The compact thrift protocol, as far as Parquet needs it: page headers are read here, because arrow's page reader
// allocates what a header claims before it looks at the data, and the footer is walked here before arrow decodes it,
// because arrow allocates what a list claims and recurses as deep as a schema says, which no recover can catch.

var (
	errShort   = errors.New("ends in the middle of a value")
	errDamaged = errors.New("is damaged")
)

// Types of the compact protocol.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

// maxThriftDepth bounds the nesting of structures; Parquet's own metadata nests seven deep.
const maxThriftDepth = 32

// A thriftReader reads values from b. After an error every further value is zero and every structure at its end.
type thriftReader struct {
	b   []byte
	pos int
	err error
}

func (t *thriftReader) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	t.pos = len(t.b)
}

func (t *thriftReader) byte() byte {
	if t.pos >= len(t.b) {
		t.fail(errShort)
		return 0
	}
	t.pos++
	return t.b[t.pos-1]
}

func (t *thriftReader) uvarint() uint64 {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		c := t.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	t.fail(errDamaged)
	return 0
}

// int reads a zigzag integer of any width.
func (t *thriftReader) int() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// int32 reads an integer and holds it to 32 bits, as the format's definition declares it.
func (t *thriftReader) int32() int {
	v := t.int()
	if v != int64(int32(v)) {
		t.fail(errDamaged)
		return 0
	}
	return int(v)
}

// field reads the header of a structure's next field; typ is zero at the structure's end.
func (t *thriftReader) field(last int) (id, typ int) {
	h := t.byte()
	if h&0x0f == 0 || t.err != nil {
		return 0, 0
	}
	if delta := int(h >> 4); delta > 0 {
		return last + delta, int(h & 0x0f)
	}
	return int(t.int()), int(h & 0x0f)
}

// list reads the header of a list. Its elements take at least a byte each, so a size beyond the bytes left is a lie.
func (t *thriftReader) list() (size, typ int) {
	h := t.byte()
	n := uint64(h >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	if n > uint64(len(t.b)-t.pos) {
		t.fail(errShort)
		return 0, 0
	}
	return int(n), int(h & 0x0f)
}

func (t *thriftReader) skipBytes(n uint64) {
	if n > uint64(len(t.b)-t.pos) {
		t.fail(errShort)
		return
	}
	t.pos += int(n)
}

// skip passes over a value that stands at the given depth.
func (t *thriftReader) skip(typ, depth int) {
	if depth > maxThriftDepth {
		t.fail(errDamaged)
		return
	}
	switch typ {
	case thriftTrue, thriftFalse: // the value is in the field's header
	case thriftByte:
		t.skipBytes(1)
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		t.skipBytes(8)
	case thriftBinary:
		t.skipBytes(t.uvarint())
	case thriftList, thriftSet:
		n, elem := t.list()
		if elem == thriftTrue || elem == thriftFalse {
			t.skipBytes(uint64(n))
			return
		}
		for ; n > 0 && t.err == nil; n-- {
			t.skip(elem, depth+1)
		}
	case thriftStruct:
		t.fields(depth+1, func(int, int) bool { return false })
	default: // maps do not occur in Parquet
		t.fail(errDamaged)
	}
}

// fields calls visit for each field of a structure; visit reads the value and returns true, or leaves it to be skipped.
func (t *thriftReader) fields(depth int, visit func(id, typ int) bool) {
	for id, typ := t.field(0); typ != 0 && t.err == nil; id, typ = t.field(id) {
		if !visit(id, typ) {
			t.skip(typ, depth)
		}
	}
}

// Kinds of pages.
const (
	dataPage   = 0
	indexPage  = 1
	dictPage   = 2
	dataPageV2 = 3
)

// A pageHeader is what stands before each page.
type pageHeader struct {
	kind                     int
	size, packed             int // uncompressed and compressed bytes of the page
	crc                      uint32
	hasCRC                   bool
	values                   int // rows for a column that does not repeat; entries of a dictionary
	encoding                 int
	levelEncoding            int // of definition levels, V1 only
	levelBytes, repeatBytes  int // V2 only
	valuesPacked, hasDetails bool
	stats                    pageStats
}

// pageStats are what a page's header says of values of eight bytes in their signed order.
type pageStats struct {
	known       bool // both ends are there, and how many values are null
	first, last int64
	nulls       int64
}

// read reads a header from the start of b and returns the bytes that it took; errShort asks for more of them.
func (h *pageHeader) read(b []byte) (int, error) {
	*h = pageHeader{kind: -1, size: -1, packed: -1, valuesPacked: true}
	t := thriftReader{b: b}
	t.fields(0, func(id, typ int) bool {
		switch {
		case id == 1 && typ == thriftI32:
			h.kind = t.int32()
		case id == 2 && typ == thriftI32:
			h.size = t.int32()
		case id == 3 && typ == thriftI32:
			h.packed = t.int32()
		case id == 4 && typ == thriftI32:
			h.crc, h.hasCRC = uint32(t.int32()), true
		case (id == 5 || id == 7) && typ == thriftStruct:
			h.hasDetails = true
			t.fields(1, func(id, typ int) bool { return h.detail(&t, id, typ) })
		case id == 8 && typ == thriftStruct:
			h.hasDetails = true
			t.fields(1, func(id, typ int) bool { return h.detailV2(&t, id, typ) })
		default:
			return false
		}
		return true
	})
	if t.err != nil {
		return 0, t.err
	}
	return t.pos, h.check()
}

// detail reads a field that data pages (V1) and dictionary pages have in common.
func (h *pageHeader) detail(t *thriftReader, id, typ int) bool {
	if id == 5 && typ == thriftStruct {
		h.stats.read(t)
		return true
	}
	if typ != thriftI32 || id > 3 {
		return false
	}
	v := t.int32()
	switch id {
	case 1:
		h.values = v
	case 2:
		h.encoding = v
	case 3:
		h.levelEncoding = v
	}
	return true
}

func (h *pageHeader) detailV2(t *thriftReader, id, typ int) bool {
	if id == 7 && (typ == thriftTrue || typ == thriftFalse) {
		h.valuesPacked = typ == thriftTrue
		return true
	}
	if id == 8 && typ == thriftStruct {
		h.stats.read(t)
		return true
	}
	if typ != thriftI32 {
		return false
	}
	v := t.int32()
	switch id {
	case 1:
		h.values = v
	case 4:
		h.encoding = v
	case 5:
		h.levelBytes = v
	case 6:
		h.repeatBytes = v
	}
	return true
}

// read reads statistics. Only the ends whose order the format defines count (max_value and min_value, not max and min).
func (s *pageStats) read(t *thriftReader) {
	nulls, low, high := false, false, false
	t.fields(2, func(id, typ int) bool {
		switch {
		case id == 3 && typ == thriftI64:
			s.nulls, nulls = t.int(), true
		case id == 5 && typ == thriftBinary:
			s.last, high = t.int64LE()
		case id == 6 && typ == thriftBinary:
			s.first, low = t.int64LE()
		default:
			return false
		}
		return true
	})
	s.known = nulls && low && high
}

// int64LE reads a binary of eight bytes; one of another size is passed over.
func (t *thriftReader) int64LE() (v int64, found bool) {
	n := t.uvarint()
	if n == 8 && len(t.b)-t.pos >= 8 {
		v, found = int64(binary.LittleEndian.Uint64(t.b[t.pos:])), true
	}
	t.skipBytes(n)
	return v, found
}

func (h *pageHeader) check() error {
	switch {
	case h.size < 0 || h.packed < 0 || h.values < 0 || h.levelBytes < 0 || h.repeatBytes < 0:
		return errDamaged
	case h.kind == indexPage:
		return nil
	case !h.hasDetails:
		return errDamaged
	case h.levelBytes+h.repeatBytes > min(h.size, h.packed):
		return errDamaged
	}
	return nil
}

// maxSchemaDepth bounds how deep groups nest.
const maxSchemaDepth = 64

// checkFooter walks the file's metadata without building anything.
func checkFooter(footer []byte) error {
	t := thriftReader{b: footer}
	t.fields(0, func(id, typ int) bool {
		if id != 2 || typ != thriftList {
			return false
		}
		t.schema()
		return true
	})
	if t.err != nil {
		return fmt.Errorf("the footer %w", t.err)
	}
	return nil
}

// schema walks the list of schema elements, a tree in depth-first order, and checks its depth, and that no group says that it
// has more children than elements follow: arrow makes room for them all before it looks for the first.
func (t *thriftReader) schema() {
	n, typ := t.list()
	if typ != thriftStruct && n > 0 {
		t.fail(errDamaged)
	}
	var open []int // children yet to come, from the outermost group in
	promised := 0  // the sum of them
	for ; n > 0 && t.err == nil; n-- {
		children := 0
		t.fields(2, func(id, typ int) bool {
			if id != 5 || typ != thriftI32 {
				return false
			}
			children = t.int32()
			return true
		})
		for len(open) > 0 && open[len(open)-1] == 0 {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			open[len(open)-1]--
			promised--
		}
		promised += children
		if children < 0 || promised >= n || len(open) >= maxSchemaDepth {
			t.fail(errDamaged)
			return
		}
		if children > 0 {
			open = append(open, children)
		}
	}
}
