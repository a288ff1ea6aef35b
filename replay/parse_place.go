package replay

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// within returns where in the document character at of a text value stands. The text is matched against the raw source
// from the value on, character by character: what the source has beside it (quotes, escapes, indentation, line breaks that
// folding made spaces) is stepped over. That is exact for plain and quoted texts without escapes and for blocks, and close
// for the rest.
func (d *document) within(n ast.Node, text string, at int) pos {
	p := place(n)
	raw := d.from(p)
	if literal, isBlock := n.(*ast.LiteralNode); isBlock {
		p = tokenPlace(literal.Start)
		raw = d.from(p)
		header, _, _ := strings.Cut(raw, "\n")
		p, raw = p.over(header), raw[len(header):]
	}
	runes := []rune(text)
	for i, want := range runes {
		next, rest := p, raw
		for rest != "" {
			r, size := utf8.DecodeRuneInString(rest)
			if r == want || unicode.IsSpace(want) && unicode.IsSpace(r) {
				break
			}
			next, rest = next.over(rest[:size]), rest[size:]
		}
		if rest == "" { // an escape: stay where the last match was
			if i == at {
				return p
			}
			continue
		}
		if i == at {
			return next
		}
		_, size := utf8.DecodeRuneInString(rest)
		p, raw = next.over(rest[:size]), rest[size:]
		if unicode.IsSpace(want) && i+1 < len(runes) && !unicode.IsSpace(runes[i+1]) {
			for raw != "" && unicode.IsSpace(rune(raw[0])) {
				p, raw = p.over(raw[:1]), raw[1:]
			}
		}
	}
	return p
}

// over returns the place after the text that stands at p.
func (p pos) over(text string) pos {
	for _, r := range text {
		p.col++
		if r == '\n' {
			p.line, p.col = p.line+1, 1
		}
	}
	return p
}

// from returns the source from a place on.
func (d *document) from(p pos) string {
	rest := string(d.src)
	for line := 1; line < p.line; line++ {
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			return ""
		}
		rest = after
	}
	for range p.col - 1 {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	return rest
}
