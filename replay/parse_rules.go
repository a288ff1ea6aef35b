package replay

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

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
	if name == "" || utf8.RuneCountInString(name) > maxName || name != strings.TrimSpace(name) || strings.IndexFunc(name, bad) >= 0 {
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
	name, ok := p.word(e, what, listed(actionNames))
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

// row reads a value for each cluster. What is not said of a response without a cluster is as of a missing one.
func (p *policyParser) row(top entry, what string, dst []dataset.Action, read func(entry) dataset.Action) {
	entries, ok := p.mapping(top.value, what, rowNames)
	if !ok {
		return
	}
	got := map[string]bool{}
	for _, e := range entries {
		got[e.key] = true
		c, _ := dataset.ClusterNamed(e.key)
		dst[c] = read(e)
	}
	if !got[dataset.Unclustered.String()] {
		dst[dataset.Unclustered] = dst[dataset.NoCluster]
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
		entries, ok := p.mapping(top.value, "matrix", rowNames)
		if !ok {
			return
		}
		for _, e := range entries {
			got[e.key] = true
			p.matrixRow(e)
		}
	}
	if unclustered := dataset.Unclustered.String(); !got[unclustered] && p.policy.Gate[dataset.Unclustered] == Next {
		p.policy.Matrix[dataset.Unclustered] = p.policy.Matrix[dataset.NoCluster]
		got[unclustered] = p.policy.Gate[dataset.NoCluster] == Next
	}
	var lacking []string
	for c, step := range p.policy.Gate {
		if name := dataset.Cluster(c).String(); two && step == Next && !got[name] {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) > 0 {
		p.fail(p.matrixPlace(), "matrix has no row %s: want one for each cluster whose gate is next", strings.Join(lacking, ", "))
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
