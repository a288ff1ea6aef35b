package replay

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// A saveColumn numbers the values of one field of a saved cube, and gives them back.
type saveColumn interface {
	part
	// bits is how many bits a number takes, 0 where they are numbered as they are met.
	bits() uint
	// translate returns the own numbers of another worker's column, nil where they are the same.
	translate(from saveColumn) []uint32
	// ranks orders the numbers by what they stand for, nil where that is the order of the numbers.
	ranks() []uint32
	// value sets record r of a column to what a number stands for.
	value(c *dataset.Column, r int, number uint32)
}

var (
	_ saveColumn = (*saveState)(nil)
	_ saveColumn = (*saveWord)(nil)
	_ saveColumn = (*saveText)(nil)
	_ saveColumn = (*saveNumber)(nil)
	_ saveColumn = (*saveTime)(nil)
	_ saveColumn = (*saveAmount)(nil)
	_ saveColumn = (*saveYoung)(nil)
)

// fixed is what the columns share whose numbers are the same everywhere.
type fixed uint

func (f fixed) bits() uint                  { return uint(f) }
func (fixed) translate(saveColumn) []uint32 { return nil }
func (fixed) ranks() []uint32               { return nil }

// A saveState holds a product's states, of those that no policy tells apart the lowest.
type saveState struct {
	fixed
	column int
	stand  [dataset.NumStates]uint32 // the state that stands for each
}

func newSaveState(p *Plan, column int) *saveState {
	s := &saveState{fixed: 10, column: column}
	for st := range s.stand {
		s.stand[st] = uint32(st)
	}
	for i := range p.axes {
		if a := &p.axes[i]; a.state == column {
			for st := range s.stand {
				s.stand[st] = uint32(a.states[a.bin[st]])
			}
		}
	}
	return s
}

func (s *saveState) number(b *dataset.Batch, out []uint32) {
	for r, st := range b.Cols[s.column].State[:len(out)] {
		if !b.Rejected(r) {
			out[r] = s.stand[st]
		}
	}
}

func (s *saveState) value(c *dataset.Column, r int, n uint32) { c.State[r] = dataset.State(n) }

// A saveWord holds one of a few words: a cluster, a label, an action, a boolean.
type saveWord struct {
	fixed
	column int
}

func (s *saveWord) number(b *dataset.Batch, out []uint32) {
	for r, w := range b.Cols[s.column].U8[:len(out)] {
		if !b.Rejected(r) {
			out[r] = uint32(w)
		}
	}
}

func (s *saveWord) value(c *dataset.Column, r int, n uint32) { c.U8[r] = uint8(n) }

// A saveAmount tells records with an amount from those without.
type saveAmount struct {
	fixed
	column int
}

func (s *saveAmount) number(b *dataset.Batch, out []uint32) {
	for r, a := range b.Cols[s.column].I64[:len(out)] {
		if out[r] = 1; a == dataset.NoAmount {
			out[r] = 0
		}
	}
}

// value leaves the amount as it is: the saver has set it to the row's sum.
func (s *saveAmount) value(c *dataset.Column, r int, n uint32) {
	if n == 0 {
		c.I64[r] = dataset.NoAmount
	}
}

// A saveYoung tells immature records.
type saveYoung struct {
	fixed
	of *saver
}

func (s *saveYoung) number(b *dataset.Batch, out []uint32) {
	for r, young := range s.of.young[:len(out)] {
		out[r] = uint32(young)
	}
}

func (s *saveYoung) value(c *dataset.Column, r int, n uint32) { c.U8[r] = uint8(n) }

// noteYoung finds the immature records of a batch.
func (s *saver) noteYoung(b *dataset.Batch) {
	m := s.plan.Maturity
	if s.plan.Saved != nil || m.Days == 0 || b.N == 0 {
		return
	}
	s.young = resized(s.young, b.N)
	for r, at := range b.Cols[s.plan.time].I64[:b.N] {
		s.young[r] = dataset.BoolFalse
		if at != dataset.NoTime && at+int64(m.Days)*microsPerDay > m.AsOf {
			s.young[r] = dataset.BoolTrue
		}
	}
}

// A saveText holds texts.
type saveText struct{ textPart }

func (*saveText) bits() uint { return 0 }

func (s *saveText) translate(from saveColumn) []uint32 {
	var out []uint32
	for _, name := range from.(*saveText).names {
		out = append(out, s.of(name))
	}
	return out
}

func (s *saveText) ranks() []uint32 { return ranksOf(s.names, strings.Compare) }

func (s *saveText) value(c *dataset.Column, r int, n uint32) { c.Dict, c.Idx[r] = s.names, n }

// A saveNumber holds numbers.
type saveNumber struct {
	column int
	seen   numbering // of their bits
}

func (*saveNumber) bits() uint { return 0 }

func (s *saveNumber) number(b *dataset.Batch, out []uint32) {
	for r, v := range b.Cols[s.column].F64[:len(out)] {
		if b.Rejected(r) {
			continue
		}
		if math.IsNaN(v) {
			v = math.NaN() // one of many
		}
		out[r] = s.seen.of(math.Float64bits(v))
	}
}

func (s *saveNumber) translate(from saveColumn) []uint32 {
	return renumber(&s.seen, &from.(*saveNumber).seen)
}

func (s *saveNumber) ranks() []uint32 {
	return ranksOf(s.seen.keys, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(math.Float64frombits(a), math.Float64frombits(b)), cmp.Compare(a, b))
	})
}

func (s *saveNumber) value(c *dataset.Column, r int, n uint32) {
	c.F64[r] = math.Float64frombits(s.seen.keys[n])
}

// A saveTime holds the first moment of the month or the day of each record.
type saveTime struct{ timePart }

func (*saveTime) bits() uint { return 0 }

func (s *saveTime) translate(from saveColumn) []uint32 {
	return renumber(&s.periods, &from.(*saveTime).periods)
}

func (s *saveTime) ranks() []uint32 {
	return ranksOf(s.periods.keys, func(a, b uint64) int { return cmp.Compare(int64(a), int64(b)) })
}

func (s *saveTime) value(c *dataset.Column, r int, n uint32) {
	if c.I64[r] = dataset.NoTime; s.periods.keys[n] != noPeriod {
		c.I64[r] = s.start(int(s.periods.keys[n]))
	}
}

// renumber returns the numbers that the keys of another numbering have in one, which learns those that it lacks.
func renumber(to, from *numbering) []uint32 {
	var out []uint32
	for _, k := range from.keys {
		out = append(out, to.of(k))
	}
	return out
}

// ranksOf returns the place of each value in their order.
func ranksOf[T any](values []T, compare func(a, b T) int) []uint32 {
	order := make([]uint32, len(values))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compare(values[a], values[b]) })
	out := make([]uint32, len(values))
	for rank, n := range order {
		out[n] = uint32(rank)
	}
	return out
}
