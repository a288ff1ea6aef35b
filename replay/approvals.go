package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A DayApprovals counts the records of a UTC day that a policy lets through, approved or monitored, by label.
type DayApprovals struct {
	Day     string // "2026-03-04"
	Records [dataset.NumLabels]int64
}

// DayApprovals returns those of the policy that the question named, in order; records without a time are in none. A cube by day
// would tell the same and hold the cells of each day, for which hundreds of megabytes are not enough.
func (c *Cube) DayApprovals() []DayApprovals { return c.approvals }

// An approvalCounter counts one worker's share.
type approvalCounter struct {
	runner *runner
	mask   uint64
	in     groupRunner // of the mask, valid once its runner is set
	days   map[int]*DayApprovals
	from   int64 // the day of last, in microseconds
	last   *DayApprovals
}

// add counts a batch whose places in the inner grid, and the conditions that hold, the builder has found.
func (c *approvalCounter) add(b *Builder, batch *dataset.Batch) {
	times := batch.Cols[b.plan.time].I64
	for r, x := range b.index {
		if batch.Rejected(r) || times[r] == dataset.NoTime {
			continue
		}
		var mask uint64
		if b.eval != nil {
			mask = b.masks[r]
		}
		if c.in.runner == nil || mask != c.mask {
			c.mask, c.in = mask, c.runner.in(&cubeGroup{groupID: groupID{mask: mask}})
		}
		if a := c.in.decision(x / dataset.NumLabels).Action; a == dataset.Approve || a == dataset.Monitor {
			c.day(times[r]).Records[x%dataset.NumLabels] += batch.Weight(r)
		}
	}
}

// day returns the counts of the day of a time.
func (c *approvalCounter) day(us int64) *DayApprovals {
	if c.last != nil && us >= c.from && us < c.from+dayMicros {
		return c.last
	}
	n := dayOf(us)
	if c.days[n] == nil {
		c.days[n] = &DayApprovals{Day: calendars[Day].name(n)}
	}
	c.from, c.last = int64(n)*dayMicros, c.days[n]
	return c.last
}

func (c *approvalCounter) freeze() (out []DayApprovals) {
	for _, d := range c.days {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b DayApprovals) int { return cmp.Compare(a.Day, b.Day) })
	return out
}

// addApprovals merges two ordered lists.
func addApprovals(a, b []DayApprovals) []DayApprovals {
	out := slices.Clone(a)
	for _, d := range b {
		i, found := slices.BinarySearchFunc(out, d.Day, func(x DayApprovals, day string) int { return cmp.Compare(x.Day, day) })
		if !found {
			out = slices.Insert(out, i, d)
			continue
		}
		for l, n := range d.Records {
			out[i].Records[l] += n
		}
	}
	return out
}
