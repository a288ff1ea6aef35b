package replay

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// describe names a node in a message: its value if it has one, else its type.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.LiteralNode:
		return "a block of text"
	default:
		if t := n.GetToken(); t != nil {
			return quoted(strings.TrimSpace(t.Value))
		}
		return "a value"
	}
}

// quoted quotes a value for a message, which has no use for more than its beginning.
func quoted(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		s = string([]rune(s)[:40]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

func listed(names []string) string {
	switch len(names) {
	case 0:
		return "names to values"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// suggestion lists the allowed names, led by the one that was probably meant.
func suggestion(name string, allowed []string) string {
	if near := nearest(name, allowed); near != "" {
		return fmt.Sprintf("%s (did you mean %s?)", listed(allowed), near)
	}
	return listed(allowed)
}

// nearest returns the name that differs from s by the fewest edits, "" where none is near.
func nearest(s string, names []string) string {
	if len(s) > 40 {
		return ""
	}
	best, near := 1+max(1, len(s)/3), ""
	for _, n := range names {
		if k := edits(strings.ToLower(s), n); k < best {
			best, near = k, n
		}
	}
	return near
}

// edits is the Levenshtein distance of two short texts, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
