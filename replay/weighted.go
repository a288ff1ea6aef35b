package replay

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// countWeighted is count for the rows of a saved cube, which stand for several records each. It is apart from count so that
// records pay nothing for it. No sum can overflow unseen: weights are at most MaxRecords, and so is what they add up to.
func (b *Builder) countWeighted(batch *dataset.Batch) error {
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
		t := b.tally(b.group[r], x)
		t.n += n
		t.amount += amount
	}
	return nil
}
