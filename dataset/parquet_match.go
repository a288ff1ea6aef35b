package dataset

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// A fieldPlan says which Parquet columns one field is read from. Its columns are indices into a layout's leaves, best first.
type fieldPlan struct {
	values  []int
	status  []int // of products: an explicit status
	cluster int   // of products: the field that holds the recorded cluster, -1 where that is not read
	raw     bool  // a raw JSON column fills the field before its own columns do
	found   Path
}

// A leafPlan is one Parquet column to read for one field.
type leafPlan struct {
	index  int // of the column in the file
	col    *schema.Column
	kind   Kind
	name   string // of the field, for issues
	object uint8  // level at which the response around a score is there, 0 where that is not known
}

// A rawPlan is a text column that holds whole responses as JSON.
type rawPlan struct {
	leaf   int
	prefix Path
	fields []int // that have a place in it
}

// A layout is what is read from each row group of a file.
type layout struct {
	fields []fieldPlan
	leaves []leafPlan
	raws   []rawPlan
}

// match finds the columns of the wanted fields in a file. isRaw tells whether a text column holds JSON objects.
func match(sc *schema.Schema, fields []Field, want []wanted, isRaw func(column int) bool) *layout {
	l := &layout{fields: make([]fieldPlan, len(fields))}
	for i, w := range want {
		p := &l.fields[i]
		p.cluster = -1
		switch {
		case isState(w):
			product := w.Name
			if w.Kind == KindStatus {
				product = strings.TrimSuffix(product, ".status")
			}
			p.values = l.find(sc, w.paths, leafPlan{kind: KindState, name: product + ".score"}, w.object)
			p.status = l.find(sc, w.status, leafPlan{kind: KindStatus, name: product + ".status"}, nil)
			p.cluster = clusterOf(fields, product)
		default:
			p.values = l.find(sc, w.paths, leafPlan{kind: w.Kind, name: w.Name}, nil)
		}
		for _, k := range append(slices.Clone(p.values), p.status...) {
			if p.found == nil {
				p.found = Path(l.leaves[k].col.ColumnPath())
			}
		}
	}
	l.findRaw(sc, want, isRaw)
	return l
}

// isState reports whether w is made of a score and a status: a product, or the status of one.
func isState(w wanted) bool { return w.Kind == KindState || w.Kind == KindStatus && len(w.status) > 0 }

// clusterOf returns the field of the recorded cluster of a product.
func clusterOf(fields []Field, product string) int {
	return slices.IndexFunc(fields, func(f Field) bool {
		return f.Kind == KindCluster && (f.Name == product+".score_cluster" || f.Name == ProductField(product, "score_cluster"))
	})
}

// find adds the columns that stand at one of the paths, in the paths' order.
func (l *layout) find(sc *schema.Schema, paths []Path, p leafPlan, objects []Path) []int {
	var out []int
	for _, path := range paths {
		for i := range sc.NumColumns() {
			col := sc.Column(i)
			if col.MaxRepetitionLevel() > 0 || !slices.Equal(path, Path(col.ColumnPath())) {
				continue
			}
			p.index, p.col, p.object = i, col, 0
			for _, o := range objects {
				if p.object == 0 && len(o) < len(path) && slices.Equal(o, path[:len(o)]) {
					p.object = levelOf(col, len(o))
				}
			}
			out = append(out, len(l.leaves))
			l.leaves = append(l.leaves, p)
			break
		}
	}
	return out
}

// levelOf returns the definition level at which the group at the given depth of a column's path is there, 0 where the
// level does not tell because the group is required.
func levelOf(col *schema.Column, depth int) uint8 {
	var up []schema.Node
	for n := col.SchemaNode(); n != nil && n.Parent() != nil; n = n.Parent() {
		up = append(up, n)
	}
	path := up[len(up)-depth:]
	if path[0].RepetitionType() == parquet.Repetitions.Required {
		return 0
	}
	level := uint8(0)
	for _, n := range path {
		if n.RepetitionType() != parquet.Repetitions.Required {
			level++
		}
	}
	return level
}

// findRaw adds the text columns that hold JSON around wanted values. Only a look at the values tells them from a column such
// as ip, which is a part of the vendor's response, too.
func (l *layout) findRaw(sc *schema.Schema, want []wanted, isRaw func(column int) bool) {
	for i := range sc.NumColumns() {
		col := sc.Column(i)
		raw := rawPlan{leaf: len(l.leaves), prefix: Path(col.ColumnPath())}
		for k, w := range want {
			if below(w.paths, raw.prefix) || below(w.status, raw.prefix) {
				raw.fields = append(raw.fields, k)
			}
		}
		if raw.fields == nil || !isText(col) || !isRaw(i) {
			continue
		}
		for _, k := range raw.fields {
			l.fields[k].raw = true
			if l.fields[k].found == nil {
				l.fields[k].found = raw.prefix
			}
		}
		l.leaves = append(l.leaves, leafPlan{index: i, col: col, kind: KindText, name: raw.prefix.String()})
		l.raws = append(l.raws, raw)
	}
}

// isText reports whether a column holds one text in each record.
func isText(col *schema.Column) bool {
	return col.MaxRepetitionLevel() == 0 && col.PhysicalType() == parquet.Types.ByteArray && meaningOf(col).sense == senseText
}

// below reports whether one of the paths goes through prefix.
func below(paths []Path, prefix Path) bool {
	return slices.ContainsFunc(paths, func(p Path) bool {
		return len(p) > len(prefix) && slices.Equal(p[:len(prefix)], prefix)
	})
}

// newSink returns the sink that turns a column's values into a field's.
func newSink(p leafPlan) sink {
	m := meaningOf(p.col)
	switch p.kind {
	case KindState:
		s := &cells[State]{convert: m.score, text: m.text, column: func(c *Column) []State { return c.State }}
		if m.sense == senseInt {
			s.fast = fastScores
		}
		return s
	case KindTime:
		s := &cells[int64]{none: NoTime, convert: m.time, text: m.text, column: func(c *Column) []int64 { return c.I64 }}
		if m.sense == senseTime && m.per == 1 && p.col.PhysicalType() == parquet.Types.Int64 {
			s.fast = fastTimes(m.unit)
		}
		return s
	case KindAmount:
		s := &cells[int64]{none: NoAmount, convert: m.amount, text: m.text, column: func(c *Column) []int64 { return c.I64 }}
		switch {
		case p.col.PhysicalType() == parquet.Types.Double:
			s.fast = fastAmounts
		case m.sense == senseDecimal && m.scale == 2 && p.col.PhysicalType() == parquet.Types.Int64:
			s.fast = fastCents
		}
		return s
	case KindNumber:
		return newNumbers(p, m)
	case KindText, KindCodes:
		s := &texts{utf8: slices.Contains(IDs, p.name)}
		if m.sense != senseText || p.col.PhysicalType() != parquet.Types.ByteArray {
			s.scalars = m.text
		}
		return s
	}
	return newWords(p, m)
}

func newNumbers(p leafPlan, m meaning) sink {
	s := &cells[float64]{none: nan, convert: m.number, text: m.text, column: func(c *Column) []float64 { return c.F64 }}
	if p.col.PhysicalType() == parquet.Types.Double {
		s.fast = fastNumbers
	}
	return s
}

// newWords returns the sink of the kinds that are one of a few words.
func newWords(p leafPlan, m meaning) sink {
	s := &cells[uint8]{text: m.text, column: func(c *Column) []uint8 { return c.U8 }}
	switch p.kind {
	case KindCluster:
		s.convert = parsed(m, parseCluster)
	case KindLabel:
		s.convert = parsed(m, parseLabel)
		if m.sense == senseBool {
			s.no, s.fast = uint8(Legit), fastBools(uint8(Legit))
		}
	case KindAction:
		s.convert = parsed(m, parseAction)
	case KindStatus:
		s.convert = parsed(m, parseStatus)
	default:
		s.convert = parsed(m, parseBool)
		if m.sense == senseBool {
			s.no, s.fast = BoolFalse, fastBools(BoolFalse)
		}
	}
	return s
}
