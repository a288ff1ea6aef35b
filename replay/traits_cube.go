package replay

import (
	"cmp"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// Traits returns those of each month of the whole history that the cube was built of, in order, those of records without a time
// first. Where the question asked for none, what the cube itself holds stands in: the answers of the products that its policies
// ask, and their scores where it keeps every one apart. It is nil where the cube is not split by month or day, and asked for
// none.
//
// Slice and Keep leave the counted traits with the whole.
func (c *Cube) Traits() []MonthTraits {
	if c.plan.traits != nil {
		return c.traits
	}
	at, cut := c.monthKey()
	if at < 0 {
		return nil
	}
	byMonth := map[string]*Traits{}
	for i := range c.groups {
		g := &c.groups[i]
		month := g.key[at][:min(cut, len(g.key[at]))]
		if byMonth[month] == nil {
			byMonth[month] = c.plan.bareTraits()
		}
		c.plan.addGroup(byMonth[month], g)
	}
	var out []MonthTraits
	for month, t := range byMonth {
		out = append(out, MonthTraits{month, *t})
	}
	slices.SortFunc(out, func(a, b MonthTraits) int { return cmp.Compare(a.Month, b.Month) })
	return out
}

// monthKey returns which By field tells the month, and how much of its value; -1 for none.
func (c *Cube) monthKey() (at, length int) {
	for _, name := range []string{Month, Day} {
		if at := slices.Index(c.plan.By, name); at >= 0 {
			return at, len("2026-03")
		}
	}
	return -1, 0
}

// bareTraits returns the traits of no record, with the products of the plan's policies.
func (p *Plan) bareTraits() *Traits {
	t := &Traits{}
	for i := range p.axes {
		t.Products = append(t.Products, ProductTraits{Product: p.axes[i].product})
	}
	return t
}

// addGroup adds what the axes tell of the records of a group.
func (p *Plan) addGroup(t *Traits, g *cubeGroup) {
	for _, cell := range g.cells {
		t.Records += cell.n
		label, codes := uint8(cell.index%dataset.NumLabels), cell.index/dataset.NumLabels
		for i := len(p.axes) - 1; i >= 0; i-- { // the last axis moves fastest
			a := &p.axes[i]
			answer := a.answer(int(codes % uint32(a.size())))
			codes /= uint32(a.size())
			t.Products[i].count(answer.State, answer.Cluster, label, cell.n, p.AbsentMissing)
		}
	}
	for i := range p.axes {
		if !p.axes[i].exact() {
			t.Products[i].Scores, t.Products[i].NoScore = nil, 0
		}
		if p.axes[i].cluster < 0 {
			t.Products[i].Clusters = [dataset.NumClusters]int64{}
		}
	}
}

// exact reports whether an axis keeps every score apart.
func (a *axis) exact() bool {
	for score := 1; score <= dataset.MaxScore; score++ {
		if at := dataset.Scored(score); a.bin[at] == a.bin[at-1] {
			return false
		}
	}
	return true
}

// Dated reports whether the cube is split by month or by day.
func (c *Cube) Dated() bool {
	at, _ := c.monthKey()
	return at >= 0
}

// MonthOf returns the month of a group of a cube that is Dated, such as "2026-03", by the values of its By fields; "" where its
// records have no time.
func (c *Cube) MonthOf(key []string) string {
	at, cut := c.monthKey()
	return key[at][:min(cut, len(key[at]))]
}
