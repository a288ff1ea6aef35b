package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// Convert reads the rest of s with the given number of goroutines and writes its records in input order as flat, compact
// Parquet. Each field becomes the column of its canonical name with dots turned to underscores, where the vendor's naming
// finds it again; a product becomes two, P_score and P_status, so that the reasons for having no score stay apart. Rejected
// records are left out; the account counts them. The bytes do not depend on the number of goroutines.
func Convert(ctx context.Context, s *Scan, workers int, w io.Writer) (Account, error) {
	return convert(ctx, s, workers, w, compress.Codecs.Zstd)
}

func convert(ctx context.Context, s *Scan, workers int, w io.Writer, codec compress.Compression) (Account, error) {
	if s.Saved() != nil {
		return Account{}, errors.Join(errors.New("records are converted, and these are the counts of a saved cube"), s.Close())
	}
	fields, cols, err := flatten(s.opt.Fields)
	if err != nil {
		return Account{}, errors.Join(err, s.Close())
	}
	t, err := newParquetTable(w, cols, codec)
	if err != nil {
		return Account{}, errors.Join(err, s.Close())
	}
	o := &orderedTable{t: t, fields: fields, at: make([]int, max(1, workers))}
	o.turn.L = &o.mu
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for i := range o.at {
		wg.Go(func() {
			if err := o.work(ctx, s, i); err != nil {
				cancel(err)
				o.wake()
			}
		})
	}
	stop := context.AfterFunc(ctx, o.wake)
	wg.Wait()
	stop()
	if err := context.Cause(ctx); err != nil {
		return Account{}, errors.Join(err, s.Close())
	}
	a, err := s.Account()
	if err != nil {
		return a, err
	}
	return a, t.close()
}

// flatten names the columns that the fields are written to, as many for each field as flatField's cells.
func flatten(fields []Field) ([]flatField, []TableColumn, error) {
	var flats []flatField
	var cols []TableColumn
	owner := map[string]string{}
	for i, f := range fields {
		flat := flatField{Field: f, index: i}
		for _, c := range flat.columns() {
			if by, taken := owner[c.Name]; taken {
				if by == f.Name || f.Kind == KindStatus { // the same value under two kinds
					flat.index = -1
					continue
				}
				return nil, nil, fmt.Errorf("fields %s and %s would both be written as column %q", by, f.Name, c.Name)
			}
			owner[c.Name] = f.Name
			cols = append(cols, c)
		}
		if flat.index >= 0 {
			flats = append(flats, flat)
		}
	}
	if len(cols) > maxColumns {
		return nil, nil, fmt.Errorf("the history has %d fields: want at most %d", len(cols), maxColumns)
	}
	return flats, cols, nil
}

// A flatField is a field of a batch and how it is written.
type flatField struct {
	Field
	index int // of the field in the batch
}

func (f flatField) columns() []TableColumn {
	name := strings.ReplaceAll(f.Name, ".", "_")
	switch f.Kind {
	case KindState:
		return []TableColumn{{name + "_score", cellInt32}, {name + "_status", CellText}}
	case KindTime:
		return []TableColumn{{name, CellTime}}
	case KindAmount:
		return []TableColumn{{name, CellAmount}}
	case KindBool:
		return []TableColumn{{name, CellBool}}
	case KindNumber:
		return []TableColumn{{name, cellFloat}}
	}
	return []TableColumn{{name, CellText}}
}

// copy appends the field's values of the batch's good records to cells, one for each of its columns.
func (f flatField) copy(b *Batch, cells []cellColumn) {
	c := &b.Cols[f.index]
	switch f.Kind {
	case KindState:
		keep(b, c.State, &cells[0].ints, func(s State) int64 {
			if n, scored := s.Score(); scored {
				return int64(n)
			}
			return NoInt
		})
		keep(b, c.State, &cells[1].texts, func(s State) string { return named(uint8(s.Status()), statusNames[:]) })
	case KindTime, KindAmount:
		keep(b, c.I64, &cells[0].ints, func(v int64) int64 { return v })
	case KindBool:
		keep(b, c.U8, &cells[0].ints, func(v uint8) int64 {
			if v == BoolAbsent {
				return NoInt
			}
			return int64(v - BoolFalse)
		})
	case KindNumber:
		keep(b, c.F64, &cells[0].ints, func(v float64) int64 { return int64(math.Float64bits(v)) })
	case KindText, KindCodes:
		keep(b, c.Idx, &cells[0].texts, func(i uint32) string { return c.Dict[i] })
	default:
		names := wordNames(f.Kind)
		keep(b, c.U8, &cells[0].texts, func(v uint8) string { return named(v, names) })
	}
}

// wordNames returns the names of a kind's values; the first is the absent one.
func wordNames(k Kind) []string {
	switch k {
	case KindCluster:
		return clusterNames[:NumClusters]
	case KindLabel:
		return labelNames[:]
	case KindAction:
		return actionNames[:]
	}
	return statusNames[:]
}

func named(v uint8, names []string) string {
	if v == 0 {
		return ""
	}
	return names[v]
}

// keep appends the values of the records that were not rejected.
func keep[S, T any](b *Batch, from []S, to *[]T, value func(S) T) {
	for i, v := range from[:b.N] {
		if !b.Rejected(i) {
			*to = append(*to, value(v))
		}
	}
}

// An orderedTable writes the batches of several goroutines in input order. Units are handed out in order, so what is read
// of the earliest unit that anyone reads, and of those before it, can be written; the rest waits.
type orderedTable struct {
	fields []flatField
	t      *parquetTable
	spare  sync.Pool // of *part

	mu   sync.Mutex
	turn sync.Cond
	at   []int   // the unit that each goroutine reads or is about to begin, one past all units when it is done
	wait []*part // not written yet
	held int     // rows of those
	busy bool    // someone is writing
}

// A part is the good records of one batch.
type part struct {
	unit  int
	row   int64
	rows  int
	cells []cellColumn
}

// work reads batches until the end of the scan.
func (o *orderedTable) work(ctx context.Context, s *Scan, me int) error {
	var b Batch
	for {
		err := s.Next(ctx, &b)
		if err == io.EOF {
			return o.offer(ctx, me, &part{unit: math.MaxInt})
		}
		if err != nil {
			return err
		}
		if err := o.offer(ctx, me, o.part(&b)); err != nil {
			return err
		}
	}
}

// part copies the good records of a batch, whose memory the next batch reuses.
func (o *orderedTable) part(b *Batch) *part {
	p, _ := o.spare.Get().(*part)
	if p == nil {
		p = &part{cells: make([]cellColumn, len(o.t.cols))}
	}
	p.unit, p.row, p.rows = b.Unit, b.Row, 0
	for i := range p.cells {
		p.cells[i] = cellColumn{p.cells[i].texts[:0], p.cells[i].ints[:0]}
	}
	for i := range b.N {
		if !b.Rejected(i) {
			p.rows++
		}
	}
	cells := p.cells
	for _, f := range o.fields {
		f.copy(b, cells)
		cells = cells[len(f.columns()):]
	}
	return p
}

// offer adds a part and writes whatever is in turn, unless someone else is doing so. A goroutine that is a row group ahead waits
// for those behind it.
func (o *orderedTable) offer(ctx context.Context, me int, p *part) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at[me] = p.unit
	o.wait = append(o.wait, p)
	o.held += p.rows
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if ready := o.ready(); len(ready) > 0 {
			if err := o.write(ready); err != nil {
				return err
			}
			continue
		}
		if o.held < o.t.most || p.unit == math.MaxInt || p.unit == slices.Min(o.at) {
			return nil
		}
		o.turn.Wait()
	}
}

// ready takes the parts that are in turn from those in waiting.
func (o *orderedTable) ready() []*part {
	if o.busy {
		return nil
	}
	low := slices.Min(o.at)
	var ready []*part
	o.wait = slices.DeleteFunc(o.wait, func(p *part) bool {
		if p.unit <= low {
			ready = append(ready, p)
		}
		return p.unit <= low
	})
	slices.SortFunc(ready, func(p, q *part) int { return cmp.Or(cmp.Compare(p.unit, q.unit), cmp.Compare(p.row, q.row)) })
	return ready
}

// write writes parts while the others go on reading. The lock is held again when it returns.
func (o *orderedTable) write(parts []*part) error {
	o.busy = true
	o.mu.Unlock()
	rows, err := 0, error(nil)
	for _, p := range parts {
		if err == nil && p.rows > 0 {
			err = o.t.add(p)
		}
		rows += p.rows
		if p.cells != nil {
			o.spare.Put(p)
		}
	}
	o.mu.Lock()
	o.busy = false
	o.held -= rows
	o.turn.Broadcast()
	return err
}

// wake makes goroutines that wait look whether the work was cancelled.
func (o *orderedTable) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.turn.Broadcast()
}

// fit returns how many rows of a part, from the given one on, belong to the row group at hand, and counts their text.
func (t *parquetTable) fit(p *part, from int) int {
	most := min(p.rows-from, t.most-t.rows)
	t.lens = sized(t.lens, most)
	clear(t.lens)
	for i := range p.cells {
		if t.cols[i].Kind == CellText {
			for k, s := range p.cells[i].texts[from : from+most] {
				t.lens[k] += len(s)
			}
		}
	}
	for k, n := range t.lens {
		if t.bytes += n; t.bytes >= groupText {
			return k + 1
		}
	}
	return most
}

// add appends the rows of a part. Row groups end at the same rows however the parts are cut.
func (t *parquetTable) add(p *part) error {
	for from := 0; from < p.rows; {
		n := t.fit(p, from)
		for i := range t.data {
			d, c := &t.data[i], &p.cells[i]
			if t.cols[i].Kind == CellText {
				d.texts = append(d.texts, c.texts[from:from+n]...)
			} else {
				d.ints = append(d.ints, c.ints[from:from+n]...)
			}
		}
		from += n
		if err := t.grow(n); err != nil {
			return err
		}
	}
	return nil
}
