package replay

import (
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// recognize finds the shape of a test.
func (t *test) recognize(n ast.Node) {
	if len(t.fields) != 1 {
		return
	}
	kind := t.fields[0].Kind
	if _, bare := n.(*ast.IdentifierNode); bare && kind == dataset.KindBool {
		t.shape, t.want = shapeFlag, dataset.BoolTrue
		return
	}
	b, isBinary := n.(*ast.BinaryNode)
	if !isBinary {
		return
	}
	op, field, literal := b.Operator, b.Left, b.Right
	if _, found := field.(*ast.IdentifierNode); !found {
		field, literal, op = literal, field, flipped(op)
	}
	if _, found := field.(*ast.IdentifierNode); !found {
		return
	}
	switch kind {
	case dataset.KindBool:
		v, isBool := literal.(*ast.BoolNode)
		if isBool && (op == "==" || op == "!=") {
			t.shape, t.want = shapeFlag, dataset.BoolFalse
			if v.Value == (op == "==") {
				t.want = dataset.BoolTrue
			}
		}
	case dataset.KindCodes:
		if s, isText := literal.(*ast.StringNode); isText && b.Operator == "in" {
			t.shape, t.codes = shapeCodes, []string{s.Value}
		}
	case dataset.KindNumber, dataset.KindAmount:
		if v, isNumber := number(literal); isNumber && flipped(op) != "" {
			t.shape = shapeCompare
			t.low, t.high, t.outside = interval(op, v)
		}
	}
}

// flipped returns the comparison that holds for (b, a) when op holds for (a, b), "" for other operators.
func flipped(op string) string {
	return map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}[op]
}

// interval returns the closed interval, or its outside, of the numbers x for which x op limit holds. Between a number and
// its neighbour there is no other, so an open end is a closed one at the neighbour.
func interval(op string, limit float64) (low, high float64, outside bool) {
	low, high = limit, limit
	switch op {
	case "<":
		low, high = math.Inf(-1), math.Nextafter(limit, math.Inf(-1))
	case "<=":
		low = math.Inf(-1)
	case ">":
		low, high = math.Nextafter(limit, math.Inf(1)), math.Inf(1)
	case ">=":
		high = math.Inf(1)
	case "!=":
		outside = true
	}
	return low, high, outside
}

func number(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		v, found := number(n.Node)
		if n.Operator == "-" {
			return -v, found
		}
		return v, found && n.Operator == "+"
	}
	return 0, false
}

// merged flattens nested connectives of one kind, and makes one test of several codes looked for in one field: the list is
// then scanned once.
func merged(l *logic) *logic {
	if l.op == logicConst || l.op == logicTest {
		return l
	}
	out := &logic{op: l.op}
	for _, a := range l.args {
		a = merged(a)
		if a.op == l.op && l.op != logicNot {
			out.args = append(out.args, a.args...)
		} else {
			out.args = append(out.args, a)
		}
	}
	if l.op == logicOr {
		out.args = mergedCodes(out.args)
		if len(out.args) == 1 {
			return out.args[0]
		}
	}
	return out
}

func mergedCodes(args []*logic) []*logic {
	var out []*logic
	for _, a := range args {
		i := -1
		if a.op == logicTest && a.test.shape == shapeCodes {
			i = slices.IndexFunc(out, func(o *logic) bool {
				return o.op == logicTest && o.test.shape == shapeCodes && o.test.fields[0] == a.test.fields[0]
			})
		}
		if i < 0 {
			out = append(out, a)
			continue
		}
		t := *out[i].test
		t.codes = append(slices.Clone(t.codes), a.test.codes...)
		t.key += " or " + a.test.key
		out[i] = &logic{op: logicTest, test: &t}
	}
	return out
}
