package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Cube holds how many records, and how much amount, share all that the policies of a plan can tell apart: the answers of
// the products, the outcome of each rule condition, the label, what production did and the group. It never has more cells than records, and
// cubes of one plan add up. It is immutable.
type Cube struct {
	plan   *Plan
	groups []cubeGroup // ordered by their ids
	// Account tells what became of every record that was read for the cube.
	Account dataset.Account
	// NoAmount counts the records that carry no amount; they add nothing to any value.
	NoAmount int64
	// production tells how the past of groups is known, of the whole history; slices leave it out.
	production Production
	outside    extent // where the plan asks for exploration
	// singles are the records one by one where the plan asks for them, ordered by entity and time.
	singles   []single
	traits    []MonthTraits  // of the whole history, by month; nil where the plan does not ask for them
	approvals []DayApprovals // of the whole history, by day; nil where the plan does not ask for them
	unseen    []string       // products and fields of conditions of which no record has a value
}

// A cubeGroup holds the cells of the records that share the By values, the outcome of every condition and what production did.
type cubeGroup struct {
	groupID
	cells []cell // ordered by index, none empty
	// spreads are those of the cells, nil where the plan does not ask for them.
	spreads []Spread
	treated Treated // zero where the plan does not ask for it
}

// A cell counts the records of one position in the plan's inner grid.
type cell struct {
	index  uint32
	n      int64
	amount int64
}

// Records returns the number of records in the cube.
func (c *Cube) Records() int64 {
	var n int64
	for i := range c.groups {
		for _, cell := range c.groups[i].cells {
			n += cell.n
		}
	}
	return n
}

// Cells returns the number of cells that hold a record.
func (c *Cube) Cells() int {
	n := 0
	for i := range c.groups {
		n += len(c.groups[i].cells)
	}
	return n
}

// Merge returns the sum of cubes of one plan, in any order the same. Accounts are not merged: they belong to a scan.
func Merge(cubes ...*Cube) (*Cube, error) {
	sum := &Cube{plan: cubes[0].plan, unseen: cubes[0].unseen}
	sum.production.Policy = cubes[0].production.Policy
	var groups []cubeGroup
	for _, c := range cubes {
		if c.plan != sum.plan {
			return nil, fmt.Errorf("cubes of different questions do not add up")
		}
		sum.NoAmount += c.NoAmount
		sum.unseen = slices.DeleteFunc(slices.Clone(sum.unseen), func(f string) bool { return !slices.Contains(c.unseen, f) })
		sum.production.add(c.production)
		sum.outside.add(c.outside)
		sum.traits, sum.approvals = addMonths(sum.traits, c.traits), addApprovals(sum.approvals, c.approvals)
		groups = append(groups, c.groups...)
	}
	if err := settleTraits(sum.traits); err != nil {
		return nil, err
	}
	var err error
	if sum.groups, err = gather(groups); err != nil {
		return nil, err
	}
	for _, c := range cubes {
		if len(c.singles) == 0 {
			continue
		}
		if sum.addSingles(c.singles, sum.places(c.groups)); len(sum.singles) > maxSingles {
			return nil, errSingles
		}
	}
	sum.sortSingles()
	return sum, nil
}

// gather adds up groups of one id and orders them.
func gather(list []cubeGroup) ([]cubeGroup, error) {
	groups := map[string]*cubeGroup{}
	for i := range list {
		g := &list[i]
		id := g.text()
		into := groups[id]
		if into == nil {
			into = &cubeGroup{groupID: g.groupID}
			groups[id] = into
		}
		var err error
		into.spreads, into.treated = addSpreads(into, g), into.treated.Add(g.treated)
		if into.cells, err = addCells(into.cells, g.cells); err != nil {
			return nil, err
		}
	}
	var out []cubeGroup
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, cubeGroup.compare)
	return out, nil
}

func (c *Cube) sort() { slices.SortFunc(c.groups, cubeGroup.compare) }

func (g cubeGroup) compare(h cubeGroup) int {
	return cmp.Or(slices.Compare(g.key, h.key), cmp.Compare(g.mask, h.mask), cmp.Compare(g.past, h.past), cmp.Compare(g.chance, h.chance))
}

// maxTotal bounds the amount of a history, in minor units: far beyond any money, and sums of two such totals still fit.
const maxTotal = 1 << 62

// addCells merges two ordered lists of cells, and refuses a total beyond maxTotal.
func addCells(a, b []cell) ([]cell, error) {
	out := mergeCells(a, b)
	if len(a) > 0 && len(b) > 0 && slices.ContainsFunc(out, func(c cell) bool { return c.amount > maxTotal || c.amount < 0 }) {
		return nil, errTotal
	}
	return out, nil
}

// mergeCells merges two ordered lists of cells. A sum of amounts beyond maxTotal may have become negative. The list may be a or b itself.
func mergeCells(a, b []cell) []cell {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]cell, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].index < b[0].index:
			out, a = append(out, a[0]), a[1:]
		case a[0].index > b[0].index:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, cell{a[0].index, a[0].n + b[0].n, a[0].amount + b[0].amount}), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

var errTotal = fmt.Errorf("amount: those of all records add up to more than %d: want amounts in major units", int64(maxTotal)/100)

// Run replays a policy over the cube. It must be one that the cube's plan covers.
func (c *Cube) Run(pol *Policy) (*Result, error) { return c.run(pol, manyCells) }

// run sums the cells of groups that have as many or more by kind, see summer.
func (c *Cube) run(pol *Policy, many int) (*Result, error) {
	if err := c.plan.covers(pol); err != nil {
		return nil, err
	}
	r := c.plan.runner(pol)
	if slices.ContainsFunc(c.groups, func(g cubeGroup) bool { return len(g.cells) >= many }) {
		r.summer = newSummer(r)
	}
	res := &Result{Policy: pol, Economics: c.plan.Economics, Rules: make([]Tally, len(pol.Rules)), Held: make([]int64, len(pol.Rules)), By: c.plan.By, NoAmount: c.NoAmount, Unseen: c.unseenBy(pol),
		Production: c.Production(), Treated: c.Treated()}
	if c.plan.remembers() {
		res.Past = &Past{}
	}
	groups := map[string]*Group{}
	for i := range c.groups {
		g := &c.groups[i]
		var part *Group
		if len(g.key) > 0 {
			id := fmt.Sprintf("%q", g.key)
			if groups[id] == nil {
				groups[id] = &Group{Key: g.key}
			}
			part = groups[id]
		}
		if r.summer != nil && g.spreads == nil && len(g.cells) >= many {
			r.dense(g, res, part)
		} else {
			r.group(g, res, part)
		}
	}
	if res.Past != nil && res.Past.Known() == 0 {
		res.Past = nil
	}
	for _, g := range groups {
		res.Groups = append(res.Groups, *g)
	}
	slices.SortFunc(res.Groups, func(a, b Group) int { return slices.Compare(a.Key, b.Key) })
	return res, nil
}

// unseenBy returns what a policy reads and no record has: a product, or a field of a rule.
func (c *Cube) unseenBy(pol *Policy) []string {
	var out []string
	for _, name := range c.unseen {
		reads := name == dataset.ProductField(pol.First, "") || pol.Second != "" && name == dataset.ProductField(pol.Second, "")
		for _, r := range pol.Rules {
			reads = reads || slices.ContainsFunc(r.When.Fields, func(f dataset.Field) bool { return readAs(f).Name == name })
		}
		if reads {
			out = append(out, name)
		}
	}
	return out
}

// A runner applies one policy to the cells of a cube. Cells fall into few classes, all records of which the policy treats
// alike, so Decide is asked once for each pair of classes and mask, however many cells there are.
type runner struct {
	plan          *Plan
	pol           bound
	first, second []uint8              // the class of each code of the two axes
	bare          [2][]bool            // which codes of the two axes are Unclustered
	tables        map[uint64][]verdict // by fired rules: the verdict for first class x second class
	summer        *summer              // nil where all cells are looked at one by one
}

// A class is a pair of status and cluster.
const numClasses = dataset.NumStatuses * NumRows

type verdict struct {
	Decision
	asked bool
}

func (p *Plan) runner(pol *Policy) *runner {
	r := &runner{plan: p, pol: p.bind(pol), tables: map[uint64][]verdict{}}
	r.classes()
	return r
}

func (r *runner) classes() {
	class := func(axis int, b Bands) (of []uint8, bare []bool) {
		a := &r.plan.axes[axis]
		of, bare = make([]uint8, a.size()), make([]bool, a.size())
		for code := range of {
			ans := a.answer(code)
			of[code] = uint8(ans.State.Status())*NumRows + uint8(b.Cluster(ans))
			bare[code] = b.unclustered(ans)
		}
		return of, bare
	}
	r.first, r.bare[0] = class(r.pol.first, r.pol.FirstBands)
	r.second, r.bare[1] = []uint8{0}, []bool{false}
	if r.pol.second >= 0 {
		r.second, r.bare[1] = class(r.pol.second, r.pol.SecondBands)
	}
}

// unclustered reports whether the recorded cluster is asked of an answer that has a score and no cluster.
func (b Bands) unclustered(a Answer) bool {
	_, scored := a.State.Score()
	return b.Recorded() && scored && a.Cluster == dataset.NoCluster
}

// group adds the cells of one group to the result and, where there are By fields, to the part that shares their values.
func (r *runner) group(g *cubeGroup, res *Result, part *Group) {
	in := r.in(g)
	var records int64
	for i, c := range g.cells {
		records += c.n
		label := c.index % dataset.NumLabels
		codes := c.index / dataset.NumLabels
		first, second := in.axis1.code(codes), in.axis2.code(codes)
		d := in.decide(first, second)
		r.tally(d, g, first, second, label, c, res, part)
		if g.spreads == nil {
			continue
		}
		res.widen(d, label, g.spreads[i])
		if part != nil {
			part.Actions[d.Action].widen(label, g.spreads[i])
		}
	}
	in.hold(res, records)
}

// tally adds the records of a cell, on which the policy decides d.
func (r *runner) tally(d *Decision, g *cubeGroup, first, second int, label uint32, c cell, res *Result, part *Group) {
	res.add(d, label, c.n, c.amount)
	if res.Past != nil {
		res.Past[g.past][d.Action].add(label, c.n, c.amount)
	}
	if r.bare[0][first] {
		res.Unclustered[0] += c.n
	}
	if d.Called && r.bare[1][second] {
		res.Unclustered[1] += c.n
	}
	if part != nil {
		part.add(d, label, c.n, c.amount)
	}
}

// A groupRunner knows what the policy decides in the cells of one group.
type groupRunner struct {
	*runner
	fired        uint64
	table        []verdict
	axis1, axis2 axisStep
}

func (r *runner) in(g *cubeGroup) groupRunner {
	fired := r.pol.fired(g.mask)
	if r.tables[fired] == nil {
		r.tables[fired] = make([]verdict, numClasses*numClasses)
	}
	return groupRunner{r, fired, r.tables[fired], r.step(r.pol.first), r.step(r.pol.second)}
}

// decision returns what the policy decides on the records whose axes have these codes.
func (g *groupRunner) decision(codes uint32) *Decision {
	return g.decide(g.axis1.code(codes), g.axis2.code(codes))
}

// decide is decision for the codes of the two axes.
func (g *groupRunner) decide(first, second int) *Decision {
	v := &g.table[int(g.first[first])*numClasses+int(g.second[second])]
	if !v.asked {
		*v = verdict{g.pol.Decide(g.sample(first, second, g.fired)), true}
	}
	return &v.Decision
}

// hold counts the records of the group on which the condition of each rule holds.
func (g *groupRunner) hold(res *Result, records int64) {
	for rule := range res.Held {
		if g.fired>>rule&1 != 0 {
			res.Held[rule] += records
		}
	}
}

// sample returns a case that stands for all records of a cell.
func (r *runner) sample(first, second int, fired uint64) Case {
	c := Case{First: r.plan.axes[r.pol.first].answer(first), Fired: fired}
	if r.pol.second >= 0 {
		c.Second = r.plan.axes[r.pol.second].answer(second)
	}
	return c
}

// An axisStep finds one axis's code in the inner grid's index, whose last axis moves fastest.
type axisStep struct{ stride, size uint32 }

func (s axisStep) code(codes uint32) int { return int(codes / s.stride % s.size) }

func (r *runner) step(axis int) axisStep {
	if axis < 0 {
		return axisStep{1, 1}
	}
	s := axisStep{1, uint32(r.plan.axes[axis].size())}
	for i := axis + 1; i < len(r.plan.axes); i++ {
		s.stride *= uint32(r.plan.axes[i].size())
	}
	return s
}

func (r *Result) add(d *Decision, label uint32, n, amount int64) {
	r.Counts.add(d, label, n, amount)
	switch d.By {
	case ByRule:
		r.Rules[d.Rule].add(label, n, amount)
	case ByGate:
		r.Cells[d.FirstCluster][0].add(label, n, amount)
	case ByMatrix:
		r.Cells[d.FirstCluster][1+d.SecondCluster].add(label, n, amount)
	case ByNobody:
		r.Open[d.FirstCluster].add(label, n, amount)
	}
}

func (g *Group) add(d *Decision, label uint32, n, amount int64) {
	g.Counts.add(d, label, n, amount)
	if d.By == ByNobody {
		g.Open[d.FirstCluster].add(label, n, amount)
	}
}

func (c *Counts) add(d *Decision, label uint32, n, amount int64) {
	c.Actions[d.Action].add(label, n, amount)
	c.Calls[0] += n
	if d.Called {
		c.Calls[1] += n
	}
}

func (t *Tally) add(label uint32, n, amount int64) {
	t.Records[label] += n
	t.Amount[label] += amount
}
