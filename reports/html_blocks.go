package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *htmlPrinter) print(block Block) {
	switch block := block.(type) {
	case Heading:
		p.section(string(block))
	case Subheading:
		p.heading(string(block), 3, "")
	case Paragraph:
		fmt.Fprintf(p, "<p>%s</p>\n", prose(string(block)))
	case *Table:
		p.table(block)
	case Bars:
		p.bars(block)
	case Notes:
		p.name(block.Caption)
		p.WriteString("<ol class=\"notes\">\n")
		for _, item := range block.Items {
			fmt.Fprintf(p, "<li>%s</li>\n", prose(item))
		}
		p.WriteString("</ol>\n")
	case KeyValues:
		p.name(block.Caption)
		p.WriteString("<dl>\n")
		for _, pair := range block.Pairs {
			fmt.Fprintf(p, "<div><dt>%s</dt><dd>%s</dd></div>\n", literal(pair.Key), prose(pair.Value.Text))
		}
		p.WriteString("</dl>\n")
	case Box:
		p.box(block)
	case Code:
		p.code(block)
	case Figure:
		p.figure(block)
	case Details:
		fmt.Fprintf(p, "<details><summary>%s</summary>\n", literal(block.Summary))
		p.within(block.Blocks)
		p.WriteString("</details>\n")
	}
}

// section begins a section. One within a box or a fold is a heading alone: the element would end where that does anyway.
func (p *htmlPrinter) section(text string) {
	if p.depth == 0 {
		p.WriteString("<section>\n")
		p.open = true
	}
	p.level = 1
	at := p.heading(text, 2, "")
	p.contents = append(p.contents, anchor{at, text})
}

// name prints the caption of a block whose element has none.
func (p *htmlPrinter) name(caption string) {
	if caption != "" {
		fmt.Fprintf(p, "<p class=\"name\">%s</p>\n", literal(caption))
	}
}

// A box says its tone in a word too, for readers who do not see colours.
func (p *htmlPrinter) box(b Box) {
	class, lead := "box", ""
	switch b.Tone {
	case Good:
		class, lead = "box good", `<span class="tone">Good</span> `
	case Bad:
		class, lead = "box bad", `<span class="tone">Caution</span> `
	}
	fmt.Fprintf(p, "<section class=\"%s\">\n", class)
	level := p.level
	p.heading(b.Title, 4, lead)
	p.within(b.Blocks)
	p.level = level
	p.WriteString("</section>\n")
}

// code keeps lines as they are. Those of a diff are elements that say added and removed, with the marks that say so in the text.
func (p *htmlPrinter) code(c Code) {
	p.name(c.Caption)
	keys := ""
	if slices.ContainsFunc(c.Lines, func(l string) bool { return utf8.RuneCountInString(l) > wideLine }) {
		keys = ` tabindex="0"`
	}
	fmt.Fprintf(p, "<pre%s><code>", keys)
	for i, l := range c.Lines {
		if i > 0 {
			p.WriteByte('\n')
		}
		text := literal(l)
		switch {
		case c.Language == "diff" && strings.HasPrefix(l, "+"):
			text = "<ins>" + text + "</ins>"
		case c.Language == "diff" && strings.HasPrefix(l, "-"):
			text = "<del>" + text + "</del>"
		}
		p.WriteString(text)
	}
	p.WriteString("</code></pre>\n")
}

// What may be wider than a page on a screen is reached by keys, so that they can scroll it. Each is a stop on the way through the page,
// so what is narrower is none.
const (
	wideLine  = 90 // letters
	wideTable = 7  // columns
)

// grid prints what is around a table of columns: a box that scrolls by itself where the page is too narrow.
func (p *htmlPrinter) grid(name, caption string, columns []Column, body func()) {
	keys := ""
	if len(columns) >= wideTable {
		keys = fmt.Sprintf(` tabindex="0" role="group" aria-label="%s"`, literal(cmp.Or(clean(caption), "Table")))
	}
	id := ""
	if name != "" {
		id = fmt.Sprintf(` id="%s"`, p.id("table "+name))
	}
	fmt.Fprintf(p, "<div class=\"grid\"%s><div class=\"scroll\"%s><table>\n", id, keys)
	if caption != "" {
		fmt.Fprintf(p, "<caption>%s</caption>\n", literal(caption))
	}
	p.WriteString("<thead><tr>")
	for _, c := range columns {
		if c.head() == "" {
			p.WriteString("<td></td>") // a heading of nothing would be read as one
			continue
		}
		class := ""
		if c.Align == Right {
			class = "n"
		}
		fmt.Fprintf(p, "<th scope=\"col\"%s>%s</th>", classAttribute(class), literal(c.head()))
	}
	p.WriteString("</tr></thead>\n<tbody>\n")
	body()
	p.WriteString("</table></div>\n")
}

func (p *htmlPrinter) table(t *Table) {
	classes := t.classes()
	p.grid(t.Name, t.Caption, t.Columns, func() {
		for i, row := range t.Rows {
			p.row(classes, row, func(c int) string { return t.shade(i, c) })
		}
		p.WriteString("</tbody>\n")
		if t.Total != nil {
			p.WriteString("<tfoot>\n")
			p.row(classes, t.Total, plainCells)
			p.WriteString("</tfoot>\n")
		}
	})
	for _, f := range t.Footnotes {
		fmt.Fprintf(p, "<p class=\"foot\">%s</p>\n", prose(f))
	}
	p.WriteString("</div>\n")
}

// classes returns the class of each column's cells: "n" of those that are flush right, "s" where texts are so short that a line need
// not end within them, as it would at the hyphen of a month.
func (t *Table) classes() []string {
	const short = 24
	out := make([]string, len(t.Columns))
	for c, column := range t.Columns {
		long := func(row []Cell) bool { return c < len(row) && utf8.RuneCountInString(row[c].Text) > short }
		switch {
		case column.Align == Right:
			out[c] = "n"
		case !slices.ContainsFunc(t.Rows, long) && !long(t.Total):
			out[c] = "s"
		}
	}
	return out
}

// row prints a row, and ends it.
func (p *htmlPrinter) row(classes []string, row []Cell, shade func(column int) string) {
	p.WriteString("<tr>")
	p.cells(classes, row, shade)
	p.WriteString("</tr>\n")
}

// cells prints the cells of a row. The first heads it where it is text: a count heads nothing.
func (p *htmlPrinter) cells(classes []string, row []Cell, shade func(column int) string) {
	for c, cell := range row {
		text, class, style := literal(cell.Text), classes[c], shade(c)
		if c == 0 && class != "n" && text != "" {
			fmt.Fprintf(p, "<th scope=\"row\"%s>%s</th>", classAttribute(class), text)
			continue
		}
		if style != "" {
			class = strings.TrimLeft(class+" heat", " ")
		}
		fmt.Fprintf(p, "<td%s%s>%s</td>", classAttribute(class), style, text)
	}
}

// plainCells is the shade of cells that have none.
func plainCells(int) string { return "" }

func classAttribute(class string) string {
	if class == "" {
		return ""
	}
	return ` class="` + class + `"`
}

// shade returns the attribute that shades a cell, "" for none.
func (t *Table) shade(row, column int) string {
	if row >= len(t.Heat) || column >= len(t.Heat[row]) {
		return ""
	}
	v := t.Heat[row][column]
	if !v.Defined() || !(v > 0) {
		return ""
	}
	return fmt.Sprintf(` style="--a:%s"`, strconv.FormatFloat(math.Ceil(100*min(float64(v), 1))/100, 'f', -1, 64))
}

// bars prints a histogram as a table. The bars repeat the counts, so that they are not read out.
func (p *htmlPrinter) bars(b Bars) {
	t := b.table(func(int64, int64) string { return "" })
	var most int64
	for _, r := range b.Rows {
		most = max(most, r.Count)
	}
	classes := t.classes()
	p.grid("", t.Caption, t.Columns, func() {
		for i, row := range t.Rows {
			p.WriteString("<tr>")
			p.cells(classes, row[:len(row)-1], plainCells)
			p.WriteString(`<td class="bar" aria-hidden="true">`)
			if n := b.Rows[i].Count; n > 0 {
				fmt.Fprintf(p, `<span style="width:%.2f%%"></span>`, 100*float64(n)/float64(most))
			}
			p.WriteString("</td></tr>\n")
		}
		p.WriteString("</tbody>\n")
	})
	p.WriteString("</div>\n")
}
