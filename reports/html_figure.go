package reports

import (
	"bytes"
	"fmt"
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
		p.id(fmt.Sprint("figure ", f.Name)), svg, p.figures, literal(f.Alt))
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
