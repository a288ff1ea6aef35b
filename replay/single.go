package replay

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// maxSingles bounds the records that are kept one by one: 32 bytes each, twice while the workers' share is brought together,
// so at most 4 GiB.
const maxSingles = 1 << 26

var errSingles = fmt.Errorf("more than %d records to keep one by one: want a part of the history at a time", maxSingles)

// A single is one record that is kept by itself, because more is asked of it than which cell it is in: whose it is, and its
// place in time. What it is of the entity is a hash of the id, which is held in memory only.
type single struct {
	entity uint64 // 0 where the record has none
	time   int64
	amount int64  // 0 where the record has none
	group  uint32 // the place among the cube's groups
	index  uint32 // the position in the plan's inner grid
}

// compare orders singles by entity, those of one by time. What it looks at after that only has to be the same whatever the
// order of the input.
func (s single) compare(t single) int {
	return cmp.Or(cmp.Compare(s.entity, t.entity), cmp.Compare(s.time, t.time), cmp.Compare(s.group, t.group), cmp.Compare(s.index, t.index), cmp.Compare(s.amount, t.amount))
}

// note keeps the records of a batch one by one.
func (b *Builder) note(batch *dataset.Batch) error {
	times, amounts := batch.Cols[b.plan.time].I64, batch.Cols[b.plan.amount].I64
	var hashes []uint64
	var entities []uint32
	if b.plan.entity >= 0 {
		c := &batch.Cols[b.plan.entity]
		hashes, entities = b.entities.of(c), c.Idx
	}
	for r, x := range b.index {
		if batch.Rejected(r) {
			continue
		}
		s := single{time: times[r], amount: amounts[r], group: b.group[r], index: x}
		if s.amount == dataset.NoAmount {
			s.amount = 0
		}
		if entities != nil && entities[r] != 0 {
			s.entity = hashes[entities[r]]
		}
		b.singles = append(b.singles, s)
	}
	if len(b.singles) > maxSingles {
		return errSingles
	}
	return nil
}

// An entityHashes keeps the hashes of a dictionary's entries from batch to batch.
type entityHashes struct {
	dict   uint64
	hashes []uint64
}

func (u *entityHashes) of(c *dataset.Column) []uint64 {
	if c.DictID == 0 || c.DictID != u.dict {
		u.dict, u.hashes = c.DictID, u.hashes[:0]
	}
	for _, id := range c.Dict[len(u.hashes):] {
		h := fnv.New64a()
		h.Write([]byte(id))
		u.hashes = append(u.hashes, max(h.Sum64(), 1)) // 0 is nobody
	}
	return u.hashes
}

// addSingles adds singles whose groups have numbers of their own, by the places of these groups in the cube.
func (c *Cube) addSingles(singles []single, placeOf []uint32) {
	for _, s := range singles {
		s.group = placeOf[s.group]
		c.singles = append(c.singles, s)
	}
}

// placeByID returns the places of the cube's groups by the text of their ids.
func (c *Cube) placeByID() map[string]uint32 {
	at := make(map[string]uint32, len(c.groups))
	for i := range c.groups {
		at[c.groups[i].text()] = uint32(i)
	}
	return at
}

// places finds where groups are now: those of another cube, or of a builder, by their number there. A group that the cube
// lacks has the place gone.
func (c *Cube) places(groups []cubeGroup) []uint32 {
	at := c.placeByID()
	out := make([]uint32, len(groups))
	for i := range groups {
		place, found := at[groups[i].text()]
		if !found {
			place = gone
		}
		out[i] = place
	}
	return out
}

const gone = ^uint32(0)

// placesApart is places for a cube whose groups are no longer split by key: what is kept of the other goes by the rest of its id.
func (c *Cube) placesApart(from *Cube, keep func(key []string) bool) []uint32 {
	at := c.placeByID()
	out := make([]uint32, len(from.groups))
	for i := range from.groups {
		id := from.groups[i].groupID
		if out[i] = gone; keep(id.key) {
			id.key = nil
			out[i] = at[id.text()]
		}
	}
	return out
}

// keepSingles takes the singles of another cube whose groups have a place here.
func (c *Cube) keepSingles(from *Cube, placeOf []uint32) {
	for _, s := range from.singles {
		if s.group = placeOf[s.group]; s.group != gone {
			c.singles = append(c.singles, s)
		}
	}
	c.sortSingles()
}

func (c *Cube) sortSingles() { slices.SortFunc(c.singles, single.compare) }

// eachEntity calls f with the singles of each entity; those without one count each for itself.
func (c *Cube) eachEntity(f func(run []single)) {
	for i := range c.singles {
		if c.singles[i].entity != 0 {
			break // ordered: nobody's come first
		}
		f(c.singles[i : i+1])
	}
	c.entityRuns(f)
}

// entityRuns calls f with the singles of each entity, in order of their hashes; those without one are in none.
func (c *Cube) entityRuns(f func(run []single)) {
	for start := 0; start < len(c.singles); {
		end := start + 1
		for end < len(c.singles) && c.singles[end].entity == c.singles[start].entity {
			end++
		}
		if c.singles[start].entity != 0 {
			f(c.singles[start:end])
		}
		start = end
	}
}
