package replay

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// A PairDependence says how the records that two policies approve fall to entities: what the variance of a difference between
// the two needs (STATISTICS.md, section 5: influences are added up within an entity first).
type PairDependence struct {
	// Field names what tells whose record it is.
	Field string
	// total[i] is the number of records of kind i; cross[i][j] is the sum over entities of their records of kind i times those
	// of kind j.
	total [pairKinds]int64
	cross [pairKinds][pairKinds]int64
}

// The kinds of records of a pair: whether the champion approves, whether the challenger does, and the label.
const pairKinds = 2 * 2 * dataset.NumLabels

// Variances returns the sum of squares of a weight over entities, the weights of an entity's records being added up first,
// and the same over records, as if each were an entity.
func (d *PairDependence) Variances(weight func(champion, challenger bool, l dataset.Label) float64) (entities, records float64) {
	var w [pairKinds]float64
	for i := range w {
		w[i] = weight(i/(2*dataset.NumLabels) == 1, i/dataset.NumLabels%2 == 1, dataset.Label(i%dataset.NumLabels))
		records += w[i] * w[i] * float64(d.total[i])
	}
	for i := range w {
		for j := range w {
			if d.cross[i][j] != 0 {
				entities += w[i] * w[j] * float64(d.cross[i][j])
			}
		}
	}
	return entities, records
}

// PairDependence returns how the records that two policies approve fall to entities. The plan must have an Entity, and cover
// both policies.
func (c *Cube) PairDependence(champion, challenger *Policy) (*PairDependence, error) {
	if c.plan.entity < 0 {
		return nil, fmt.Errorf("the cube was built without entities")
	}
	var in [2][]groupRunner
	for i, pol := range []*Policy{champion, challenger} {
		if err := c.plan.covers(pol); err != nil {
			return nil, err
		}
		r := c.plan.runner(pol)
		for g := range c.groups {
			in[i] = append(in[i], r.in(&c.groups[g]))
		}
	}
	kind := func(s single) int {
		k := 0
		for i := range in {
			k *= 2
			switch in[i][s.group].decision(s.index / dataset.NumLabels).Action {
			case dataset.Approve, dataset.Monitor:
				k++
			}
		}
		return k*dataset.NumLabels + int(s.index%dataset.NumLabels)
	}
	d := &PairDependence{Field: c.plan.Entity}
	c.eachEntity(func(run []single) {
		var n [pairKinds]int64
		for _, s := range run {
			n[kind(s)]++
		}
		for i, a := range n {
			if d.total[i] += a; a == 0 {
				continue
			}
			for j, b := range n {
				d.cross[i][j] += a * b
			}
		}
	})
	return d, nil
}
