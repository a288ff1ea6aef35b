package replay

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/trustreplay/trustreplay/dataset"
)

// Limits of one condition. They bound the time and memory that a policy file can cost, and lie far above what people write.
const (
	maxConditionBytes = 4 << 10
	maxConditionNodes = 1000
	// maxConditionErrors are reported; whoever made more is helped by the first.
	maxConditionErrors = 20
)

// A Condition is a rule's compiled expression over the fields of a record.
//
// The expression is split at its boolean connectives (and, or, not). What remains between them are tests; a test that reads
// a field which the record lacks is false, so "not session.has_x" holds on a record without session.has_x, and
// "session.has_x == false" does not. A text "false" is false: the vendor's API sends booleans as strings.
type Condition struct {
	Source string
	// Fields are the fields that the expression reads, ordered by name.
	Fields []dataset.Field

	root *logic
}

// CompileCondition parses and type-checks an expression. Fields are written as in the data, session.has_ai_agent or
// onboarding.phone.reason_codes; the types of the vendor's fields are known, those of other columns follow from their use.
// The error lists every mistake that was found, one on each line, led by its line and column in src.
func CompileCondition(src string) (*Condition, error) {
	c, errs := compileCondition(src)
	if len(errs) > 0 {
		return nil, errs
	}
	return c, nil
}

// Reads reports whether the condition reads a field of the product's response. Phone, email, ip and browser are parts of
// the onboarding response and arrive with it, so they count as onboarding.
func (c *Condition) Reads(product string) bool {
	product = dataset.ProductOf(dataset.ProductField(product, ""))
	return product != "" && slices.ContainsFunc(c.Fields, func(f dataset.Field) bool {
		return dataset.ProductOf(f.Name) == product
	})
}

// A conditionError is a mistake at a place of a condition's source, counted in runes from 0.
type conditionError struct {
	at        int
	line, col int // of the source, 1 for the first
	msg       string
}

type conditionErrors []conditionError

func (e conditionErrors) Error() string {
	var lines []string
	for _, c := range e {
		lines = append(lines, fmt.Sprintf("%d:%d: %s", c.line, c.col, c.msg))
	}
	return strings.Join(lines, "\n")
}

// compileCondition is CompileCondition with the errors as places.
func compileCondition(src string) (cond *Condition, errs conditionErrors) {
	c := &conditionCompiler{src: src, kinds: map[string]dataset.Kind{}, known: map[string]bool{}, seen: map[string]int{}}
	defer func() {
		if r := recover(); r != nil { // a mistake in the library must not end the program
			c.fail(0, "condition cannot be compiled: %v", r)
			cond, errs = nil, c.settle()
		}
	}()
	if strings.TrimSpace(src) == "" {
		c.fail(0, "empty condition: want an expression such as session.has_ai_agent")
		return nil, c.settle()
	}
	if len(src) > maxConditionBytes {
		c.fail(0, "condition of %d bytes: want at most %d", len(src), maxConditionBytes)
		return nil, c.settle()
	}
	config := conf.CreateNew()
	config.MaxNodes = maxConditionNodes
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		c.failExpr(err)
		return nil, c.settle()
	}
	node := c.resolve(tree.Node)
	if len(c.errs) == 0 {
		c.infer(node)
	}
	if len(c.errs) > 0 {
		return nil, c.settle()
	}
	cond = &Condition{Source: src, Fields: c.fields(), root: merged(c.logic(node))}
	return cond, c.settle()
}

// A conditionCompiler holds what is known of one condition while it is compiled.
type conditionCompiler struct {
	src   string
	kinds map[string]dataset.Kind // of the fields, by canonical name
	known map[string]bool         // whether the kind of a field is known
	seen  map[string]int          // where a field was first read
	errs  conditionErrors
	depth int // of predicates, such as the second argument of any
}

func (c *conditionCompiler) fail(at int, format string, args ...any) {
	c.errs = append(c.errs, conditionError{at: at, msg: fmt.Sprintf(format, args...)})
}

// failExpr reports an error of the expression library, whose messages end in a drawing that has no place in a list.
func (c *conditionCompiler) failExpr(err error) {
	var e *file.Error
	if errors.As(err, &e) {
		c.fail(e.From, "%s", plainTypes(e.Message))
		return
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	c.fail(0, "%s", first)
}

// plainTypes puts the Go types that end a message about mismatched types into the words of this package.
func plainTypes(msg string) string {
	head, types, found := strings.Cut(msg, "(mismatched types ")
	if !found {
		return msg
	}
	return head + "(mismatched types " + typeNames.Replace(types)
}

var typeNames = strings.NewReplacer("[]string", "list", "[]interface {}", "list", "[]any", "list", "interface {}", "anything",
	"float64", "number", "int", "number", "string", "text", "bool", "boolean")

// settle orders the errors by place, drops repetitions and computes lines and columns.
func (c *conditionCompiler) settle() conditionErrors {
	slices.SortStableFunc(c.errs, func(a, b conditionError) int { return cmp.Compare(a.at, b.at) })
	c.errs = slices.CompactFunc(c.errs, func(a, b conditionError) bool { return a.at == b.at && a.msg == b.msg })
	c.errs = c.errs[:min(len(c.errs), maxConditionErrors)]
	for i := range c.errs {
		e := &c.errs[i]
		e.line, e.col = 1, 1
		n := 0
		for _, r := range c.src {
			if n == e.at {
				break
			}
			n, e.col = n+1, e.col+1
			if r == '\n' {
				e.line, e.col = e.line+1, 1
			}
		}
	}
	return c.errs
}

func (c *conditionCompiler) fields() []dataset.Field {
	var out []dataset.Field
	for name, kind := range c.kinds {
		out = append(out, dataset.Field{Name: name, Kind: kind})
	}
	slices.SortFunc(out, func(a, b dataset.Field) int { return strings.Compare(a.Name, b.Name) })
	return out
}
