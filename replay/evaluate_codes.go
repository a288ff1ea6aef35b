package replay

import (
	"math/bits"
	"slices"
	"strings"
)

// A codeSet is a set of reason codes to look for in lists of them. A code of up to seven plain bytes, as the vendor's are, is
// compared as one number; the first look is at one bit of a hash, since most codes of a list are in no set.
type codeSet struct {
	codes  []string
	words  []uint64 // the codes that are so short and plain
	hashes uint64   // bit n for a word whose hash is n
}

func newCodeSet(codes []string) *codeSet {
	s := &codeSet{codes: codes}
	for _, c := range codes {
		if word := codeWord(c, 0); len(c) > 0 && len(c) < 8 && oddBytes(word) == 0 {
			word &= 1<<(8*len(c)) - 1
			s.words = append(s.words, word)
			s.hashes |= 1 << codeHash(word)
		}
	}
	return s
}

// in reports whether a comma-separated list holds one of the codes. Spaces around a code do not count.
func (s *codeSet) in(list string) bool {
	for from := 0; from < len(list); {
		word := codeWord(list, from)
		end := zeroBytes(word ^ commas)
		if end == 0 || oddBytes(word) != 0 {
			return s.inAny(list[from:])
		}
		n := bits.TrailingZeros64(end) &^ 7 // the bits before the comma
		code := word & (1<<n - 1)
		if s.hashes>>codeHash(code)&1 != 0 && slices.Contains(s.words, code) {
			return true
		}
		from += n/8 + 1
	}
	return false
}

// inAny is in for any list.
func (s *codeSet) inAny(list string) bool {
	for code := range strings.SplitSeq(list, ",") {
		if code = strings.TrimSpace(code); code != "" && slices.Contains(s.codes, code) {
			return true
		}
	}
	return false
}

const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	commas = ones * ','
)

// codeWord returns the eight bytes of list from a position on, the first one lowest, with commas for those behind its end.
func codeWord(list string, from int) uint64 {
	rest := len(list) - from
	switch {
	case rest >= 8:
		return load(list[from:])
	case len(list) >= 8:
		return load(list[len(list)-8:])>>(64-8*rest) | commas<<(8*rest)
	}
	word := uint64(commas)
	for i := len(list) - 1; i >= from; i-- {
		word = word<<8 | uint64(list[i])
	}
	return word
}

// load returns the first eight bytes of s; the compiler makes one instruction of it.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// zeroBytes flags the zero bytes of a word. The lowest flag is exact, those above it may be false (Warren, Hacker's Delight, 6-1).
func zeroBytes(word uint64) uint64 { return (word - ones) &^ word & highs }

// oddBytes is not zero where a byte may belong to a space, or to a letter outside ASCII.
func oddBytes(word uint64) uint64 { return ((word-ones*(' '+1))&^word | word) & highs }

// codeHash returns 0..63. The factor is the golden ratio's (Knuth, The Art of Computer Programming, 6.4).
func codeHash(word uint64) uint64 { return word * 0x9e3779b97f4a7c15 >> 58 }

// splitCodes returns the codes of a comma-separated list, without the spaces around them and without empty ones.
func splitCodes(list string) []string {
	out := []string{}
	for code := range strings.SplitSeq(list, ",") {
		if code = strings.TrimSpace(code); code != "" {
			out = append(out, code)
		}
	}
	return out
}
