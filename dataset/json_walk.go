package dataset

import (
	"bytes"
	"encoding/hex"
	"math/bits"
)

// The functions here return the position behind what they read, or bad where the careful reader must decide. They are given
// text whose first end bytes are the record; at least padding bytes follow, whose content does not matter.
const bad = -1

// walk reads the values of one record from s[:end], or reports false.
func (r *jsonReader) walk(s []byte, end int) bool {
	p := skipSpace(s, 0, end)
	if p == end {
		return !r.shape.whole // an empty cell holds no response; an empty line never gets here
	}
	if s[p] == '{' {
		p = r.object(r.root, s, p, end)
	} else if r.shape.whole {
		return false
	} else {
		p = r.element(r.root, s, p, end)
	}
	return p >= 0 && skipSpace(s, p, end) == end
}

// object reads an object that starts at p into n. What is as it was in an earlier record is passed over at once.
func (r *jsonReader) object(n *node, s []byte, p, end int) int {
	n.val.gen, n.val.form = r.gen, formObject
	from := p
	if p = skipSpace(s, p+1, end); p < end && s[p] == '}' {
		n.val.text = s[from : p+1]
		return p + 1
	}
	for k := 0; ; k++ {
		var kid *node
		if kid, k, p = n.step(s, p, end, k); p < 0 || p >= end { // what a cut line lacks may stand behind it, from before
			return bad
		}
		switch {
		case kid == nil:
			p = skipAny(s, p, end)
		case kid.val.gen == r.gen && !kid.quiet:
			return bad
		default:
			p = r.element(kid, s, p, end)
		}
		if p < 0 || p >= end {
			return bad
		}
		if s[p] <= ' ' {
			p = skipSpace(s, p, end)
		}
		if p >= end || s[p] != ',' {
			break
		}
		if p++; s[p] <= ' ' {
			p = skipSpace(s, p, end)
		}
	}
	if p >= end || s[p] != '}' {
		return bad
	}
	n.val.text = s[from : p+1]
	if n.like.wait--; n.like.wait < 0 {
		n.model(n.val.text)
	}
	return p + 1
}

// step reads the next key whose value must be looked at, and everything up to that value. Records of one history mostly have
// the same keys in the same order: the key that came next in earlier objects is compared first, with those behind it where
// the values are the same too, and the map is asked only where that fails. It returns the key's node and step.
func (n *node) step(s []byte, p, end, k int) (*node, int, int) {
	unknown := true
	if k < n.like.steps {
		k, p, unknown = n.like.leap(s, p, end, k)
	}
	if unknown && k < len(n.steps) {
		if raw := n.steps[k].raw; len(s)-p > len(raw) && string(s[p:p+len(raw)]) == raw {
			p, unknown = p+len(raw), false
		}
	}
	if unknown {
		return n.key(s, p, end, k)
	}
	if s[p] <= ' ' {
		p = skipSpace(s, p, end)
	}
	return n.steps[k].kid, k, p
}

// key reads a key that was not expected and everything up to its value. It returns the key's node and step; what was not
// known before is learned as step k.
func (n *node) key(s []byte, p, end, k int) (*node, int, int) {
	if p >= end || s[p] != '"' {
		return nil, k, bad
	}
	q := skipString(s, p+1)
	if q < 0 || q >= end {
		return nil, k, bad
	}
	key := s[p+1 : q-1]
	v := skipSpace(s, q, end)
	if v >= end || s[v] != ':' || !plain(key) {
		return nil, k, bad
	}
	if v = skipSpace(s, v+1, end); v >= end {
		return nil, k, bad
	}
	if at, found := n.index[string(key)]; found {
		if raw := s[p:v]; len(raw) <= maxRaw && n.steps[at].raw != string(raw) {
			n.steps[at].raw = string(raw)
		}
		return n.steps[at].kid, at, v
	}
	name := string(key)
	kid, wrongCase := n.find(name)
	if wrongCase {
		return nil, k, bad
	}
	n.learn(min(k, len(n.steps)), name, string(s[p:v]), kid)
	return kid, k, v
}

// element reads the value of a key in play that starts at p.
func (r *jsonReader) element(n *node, s []byte, p, end int) int {
	v := &n.val
	v.gen, v.escaped, v.badUTF8 = r.gen, false, false
	from := p
	switch s[p] {
	case '"':
		if p = skipPlain(s, p+1); p < 0 {
			p, v.escaped = skipString(s, from+1), true
		}
		if p < 0 || p > end {
			return bad
		}
		v.form, v.text = formString, s[from+1:p-1]
		if v.escaped && !escapesValid(v.text) {
			return bad
		}
		if n.kids != nil && looksLikeObject(r.content(v)) && !r.embedded(n) {
			return bad
		}
		return p
	case '{':
		if n.kids != nil {
			return r.object(n, s, p, end)
		}
		v.form = formObject
	case '[':
		v.form = formArray
	default:
		p = skipScalar(s, p, end)
		v.text = s[from:p]
		switch {
		case number(v.text) || string(v.text) == "true" || string(v.text) == "false":
			v.form = formScalar
		case string(v.text) == "null":
			v.form = formNull
		default:
			return bad
		}
		return p
	}
	if p = skipNested(s, p, end); p < 0 {
		return bad
	}
	v.text = s[from:p]
	return p
}

// embedded reads a response that was stored as the text of a JSON string.
func (r *jsonReader) embedded(n *node) bool {
	from := len(r.scratch)
	r.scratch = append(r.scratch, n.val.text...)
	end := len(r.scratch) - from
	r.scratch = append(r.scratch, make([]byte, padding)...)
	text := r.scratch[from:]
	p := r.object(n, text, skipSpace(text, 0, end), end)
	return p >= 0 && skipSpace(text, p, end) == end
}

func skipSpace(s []byte, p, end int) int {
	for p < end && (s[p] == ' ' || s[p] == '\t' || s[p] == '\r' || s[p] == '\n') {
		p++
	}
	return p
}

// Eight bytes are looked at in one word. A byte equal to c is a zero byte of word^(ones*c), and zero bytes are found by the
// borrow of a subtraction (Warren, Hacker's Delight, 6-1): the lowest flag is exact, those above it may be false.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipString returns the position behind the quote that closes the string whose content starts at p: the first with an even
// number of backslashes before it. It may lie behind the record's end, which the caller checks.
func skipString(s []byte, p int) int {
	for from := p; ; p++ {
		if p = skipToQuote(s, p); p < 0 {
			return bad
		}
		escapes := 0
		for q := p; q > from && s[q-1] == '\\'; q-- {
			escapes++
		}
		if escapes&1 == 0 {
			return p + 1
		}
	}
}

// skipPlain returns the position behind the quote that closes the string whose content starts at p, as skipString does, or bad
// where that holds escapes or control characters.
func skipPlain(s []byte, p int) int {
	for ; p+8 <= len(s); p += 8 {
		w := word(s[p : p+8])
		quote, escape := w^(ones*'"'), w^(ones*'\\')
		found := ((quote-ones)&^quote | (escape-ones)&^escape | (w-ones*' ')&^w) & highs
		if found == 0 {
			continue
		}
		if p += bits.TrailingZeros64(found) >> 3; s[p] == '"' {
			return p + 1
		}
		break
	}
	return bad
}

// skipToQuote returns the position of the first quote at p or behind.
func skipToQuote(s []byte, p int) int {
	for ; p+8 <= len(s); p += 8 {
		quote := word(s[p:p+8]) ^ ones*'"'
		if found := (quote - ones) &^ quote & highs; found != 0 {
			return p + bits.TrailingZeros64(found)>>3
		}
	}
	return bad
}

// skipScalar returns the end of a number, true, false or null.
func skipScalar(s []byte, p, end int) int {
	for p < end && !endsScalar[s[p]] {
		p++
	}
	return p
}

// endsScalar tells of each byte whether a scalar ends before it: spaces, and what gives JSON its structure.
var endsScalar = func() (ends [256]bool) {
	for c := range ' ' + 1 {
		ends[c] = true
	}
	for _, c := range `,:"{}[]` {
		ends[c] = true
	}
	return ends
}()

// skipAny returns the position behind the value that starts at p.
func skipAny(s []byte, p, end int) int {
	switch s[p] {
	case '"':
		return skipString(s, p+1)
	case '{':
		if q := skipFlat(s, p, end); q >= 0 {
			return q
		}
		return skipNested(s, p, end)
	case '[':
		return skipNested(s, p, end)
	}
	q := skipScalar(s, p, end)
	if q == p {
		return bad
	}
	return q
}

// skipFlat returns the position behind the object that starts at p if it holds neither objects nor lists nor escapes, as most
// do, and bad otherwise. It reads the text several times, but in vectors.
func skipFlat(s []byte, p, end int) int {
	n := bytes.IndexByte(s[p+1:end], '}')
	if n < 0 {
		return bad
	}
	body := s[p+1 : p+1+n]
	if bytes.Count(body, []byte{'"'})&1 != 0 { // the brace is in a string
		return bad
	}
	for _, c := range [...]byte{'{', '[', ']', '\\'} {
		if bytes.IndexByte(body, c) >= 0 {
			return bad
		}
	}
	return p + n + 2
}

// skipNested returns the position behind the object or list that starts at p. A word without bracket or backslash only
// counts its quotes, whose parity tells whether the next bracket is inside a string.
func skipNested(s []byte, p, end int) int {
	var quotes, kinds uint64 // quotes: one bit a byte, of which only the parity counts; kinds: a stack of bits, 1 for a list
	depth := 0
	for p < end {
		w := word(s[p : p+8])
		// [ \ ] and { | } are the bytes that with bit 5 set lie in 0x7b..0x7d. High bytes may be taken for them, at no harm.
		low := (w | ones*0x20) & (ones * 0x7f)
		if (low+ones*0x05)&^(low+ones*0x02)&highs == 0 {
			quote := w ^ ones*'"'
			quotes ^= ^((quote&(ones*0x7f) + ones*0x7f) | quote) & highs
			p += 8
			continue
		}
		inside := bits.OnesCount64(quotes)&1 == 1
		for stop := p + 8; p < stop && p < end; p++ {
			c := s[p]
			switch {
			case inside:
				if c == '\\' {
					p++
				} else if c == '"' {
					inside = false
				}
			case c == '"':
				inside = true
			case c == '{' || c == '[':
				if depth++; depth > 64 {
					return bad
				}
				kinds = kinds<<1 | uint64(c>>5&1^1)
			case c == '}' || c == ']':
				if kinds&1 != uint64(c>>5&1^1) {
					return bad
				}
				kinds >>= 1
				if depth--; depth == 0 {
					return p + 1
				}
			}
		}
		quotes = 0
		if inside {
			quotes = 1
		}
	}
	return bad
}

// plain reports whether text has neither escapes nor control characters.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return true
}

// escapesValid reports whether text, the content of a string, has only escapes that JSON knows and no control characters.
func escapesValid(text []byte) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c < ' ':
			return false
		case c != '\\':
			continue
		}
		if i++; i == len(text) {
			return false
		}
		switch text[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if len(text) < i+5 {
				return false
			}
			if _, err := hex.Decode(make([]byte, 2), text[i+1:i+5]); err != nil {
				return false
			}
			i += 4
		default:
			return false
		}
	}
	return true
}

// number reports whether text is a number as JSON writes it.
func number(text []byte) bool {
	i, n := 0, len(text)
	digits := func() bool {
		from := i
		for i < n && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < n && text[i] == '-' {
		i++
	}
	from := i
	if !digits() || text[from] == '0' && i > from+1 {
		return false
	}
	if i < n && text[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < n && (text[i] == 'e' || text[i] == 'E') {
		if i++; i < n && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == n
}
