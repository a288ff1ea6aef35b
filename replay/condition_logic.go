package replay

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/trustreplay/trustreplay/dataset"
)

// A logic is a condition split at its connectives: a tree of and, or and not over tests and constants.
type logic struct {
	op    logicOp
	args  []*logic // of logicAnd, logicOr: two or more; of logicNot: one
	test  *test    // of logicTest
	value bool     // of logicConst
}

type logicOp uint8

const (
	logicConst logicOp = iota
	logicTest
	logicNot
	logicAnd
	logicOr
)

// A test is a part of a condition without connectives at its top. It is false where one of its fields is missing. Tests of
// equal key hold on the same records.
type test struct {
	key     string
	fields  []dataset.Field
	program *vm.Program
	shape   testShape
	want    uint8    // of a flag: dataset.BoolTrue or BoolFalse
	codes   []string // of shapeCodes: any of these
	// Of shapeCompare: the number is of low..high, both included, or outside.
	low, high float64
	outside   bool
}

// A testShape is a form of test that needs no interpreter.
type testShape uint8

const (
	shapeAny     testShape = iota // what the interpreter decides
	shapeFlag                     // session.has_x
	shapeCodes                    // "X" in codes
	shapeCompare                  // number < 5
)

// logic splits an expression whose fields are all typed, and compiles its tests.
func (c *conditionCompiler) logic(n ast.Node) *logic {
	switch n := n.(type) {
	case *ast.BoolNode:
		return &logic{op: logicConst, value: n.Value}
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return &logic{op: logicNot, args: []*logic{c.logic(n.Node)}}
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return &logic{op: logicAnd, args: []*logic{c.logic(n.Left), c.logic(n.Right)}}
		case "or", "||":
			return &logic{op: logicOr, args: []*logic{c.logic(n.Left), c.logic(n.Right)}}
		}
	}
	return &logic{op: logicTest, test: c.test(n)}
}

func (c *conditionCompiler) test(n ast.Node) *test {
	t := &test{}
	collect := &fieldCollector{c: c, t: t}
	ast.Walk(&n, collect)
	slices.SortFunc(t.fields, func(a, b dataset.Field) int { return strings.Compare(a.Name, b.Name) })
	t.key = c.key(n)
	t.recognize(n)
	t.program = c.compile(n, t.fields)
	return t
}

// compile type-checks a test and compiles it for the interpreter.
func (c *conditionCompiler) compile(n ast.Node, fields []dataset.Field) *vm.Program {
	env := map[string]any{}
	for _, f := range fields {
		env[f.Name] = zeroValue(f.Kind)
	}
	config := conf.New(env)
	config.Optimize = false
	tree := &parser.Tree{Node: n, Source: file.NewSource(c.src)}
	typ, err := checker.Check(tree, config)
	if err != nil {
		c.failExpr(err)
		return nil
	}
	if typ == nil || typ.Kind() != reflect.Bool {
		c.fail(n.Location().From, "want something true or false here, got %s", typeName(typ))
		return nil
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		c.failExpr(err)
		return nil
	}
	return program
}

func typeName(t reflect.Type) string {
	switch {
	case t == nil:
		return "nothing"
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Float64, t.Kind() == reflect.Int:
		return "a number"
	}
	return t.String()
}

// zeroValue is a value of the type that a field of a kind has in the interpreter.
func zeroValue(k dataset.Kind) any {
	switch k {
	case dataset.KindBool:
		return false
	case dataset.KindNumber, dataset.KindAmount:
		return 0.0
	case dataset.KindCodes:
		return []string(nil)
	}
	return ""
}

type fieldCollector struct {
	c *conditionCompiler
	t *test
}

func (v *fieldCollector) Visit(n *ast.Node) {
	if id, isField := (*n).(*ast.IdentifierNode); isField {
		f := dataset.Field{Name: id.Value, Kind: v.c.kinds[id.Value]}
		if !slices.Contains(v.t.fields, f) {
			v.t.fields = append(v.t.fields, f)
		}
	}
}

// key writes an expression fully parenthesized, with the kind of every field.
//
// Note: the library's own String leaves parentheses out where it can; a mistake there would merge different tests.
func (c *conditionCompiler) key(n ast.Node) string {
	list := func(head string, nodes ...ast.Node) string {
		for _, m := range nodes {
			head += " " + c.key(m)
		}
		return "(" + head + ")"
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return fmt.Sprintf("%s:%d", n.Value, c.kinds[n.Value])
	case *ast.StringNode:
		return strconv.Quote(n.Value)
	case *ast.FloatNode:
		return strconv.FormatFloat(n.Value, 'e', -1, 64)
	case *ast.UnaryNode:
		return list(n.Operator, n.Node)
	case *ast.BinaryNode:
		return list(n.Operator, n.Left, n.Right)
	case *ast.ArrayNode:
		return list("list", n.Nodes...)
	case *ast.BuiltinNode:
		return list(n.Name, n.Arguments...)
	case *ast.PredicateNode:
		return list("each", n.Node)
	case *ast.PointerNode:
		return "#"
	}
	return n.String()
}
