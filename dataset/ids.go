package dataset

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"
)

// An idCheck finds repeated records: the same customer_id at the same time. Workers add what they read in whatever order
// they come; the repeats are found at the end, in input order, so that the result does not depend on timing.
type idCheck struct {
	id, time int // columns
	most     int // records that are remembered, 0 for any number

	mu      sync.Mutex
	count   int
	gone    bool // there were more
	batches []batchPlace
	// Records are split by their hash, so that each part is sorted on its own.
	parts [256][]idRecord
}

// A batchPlace is where the records of a batch are, kept once for all of them.
type batchPlace struct {
	unit int
	row  int64
}

// An idRecord is one record. 128 bits make two different ones look alike with a chance of 1 in 10^18 for a billion.
type idRecord struct {
	hash  xxh3.Uint128
	batch uint32
	delta uint32 // lines or rows behind the batch's row
}

// autoIDs is how many records are looked at where the check was not asked for but only the inputs are small: a compressed one
// may hold any number.
const autoIDs = 1 << 23

func newIDCheck(id, time int) *idCheck { return &idCheck{id: id, time: time} }

// add notes the records of a batch. Those that were rejected or have no id are not checked.
func (c *idCheck) add(b *Batch) {
	ids, times := &b.Cols[c.id], b.Cols[c.time].I64
	records := make([]idRecord, 0, b.N)
	var key []byte
	for i, n := range ids.Idx {
		if n == 0 || b.Rejected(i) {
			continue
		}
		key = binary.LittleEndian.AppendUint64(key[:0], uint64(times[i]))
		key = append(key, ids.Dict[n]...)
		delta := int64(i)
		if b.lines != nil {
			delta = b.lines[i] - b.Row
		}
		records = append(records, idRecord{hash: xxh3.Hash128(key), delta: uint32(delta)})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count += len(records); c.gone || c.most > 0 && c.count > c.most {
		c.gone, c.batches, c.parts = true, nil, [256][]idRecord{}
		return
	}
	batch := uint32(len(c.batches))
	c.batches = append(c.batches, batchPlace{b.Unit, b.Row})
	for _, r := range records {
		r.batch = batch
		part := &c.parts[r.hash.Hi>>56]
		*part = append(*part, r)
	}
}

// report logs every record that repeats one before it.
func (c *idCheck) report(log *issueLog) {
	for i := range c.parts {
		c.reportPart(c.parts[i], log)
		c.parts[i] = nil
	}
}

func (c *idCheck) reportPart(part []idRecord, log *issueLog) {
	slices.SortFunc(part, func(a, b idRecord) int {
		if d := cmp.Compare(a.hash.Hi, b.hash.Hi); d != 0 {
			return d
		}
		if d := cmp.Compare(a.hash.Lo, b.hash.Lo); d != 0 {
			return d
		}
		p, q := c.batches[a.batch], c.batches[b.batch]
		if d := cmp.Compare(p.unit, q.unit); d != 0 {
			return d
		}
		return cmp.Compare(p.row+int64(a.delta), q.row+int64(b.delta))
	})
	for i := 1; i < len(part); i++ {
		if part[i].hash == part[i-1].hash {
			at := c.batches[part[i].batch]
			log.add(DuplicateID, at.unit, at.row+int64(part[i].delta), CustomerID, "", false)
		}
	}
}
