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
	Rows          *int64             `json:"rows,omitempty"` // of a saved cube
	Inputs        []dataset.FileInfo `json:"inputs"`
	Issues        []issueJSON        `json:"issues"`
}

// Account tells what became of the records that were read for an output, such as the file that convert writes.
func Account(a dataset.Account, output string) Document {
	written := a.Read - a.Rejected
	d := Document{Title: thousands(written) + " records written to " + output,
		Data: accountJSON{schemaVersion, output, a.Read, written, a.Rejected, nil, a.Files, issuesJSON(a.Issues)}}
	files := fileTable(a.Files)
	d.Blocks = append(d.Blocks, Paragraph(thousands(a.Read)+" read = "+thousands(written)+" written + "+thousands(a.Rejected)+" rejected"), files)
	if len(a.Issues) > 0 {
		d.Blocks = append(d.Blocks, issueTable(a.Issues))
	}
	d.Tidy = files.(*Table)
	return d
}

// Saved is Account of a saved cube, whose rows stand for several records each.
func Saved(a dataset.Account, rows int64, output string) Document {
	d := Account(a, output)
	d.Title = thousands(a.Read-a.Rejected) + " records written to " + output + ", as " + thousands(rows) + " rows"
	data := d.Data.(accountJSON)
	data.Rows = &rows
	d.Data = data
	return d
}
