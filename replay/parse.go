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
	rowNames     = append(slices.Clone(clusterNames), dataset.Unclustered.String()) // what a row or column may be named
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
		want := fmt.Sprintf("the number %d, the version of the format", PolicyVersion)
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
		control := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
		if strings.IndexFunc(p.policy.Description, control) >= 0 {
			p.fail(place(e.value), "description holds a control character: want printable text")
		}
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
	name, ok := p.word(e, e.key, listed(dataset.Products))
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
		name, ok := p.word(e, e.key, wantBands)
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
