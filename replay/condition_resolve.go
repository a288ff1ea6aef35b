package replay

import (
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// The part of the expression language that conditions may use: what is pure, total and cheap. Everything else of the
// language (clocks, loops that build lists, ranges, variables) is refused by name.
var (
	unaryOps  = set("not ! - +")
	binaryOps = set("and && or || == != < <= > >= + - * / ** ^ in contains startsWith endsWith matches")
)

// A builtinType tells what a function of the language takes; lists are a literal or reason codes.
type builtinType struct {
	arg    dataset.Kind
	result dataset.Kind
	any    bool // arguments of any kind
}

var builtins = map[string]builtinType{
	"len":        {any: true, result: dataset.KindNumber},
	"lower":      {arg: dataset.KindText, result: dataset.KindText},
	"upper":      {arg: dataset.KindText, result: dataset.KindText},
	"trim":       {arg: dataset.KindText, result: dataset.KindText},
	"trimPrefix": {arg: dataset.KindText, result: dataset.KindText},
	"trimSuffix": {arg: dataset.KindText, result: dataset.KindText},
	"hasPrefix":  {arg: dataset.KindText, result: dataset.KindBool},
	"hasSuffix":  {arg: dataset.KindText, result: dataset.KindBool},
	"abs":        {arg: dataset.KindNumber, result: dataset.KindNumber},
	"ceil":       {arg: dataset.KindNumber, result: dataset.KindNumber},
	"floor":      {arg: dataset.KindNumber, result: dataset.KindNumber},
	"round":      {arg: dataset.KindNumber, result: dataset.KindNumber},
	"min":        {arg: dataset.KindNumber, result: dataset.KindNumber},
	"max":        {arg: dataset.KindNumber, result: dataset.KindNumber},
}

// quantifiers are the functions whose second argument is asked of each element of the first.
var quantifiers = map[string]dataset.Kind{"any": dataset.KindBool, "all": dataset.KindBool, "none": dataset.KindBool,
	"one": dataset.KindBool, "count": dataset.KindNumber}

// resolve checks that a parsed expression uses only what conditions may, and returns it with every field as one identifier
// of its canonical name. It copies what it changes: the parser shares nodes between the halves of a < b < c.
func (c *conditionCompiler) resolve(n ast.Node) ast.Node {
	at := 0
	if n != nil {
		at = n.Location().From
	}
	switch n := n.(type) {
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		return n
	case *ast.IdentifierNode, *ast.MemberNode:
		return c.field(n)
	case *ast.UnaryNode:
		if !unaryOps[n.Operator] {
			c.fail(at, "operator %q cannot be used in a condition", n.Operator)
		}
		m := *n
		m.Node = c.resolve(n.Node)
		return &m
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ArrayNode:
		m := *n
		m.Nodes = c.resolveAll(n.Nodes)
		return &m
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.PredicateNode:
		m := *n
		c.depth++
		m.Node = c.resolve(n.Node)
		c.depth--
		return &m
	case *ast.PointerNode:
		if n.Name != "" {
			c.fail(at, "#%s cannot be used in a condition: want # for the element", n.Name)
		}
		return n
	case *ast.CallNode:
		c.fail(at, "unknown function: want one of %s", functionNames())
	case *ast.ConditionalNode:
		c.fail(at, "a choice (if, ?:) cannot be used in a condition: want and, or, not")
	case *ast.ChainNode:
		c.fail(at, "?. is not needed: a missing field is false in a condition, want a plain dot")
	case *ast.NilNode:
		c.fail(at, "nil cannot be used in a condition: a missing field is false")
	default:
		c.fail(at, "this cannot be used in a condition: want fields, literals, comparisons, and, or, not")
	}
	return n
}

func (c *conditionCompiler) resolveAll(nodes []ast.Node) []ast.Node {
	var out []ast.Node
	for _, n := range nodes {
		out = append(out, c.resolve(n))
	}
	return out
}

func (c *conditionCompiler) binary(n *ast.BinaryNode) ast.Node {
	at := n.Location().From
	switch {
	case n.Operator == "??":
		c.fail(at, "?? is not needed: a missing field is false in a condition")
	case !binaryOps[n.Operator]:
		c.fail(at, "operator %q cannot be used in a condition", n.Operator)
	case n.Operator == "matches":
		if _, literal := n.Right.(*ast.StringNode); !literal {
			c.fail(at, "matches wants a literal pattern on its right")
		}
	}
	m := *n
	m.Left, m.Right = c.resolve(n.Left), c.resolve(n.Right)
	c.checkNames(&m)
	return &m
}

func (c *conditionCompiler) builtin(n *ast.BuiltinNode) ast.Node {
	at := n.Location().From
	_, quantifier := quantifiers[n.Name]
	_, plain := builtins[n.Name]
	switch {
	case quantifier && c.depth > 0:
		c.fail(at, "%s inside another %s cannot be used in a condition", n.Name, "any, all, none, one or count")
	case quantifier:
		c.checkList(n)
	case !plain:
		c.fail(at, "function %s cannot be used in a condition: want one of %s", n.Name, functionNames())
		return n
	}
	m := *n
	m.Arguments = c.resolveAll(n.Arguments)
	return &m
}

// checkList refuses lists that an expression would have to build.
func (c *conditionCompiler) checkList(n *ast.BuiltinNode) {
	if len(n.Arguments) == 0 {
		return
	}
	switch n.Arguments[0].(type) {
	case *ast.ArrayNode, *ast.IdentifierNode, *ast.MemberNode:
	default:
		c.fail(n.Location().From, "%s wants reason codes or a literal list", n.Name)
	}
}

func functionNames() string {
	return "abs, all, any, ceil, count, floor, hasPrefix, hasSuffix, len, lower, max, min, none, one, round, trim, trimPrefix, trimSuffix, upper"
}

// field turns a chain of members into one identifier.
func (c *conditionCompiler) field(n ast.Node) ast.Node {
	keys, at, ok := memberKeys(n)
	if !ok {
		c.fail(n.Location().From, "want a field such as session.has_ai_agent: no index, no slice, no call")
		return n
	}
	name := canonicalField(keys)
	for _, k := range keys {
		if !plainKey(k) {
			c.fail(at, "field %q: want letters, digits, _ and - between the dots; a mapping file can rename it", name)
			return n
		}
	}
	if _, again := c.seen[name]; !again {
		c.seen[name] = at
		kind, known, err := fieldKind(name)
		if err != nil {
			c.fail(at, "%s", err)
			return n
		}
		c.kinds[name], c.known[name] = kind, known
	}
	id := &ast.IdentifierNode{Value: name}
	loc := n.Location()
	loc.From = at
	id.SetLocation(loc)
	return id
}

// memberKeys returns the keys of a.b.c and where it starts.
func memberKeys(n ast.Node) (keys []string, at int, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}, n.Location().From, true
	case *ast.MemberNode:
		key, isName := n.Property.(*ast.StringNode)
		if !isName || n.Optional || n.Method {
			return nil, 0, false
		}
		keys, at, ok = memberKeys(n.Node)
		return append(keys, key.Value), at, ok
	}
	return nil, 0, false
}

func plainKey(k string) bool {
	return k != "" && len(k) <= 100 && strings.IndexFunc(k, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) < 0
}

// checkNames refuses a comparison of a cluster or a status with a text that is neither: it would never hold.
func (c *conditionCompiler) checkNames(n *ast.BinaryNode) {
	if n.Operator != "==" && n.Operator != "!=" && n.Operator != "in" {
		return
	}
	for _, pair := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		id, isField := pair[0].(*ast.IdentifierNode)
		if !isField || !c.known[id.Value] {
			continue
		}
		literals := []ast.Node{pair[1]}
		if list, isList := pair[1].(*ast.ArrayNode); isList {
			literals = list.Nodes
		}
		for _, l := range literals {
			if s, isText := l.(*ast.StringNode); isText {
				c.checkName(id.Value, s)
			}
		}
	}
}

func (c *conditionCompiler) checkName(field string, s *ast.StringNode) {
	var names []string
	switch c.kinds[field] {
	case dataset.KindCluster:
		for _, k := range dataset.Clusters {
			names = append(names, k.String())
		}
	case dataset.KindStatus:
		names = statusNames
	default:
		return
	}
	for _, n := range names {
		if n == s.Value {
			return
		}
	}
	c.fail(s.Location().From, "%s is never %q: want one of %s", field, s.Value, strings.Join(names, ", "))
}

// statusNames are the statuses that a condition can see: an absent status reads as missing.
var statusNames = []string{dataset.NotCalled.String(), dataset.Missing.String(), dataset.Processing.String(),
	dataset.Failed.String(), dataset.OK.String()}
