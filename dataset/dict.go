package dataset

// maxDict is how many distinct texts a dictionary that is kept from batch to batch may have; columns with more are mostly
// ids, for which looking up costs more than it saves.
const maxDict = 4096

// A textDict gives the texts of one column their numbers. While they are few it is kept from batch to batch under one
// DictID; then every text of every batch becomes an entry of its own.
type textDict struct {
	id    uint64
	index map[string]uint32
	texts []string
	many  bool
}

// start begins a batch.
func (d *textDict) start(b *Batch) {
	switch {
	case d.many:
		d.texts = append(d.texts[:0], "")
	case d.index == nil:
		d.id, d.index, d.texts = b.newDictID(), map[string]uint32{}, []string{""}
	}
}

// number returns the entry of a text, 0 for an empty one.
func (d *textDict) number(text []byte) uint32 {
	if len(text) == 0 {
		return 0
	}
	if d.many {
		d.texts = append(d.texts, string(text))
		return uint32(len(d.texts) - 1)
	}
	n, found := d.index[string(text)]
	if !found {
		n = uint32(len(d.texts))
		s := string(text)
		d.texts = append(d.texts, s)
		d.index[s] = n
	}
	return n
}

// finish hands the dictionary to the column.
func (d *textDict) finish(c *Column) {
	c.Dict, c.DictID = d.texts, d.id
	if !d.many && len(d.texts) > maxDict {
		// The batch keeps the old entries; what follows starts afresh without an ID.
		*d = textDict{many: true}
	}
}
