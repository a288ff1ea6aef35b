package calibrate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Discrepancy is a field of a certificate that recomputing gives another value of.
type Discrepancy struct{ Field, Claimed, Found string }

// Against compares a certificate with one that was recomputed, nil where nothing is recommended any more. What depends on
// the files and on the ledger, and not on the records, is left out.
func (c *Certificate) Against(again *Certificate) ([]Discrepancy, error) {
	if again == nil {
		return []Discrepancy{{"policy", c.Policy.SHA256, "nothing is certified"}}, nil
	}
	claimed, err := fields(c)
	if err != nil {
		return nil, err
	}
	found, err := fields(again)
	if err != nil {
		return nil, err
	}
	var out []Discrepancy
	for len(claimed)+len(found) > 0 { // both are in order of their paths' trees, and a path may be in one alone
		switch {
		case len(found) == 0 || len(claimed) > 0 && !slices.ContainsFunc(found, func(l leaf) bool { return l.path == claimed[0].path }):
			out = append(out, Discrepancy{claimed[0].path, claimed[0].value, "nothing"})
			claimed = claimed[1:]
		case len(claimed) == 0 || claimed[0].path != found[0].path:
			out = append(out, Discrepancy{found[0].path, "nothing", found[0].value})
			found = found[1:]
		default:
			if claimed[0].value != found[0].value {
				out = append(out, Discrepancy{claimed[0].path, claimed[0].value, found[0].value})
			}
			claimed, found = claimed[1:], found[1:]
		}
	}
	return out, nil
}

// A leaf is a value of a JSON text with the path that leads to it, such as limits[0].k.
type leaf struct{ path, value string }

// fields lists what a certificate says, by JSON paths in order, without what may differ between two computations of the same.
func fields(c *Certificate) ([]leaf, error) {
	rest := *c
	rest.Tool, rest.Inputs, rest.Use, rest.Withdrawn = "", nil, 0, ""
	text, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	return leaves("", tree), nil
}

func leaves(path string, tree any) (out []leaf) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			out = append(out, leaves(strings.TrimPrefix(path+"."+name, "."), tree[name])...)
		}
	case []any:
		for i, v := range tree {
			out = append(out, leaves(fmt.Sprintf("%s[%d]", path, i), v)...)
		}
	default:
		out = append(out, leaf{path, fmt.Sprint(tree)})
	}
	return out
}
