package dataset

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A model is one object as it stood in an earlier record. Records of one history repeat each other: most flags are false, many
// texts are the same for days. What is the same byte for byte as in a text that was walked need not be walked again, so an
// object is compared with its model first, and only the values that differ or are in play are looked at.
type model struct {
	text  []byte  // the object, and padding
	steps int     // how many of the node's steps it covers; none where there is no model
	at    []int32 // where the key of each step begins in text; where the next one begins for a step that the object lacks
	value []int32 // where the value of each step begins
	stop  []int32 // how far a comparison from each step on may go: to the next value in play

	wait  int // how many objects are walked before another becomes the model
	short int // how many in a row were too short to become it
}

const (
	// modelWait is how many objects one model serves: many enough that taking it costs nothing.
	modelWait = 256
	// maxModel bounds the objects that become models.
	maxModel = 64 << 10
	// maxShort is how often an object of less than half the model's length is passed over: a response that holds an error, say,
	// predicts nothing of those that follow.
	maxShort = 8
)

// leap passes over what is the same in s[p:end] as in the model, where s[p] should be the key of step k. It returns the step
// whose value comes next, because it differs or is in play, and the position of that value; or, with atKey, the step whose key
// differs and the position where that should be.
func (m *model) leap(s []byte, p, end, k int) (step, behind int, atKey bool) {
	from := int(m.at[k])
	same := sameBytes(s[p:], m.text[from:], min(end-p, int(m.stop[k])-from))
	differs := int32(from + same)
	for m.at[k+1] <= differs {
		k++
	}
	if v := m.value[k]; v <= differs {
		return k, p + int(v) - from, false
	}
	return k, p + int(m.at[k]) - from, true
}

// sameBytes returns how many of the first n bytes of a and b are the same up to the first that differs; at least padding bytes
// follow those in both.
func sameBytes(a, b []byte, n int) int {
	if n <= 0 {
		return 0
	}
	a, b = a[:n+padding], b[:n+padding]
	for i := 0; i < n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return min(n, i+bits.TrailingZeros64(x)>>3)
		}
	}
	return n
}

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
	m.steps, m.short = 0, 0
	m.text = append(append(m.text[:0], text...), make([]byte, padding)...)
	m.at, m.value = m.at[:0], m.value[:0]
	end := len(text)
	p := skipSpace(m.text, 1, end)
	for m.text[p] == '"' {
		q := skipString(m.text, p+1)
		k, found := n.index[string(m.text[p+1:q-1])]
		if !found || k < len(m.at) {
			return // a key that is not remembered, or the order is another one
		}
		v := skipSpace(m.text, skipSpace(m.text, q, end)+1, end)
		for len(m.at) <= k {
			m.at, m.value = append(m.at, int32(p)), append(m.value, int32(v))
		}
		if m.text[v] == '"' {
			p = skipString(m.text, v+1)
		} else {
			p = skipValue(m.text, v, end)
		}
		if p < 0 {
			return // nested too deeply to be passed over from here
		}
		if q = skipSpace(m.text, p, end); m.text[q] == ',' {
			p = skipSpace(m.text, q+1, end)
		}
	}
	m.steps = len(m.at)
	m.limit(n, int32(p))
}

// limit sets how far comparisons may go, at most to end.
func (m *model) limit(n *node, end int32) {
	m.stop = append(m.stop[:0], m.at...)
	for k := m.steps - 1; k >= 0; k-- {
		if n.steps[k].kid != nil && (k+1 == m.steps || m.at[k+1] > m.at[k]) {
			end = m.value[k]
		}
		m.stop[k] = end
	}
	m.at = append(m.at, math.MaxInt32)
}
