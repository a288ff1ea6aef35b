package replay

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// countWeighted is count for the rows of a saved cube, which stand for several records each. It is apart from count so that
// records pay nothing for it. No sum can overflow unseen: weights are at most MaxRecords, and so is what they add up to.
func (b *Builder) countWeighted(batch *dataset.Batch, dense bool) error {
	amounts := batch.Cols[b.plan.amount].I64
	for r, x := range b.index {
		if batch.Rejected(r) {
			continue
		}
		n, amount := batch.Weights[r], amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
			b.noAmount += n
		}
		if b.records += n; b.records > dataset.MaxRecords {
			return fmt.Errorf("saved cubes of more than %d records", int64(dataset.MaxRecords))
		}
		if b.total += amount; b.total > maxTotal {
			return errTotal
		}
		t := b.tally(b.group[r], x, dense)
		t.n += n
		t.amount += amount
	}
	return nil
}

// tally returns the tally of a position in a group's inner grid, valid until the next call.
func (b *Builder) tally(group, index uint32, dense bool) *tally {
	if !dense {
		return b.table.at(uint64(group)<<32 | uint64(index))
	}
	if b.grids[group] == nil {
		b.grids[group] = make([]tally, b.plan.cells)
	}
	return &b.grids[group][index]
}
