package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// TextOptions say what the terminal can do. The zero value is a pipe: 100 columns, no colour.
type TextOptions struct {
	Width int // columns, 0 for 100
	Color bool
}

// go-pretty measures text by the locale of the machine: in a Japanese one a dash is two columns wide. Output must not depend
// on where it was made, and this is the only switch that the library has.
func init() { text.OverrideRuneWidthEastAsianWidth(false) }

// defaultWidth is what every screen here is designed for.
const defaultWidth = 100

func (o TextOptions) width() int {
	if o.Width <= 0 {
		return defaultWidth
	}
	return max(o.Width, 40) // narrower than that, wrapped prose is a column of single words
}

// Text writes the document for a terminal.
func Text(w io.Writer, d Document, opt TextOptions) error {
	p := textPrinter{opt: opt}
	for _, l := range wrap(clean(d.Title), opt.width()) { // the limits of a calibration make it long
		p.line(p.bold(l))
	}
	for _, block := range d.Blocks {
		p.print(block)
	}
	_, err := w.Write(p.Bytes())
	return err
}

// A textPrinter gathers the lines of a text document.
type textPrinter struct {
	bytes.Buffer
	opt   TextOptions
	apart bool // whether running text needs a blank line before it, so that it is not read as a footnote
}

// line appends a line without the white space that padding leaves at its end.
func (p *textPrinter) line(s string) {
	p.WriteString(strings.TrimRight(s, " "))
	p.WriteByte('\n')
}

func (p *textPrinter) bold(s string) string { return p.style("1", s) }
func (p *textPrinter) dim(s string) string  { return p.style("2", s) }

// style wraps s in an escape sequence of its own making: go-pretty's colours ask the environment.
func (p *textPrinter) style(code, s string) string {
	if !p.opt.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *textPrinter) print(block Block) {
	_, running := block.(Paragraph)
	if running && p.apart {
		p.line("")
	}
	p.apart = !running && !heads(block)
	switch block := block.(type) {
	case Heading:
		p.line("")
		p.line(p.bold(clean(string(block))))
	case Subheading:
		p.line("")
		p.line(clean(string(block)))
	case Paragraph:
		for _, l := range wrap(clean(string(block)), p.opt.width()) {
			p.line(l)
		}
	case *Table:
		p.table(block)
	case Bars:
		p.table(block.table(textBar(p.opt.width())))
	case Notes:
		p.caption(block.Caption)
		for i, item := range block.Items {
			p.hang(fmt.Sprintf(" [%d] ", i+1), clean(item))
		}
	case KeyValues:
		p.keyValues(block)
	case Box:
		p.caption(block.Title)
		p.apart = false // the title heads what follows
		for _, inner := range block.Blocks {
			p.print(inner)
		}
	case Code:
		p.caption(block.Caption)
		for _, l := range block.Lines {
			p.line("  " + clean(l))
		}
	case Figure, Details: // left out: see the types
	}
}

// heads reports whether what follows a block belongs to it, so that no blank line parts them.
func heads(block Block) bool {
	switch block.(type) {
	case Heading, Subheading:
		return true
	}
	return false
}

func (p *textPrinter) caption(s string) {
	p.line("")
	if s != "" {
		p.line(p.bold(clean(s)))
	}
}

// hang prints a text whose further lines begin where its first line's text does.
func (p *textPrinter) hang(lead, s string) {
	indent := text.StringWidth(lead)
	for i, l := range wrap(s, p.opt.width()-indent) {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		p.line(lead + l)
	}
}

func (p *textPrinter) keyValues(kv KeyValues) {
	p.caption(kv.Caption)
	widest := 0
	for _, pair := range kv.Pairs {
		widest = max(widest, text.StringWidth(clean(pair.Key)))
	}
	for _, pair := range kv.Pairs {
		p.hang(" "+text.AlignLeft.Apply(clean(pair.Key), widest)+"  ", clean(pair.Value.Text))
	}
}

func (p *textPrinter) table(t *Table) {
	p.caption(t.Caption)
	shown := fitting(t, p.opt.width())
	out := table.NewWriter()
	out.SetStyle(tableStyle)
	var head table.Row
	var configs []table.ColumnConfig
	for _, c := range shown {
		head = append(head, clean(t.Columns[c].head()))
		align := text.AlignLeft
		if t.Columns[c].Align == Right {
			align = text.AlignRight
		}
		configs = append(configs, table.ColumnConfig{Number: len(head), Align: align, AlignHeader: align, AlignFooter: align})
	}
	out.SetColumnConfigs(configs)
	out.AppendHeader(head)
	for _, row := range t.Rows {
		out.AppendRow(textRow(row, shown))
	}
	if t.Total != nil {
		out.AppendFooter(textRow(t.Total, shown))
	}
	for i, l := range strings.Split(out.Render(), "\n") {
		if strings.Trim(l, "─") == "" {
			l = strings.TrimSuffix(l, "─") // as far as the last column's text, not its padding
		}
		if i < 2 { // the head and its rule
			l = p.dim(strings.TrimRight(l, " "))
		}
		p.line(l)
	}
	for _, f := range t.Footnotes {
		for _, l := range wrap(clean(f), p.opt.width()-1) {
			p.line(p.dim(" " + l))
		}
	}
	if len(shown) < len(t.Columns) {
		p.line(p.dim(" (left out for width: " + leftOut(t, shown) + ")"))
	}
}

func textRow(row []Cell, shown []int) table.Row {
	var out table.Row
	for _, c := range shown {
		out = append(out, clean(row[c].Text))
	}
	return out
}

// fitting returns the columns to show within a width: all, less as many of the Extra ones as it takes, from the right.
func fitting(t *Table, width int) []int {
	shown := make([]int, len(t.Columns))
	total := 0
	wide := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		shown[i] = i
		wide[i] = text.StringWidth(clean(c.head()))
		for _, row := range t.Rows {
			wide[i] = max(wide[i], text.StringWidth(clean(row[i].Text)))
		}
		if t.Total != nil {
			wide[i] = max(wide[i], text.StringWidth(clean(t.Total[i].Text)))
		}
		wide[i] += len(tableStyle.Box.PaddingLeft) + len(tableStyle.Box.PaddingRight)
		total += wide[i]
	}
	for i := len(t.Columns) - 1; i >= 0 && total > width; i-- {
		if t.Columns[i].Extra {
			total -= wide[i]
			shown = append(shown[:i], shown[i+1:]...)
		}
	}
	return shown
}

func leftOut(t *Table, shown []int) string {
	var names []string
	for i, c := range t.Columns {
		if len(shown) > 0 && shown[0] == i {
			shown = shown[1:]
			continue
		}
		names = append(names, clean(c.head()))
	}
	return strings.Join(names, ", ")
}

// tableStyle has no vertical lines: aligned columns need none.
var tableStyle = table.Style{
	Name: "trustreplay",
	Box: table.BoxStyle{
		PaddingLeft: " ", PaddingRight: " ", MiddleHorizontal: "─", MiddleSeparator: "─", TopSeparator: "─", BottomSeparator: "─",
		LeftSeparator: "─", RightSeparator: "─",
	},
	Format:  table.FormatOptions{Header: text.FormatDefault, Row: text.FormatDefault, Footer: text.FormatDefault},
	Options: table.Options{SeparateHeader: true, SeparateFooter: true},
}

// wrap breaks a text at spaces into lines of at most width columns; a longer word has a line of its own.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && text.StringWidth(line)+1+text.StringWidth(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
