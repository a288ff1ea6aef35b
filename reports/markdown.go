package reports

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Markdown writes the document as GitHub renders it. Every text is escaped, so that no value from the data becomes markup.
func Markdown(w io.Writer, d Document) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", escape(d.Title))
	for _, block := range d.Blocks {
		b.WriteByte('\n')
		markdownBlock(&b, block)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func markdownBlock(b *bytes.Buffer, block Block) {
	switch block := block.(type) {
	case Heading:
		fmt.Fprintf(b, "## %s\n", escape(string(block)))
	case Subheading:
		fmt.Fprintf(b, "### %s\n", escape(string(block)))
	case Paragraph:
		fmt.Fprintf(b, "%s\n", escape(string(block)))
	case *Table:
		markdownTable(b, block)
	case Bars:
		markdownTable(b, block.table(markdownBar))
	case Notes:
		markdownCaption(b, block.Caption)
		for i, item := range block.Items {
			fmt.Fprintf(b, "%d. %s\n", i+1, escape(item))
		}
	case KeyValues:
		markdownCaption(b, block.Caption)
		for _, p := range block.Pairs {
			fmt.Fprintf(b, "- %s: %s\n", escape(p.Key), escape(p.Value.Text))
		}
	case Box:
		markdownCaption(b, block.Title)
		for i, inner := range block.Blocks {
			if i > 0 {
				b.WriteByte('\n')
			}
			markdownBlock(b, inner)
		}
	case Code:
		markdownCaption(b, block.Caption)
		fence := codeFence(block.Lines)
		fmt.Fprintf(b, "%s%s\n", fence, block.Language)
		for _, l := range block.Lines {
			fmt.Fprintf(b, "%s\n", clean(l))
		}
		fmt.Fprintf(b, "%s\n", fence)
	case Figure:
		if block.File != "" {
			fmt.Fprintf(b, "![%s](%s)\n", escape(block.Alt), link(block.File))
		}
	case Details:
		fmt.Fprintf(b, "<details><summary>%s</summary>\n", escape(block.Summary))
		for _, inner := range block.Blocks {
			b.WriteByte('\n')
			markdownBlock(b, inner)
		}
		b.WriteString("\n</details>\n")
	}
}

// link returns a path as the target of a link: escaped as in an address, with the brackets that would end it.
func link(path string) string {
	path = (&url.URL{Path: clean(path)}).String()
	return strings.NewReplacer("(", "%28", ")", "%29").Replace(path)
}

// codeFence is longer than any run of back quotes in the lines, so that none of them ends the block.
func codeFence(lines []string) string {
	fence := "```"
	for slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, fence) }) {
		fence += "`"
	}
	return fence
}

func markdownCaption(b *bytes.Buffer, caption string) {
	if caption != "" {
		fmt.Fprintf(b, "**%s**\n\n", escape(caption))
	}
}

func markdownTable(b *bytes.Buffer, t *Table) {
	markdownCaption(b, t.Caption)
	for _, c := range t.Columns {
		fmt.Fprintf(b, "| %s ", escape(c.head()))
	}
	b.WriteString("|\n")
	for _, c := range t.Columns {
		if c.Align == Right {
			b.WriteString("|---:")
		} else {
			b.WriteString("|:---")
		}
	}
	b.WriteString("|\n")
	for _, row := range t.Rows {
		markdownRow(b, row, "%s")
	}
	if t.Total != nil {
		markdownRow(b, t.Total, "**%s**")
	}
	for _, f := range t.Footnotes {
		fmt.Fprintf(b, "\n%s\n", escape(f))
	}
}

func markdownRow(b *bytes.Buffer, row []Cell, style string) {
	for _, c := range row {
		text := escape(c.Text)
		if text != "" {
			text = fmt.Sprintf(style, text)
		}
		fmt.Fprintf(b, "| %s ", text)
	}
	b.WriteString("|\n")
}

// markup is what would be read as markup inside a line; underscores within words are not, and stay readable.
var markup = strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "[", `\[`, "]", `\]`, "~", `\~`, "$", `\$`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", " _", ` \_`, "_ ", `\_ `)

// escape makes a text literal, at the start of a line too, where # - + = and "1." would begin a heading or a list.
func escape(s string) string {
	s = markup.Replace(strings.TrimSpace(clean(s)))
	if s == "" {
		return s
	}
	switch s[0] {
	case '#', '-', '+', '=', '_':
		return `\` + s
	}
	return s
}
