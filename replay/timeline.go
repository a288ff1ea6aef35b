package replay

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Timeline holds the records of a cube one by one in order of their time, for questions that depend on it. Records of one
// time are in an order that depends on what they are and not on their labels, as far as anything else tells them apart.
type Timeline struct {
	cube    *Cube
	singles []single
}

// Timeline returns the records in order. The plan must have asked for Singles, or for an Entity.
func (c *Cube) Timeline() (*Timeline, error) {
	if !c.plan.single() {
		return nil, fmt.Errorf("the cube was built without single records")
	}
	t := &Timeline{c, slices.Clone(c.singles)}
	slices.SortFunc(t.singles, func(a, b single) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.group, b.group), cmp.Compare(a.index/dataset.NumLabels, b.index/dataset.NumLabels),
			cmp.Compare(a.amount, b.amount), cmp.Compare(a.entity, b.entity), cmp.Compare(b.index, a.index))
	})
	return t, nil
}

// A Moment is one record under a policy.
type Moment struct {
	// Action is what the policy does; First is the first cluster, which says what may become of an undecided record.
	Action dataset.Action
	First  dataset.Cluster
	// Label and Amount are the record's, in minor units; 0 without an amount. Past is what production did.
	Label  dataset.Label
	Amount int64
	Past   dataset.Action
}

// Largest returns the largest amount of a record, 0 without any.
func (t *Timeline) Largest() (amount int64) {
	for _, s := range t.singles {
		amount = max(amount, s.amount)
	}
	return amount
}

// Under yields the records under a policy, in order. The cube's plan must cover it.
func (t *Timeline) Under(pol *Policy) (iter.Seq[Moment], error) {
	if err := t.cube.plan.covers(pol); err != nil {
		return nil, err
	}
	r := t.cube.plan.runner(pol)
	in := make([]groupRunner, len(t.cube.groups))
	for i := range in {
		in[i] = r.in(&t.cube.groups[i])
	}
	return func(yield func(Moment) bool) {
		for _, s := range t.singles {
			d := in[s.group].decision(s.index / dataset.NumLabels)
			if !yield(Moment{d.Action, d.FirstCluster, dataset.Label(s.index % dataset.NumLabels), s.amount, t.cube.groups[s.group].past}) {
				return
			}
		}
	}, nil
}
