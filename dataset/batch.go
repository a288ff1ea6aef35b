package dataset

import "math"

// BatchRows is the most records a Batch holds: small enough for its columns to stay in the second-level cache.
const BatchRows = 1 << 14

// batchCells bounds the cells of a Batch, so that the memory of a history of very many columns stays that of a usual one.
const batchCells = 1 << 22

// batchRows is how many records a batch of the scan's fields holds.
func (s *Scan) batchRows() int { return min(BatchRows, max(1, batchCells/max(1, len(s.fields)))) }

// Absent values of the integer kinds.
const (
	NoTime   = math.MinInt64
	NoAmount = math.MinInt64
)

// A Column holds one field of a batch. Only the slice that the field's kind names is set (see Kind); it has Batch.N
// elements. Dict[0] is always "" and stands for an absent value.
type Column struct {
	State []State
	U8    []uint8
	I64   []int64
	F64   []float64
	Idx   []uint32
	Dict  []string
	// DictID identifies the content of Dict: equal non-zero IDs within one worker's stream mean an equal Dict, so that work
	// done per entry can be kept from batch to batch. A Dict that grows keeps its ID: entries are only added behind those
	// already there, so a consumer compares lengths and works on the new ones. Zero makes no promise.
	DictID uint64
}

// A Batch is a run of consecutive records of one input, one Column for each field asked for, in that order. Next reuses
// its memory. A record with Bad set was rejected: its values are undefined, and it is already in the account.
type Batch struct {
	N    int
	Cols []Column
	Bad  []bool // nil when no record of the batch is bad
	// Weights tell of how many records each row of a saved cube stands for, 1 or more; nil where a row is a record.
	Weights []int64

	// Unit and Row order batches: Unit counts the parts of all inputs in input order, Row is the first record's position
	// within the unit. Output in input order sorts by them.
	Unit int
	Row  int64

	// Seq numbers the units of all inputs 0, 1, 2, ... in input order. Each unit ends with an empty batch that has End set, so
	// that output in input order knows when to go on to the next.
	Seq int
	End bool

	unit  unit    // the part being read, nil to claim the next
	timed bool    // the records' times are in the log's period already
	lines []int64 // of text: each record's line within the unit, 0 for the first; nil where record i is at Row+i
	log   issueLog
	dicts uint64      // the last DictID given out
	text  *textWorker // what text inputs keep from batch to batch
}

// newDictID returns an ID for a Column.Dict that no other of this worker's stream has.
func (b *Batch) newDictID() uint64 {
	b.dicts++
	return b.dicts
}

// Weight returns how many records row i stands for.
func (b *Batch) Weight(i int) int64 {
	if b.Weights == nil {
		return 1
	}
	return b.Weights[i]
}

// Rejected reports whether record i is to be left out.
func (b *Batch) Rejected(i int) bool { return b.Bad != nil && b.Bad[i] }

// reset prepares b for n records of the fields: slices of the right length, no bad record.
func (b *Batch) reset(fields []Field, n int) {
	if len(b.Cols) != len(fields) {
		b.Cols = make([]Column, len(fields))
	}
	b.N, b.Bad, b.lines, b.timed = n, nil, nil, false
	for i := range fields {
		b.Cols[i].resize(fields[i].Kind, n)
	}
}

// reject marks record i as bad, unless its issue is of a kind that is only noted, and logs why; value is as it stands in the
// data.
func (b *Batch) reject(i int, kind IssueKind, field, value string) {
	if b.Bad == nil && kind.Rejects() {
		b.Bad = make([]bool, b.N)
	}
	row := b.Row + int64(i)
	if b.lines != nil {
		row = b.lines[i]
	}
	if value != "" {
		value = safeValue(value)
	}
	b.log.add(kind, b.Unit, row, field, value, !b.Rejected(i))
	if kind.Rejects() {
		b.Bad[i] = true
	}
}

// truncate keeps the first n records of a batch that was reset for more.
func (b *Batch) truncate(n int) {
	b.N = n
	for i := range b.Cols {
		c := &b.Cols[i]
		c.State, c.U8, c.I64, c.F64, c.Idx = head(c.State, n), head(c.U8, n), head(c.I64, n), head(c.F64, n), head(c.Idx, n)
	}
	b.Bad, b.lines = head(b.Bad, n), head(b.lines, n)
}

func head[T any](s []T, n int) []T { return s[:min(n, len(s))] }

// sized returns a slice of n elements, s itself where it is large enough. Its content is undefined.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, 2*cap(s)))
	}
	return s[:n]
}
