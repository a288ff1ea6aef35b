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
	vectors []*vector // the distinct tests, dear ones last
	plans   []*plan   // one for each condition

	vm  vm.VM
	env map[string]any // of the interpreter: the fields of the test at hand
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
	e := &evaluator{fields: fields, env: map[string]any{}}
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
	for _, p := range e.plans {
		p.guard(nil)
	}
	cheap := slices.DeleteFunc(slices.Clone(e.vectors), func(v *vector) bool { return v.dear })
	dear := slices.DeleteFunc(e.vectors, func(v *vector) bool { return !v.dear })
	e.vectors = append(cheap, dear...)
	return e, nil
}

// guard notes, of each dear test below p, what must hold for its answer to matter: guards, and all that an "and" on the way joins it to.
// Dear tests are no guards themselves.
func (p *plan) guard(guards []*plan) {
	if p.op == logicTest {
		if p.vec.dear {
			p.vec.guards = append(p.vec.guards, guards)
		}
		return
	}
	for i, a := range p.args {
		on := slices.Clone(guards)
		for k, other := range p.args {
			if p.op == logicAnd && k != i && !other.dear() {
				on = append(on, other)
			}
		}
		a.guard(on)
	}
}

// dear reports whether a plan needs a dear test.
func (p *plan) dear() bool {
	return p.op == logicTest && p.vec.dear || slices.ContainsFunc(p.args, (*plan).dear)
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
		if v.dear {
			v.asked(b.N)
		}
		v.fill(e, b)
	}
	for i, p := range e.plans {
		spread(p.solve(words), fired, 1<<i)
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

// ask runs the interpreter on a test whose fields are set in e.env. What fails at run time, such as a division by zero, is
// false.
func (e *evaluator) ask(t *test) bool {
	out, err := e.vm.Run(t.program, e.env)
	return err == nil && out == true
}

// readAs returns the column in which a field of a condition travels. A product's score and status are two sides of its
// state, which is read anyway, and in which they mean the same whatever the format of the file.
func readAs(f dataset.Field) dataset.Field {
	for _, p := range dataset.Products {
		if f.Kind == dataset.KindStatus && f.Name == dataset.ProductField(p, "status") ||
			f.Kind == dataset.KindNumber && f.Name == dataset.ProductField(p, "score") {
			return dataset.Field{Name: dataset.ProductField(p, ""), Kind: dataset.KindState}
		}
	}
	return f
}

// The sides of a KindState column, as kinds of a vector's inputs.
const (
	sideScore  dataset.Kind = 254
	sideStatus dataset.Kind = 255
)

// column returns the place of a field among the columns, and the kind as which it is looked at there.
func (e *evaluator) column(f dataset.Field) (int, dataset.Kind, error) {
	in := readAs(f)
	i := slices.Index(e.fields, in)
	switch {
	case i < 0:
		return 0, 0, fmt.Errorf("condition reads %s as %s: no such column was asked for", f.Name, f.Kind)
	case in == f:
		return i, f.Kind, nil
	case f.Kind == dataset.KindStatus:
		return i, sideStatus, nil
	}
	return i, sideScore, nil
}
