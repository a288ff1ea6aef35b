package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// criterionForms are the keys that hold the bound of a criterion, one for each kind and side.
var criterionForms = []struct {
	key     string
	kind    Kind
	atLeast bool
}{
	{"at_most", Absolute, false}, {"at_least", Absolute, true},
	{"change_at_most", Change, false}, {"change_at_least", Change, true},
	{"times_at_most", Times, false}, {"times_at_least", Times, true},
}

// formKeys are the keys of criterionForms, criterionKeys all of a criterion.
var formKeys, criterionKeys = func() (forms, keys []string) {
	for _, f := range criterionForms {
		forms = append(forms, f.key)
	}
	return forms, slices.Concat([]string{"measure"}, forms, []string{"on"})
}()

// criterion reads one limit; ok is false where a mistake was reported.
func (p *acceptanceParser) criterion(n ast.Node, what string) (c Criterion, ok bool) {
	before := len(p.errs)
	got, isMapping := p.keyed(n, what, criterionKeys)
	if !isMapping {
		return c, false
	}
	measure := p.measure(n, got, what)
	c.Measure = measure.Name
	bounds := 0
	for _, f := range criterionForms {
		e, found := got[f.key]
		if !found {
			continue
		}
		if bounds++; bounds > 1 {
			p.fail(e.at, "%s has a second bound %s: want one in each limit", what, f.key)
			continue
		}
		c.Kind, c.AtLeast = f.kind, f.atLeast
		c.Bound = p.bound(e, c)
	}
	if bounds == 0 {
		p.fail(place(n), "%s has no bound: want %s", what, listed(formKeys))
	}
	if e, found := got["on"]; found {
		c.OnBound = p.on(e, c, measure)
	}
	return c, len(p.errs) == before
}

// measure reads which measure a limit is about.
func (p *acceptanceParser) measure(n ast.Node, got map[string]entry, what string) Measurable {
	const want = "a measure such as fraud_rate"
	e, found := got["measure"]
	if !found {
		p.fail(place(n), "%s has no measure: want %s", what, want)
		return Measurable{}
	}
	name, ok := p.word(e, "measure", want)
	if !ok {
		return Measurable{}
	}
	i := slices.IndexFunc(p.measures, func(m Measurable) bool { return m.Name == name })
	if i < 0 {
		p.fail(place(e.value), "unknown measure %s: want %s", quoted(name), p.known(name))
		return Measurable{}
	}
	return p.measures[i]
}

// known tells which measures there are: the one that was probably meant, or all of them.
func (p *acceptanceParser) known(name string) string {
	var all, counts []string
	for _, m := range p.measures {
		all = append(all, m.Name)
		if !strings.HasSuffix(m.Name, "_value") {
			counts = append(counts, m.Name)
		}
	}
	if near := nearest(name, all); near != "" {
		return near + ", or another of the README's measures"
	}
	return listed(counts) + "; those of records and labels also with _value, by amount"
}

// paired lists the measures whose change has a bound.
func (p *acceptanceParser) paired() string {
	var out []string
	for _, m := range p.measures {
		if m.Paired {
			out = append(out, m.Name)
		}
	}
	return listed(out)
}

// bound reads the bound of a criterion whose measure, kind and side are known; a measure that is not is "".
func (p *acceptanceParser) bound(e entry, c Criterion) Decimal {
	text, ok := p.number(e)
	if !ok || c.Measure == "" {
		return Decimal{}
	}
	parse := map[Kind]func(measure, text string) (Decimal, error){Absolute: parseBound, Change: parseChange, Times: parseTimes}[c.Kind]
	b, err := parse(c.Measure, text)
	if err != nil {
		p.fail(place(e.value), "%s: %v", e.key, err)
	}
	return b
}

// number returns a scalar as it was written: YAML would read 0.50 as a float and 1_0 as ten.
func (p *acceptanceParser) number(e entry) (string, bool) {
	switch n := e.value.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return strings.TrimSpace(n.GetToken().Value), true
	}
	p.fail(place(e.value), "%s is %s: want %s", e.key, describe(e.value), wantDecimal)
	return "", false
}

// parseChange reads the bound of a change of a measure. That of a share takes a unit: a plain -0.5 could be half a point or
// fifty of them.
func parseChange(measure, text string) (Decimal, error) {
	d, unit, err := parseDecimal(text)
	switch {
	case err != nil:
		return d, err
	case unit == "%":
		return d, fmt.Errorf("%s: a change is in points: want %spp, or times_at_most for a change in proportion", quoted(text), strings.TrimSpace(strings.TrimSuffix(text, unit)))
	case IsShare(measure):
		if unit == "" && d.Num != 0 {
			return d, fmt.Errorf("%s: a change of a share needs its unit: want such as 0.5pp or 50bps", quoted(text))
		}
		if d.Num > d.Den || d.Num < -d.Den {
			return d, fmt.Errorf("%s: no share changes that much: want -100pp to 100pp", quoted(text))
		}
	case measure == bpsMeasure:
		if unit != "" {
			d = d.times10(4)
		}
	case unit != "":
		return d, fmt.Errorf("%s: %s is no share: want a plain number", quoted(text), measure)
	}
	return d, nil
}

// parseTimes reads a factor of the champion's value.
func parseTimes(_, text string) (Decimal, error) {
	d, unit, err := parseDecimal(text)
	if err == nil && (unit != "" || d.Num <= 0) {
		err = fmt.Errorf("%s: want a factor above 0 without a unit, such as 1.1", quoted(text))
	}
	return d, err
}

// on reads what a criterion looks at, and refuses a bound that nothing here can compute.
func (p *acceptanceParser) on(e entry, c Criterion, m Measurable) bool {
	name, ok := p.word(e, "on", listed(onNames))
	if ok && !slices.Contains(onNames, name) {
		p.fail(place(e.value), "on is %s: want %s", quoted(name), suggestion(name, onNames))
	}
	if name != "bound" || m.Name == "" {
		return false
	}
	switch {
	case c.Kind == Times:
		p.fail(place(e.value), "on is bound, which no ratio of two policies has here: want on: value, or a change of %s", p.paired())
	case c.Kind == Change && !m.Paired:
		p.fail(place(e.value), "on is bound, which no change of %s has here: want on: value, or a change of %s", m.Name, p.paired())
	case c.Kind == Absolute && !m.Exact:
		p.fail(place(e.value), "on is bound, and %s has none here: want on: value, or a measure that is a share of records", m.Name)
	}
	return true
}
