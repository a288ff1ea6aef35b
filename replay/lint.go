package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// A Warning is doubt about a policy that is valid: something that it says and its author may not have meant.
type Warning struct {
	// Where names the part of the policy: "rule automation", "gate low", "matrix review x high".
	Where string
	Msg   string
}

func (w Warning) Error() string { return w.Where + ": " + w.Msg }

type linter struct {
	*Policy
	warnings []Warning
}

func (l *linter) warn(where, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{where, fmt.Sprintf(format, args...)})
}

// Lint looks for what a policy says and its author may not have meant: a better cluster treated more harshly, a missing
// answer treated better than a bad one, rules that can never decide or read what the policy does not ask for, and calls whose
// answer makes no difference.
func (p *Policy) Lint() []Warning {
	l := &linter{Policy: p}
	if p.Second != "" && !slices.Contains(p.Gate[:], Next) {
		l.warn("second", "%s is never asked: no row of the gate says next", p.Second)
	}
	l.lintRules()
	l.lintGate()
	for c, step := range p.Gate[:dataset.Unclustered] {
		if step == Next {
			l.lintRow(dataset.Cluster(c))
		}
	}
	l.lintColumns()
	return l.warnings
}

// LintResult looks for parts of the policy that a history did not touch: rules that decided nothing, and reachable cells
// that no record reached.
func (p *Policy) LintResult(r Result) []Warning {
	l := &linter{Policy: p}
	for i, t := range r.Rules {
		switch {
		case t.N() > 0:
		case r.Held[i] == 0:
			l.warn("rule "+p.Rules[i].Name, "never fires: its condition holds on no record")
		default:
			l.warn("rule "+p.Rules[i].Name, "always loses: its condition holds on %d records, and something before it decided each", r.Held[i])
		}
	}
	var gate []string
	for c, step := range p.Gate[:dataset.Unclustered] { // responses without a cluster are not to be expected
		first := dataset.Cluster(c)
		if step != Next {
			if r.Cells[c][0].N() == 0 {
				gate = append(gate, first.String())
			}
			continue
		}
		var row []string
		for s := range p.Matrix[c][:dataset.Unclustered] {
			if r.Cells[c][1+s].N() == 0 {
				row = append(row, dataset.Cluster(s).String())
			}
		}
		l.unreached("matrix "+first.String(), row)
	}
	l.unreached("gate", gate)
	return l.warnings
}

func (l *linter) unreached(where string, cells []string) {
	switch len(cells) {
	case 0:
	case dataset.NumClusters:
		l.warn(where, "no record reached this row: the history says nothing about it")
	default:
		l.warn(where, "no record reached %s: the history says nothing about it", strings.Join(cells, ", "))
	}
}

// lintRules finds rules that an earlier one always precedes. Rules that need the second product come after the others.
func (l *linter) lintRules() {
	order := slices.Clone(l.Rules)
	slices.SortStableFunc(order, func(a, b Rule) int { return lateness(l.Late(a)) - lateness(l.Late(b)) })
	for j, r := range order {
		if r.When == nil || r.When.root == nil {
			continue
		}
		if l.Late(r) && !slices.Contains(l.Gate[:], Next) {
			l.warn("rule "+r.Name, "never asked: it reads %s, which the gate never calls", l.Second)
			continue
		}
		for _, product := range l.notAsked(r) {
			l.warn("rule "+r.Name, "reads %s, which the policy does not ask", product)
		}
		if c := r.When.root; c.op == logicConst && !c.value {
			l.warn("rule "+r.Name, "never holds: its condition is false")
			continue
		}
		for _, earlier := range order[:j] {
			if earlier.When != nil && earlier.When.root != nil && implies(r.When.root, earlier.When.root) {
				l.warn("rule "+r.Name, "never decides: whenever it holds, rule %s has decided", earlier.Name)
				break
			}
		}
	}
}

// notAsked returns the products that a rule reads and the policy asks neither first nor second.
func (l *linter) notAsked(r Rule) []string {
	var out []string
	for _, f := range r.When.Fields {
		product := dataset.ProductOf(f.Name)
		if product == "" || slices.Contains(out, product) || product == l.response(l.First) || product == l.response(l.Second) {
			continue
		}
		out = append(out, product)
	}
	return out
}

// response names the response that a product arrives with.
func (l *linter) response(product string) string {
	return dataset.ProductOf(dataset.ProductField(product, ""))
}

func lateness(late bool) int {
	if late {
		return 1
	}
	return 0
}

// implies reports whether b holds whenever a does, as far as the form of the two shows it.
func implies(a, b *logic) bool {
	holds := func(x *logic) bool { return implies(a, x) }
	switch {
	case b.op == logicConst && b.value, a.op == logicConst && !a.value:
		return true
	case a.op == logicOr:
		return !slices.ContainsFunc(a.args, func(x *logic) bool { return !implies(x, b) })
	case b.op == logicAnd:
		return !slices.ContainsFunc(b.args, func(x *logic) bool { return !implies(a, x) })
	case b.op == logicOr && slices.ContainsFunc(b.args, holds):
		return true
	case a.op == logicAnd && slices.ContainsFunc(a.args, func(x *logic) bool { return implies(x, b) }):
		return true
	case a.op == logicNot && b.op == logicNot:
		return implies(b.args[0], a.args[0])
	case a.op == logicTest && b.op == logicTest:
		return a.test.implies(b.test)
	}
	return false
}

func (t *test) implies(u *test) bool {
	if t.key == u.key {
		return true
	}
	if t.shape != u.shape || t.shape == shapeAny || t.fields[0] != u.fields[0] {
		return false
	}
	switch t.shape {
	case shapeFlag:
		return t.want == u.want
	case shapeCodes:
		return !slices.ContainsFunc(t.codes, func(c string) bool { return !slices.Contains(u.codes, c) })
	}
	return !t.outside && !u.outside && u.low <= t.low && t.high <= u.high
}

// A harshness is the range of what a cluster can meet: one action, or those of a row of the matrix.
type harshness struct{ least, most dataset.Action }

func (l *linter) harshness(c dataset.Cluster) harshness {
	if l.Gate[c] != Next {
		return harshness{l.Gate[c], l.Gate[c]}
	}
	row := l.Matrix[c][:]
	return harshness{slices.Min(row), slices.Max(row)}
}

func (h harshness) String() string {
	if h.least == h.most {
		return h.least.String()
	}
	return h.least.String() + " to " + h.most.String()
}

func (l *linter) lintGate() {
	for _, better := range dataset.Clusters[1:] {
		worse := better - 1
		b, w := l.harshness(better), l.harshness(worse)
		if b.least > w.most {
			l.warn("gate "+better.String(), "%s, harsher than %s (%s)", b, worse, w)
		}
	}
	missing, worst := l.harshness(dataset.NoCluster), l.harshness(dataset.VeryLow)
	if missing.most < worst.least {
		l.warn("gate missing", "%s, better than very_low (%s): whoever blocks the product's script gains by it", missing, worst)
	}
}

// lintRow looks at what the second product's answer does for one cluster of the first.
func (l *linter) lintRow(first dataset.Cluster) {
	row := l.Matrix[first]
	if a, same := l.whatever(first); same {
		l.warn("matrix "+first.String(), "the call is wasted: every answer of %s leads to %s", l.Second, a)
		return
	}
	cell := func(second dataset.Cluster) string { return fmt.Sprintf("matrix %s x %s", first, second) }
	for _, better := range dataset.Clusters[1:] {
		if worse := better - 1; row[better] > row[worse] {
			l.warn(cell(better), "%s, harsher than %s (%s)", row[better], worse, row[worse])
		}
	}
	// A second answer may lack for many reasons that nobody can bring about, so only waving the record through is odd.
	if row[dataset.NoCluster] <= dataset.Monitor && row[dataset.VeryLow] > dataset.Monitor {
		l.warn(cell(dataset.NoCluster), "%s, better than very_low (%s)", row[dataset.NoCluster], row[dataset.VeryLow])
	}
}

// lintColumns compares rows of the matrix, cell by cell, each with the next worse one.
func (l *linter) lintColumns() {
	for _, better := range dataset.Clusters[1:] {
		worse := better - 1
		if l.Gate[better] != Next || l.Gate[worse] != Next || l.harshness(better).least > l.harshness(worse).most {
			continue // not comparable, or said of the gate already
		}
		for second := range l.Matrix[better][:dataset.Unclustered] {
			b, w := l.Matrix[better][second], l.Matrix[worse][second]
			if b > w {
				l.warn(fmt.Sprintf("matrix %s x %s", better, dataset.Cluster(second)), "%s, harsher than %s x %s (%s)",
					b, worse, dataset.Cluster(second), w)
			}
		}
	}
}
