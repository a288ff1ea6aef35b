package replay

import (
	"math/bits"

	"github.com/trustreplay/trustreplay/dataset"
)

// A numbering gives the distinct keys it meets the numbers 0, 1, 2, ... The zero value is empty.
type numbering struct {
	keys  []uint64 // by number
	slots []uint32 // open addressing: number+1, 0 for a free slot
	last  uint64
	num   uint32 // of last, valid once keys is not empty
}

// of returns the number of a key.
func (n *numbering) of(key uint64) uint32 {
	if key == n.last && len(n.keys) > 0 {
		return n.num
	}
	n.last = key
	if 2*len(n.keys) >= len(n.slots) {
		n.grow()
	}
	for at := n.home(key); ; at = (at + 1) & (len(n.slots) - 1) {
		s := n.slots[at]
		if s == 0 {
			n.keys = append(n.keys, key)
			n.slots[at] = uint32(len(n.keys))
			n.num = uint32(len(n.keys) - 1)
			return n.num
		}
		if n.keys[s-1] == key {
			n.num = s - 1
			return n.num
		}
	}
}

func (n *numbering) home(key uint64) int {
	return int(mix(key) >> (64 - bits.TrailingZeros(uint(len(n.slots)))))
}

// A pairing numbers pairs of a group and a part's code. Few pairs occur over and over, so those of small numbers are looked
// up in a grid and only new ones in the numbering.
type pairing struct {
	numbering
	grid   []uint32 // number+1 of the pair, by group*stride+code; 0 where it is not known
	stride uint32
}

// maxGrid bounds a pairing's grid to what stays in the second-level cache.
const maxGrid = 1 << 16

func (p *pairing) of(group, code uint32) uint32 {
	if at := uint64(group)*uint64(p.stride) + uint64(code); code < p.stride && at < uint64(len(p.grid)) && p.grid[at] != 0 {
		return p.grid[at] - 1
	}
	num := p.numbering.of(uint64(group)<<32 | uint64(code))
	p.note(group, code, num)
	return num
}

// all replaces the group of each record by the number of its pair with the record's code.
func (p *pairing) all(b *dataset.Batch, group, codes []uint32) {
	for r, code := range codes {
		at := uint64(group[r])*uint64(p.stride) + uint64(code)
		if grid := p.grid; code < p.stride && at < uint64(len(grid)) && grid[at] != 0 && b.Bad == nil {
			group[r] = grid[at] - 1
		} else if !b.Rejected(r) {
			group[r] = p.of(group[r], code)
		}
	}
}

// note puts a pair into the grid, which it makes wide and long enough as far as that is allowed.
func (p *pairing) note(group, code, num uint32) {
	if code >= p.stride {
		stride := uint32(1) << bits.Len32(code)
		if stride > maxGrid {
			return
		}
		p.stride, p.grid = stride, nil // what is forgotten is noted again when it is met
	}
	at := uint64(group)*uint64(p.stride) + uint64(code)
	if at >= maxGrid {
		return
	}
	if grow := int(at) + 1 - len(p.grid); grow > 0 {
		p.grid = append(p.grid, make([]uint32, grow)...)
	}
	p.grid[at] = num + 1
}

// mix spreads a key over all bits, the top ones best (Fibonacci hashing).
func mix(key uint64) uint64 { return (key ^ key>>32) * 0x9E3779B97F4A7C15 }

func (n *numbering) grow() {
	n.slots = make([]uint32, max(64, 2*len(n.slots)))
	for i, k := range n.keys {
		at := n.home(k)
		for n.slots[at] != 0 {
			at = (at + 1) & (len(n.slots) - 1)
		}
		n.slots[at] = uint32(i + 1)
	}
}

// A textPart numbers the values of a text column, asking once for each entry of its dictionary.
type textPart struct {
	column int
	byName map[string]uint32
	names  []string
	dict   uint64   // the dictionary that codes belongs to
	codes  []uint32 // number+1 of each entry, 0 where not asked yet
}

func (p *textPart) number(b *dataset.Batch, out []uint32) {
	c := &b.Cols[p.column]
	if c.DictID == 0 || c.DictID != p.dict {
		p.dict = c.DictID
		clear(p.codes)
	}
	if grow := len(c.Dict) - len(p.codes); grow > 0 { // a dictionary may grow under the same id
		p.codes = append(p.codes, make([]uint32, grow)...)
	}
	for r, i := range c.Idx[:len(out)] {
		if b.Rejected(r) {
			continue
		}
		if p.codes[i] == 0 {
			p.codes[i] = p.of(c.Dict[i]) + 1
		}
		out[r] = p.codes[i] - 1
	}
}

func (p *textPart) of(name string) uint32 {
	if n, found := p.byName[name]; found {
		return n
	}
	if p.byName == nil {
		p.byName = map[string]uint32{}
	}
	n := uint32(len(p.names))
	name = string([]byte(name)) // the batch's memory is reused
	p.byName[name] = n
	p.names = append(p.names, name)
	return n
}

// A maskPart numbers the combinations of conditions that hold.
type maskPart struct {
	b     *Builder
	masks numbering
	few   [256]uint32 // number+1 of the masks of the first eight conditions, 0 where not met yet
}

func (p *maskPart) number(b *dataset.Batch, out []uint32) {
	for r, m := range p.b.masks[:len(out)] {
		if m < uint64(len(p.few)) && p.few[m] != 0 {
			out[r] = p.few[m] - 1
		} else if !b.Rejected(r) {
			out[r] = p.masks.of(m)
			if m < uint64(len(p.few)) {
				p.few[m] = out[r] + 1
			}
		}
	}
}

// A table counts cells by key where a grid would be too large. The zero value is empty.
type table struct {
	slots []slot
	used  int
}

type slot struct {
	key uint64 // plus one, 0 for a free slot
	tally
}

// at returns the tally of a key, valid until the next call.
func (t *table) at(key uint64) *tally {
	if 4*t.used >= 3*len(t.slots) {
		t.grow()
	}
	key++
	for at := t.home(key); ; at = (at + 1) & (len(t.slots) - 1) {
		s := &t.slots[at]
		if s.key == key {
			return &s.tally
		}
		if s.key == 0 {
			s.key = key
			t.used++
			return &s.tally
		}
	}
}

func (t *table) home(key uint64) int {
	return int(mix(key) >> (64 - bits.TrailingZeros(uint(len(t.slots)))))
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(1024, 2*len(old)))
	for _, s := range old {
		if s.key == 0 {
			continue
		}
		at := t.home(s.key)
		for t.slots[at].key != 0 {
			at = (at + 1) & (len(t.slots) - 1)
		}
		t.slots[at] = s
	}
}

// each calls f for every key, in no order.
func (t *table) each(f func(key uint64, v tally)) {
	for _, s := range t.slots {
		if s.key != 0 {
			f(s.key-1, s.tally)
		}
	}
}
