package replay

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// PolicyVersion is the version of the policy format.
const PolicyVersion = 1

// maxName bounds the names of policies and rules, which become columns and headings.
const maxName = 100

// nextName is how a gate says Next.
const nextName = "next"

// Bands by their names in a policy file.
var bandNames = []struct {
	name  string
	bands Bands
}{{"recorded", Recorded}, {"standard", Standard}, {"quintile", Quintile}}

var (
	policyKeys   = []string{"policy", "name", "description", "first", "second", "clusters", "rules", "gate", "matrix"}
	ruleKeys     = []string{"name", "when", "then"}
	clusterNames = names(append([]dataset.Cluster{dataset.NoCluster}, dataset.Clusters...))
	actionNames  = names(dataset.Actions)
)

func names[T fmt.Stringer](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = x.String()
	}
	return out
}

// ParsePolicy reads a policy file, YAML or JSON, in the format that PolicySchema describes; file names it in errors. The
// error is a FileErrors that lists every mistake with its line and column.
func ParsePolicy(file string, src []byte) (*Policy, error) {
	d, root := readDocument(file, "policy", src)
	if root == nil {
		return nil, d.err()
	}
	p := &policyParser{document: d, top: map[string]entry{}, policy: &Policy{}}
	entries, ok := d.mapping(root, "the policy", policyKeys)
	if !ok {
		return nil, d.err()
	}
	for _, e := range entries {
		p.top[e.key] = e
	}
	p.at = place(root)
	p.header()
	p.clusters()
	p.rules()
	p.gate()
	p.matrix()
	if err := d.err(); err != nil {
		return nil, err
	}
	return p.policy, nil
}

// A policyParser turns the entries of a document into a policy.
type policyParser struct {
	*document
	top    map[string]entry
	at     pos // of the document
	policy *Policy
	// named tells that first (and second, where it is given) were valid, so that what depends on them can be checked.
	named bool
}

func (p *policyParser) header() {
	if e, found := p.required("policy", fmt.Sprintf("policy: %d, the version of the format", PolicyVersion)); found {
		want := fmt.Sprintf("the format's version, %d", PolicyVersion)
		if v, ok := p.integer(e.value, "policy", want); ok && v != PolicyVersion {
			p.fail(place(e.value), "policy is %d: want %s", v, want)
		}
	}
	const wantName = "1 to 100 of the characters a-z 0-9 . _ -"
	if e, found := p.required("name", "name: "+wantName); found {
		name, ok := p.text(e, wantName)
		if ok && !policyName(name) {
			p.fail(place(e.value), "name is %s: want %s", quoted(name), wantName)
		}
		p.policy.Name = name
	}
	if e, found := p.top["description"]; found {
		text, _ := p.text(e, "a text")
		p.policy.Description = strings.TrimSpace(text)
	}
	first, second := false, true
	if e, found := p.required("first", "first: the product asked first, "+listed(dataset.Products)); found {
		p.policy.First, first = p.product(e)
	}
	if e, found := p.top["second"]; found {
		p.policy.Second, second = p.product(e)
		if first && second && p.policy.First == p.policy.Second {
			p.fail(place(e.value), "second is the first product again: want another product, or no second")
		}
	}
	p.named = first && second
}

// required returns an entry, or reports that it is missing.
func (p *policyParser) required(key, want string) (entry, bool) {
	e, found := p.top[key]
	if !found {
		p.fail(p.at, "no %s: want %s", key, want)
	}
	return e, found
}

func policyName(s string) bool {
	return s != "" && len(s) <= maxName && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}) < 0
}

func (p *policyParser) product(e entry) (string, bool) {
	name, ok := p.text(e, listed(dataset.Products))
	if ok && !slices.Contains(dataset.Products, name) {
		p.fail(place(e.value), "%s is %s: want %s", e.key, quoted(name), suggestion(name, dataset.Products))
		return "", false
	}
	return name, ok
}

func (p *policyParser) clusters() {
	top, found := p.top["clusters"]
	if !found {
		return
	}
	allowed := dataset.Products
	if p.named {
		allowed = []string{p.policy.First}
		if p.policy.Second != "" {
			allowed = append(allowed, p.policy.Second)
		}
	}
	entries, _ := p.mapping(top.value, "clusters", allowed)
	for _, e := range entries {
		bands := p.bands(e)
		if e.key == p.policy.First {
			p.policy.FirstBands = bands
		} else {
			p.policy.SecondBands = bands
		}
	}
}

const wantBands = "recorded, standard, quintile or a list of four rising edges 1..1000 such as [226, 451, 551, 776]"

func (p *policyParser) bands(e entry) (b Bands) {
	list, isList := e.value.(*ast.SequenceNode)
	if !isList {
		name, ok := p.text(e, wantBands)
		for _, n := range bandNames {
			if n.name == name {
				return n.bands
			}
		}
		if ok {
			p.fail(place(e.value), "%s is %s: want %s", e.key, quoted(name), wantBands)
		}
		return b
	}
	if len(list.Values) != len(b.Edges) {
		p.fail(place(list), "%s has %d edges: want %s", e.key, len(list.Values), wantBands)
		return b
	}
	const want = "an integer 1..1000"
	ok := true
	for i, n := range list.Values {
		what := "edge " + clusterNames[i+2]
		v, isInteger := p.integer(n, what, want)
		switch {
		case !isInteger:
			ok = false
		case v < 1 || v > dataset.MaxScore:
			p.fail(place(n), "%s is %d: want %s", what, v, want)
			ok = false
		case ok && i > 0 && v <= b.Edges[i-1]:
			p.fail(place(n), "%s is %d: want more than %d, the edge before it", what, v, b.Edges[i-1])
		}
		b.Edges[i] = v
	}
	return b
}

func (p *policyParser) rules() {
	top, found := p.top["rules"]
	if !found {
		return
	}
	list, isList := top.value.(*ast.SequenceNode)
	if !isList {
		p.fail(place(top.value), "rules is %s: want a list of rules, each with name, when and then", describe(top.value))
		return
	}
	if len(list.Values) > MaxRules {
		p.fail(place(list.Values[MaxRules]), "%d rules: want at most %d", len(list.Values), MaxRules)
		return
	}
	seen := map[string]pos{}
	for i, n := range list.Values {
		p.policy.Rules = append(p.policy.Rules, p.rule(n, i, seen))
	}
}

// rule reads one rule; seen holds the names of those before it.
func (p *policyParser) rule(n ast.Node, i int, seen map[string]pos) (r Rule) {
	what := fmt.Sprintf("rule %d", i+1)
	entries, ok := p.mapping(n, what, ruleKeys)
	if !ok {
		return r
	}
	got := map[string]entry{}
	for _, e := range entries {
		got[e.key] = e
	}
	for _, k := range ruleKeys {
		if _, found := got[k]; !found {
			p.fail(place(n), "%s has no %s: want name, when and then", what, k)
		}
	}
	if e, found := got["name"]; found {
		r.Name = p.ruleName(e, seen)
	}
	if e, found := got["when"]; found {
		r.When = p.when(e)
	}
	if e, found := got["then"]; found {
		r.Then, _ = p.action(e, "then")
	}
	return r
}

func (p *policyParser) ruleName(e entry, seen map[string]pos) string {
	const want = "1 to 100 printable characters"
	name, ok := p.text(e, want)
	if !ok {
		return ""
	}
	bad := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || len(name) > maxName || name != strings.TrimSpace(name) || strings.IndexFunc(name, bad) >= 0 {
		p.fail(place(e.value), "rule name is %s: want %s, without space around", quoted(name), want)
	}
	if first, again := seen[name]; again {
		p.fail(place(e.value), "duplicate rule name %s: want each name once, it is also on line %d", quoted(name), first.line)
	}
	seen[name] = place(e.value)
	return name
}

func (p *policyParser) when(e entry) *Condition {
	src, ok := p.text(e, "an expression such as session.has_ai_agent")
	if !ok {
		return nil
	}
	trimmed := strings.TrimSpace(src)
	cond, errs := compileCondition(trimmed)
	for _, err := range errs {
		p.fail(p.within(e.value, trimmed, err.at), "%s", err.msg)
	}
	return cond
}

func (p *policyParser) action(e entry, what string) (dataset.Action, bool) {
	name, ok := p.text(e, listed(actionNames))
	if !ok {
		return 0, false
	}
	a, ok := dataset.ActionNamed(name)
	if !ok {
		p.fail(place(e.value), "%s is %s: want %s", what, quoted(name), suggestion(name, actionNames))
	}
	return a, ok
}

func (p *policyParser) gate() {
	top, found := p.top["gate"]
	if !found {
		if _, two := p.top["second"]; !two {
			p.fail(p.at, "no gate: want an action for each of %s", listed(clusterNames))
		}
		for i := range p.policy.Gate {
			p.policy.Gate[i] = Next
		}
		return
	}
	p.row(top, "gate", p.policy.Gate[:], func(e entry) Step {
		if name, isText := e.value.(*ast.StringNode); isText && name.Value == nextName {
			if _, two := p.top["second"]; !two {
				p.fail(place(e.value), "gate %s is next: want an action, the policy has no second product", e.key)
			}
			return Next
		}
		a, _ := p.action(e, "gate "+e.key)
		return a
	})
}

// row reads a value for each cluster.
func (p *policyParser) row(top entry, what string, dst []dataset.Action, read func(entry) dataset.Action) {
	entries, ok := p.mapping(top.value, what, clusterNames)
	if !ok {
		return
	}
	got := map[string]bool{}
	for _, e := range entries {
		got[e.key] = true
		c, _ := dataset.ClusterNamed(e.key)
		dst[c] = read(e)
	}
	var lacking []string
	for _, c := range clusterNames {
		if !got[c] {
			lacking = append(lacking, c)
		}
	}
	if len(lacking) > 0 {
		p.fail(top.at, "%s has no %s: want an action for each of %s", what, strings.Join(lacking, ", "), listed(clusterNames))
	}
}

func (p *policyParser) matrix() {
	top, found := p.top["matrix"]
	_, two := p.top["second"]
	got := map[string]bool{}
	if found && !two {
		p.fail(top.at, "matrix without a second product: want second, or no matrix")
		return
	}
	if found {
		entries, ok := p.mapping(top.value, "matrix", clusterNames)
		if !ok {
			return
		}
		for _, e := range entries {
			got[e.key] = true
			p.matrixRow(e)
		}
	}
	for c, step := range p.policy.Gate {
		if name := dataset.Cluster(c).String(); two && step == Next && !got[name] {
			p.fail(p.matrixPlace(), "matrix has no row %s: want one for each cluster whose gate is next", name)
		}
	}
}

// matrixPlace is where a missing row is reported: at the matrix, or at what makes it necessary.
func (p *policyParser) matrixPlace() pos {
	for _, key := range []string{"matrix", "gate", "second"} {
		if e, found := p.top[key]; found {
			return e.at
		}
	}
	return p.at
}

func (p *policyParser) matrixRow(e entry) {
	first, _ := dataset.ClusterNamed(e.key)
	what := "matrix " + e.key
	if step := p.policy.Gate[first]; step != Next && step != dataset.NoAction {
		p.fail(e.at, "unreachable row %s: the gate says %s, want next there, or no row", what, step)
	}
	p.row(e, what, p.policy.Matrix[first][:], func(cell entry) dataset.Action {
		if name, isText := cell.value.(*ast.StringNode); isText && name.Value == nextName {
			p.fail(place(cell.value), "%s %s is next: want %s, next is for the gate", what, cell.key, listed(actionNames))
			return dataset.NoAction
		}
		a, _ := p.action(cell, what+" "+cell.key)
		return a
	})
}
