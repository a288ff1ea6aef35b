package dataset

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A deflater writes streams symbol by symbol, which no compressor would do.
type deflater struct {
	out   []byte
	nbits int // of the last byte of out
}

// bits writes the n lowest bits of v, the lowest first.
func (d *deflater) bits(v, n int) {
	for ; n > 0; n-- {
		if d.nbits%8 == 0 {
			d.out = append(d.out, 0)
		}
		d.out[len(d.out)-1] |= byte(v & 1 << (d.nbits % 8))
		v >>= 1
		d.nbits++
	}
}

func (d *deflater) align() { d.nbits = 8 * len(d.out) }

// A testCode is a Huffman code: for each symbol its length and its code, whose highest bit is written first.
type testCode struct{ lengths, codes []int }

func codeOf(lengths []int) testCode {
	c := testCode{lengths, make([]int, len(lengths))}
	code := 0
	for n := 1; n <= maxCodeBits; n++ {
		code <<= 1
		for symbol, length := range lengths {
			if length == n {
				c.codes[symbol] = int(bits.Reverse16(uint16(code)) >> (16 - n))
				code++
			}
		}
	}
	return c
}

func (d *deflater) symbol(c testCode, symbol int) { d.bits(c.codes[symbol], c.lengths[symbol]) }

// A testBlock is a compressed block that is being written.
type testBlock struct {
	*deflater
	literals, distances testCode
}

func (d *deflater) fixed(final int) testBlock {
	d.bits(final|1<<1, 3)
	literals, distances := make([]int, literalSymbols), make([]int, distanceSymbols)
	for i := range literals {
		literals[i] = 8
		if i >= 144 && i < 256 {
			literals[i] = 9
		} else if i >= 256 && i < 280 {
			literals[i] = 7
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return testBlock{d, codeOf(literals), codeOf(distances)}
}

// dynamic begins a block with the given codes.
func (d *deflater) dynamic(final int, literals, distances []int) testBlock {
	c := d.dynamicHeader(final, len(literals), len(distances))
	all := append(slices.Clone(literals), distances...)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n] == all[0] {
			n++
		}
		switch {
		case all[0] == 0 && n >= 11:
			n = min(n, 138)
			d.symbol(c, 18)
			d.bits(n-11, 7)
		case all[0] == 0 && n >= 3:
			d.symbol(c, 17)
			d.bits(n-3, 3)
		case n >= 4:
			n = min(n, 7)
			d.symbol(c, all[0])
			d.symbol(c, 16)
			d.bits(n-4, 2)
		default:
			d.symbol(c, all[0])
			n = 1
		}
		all = all[n:]
	}
	return testBlock{d, codeOf(literals), codeOf(distances)}
}

// dynamicHeader writes what comes before the lengths of the codes, and returns the code for these.
func (d *deflater) dynamicHeader(final, literals, distances int) testCode {
	d.bits(final|2<<1, 3)
	d.bits(literals-257, 5)
	d.bits(distances-1, 5)
	d.bits(19-4, 4)
	c := codeOf([]int{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 4, 4, 4})
	for _, symbol := range lengthOrder {
		d.bits(c.lengths[symbol], 3)
	}
	return c
}

func (b testBlock) text(s string) {
	for i := range len(s) {
		b.symbol(b.literals, int(s[i]))
	}
}

// match writes a reference. The longest has two codes, of which it takes the one of its own.
func (b testBlock) match(length, distance int) {
	symbol, base, extra := find(literalEntries[endOfBlock+1:], length)
	b.symbol(b.literals, endOfBlock+1+symbol)
	b.bits(length-base, extra)
	symbol, base, extra = find(distanceEntries[:], distance)
	b.symbol(b.distances, symbol)
	b.bits(distance-base, extra)
}

// find returns the last symbol whose base is not above value.
func find(entries []entry, value int) (symbol, base, extra int) {
	for i, e := range entries {
		if e&isCopy != 0 && int(e>>valueShift) <= value {
			symbol, base, extra = i, int(e>>valueShift), int(e.size())
		}
	}
	return symbol, base, extra
}

func (b testBlock) end() { b.symbol(b.literals, endOfBlock) }

func (d *deflater) stored(final int, s string) {
	d.bits(final, 3)
	d.align()
	d.bits(len(s), 16)
	d.bits(len(s)^0xffff, 16)
	d.out = append(d.out, s...)
	d.align()
}

// inflateAll decodes a stream in pieces whose sizes size returns, and returns how much of it was used.
func inflateAll(stream []byte, size func() int) (content []byte, used int64, err error) {
	f := inflater{bitInput: bitInput{source: bytes.NewReader(stream)}}
	for {
		p := make([]byte, size())
		n := 0
		for n < len(p) && err == nil {
			n, err = f.inflate(p, n)
		}
		f.leave(p[:n])
		content = append(content, p[:n]...)
		if err == io.EOF {
			f.align()
			return content, f.used(), nil
		}
		if err != nil {
			return content, 0, err
		}
	}
}

// checkInflate compares with compress/flate: what one refuses the other must refuse.
func checkInflate(t testing.TB, stream []byte, size func() int) {
	t.Helper()
	src := bytes.NewReader(stream)
	want, wantErr := io.ReadAll(flate.NewReader(src))
	got, used, err := inflateAll(stream, size)
	switch {
	case (err == nil) != (wantErr == nil):
		t.Fatalf("%x: got %v, want %v", headOf(stream), err, wantErr)
	case err == nil && !bytes.Equal(got, want):
		t.Fatalf("%x: got %d bytes that differ from the %d wanted", headOf(stream), len(got), len(want))
	case err == nil && used != int64(len(stream)-src.Len()):
		t.Fatalf("%x: used %d bytes, want %d", headOf(stream), used, len(stream)-src.Len())
	case !bytes.HasPrefix(got, want) && !bytes.HasPrefix(want, got):
		t.Fatalf("%x: another content before the error %v", headOf(stream), err)
	}
}

func headOf(b []byte) []byte { return b[:min(len(b), 200)] }

// sizes returns sizes of reads, small and large ones, and those round the limits.
func sizes(r *rand.Rand) func() int {
	return func() int {
		switch r.IntN(4) {
		case 0:
			return 1 + r.IntN(600)
		case 1:
			return maxDistance - 2 + r.IntN(5)
		case 2:
			return outputSlack - 2 + r.IntN(5)
		}
		return 1 + r.IntN(200<<10)
	}
}

func whole() int { return 1 << 20 }

// TestInflateMatches copies with every length over every small distance, which overlap, and over others, near the ends of reads and not.
func TestInflateMatches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	start := make([]byte, maxDistance)
	for i := range start {
		start[i] = byte(r.Uint32())
	}
	distances := []int{511, 512, 513, 16383, 24577, 32767, 32768}
	for distance := 1; distance <= 300; distance++ {
		distances = append(distances, distance)
	}
	for _, distance := range distances {
		var d deflater
		d.stored(0, string(start[:distance]))
		b := d.fixed(1)
		for length := 3; length <= maxLength; length++ {
			b.match(length, distance)
			b.text("ab"[:length%3])
		}
		b.end()
		checkInflate(t, d.out, whole)
		checkInflate(t, d.out, sizes(r))
	}
}

// skewed returns the lengths of a random code of n symbols, with longer codes the more skewed it is.
func skewed(r *rand.Rand, n, skew int) []int {
	lengths := []int{1, 1}
	for len(lengths) < n {
		i := r.IntN(len(lengths))
		if r.IntN(10) < skew { // the last ones are the longest
			i = len(lengths) - 1
		}
		if lengths[i] < maxCodeBits {
			lengths[i]++
			lengths = append(lengths, lengths[i])
		}
	}
	return lengths
}

// strewn gives each of some of n symbols one of the lengths.
func strewn(r *rand.Rand, lengths []int, n int, always ...int) []int {
	out := make([]int, n)
	free := r.Perm(n)
	for _, symbol := range always {
		i := 0
		for free[i] != symbol {
			i++
		}
		free[0], free[i] = free[i], free[0]
	}
	for i, length := range lengths {
		out[free[i]] = length
	}
	return out
}

// TestInflateCodes decodes symbols of all lengths of codes, so that sub-tables are read, too.
func TestInflateCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		var d deflater
		written := 0
		for final := range 2 {
			literals := strewn(r, skewed(r, 2+r.IntN(285), i%10), 286, endOfBlock)
			distances := strewn(r, skewed(r, 2+r.IntN(29), i/10%10), 30)
			b := d.dynamic(final, literals, distances)
			for range 3000 {
				symbol := r.IntN(286)
				switch {
				case literals[symbol] == 0 || symbol == endOfBlock:
				case symbol < endOfBlock:
					b.symbol(b.literals, symbol)
					written++
				default:
					code, extra := r.IntN(30), 0
					if base := int(distanceEntries[code] >> valueShift); distances[code] > 0 && base <= written {
						if n := int(distanceEntries[code].size()); base+1<<n <= written {
							extra = r.IntN(1 << n)
						}
						length := int(literalEntries[symbol].size())
						more := r.IntN(1 << length)
						b.symbol(b.literals, symbol)
						b.bits(more, length)
						b.symbol(b.distances, code)
						b.bits(extra, int(distanceEntries[code].size()))
						written += int(literalEntries[symbol]>>valueShift) + more
					}
				}
			}
			b.end()
		}
		if _, err := io.ReadAll(flate.NewReader(bytes.NewReader(d.out))); err != nil {
			t.Fatalf("the test writes a stream that is none: %v", err)
		}
		checkInflate(t, d.out, whole)
		checkInflate(t, d.out, sizes(r))
	}
}

// TestInflateRefuses compares what is no stream, or only just one, and says why.
func TestInflateRefuses(t *testing.T) {
	noLiterals := func(ends int) []int { // all literals but the end of the block are missing
		lengths := make([]int, 257)
		lengths[endOfBlock] = ends
		return lengths
	}
	with := func(lengths []int, symbol, length int) []int {
		lengths[symbol] = length
		return lengths
	}
	cases := []struct {
		name, want string // want is "" for what is a stream
		write      func(d *deflater)
	}{
		{"nothing", "unexpected EOF", func(d *deflater) {}},
		{"reserved kind", "no such kind of block", func(d *deflater) { d.bits(1|3<<1, 3); d.bits(0, 32) }},
		{"empty stored", "", func(d *deflater) { d.stored(1, "") }},
		{"stored, no room", "unexpected EOF", func(d *deflater) { d.stored(1, "abc"); d.out = d.out[:len(d.out)-1] }},
		{"stored, complement", "not repeated", func(d *deflater) { d.stored(1, "abc"); d.out[3] ^= 1 }},
		{"stored after some bits", "", func(d *deflater) { b := d.fixed(0); b.text("x"); b.end(); d.stored(1, "abcdefghijklmnop") }},
		{"fixed", "", func(d *deflater) { b := d.fixed(1); b.text("abc"); b.match(258, 3); b.end() }},
		{"fixed, 258 as 227+31", "", func(d *deflater) {
			b := d.fixed(1)
			b.text("a")
			b.symbol(b.literals, 284)
			b.bits(31, 5)
			b.symbol(b.distances, 0)
			b.end()
		}},
		{"length 286", "stands for nothing", func(d *deflater) { b := d.fixed(1); b.text("a"); b.symbol(b.literals, 286); b.bits(0, 40) }},
		{"length 287", "stands for nothing", func(d *deflater) { b := d.fixed(1); b.text("a"); b.symbol(b.literals, 287); b.bits(0, 40) }},
		{"distance 30", "stands for nothing", func(d *deflater) {
			b := d.fixed(1)
			b.text("a")
			b.symbol(b.literals, 257)
			b.symbol(b.distances, 30)
			b.bits(0, 40)
		}},
		{"too far", "before the beginning", func(d *deflater) { b := d.fixed(1); b.text("abc"); b.match(3, 4); b.end() }},
		{"too far in a second block", "before the beginning", func(d *deflater) { d.stored(0, "abc"); b := d.fixed(1); b.match(3, 4); b.end() }},
		{"just near enough", "", func(d *deflater) { d.stored(0, "abc"); b := d.fixed(1); b.match(3, 3); b.end() }},
		{"no distance codes", "", func(d *deflater) { b := d.dynamic(1, with(noLiterals(1), 'a', 1), []int{0}); b.text("aaa"); b.end() }},
		{"no distance codes, used", "stands for nothing", func(d *deflater) {
			d.fixed(0).end() // whose codes must be gone
			b := d.dynamic(1, append(with(noLiterals(2), 'a', 1), 2), []int{0})
			b.text("a")
			b.symbol(b.literals, 257)
			b.bits(0, 40)
		}},
		{"one distance code of one bit", "", func(d *deflater) {
			b := d.dynamic(1, append(with(noLiterals(2), 'a', 1), 2), []int{1})
			b.text("a")
			b.match(3, 1)
			b.end()
		}},
		{"one distance code of one bit, the other used", "stands for nothing", func(d *deflater) {
			d.fixed(0).end()
			b := d.dynamic(1, append(with(noLiterals(2), 'a', 1), 2), []int{1})
			b.text("a")
			b.symbol(b.literals, 257)
			b.bits(1, 1)
			b.bits(0, 40)
		}},
		{"one distance code of two bits", "too many symbols or too few", func(d *deflater) { d.dynamic(1, with(noLiterals(1), 'a', 1), []int{2}).end() }},
		{"three distance codes of one bit", "too many symbols or too few", func(d *deflater) { d.dynamic(1, with(noLiterals(1), 'a', 1), []int{1, 1, 1}).end() }},
		{"only the end of the block", "", func(d *deflater) { d.dynamic(1, noLiterals(1), []int{0}).end() }},
		{"no literal codes", "stands for nothing", func(d *deflater) { d.dynamic(1, noLiterals(0), []int{0}); d.bits(0, 40) }},
		{"no end of the block", "unexpected EOF", func(d *deflater) {
			b := d.dynamic(1, with(with(noLiterals(0), 'a', 1), 'b', 1), []int{0})
			b.text("ab")
		}},
		{"the last bit is missing", "unexpected EOF", func(d *deflater) {
			b := d.fixed(1)
			b.text(strings.Repeat("\xff", 7)) // of nine bits each, so that only this bit is in the last byte
			b.end()
			d.out = d.out[:len(d.out)-1]
		}},
		{"too few literal codes", "too many symbols or too few", func(d *deflater) { d.dynamic(1, with(noLiterals(1), 'a', 2), []int{0}).end() }},
		{"too many literal codes", "too many symbols or too few", func(d *deflater) { d.dynamic(1, with(with(noLiterals(1), 'a', 1), 'b', 15), []int{0}).end() }},
		{"287 literals", "symbols that do not exist", func(d *deflater) { d.dynamic(1, append(noLiterals(1), make([]int, 30)...), []int{0}).end() }},
		{"a repetition of nothing", "a repetition of nothing", func(d *deflater) { d.symbol(d.dynamicHeader(1, 257, 1), 16); d.bits(0, 40) }},
		{"a repetition of too much", "or of too much", func(d *deflater) {
			c := d.dynamicHeader(1, 257, 1)
			for range 2 {
				d.symbol(c, 18)
				d.bits(127, 7)
			}
			d.bits(0, 40)
		}},
		{"31 distances", "symbols that do not exist", func(d *deflater) { d.dynamic(1, noLiterals(1), make([]int, 31)).end() }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var d deflater
			c.write(&d)
			checkInflate(t, d.out, whole)
			_, _, err := inflateAll(d.out, whole)
			if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
