package main

import (
	"encoding/binary"
	"strings"
)

// Parquet files are written here by hand, field by field, so that each can lie in one place and be right in all others: no
// writer would make them. Numbers of fields and types are those of parquet.thrift (apache/parquet-format 2.10).

// Types of the compact thrift protocol.
const (
	thriftTrue   = 1
	thriftI32    = 5
	thriftI64    = 6
	thriftText   = 8
	thriftList   = 9
	thriftStruct = 12
)

// A thriftField is one field of a structure. Fields stand in the order of their numbers.
type thriftField struct {
	id, typ int
	value   string
}

// thrift writes a structure.
func thrift(fields ...thriftField) string {
	var b strings.Builder
	last := 0
	for _, f := range fields {
		b.WriteByte(byte(f.id-last)<<4 | byte(f.typ))
		b.WriteString(f.value)
		last = f.id
	}
	b.WriteByte(0)
	return b.String()
}

func zigzag(n int64) string { return string(binary.AppendVarint(nil, n)) }

func i32(id int, n int64) thriftField { return thriftField{id, thriftI32, zigzag(n)} }

func i64(id int, n int64) thriftField { return thriftField{id, thriftI64, zigzag(n)} }

func text(id int, s string) thriftField {
	return thriftField{id, thriftText, string(binary.AppendUvarint(nil, uint64(len(s)))) + s}
}

func list(id, typ int, elements ...string) thriftField {
	head := string(rune(len(elements)<<4 | typ)) // one byte up to seven elements, and no file here has more
	return thriftField{id, thriftList, head + strings.Join(elements, "")}
}

func nested(id int, fields ...thriftField) thriftField {
	return thriftField{id, thriftStruct, thrift(fields...)}
}

// A liar is a Parquet file of one column, session_score, with eight scores on one page.
type liar struct {
	rows, groupRows, values, offset, size int64 // of the footer; size 0 is what the pages have
	typ, length, repetition, codec        int64
	children                              int64
	groups                                int
	path                                  string
	pages                                 []liarPage
}

// A liarPage is a page with its header; packed 0 is what the body has.
type liarPage struct {
	kind, plain, packed, values, encoding int64
	body                                  string
	levels, nulls                         int64 // of a page of version 2
}

// What parquet.thrift calls DATA_PAGE, PLAIN and so on.
const (
	dataPage, dictionaryPage, dataPageV2 = 0, 2, 3
	plain, rle, deltaPacked, byDict      = 0, 3, 5, 8
	asInt32, asInt64, asBytes, asFixed   = 1, 2, 6, 7
	snappyCodec, gzipCodec, zstdCodec    = 1, 2, 6
)

func honest() liar {
	var scores []byte
	for i := range 8 {
		scores = binary.LittleEndian.AppendUint32(scores, uint32(100*i))
	}
	return liar{rows: 8, groupRows: 8, values: 8, offset: 4, typ: asInt32, children: 1, groups: 1, path: "session_score",
		pages: []liarPage{{kind: dataPage, plain: 32, values: 8, body: string(scores)}}}
}

// file writes what the liar says.
func (l liar) file() string {
	var pages strings.Builder
	for _, p := range l.pages {
		pages.WriteString(p.bytes())
	}
	size := l.size
	if size == 0 {
		size = int64(pages.Len())
	}
	column := []thriftField{i32(1, l.typ)}
	if l.length != 0 {
		column = append(column, i32(2, l.length))
	}
	column = append(column, i32(3, l.repetition), text(4, "session_score"))
	chunk := thrift(i64(2, l.offset), nested(3, i32(1, l.typ), list(2, thriftI32, zigzag(plain)), list(3, thriftText, text(0, l.path).value),
		i32(4, l.codec), i64(5, l.values), i64(6, size), i64(7, size), i64(9, l.offset)))
	group := thrift(list(1, thriftStruct, chunk), i64(2, size), i64(3, l.groupRows))
	var groups []string
	for range l.groups {
		groups = append(groups, group)
	}
	footer := thrift(i32(1, 2), list(2, thriftStruct, thrift(text(4, "root"), i32(5, l.children)), thrift(column...)), i64(3, l.rows),
		list(4, thriftStruct, groups...))
	return "PAR1" + pages.String() + footer + string(binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))) + "PAR1"
}

func (p liarPage) bytes() string {
	packed := p.packed
	if packed == 0 {
		packed = int64(len(p.body))
	}
	head := []thriftField{i32(1, p.kind), i32(2, p.plain), i32(3, packed)}
	switch p.kind {
	case dictionaryPage:
		head = append(head, nested(7, i32(1, p.values), i32(2, p.encoding)))
	case dataPageV2:
		head = append(head, nested(8, i32(1, p.values), i32(2, p.nulls), i32(3, p.values), i32(4, p.encoding), i32(5, p.levels), i32(6, 0), thriftField{7, thriftTrue, ""}))
	default:
		head = append(head, nested(5, i32(1, p.values), i32(2, p.encoding), i32(3, rle), i32(4, rle)))
	}
	return thrift(head...) + p.body
}

// run is a run of n times the value, a byte wide, as levels and indices of a dictionary are packed.
func run8(n uint64, value byte) string {
	return string(append(binary.AppendUvarint(nil, n<<1), value))
}

// prefix puts the length before levels, as version 1 of a page has it.
func prefix(levels string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(levels)))) + levels
}

// lies are what becomes of files that say what is not so.
var lies = []struct {
	name string
	want outcome
	lie  func(l *liar, p *liarPage)
}{
	{"honest", accepted(8), func(l *liar, p *liarPage) {}},
	{"rows-one-less", refused("its row groups have 8 rows, its footer says 7"), func(l *liar, p *liarPage) { l.rows = 7 }},
	{"rows-one-more", refused("its row groups have 8 rows, its footer says 9"), func(l *liar, p *liarPage) { l.rows = 9 }},
	{"rows-negative", refused("row group 0 has -8 rows"), func(l *liar, p *liarPage) { l.rows, l.groupRows, l.values = -8, -8, -8 }},
	{"rows-2-62", refused("its footer promises 4611686018427387904 rows in 169 bytes: w"), func(l *liar, p *liarPage) { l.rows, l.groupRows, l.values = 1<<62, 1<<62, 1<<62 }},
	{"group-rows-one-less", refused("its row groups have 7 rows, its footer says 8"), func(l *liar, p *liarPage) { l.groupRows = 7 }},
	{"group-rows-one-more", refused("has 8 rows, its row group has 9"), func(l *liar, p *liarPage) { l.rows, l.groupRows = 9, 9 }},
	{"chunk-values-one-less", refused("has 7 rows, its row group has 8"), func(l *liar, p *liarPage) { l.values = 7 }},
	{"chunk-values-one-more", refused("has 9 rows, its row group has 8"), func(l *liar, p *liarPage) { l.values = 9 }},
	{"chunk-offset-negative", refused("bytes -4 to 45 are not within the file's 142"), func(l *liar, p *liarPage) { l.offset = -4 }},
	{"chunk-offset-beyond-the-file", refused("bytes 1099511627776 to 1099511627825 are not within the file"), func(l *liar, p *liarPage) { l.offset = 1 << 40 }},
	{"chunk-offset-in-the-footer", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { l.offset = 60 }},
	{"chunk-size-negative", refused("bytes 4 to 3 are not within the file's 142"), func(l *liar, p *liarPage) { l.size = -1 }},
	{"chunk-size-beyond-the-file", refused("bytes 4 to 4611686018427387908 are not within the file's 169"), func(l *liar, p *liarPage) { l.size = 1 << 62 }},
	{"chunk-size-too-small", refused("page 0: goes beyond the column's end"), func(l *liar, p *liarPage) { l.size = 20 }},
	{"chunk-size-into-the-footer", accepted(8), func(l *liar, p *liarPage) { l.size = 80 }},
	{"children-of-the-root", refused("the footer is damaged"), func(l *liar, p *liarPage) { l.children = 2 }},
	{"children-2-31", refused("the footer is damaged"), func(l *liar, p *liarPage) { l.children = 1<<31 - 1 }},
	{"children-negative", refused("the footer is damaged"), func(l *liar, p *liarPage) { l.children = -1 }},
	{"path-of-another-column", accepted(8), func(l *liar, p *liarPage) { l.path = "login_score" }},
	{"group-twice", refused("its row groups have 16 rows, its footer says 8"), func(l *liar, p *liarPage) { l.groups = 2 }},
	{"group-twice-counted", accepted(16), func(l *liar, p *liarPage) { l.groups, l.rows = 2, 16 }},
	{"no-group", refused("its row groups have 0 rows, its footer says 8"), func(l *liar, p *liarPage) { l.groups = 0 }},
	{"type-of-eight-bytes", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) { l.typ = asInt64 }},
	{"type-of-texts", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) { l.typ = asBytes }},
	{"type-of-fixed-length-none", refused("damaged data: its decoder fails on it"), func(l *liar, p *liarPage) { l.typ = asFixed }},
	{"type-of-fixed-length-2-31", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) { l.typ, l.length = asFixed, 1<<31-1 }},
	{"type-of-fixed-length-negative", refused("damaged data: its decoder fails on it"), func(l *liar, p *liarPage) { l.typ, l.length = asFixed, -4 }},
	{"type-unknown", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) { l.typ = 99 }},
	{"text-longer-than-the-page", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) {
		l.typ, p.body = asBytes, "\xff\xff\xff\x7f"+p.body[4:]
	}},
	{"optional-without-levels", refused("page 0: definition levels: its runs end before its values do"), func(l *liar, p *liarPage) { l.repetition = 1 }},
	{"repeated-without-levels", accepted(8), func(l *liar, p *liarPage) { l.repetition = 2 }},
	{"repetition-unknown", accepted(8), func(l *liar, p *liarPage) { l.repetition = 9 }},
	{"codec-unknown", refused("compression <UNSET> is not supported, want snappy, zstd, gzi"), func(l *liar, p *liarPage) { l.codec = 99 }},
	{"codec-lzo", refused("compression LZO is not supported, want snappy, zstd, gzip, b"), func(l *liar, p *liarPage) { l.codec = 3 }},
	{"codec-snappy-on-plain-bytes", refused("page 0: holds 0 bytes, its header promises 32"), func(l *liar, p *liarPage) { l.codec = snappyCodec }},
	{"codec-gzip-on-plain-bytes", refused("damaged data: codec: gzip: gzip: invalid header"), func(l *liar, p *liarPage) { l.codec = gzipCodec }},
	{"codec-brotli-on-plain-bytes", refused("page 0: brotli: SIMPLE_HUFFMAN_SAME"), func(l *liar, p *liarPage) { l.codec = 4 }},
	{"codec-lz4-on-plain-bytes", refused("compression LZ4 is not supported, want snappy, zstd, gzip, b"), func(l *liar, p *liarPage) { l.codec = 5 }},
	{"codec-lz4-raw-on-plain-bytes", refused("page 0: lz4: invalid source or destination buffer too short"), func(l *liar, p *liarPage) { l.codec = 7 }},
	{"codec-zstd-on-plain-bytes", refused("page 0: invalid input: magic number mismatch"), func(l *liar, p *liarPage) { l.codec = zstdCodec }},
	{"codec-snappy-of-4-gib", refused("page 0: holds 4294967295 bytes, its header promises 32"), func(l *liar, p *liarPage) { l.codec, p.body = snappyCodec, "\xff\xff\xff\xff\x0f\x00" }},
	{"codec-gzip-bomb", refused("page 0: holds more bytes than its header promises"), func(l *liar, p *liarPage) { l.codec, p.body = gzipCodec, gzipped(strings.Repeat("\x00", 1<<20)) }},
	{"codec-zstd-bomb", refused("page 0: decompressed size exceeds configured limit"), func(l *liar, p *liarPage) { l.codec, p.body = zstdCodec, zstded(strings.Repeat("\x00", 1<<24)) }},
	{"codec-gzip-cut", refused("page 0: unexpected EOF"), func(l *liar, p *liarPage) { l.codec, p.body = gzipCodec, gzipped(p.body)[:20] }},
	{"codec-gzip", accepted(8), func(l *liar, p *liarPage) { l.codec, p.body = gzipCodec, gzipped(p.body) }},
	{"page-size-one-more", refused("page 0: holds 32 bytes, its header promises 33"), func(l *liar, p *liarPage) { p.plain = 33 }},
	{"page-size-2-31", refused("page 0: claims to hold 2147483647 bytes"), func(l *liar, p *liarPage) { p.plain = 1<<31 - 1 }},
	{"page-size-2-31-gzip", refused("page 0: claims to hold 2147483647 bytes"), func(l *liar, p *liarPage) { l.codec, p.plain, p.body = gzipCodec, 1<<31-1, gzipped(p.body) }},
	{"page-size-negative", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { p.plain = -1 }},
	{"page-packed-2-31", refused("page 0: goes beyond the column's end"), func(l *liar, p *liarPage) { p.packed = 1<<31 - 1 }},
	{"page-packed-negative", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { p.packed = -1 }},
	{"page-values-one-less", refused("page 1: the column ends 1 rows before its row group"), func(l *liar, p *liarPage) { p.values = 7 }},
	{"page-values-one-more", refused("page 0: holds 9 rows, its row group has 8 left"), func(l *liar, p *liarPage) { p.values = 9 }},
	{"page-values-negative", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { p.values = -8 }},
	{"page-values-2-31", refused("page 0: holds 2147483647 rows, its row group has 8 left"), func(l *liar, p *liarPage) { p.values = 1<<31 - 1 }},
	{"page-kind-unknown", refused("page 1: the column ends 8 rows before its row group"), func(l *liar, p *liarPage) { p.kind = 99 }},
	{"page-kind-index", refused("page 1: the column ends 8 rows before its row group"), func(l *liar, p *liarPage) { p.kind = 1 }},
	{"pages-without-a-value", refused("page 1000: the column ends 8 rows before its row group"), func(l *liar, p *liarPage) {
		l.pages = make([]liarPage, 1000) // each of a header alone
	}},
	{"encoding-unknown", refused("page 0: encoding <UNSET> is not supported, want PLAIN, RLE_D"), func(l *liar, p *liarPage) { p.encoding = 99 }},
	{"encoding-of-texts", refused("page 0: delta encoding with blocks of 0 values in 0 parts fo"), func(l *liar, p *liarPage) { p.encoding = 7 }},
	{"delta-of-2-31-values", refused("page 0: delta encoding with blocks of 128 values in 4 parts "), func(l *liar, p *liarPage) {
		p.holds(deltaPacked, "\x80\x01\x04\xff\xff\xff\xff\x07\x00")
	}},
	{"delta-with-a-block-of-2-31", refused("page 0: delta encoding with blocks of 2147483648 values in 4"), func(l *liar, p *liarPage) {
		p.holds(deltaPacked, "\x80\x80\x80\x80\x08\x04\x08\x00")
	}},
	{"delta-with-no-miniblock", refused("page 0: delta encoding with blocks of 128 values in 0 parts "), func(l *liar, p *liarPage) {
		p.holds(deltaPacked, "\x80\x01\x00\x08\x00")
	}},
	{"dictionary-missing", refused("page 0: a value is not in its dictionary"), func(l *liar, p *liarPage) { p.holds(byDict, "\x08"+run8(8, 0)) }},
	{"dictionary-index-beyond", refused("page 1: a value is not in its dictionary"), func(l *liar, p *liarPage) { l.withDictionary(2, "\x08"+run8(8, 2)) }},
	{"dictionary-index", accepted(8), func(l *liar, p *liarPage) { l.withDictionary(2, "\x08"+run8(8, 1)) }},
	{"dictionary-index-33-bits", refused("page 1: its bit width is above 32"), func(l *liar, p *liarPage) { l.withDictionary(2, "\x21"+run8(8, 1)) }},
	{"dictionary-of-2-30-values", refused("page 0: its values go beyond its end"), func(l *liar, p *liarPage) { l.withDictionary(1<<30, "\x08"+run8(8, 1)) }},
	{"dictionary-negative", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { l.withDictionary(-2, "\x08"+run8(8, 1)) }},
	{"dictionary-twice", refused("page 1: is a second dictionary"), func(l *liar, p *liarPage) {
		l.withDictionary(2, "\x08"+run8(8, 1))
		l.pages = append(l.pages[:1:1], l.pages...)
	}},
	{"run-of-none", refused("page 1: its runs end before its values do"), func(l *liar, p *liarPage) { l.withDictionary(2, "\x08"+strings.Repeat("\x00\x00", 1000)) }},
	{"run-of-2-62", refused("page 1: its runs end before its values do"), func(l *liar, p *liarPage) { l.withDictionary(2, "\x08"+run8(1<<62, 1)) }},
	{"run-too-short", refused("page 1: its runs end before its values do"), func(l *liar, p *liarPage) { l.withDictionary(2, "\x08"+run8(7, 1)) }},
	{"levels-longer-than-the-page", refused("page 0: its runs end before its values do"), func(l *liar, p *liarPage) { l.repetition, p.body = 1, "\xff\xff\xff\x7f"+p.body[4:] }},
	{"levels-beyond-the-highest", refused("page 0: definition levels: a repeated value is larger"), func(l *liar, p *liarPage) {
		l.repetition = 1
		p.holds(plain, prefix(run8(8, 5))+p.body)
	}},
	{"levels-of-nulls", accepted(8), func(l *liar, p *liarPage) { l.nulls(8) }},
	{"levels-of-2-31-nulls", refused("its footer promises 2147483647 rows in 136 bytes: want at mo"), func(l *liar, p *liarPage) { l.nulls(1<<31 - 1) }},
	{"v2-levels-longer-than-the-page", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { l.repetition, p.kind, p.levels = 1, dataPageV2, 1<<31-1 }},
	{"v2-levels-negative", refused("page 0: its header is damaged"), func(l *liar, p *liarPage) { l.repetition, p.kind, p.levels = 1, dataPageV2, -1 }},
	{"v2-more-nulls-than-values", accepted(8), func(l *liar, p *liarPage) { p.kind, p.nulls = dataPageV2, 9 }},
}

// holds gives the page another body, whose size is no lie.
func (p *liarPage) holds(encoding int64, body string) {
	p.plain, p.encoding, p.body = int64(len(body)), encoding, body
}

// withDictionary makes the page one of indices into a dictionary of two scores, which says that it has so many.
func (l *liar) withDictionary(says int64, indices string) {
	dict := l.pages[0].body[:8]
	l.pages = []liarPage{{kind: dictionaryPage, plain: 8, values: says, body: dict},
		{kind: dataPage, plain: int64(len(indices)), values: 8, encoding: byDict, body: indices}}
}

// nulls makes the file one of n records without a score, which takes no more bytes than eight do.
func (l *liar) nulls(n int64) {
	l.repetition, l.rows, l.groupRows, l.values = 1, n, n, n
	l.pages[0].values = n
	l.pages[0].holds(plain, prefix(run8(uint64(n), 0)))
}

// hostileParquet are Parquet files that lie.
func hostileParquet() []hostile {
	var out []hostile
	for _, c := range lies {
		l := honest()
		c.lie(&l, &l.pages[0])
		out = append(out, hostile{name: c.name + ".parquet", data: l.file(), want: c.want})
	}
	return out
}
