package dataset

import (
	"encoding/binary"
	"math/bits"
)

// A model is one object as it stood in an earlier record. Records of one history repeat each other: most flags are false, many
// texts are the same for days. What is the same byte for byte as in a text that was walked need not be walked again, so an
// object is compared with its model first, and only the values that differ or are in play are looked at.
//
// Which values mostly differ is noticed, and a comparison ends before them: to find out where a difference is, again and again,
// takes longer than to compare and to skip, not least because the processor guesses it wrong.
type model struct {
	text  []byte   // the object, and padding
	steps int      // how many of the node's steps it covers; none where there is no model
	spans []span   // of those steps; that of a step which the object lacks is the next one's
	step  []uint16 // of each byte of text, the step it belongs to; what is behind a value belongs to the step of the value

	wait  int // how many objects are walked before another becomes the model
	short int // how many in a row were too short to become it
	taken int // how many became it
}

// A span is where one step is in a model's text. Comparisons end before the values of some steps, its stops.
type span struct {
	key      int32 // where its key begins
	from, to int32 // its value
	stop     int32 // the first stop from this step on
	next     int32 // the first stop behind it
	run      int32 // how many bytes are between its value and that of next
	wanted   bool  // the value is in play, or the last one
	misses   int32 // how many comparisons failed at the value
}

const (
	// modelWait is how many objects one model serves: many enough that taking it costs nothing.
	modelWait = 1024
	// maxModel bounds the objects that become models.
	maxModel = 64 << 10
	// maxShort is how often an object of less than half the model's length is passed over: a response that holds an error, say,
	// predicts nothing of those that follow.
	maxShort = 8
	// maxMisses is how many comparisons with one model may fail at a value before they end before it.
	maxMisses = modelWait / 16
	// modelMemory is for how many models what varies is remembered. What changed once is the same again in the models after.
	modelMemory = 16
)

// leap passes over what is the same in s[p:end] as in the model, where s[p] should be the key of step k, and over the values
// between that are not in play. It returns the step whose value comes next and the position of that value; or, with atKey, the
// step whose key differs and the position where that should be.
func (m *model) leap(s []byte, p, end, k int) (step, behind int, atKey bool) {
	from, at := int(m.spans[k].key), int(m.spans[k].stop)
	v := &m.spans[at]
	n := int(v.from) - from
	passed, value := -1, 0 // the step whose value was passed over last, and where that begins
	for {
		if n <= end-p && string(s[p:p+n]) == string(m.text[from:from+n]) {
			p += n
		} else {
			differs := from + sameBytes(s[p:], m.text[from:], min(n, end-p))
			if at = int(m.step[differs]); at == passed { // what follows the value is another thing
				return passed, value, false
			}
			v = &m.spans[at]
			if differs < int(v.from) {
				return at, p + int(v.key) - from, true
			}
			p += int(v.from) - from
			v.misses++
		}
		if v.wanted || p >= end {
			return at, p, false
		}
		q := skipShort(s, p)
		if q < 0 {
			q = skipAny(s, p, end)
		}
		if q < 0 || q >= end {
			return at, p, false
		}
		passed, value, p = at, p, q
		from, n, at = int(v.to), int(v.run), int(v.next)
		v = &m.spans[at]
	}
}

// skipShort returns the position behind the string at p if that has less than eight bytes and ends in no backslash, and bad
// otherwise. Most values that vary are such strings, and a call for each takes longer than to look.
func skipShort(s []byte, p int) int {
	quote := word(s[p+1:p+9]) ^ ones*'"'
	found := (quote - ones) &^ quote & highs
	q := p + bits.TrailingZeros64(found)>>3
	if s[p] != '"' || found == 0 || s[q] == '\\' {
		return bad
	}
	return q + 2
}

// sameBytes returns how many of the first n bytes of a and b are the same up to the first that differs; at least padding bytes
// follow those in both.
func sameBytes(a, b []byte, n int) int {
	for i := 0; i < n; i += 8 {
		if x := word(a[i:i+8]) ^ word(b[i:i+8]); x != 0 {
			return min(n, i+bits.TrailingZeros64(x)>>3)
		}
	}
	return n
}

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// model makes text, an object that was walked, the model of the next ones, unless it is unlike what came before.
func (n *node) model(text []byte) {
	m := &n.like
	m.wait = modelWait
	if len(text) > maxModel {
		return
	}
	if m.steps > 0 && 2*len(text) < len(m.text)-padding && m.short < maxShort {
		m.short++
		return
	}
	n.remember(m)
	m.steps, m.short = 0, 0
	m.text = append(append(m.text[:0], text...), make([]byte, padding)...)
	m.spans = m.spans[:0]
	end := len(text)
	p := skipSpace(m.text, 1, end)
	for m.text[p] == '"' {
		key := p
		q := skipString(m.text, p+1)
		k, found := n.index[string(m.text[p+1:q-1])]
		if !found || k < len(m.spans) {
			return // a key that is not remembered, or the order is another one
		}
		v := skipSpace(m.text, skipSpace(m.text, q, end)+1, end)
		if p = skipAny(m.text, v, end); p < 0 {
			return // nested too deeply to be passed over from here
		}
		for len(m.spans) <= k {
			m.spans = append(m.spans, span{key: int32(key), from: int32(v), to: int32(p)})
		}
		if q = skipSpace(m.text, p, end); m.text[q] == ',' {
			p = skipSpace(m.text, q+1, end)
		}
	}
	m.steps = len(m.spans)
	m.limit(n, p)
}

// remember notes at which steps comparisons with the model failed too often.
func (n *node) remember(m *model) {
	for k := range m.steps {
		if m.spans[k].misses >= maxMisses {
			n.steps[k].varies = true
		}
	}
	if m.taken++; m.taken%modelMemory == 0 {
		for k := range n.steps {
			n.steps[k].varies = false
		}
	}
}

// limit sets where comparisons stop, and which bytes belong to which step. The object's brace is at end.
func (m *model) limit(n *node, end int) {
	m.step = sized(m.step, end+1)
	behind, stop := end+1, m.steps-1
	for k := stop; k >= 0; k-- {
		v := &m.spans[k]
		v.next, v.run = int32(stop), m.spans[stop].from-v.to
		if from := int(v.key); from < behind { // the object has this step
			for i := from; i < behind; i++ {
				m.step[i] = uint16(k)
			}
			behind = from
			v.wanted = n.steps[k].kid != nil || k == m.steps-1
			if v.wanted || n.steps[k].varies {
				stop = k
			}
		}
		v.stop = int32(stop)
	}
}
