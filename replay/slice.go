package replay

import (
	"iter"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// Slice returns the cube of the groups that keep says yes to, as one history that is split no more: keep is given the values
// of the By fields. Policies that the cube answers for, the slice answers for too. Accounts and the spread of
// amounts stay with the whole.
func (c *Cube) Slice(keep func(key []string) bool) (*Cube, error) {
	plan := *c.plan
	plan.By, plan.by, plan.Spread = nil, nil, false
	out := &Cube{plan: &plan, NoAmount: c.NoAmount, unseen: c.unseen, traits: c.traits, approvals: c.approvals}
	type rest struct { // of an id, less the key
		mask   uint64
		past   dataset.Action
		chance float64
	}
	byRest := map[rest]int{} // the place of each in parts
	var parts []cubeGroup
	var lists [][][]cell
	for i := range c.groups { // ordered, and so are the parts
		g := &c.groups[i]
		if !keep(g.key) {
			continue
		}
		at, found := byRest[rest{g.mask, g.past, g.chance}]
		if !found {
			at = len(parts)
			byRest[rest{g.mask, g.past, g.chance}] = at
			parts, lists = append(parts, cubeGroup{groupID: groupID{mask: g.mask, past: g.past, chance: g.chance}}), append(lists, nil)
		}
		parts[at].treated = parts[at].treated.Add(g.treated)
		lists[at] = append(lists[at], g.cells)
	}
	for i := range parts {
		cells, err := addLists(lists[i])
		if err != nil {
			return nil, err
		}
		parts[i].cells = cells
	}
	out.groups = parts
	out.sort()
	if c.singles != nil {
		out.keepSingles(c, out.placesApart(c, keep))
	}
	return out, nil
}

// Keep returns the cube of the groups that keep says yes to, split as before: keep is given the values of the By fields. It
// shares the cells with the whole, which costs nothing. Policies that the cube answers for, the rest answers for too; accounts
// stay with the whole, and Production tells of the whole.
func (c *Cube) Keep(keep func(key []string) bool) *Cube {
	out := &Cube{plan: c.plan, NoAmount: c.NoAmount, unseen: c.unseen, traits: c.traits, approvals: c.approvals, production: c.production, outside: c.outside}
	for _, g := range c.groups { // ordered, and so is what is kept
		if keep(g.key) {
			out.groups = append(out.groups, g)
		}
	}
	if c.singles != nil {
		out.keepSingles(c, out.places(c.groups))
	}
	return out
}

// addLists adds up ordered lists of cells, neighbours first: each cell is copied once for each doubling of the lists.
func addLists(lists [][]cell) ([]cell, error) {
	for len(lists) > 1 {
		var next [][]cell
		for i := 0; i < len(lists); i += 2 {
			if i+1 == len(lists) {
				next = append(next, lists[i])
				break
			}
			sum, err := addCells(lists[i], lists[i+1])
			if err != nil {
				return nil, err
			}
			next = append(next, sum)
		}
		lists = next
	}
	if len(lists) == 0 {
		return nil, nil
	}
	return lists[0], nil
}

// Keys returns the values of the By fields of each group, in order, each once.
func (c *Cube) Keys() [][]string {
	var out [][]string
	for i := range c.groups {
		if key := c.groups[i].key; len(out) == 0 || !slices.Equal(key, out[len(out)-1]) {
			out = append(out, key)
		}
	}
	return out
}

// A Pile is the records of a cube that a policy cannot tell apart, of one label, with which production did the same.
type Pile struct {
	// Case is what the policy looks at in each of them. In a cube that does not keep every score apart, its scores stand for
	// all that the plan's policies treat alike.
	Case
	Label dataset.Label
	// Past is what production did with each of them, NoAction where that is not known or was not asked for.
	Past   dataset.Action
	chance float64
	// Records counts them and Amount adds up their minor units.
	Records, Amount int64
}

// Piles yields the records of the cube as the policy sees them, in a fixed order; the same case may come several times. The
// policy must be one that the cube's plan covers.
func (c *Cube) Piles(pol *Policy) (iter.Seq[Pile], error) {
	if err := c.plan.covers(pol); err != nil {
		return nil, err
	}
	r := c.plan.runner(pol)
	return func(yield func(Pile) bool) {
		for i := range c.groups {
			g := &c.groups[i]
			in := r.in(g)
			for _, cell := range g.cells {
				codes := cell.index / dataset.NumLabels
				p := Pile{r.sample(in.axis1.code(codes), in.axis2.code(codes), in.fired), dataset.Label(cell.index % dataset.NumLabels), g.past, g.chance, cell.n, cell.amount}
				if !yield(p) {
					return
				}
			}
		}
	}, nil
}
