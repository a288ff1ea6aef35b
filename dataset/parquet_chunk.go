package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// values are the non-null values of a run of rows, in the form of PLAIN encoding.
type values struct {
	typ   parquet.Type
	n     int
	width int      // bytes of one value in raw
	raw   []byte   // little-endian values end to end; booleans take a byte each
	strs  []string // of byte arrays, instead of raw; they share the page's memory
}

// runRows is how many rows are decoded at a time: their indices and levels stay in the first-level cache.
const runRows = 2048

// A chunk reads one column of one row group, page after page, into the sink of its kind.
type chunk struct {
	pager
	col     *schema.Column
	sink    sink
	flags   *cells[uint8] // the sink where it takes booleans as they are packed, else nil
	texts   *texts        // the sink where it takes byte arrays as they are, else nil
	slow    bool          // leave every page to arrow: the tests compare the two
	object  uint8         // level at which the response that holds this score is there, 0 where levels do not tell
	highest uint8         // level of a value that is not null
	field   string        // for issues
	private bool          // its values are not shown, however short

	rest    int64 // rows of the row group that no page has brought yet
	page    page
	left    int // rows left in the page
	defs    hybrid
	indexed bool // the page's values are indices into the dictionary
	entries int  // of the dictionary, -1 while there is none
	runs    hybrid
	data    []byte // what is left of PLAIN values
	bit     int    // within data, of PLAIN booleans
	arrow   *arrowReader
	byArrow bool       // the page is arrow's to decode
	dict    page       // for arrow
	times   *pageTimes // nil unless pages of times may be passed

	levels  [runRows + 8]uint8 // see readBits
	present [runRows]uint8
	codes   [runRows]uint32
	vals    values
	bools   []byte
	strs    []string
}

var (
	errBeyond = errors.New("its values go beyond its end")
	errIndex  = errors.New("a value is not in its dictionary")
)

// open makes the chunk ready for the column of one row group.
func (c *chunk) open(at chunkPlace, rows int64) {
	c.pager.reset(at)
	c.rest, c.left, c.entries, c.arrow, c.dict = rows, 0, -1, nil, page{}
	if c.times != nil {
		c.times.trust = untried
	}
}

// read decodes the next rows of the column into b.
func (c *chunk) read(b *Batch, rows int) error {
	if c.times == nil {
		return c.readRows(b, rows)
	}
	if err := c.times.begin(c, b); err != nil {
		return fmt.Errorf("page %d: %w", c.number, err)
	}
	if err := c.readRows(b, rows); err != nil {
		return err
	}
	c.times.end(b)
	return nil
}

func (c *chunk) readRows(b *Batch, rows int) error {
	c.pages.batch()
	for at := 0; at < rows; {
		if c.left == 0 {
			if err := c.nextPage(); err != nil {
				return fmt.Errorf("page %d: %w", c.number, err)
			}
			continue
		}
		n := min(rows-at, c.left, runRows)
		if err := c.run(b, at, n); err != nil {
			return fmt.Errorf("page %d: %w", c.number, err)
		}
		c.left -= n
		if c.times != nil {
			c.times.note(c, b, at, n)
		}
		at += n
	}
	return nil
}

// finish checks that the column has no more rows than the row group.
func (c *chunk) finish() error {
	if c.left > 0 || c.rest > 0 {
		return fmt.Errorf("has more rows than its row group")
	}
	var h pageHeader
	for c.header(&h) == nil {
		if (h.kind == dataPage || h.kind == dataPageV2) && h.values > 0 {
			return fmt.Errorf("has more rows than its row group")
		}
		if _, err := c.ahead(h.packed); err != nil || len(c.window)-c.pos < h.packed {
			return nil // what follows the last row is no page
		}
		c.pos += h.packed
	}
	return nil
}

// nextPage moves to the next page with rows.
func (c *chunk) nextPage() error {
	err := c.pager.next(&c.page)
	if err == io.EOF {
		return fmt.Errorf("the column ends %d rows before its row group", c.rest)
	}
	if err != nil {
		return err
	}
	if c.page.kind == dictPage {
		return c.dictionary()
	}
	if int64(c.page.values) > c.rest {
		return fmt.Errorf("holds %d rows, its row group has %d left", c.page.values, c.rest)
	}
	c.rest -= int64(c.page.values)
	c.left = c.page.values
	if c.page.passed {
		return nil
	}
	return c.start()
}

// start prepares to decode a data page.
func (c *chunk) start() error {
	c.byArrow, c.bit = false, 0
	bitPacked := c.page.kind == dataPage && c.maxDef > 0 && c.page.levelEncoding == bitPackedWord
	if c.slow || bitPacked || !ownEncoding(c.page.encoding, c.col.PhysicalType()) {
		if c.arrow == nil {
			c.arrow = newArrowReader(c)
			c.pages = pageMemory{} // arrow holds on to pages
		}
		c.byArrow = true
		return c.arrow.feed(c)
	}
	c.defs = newHybrid(c.page.levels, uint(bits.Len(uint(c.maxDef))))
	c.data, c.runs = c.page.data, hybrid{}
	switch enc := parquet.Encoding(c.page.encoding); enc {
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		return c.startIndices()
	case encodingSplit:
		c.indexed = false
		data, err := unsplit(c.data, widthOf(c.col))
		c.data = data
		return err
	default:
		c.indexed = false
		if enc != parquet.Encodings.RLE {
			return nil
		}
		block, _, err := prefixed(c.data)
		c.runs = newHybrid(block, 1)
		return err
	}
}

func (c *chunk) startIndices() error {
	c.indexed = true
	if len(c.data) == 0 { // a page of nulls
		c.runs = newHybrid(nil, 1)
		return nil
	}
	if c.data[0] > 32 {
		return errWidth
	}
	c.runs = newHybrid(c.data[1:], uint(c.data[0]))
	return nil
}

// dictionary decodes the dictionary page.
func (c *chunk) dictionary() error {
	if c.entries >= 0 {
		return errors.New("is a second dictionary")
	}
	if e := parquet.Encoding(c.page.encoding); e != parquet.Encodings.Plain && e != parquet.Encodings.PlainDict {
		return fmt.Errorf("dictionary in encoding %s, want PLAIN", e)
	}
	c.dict, c.out = c.page, nil // the dictionary keeps its memory
	c.pages.release()
	c.entries, c.data, c.bit = c.page.values, c.page.data, 0
	// One byte holds at most eight values, so this bounds what is allocated for them.
	if c.entries > 8*len(c.data) {
		return errBeyond
	}
	if err := c.plain(c.entries); err != nil {
		return err
	}
	c.sink.dictionary(&c.vals)
	return nil
}

// run decodes n rows of the page into row at and those behind it.
func (c *chunk) run(b *Batch, at, n int) error {
	if c.page.passed {
		c.times.fill(&c.page.pageHeader, at, n)
		return nil
	}
	levels, present, vals, err := c.nulls(n)
	if err != nil {
		return err
	}
	switch {
	case c.byArrow:
		if levels, vals, err = c.arrow.read(n, &c.vals); err == nil && vals > 0 {
			c.sink.direct(at, &c.vals)
		}
		if levels != nil {
			present = c.present[:n]
			presence(present, levels, c.highest)
		}
	case vals == 0:
	case c.flags != nil && !c.indexed && parquet.Encoding(c.page.encoding) == parquet.Encodings.Plain:
		return c.packedBools(at, n, vals, present)
	case c.indexed:
		if err = readRuns(&c.runs, c.codes[:vals]); err == nil {
			err = c.sink.lookup(at, c.codes[:vals])
		}
	default:
		if err = c.take(at, vals); err == nil {
			c.sink.direct(at, &c.vals)
		}
	}
	if err != nil {
		return err
	}
	c.reject(b, at, present)
	if levels != nil {
		c.sink.spread(at, vals, present)
		if c.object > 0 {
			c.responses(at, levels)
		}
	}
	return nil
}

// nulls returns the levels of the next n rows and which of them are present (1) and null (0), nil where none is null, and how many
// are present.
func (c *chunk) nulls(n int) (levels, present []uint8, vals int, err error) {
	if c.maxDef == 0 || c.byArrow {
		return nil, nil, n, nil
	}
	v, taken, err := c.defs.constant(n)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("definition levels: %w", err)
	}
	if taken == n && v == uint32(c.highest) {
		return nil, nil, n, nil
	}
	levels = c.levels[:n]
	fill(levels[:taken], uint8(v))
	if c.highest == 1 { // of one bit
		present = levels
		vals, err = readBits(&c.defs, levels[taken:])
		vals += taken * int(v)
	} else if err = readRuns(&c.defs, levels[taken:]); err == nil {
		present = c.present[:n]
		vals = presence(present, levels, c.highest)
	}
	if err != nil {
		return nil, nil, 0, fmt.Errorf("definition levels: %w", err)
	}
	if vals == n {
		return nil, nil, n, nil
	}
	return levels, present, vals, nil
}

// reject logs what the sink could not read, which it counted among the values; at and present find its row.
func (c *chunk) reject(b *Batch, at int, present []uint8) {
	bad := c.sink.rejects()
	if len(bad) == 0 {
		return
	}
	value, next := at, 0
	step := func(row int) {
		for next < len(bad) && bad[next].at == value {
			if c.private {
				bad[next].text = ""
			}
			b.reject(row, bad[next].kind, c.field, bad[next].text)
			next++
		}
		value++
	}
	if present == nil {
		for ; next < len(bad); step(value) {
		}
		return
	}
	for i, p := range present {
		if p == 1 {
			step(at + i)
		}
	}
}

// responses marks the rows that have no score but a response that could have held one.
func (c *chunk) responses(at int, levels []uint8) {
	states := c.sink.(*cells[State]).out[at:]
	for i, l := range levels {
		if l >= c.object && states[i] == Absent.state() {
			states[i] = NoScore
		}
	}
}

// take decodes the next n values of a page that is not indexed, for rows from row at on.
func (c *chunk) take(at, n int) error {
	switch {
	case c.texts != nil:
		return c.plainStrings(c.texts.room(at, n))
	case parquet.Encoding(c.page.encoding) != parquet.Encodings.RLE:
		return c.plain(n)
	}
	c.bools = sized(c.bools, n)
	if err := readRuns(&c.runs, c.bools); err != nil {
		return err
	}
	c.vals = values{typ: parquet.Types.Boolean, n: n, width: 1, raw: c.bools}
	return nil
}

// plain takes the next n PLAIN values from data.
func (c *chunk) plain(n int) error {
	typ := c.col.PhysicalType()
	switch typ {
	case parquet.Types.ByteArray:
		c.strs = sized(c.strs, n)
		return c.plainStrings(c.strs)
	case parquet.Types.Boolean:
		return c.plainBools(n)
	}
	width := physicalWidth(c.col)
	if n > len(c.data)/width {
		return errBeyond
	}
	c.vals = values{typ: typ, n: n, width: width, raw: c.data[:n*width]}
	c.data = c.data[n*width:]
	return nil
}

func physicalWidth(col *schema.Column) int {
	switch col.PhysicalType() {
	case parquet.Types.Int32, parquet.Types.Float:
		return 4
	case parquet.Types.Int96:
		return 12
	case parquet.Types.FixedLenByteArray:
		return max(1, col.TypeLength())
	}
	return 8
}

func (c *chunk) plainBools(n int) error {
	if n > 8*len(c.data)-c.bit {
		return errBeyond
	}
	c.bools = sized(c.bools, n)
	unpackBits(c.bools, c.data, c.bit)
	c.bit += n
	c.vals = values{typ: parquet.Types.Boolean, n: n, width: 1, raw: c.bools}
	return nil
}

// packedBools puts PLAIN booleans into n rows from row at on, vals of which are present.
func (c *chunk) packedBools(at, n, vals int, present []uint8) error {
	if vals > 8*len(c.data)-c.bit {
		return errBeyond
	}
	spreadBits(c.flags.out[at:][:n], present, c.data, c.bit, c.flags.no)
	c.bit += vals
	return nil
}

// plainStrings fills dst with the next strings, without copying them: pages of byte arrays have memory of their own (pager.keep), so the
// strings stay what they are for as long as anyone holds them, or for the batch (Scan.ReuseTexts).
func (c *chunk) plainStrings(dst []string) error {
	if len(dst) > len(c.data)/4 {
		return errBeyond
	}
	data := c.data
	for i := range dst {
		if len(data) < 4 {
			return errBeyond
		}
		size := int(binary.LittleEndian.Uint32(data))
		data = data[4:]
		if size > len(data) {
			return errBeyond
		}
		dst[i] = unsafe.String(unsafe.SliceData(data), size)
		data = data[size:]
	}
	c.data = data
	c.vals = values{typ: parquet.Types.ByteArray, n: len(dst), strs: dst}
	return nil
}
