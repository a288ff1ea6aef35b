package replay

import (
	"github.com/expr-lang/expr/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// infer finds the kinds of the fields that only their use can tell: an operand of and, or, not is a boolean, what is
// compared or calculated with a number is a number, with a text a text, and what a text is looked for in are codes. Passes
// repeat while they learn something, so that a == b && a > 5 types both.
func (c *conditionCompiler) infer(root ast.Node) {
	for before := -1; before != c.count(); {
		before = c.count()
		c.expect(root, dataset.KindBool)
		c.visit(root)
	}
	for name, known := range c.known {
		if !known {
			c.fail(c.seen[name], "the type of %s is not clear: compare it with a literal, such as %s == \"x\", %s > 0 or %s == true", name, name, name, name)
		}
	}
}

func (c *conditionCompiler) count() int {
	n := 0
	for _, known := range c.known {
		if known {
			n++
		}
	}
	return n
}

// expect notes that n has to be of a kind.
func (c *conditionCompiler) expect(n ast.Node, kind dataset.Kind) {
	if id, isField := n.(*ast.IdentifierNode); isField && !c.known[id.Value] {
		c.kinds[id.Value], c.known[id.Value] = kind, true
	}
}

func (c *conditionCompiler) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "-" || n.Operator == "+" {
			c.expect(n.Node, dataset.KindNumber)
		} else {
			c.expect(n.Node, dataset.KindBool)
		}
		c.visit(n.Node)
	case *ast.BinaryNode:
		c.visitBinary(n)
		c.visit(n.Left)
		c.visit(n.Right)
	case *ast.ArrayNode:
		for _, m := range n.Nodes {
			c.visit(m)
		}
	case *ast.PredicateNode:
		c.expect(n.Node, dataset.KindBool)
		c.visit(n.Node)
	case *ast.BuiltinNode:
		if _, quantifier := quantifiers[n.Name]; quantifier && len(n.Arguments) > 0 {
			c.expect(n.Arguments[0], dataset.KindCodes)
		}
		for _, m := range n.Arguments {
			if t, plain := builtins[n.Name]; plain && !t.any {
				c.expect(m, t.arg)
			}
			c.visit(m)
		}
	}
}

func (c *conditionCompiler) visitBinary(n *ast.BinaryNode) {
	both := func(kind dataset.Kind) {
		c.expect(n.Left, kind)
		c.expect(n.Right, kind)
	}
	switch n.Operator {
	case "and", "&&", "or", "||":
		both(dataset.KindBool)
	case "-", "*", "/", "**", "^":
		both(dataset.KindNumber)
	case "contains", "startsWith", "endsWith", "matches":
		both(dataset.KindText)
	case "in":
		left, known := c.kindOf(n.Left)
		if known && left == dataset.KindText {
			c.expect(n.Right, dataset.KindCodes)
		}
		if right, known := c.kindOf(n.Right); known {
			if right == dataset.KindCodes {
				right = dataset.KindText
			}
			c.expect(n.Left, right)
		}
	default: // comparisons and +
		for _, m := range []ast.Node{n.Left, n.Right} {
			if kind, known := c.kindOf(m); known {
				both(kind)
			}
		}
	}
}

// kindOf returns the kind that the value of n compares with; of a list, that of its elements.
func (c *conditionCompiler) kindOf(n ast.Node) (dataset.Kind, bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return dataset.KindBool, true
	case *ast.IntegerNode, *ast.FloatNode:
		return dataset.KindNumber, true
	case *ast.StringNode, *ast.PointerNode:
		return dataset.KindText, true
	case *ast.IdentifierNode:
		return comparisonKind(c.kinds[n.Value]), c.known[n.Value]
	case *ast.UnaryNode:
		if n.Operator == "-" || n.Operator == "+" {
			return dataset.KindNumber, true
		}
		return dataset.KindBool, true
	case *ast.BinaryNode:
		switch n.Operator {
		case "-", "*", "/", "**", "^":
			return dataset.KindNumber, true
		case "+":
			if kind, known := c.kindOf(n.Left); known {
				return kind, true
			}
			return c.kindOf(n.Right)
		}
		return dataset.KindBool, true
	case *ast.BuiltinNode:
		if kind, quantifier := quantifiers[n.Name]; quantifier {
			return kind, true
		}
		return builtins[n.Name].result, true
	case *ast.ArrayNode:
		if len(n.Nodes) > 0 {
			return c.kindOf(n.Nodes[0])
		}
	}
	return 0, false
}

// comparisonKind returns the kind of the values that a field of a kind compares with.
func comparisonKind(k dataset.Kind) dataset.Kind {
	switch k {
	case dataset.KindAmount:
		return dataset.KindNumber
	case dataset.KindCluster, dataset.KindStatus:
		return dataset.KindText
	}
	return k
}
