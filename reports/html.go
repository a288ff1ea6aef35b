package reports

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
)

// pageStyle is the look of every page: light and dark, on paper, wide and narrow.
//
//go:embed assets/page.css
var pageStyle string

// longDocument is how many sections a document has at least when it begins with a table of contents.
const longDocument = 4

// HTML writes the document as one page that needs nothing beside it: no script, no font, no file and no network, all of which its
// content security policy refuses, so that it opens in a browser that is locked down and in ten years. It prints on A4 and Letter.
// Every text is escaped, so that no value from the data becomes markup. The error is that of w, or of a Figure that cannot be drawn.
func HTML(w io.Writer, d Document) error {
	p := htmlPrinter{level: 1, taken: map[string]bool{"content": true, "contents": true}}
	for _, block := range d.Blocks {
		if _, starts := block.(Heading); starts {
			p.endSection()
		}
		p.print(block)
	}
	p.endSection()
	if p.err != nil {
		return fmt.Errorf("html: %w", p.err)
	}
	_, err := w.Write(p.page(d.Title))
	return err
}

// An htmlPrinter gathers the blocks of a page.
type htmlPrinter struct {
	bytes.Buffer
	contents []anchor
	taken    map[string]bool // the ids of the page
	level    int             // of the heading that rules here, 1 for the title
	depth    int             // of boxes and folds
	figures  int
	open     bool // whether a section is
	err      error
}

// An anchor is a heading of the table of contents.
type anchor struct{ id, text string }

// page returns the whole page around the blocks.
func (p *htmlPrinter) page(title string) []byte {
	var b bytes.Buffer
	class := ""
	if len(p.contents) >= longDocument {
		class = ` class="wide"`
	}
	// The policy allows styles that stand in the page: widths of bars and shades of cells are such. Nothing else is allowed.
	b.WriteString(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
`)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body%s>\n", literal(title), pageStyle, class)
	b.WriteString("<a class=\"skip\" href=\"#content\">Skip to the content</a>\n")
	fmt.Fprintf(&b, "<header><h1>%s</h1></header>\n", literal(title))
	if class != "" {
		b.WriteString("<nav aria-labelledby=\"contents\"><h2 id=\"contents\">Contents</h2>\n<ol>\n")
		for _, a := range p.contents {
			fmt.Fprintf(&b, "<li><a href=\"#%s\">%s</a></li>\n", a.id, literal(a.text))
		}
		b.WriteString("</ol></nav>\n")
	}
	b.WriteString("<main id=\"content\" tabindex=\"-1\">\n")
	b.Write(p.Bytes())
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.Bytes()
}

// literal returns a text that is itself in an element and in a quoted attribute.
func literal(s string) string { return html.EscapeString(clean(s)) }

// prose returns a text as literal does, in which no line ends between a number and its percent sign.
func prose(s string) string { return spacedPercent.ReplaceAllString(literal(s), "$1&nbsp;%") }

var spacedPercent = regexp.MustCompile(`(\d) %`)

// id returns an id of its own for a text: its letters and digits in lower case, a number behind it where another has the same.
// Headings keep their ids from one month to the next, so that links into a report hold.
func (p *htmlPrinter) id(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	slug := strings.Trim(b.String(), "-")
	if slug == "" {
		slug = "part"
	}
	id := slug
	for n := 2; p.taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", slug, n)
	}
	p.taken[id] = true
	return id
}

func (p *htmlPrinter) endSection() {
	if p.open {
		p.WriteString("</section>\n")
	}
	p.open = false
}

// within prints blocks that belong to another: a heading among them rules until that ends, and opens no section.
func (p *htmlPrinter) within(blocks []Block) {
	level := p.level
	p.depth++
	for _, b := range blocks {
		p.print(b)
	}
	p.depth--
	p.level = level
}

// heading prints a heading of at most a level and returns its id. No level is left out between it and the one that it stands
// under, since readers who do not see the page find their way by the levels.
func (p *htmlPrinter) heading(text string, level int, lead string) string {
	p.level = min(level, p.level+1)
	id := p.id(text)
	fmt.Fprintf(p, "<h%d id=\"%s\">%s%s</h%[1]d>\n", p.level, id, lead, literal(text))
	return id
}
