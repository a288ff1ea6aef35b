package reports

import (
	"bytes"
	"testing"
)

// FuzzParseReport reads reports that anybody may have edited: what is accepted can be written in every form.
func FuzzParseReport(f *testing.F) {
	var text bytes.Buffer
	d := gallery()
	d.Data = object{{"schema_version", reportVersion}, {"kind", reportKind}, {"month", "2026-03"}, {"document", documentJSON(d)}}
	if err := JSON(&text, d); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		ParsePrevious("report.json", text)
		d, err := ParseReport("report.json", text)
		if err != nil {
			return
		}
		for _, format := range []string{"text", "markdown", "html", "json"} {
			var out bytes.Buffer
			if err := Write(&out, d, format, TextOptions{}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
		}
	})
}
