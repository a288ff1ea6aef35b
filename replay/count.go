package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A layout says where a builder keeps its cells. All layouts give the same cube; they differ in what is fast and small.
type layout uint8

const (
	grids  layout = iota // an array for each group
	wide                 // one array, of a question without groups
	hashed               // a hash table of the cells that occur
)

// denseCells is the largest inner grid that each group keeps as an array: 1 MiB. A question without groups may be larger,
// up to bareCells, because it has one array only.
const (
	denseCells = 1 << 16
	bareCells  = 1 << 22
)

func layoutOf(p *Plan) layout {
	bare := len(p.by) == 0 && p.chance < 0 && len(p.conds) == 0 && p.past < 0
	switch {
	case p.cells <= denseCells:
		return grids
	case p.cells <= bareCells && bare && p.Saved == nil:
		return wide
	}
	return hashed
}

// count adds one to the cell of each record; same tells that all are of one group.
func (b *Builder) count(batch *dataset.Batch, same bool) error {
	for b.layout == grids && len(b.grids) < b.groupCount() {
		b.grids = append(b.grids, nil) // made once it is needed: production seldom does everything
	}
	if batch.Weights != nil {
		return b.countWeighted(batch)
	}
	amounts := batch.Cols[b.plan.amount].I64[:batch.N]
	if batch.Bad != nil {
		amounts = b.pack(batch, amounts)
	}
	var total int64
	switch {
	case len(amounts) == 0:
	case b.layout == wide:
		if b.wide == nil {
			b.wide = newWideGrid(b.plan.cells)
		}
		total = b.wide.add(b.index, amounts, &b.noAmount)
	case b.layout == grids && same:
		total = b.countInto(b.grid(b.group[0]), amounts)
	default:
		total = b.countEach(amounts)
	}
	if b.plan.Spread {
		b.spread.add(b, amounts)
	}
	// One batch cannot overflow: its amounts are bounded by the reader. The sum of batches can.
	if b.total += total; b.total > maxTotal {
		return errTotal
	}
	return nil
}

// pack leaves the rejected records of a batch out of index and group, and of the amounts that it returns.
func (b *Builder) pack(batch *dataset.Batch, amounts []int64) []int64 {
	b.amounts = resized(b.amounts, batch.N)
	n := 0
	for r, bad := range batch.Bad[:batch.N] {
		if !bad {
			b.index[n], b.group[n], b.amounts[n] = b.index[r], b.group[r], amounts[r]
			n++
		}
	}
	b.index, b.group = b.index[:n], b.group[:n]
	return b.amounts[:n]
}

// countInto counts records that are all of one group into its grid, and returns the sum of their amounts.
func (b *Builder) countInto(grid []tally, amounts []int64) (total int64) {
	for r, x := range b.index[:len(amounts)] {
		amount := amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
			b.noAmount++
		}
		t := &grid[x]
		t.n++
		t.amount += amount
		total += amount
	}
	return total
}

// countEach counts records of any groups, and returns the sum of their amounts.
func (b *Builder) countEach(amounts []int64) (total int64) {
	group := b.group[:len(amounts)]
	for r, x := range b.index[:len(amounts)] {
		amount := amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
			b.noAmount++
		}
		var t *tally
		if b.layout == hashed {
			t = b.table.at(uint64(group[r])<<32 | uint64(x))
		} else if grid := b.grids[group[r]]; grid != nil {
			t = &grid[x]
		} else {
			t = &b.grid(group[r])[x]
		}
		t.n++
		t.amount += amount
		total += amount
	}
	return total
}

// tally returns the tally of a position in a group's inner grid, valid until the next call. It is not for wide grids.
func (b *Builder) tally(group, index uint32) *tally {
	if b.layout == hashed {
		return b.table.at(uint64(group)<<32 | uint64(index))
	}
	return &b.grid(group)[index]
}

// grid returns the grid of a group, which it makes where the group has none yet.
func (b *Builder) grid(group uint32) []tally {
	if b.grids[group] == nil {
		b.grids[group] = make([]tally, b.plan.cells)
	}
	return b.grids[group]
}

// cells returns the cells of each group by its number, in order of their index.
func (b *Builder) cells() [][]cell {
	out := make([][]cell, b.groupCount())
	for g, grid := range b.grids {
		for x, t := range grid {
			if t.n > 0 {
				out[g] = append(out[g], cell{uint32(x), t.n, t.amount})
			}
		}
	}
	if b.wide != nil {
		out[0] = b.wide.cells()
		return out
	}
	b.table.each(func(key uint64, t tally) {
		out[key>>32] = append(out[key>>32], cell{uint32(key), t.n, t.amount})
	})
	if b.layout == hashed {
		for _, list := range out {
			slices.SortFunc(list, func(a, b cell) int { return cmp.Compare(a.index, b.index) })
		}
	}
	return out
}
