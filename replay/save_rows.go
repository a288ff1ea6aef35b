package replay

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
)

// A saver adds up records to the rows of a saved cube. It belongs to one goroutine.
type saver struct {
	plan    *Plan
	list    []dataset.Field // of each column, in the order in which they are written; that of immature records is the last
	columns []saveColumn
	packs   []savePack
	steps   []pairing // a row is numbered in steps, one for each pack
	n       []int64   // by the number of a row: its records
	paid    []int64   // their amount, in minor units
	young   []uint8   // of the last batch: which records are immature, as booleans
	rows    []uint32  // of the last batch
	code    []uint32  // scratch
	one     []uint32  // scratch
	records int64
	amount  int64
}

// A savePack is columns whose numbers fit into 31 bits together, so that they take one step: the first in the highest bits.
type savePack struct{ columns []int }

// packBits is the most bits of a pack.
const packBits = 31

func newSaver(p *Plan) *saver {
	s := &saver{plan: p}
	var open, words, states []int
	for column, f := range p.fields {
		c := s.column(column, f)
		if c == nil {
			continue
		}
		at := len(s.columns)
		s.list, s.columns = append(s.list, f), append(s.columns, c)
		switch {
		case c.bits() == 0:
			open = append(open, at)
		case f.Kind == dataset.KindState:
			states = append(states, at)
		default:
			words = append(words, at)
		}
	}
	if p.Saved == nil && p.Maturity.Days > 0 {
		words = append(words, len(s.columns))
		s.list = append(s.list, dataset.Field{Name: dataset.ImmatureField, Kind: dataset.KindBool})
		s.columns = append(s.columns, &saveYoung{2, s})
	}
	// What has few values comes first: the numbers that the early steps give stay few, and those are looked up fast.
	for _, at := range open {
		s.packs = append(s.packs, savePack{[]int{at}})
	}
	s.pack(words)
	s.pack(states)
	s.steps = make([]pairing, len(s.packs))
	return s
}

// column returns the column of a field of the plan, nil where it is not written: the time of a label is in the label, and a
// field that is read as several kinds is written once, as text if it can be, which every kind is read from again.
func (s *saver) column(at int, f dataset.Field) saveColumn {
	for i, g := range s.plan.fields {
		if g.Name == f.Name && g != f && (g.Kind == dataset.KindText || f.Kind != dataset.KindText && i < at) {
			return nil
		}
	}
	switch f.Kind {
	case dataset.KindState:
		return newSaveState(s.plan, at)
	case dataset.KindTime:
		if at != s.plan.time {
			return nil
		}
		kind := s.plan.timeKept()
		if kind == "none" {
			kind = Month // of records without a time
		}
		return &saveTime{timePart{calendar: calendars[kind], column: at}}
	case dataset.KindAmount:
		return &saveAmount{1, at}
	case dataset.KindNumber:
		return &saveNumber{column: at}
	case dataset.KindText, dataset.KindCodes:
		return &saveText{textPart{column: at}}
	}
	return &saveWord{3, at}
}

// pack puts columns together as long as they fit.
func (s *saver) pack(columns []int) {
	used := uint(packBits)
	for _, at := range columns {
		bits := s.columns[at].bits()
		if used += bits; used > packBits {
			s.packs, used = append(s.packs, savePack{}), bits
		}
		p := &s.packs[len(s.packs)-1]
		p.columns = append(p.columns, at)
	}
}

// add counts the records of a batch.
func (s *saver) add(b *dataset.Batch) error {
	if b.N == 0 {
		return nil
	}
	s.rows = resized(s.rows, b.N)
	clear(s.rows)
	for i, p := range s.packs {
		s.codes(b, p)
		step := &s.steps[i]
		for r, code := range s.code {
			if !b.Rejected(r) {
				s.rows[r] = step.of(s.rows[r], code)
			}
		}
	}
	amounts := b.Cols[s.plan.amount].I64
	for r, row := range s.rows {
		if b.Rejected(r) {
			continue
		}
		amount := amounts[r]
		if amount == dataset.NoAmount {
			amount = 0
		}
		if err := s.tally(row, b.Weight(r), amount); err != nil {
			return err
		}
	}
	return nil
}

// codes sets s.code to the packed numbers of a batch.
func (s *saver) codes(b *dataset.Batch, p savePack) {
	s.code, s.one = resized(s.code, b.N), resized(s.one, b.N)
	for i, at := range p.columns {
		c := s.columns[at]
		if i == 0 {
			c.number(b, s.code)
			continue
		}
		c.number(b, s.one)
		bits := c.bits()
		for r, n := range s.one {
			s.code[r] = s.code[r]<<bits | n&(1<<bits-1) // those of rejected records are anything
		}
	}
}

// tally adds records to a row.
func (s *saver) tally(row uint32, n, amount int64) error {
	for int(row) >= len(s.n) {
		if len(s.n) >= math.MaxInt32 {
			return errRows
		}
		s.n, s.paid = append(s.n, 0), append(s.paid, 0)
	}
	if s.records += n; s.records > dataset.MaxRecords {
		return fmt.Errorf("more than %d records for one saved cube", int64(dataset.MaxRecords))
	}
	if s.amount += amount; s.amount > maxTotal {
		return errTotal
	}
	s.n[row] += n
	s.paid[row] += amount
	return nil
}

// merge adds the rows of another worker.
func (s *saver) merge(t *saver) error {
	into := make([][]uint32, len(s.packs))
	for i, p := range s.packs {
		if len(p.columns) == 1 {
			into[i] = s.columns[p.columns[0]].translate(t.columns[p.columns[0]])
		}
	}
	codes := make([]uint32, len(s.packs))
	for row := range t.n {
		t.unpack(uint32(row), codes)
		at := uint32(0)
		for i, code := range codes {
			if into[i] != nil {
				code = into[i][code]
			}
			at = s.steps[i].of(at, code)
		}
		if err := s.tally(at, t.n[row], t.paid[row]); err != nil {
			return err
		}
	}
	return nil
}

// unpack walks the steps back from a row's number to the number of each pack.
func (s *saver) unpack(row uint32, codes []uint32) {
	for i := len(s.steps) - 1; i >= 0; i-- {
		pair := s.steps[i].keys[row]
		codes[i], row = uint32(pair), uint32(pair>>32)
	}
}

// write writes the rows in the order of their values.
func (s *saver) write(ctx context.Context, out *dataset.SavedWriter) error {
	keys, order := s.order()
	var b *dataset.Batch
	for from := 0; from < len(order); from += dataset.BatchRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := order[from:min(len(order), from+dataset.BatchRows)]
		if b == nil || b.N != len(rows) {
			b = dataset.NewBatch(s.list, len(rows))
		}
		if err := s.fill(b, keys, rows); err != nil {
			return err
		}
		if err := out.Add(b); err != nil {
			return err
		}
	}
	return nil
}

// order returns the numbers of the packs by row, and the rows in their order: it is a radix sort, whose cost is linear.
func (s *saver) order() (keys [][]uint32, order []uint32) {
	codes := make([]uint32, len(s.packs))
	for range s.packs {
		keys = append(keys, make([]uint32, len(s.n)))
	}
	order = make([]uint32, len(s.n))
	for row := range order {
		order[row] = uint32(row)
		s.unpack(uint32(row), codes)
		for i, c := range codes {
			keys[i][row] = c
		}
	}
	list, spare := make([]rankedRow, len(order)), make([]rankedRow, len(order))
	for i, p := range slices.Backward(s.packs) {
		var ranks []uint32
		if len(p.columns) == 1 {
			ranks = s.columns[p.columns[0]].ranks()
		}
		most := uint32(0)
		for at, row := range order {
			rank := keys[i][row]
			if ranks != nil {
				rank = ranks[rank]
			}
			list[at], most = rankedRow{rank, row}, max(most, rank)
		}
		for shift := 0; most>>shift > 0; shift += rankDigit {
			sortDigit(list, spare, shift)
			list, spare = spare, list
		}
		for at, r := range list {
			order[at] = r.row
		}
	}
	return keys, order
}

// A rankedRow is a row with the rank of one of its packs.
type rankedRow struct{ rank, row uint32 }

// rankDigit is how many bits of a rank are sorted by at once.
const rankDigit = 11

// sortDigit puts rows into another slice in the order of one digit of their ranks, those of one digit as they were.
func sortDigit(from, to []rankedRow, shift int) {
	const mask = 1<<rankDigit - 1
	var at [mask + 2]int
	for _, r := range from {
		at[r.rank>>shift&mask+1]++
	}
	for d := range mask {
		at[d+1] += at[d]
	}
	for _, r := range from {
		d := r.rank >> shift & mask
		to[at[d]] = r
		at[d]++
	}
}

// fill sets a batch to some of the rows.
func (s *saver) fill(b *dataset.Batch, keys [][]uint32, rows []uint32) error {
	b.Weights = b.Weights[:0]
	for _, row := range rows {
		b.Weights = append(b.Weights, s.n[row])
	}
	for i, p := range s.packs {
		shift := uint(0)
		for _, at := range slices.Backward(p.columns) {
			column, c := s.columns[at], &b.Cols[at]
			mask := uint32(1)<<column.bits() - 1
			if len(p.columns) == 1 {
				mask = math.MaxUint32
			}
			if s.list[at].Kind == dataset.KindAmount {
				for r, row := range rows {
					c.I64[r] = s.paid[row]
				}
			}
			for r, row := range rows {
				column.value(c, r, keys[i][row]>>shift&mask)
			}
			shift += column.bits()
		}
	}
	for r, row := range rows {
		if s.paid[row] >= dataset.MaxAmount {
			return fmt.Errorf("the amounts of %d records that share a row add up to 1e12 or more: want amounts in major units, or more fields", b.Weights[r])
		}
	}
	return nil
}

// totals returns the sums over all rows.
func (s *saver) totals(a dataset.Account) *dataset.SavedTotals {
	t := &dataset.SavedTotals{Read: a.Read, Rejected: a.Rejected, Records: s.records, AmountMinor: s.amount}
	codes := make([]uint32, len(s.packs))
	counts := [dataset.NumLabels]*int64{dataset.Unlabeled: &t.Unlabeled, dataset.Fraud: &t.Fraud, dataset.Legit: &t.Legit}
	label, paid := s.place(dataset.KindLabel), s.place(dataset.KindAmount)
	for row, n := range s.n {
		s.unpack(uint32(row), codes)
		*counts[label.of(codes)] += n
		if paid.of(codes) == 0 {
			t.NoAmount += n
		}
	}
	return t
}

// A packPlace says where the number of a column is among those of the packs.
type packPlace struct {
	pack        int
	shift, mask uint32
}

func (p packPlace) of(codes []uint32) uint32 { return codes[p.pack] >> p.shift & p.mask }

// place finds the column of a kind of which there is one.
func (s *saver) place(kind dataset.Kind) packPlace {
	for i, p := range s.packs {
		shift := uint(0)
		for _, at := range slices.Backward(p.columns) {
			bits := s.columns[at].bits()
			if s.list[at].Kind == kind {
				return packPlace{i, uint32(shift), 1<<bits - 1}
			}
			shift += bits
		}
	}
	panic("replay: a plan without " + kind.String())
}
