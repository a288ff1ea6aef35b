package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Table is a cube as columns, for whoever replays policies elsewhere, such as a page in a browser. Each row counts the records
// that share the answers of two products, the group and the label; no two rows do. It holds all that Policy.Decide looks at for
// the policy that it was made for and for others that differ from it in edges, gate, matrix and in which of its rules they have.
type Table struct {
	// Answers are the different answers of the first and of the second product, ordered by status, score and cluster. A score
	// stands for all that are kept apart from no other: it is the lowest of these. A policy without a second product has none.
	Answers [2][]Answer
	// Groups are the different groups, ordered by key, by the rules that hold and by what production did.
	Groups []TableGroup
	// The columns have an entry for each row. Rows are ordered by the answers, the group and the label. First, Second and Group are
	// places in the lists above; Second is 0 where there is no second product.
	First, Second, Group []uint32
	Label                []dataset.Label
	// Records is 1 or more, Amount adds up minor units.
	Records, Amount []int64
}

// A TableGroup is what rows share beside the answers.
type TableGroup struct {
	// Key has a value for each By field of the question.
	Key []string
	// Fired has bit i set where the condition of the policy's rule i holds.
	Fired uint64
	// Past is what production did, NoAction where that is not known or was not asked for.
	Past dataset.Action
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.Label) }

// Apart lists the edges at which Table keeps the scores of a product apart: of two scores that no edge e parts, one below e and
// one at e or above, nothing is told apart. Nil keeps all apart that the cube does.
type Apart [2][]int

// Table returns the cube as columns for a policy that the cube's plan covers. The cube must keep scores apart at every edge of
// apart, whose two lists are for the policy's first and second product.
func (c *Cube) Table(pol *Policy, apart Apart) (*Table, error) {
	if err := c.plan.covers(pol); err != nil {
		return nil, err
	}
	run := c.plan.runner(pol)
	t := &Table{}
	used := c.used(run)
	var code [2][]uint32 // of each code of an axis, its place in Answers
	for i, axis := range [2]int{run.pol.first, run.pol.second} {
		if axis < 0 {
			code[i] = []uint32{0}
			continue
		}
		a := &c.plan.axes[axis]
		if err := a.parts(apart[i]); err != nil {
			return nil, err
		}
		t.Answers[i], code[i] = a.answers(used[i], apart[i])
	}
	groups, at := c.tableGroups(run)
	t.Groups = groups
	return t, t.fill(c, run, code, at)
}

// parts reports an edge at which the axis does not keep scores apart.
func (a *axis) parts(edges []int) error {
	for _, e := range edges {
		if e <= 0 || e > dataset.MaxScore {
			return fmt.Errorf("scores of %s apart at %d: want 1..%d", a.product, e, dataset.MaxScore)
		}
		if at := dataset.Scored(e); a.bin[at] == a.bin[at-1] {
			return fmt.Errorf("the cube does not keep the scores of %s apart at %d", a.product, e)
		}
	}
	return nil
}

// used tells which codes of the policy's two axes any cell has: most grids are far larger than what is in them.
func (c *Cube) used(run *runner) (used [2][]bool) {
	used[0], used[1] = make([]bool, len(run.first)), make([]bool, len(run.second))
	for i := range c.groups {
		g := &c.groups[i]
		in := run.in(g)
		for _, cell := range g.cells {
			codes := cell.index / dataset.NumLabels
			used[0][in.axis1.code(codes)], used[1][in.axis2.code(codes)] = true, true
		}
	}
	return used
}

// answers returns the different answers of an axis once scores are apart at edges alone, and the place of each used code among them.
func (a *axis) answers(used []bool, edges []int) (list []Answer, place []uint32) {
	place = make([]uint32, a.size())
	of := make([]Answer, a.size())
	for code := range of {
		if !used[code] {
			continue
		}
		of[code] = a.answer(code)
		if score, found := of[code].State.Score(); found && edges != nil {
			low := 0
			for _, e := range edges {
				if e <= score {
					low = max(low, e)
				}
			}
			of[code].State = dataset.Scored(low)
		}
		list = append(list, of[code])
	}
	slices.SortFunc(list, Answer.compare)
	list = slices.Compact(list)
	for code, ans := range of {
		if used[code] {
			i, _ := slices.BinarySearchFunc(list, ans, Answer.compare)
			place[code] = uint32(i)
		}
	}
	return list, place
}

func (a Answer) compare(b Answer) int {
	return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Cluster, b.Cluster))
}

// tableGroups returns the different groups as the policy sees them, and the place of each of the cube's groups among them.
func (c *Cube) tableGroups(run *runner) (list []TableGroup, place []uint32) {
	of := make([]TableGroup, len(c.groups))
	for i := range c.groups {
		g := &c.groups[i]
		of[i] = TableGroup{Key: g.key, Fired: run.pol.fired(g.mask), Past: g.past}
	}
	list = slices.Clone(of)
	slices.SortFunc(list, TableGroup.compare)
	list = slices.CompactFunc(list, func(g, h TableGroup) bool { return g.compare(h) == 0 })
	place = make([]uint32, len(of))
	for i, g := range of {
		at, _ := slices.BinarySearchFunc(list, g, TableGroup.compare)
		place[i] = uint32(at)
	}
	return list, place
}

func (g TableGroup) compare(h TableGroup) int {
	return cmp.Or(slices.Compare(g.Key, h.Key), cmp.Compare(g.Fired, h.Fired), cmp.Compare(g.Past, h.Past))
}

// A tableRow is one row before rows that became the same are added up. Its key orders it: 16 bits of each answer, 30 of the group and
// 2 of the label, which is one comparison instead of four. No axis has 2^16 codes, and no cube 2^30 groups.
type tableRow struct {
	key       uint64
	n, amount int64
}

func tableKey(first, second, group, label uint32) uint64 {
	return uint64(first)<<48 | uint64(second)<<32 | uint64(group)<<2 | uint64(label)
}

// fill adds up the cells of the cube into rows.
func (t *Table) fill(c *Cube, run *runner, code [2][]uint32, place []uint32) error {
	rows := make([]tableRow, 0, c.Cells())
	for i := range c.groups {
		g := &c.groups[i]
		in := run.in(g)
		for _, cell := range g.cells {
			codes := cell.index / dataset.NumLabels
			key := tableKey(code[0][in.axis1.code(codes)], code[1][in.axis2.code(codes)], place[i], cell.index%dataset.NumLabels)
			rows = append(rows, tableRow{key, cell.n, cell.amount})
		}
	}
	slices.SortFunc(rows, func(r, s tableRow) int { return cmp.Compare(r.key, s.key) })
	sums := rows[:0] // never behind what is read
	for _, r := range rows {
		if last := len(sums) - 1; last >= 0 && sums[last].key == r.key {
			sums[last].n += r.n
			if sums[last].amount += r.amount; sums[last].amount < 0 {
				return errTotal
			}
			continue
		}
		sums = append(sums, r)
	}
	t.First, t.Second, t.Group = make([]uint32, len(sums)), make([]uint32, len(sums)), make([]uint32, len(sums))
	t.Label, t.Records, t.Amount = make([]dataset.Label, len(sums)), make([]int64, len(sums)), make([]int64, len(sums))
	for i, r := range sums {
		t.First[i], t.Second[i], t.Group[i] = uint32(r.key>>48), uint32(r.key>>32)&0xffff, uint32(r.key>>2)&(1<<30-1)
		t.Label[i], t.Records[i], t.Amount[i] = dataset.Label(r.key&3), r.n, r.amount
	}
	return nil
}
