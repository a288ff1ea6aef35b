package reports

import "strings"

// longestBar is the length of the longest bar in columns, on a screen that has room for it.
const longestBar = 40

// table arranges a histogram as a table of which one column is drawn.
func (b Bars) table(draw func(n, most int64) string) *Table {
	t := &Table{Caption: b.Caption, Columns: []Column{{Name: b.Label}, {Name: b.Count, Align: Right}, {Name: ""}}}
	if b.Second != "" {
		t.Columns = append(t.Columns[:2], Column{Name: b.Second, Align: Right}, Column{Name: ""})
	}
	var most int64
	for _, r := range b.Rows {
		most = max(most, r.Count)
	}
	for _, r := range b.Rows {
		row := []Cell{textCell(r.Label), countCell(r.Count)}
		if b.Second != "" {
			row = append(row, r.Second)
		}
		t.Rows = append(t.Rows, append(row, Cell{Text: draw(r.Count, most)}))
	}
	return t
}

// eighths are the partial blocks that end a bar, so that a bar is exact to an eighth of a column.
var eighths = []rune(" ▏▎▍▌▋▊▉")

// textBar returns a function that draws n in proportion to the most, 0 <= n <= most, on a screen of a width. Only nothing at
// all is drawn as nothing.
func textBar(screen int) func(n, most int64) string {
	length := float64(min(longestBar, max(10, screen-40)))
	return func(n, most int64) string {
		if n <= 0 {
			return ""
		}
		parts := max(1, int(float64(n)/float64(most)*length*8+0.5))
		bar := strings.Repeat("█", parts/8)
		if rest := parts % 8; rest > 0 {
			bar += string(eighths[rest])
		}
		return bar
	}
}

// markdownBar is coarser and half as long: proportional fonts have no use for eighths.
func markdownBar(n, most int64) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat("█", max(1, int(float64(n)/float64(most)*longestBar/2+0.5)))
}
