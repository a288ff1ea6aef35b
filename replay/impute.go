package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// ImputeWidth is how many scores of the first product an ImputeBand spans: few enough that the second product's answer depends
// little on where in the band a score is, and enough to hold answers.
const ImputeWidth = 25

// An ImputeBand holds the records of one first cluster of a policy, and of one band of scores in it, that go by the second product's
// answer: those of which the history has it, by what the policy makes of them, and those that it leaves undecided. A guess of the
// latter from the former takes for granted that the history asked by chance within the band.
type ImputeBand struct {
	First dataset.Cluster
	// From is the least score of the band, a multiple of ImputeWidth, which holds From..From+ImputeWidth-1; -1 holds the records
	// without a score.
	From     int
	Answered [dataset.NumActions]Tally // by action, asked in vain included
	Open     Tally
}

// ImputeBands counts the bands of a policy that leave records undecided, by cluster and then by score; not nil where there is none. The cube must cover the
// policy and keep every score of its first product apart (Question.ExactOf).
func (c *Cube) ImputeBands(pol *Policy) ([]ImputeBand, error) {
	if !c.plan.Exact && !slices.Contains(c.plan.ExactOf, pol.First) {
		return nil, fmt.Errorf("bands of %s: the cube does not keep its scores apart", pol.First)
	}
	piles, err := c.Piles(pol)
	if err != nil {
		return nil, err
	}
	type key struct {
		first dataset.Cluster
		from  int
	}
	bands := map[key]*ImputeBand{}
	for p := range piles {
		d := pol.Decide(p.Case)
		if !d.Called || !pol.needsSecond(d.FirstCluster) {
			continue
		}
		k := key{d.FirstCluster, -1}
		if score, found := p.First.State.Score(); found {
			k.from = score - score%ImputeWidth
		}
		if bands[k] == nil {
			bands[k] = &ImputeBand{First: k.first, From: k.from}
		}
		into := &bands[k].Open
		if d.By != ByNobody {
			into = &bands[k].Answered[d.Action]
		}
		into.add(uint32(p.Label), p.Records, p.Amount)
	}
	out := []ImputeBand{}
	for _, k := range slices.SortedFunc(maps.Keys(bands), func(a, b key) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.from, b.from)) }) {
		if b := bands[k]; b.Open.N() > 0 {
			out = append(out, *b)
		}
	}
	return out, nil
}
