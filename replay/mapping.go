package replay

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/trustreplay/trustreplay/dataset"
)

var (
	mappingKeys = []string{"fields", "bare"}
	recordNames = []string{dataset.CustomerID, dataset.SessionID, dataset.ResolutionID, dataset.Timestamp, dataset.Amount,
		dataset.LabelField, dataset.LabelTime, dataset.ActionField}
)

// ParseMapping reads a mapping file, YAML or JSON:
//
//	fields: {session.score: risk.session_points, label: is_bad}
//	bare: login
//
// fields says where values are, by canonical name; bare is the product that a line without envelope is the response of.
// file names it in errors; the error is a FileErrors that lists every mistake with its line and column.
func ParseMapping(file string, src []byte) (dataset.Mapping, error) {
	var m dataset.Mapping
	d, root := readDocument(file, "mapping", src)
	if root == nil {
		return m, d.err()
	}
	entries, _ := d.mapping(root, "the mapping", mappingKeys)
	for _, e := range entries {
		switch e.key {
		case "fields":
			m.Fields = d.places(e.value)
		case "bare":
			name, ok := d.word(e, e.key, listed(dataset.Products))
			if ok && !slices.Contains(dataset.Products, name) {
				d.fail(place(e.value), "bare is %s: want %s", quoted(name), suggestion(name, dataset.Products))
			}
			m.Bare = name
		}
	}
	if err := d.err(); err != nil {
		return dataset.Mapping{}, err
	}
	return m, nil
}

// places reads where fields are.
func (d *document) places(n ast.Node) map[string]string {
	entries, _ := d.mapping(n, "fields", nil)
	out := map[string]string{}
	for _, e := range entries {
		const want = "the path of the value, keys joined by dots"
		path, ok := d.text(e, want)
		if !ok {
			continue
		}
		if !dotted(e.key) {
			d.fail(e.at, "field %s: want a name such as session.score or label", quoted(e.key))
		} else if near := nearest(e.key, recordNames); near != "" && near != e.key && !strings.Contains(e.key, ".") && edits(e.key, near) == 1 {
			d.fail(e.at, "field %s: want %s, or a name that differs by more than a letter", quoted(e.key), near)
		}
		if !dotted(path) {
			d.fail(place(e.value), "%s is %s: want %s", e.key, quoted(path), want)
		} else if dataset.Personal(path) && printable(e.key) {
			d.fail(place(e.value), "%s is %s: personal data by its name, which must not be printed: want another path", e.key, quoted(path))
		}
		out[e.key] = path
	}
	return out
}

// printable reports whether the values of a field may be printed or written as they are in the data. Those of a score or a
// label cannot: they are read as such, so their path may well end in value or number.
func printable(name string) bool {
	product := dataset.ProductOf(name)
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case dataset.Personal(name), slices.Contains(recordNames, name), slices.Contains(dataset.Products, name), product == name:
		return false
	}
	return product == "" || last != "score" && last != "score_cluster" && last != "status"
}

// dotted reports whether s is one or more keys joined by dots, none of them empty.
func dotted(s string) bool {
	return s != "" && len(s) <= 1000 && !slices.Contains(strings.Split(s, "."), "") && s == strings.TrimSpace(s)
}
