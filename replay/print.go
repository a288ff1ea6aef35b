package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
)

// foldAt is the length from which a condition is broken over lines.
const foldAt = 100

// YAML prints the policy in its canonical form: ParsePolicy reads it back as an equal policy, and equal policies print the
// same.
func (p *Policy) YAML() []byte {
	w := &bytes.Buffer{}
	commented(w, "policy: 1", "format version")
	fmt.Fprintf(w, "name: %s\n", scalar(p.Name))
	if p.Description != "" {
		printText(w, "description", p.Description, "")
	}
	commented(w, "first: "+p.First, "the product asked first")
	if p.Second != "" {
		commented(w, "second: "+p.Second, "asked when the gate says next")
	}
	w.WriteString("clusters:\n")
	commented(w, "  "+p.First+": "+p.FirstBands.String(), "recorded, standard, quintile or four lower edges")
	if p.Second != "" {
		fmt.Fprintf(w, "  %s: %s\n", p.Second, p.SecondBands)
	}
	if len(p.Rules) > 0 {
		commented(w, "rules:", "the first that holds decides, before gate and matrix")
	}
	for _, r := range p.Rules {
		w.WriteString(r.YAML())
	}
	rows := [][]string{rowCells(p.Gate[:])}
	heads := []string{"gate:"}
	var firsts []dataset.Cluster
	for c, step := range p.Gate {
		if dataset.Cluster(c) == dataset.Unclustered && p.Matrix[c] == p.Matrix[dataset.NoCluster] && p.Gate[dataset.NoCluster] == Next {
			continue // as of a missing answer, which need not be said
		}
		if step == Next && p.Second != "" {
			firsts = append(firsts, dataset.Cluster(c))
			rows = append(rows, rowCells(p.Matrix[c][:]))
			heads = append(heads, "  "+dataset.Cluster(c).String()+":")
		}
	}
	lines := aligned(heads, rows)
	w.WriteString(lines[0])
	if len(firsts) > 0 {
		commented(w, "matrix:", "rows: "+p.First+", columns: "+p.Second)
	}
	w.WriteString(strings.Join(lines[1:], ""))
	return w.Bytes()
}

// YAML prints the rule as an item of a policy's rules, indented.
func (r Rule) YAML() string {
	w := &bytes.Buffer{}
	fmt.Fprintf(w, "  - name: %s\n", scalar(r.Name))
	printText(w, "when", r.When.Source, "    ")
	fmt.Fprintf(w, "    then: %s\n", r.Then)
	return w.String()
}

// Hash identifies what the policy says: the SHA-256 of its canonical form, in hexadecimal.
func (p *Policy) Hash() string {
	sum := sha256.Sum256(p.YAML())
	return hex.EncodeToString(sum[:])
}

// String names the bands as a policy file does.
func (b Bands) String() string {
	for _, n := range bandNames {
		if n.bands == b {
			return n.name
		}
	}
	e := b.Edges
	return fmt.Sprintf("[%d, %d, %d, %d]", e[0], e[1], e[2], e[3])
}

// commented prints a line with a comment behind it.
func commented(w *bytes.Buffer, line, comment string) {
	fmt.Fprintf(w, "%-31s # %s\n", line, comment)
}

// rowCells returns the "cluster: action" pairs of a gate or of a row of the matrix.
func rowCells(row []dataset.Action) []string {
	if row[dataset.Unclustered] == row[dataset.NoCluster] {
		row = row[:dataset.Unclustered] // the same as missing, which need not be said
	}
	out := make([]string, len(row))
	for c, a := range row {
		out[c] = dataset.Cluster(c).String() + ": " + stepName(a)
	}
	return out
}

func stepName(s Step) string {
	if s == Next {
		return nextName
	}
	return s.String()
}

// aligned prints rows of cells as flow mappings whose columns stand below each other.
func aligned(heads []string, rows [][]string) []string {
	width := func(texts ...string) (n int) {
		for _, t := range texts {
			n = max(n, len(t))
		}
		return n
	}
	head := width(heads...)
	lines := make([]string, len(rows))
	for i, row := range rows {
		line := fmt.Sprintf("%-*s {", head, heads[i])
		for j, cell := range row {
			if j == len(row)-1 {
				line += cell + "}\n"
				break
			}
			var column []string
			for _, r := range rows {
				column = append(column, r[j])
			}
			line += fmt.Sprintf("%-*s", width(column...)+2, cell+",")
		}
		lines[i] = line
	}
	return lines
}

// plain matches the texts that YAML reads as themselves without quotes, save the words of keywords. It is narrower than
// the YAML rule, which depends on context.
var plain = regexp.MustCompile(`^[A-Za-z(][!"$-9;-~]*( [!"$-9;-~]+)*$`)

var keywords = set("true false null yes no on off y n nan inf")

// scalar prints a text of one line so that YAML reads it back as that text.
func scalar(s string) string {
	switch {
	case plain.MatchString(s) && !keywords[strings.ToLower(s)]:
		return s
	case strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return doubleQuoted(s)
}

// doubleQuoted prints any text in double quotes; what is not ASCII is escaped, which every YAML reader understands alike.
func doubleQuoted(s string) string {
	w := &strings.Builder{}
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.WriteByte('\\')
			w.WriteRune(r)
		case r == '\n':
			w.WriteString(`\n`)
		case r == '\t':
			w.WriteString(`\t`)
		case r >= ' ' && r <= '~':
			w.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(w, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(w, `\u%04x`, r)
		default:
			fmt.Fprintf(w, `\U%08x`, r)
		}
	}
	w.WriteByte('"')
	return w.String()
}

// printText prints a text that may be long: folded over lines where YAML joins them again by the single spaces they were
// broken at, so that conditions of a dozen codes stay readable.
func printText(w *bytes.Buffer, key, text, indent string) {
	if len(text) < foldAt || !foldable.MatchString(text) {
		fmt.Fprintf(w, "%s%s: %s\n", indent, key, scalar(text))
		return
	}
	fmt.Fprintf(w, "%s%s: >-\n", indent, key)
	for _, line := range wrapped(text, foldAt) {
		fmt.Fprintf(w, "%s  %s\n", indent, line)
	}
}

// foldable matches texts of printable ASCII words with single spaces between them.
var foldable = regexp.MustCompile(`^[!-~]+( [!-~]+)*$`)

// wrapped breaks a text at spaces into lines of at most width, before || and or rather than elsewhere.
func wrapped(text string, width int) []string {
	var lines []string
	for len(text) > width {
		cut := -1
		for _, before := range []string{" || ", " or ", " && ", " and ", " "} {
			if cut = strings.LastIndex(text[:width], before); cut > 0 {
				break
			}
		}
		if cut <= 0 {
			if cut = strings.IndexByte(text, ' '); cut < 0 {
				break
			}
		}
		lines = append(lines, text[:cut])
		text = text[cut+1:]
	}
	return append(lines, text)
}
