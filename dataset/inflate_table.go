package dataset

import "math/bits"

// An entry of a decoding table says all there is to know of the symbol that its index leads to, so that one lookup is enough.
// The idea is libdeflate's (github.com/ebiggers/libdeflate).
//
//	bits 0-5    how many bits the symbol takes, extra bits included; of a pointer, how many more bits index its sub-table
//	bits 8-11   how many of them are its code, which the extra bits follow
//	bits 12-14  its kind; the end of a block is of none
//	bits 16-31  its value: a literal, the base of a length or distance, or where the sub-table begins
//
// The zero entry stands where no code leads.
type entry uint32

const (
	isLiteral entry = 1 << (12 + iota)
	isCopy          // a length, or a distance
	isPointer       // to a sub-table, for codes that are longer than the index

	codeShift  = 8
	valueShift = 16
)

// size returns how many bits the symbol takes.
func (e entry) size() uint { return uint(e) & 63 }

// value returns the symbol's value, to which extra bits of the stream, whose next bits are the symbol's, may add.
func (e entry) value(stream uint64) int {
	return int(e>>valueShift) + int(stream&(1<<(e&63)-1)>>(e>>codeShift&15))
}

// Codes are looked up by so many bits at once. Longer ones are rare, as a code of n bits stands for a symbol that is expected
// once in 2^n.
const (
	literalBits  = 11
	distanceBits = 9
	lengthBits   = 7 // no code of a code length is longer
	maxCodeBits  = 15
)

// RFC 1951, 3.2.6: fixed blocks have codes for the last two of the literals and distances, which mean nothing.
const (
	literalSymbols  = 288
	distanceSymbols = 32
	lengthSymbols   = 19
	endOfBlock      = 256
)

// Of the literals and lengths, of the distances, and of the lengths of their codes. As no code is the beginning of another, and
// all codes together use up all bit patterns, a sub-table has at least two symbols.
type (
	literalTable  [1<<literalBits + literalSymbols/2<<(maxCodeBits-literalBits)]entry
	distanceTable [1<<distanceBits + distanceSymbols/2<<(maxCodeBits-distanceBits)]entry
	lengthTable   [1 << lengthBits]entry
)

// The symbols' entries without their codes, after the tables of RFC 1951, 3.2.5.
var (
	literalEntries  = makeLiteralEntries()
	distanceEntries = makeDistanceEntries()
	lengthEntries   = makeLengthEntries()
)

func makeLiteralEntries() (e [literalSymbols]entry) {
	for i := range endOfBlock {
		e[i] = entry(i)<<valueShift | isLiteral
	}
	e[endOfBlock] = endOfBlock << valueShift
	base := entry(3)
	for i := range 28 {
		extra := max(0, i/4-1)
		e[endOfBlock+1+i] = base<<valueShift | isCopy | entry(extra)
		base += 1 << extra
	}
	e[285] = 258<<valueShift | isCopy // the longest has a code of its own
	return e
}

func makeDistanceEntries() (e [distanceSymbols]entry) {
	base := entry(1)
	for i := range 30 {
		extra := max(0, i/2-1)
		e[i] = base<<valueShift | isCopy | entry(extra)
		base += 1 << extra
	}
	return e
}

// makeLengthEntries adds the extra bits of a repetition to the value, too, so that the value alone says what to do how often.
func makeLengthEntries() (e [lengthSymbols]entry) {
	for i := range repeatLast {
		e[i] = entry(i) << valueShift
	}
	e[16] = repeatLast<<valueShift | 2
	e[17] = repeatZero<<valueShift | 3
	e[18] = repeatZero<<valueShift + 8<<valueShift | 7 // it continues where the other ends: 3 to 10 zeros, 11 to 138 zeros
	return e
}

const (
	repeatLast = 16 // the last length again 3 to 6 times: values 16 to 19
	repeatZero = 20 // 3 to 138 zeros: values 20 to 155
)

// buildTable fills table, whose first level is indexed by level bits, for the code whose symbols have these lengths, 0 where a
// symbol has none (RFC 1951, 3.2.2). It reports false where the lengths use up more bit patterns than there are, or fewer. As zlib
// and compress/flate do, it takes a code of a single symbol of one bit, and one of none: to read what has no code is an error then.
func buildTable(table []entry, level int, lengths []uint8, symbols []entry) bool {
	var count [maxCodeBits + 1]int
	longest := 0
	for _, n := range lengths {
		if n > 0 {
			count[n]++
			longest = max(longest, int(n))
		}
	}
	var first, at [maxCodeBits + 2]int // for each length its first code, and where its symbols stand in order
	for n := 1; n <= maxCodeBits; n++ {
		first[n+1] = (first[n] + count[n]) << 1
		at[n+1] = at[n] + count[n]
	}
	if used := first[longest+1] >> 1; used != 1<<longest {
		if longest > 1 || used > 1 {
			return false
		}
		table[0], table[1] = 0, 0
	}
	var order [literalSymbols]uint16 // the symbols by the lengths of their codes
	for i, n := range lengths {
		if n > 0 {
			order[at[n]] = uint16(i)
			at[n]++
		}
	}
	next := order[:]
	for n := 1; n <= level; n++ { // a table of n bits is one of n-1 bits twice over, but for the codes of n bits: also libdeflate's
		for code := range count[n] {
			table[reversed(first[n]+code, n)] = symbols[next[code]] + entry(n<<codeShift+n)
		}
		next = next[count[n]:]
		if n < level {
			copy(table[1<<n:], table[:1<<n])
		}
	}
	if longest > level {
		buildSubTables(table, level, longest, first[level+1:], count[level+1:], next, symbols)
	}
	return true
}

// buildSubTables does so for the codes that are longer than level. All sub-tables are as large as the longest code asks for.
func buildSubTables(table []entry, level, longest int, first, count []int, next []uint16, symbols []entry) {
	index := longest - level
	lowest := first[0] >> 1 // the long codes' prefixes are the last ones: canonical codes grow with their length
	for more := 1; more <= index; more++ {
		n := level + more
		for i := range count[more-1] {
			code := first[more-1] + i
			start := 1<<level + (code>>more-lowest)<<index
			table[reversed(code>>more, level)] = entry(start)<<valueShift | isPointer | entry(index)
			e := symbols[next[i]] + entry(n<<codeShift+n)
			for j := reversed(code, n) >> level; j < 1<<index; j += 1 << more {
				table[start+j] = e
			}
		}
		next = next[count[more-1]:]
	}
}

// reversed returns a code of n bits as it stands in the stream: its highest bit comes first.
func reversed(code, n int) int {
	return int(bits.Reverse16(uint16(code)) >> (16 - n))
}
