package dataset

import (
	"fmt"
	"io"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v17/parquet"
)

var nan = math.NaN()

// A rowGroup is a unit of a parquetSource.
type rowGroup struct {
	source *parquetSource
	number int
	reader *groupReader // while the group is being read
	read   int64
}

func (u *rowGroup) group() int  { return u.number }
func (u *rowGroup) size() int64 { return u.read }

func (u *rowGroup) rows() int64 { return u.source.before[u.number+1] - u.source.before[u.number] }

func (u *rowGroup) fill(b *Batch) error {
	if err := u.fillBatch(b); err != nil {
		if err == io.EOF {
			return err
		}
		return fmt.Errorf("row group %d, %w", u.number, err)
	}
	return nil
}

func (u *rowGroup) fillBatch(b *Batch) error {
	p := u.source
	if u.reader == nil {
		u.reader = p.newReader(u)
	}
	n := int(min(int64(u.source.scan.batchRows()), u.rows()-u.read))
	if n == 0 {
		return u.end()
	}
	b.Row, b.lines = u.read, nil
	b.reset(p.scan.fields, n)
	if err := u.reader.fill(b, u.number); err != nil {
		return err
	}
	p.scan.done.Add(p.share(u.number, u.read+int64(n)) - p.share(u.number, u.read))
	u.read += int64(n)
	return nil
}

// end checks that no column has rows left and gives the reader back.
func (u *rowGroup) end() error {
	if u.rows() > 0 {
		for i := range u.reader.leaves {
			l := &u.reader.leaves[i]
			if err := guard(l.chunk.finish); err != nil {
				return l.wrap(err)
			}
		}
	}
	u.source.spare.Put(u.reader)
	u.reader = nil
	return io.EOF
}

// A groupReader holds the memory to read one row group with.
type groupReader struct {
	source *parquetSource
	leaves []leafReader
	raws   []rawJSON
	states Column // of a product whose status alone is wanted
	status Column
}

// A leafReader reads one Parquet column. Where it is not the only one of its field, it reads into a column of its own.
type leafReader struct {
	chunk *chunk
	own   Column
}

func (l *leafReader) wrap(err error) error {
	return fmt.Errorf("column %q: %w", l.chunk.col.Path(), err)
}

// newReader returns a reader that stands at the start of u.
func (p *parquetSource) newReader(u *rowGroup) *groupReader {
	r, _ := p.spare.Get().(*groupReader)
	if r == nil {
		r = &groupReader{source: p}
		for _, leaf := range p.layout.leaves {
			r.leaves = append(r.leaves, leafReader{chunk: p.newChunk(leaf)})
		}
		for _, raw := range p.layout.raws {
			r.raws = append(r.raws, p.newRaw(p.scan.want, p.scan.fields, raw.prefix))
		}
	}
	for i := range r.leaves {
		r.leaves[i].chunk.open(p.chunks[u.number][i], u.rows())
	}
	return r
}

// newChunk returns a reader of the column's chunks.
func (p *parquetSource) newChunk(leaf leafPlan) *chunk {
	c := &chunk{col: leaf.col, sink: newSink(leaf), object: leaf.object, field: leaf.name, slow: p.slow}
	if flags, is := c.sink.(*cells[uint8]); is && flags.no > 0 {
		c.flags = flags
	}
	if texts, is := c.sink.(*texts); is && texts.scalars == nil {
		c.texts = texts
	}
	c.private = Personal(leaf.name) || Personal(leaf.col.Path())
	c.maxDef, c.highest = int(leaf.col.MaxDefinitionLevel()), uint8(leaf.col.MaxDefinitionLevel())
	c.r, c.zstd = p.file, p.zstd
	if c.times = p.newPageTimes(leaf, c.sink); c.times != nil {
		c.passes = c.times.passes
	}
	c.pages.reuse = p.scan.reuse && leaf.col.PhysicalType() == parquet.Types.ByteArray && !p.slow
	c.keep = leaf.col.PhysicalType() == parquet.Types.ByteArray || p.slow
	return c
}

// fill reads the next b.N records of the row group.
func (r *groupReader) fill(b *Batch, group int) error {
	for i, raw := range r.source.layout.raws {
		if err := r.fillRaw(b, raw, r.raws[i]); err != nil {
			return err
		}
	}
	last := r.source.scan.timeColumn() // once it is known which records are rejected: see pageTimes
	for k := range r.source.layout.fields {
		if k == last {
			continue
		}
		if err := r.fillField(b, k); err != nil {
			return err
		}
	}
	if last >= 0 {
		if err := r.fillField(b, last); err != nil {
			return err
		}
	}
	r.settle(b)
	return nil
}

// fillField reads the columns of field k into its column of b.
func (r *groupReader) fillField(b *Batch, k int) error {
	p, want, c := &r.source.layout.fields[k], r.source.scan.want[k], &b.Cols[k]
	switch {
	case !isState(want):
		return r.readBest(b, want.Kind, p.values, c, p.raw)
	case want.Kind == KindState:
		return r.fillStates(b, p, c, p.raw)
	}
	if !p.raw {
		c.clear(KindStatus, b.N)
	}
	if err := r.fillStates(b, p, &r.states, false); err != nil {
		return err
	}
	for i, s := range r.states.State[:b.N] {
		if s != Absent.state() {
			c.U8[i] = uint8(s.Status())
		}
	}
	return nil
}

// fillStates works out the states of a product from its score and its explicit status, which wins.
func (r *groupReader) fillStates(b *Batch, p *fieldPlan, c *Column, filled bool) error {
	if err := r.readBest(b, KindState, p.values, c, filled); err != nil || len(p.status) == 0 {
		return err
	}
	if err := r.readBest(b, KindStatus, p.status, &r.status, false); err != nil {
		return err
	}
	states := c.State
	for i, st := range r.status.U8[:b.N] {
		switch s := Status(st); {
		case s == OK && states[i] < NoScore:
			states[i] = NoScore
		case s != OK && s != Absent:
			states[i] = s.state()
		}
	}
	return nil
}

// readBest reads the leaves, best first, into c: each record gets the value of the first that has one. filled tells that c
// already holds values, which are worth less than those of any leaf.
func (r *groupReader) readBest(b *Batch, kind Kind, leaves []int, c *Column, filled bool) error {
	if !filled {
		c.resize(kind, b.N)
		if len(leaves) == 1 {
			return r.readLeaf(b, leaves[0], c)
		}
		c.clear(kind, b.N)
	}
	for i := len(leaves) - 1; i >= 0; i-- {
		own := &r.leaves[leaves[i]].own
		if err := r.readLeaf(b, leaves[i], own); err != nil {
			return err
		}
		c.overlay(kind, own, b.N)
	}
	return nil
}

// settle marks the products that have a recorded cluster and no score: there was a response.
func (r *groupReader) settle(b *Batch) {
	for k, p := range r.source.layout.fields {
		if p.cluster < 0 {
			continue
		}
		settleProduct(&b.Cols[k], b.Cols[p.cluster].U8[:b.N], r.source.scan.want[k].Kind)
	}
}

// settleProduct settles the column of a product or of its status.
func settleProduct(c *Column, clusters []uint8, kind Kind) {
	if kind == KindStatus {
		settle(c.U8, clusters, uint8(Absent), uint8(OK))
	} else {
		settle(c.State, clusters, Absent.state(), NoScore)
	}
}

func settle[T comparable](s []T, clusters []uint8, absent, response T) {
	for i, c := range clusters {
		if c != uint8(NoCluster) && s[i] == absent {
			s[i] = response
		}
	}
}

// readLeaf reads the next b.N values of a leaf into c.
func (r *groupReader) readLeaf(b *Batch, leaf int, c *Column) error {
	l, kind := &r.leaves[leaf], r.source.layout.leaves[leaf].kind
	c.resize(kind, b.N)
	// A Dict's ID must be unlike any other of the worker's stream: those of text inputs count up from one.
	l.chunk.sink.begin(c, b.N, 1<<63|(uint64(b.Unit)+1)<<12|uint64(leaf))
	if err := guard(func() error { return l.chunk.read(b, b.N) }); err != nil {
		return l.wrap(err)
	}
	l.chunk.sink.end(c)
	return nil
}

// A rawJSON reads JSON text that stands at some path of a record into the fields that have a place there.
type rawJSON interface {
	start(b *Batch)
	record(b *Batch, i int, text []byte)
	finish(b *Batch)
}

// fillRaw reads the fields that a raw JSON column holds.
func (r *groupReader) fillRaw(b *Batch, raw rawPlan, reader rawJSON) error {
	if reader == nil {
		return fmt.Errorf("column %q: raw JSON is not supported", raw.prefix)
	}
	own := &r.leaves[raw.leaf].own
	if err := r.readLeaf(b, raw.leaf, own); err != nil {
		return err
	}
	for _, k := range raw.fields {
		b.Cols[k].clear(r.source.scan.fields[k].Kind, b.N)
	}
	reader.start(b)
	for i, x := range own.Idx {
		if text := own.Dict[x]; text != "" {
			reader.record(b, i, unsafe.Slice(unsafe.StringData(text), len(text)))
		}
	}
	reader.finish(b)
	return nil
}
