package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// designs returns, for each limit, how many records of a window count as one independent record for it, because they are of
// entities; nil where records are independent. level is that of the test.
func (j *bench) designs(w Window, p *replay.Policy, level float64) ([]float64, error) {
	if w.cube.Entity() == "" {
		return nil, nil
	}
	d, _, err := w.cube.Dependence(p, nil)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(j.targets))
	for i := range j.targets {
		out[i] = 1
		if t := &j.targets[i]; t.share {
			out[i] = t.design(d, level)
		}
	}
	return out, nil
}

// design returns the i-th of them, 1 where there are none.
func design(designs []float64, i int) float64 {
	if designs == nil {
		return 1
	}
	return designs[i]
}

// design is the design effect of Korn and Graubard, at least 1: of the limit's ratio, undecided records taken as they hurt
// most. It is infinite where there are too few entities to tell. Of a limit on fraud it is no less than clump.
func (t *target) design(d *replay.Dependence, level float64) float64 {
	var sums Entities
	least := 1.0
	if t.asks() {
		if sums = EntitiesOf(d.Asked()); t.AtLeast {
			sums = sums.rest()
		}
	} else {
		in := func(f *Form) func(dataset.Action, dataset.Label) bool {
			return func(a dataset.Action, y dataset.Label) bool {
				if a == replay.Undecided && t.settles() {
					a = t.worst[y]
				}
				return f.Actions[a].Records[y] != 0
			}
		}
		num, den := in(&t.num), in(&t.den)
		sums = EntitiesOf(d.Of(func(a dataset.Action, _ dataset.Cluster, y dataset.Label) (k, n bool) { return num(a, y), den(a, y) }))
		least = clump(d, num)
	}
	if sums.Records == 0 {
		return 1
	}
	return max(least, sums.design(level))
}

// design returns how many of the records count as one independent record in a test at a level: 1 at least, and infinitely many where
// there are too few entities to tell.
func (e Entities) design(level float64) float64 {
	// A test at one half is no test, and Student's t has no quantile for it that could be a ratio's denominator.
	n := e.adjusted(min(level, 0.499))
	if !n.Defined() || n <= 0 {
		return math.Inf(1)
	}
	return max(1, float64(e.Records)/float64(n))
}

// clump is how many frauds come at once of those that a ratio counts, at least 1: the mean over the entities that bring one, and
// over one more that brings as many as a fraudulent entity does on average, whatever the policy does with it. It is 1 where the
// ratio counts others than frauds.
//
// The variance of Korn and Graubard is that of what was seen. Where good customers come once and frauds in rings of five, a window in
// which the policy let no ring through, or one record of one, looks like a window of independent records, and a window of so
// many entities has no ring with the probability that so many fraudulent entities, and not records, are missed.
func clump(d *replay.Dependence, counts func(dataset.Action, dataset.Label) bool) float64 {
	for _, a := range dataset.Actions {
		if counts(a, dataset.Legit) || counts(a, dataset.Unlabeled) {
			return 1
		}
	}
	seen := d.Of(func(a dataset.Action, _ dataset.Cluster, y dataset.Label) (k, n bool) {
		return counts(a, y), counts(a, y)
	})
	all := d.Of(func(_ dataset.Action, _ dataset.Cluster, y dataset.Label) (k, n bool) {
		return y == dataset.Fraud, y == dataset.Fraud
	})
	if all.Entities == 0 {
		return 1
	}
	next := float64(all.N) / float64(all.Entities)
	return (float64(seen.N) + next) / float64(seen.Entities+1)
}

// asks reports whether the limit is on how often the second product is asked.
func (t *target) asks() bool { return t.num.Calls[1] != 0 }

// rest returns the sums of what a ratio does not count.
func (e Entities) rest() Entities {
	e.SquaredFrauds = e.SquaredRecords - 2*e.Products + e.SquaredFrauds
	e.Products = e.SquaredRecords - e.Products
	e.Frauds = e.Records - e.Frauds
	return e
}

// shrunk turns counts of dependent records into whole numbers of independent ones that say no more: fewer records, rounded down,
// and the events among them, rounded so that it hurts: up (math.Ceil) for "at most", down (math.Floor) for "at least". Rounding is
// what makes the test hold its level where events are few, and Korn and Graubard's own does not quite (Entities.UpperBound).
func shrunk(k, n int64, design float64, round func(float64) float64) (events, size int64) {
	if design <= 1 {
		return k, n
	}
	size = int64(float64(n) / design)
	return min(size, int64(round(float64(k)/design))), size
}

// stretched turns a number of independent records into one of dependent ones.
func stretched(n int64, design float64) int64 {
	return int64(min(math.Ceil(float64(n)*design), MostRecords))
}
