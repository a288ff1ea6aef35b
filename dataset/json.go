package dataset

import (
	"slices"
)

// A jsonReader reads records from JSON text. It walks only the objects on the way to a wanted value and skips the rest by
// brackets and strings (json_walk.go), much of it at once because an earlier record had it too (json_model.go). What is odd
// about a line, escapes in keys, repeated or misspelt keys, anything malformed, goes to the careful reader
// (json_careful.go), which reads every token and is the judge of both.
//
// What the fast walk does not look into may be malformed without being noticed, as long as its brackets and strings
// balance and the line ends behind the object.
type jsonReader struct {
	*placement
	pad []byte // a copy of the text where the caller's has no room behind it
}

// padding is how many bytes must follow a text that is walked: eight are loaded at a time.
const padding = 8

// newJSONReader returns a reader for text that stands at prefix in a record; nil is the whole record. Fields that have no
// place at or below prefix are left untouched.
func newJSONReader(want []wanted, fields []Field, prefix Path) *jsonReader {
	return &jsonReader{placement: newPlacement(want, fields, prefix)}
}

// record fills record i of b from text. The caller has prepared the batch with start, and ends it with finish.
func (r *jsonReader) record(b *Batch, i int, text []byte) {
	r.pad = append(r.pad[:0], text...)
	r.pad = append(r.pad, make([]byte, padding)...)
	r.padded(b, i, r.pad, 0, len(text))
}

// padded reads record i from buf[from:to]; at least padding bytes follow.
func (r *jsonReader) padded(b *Batch, i int, buf []byte, from, to int) {
	r.next()
	if r.walk(buf[from:to+padding], to-from) {
		r.fill(b, i)
		return
	}
	r.careful(b, i, buf[from:to])
}

// next begins a record: the values of the last are no longer valid.
func (p *placement) next() {
	p.gen++
	p.scratch = p.scratch[:0]
}

// careful reads record i token by token.
func (r *jsonReader) careful(b *Batch, i int, text []byte) {
	r.next()
	if kind, field := r.judge(text); kind != ok {
		b.reject(i, kind, field, "")
		return
	}
	r.fill(b, i)
}

// looksLikeObject reports whether the content of a string may be a response that was stored as text.
func looksLikeObject(text []byte) bool {
	i := slices.IndexFunc(text, func(c byte) bool { return c > ' ' })
	return i >= 0 && text[i] == '{'
}
