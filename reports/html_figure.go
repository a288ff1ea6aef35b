package reports

import (
	"bytes"
	"fmt"
	"slices"
)

// figure prints a picture as a drawing in the page. What it shows is said beneath it, and to readers who do not see it.
func (p *htmlPrinter) figure(f Figure) {
	svg, err := inlineSVG(f.Picture, f.Alt)
	if err != nil {
		p.err = fmt.Errorf("figure %q: %w", clean(f.Name), err)
		return
	}
	p.figures++
	fmt.Fprintf(p, "<figure id=\"%s\">\n%s<figcaption>Figure %d. %s</figcaption>\n</figure>\n",
		p.id(fmt.Sprint("figure ", f.Name)), svg, p.figures, prose(f.Alt))
}

// inlineSVG draws a picture as an element of a page: without the head of a file, and named by what it shows in the place of its
// title. The drawing has no ids, so that those of several pictures cannot meet.
func inlineSVG(picture Picture, alt string) ([]byte, error) {
	var b bytes.Buffer
	if err := WritePicture(&b, picture, "svg"); err != nil {
		return nil, err
	}
	file := b.Bytes()
	drawing := file[bytes.Index(file, []byte("<g ")):]
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, pictureWidth.Points(), pictureHeight.Points(), literal(alt))
	out.WriteByte('\n')
	out.Write(drawing)
	return out.Bytes(), nil
}

// Illustrated returns the document with a picture before its first table. Html shows it; the other formats leave it out.
func Illustrated(d Document, p Picture) Document {
	at := slices.IndexFunc(d.Blocks, func(b Block) bool { _, found := b.(*Table); return found })
	if at < 0 {
		at = len(d.Blocks)
	}
	d.Blocks = slices.Insert(slices.Clone(d.Blocks), at, Block(Figure{Alt: p.Words(), Picture: p}))
	return d
}

// Words says what a picture shows in place of it, as far as its marks say it: what is drawn over what, and each mark with its figures.
func (p Picture) Words() string {
	if p.empty() {
		return p.Empty
	}
	words := p.Title
	if p.X.Label != "" && p.Y.Label != "" {
		words = fmt.Sprintf("%s: %s by %s", p.Title, lowerFirst(p.Y.Label), lowerFirst(p.X.Label))
	}
	for _, m := range p.Marks {
		words += "; " + m.Name
		if m.Detail != "" {
			words += ": " + m.Detail
		}
	}
	return words + "."
}

func lowerFirst(s string) string {
	if s != "" && s[0] >= 'A' && s[0] <= 'Z' {
		return string(s[0]-'A'+'a') + s[1:]
	}
	return s
}
