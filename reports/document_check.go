package reports

import (
	"fmt"
	"slices"
)

// longestName is the most characters that a table or a figure may have in its name, and so in those of its files.
const longestName = 80

// languages are those of Code.
var languages = []string{"", "yaml", "diff", "console"}

// checkBlocks refuses what no writer expects: rows that have not a cell for each column, and names that are not those of files or
// come twice. used are the names so far.
func (l *loader) checkBlocks(place string, blocks []Block, used map[string]bool) {
	name := func(place, kind, name string) {
		switch {
		case name == "":
			return
		case len(name) > longestName || !fileName.MatchString(name):
			l.refuse(place+".name", "%.100q: want at most %d letters a-z, digits and hyphens between them", name, longestName)
		case used[kind+name]:
			l.refuse(place+".name", "%q is the name of another %s: want one for each", name, kind)
		}
		used[kind+name] = true
	}
	for i, b := range blocks {
		place := fmt.Sprintf("%s[%d]", place, i)
		switch b := b.(type) {
		case *Table:
			l.checkTable(place, b)
			name(place, "table", b.Name)
		case Figure:
			name(place, "figure", b.Name)
			if b.File != "" {
				l.refuse(place+".file", "%.100q: want none, a file does not tell where its figures were written", b.File)
			}
		case Code:
			if !slices.Contains(languages, b.Language) {
				l.refuse(place+".language", "%.40q: want yaml, diff, console or none", b.Language)
			}
		case Details:
			l.checkBlocks(place+".blocks", b.Blocks, used)
		case Box:
			l.checkBlocks(place+".blocks", b.Blocks, used)
		}
	}
}

func (l *loader) checkTable(place string, t *Table) {
	row := func(place string, cells []Cell) {
		if len(cells) != len(t.Columns) {
			l.refuse(place, "%d cells in a table of %d columns", len(cells), len(t.Columns))
		}
	}
	for i, r := range t.Rows {
		row(fmt.Sprintf("%s.rows[%d]", place, i), r)
	}
	if t.Total != nil {
		row(place+".total", t.Total)
	}
}
