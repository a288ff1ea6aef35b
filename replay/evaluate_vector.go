package replay

import (
	"encoding/binary"
	"math/bits"

	"github.com/trustreplay/trustreplay/dataset"
)

// A vector is a test asked of every record of a batch, as a bitmap.
type vector struct {
	test  *test
	cols  []int          // of the test's fields
	kinds []dataset.Kind // as which they are looked at
	bits  []uint64
	fill  func(e *evaluator, b *dataset.Batch)

	// A dear test looks at texts or runs the interpreter, so it is asked after the others and, where that saves work, only of records where
	// its answer matters: the guards of one of its places all hold.
	dear   bool
	guards [][]*plan
	need   []uint64 // of the batch: those records
	some   []uint64 // scratch: those of one place

	// What was found out about values, kept from batch to batch.
	entries []answer // by dictionary entry, while dictID stays
	dictID  uint64
	byBits  map[uint64]bool // by the bits of a number
	byTuple map[tuple]bool  // by the bits and entries of several fields
	dictIDs []uint64        // of byTuple
	codes   *codeSet        // of a test for codes
}

// An answer is what is known of a test on a value. Its lowest bit is set where the test holds.
type answer uint8

const (
	unasked answer = 0
	holds   answer = 1
	fails   answer = 2
)

func answerOf(b bool) answer {
	if b {
		return holds
	}
	return fails
}

// A tuple identifies the values of several fields: bits of numbers, entries of dictionaries.
type tuple [4]uint64

// maxMemo bounds what a vector remembers, so that a field of ever new values costs time and not memory.
const maxMemo = 1 << 14

// vector chooses the fastest way to ask a test.
func (e *evaluator) vector(t *test) (*vector, error) {
	v := &vector{test: t}
	if t.shape == shapeCodes {
		v.codes = newCodeSet(t.codes)
	}
	for _, f := range t.fields {
		i, kind, err := e.column(f)
		if err != nil {
			return nil, err
		}
		v.cols, v.kinds = append(v.cols, i), append(v.kinds, kind)
	}
	v.dear = true
	switch {
	case len(t.fields) != 1:
		v.fill = v.fillTuples
	case v.kinds[0] == sideScore || v.kinds[0] == sideStatus:
		v.entries = e.states(v)
		v.fill, v.dear = v.fillStates, false
	case t.shape == shapeFlag:
		v.fill, v.dear = v.fillFlags, false
	case t.shape == shapeCompare:
		v.fill, v.dear = v.fillCompare, false
	default:
		switch t.fields[0].Kind {
		case dataset.KindText, dataset.KindCodes:
			v.fill = v.fillEntries
		case dataset.KindNumber, dataset.KindAmount:
			v.byBits = map[uint64]bool{}
			v.fill = v.fillNumbers
		default:
			v.entries = e.small(v)
			v.fill, v.dear = v.fillSmall, false
		}
	}
	return v, nil
}

// asked works out of which of n records a dear test is to be asked.
func (v *vector) asked(n int) {
	words := len(v.bits)
	v.need, v.some = resized(v.need, words), resized(v.some, words)
	clear(v.need)
	for _, guards := range v.guards {
		for w := range v.some {
			v.some[w] = ^uint64(0)
		}
		for _, g := range guards {
			combine(v.some, g.solve(words), logicAnd)
		}
		combine(v.need, v.some, logicOr)
	}
	if rest := n % 64; rest > 0 {
		v.need[words-1] &= 1<<rest - 1
	}
}

// fillFlags reads a boolean column eight records at a time. BoolTrue has the second bit set, BoolFalse the first.
func (v *vector) fillFlags(_ *evaluator, b *dataset.Batch) {
	const lows = 0x0101010101010101
	shift := v.test.want - 1
	col := b.Cols[v.cols[0]].U8[:b.N]
	for w := range v.bits {
		part := col[w*64 : min(w*64+64, len(col))]
		var word uint64
		i := 0
		for ; i+8 <= len(part); i += 8 {
			x := binary.LittleEndian.Uint64(part[i:]) >> shift & lows
			word |= x * 0x0102040810204080 >> 56 << i // gathers the lowest bit of each byte
		}
		for ; i < len(part); i++ {
			word |= uint64(part[i]>>shift&1) << i
		}
		v.bits[w] = word
	}
}

// fillSmall reads a column of clusters, statuses or booleans through a table of all values.
func (v *vector) fillSmall(_ *evaluator, b *dataset.Batch) {
	col, table := b.Cols[v.cols[0]].U8[:b.N], (*[256]answer)(v.entries)
	for w := range v.bits {
		var word uint64
		for i, x := range col[w*64 : min(w*64+64, len(col))] {
			word |= uint64(table[x]&1) << i
		}
		v.bits[w] = word
	}
}

// small asks a test of every value of a column of small numbers.
func (e *evaluator) small(v *vector) []answer {
	table := make([]answer, 256)
	col := dataset.Column{U8: []uint8{0}}
	for x := range table {
		col.U8[0] = uint8(x)
		table[x] = answerOf(e.askOne(v, &col, 0))
	}
	return table
}

// fillStates reads a product's states through a table of all of them.
func (v *vector) fillStates(_ *evaluator, b *dataset.Batch) {
	col, table := b.Cols[v.cols[0]].State[:b.N], (*[1 << 11]answer)(v.entries)
	for w := range v.bits {
		var word uint64
		for i, x := range col[w*64 : min(w*64+64, len(col))] {
			word |= uint64(table[x&(1<<11-1)]&1) << i
		}
		v.bits[w] = word
	}
}

// states asks a test of every state. What is beyond belongs to rejected records only.
func (e *evaluator) states(v *vector) []answer {
	table := make([]answer, 1<<11)
	col := dataset.Column{State: []dataset.State{0}}
	for x := range dataset.NumStates {
		col.State[0] = dataset.State(x)
		table[x] = answerOf(e.askOne(v, &col, 0))
	}
	return table
}

// askOne runs the interpreter on a test of one field.
func (e *evaluator) askOne(v *vector, col *dataset.Column, r int) bool {
	x, found := value(v.kinds[0], col, r)
	if !found {
		return false
	}
	e.env[v.test.fields[0].Name] = x
	return e.ask(v.test)
}

// fillEntries asks the test once of each dictionary entry that occurs, or of each record where most have an entry of their own.
func (v *vector) fillEntries(e *evaluator, b *dataset.Batch) {
	c := &b.Cols[v.cols[0]]
	if c.DictID == 0 && len(c.Dict) > b.N/2 {
		v.fillTexts(e, c, b.N)
		return
	}
	if c.DictID == 0 || c.DictID != v.dictID {
		v.entries = v.entries[:0]
		v.dictID = c.DictID
	}
	if n := len(c.Dict); n > len(v.entries) {
		v.entries = append(v.entries, make([]answer, n-len(v.entries))...)
	}
	entries := v.entries
	for w := range v.bits {
		var word uint64
		part := c.Idx[w*64 : min(w*64+64, b.N)]
		for i, x := range part {
			if int(x) >= len(entries) { // only of a rejected record
				continue
			}
			a := entries[x]
			if a == unasked {
				a = answerOf(v.askEntry(e, c.Dict[x]))
				entries[x] = a
			}
			word |= uint64(a&1) << i
		}
		v.bits[w] = word
	}
}

// fillTexts asks the test of the text of each record that matters.
func (v *vector) fillTexts(e *evaluator, c *dataset.Column, n int) {
	codes := v.test.shape == shapeCodes
	for w, need := range v.need {
		var word uint64
		idx := c.Idx[w*64 : min(w*64+64, n)]
		for ; need != 0; need &= need - 1 {
			i := bits.TrailingZeros64(need)
			x := idx[i]
			if x == 0 || int(x) >= len(c.Dict) { // without a text; only a rejected record is beyond
				continue
			}
			if codes && v.codes.in(c.Dict[x]) || !codes && v.askEntry(e, c.Dict[x]) {
				word |= 1 << i
			}
		}
		v.bits[w] = word
	}
}

func (v *vector) askEntry(e *evaluator, text string) bool {
	if text == "" {
		return false
	}
	if v.test.shape == shapeCodes {
		return v.codes.in(text)
	}
	if f := v.test.fields[0]; f.Kind == dataset.KindCodes {
		e.env[f.Name] = splitCodes(text)
	} else {
		e.env[f.Name] = text
	}
	return e.ask(v.test)
}

// fillCompare compares numbers with a constant.
func (v *vector) fillCompare(_ *evaluator, b *dataset.Batch) {
	c := &b.Cols[v.cols[0]]
	amounts := v.test.fields[0].Kind == dataset.KindAmount
	var buf [64]float64
	for w := range v.bits {
		lo, hi := w*64, min(w*64+64, b.N)
		part := buf[:hi-lo]
		if amounts {
			for i, a := range c.I64[lo:hi] {
				part[i] = major(a)
			}
		} else {
			part = c.F64[lo:hi]
		}
		v.bits[w] = within(part, v.test.low, v.test.high, v.test.outside)
	}
}

// within returns a bit for each number of low..high, both included, or for each number outside. NaN, which stands for a
// missing number, is neither.
func within(part []float64, low, high float64, outside bool) (word uint64) {
	for i, x := range part {
		is := x >= low && x <= high
		if outside {
			is = x < low || x > high
		}
		if is {
			word |= 1 << i
		}
	}
	return word
}

// fillNumbers asks the test of each distinct number.
func (v *vector) fillNumbers(e *evaluator, b *dataset.Batch) {
	c := &b.Cols[v.cols[0]]
	v.each(func(r int) bool {
		k := raw(v.kinds[0], c, r)
		is, found := v.byBits[k]
		if !found {
			is = e.askOne(v, c, r)
			if len(v.byBits) < maxMemo {
				v.byBits[k] = is
			}
		}
		return is
	})
}

// fillTuples asks the test of each distinct combination of values.
func (v *vector) fillTuples(e *evaluator, b *dataset.Batch) {
	t := v.test
	memo := len(t.fields) <= len(tuple{})
	if memo {
		v.forget(b)
	}
	v.each(func(r int) bool {
		if !memo {
			return e.askAll(v, b, r)
		}
		var k tuple
		for i, kind := range v.kinds {
			k[i] = raw(kind, &b.Cols[v.cols[i]], r)
		}
		is, found := v.byTuple[k]
		if !found {
			is = e.askAll(v, b, r)
			if len(v.byTuple) < maxMemo {
				v.byTuple[k] = is
			}
		}
		return is
	})
}

// forget drops what is known of tuples where a dictionary has changed, since entries are part of them.
func (v *vector) forget(b *dataset.Batch) {
	same := v.byTuple != nil
	v.dictIDs = append(v.dictIDs, make([]uint64, len(v.cols)-len(v.dictIDs))...)
	for i, f := range v.test.fields {
		if f.Kind == dataset.KindText || f.Kind == dataset.KindCodes {
			id := b.Cols[v.cols[i]].DictID
			same = same && id != 0 && id == v.dictIDs[i]
			v.dictIDs[i] = id
		}
	}
	if !same {
		v.byTuple = map[tuple]bool{}
	}
}

// each asks is of the records that matter; of the others the test is said not to hold.
func (v *vector) each(is func(r int) bool) {
	for w, need := range v.need {
		var word uint64
		for ; need != 0; need &= need - 1 {
			at := bits.TrailingZeros64(need)
			if is(w*64 + at) {
				word |= 1 << at
			}
		}
		v.bits[w] = word
	}
}

// askAll runs the interpreter on a test of several fields, or of none.
func (e *evaluator) askAll(v *vector, b *dataset.Batch, r int) bool {
	for i, f := range v.test.fields {
		x, found := value(v.kinds[i], &b.Cols[v.cols[i]], r)
		if !found {
			return false
		}
		e.env[f.Name] = x
	}
	return e.ask(v.test)
}
