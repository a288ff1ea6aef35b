package replay

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

// maxCriteria bounds the limits of one list. Whoever needs more than these has no gate, but a report.
const maxCriteria = 100

var (
	acceptanceKeys = []string{"acceptance", "limits", "segments"}
	segmentsKeys   = []string{"by", "min_labeled", "limits"}
	onNames        = []string{"value", "bound"}
)

// ParseAcceptance reads an acceptance file, YAML or JSON:
//
//	acceptance: 1
//	limits:
//	  - {measure: fraud_rate, at_most: 0.5%, on: bound}
//	  - {measure: approval_rate, change_at_least: -0.5pp, on: bound}
//	  - {measure: fraud_rate, times_at_most: 1.1}
//	segments:
//	  by: [country]
//	  min_labeled: 200
//	  limits:
//	    - {measure: fraud_rate, change_at_most: 0.2pp}
//
// measures are those that a limit can be about. file names the file in errors; the error is a FileErrors that lists every
// mistake with its line and column.
func ParseAcceptance(file string, src []byte, measures []Measurable) (*Acceptance, error) {
	d, root := readDocument(file, "list of limits", src)
	if root == nil {
		return nil, d.err()
	}
	p := &acceptanceParser{document: d, measures: measures}
	a := p.acceptance(root)
	if err := d.err(); err != nil {
		return nil, err
	}
	return a, nil
}

// An acceptanceParser turns a document into an acceptance.
type acceptanceParser struct {
	*document
	measures []Measurable
}

func (p *acceptanceParser) acceptance(root ast.Node) *Acceptance {
	a := &Acceptance{}
	got, ok := p.keyed(root, "the acceptance", acceptanceKeys)
	if !ok {
		return a
	}
	want := fmt.Sprintf("the number %d, the version of the format", AcceptanceVersion)
	if e, found := got["acceptance"]; !found {
		p.fail(place(root), "no acceptance: want acceptance: %d, the version of the format", AcceptanceVersion)
	} else if v, ok := p.integer(e.value, "acceptance", want); ok && v != AcceptanceVersion {
		p.fail(place(e.value), "acceptance is %d: want %s", v, want)
	}
	limits, hasLimits := got["limits"]
	if hasLimits {
		a.Limits = p.criteria(limits)
	}
	segments, hasSegments := got["segments"]
	if hasSegments {
		a.Segments = p.segments(segments)
	}
	if !hasLimits && !hasSegments {
		p.fail(place(root), "no limits: want limits, segments or both, or everything would be accepted")
	}
	return a
}

// keyed returns the entries of a mapping by their keys.
func (d *document) keyed(n ast.Node, what string, allowed []string) (map[string]entry, bool) {
	entries, ok := d.mapping(n, what, allowed)
	got := map[string]entry{}
	for _, e := range entries {
		got[e.key] = e
	}
	return got, ok
}

func (p *acceptanceParser) segments(top entry) *Segments {
	s := &Segments{}
	got, ok := p.keyed(top.value, "segments", segmentsKeys)
	if !ok {
		return s
	}
	if e, found := got["by"]; found {
		s.By = p.by(e)
	}
	if e, found := got["min_labeled"]; found {
		const want = "a number of records such as 200"
		n, _ := p.integer(e.value, "min_labeled", want)
		s.MinLabeled = int64(n)
	}
	if e, found := got["limits"]; found {
		s.Limits = p.criteria(e)
	} else {
		p.fail(place(top.value), "segments has no limits: want a list of limits that each group must meet")
	}
	return s
}

// by reads the fields that segments are groups of.
func (p *acceptanceParser) by(e entry) []string {
	const want = "a list of fields such as [country] or [month]"
	list, isList := e.value.(*ast.SequenceNode)
	if !isList || len(list.Values) == 0 {
		p.fail(place(e.value), "by is %s: want %s; without by, the fields of --by", describe(e.value), want)
		return nil
	}
	var out []string
	for _, n := range list.Values {
		field, ok := p.text(entry{key: "by", value: n}, want)
		switch {
		case !ok:
			continue
		case !dotted(field):
			p.fail(place(n), "by is %s: want %s", quoted(field), want)
		case dataset.Personal(field):
			p.fail(place(n), "by is %s: personal data, which is never printed: want %s", quoted(field), want)
		case slices.Contains(out, field):
			p.fail(place(n), "by is %s again: want each field once", quoted(field))
		}
		out = append(out, field)
	}
	return out
}

// criteria reads a list of limits.
func (p *acceptanceParser) criteria(e entry) []Criterion {
	list, isList := e.value.(*ast.SequenceNode)
	switch {
	case !isList || len(list.Values) == 0:
		p.fail(place(e.value), "limits is %s: want a list of limits such as {measure: fraud_rate, at_most: 0.5%%}", empty(e.value))
		return nil
	case len(list.Values) > maxCriteria:
		p.fail(place(list.Values[maxCriteria]), "%d limits: want at most %d", len(list.Values), maxCriteria)
		return nil
	}
	var out []Criterion
	type slot struct {
		measure string
		kind    Kind
		atLeast bool
		onBound bool
	}
	seen := map[slot]int{}
	for i, n := range list.Values {
		c, ok := p.criterion(n, fmt.Sprintf("limit %d", i+1))
		if !ok {
			continue
		}
		s := slot{c.Measure, c.Kind, c.AtLeast, c.OnBound}
		if first, again := seen[s]; again {
			p.fail(place(n), "limit %d is about the same as limit %d: want one bound for each", i+1, first)
		} else {
			seen[s] = i + 1
		}
		out = append(out, c)
	}
	return out
}

func empty(n ast.Node) string {
	if list, isList := n.(*ast.SequenceNode); isList && len(list.Values) == 0 {
		return "an empty list"
	}
	return describe(n)
}
