package reports

import (
	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/dataset"
)

type verifyJSON struct {
	SchemaVersion int               `json:"schema_version"`
	Verified      bool              `json:"verified"`
	Claim         string            `json:"claim"`
	Withdrawn     string            `json:"withdrawn,omitempty"`
	SameFiles     bool              `json:"same_files"`
	Discrepancies []discrepancyJSON `json:"discrepancies"`
}

type discrepancyJSON struct {
	Field   string `json:"field"`
	Claimed string `json:"claimed"`
	Found   string `json:"found"`
}

// Verify arranges a certificate beside what recomputing it gave, nil where nothing is certified any more.
func Verify(cert, again *calibrate.Certificate, differ []calibrate.Discrepancy, account dataset.Account) Document {
	s := screen{account: account}
	out := verifyJSON{schemaVersion, len(differ) == 0 && cert.Withdrawn == "", cert.Claim, cert.Withdrawn, sameFiles(cert, again), []discrepancyJSON{}}
	t := &Table{Caption: "What differs", Columns: []Column{{Name: "field"}, {Name: "claimed"}, {Name: "found"}}}
	for _, d := range differ {
		out.Discrepancies = append(out.Discrepancies, discrepancyJSON(d))
		t.Rows = append(t.Rows, []Cell{textCell(d.Field), shortCell(d.Claimed), shortCell(d.Found)})
	}
	d := Document{Title: "The certificate holds: every figure was recomputed", Data: out, Tidy: t, Blocks: []Block{Paragraph(s.source()), Paragraph(cert.Claim)}}
	switch {
	case len(differ) > 0:
		d.Title = "The certificate does not hold for this policy and these records"
		d.Blocks = append(d.Blocks, t)
	case cert.Withdrawn != "":
		d.Title = "The figures are as claimed, and the promise was withdrawn"
		d.Blocks = append(d.Blocks, Paragraph(capital(cert.Withdrawn)+"."))
	}
	if len(differ) == 0 && !out.SameFiles {
		d.Blocks = append(d.Blocks, Paragraph("The files are others than those of the certificate, and hold the same records."))
	}
	return d
}

// sameFiles reports whether both certificates were computed from files of the same content, in whatever order.
func sameFiles(a, b *calibrate.Certificate) bool {
	if b == nil || len(a.Inputs) != len(b.Inputs) {
		return false
	}
	count := map[string]int{}
	for i := range a.Inputs {
		count[a.Inputs[i].SHA256]++
		count[b.Inputs[i].SHA256]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// shortCell shows the beginning of a long value; the whole is in the other formats.
func shortCell(text string) Cell {
	const most = 36
	c := textCell(text)
	if runes := []rune(text); len(runes) > most {
		c.Text = string(runes[:most-1]) + "…"
	}
	return c
}
