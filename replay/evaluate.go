package replay

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/expr-lang/expr/vm"

	"github.com/trustreplay/trustreplay/dataset"
)

// An evaluator asks conditions of batches of records. It works a batch at a time: each distinct test fills a bitmap with a
// bit for each record, connectives combine bitmaps word by word, and what is left is spread over the records. It keeps
// results between batches and is not for concurrent use: each worker has its own.
type evaluator struct {
	fields  []dataset.Field
	vectors []*vector // the distinct tests
	plans   []*plan   // one for each condition

	vm  vm.VM
	env map[string]any // of the interpreter: the fields of the test at hand

	// countMissing asks eval to count, in missing, the records that lack each field; see newEvaluator's fields.
	countMissing bool
	missing      []int64
}

// A plan is a condition's logic over vectors.
type plan struct {
	op    logicOp
	args  []*plan
	vec   *vector
	value bool
	bits  []uint64 // the result, of all but tests
}

// newEvaluator prepares to ask conditions, at most 64, of batches whose columns are fields.
func newEvaluator(conds []*Condition, fields []dataset.Field) (*evaluator, error) {
	if len(conds) > MaxRules {
		return nil, fmt.Errorf("%d conditions: want at most %d", len(conds), MaxRules)
	}
	e := &evaluator{fields: fields, env: map[string]any{}, missing: make([]int64, len(fields))}
	vectors := map[string]*vector{}
	for i, c := range conds {
		if c == nil || c.root == nil {
			return nil, fmt.Errorf("condition %d was not compiled: want one of CompileCondition", i)
		}
		p, err := e.plan(c.root, vectors)
		if err != nil {
			return nil, err
		}
		e.plans = append(e.plans, p)
	}
	return e, nil
}

func (e *evaluator) plan(l *logic, vectors map[string]*vector) (*plan, error) {
	p := &plan{op: l.op, value: l.value}
	if l.op == logicTest {
		v, found := vectors[l.test.key]
		if !found {
			var err error
			if v, err = e.vector(l.test); err != nil {
				return nil, err
			}
			vectors[l.test.key] = v
			e.vectors = append(e.vectors, v)
		}
		p.vec = v
		return p, nil
	}
	for _, a := range l.args {
		q, err := e.plan(a, vectors)
		if err != nil {
			return nil, err
		}
		p.args = append(p.args, q)
	}
	return p, nil
}

// eval sets fired[r] for each record r of the batch: bit i where condition i holds. Of records that the batch rejects, the
// bits mean nothing. fired has at least b.N elements.
func (e *evaluator) eval(b *dataset.Batch, fired []uint64) {
	fired = fired[:b.N]
	clear(fired)
	words := (b.N + 63) / 64
	for _, v := range e.vectors {
		v.bits = resized(v.bits, words)
		v.fill(e, b)
	}
	for i, p := range e.plans {
		spread(p.solve(words), fired, 1<<i)
	}
	if e.countMissing {
		e.addMissing(b)
	}
}

// solve returns the bitmap of a plan. Bits beyond the last record mean nothing.
func (p *plan) solve(words int) []uint64 {
	if p.op == logicTest {
		return p.vec.bits
	}
	p.bits = resized(p.bits, words)
	switch p.op {
	case logicConst:
		var w uint64
		if p.value {
			w = ^w
		}
		for i := range p.bits {
			p.bits[i] = w
		}
	case logicNot:
		for i, w := range p.args[0].solve(words) {
			p.bits[i] = ^w
		}
	case logicAnd, logicOr:
		copy(p.bits, p.args[0].solve(words))
		for _, a := range p.args[1:] {
			combine(p.bits, a.solve(words), p.op)
		}
	}
	return p.bits
}

func combine(dst, src []uint64, op logicOp) {
	if op == logicAnd {
		for i, w := range src {
			dst[i] &= w
		}
		return
	}
	for i, w := range src {
		dst[i] |= w
	}
}

// spread sets the bit in fired[r] for each r whose bit is set. Signals are rare, so it steps over words without any.
func spread(set []uint64, fired []uint64, bit uint64) {
	for i, w := range set {
		part := fired[i*64 : min(i*64+64, len(fired))]
		if len(part) < 64 {
			w &= 1<<len(part) - 1
		}
		for ; w != 0; w &= w - 1 {
			part[bits.TrailingZeros64(w)] |= bit
		}
	}
}

func resized(s []uint64, n int) []uint64 {
	if cap(s) < n {
		return make([]uint64, n, max(n, dataset.BatchRows/64))
	}
	return s[:n]
}

// ask runs the interpreter on a test whose fields are set in e.env. What fails at run time, such as a division by zero, is
// false.
func (e *evaluator) ask(t *test) bool {
	out, err := e.vm.Run(t.program, e.env)
	return err == nil && out == true
}

// column returns the place of a field among the columns.
func (e *evaluator) column(f dataset.Field) (int, error) {
	i := slices.Index(e.fields, f)
	if i < 0 {
		return 0, fmt.Errorf("condition reads %s as %s: no such column was asked for", f.Name, f.Kind)
	}
	return i, nil
}

func (e *evaluator) addMissing(b *dataset.Batch) {
	for i, f := range e.fields {
		for r := range b.N {
			if _, found := value(f.Kind, &b.Cols[i], r); !found && !b.Rejected(r) {
				e.missing[i]++
			}
		}
	}
}
