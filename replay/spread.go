package replay

import "math/bits"

// A Spread tells how uneven amounts are, which an interval of a ratio of amounts needs beside their sums.
type Spread struct {
	// Hi and Lo are the sum of the squared amounts in minor units, exact in 128 bits.
	Hi, Lo uint64
	// Most is the largest amount, 0 where a difference was taken: it is not known what the largest of the rest is.
	Most int64
}

// Add returns the spread of both sets of amounts together.
func (s Spread) Add(t Spread) Spread {
	lo, carry := bits.Add64(s.Lo, t.Lo, 0)
	hi, _ := bits.Add64(s.Hi, t.Hi, carry)
	return Spread{hi, lo, max(s.Most, t.Most)}
}

// Sub returns the spread of s less that of t; what Add brings together again. Most is not known.
func (s Spread) Sub(t Spread) Spread {
	lo, borrow := bits.Sub64(s.Lo, t.Lo, 0)
	hi, _ := bits.Sub64(s.Hi, t.Hi, borrow)
	return Spread{Hi: hi, Lo: lo}
}

// Squares returns the sum of the squared amounts, to the precision of a float64.
func (s Spread) Squares() float64 { return float64(s.Hi)*(1<<64) + float64(s.Lo) }

// note adds one amount, 0 or more.
func (s *Spread) note(amount int64) {
	hi, lo := bits.Mul64(uint64(amount), uint64(amount))
	var carry uint64
	s.Lo, carry = bits.Add64(s.Lo, lo, 0)
	s.Hi, _ = bits.Add64(s.Hi, hi, carry)
	s.Most = max(s.Most, amount)
}

// A spreader keeps the spread of each cell of a builder. It is apart from the tallies, so that a question that does not ask
// for it pays nothing.
type spreader struct {
	grids  [][]Spread // per group, where the inner grid is small
	cells  numbering  // elsewhere, of the table's keys
	sparse []Spread   // by the cell's number
}

// add notes the amounts of the records that the builder has counted last.
func (s *spreader) add(b *Builder, amounts []int64) {
	dense := b.layout == grids
	for dense && len(s.grids) < len(b.grids) {
		s.grids = append(s.grids, nil)
	}
	group := b.group[:len(amounts)]
	for r, x := range b.index[:len(amounts)] {
		amount := amounts[r]
		switch {
		case amount <= 0: // without an amount, or of nothing
		case dense:
			if s.grids[group[r]] == nil {
				s.grids[group[r]] = make([]Spread, b.plan.cells)
			}
			s.grids[group[r]][x].note(amount)
		default:
			s.at(group[r], x, dense).note(amount)
		}
	}
}

// at returns the spread of a cell, valid until the next call.
func (s *spreader) at(group, index uint32, dense bool) *Spread {
	if dense {
		if s.grids[group] == nil {
			return &Spread{} // no amount was noted
		}
		return &s.grids[group][index]
	}
	num := int(s.cells.of(uint64(group)<<32 | uint64(index)))
	if num == len(s.sparse) {
		s.sparse = append(s.sparse, Spread{})
	}
	return &s.sparse[num]
}

// of returns the spreads of the cells of a group, in their order.
func (s *spreader) of(group int, cells []cell) []Spread {
	out := make([]Spread, len(cells))
	for i, c := range cells {
		out[i] = *s.at(uint32(group), c.index, len(s.grids) > 0)
	}
	return out
}

// addSpreads merges the spreads of two lists of cells, as addCells merges the cells. Both are nil where none was asked for.
func addSpreads(a, b *cubeGroup) []Spread {
	if a.spreads == nil && b.spreads == nil {
		return nil
	}
	out := make([]Spread, 0, len(a.cells)+len(b.cells))
	i, j := 0, 0
	for i < len(a.cells) || j < len(b.cells) {
		switch {
		case j == len(b.cells) || i < len(a.cells) && a.cells[i].index < b.cells[j].index:
			out = append(out, a.spreads[i])
			i++
		case i == len(a.cells) || a.cells[i].index > b.cells[j].index:
			out = append(out, b.spreads[j])
			j++
		default:
			out = append(out, a.spreads[i].Add(b.spreads[j]))
			i, j = i+1, j+1
		}
	}
	return out
}

// widen adds a spread to a label's.
func (t *Tally) widen(label uint32, s Spread) { t.Spread[label] = t.Spread[label].Add(s) }

// widen adds the spread of what a decision was taken on, wherever add counts it.
func (r *Result) widen(d *Decision, label uint32, s Spread) {
	r.Actions[d.Action].widen(label, s)
	switch d.By {
	case ByRule:
		r.Rules[d.Rule].widen(label, s)
	case ByGate:
		r.Cells[d.FirstCluster][0].widen(label, s)
	case ByMatrix:
		r.Cells[d.FirstCluster][1+d.SecondCluster].widen(label, s)
	}
}
