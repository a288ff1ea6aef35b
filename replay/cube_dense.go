package replay

import "github.com/trustreplay/trustreplay/dataset"

// manyCells is how many cells of a group are worth summing by kind before the policy is asked: below, a pass over all pairs of kinds
// would cost more than it saves.
const manyCells = 2048

// kinds numbers the codes of an axis that a policy cannot tell apart: by their class, and by whether they are Unclustered.
type kinds struct {
	of    []uint16 // by code
	codes []int    // by kind: a code that stands for it
}

func kindsOf(classes []uint8, bare []bool) kinds {
	k := kinds{of: make([]uint16, len(classes))}
	seen := map[[2]uint8]uint16{}
	for code, class := range classes {
		id := [2]uint8{class, 0}
		if bare[code] {
			id[1] = 1
		}
		kind, found := seen[id]
		if !found {
			kind = uint16(len(k.codes))
			seen[id], k.codes = kind, append(k.codes, code)
		}
		k.of[code] = kind
	}
	return k
}

// A summer adds up the cells of a group by the kinds of their two codes and by label. Cells are ordered by their index, so it walks
// them row by row of the outer axis and looks everything else up in one small table: no division for a cell.
type summer struct {
	outer, inner kinds
	firstOuter   bool     // whether the outer axis is that of the policy's first product
	row          uint64   // cells of a row: codes of the inner axis x labels
	place        []uint16 // by the place of a cell in its row: kind of the inner axis x labels + label
	sums         []cell   // by kind of the outer axis, kind of the inner and label
}

// newSummer returns nil for a plan of more axes than the two, or the one, that the policy reads.
func newSummer(r *runner) *summer {
	if one := r.pol.second < 0; len(r.plan.axes) > 2 || one && len(r.plan.axes) > 1 {
		return nil
	}
	first, second := kindsOf(r.first, r.bare[0]), kindsOf(r.second, r.bare[1])
	s := &summer{outer: first, inner: second, firstOuter: true}
	if r.pol.second >= 0 && r.pol.second < r.pol.first {
		s.outer, s.inner, s.firstOuter = second, first, false
	}
	for _, kind := range s.inner.of {
		for label := range uint16(dataset.NumLabels) {
			s.place = append(s.place, kind*dataset.NumLabels+label)
		}
	}
	s.row = uint64(len(s.place))
	s.sums = make([]cell, len(s.outer.codes)*len(s.inner.codes)*dataset.NumLabels)
	return s
}

// sum returns the cells' sums by kind.
func (s *summer) sum(cells []cell) []cell {
	clear(s.sums)
	wide := len(s.inner.codes) * dataset.NumLabels
	var begin, end uint64 // of the row
	var sums []cell
	for _, c := range cells {
		at := uint64(c.index)
		if at >= end {
			row := at / s.row
			begin, end = row*s.row, (row+1)*s.row
			kind := int(s.outer.of[row])
			sums = s.sums[kind*wide : (kind+1)*wide]
		}
		sum := &sums[s.place[at-begin]]
		sum.n += c.n
		sum.amount += c.amount
	}
	return s.sums
}

// dense does what group does for a group of many cells without spreads, and asks the policy once for each pair of kinds.
func (r *runner) dense(g *cubeGroup, res *Result, part *Group) {
	in := r.in(g)
	var records int64
	for i, c := range r.summer.sum(g.cells) {
		if c.n == 0 {
			continue
		}
		records += c.n
		label := uint32(i % dataset.NumLabels)
		first := r.summer.outer.codes[i/dataset.NumLabels/len(r.summer.inner.codes)]
		second := r.summer.inner.codes[i/dataset.NumLabels%len(r.summer.inner.codes)]
		if !r.summer.firstOuter {
			first, second = second, first
		}
		r.tally(in.decide(first, second), g, first, second, label, c, res, part)
	}
	in.hold(res, records)
}
