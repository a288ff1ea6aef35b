package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
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

	amounts []int64 // scratch: of a batch with rejected records, those of the others

	chance *chancePart // one of the parts, where the plan asks for exploration

	places []places // of each axis, what its states add to the position

	unseen []int // columns of products and conditions in which no record has had a value yet

	layout   layout
	grids    [][]tally // in a layout of grids, per group; nil for one that has no record yet
	wide     *wideGrid // in a layout of one wide grid; nil before the first record
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

// A steadyPart is one whose value seldom changes from record to record.
type steadyPart interface {
	part
	// one returns the number of all records' value where it finds, at little cost, that they have the same.
	one(b *dataset.Batch) (num uint32, same bool)
}

// NewBuilder returns an empty builder.
func NewBuilder(plan *Plan) *Builder {
	b := &Builder{plan: plan, layout: layoutOf(plan)}
	b.places = placesOf(plan.axes)
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
	same := b.assign(batch)
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
	return b.count(batch, same)
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

// places tell what each state of an axis adds to a record's position in the inner grid.
type places [1 << 11]uint32

// placesOf lays the axes out: the codes of the last, and the labels behind them, stand side by side.
func placesOf(axes []axis) []places {
	out := make([]places, len(axes))
	stride := dataset.NumLabels
	for i := len(axes) - 1; i >= 0; i-- {
		for state, bin := range axes[i].bin {
			out[i][state] = uint32(int(bin) * axes[i].clusters * stride)
		}
		stride *= axes[i].size()
	}
	return out
}

// position finds each record's place in the inner grid: the code of each axis in turn, then the label.
func (b *Builder) position(batch *dataset.Batch) {
	b.index = resized(b.index, batch.N)
	index := b.index
	for r, label := range batch.Cols[b.plan.label].U8[:len(index)] {
		index[r] = uint32(label)
	}
	stride := uint32(dataset.NumLabels)
	for i := len(b.plan.axes) - 1; i >= 0; i-- {
		a, places := &b.plan.axes[i], &b.places[i]
		for r, state := range batch.Cols[a.state].State[:len(index)] {
			index[r] += places[state&(1<<11-1)]
		}
		if a.cluster >= 0 {
			for r, cluster := range batch.Cols[a.cluster].U8[:len(index)] {
				index[r] += uint32(cluster) * stride
			}
		}
		stride *= uint32(a.size())
	}
}

// assign numbers the group of each record, and reports whether all have the same.
func (b *Builder) assign(batch *dataset.Batch) (same bool) {
	b.group = resized(b.group, batch.N)
	clear(b.group)
	same = true
	for i, p := range b.parts {
		step := &b.steps[i]
		if steady, is := p.(steadyPart); is && same {
			if num, found := steady.one(batch); found {
				group := step.of(b.group[0], num)
				for r := range b.group {
					b.group[r] = group
				}
				continue
			}
		}
		same = false
		b.part = resized(b.part, batch.N)
		p.number(batch, b.part)
		step.all(batch, b.group, b.part)
	}
	if b.plan.past >= 0 {
		for r, a := range batch.Cols[b.plan.past].U8[:batch.N] {
			b.group[r] = b.group[r]*dataset.NumActions + uint32(a)
		}
		same = false
	}
	return same
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
	cells := b.cells()
	groups := make([]cubeGroup, len(cells)) // by number
	for g, list := range cells {
		if len(list) == 0 {
			continue
		}
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
