package dataset

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/parquet"
)

// A sink turns the values of one Parquet column into a Column. Rows are filled in two steps: lookup or direct put a run's
// values side by side from row at on, then spread moves them to the rows that are not null.
type sink interface {
	// begin prepares for a batch of n rows; id identifies the dictionary of its row group.
	begin(c *Column, n int, id uint64)
	// dictionary decides every entry of a dictionary once.
	dictionary(v *values)
	lookup(at int, indices []uint32) error
	direct(at int, v *values)
	spread(at, vals int, present []uint8)
	// rejects returns the values of the last run that could not be read.
	rejects() []badValue
	// end completes the batch.
	end(c *Column)
}

// A badValue is a value that could not be read, by its position: at counts values, not rows, from the run's first row.
type badValue struct {
	at   int
	kind IssueKind
	text string
}

// cells is the sink of every kind but text.
type cells[T any] struct {
	none    T
	convert func(v *values, i int) (T, IssueKind)
	text    func(v *values, i int) string // how a value is shown in an issue
	// fast converts a run of common values and reports whether it could; nil where there is no such form.
	fast   func(dst []T, v *values) bool
	column func(c *Column) []T
	no     uint8 // of booleans that are stored as two consecutive numbers, and as none where absent: the first, else 0

	out     []T
	table   []T              // of the dictionary
	refused map[int]badValue // entries of the dictionary that cannot be read
	bad     []badValue
}

func (s *cells[T]) begin(c *Column, n int, id uint64) { s.out = s.column(c)[:n] }
func (s *cells[T]) end(*Column)                       {}

func (s *cells[T]) dictionary(v *values) {
	s.table, s.refused = sized(s.table, v.n), nil
	if s.fast != nil && s.fast(s.table, v) {
		return
	}
	for i := range s.table {
		var kind IssueKind
		if s.table[i], kind = s.convert(v, i); kind != ok {
			if s.refused == nil {
				s.refused = map[int]badValue{}
			}
			s.refused[i] = badValue{kind: kind, text: s.text(v, i)}
		}
	}
}

func (s *cells[T]) lookup(at int, indices []uint32) error {
	table, out := s.table, s.out[at:][:len(indices)]
	for i, x := range indices {
		if int(x) >= len(table) {
			return errIndex
		}
		out[i] = table[x]
	}
	if s.refused == nil {
		return nil
	}
	for i, x := range indices {
		if b, found := s.refused[int(x)]; found {
			b.at = at + i
			s.bad = append(s.bad, b)
		}
	}
	return nil
}

func (s *cells[T]) direct(at int, v *values) {
	out := s.out[at:][:v.n]
	if s.fast != nil && s.fast(out, v) {
		return
	}
	for i := range out {
		var kind IssueKind
		if out[i], kind = s.convert(v, i); kind != ok {
			s.bad = append(s.bad, badValue{at + i, kind, s.text(v, i)})
		}
	}
}

func (s *cells[T]) spread(at, vals int, present []uint8) {
	spread(s.out[at:], vals, present, s.none)
}

func (s *cells[T]) rejects() []badValue {
	bad := s.bad
	s.bad = s.bad[:0]
	return bad
}

// texts is the sink of text. While a batch meets dictionary pages only, the dictionary is the Column's, with "" put before
// it. From the first value that stands for itself on, each record of the batch has an entry of its own.
type texts struct {
	scalars func(v *values, i int) string // of values that are not byte arrays; nil for those
	utf8    bool                          // invalid UTF-8 is an issue: the field identifies records

	out     []uint32
	shared  []string // the dictionary behind a ""
	unused  []uint32 // per entry of shared: its index, or 0 where it is empty; nil where none is
	id      uint64
	own     []string // "" and the entries of the batch's records, of which no record has an empty one; empty while the batch uses shared
	bad     []badValue
	refused map[uint32]bool
}

func (s *texts) begin(c *Column, n int, id uint64) { s.out, s.id, s.own = c.Idx[:n], id, s.own[:0] }

func (s *texts) end(c *Column) {
	switch {
	case len(s.own) > 0:
		c.Dict, c.DictID = s.own, 0
	case len(s.shared) > 0:
		c.Dict, c.DictID = s.shared, s.id
	default:
		c.Dict, c.DictID = []string{""}, 0
	}
}

// string returns value i as text.
func (s *texts) string(v *values, i int) string {
	if s.scalars != nil {
		return s.scalars(v, i)
	}
	return v.strs[i]
}

func (s *texts) dictionary(v *values) {
	// A new slice: batches that are still held share the last one.
	s.shared, s.unused, s.refused = make([]string, 1, v.n+1), nil, nil
	for i := range v.n {
		t := s.string(v, i)
		s.shared = append(s.shared, t)
		if s.utf8 && !utf8.ValidString(t) {
			if s.refused == nil {
				s.refused = map[uint32]bool{}
			}
			s.refused[uint32(i)] = true
		}
	}
	if !slices.Contains(s.shared[1:], "") {
		return
	}
	s.unused = make([]uint32, len(s.shared))
	for i, t := range s.shared {
		if t != "" {
			s.unused[i] = uint32(i)
		}
	}
}

func (s *texts) lookup(at int, indices []uint32) error {
	out, size := s.out[at:][:len(indices)], uint32(max(len(s.shared), 1)-1)
	for i, x := range indices {
		if x >= size {
			return errIndex
		}
		out[i] = x + 1
	}
	if s.unused != nil {
		for i, x := range out {
			out[i] = s.unused[x]
		}
	}
	if s.refused != nil {
		for i, x := range indices {
			if s.refused[x] {
				s.bad = append(s.bad, badValue{at + i, BadUTF8, s.shared[x+1]})
			}
		}
	}
	if len(s.own) > 0 {
		s.adopt(out)
	}
	return nil
}

// adopt gives each of the rows, which hold indices into the shared dictionary, an entry of its own.
func (s *texts) adopt(rows []uint32) {
	for i, x := range rows {
		if x != 0 {
			rows[i] = uint32(len(s.own))
			s.own = append(s.own, s.shared[x])
		}
	}
}

// room returns where the next n entries of the batch's own will stand, for values of rows from row at on.
func (s *texts) room(at, n int) []string {
	if len(s.own) == 0 {
		s.own = append(s.own, "")
		s.adopt(s.out[:at])
	}
	s.own = slices.Grow(s.own, n)
	return s.own[len(s.own):][:n]
}

// direct takes values that stand for themselves; those that have been put into room stay where they are.
func (s *texts) direct(at int, v *values) {
	entries := s.room(at, v.n)
	if s.scalars != nil {
		for i := range entries {
			entries[i] = s.scalars(v, i)
		}
	} else if len(entries) > 0 && &entries[0] != &v.strs[0] {
		copy(entries, v.strs)
	}
	first := uint32(len(s.own))
	s.own = s.own[:len(s.own)+v.n]
	for i, t := range entries {
		x := first + uint32(i)
		if len(t) == 0 {
			x = 0
		}
		s.out[at+i] = x
	}
	if !s.utf8 {
		return
	}
	for i, t := range entries {
		if !utf8.ValidString(t) {
			s.bad = append(s.bad, badValue{at + i, BadUTF8, t})
		}
	}
}

func (s *texts) spread(at, vals int, present []uint8) {
	spread(s.out[at:], vals, present, 0)
}

func (s *texts) rejects() []badValue {
	bad := s.bad
	s.bad = s.bad[:0]
	return bad
}

// The fast forms below read the common physical types without a call per value. Each gives up at the first value that is
// not plainly good, and the run is then converted value by value, which finds the same and says what is wrong.

func fastScores(dst []State, v *values) bool {
	var over uint64
	switch v.typ {
	case parquet.Types.Int32:
		raw := v.raw
		for i := range dst {
			x := uint64(binary.LittleEndian.Uint32(raw[4*i:]))
			dst[i] = firstCode + State(x)
			over |= (MaxScore - x) >> 63
		}
	case parquet.Types.Int64:
		raw := v.raw
		for i := range dst {
			x := binary.LittleEndian.Uint64(raw[8*i:])
			dst[i] = firstCode + State(x)
			over |= (MaxScore-x)>>63 | x>>63
		}
	default:
		return false
	}
	return over == 0
}

// fastTimes reads microseconds; scale makes them of the column's unit.
func fastTimes(scale int64) func(dst []int64, v *values) bool {
	low, high := minTime/scale, maxTime/scale
	return func(dst []int64, v *values) bool {
		raw, good := v.raw, true
		for i := range dst {
			x := int64(binary.LittleEndian.Uint64(raw[8*i:]))
			good = good && x >= low && x < high
			dst[i] = x * scale
		}
		return good
	}
}

func fastAmounts(dst []int64, v *values) bool {
	raw, good := v.raw, true
	for i := range dst {
		x := math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])) * 100
		good = good && x >= 0 && x < maxAmount
		t := math.Trunc(x)
		if x-t >= 0.5 { // exact, so this is math.Round
			t++
		}
		dst[i] = int64(t)
	}
	return good
}

// fastCents reads decimals with two places.
func fastCents(dst []int64, v *values) bool {
	raw, good := v.raw, true
	for i := range dst {
		x := int64(binary.LittleEndian.Uint64(raw[8*i:]))
		good = good && x >= 0 && x < maxAmount
		dst[i] = x
	}
	return good
}

func fastNumbers(dst []float64, v *values) bool {
	raw, good := v.raw, true
	for i := range dst {
		x := math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		good = good && x-x == 0 // neither infinite nor NaN
		dst[i] = x
	}
	return good
}

// fastBools reads booleans as two consecutive values.
func fastBools(no uint8) func(dst []uint8, v *values) bool {
	return func(dst []uint8, v *values) bool {
		for i := range dst {
			dst[i] = no + v.raw[i]
		}
		return true
	}
}
