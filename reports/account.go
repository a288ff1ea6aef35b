package reports

import (
	"github.com/trustreplay/trustreplay/dataset"
)

type accountJSON struct {
	SchemaVersion int                `json:"schema_version"`
	Output        string             `json:"output"`
	Read          int64              `json:"read"`
	Written       int64              `json:"written"`
	Rejected      int64              `json:"rejected"`
	Inputs        []dataset.FileInfo `json:"inputs"`
	Issues        []issueJSON        `json:"issues"`
}

// Account tells what became of the records that were read for an output, such as the file that convert writes.
func Account(a dataset.Account, output string) Document {
	written := a.Read - a.Rejected
	d := Document{Title: thousands(written) + " records written to " + output,
		Data: accountJSON{schemaVersion, output, a.Read, written, a.Rejected, a.Files, issuesJSON(a.Issues)}}
	files := fileTable(a.Files)
	d.Blocks = append(d.Blocks, Paragraph(thousands(a.Read)+" read = "+thousands(written)+" written + "+thousands(a.Rejected)+" rejected"), files)
	if len(a.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(a.Issues))
	}
	d.Tidy = files.(*Table)
	return d
}
