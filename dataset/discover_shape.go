package dataset

import (
	"bytes"
	"slices"

	"github.com/zeebo/xxh3"
)

// maxShapes bounds the shapes that are remembered; lines of further ones are all decoded.
const maxShapes = 1 << 16

// A shaper tells the shape of lines: the keys, and of each value only what discovery makes of it. A line of a known shape
// tells discovery nothing new, and most histories have few shapes, so every line can be asked for a field that first
// appears after a year, at a fraction of the cost of decoding it.
type shaper struct {
	known map[uint64]struct{}
	text  []byte    // the shape that is being read
	plain placement // resolves escapes
}

// The shapes of values. Those of booleans and numbers are also the shapes of texts that say one.
const (
	shapeNone   = '0' // null or ""
	shapeBool   = 'b'
	shapeNumber = 'n'
	shapeText   = 't'
	shapeTexts  = 'T' // a list of texts
	shapeList   = 'L' // a list of anything else
)

// isKnown reports whether a line of the same shape was learned before; else the returned function learns it. The line is
// buf[from:to], which at least padding bytes follow. It need not be valid, so only a line that was decoded may be learned.
func (s *shaper) isKnown(buf []byte, from, to int) (known bool, learn func()) {
	s.text, s.plain.scratch = s.text[:0], s.plain.scratch[:0]
	if !s.read(buf[from:to+padding], to-from) {
		return false, func() {}
	}
	shape := xxh3.Hash(s.text)
	_, known = s.known[shape]
	return known, func() {
		if len(s.known) < maxShapes {
			s.known[shape] = struct{}{}
		}
	}
}

// read appends the shape of line[:end], or returns false where only decoding tells.
func (s *shaper) read(line []byte, end int) bool {
	for p := 0; p < end; {
		q := p + 1
		switch c := line[p]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
		case '{', '}':
			s.text = append(s.text, c)
		case '[':
			if q = skipNested(line, p, end); q < 0 || q > end {
				return false
			}
			s.text = append(s.text, listShape(line, p+1, q-1))
		case '"':
			if q = skipString(line, q); q < 0 || q > end {
				return false
			}
			text := line[p+1 : q-1]
			if q = skipSpace(line, q, end); q < end && line[q] == ':' {
				s.text = append(append(s.text, byte(len(text)), byte(len(text)>>8)), text...)
			} else if !s.string(text) {
				return false
			}
		default:
			if q = skipScalar(line, p, end); q == p {
				return false
			}
			if string(line[p:q]) == "null" {
				s.text = append(s.text, shapeNone)
			} else {
				s.text = append(s.text, textShape(line[p:q]))
			}
		}
		p = q
	}
	return true
}

// string appends the shape of a JSON string: of what it says, or of the response that it holds as text.
func (s *shaper) string(text []byte) bool {
	if bytes.IndexByte(text, '\\') >= 0 {
		if !escapesValid(text) {
			return false
		}
		text = s.plain.unescape(text)
	}
	if !looksLikeObject(text) {
		s.text = append(s.text, textShape(text))
		return true
	}
	text = append(slices.Clip(text), make([]byte, padding)...)
	return s.read(text, len(text)-padding)
}

// listShape returns the shape of the list whose elements are line[p:end].
func listShape(line []byte, p, end int) byte {
	for p = skipSpace(line, p, end); p < end; p = skipSpace(line, p, end) {
		if line[p] == ',' {
			p++
			continue
		}
		if line[p] != '"' {
			return shapeList
		}
		if p = skipString(line, p+1); p < 0 {
			return shapeList
		}
	}
	return shapeTexts
}

// textShape returns the shape of a text, by what sampled.text makes of it.
func textShape(text []byte) byte {
	if len(text) == 0 {
		return shapeNone
	}
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	if len(text) > len("false") && letter(text[0]) && letter(text[len(text)-1]) {
		return shapeText // the most frequent case: it has no space around it and is longer than any boolean
	}
	if _, kind := parseNumber(text); kind == ok {
		return shapeNumber
	}
	if b, kind := parseBool(text); kind == ok && b != BoolAbsent {
		return shapeBool
	}
	return shapeText
}
