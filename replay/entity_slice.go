package replay

import "slices"

// SlicesApart returns a slice of the cube for each of several sets of groups, none of which shares an entity with another:
// of one that has records in several, only those in the last of these sets stay. in says which set a group belongs to by the
// values of its By fields, -1 for none. left counts the records that are left out of each slice for that. Without entities
// nothing is.
//
// The last keeps its records, because it is the one that is to speak for what comes next; a search that has seen fewer
// records is only less keen.
func (c *Cube) SlicesApart(sets int, in func(key []string) int) (out []*Cube, left []int64, err error) {
	left = make([]int64, sets)
	for i := range sets {
		s, err := c.Slice(func(key []string) bool { return in(key) == i })
		if err != nil {
			return nil, nil, err
		}
		out = append(out, s)
	}
	if c.plan.entity < 0 {
		return out, left, nil
	}
	last := map[uint64]int{} // the last set of each entity
	for i, s := range out {
		s.entityRuns(func(run []single) { last[run[0].entity] = i })
	}
	for i, s := range out {
		left[i] = s.drop(func(x single) bool { return x.entity != 0 && last[x.entity] != i })
	}
	return out, left, nil
}

// drop takes singles out of the cube, and their records out of the cells, and returns how many they were. Cells
// that are shared with another cube are copied first.
func (c *Cube) drop(out func(single) bool) (n int64) {
	var kept []single
	own := make([]bool, len(c.groups))
	for _, s := range c.singles {
		if !out(s) {
			kept = append(kept, s)
			continue
		}
		n++
		if g := &c.groups[s.group]; !own[s.group] {
			g.cells, own[s.group] = slices.Clone(g.cells), true
		}
		cells := c.groups[s.group].cells
		at, _ := slices.BinarySearchFunc(cells, s.index, func(c cell, index uint32) int { return int(int64(c.index) - int64(index)) })
		cells[at].n--
		cells[at].amount -= s.amount
	}
	if n == 0 {
		return 0
	}
	c.singles = kept
	for i := range c.groups {
		c.groups[i].cells = slices.DeleteFunc(c.groups[i].cells, func(c cell) bool { return c.n == 0 })
	}
	return n
}
