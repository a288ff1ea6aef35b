package replay

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Dependence says how the records of a history fall to entities, such as customers, accounts or devices, under a policy.
// Those of one entity depend on each other: a ring of five that defrauds together is one event and not five (STATISTICS.md,
// section 4). It holds the sums over entities that any ratio of counts needs, so it is small, exact and independent of order.
type Dependence struct {
	// Field names what tells whose record it is.
	Field string
	// Known are the entities, Largest the records of the one that has most. Nobody are the records without one: each counts as
	// an entity of its own.
	Known, Largest, Nobody int64
	// total[i] is the number of records of kind i, cross[i][j], i <= j, is the sum over entities of their records of kind i times those of kind j.
	total [numKinds]int64
	cross [numKinds][numKinds]int64
	// shapes counts the entities by the kinds that they have records of, as bits.
	shapes map[uint64]int64
}

// The kinds of records that measures tell apart: those decided by action and label, and those undecided by first cluster and
// label. Beside them stands on how many the second product is asked.
const (
	firstOpen = (dataset.NumActions - 1) * dataset.NumLabels
	askedKind = firstOpen + NumRows*dataset.NumLabels
	numKinds  = askedKind + 1
)

// An EntitySums is what a ratio of counts adds up to over entities: K of the N records of each.
type EntitySums struct {
	// Entities are those with a record among the N.
	Entities, N, K int64
	// SquaredN and SquaredK are the sums over entities of the square of each, and Products of one times the other.
	SquaredN, SquaredK, Products int64
}

// A Chosen says of the records of one action, first cluster and label, whether they are among the K and among the N of a
// ratio. The cluster is that of undecided records, whose action is Undecided; for others it is NoCluster.
type Chosen func(a dataset.Action, first dataset.Cluster, l dataset.Label) (k, n bool)

// Of returns the sums of a ratio. What is among the K is among the N.
func (d *Dependence) Of(chosen Chosen) EntitySums {
	var ks, ns uint64
	at := 0
	add := func(a dataset.Action, first dataset.Cluster) {
		for l := range dataset.Label(dataset.NumLabels) {
			k, n := chosen(a, first, l)
			if k {
				ks |= 1 << at
			}
			if n || k {
				ns |= 1 << at
			}
			at++
		}
	}
	for _, a := range dataset.Actions {
		add(a, dataset.NoCluster)
	}
	for row := range dataset.Cluster(NumRows) {
		add(Undecided, row)
	}
	return d.sums(ks, ns)
}

// Asked returns the sums of the records on which the second product is asked, of all records.
func (d *Dependence) Asked() EntitySums { return d.sums(1<<askedKind, 1<<askedKind-1) }

// sums adds up over the kinds in two sets, given as bits.
func (d *Dependence) sums(ks, ns uint64) (s EntitySums) {
	for shape, n := range d.shapes {
		if shape&ns != 0 {
			s.Entities += n
		}
	}
	for i := range d.cross {
		for j := i; j < numKinds; j++ {
			v := d.cross[i][j]
			if v == 0 {
				continue
			}
			both := func(a, b uint64) int64 { // of the products (i,j) and (j,i), how many are of a kind in a with one in b
				n := int64(a >> i & 1 & (b >> j))
				if i != j {
					n += int64(a >> j & 1 & (b >> i))
				}
				return n
			}
			s.SquaredK += both(ks, ks) * v
			s.SquaredN += both(ns, ns) * v
			s.Products += both(ks, ns) * v
		}
	}
	for i, n := range d.total {
		s.K += int64(ks>>i&1) * n
		s.N += int64(ns>>i&1) * n
	}
	return s
}

// add counts an entity of n records, by kind; known is false for a record without one.
func (d *Dependence) add(records *[numKinds]int64, n int64, known bool) {
	if known {
		d.Known, d.Largest = d.Known+1, max(d.Largest, n)
	} else {
		d.Nobody += n
	}
	var shape uint64
	for i, n := range records {
		if n != 0 {
			shape |= 1 << i
		}
	}
	d.shapes[shape]++
	for rest := shape; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		d.total[i] += records[i]
		for other := rest; other != 0; other &= other - 1 {
			j := bits.TrailingZeros64(other)
			d.cross[i][j] += records[i] * records[j]
		}
	}
}

// Entity names the field that tells whose record it is, "" where the cube was built without.
func (c *Cube) Entity() string { return c.plan.Entity }

// HasEntities reports whether any record of the cube tells whose it is.
func (c *Cube) HasEntities() bool {
	n := len(c.singles) // ordered: those without an entity come first
	return n > 0 && c.singles[n-1].entity != 0
}

// maxEntityRecords bounds the records of a history that is asked by entity, so that no square of their number overflows.
const maxEntityRecords = 3_000_000_000

// Dependence returns how the records of the cube fall to entities under a policy, in all and in each group of some of the By
// fields, nil for none. The groups are in the order of Result.Groups, folded by the other fields. The plan must have an
// Entity, and cover the policy.
func (c *Cube) Dependence(pol *Policy, by []string) (whole *Dependence, groups []*Dependence, err error) {
	if c.plan.entity < 0 {
		return nil, nil, fmt.Errorf("the cube was built without entities")
	}
	if err := c.plan.covers(pol); err != nil {
		return nil, nil, err
	}
	w := entityWalk{cube: c, whole: newDependence(c.plan.Entity)}
	r := c.plan.runner(pol)
	for i := range c.groups {
		w.in = append(w.in, r.in(&c.groups[i]))
	}
	if by != nil {
		w.split(by)
	}
	if len(c.singles) > maxEntityRecords {
		return nil, nil, fmt.Errorf("%d records are too many to ask by entity, want %d at most", len(c.singles), maxEntityRecords)
	}
	c.eachEntity(w.entity)
	return w.whole, w.parts, nil
}

func newDependence(field string) *Dependence {
	return &Dependence{Field: field, shapes: map[uint64]int64{}}
}

// An entityWalk goes through the entities of a cube under one policy.
type entityWalk struct {
	cube   *Cube
	in     []groupRunner // by group
	partOf []int         // by group: the part of the groups that share its values; nil where nothing is split
	whole  *Dependence
	parts  []*Dependence
}

// split makes a part of the groups that share the values of some By fields, ordered by these.
func (w *entityWalk) split(by []string) {
	var at []int
	for _, name := range by {
		at = append(at, slices.Index(w.cube.plan.By, name))
	}
	keys := make([][]string, len(w.cube.groups))
	for i, g := range w.cube.groups {
		for _, field := range at {
			keys[i] = append(keys[i], g.key[field])
		}
	}
	order := slices.Clone(keys)
	slices.SortFunc(order, slices.Compare)
	order = slices.CompactFunc(order, slices.Equal)
	for range order {
		w.parts = append(w.parts, newDependence(w.cube.plan.Entity))
	}
	for _, key := range keys {
		part, _ := slices.BinarySearchFunc(order, key, slices.Compare)
		w.partOf = append(w.partOf, part)
	}
}

// entity counts the records of one entity, in all and by part.
func (w *entityWalk) entity(run []single) {
	known := run[0].entity != 0
	records := w.kinds(run)
	w.whole.add(&records, int64(len(run)), known)
	if w.partOf == nil {
		return
	}
	part := func(s single) int { return w.partOf[s.group] }
	if len(run) > 1 {
		run = slices.Clone(run)
		slices.SortStableFunc(run, func(a, b single) int { return part(a) - part(b) })
	}
	for start := 0; start < len(run); {
		end := start + 1
		for end < len(run) && part(run[end]) == part(run[start]) {
			end++
		}
		records = w.kinds(run[start:end])
		w.parts[part(run[start])].add(&records, int64(end-start), known)
		start = end
	}
}

// kinds counts records by kind.
func (w *entityWalk) kinds(run []single) (out [numKinds]int64) {
	for _, s := range run {
		kind, asked := w.kind(s)
		out[kind]++
		out[askedKind] += asked
	}
	return out
}

// kind returns the kind of a record, and 1 where the second product is asked.
func (w *entityWalk) kind(s single) (kind int, asked int64) {
	in := &w.in[s.group]
	d, label := in.decision(s.index/dataset.NumLabels), int(s.index%dataset.NumLabels)
	if d.Called {
		asked = 1
	}
	if d.By == ByNobody {
		return firstOpen + int(d.FirstCluster)*dataset.NumLabels + label, asked
	}
	return (int(d.Action)-1)*dataset.NumLabels + label, asked
}
