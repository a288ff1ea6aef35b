package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// denseCells is the largest inner grid that each group keeps as an array: 1 MiB. A question without groups may be larger,
// up to bareCells, because it has one array only. Beyond that, cells live in a hash table.
const (
	denseCells = 1 << 16
	bareCells  = 1 << 22
)

// maxGroups bounds the groups of one question, so that an id named as a By field is refused instead of filling the memory.
const maxGroups = 1 << 16

// A Builder adds batches up to a cube. It belongs to one goroutine; the batches must have the plan's fields in order.
type Builder struct {
	plan  *Plan
	eval  *evaluator
	masks []uint64 // of the last batch: the conditions that hold, per record
	index []uint32 // of the last batch: the position of each record in the inner grid
	group []uint32 // of the last batch: the group of each record, with what production did as its last digit

	// A record's group is numbered in steps, one for each By field and one for the mask: steps[i] numbers the pairs of the
	// group so far and the part's own number.
	parts []part
	steps []pairing
	part  []uint32 // scratch: the part's number of each record

	chance *chancePart // one of the parts, where the plan asks for exploration

	unseen []int // columns of products and conditions in which no record has had a value yet

	grids    [][]tally // per group, where the inner grid is small
	table    table     // elsewhere
	spread   spreader  // where the plan asks for it
	singles  []single  // where the plan asks for them
	entities entityHashes
	treated  treatedCounter
	traits   *traitCounter    // where the plan asks for them
	approved *approvalCounter // likewise
	noAmount int64
	total    int64 // amount so far, to refuse an overflow before it happens
	records  int64 // so far, likewise; of saved cubes alone
}

type tally struct{ n, amount int64 }

// A part numbers the values of one thing that groups are made of.
type part interface {
	// number sets out[r] to the number of record r's value. Values of rejected records do not matter.
	number(b *dataset.Batch, out []uint32)
}

// NewBuilder returns an empty builder.
func NewBuilder(plan *Plan) *Builder {
	b := &Builder{plan: plan}
	for i, column := range plan.by {
		if c, found := calendars[plan.By[i]]; found {
			b.parts = append(b.parts, &timePart{calendar: c, column: column})
		} else {
			b.parts = append(b.parts, &textPart{column: column})
		}
	}
	if plan.chance >= 0 {
		b.chance = &chancePart{column: plan.chance}
		b.parts = append(b.parts, b.chance)
	}
	if len(plan.conds) > 0 {
		eval, err := newEvaluator(plan.conds, plan.fields)
		if err != nil {
			panic("replay: " + err.Error()) // the plan asks for every field that its conditions read
		}
		b.eval = eval
		b.parts = append(b.parts, &maskPart{b: b})
	}
	b.steps = make([]pairing, len(b.parts))
	if plan.traits != nil {
		b.traits = newTraitCounter(plan)
	}
	if plan.DayApprovals != nil {
		b.approved = &approvalCounter{runner: plan.runner(plan.DayApprovals), days: map[int]*DayApprovals{}}
	}
	for column, f := range plan.fields {
		if f.Kind == dataset.KindState || plan.inCondition(f) {
			b.unseen = append(b.unseen, column)
		}
	}
	return b
}

// Add counts the records of a batch.
func (b *Builder) Add(batch *dataset.Batch) error {
	if batch.N == 0 {
		return nil
	}
	if b.eval != nil {
		b.masks = resized(b.masks, batch.N)
		b.eval.eval(batch, b.masks)
	}
	b.unseen = slices.DeleteFunc(b.unseen, func(column int) bool { return seen(batch, column, b.plan.fields[column].Kind) })
	b.position(batch)
	b.assign(batch)
	if b.plan.Outcomes {
		b.treated.add(b, batch)
	}
	if b.plan.single() {
		if err := b.note(batch); err != nil {
			return err
		}
	}
	if b.traits != nil {
		if err := b.traits.add(batch); err != nil {
			return err
		}
	}
	if b.approved != nil {
		b.approved.add(b, batch)
	}
	if b.chance != nil {
		if err := b.chance.tooMany(b.plan.Exploration); err != nil {
			return err
		}
	}
	if g := b.groupCount() / b.pasts(); g > maxGroups {
		return fmt.Errorf("by %s makes more than %d groups, want fields of few values", strings.Join(b.plan.By, ","), maxGroups)
	}
	return b.count(batch)
}

// seen reports whether a column holds a value of any record. A product's value is an answer.
func seen(b *dataset.Batch, column int, kind dataset.Kind) bool {
	c := &b.Cols[column]
	for r := range b.N {
		if b.Rejected(r) {
			continue
		}
		if kind == dataset.KindState && c.State[r].Status() == dataset.OK || kind != dataset.KindState && present(kind, c, r) {
			return true
		}
	}
	return false
}

// position finds each record's place in the inner grid: the code of each axis in turn, then the label.
func (b *Builder) position(batch *dataset.Batch) {
	b.index = resized(b.index, batch.N)
	index := b.index
	clear(index)
	for i := range b.plan.axes {
		a := &b.plan.axes[i]
		size := uint32(len(a.states))
		states := batch.Cols[a.state].State[:len(index)]
		for r, x := range index {
			index[r] = x*size + uint32(a.bin[states[r]&(1<<11-1)])
		}
		if a.cluster >= 0 {
			clusters := batch.Cols[a.cluster].U8[:len(index)]
			for r, x := range index {
				index[r] = x*dataset.NumClusters + uint32(clusters[r])
			}
		}
	}
	labels := batch.Cols[b.plan.label].U8[:len(index)]
	for r, x := range index {
		index[r] = x*dataset.NumLabels + uint32(labels[r])
	}
}

// assign numbers the group of each record.
func (b *Builder) assign(batch *dataset.Batch) {
	b.group = resized(b.group, batch.N)
	clear(b.group)
	for i, p := range b.parts {
		b.part = resized(b.part, batch.N)
		p.number(batch, b.part)
		step := &b.steps[i]
		for r, code := range b.part {
			if !batch.Rejected(r) {
				b.group[r] = step.of(b.group[r], code)
			}
		}
	}
	if b.plan.past >= 0 {
		for r, a := range batch.Cols[b.plan.past].U8[:batch.N] {
			b.group[r] = b.group[r]*dataset.NumActions + uint32(a)
		}
	}
}

// groupCount returns how many numbers groups have had so far.
func (b *Builder) groupCount() int {
	n := 1
	if len(b.steps) > 0 {
		n = len(b.steps[len(b.steps)-1].keys)
	}
	return n * b.pasts()
}

// pasts returns how many numbers a group has that differ in what production did.
func (b *Builder) pasts() int {
	if b.plan.past < 0 {
		return 1
	}
	return dataset.NumActions
}

// count adds one to the cell of each record.
func (b *Builder) count(batch *dataset.Batch) error {
	amounts := batch.Cols[b.plan.amount].I64
	limit := denseCells
	if len(b.parts) == 0 && b.plan.past < 0 {
		limit = bareCells
	}
	dense := b.plan.cells <= limit
	for dense && len(b.grids) < b.groupCount() {
		b.grids = append(b.grids, nil) // made once it is needed: production seldom does everything
	}
	if batch.Weights != nil {
		return b.countWeighted(batch, dense)
	}
	var total int64
	for r, x := range b.index {
		if batch.Bad != nil && batch.Bad[r] {
			continue
		}
		amount := amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
			b.noAmount++
		}
		total += amount
		var t *tally
		if dense {
			grid := b.grids[b.group[r]]
			if grid == nil {
				grid = make([]tally, b.plan.cells)
				b.grids[b.group[r]] = grid
			}
			t = &grid[x]
		} else {
			t = b.table.at(uint64(b.group[r])<<32 | uint64(x))
		}
		t.n++
		t.amount += amount
	}
	if b.plan.Spread {
		b.spread.add(b, batch, dense)
	}
	// One batch cannot overflow: its amounts are bounded by the reader. The sum of batches can.
	if b.total += total; b.total > maxTotal {
		return errTotal
	}
	return nil
}

// Cube freezes what was added.
func (b *Builder) Cube() (*Cube, error) {
	c := &Cube{plan: b.plan, NoAmount: b.noAmount}
	if b.chance != nil {
		c.outside = b.chance.outside
	}
	if b.traits != nil {
		c.traits = b.traits.freeze()
	}
	if b.approved != nil {
		c.approvals = b.approved.freeze()
	}
	for _, column := range b.unseen {
		c.unseen = append(c.unseen, b.plan.fields[column].Name)
	}
	cells := make([][]cell, b.groupCount())
	for g, grid := range b.grids {
		for x, t := range grid {
			if t.n > 0 {
				cells[g] = append(cells[g], cell{uint32(x), t.n, t.amount})
			}
		}
	}
	b.table.each(func(key uint64, t tally) {
		cells[key>>32] = append(cells[key>>32], cell{uint32(key), t.n, t.amount})
	})
	groups := make([]cubeGroup, len(cells)) // by number
	for g, list := range cells {
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b cell) int { return cmp.Compare(a.index, b.index) })
		group := b.unpack(g, list)
		if g < len(b.treated.groups) {
			group.treated = b.treated.groups[g]
		}
		if b.plan.Spread {
			group.spreads = b.spread.of(g, list)
		}
		groups[g] = group
		c.groups = append(c.groups, group)
	}
	// Two masks can differ in no group but the same id can not occur twice: the numbers are of distinct pairs.
	c.sort()
	if b.plan.single() {
		c.addSingles(b.singles, c.places(groups))
		c.sortSingles()
	}
	return c, c.settle()
}

// unpack walks the steps back from a group's number to the values it was made of.
func (b *Builder) unpack(number int, cells []cell) cubeGroup {
	g := cubeGroup{cells: cells, groupID: groupID{key: make([]string, len(b.plan.by))}}
	if b.plan.past >= 0 {
		g.past = dataset.Action(number % dataset.NumActions)
		number /= dataset.NumActions
	}
	for i := len(b.parts) - 1; i >= 0; i-- {
		pair := b.steps[i].keys[number]
		number = int(pair >> 32)
		code := int(uint32(pair))
		switch p := b.parts[i].(type) {
		case *timePart:
			g.key[i] = p.nameOf(code)
		case *textPart:
			g.key[i] = p.names[code]
		case *maskPart:
			g.mask = p.masks.keys[code]
		case *chancePart:
			g.chance = p.of(code)
		}
	}
	return g
}

func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
