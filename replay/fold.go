package replay

import "slices"

// Fold returns the result without the split by one of its By fields: groups that differ in nothing else become one. A result
// that is not split by the field is returned as it is.
func (r Result) Fold(field string) Result {
	at := slices.Index(r.By, field)
	if at < 0 {
		return r
	}
	r.By = slices.Delete(slices.Clone(r.By), at, at+1)
	split := r.Groups
	r.Groups = nil // the sums over entities of what becomes one cannot be had from the parts, so groups lose them
	if len(r.By) == 0 {
		r.By = nil
		return r
	}
	for _, g := range split {
		key := slices.Delete(slices.Clone(g.Key), at, at+1)
		i, found := slices.BinarySearchFunc(r.Groups, key, func(g Group, key []string) int { return slices.Compare(g.Key, key) })
		if !found {
			r.Groups = slices.Insert(r.Groups, i, Group{Key: key})
		}
		into := &r.Groups[i]
		into.Counts = into.Counts.Add(g.Counts)
		for first := range into.Open {
			into.Open[first] = into.Open[first].Add(g.Open[first])
		}
	}
	return r
}

// Only returns the comparison split by one of the fields that it is split by: groups that differ in nothing else become one. by
// are all of these fields. The sums over entities of groups are lost, as in Fold.
func (c Comparison) Only(by []string, field string) *Comparison {
	at := slices.Index(by, field)
	split := c.Groups
	if c.Groups = nil; at < 0 {
		return &c
	}
	for _, g := range split {
		key := []string{g.Key[at]}
		i, found := slices.BinarySearchFunc(c.Groups, key, func(g SwapGroup, key []string) int { return slices.Compare(g.Key, key) })
		if !found {
			c.Groups = slices.Insert(c.Groups, i, SwapGroup{Key: key})
		}
		c.Groups[i].Swap = c.Groups[i].Swap.Add(g.Swap)
	}
	return &c
}
