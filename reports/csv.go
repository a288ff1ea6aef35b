package reports

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// CSV writes the document's tidy table: quoted as RFC 4180 says, with lines that end in a line feed, which is what the
// shell tools beside it expect. Numbers are plain; text that a spreadsheet would run as a formula is disarmed.
func CSV(w io.Writer, d Document) error {
	if d.Tidy == nil {
		return errors.New("csv: this answer has no single table, choose another format")
	}
	return writeCSV(w, d.Tidy)
}

func writeCSV(w io.Writer, t *Table) error {
	out := csv.NewWriter(w)
	row := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		row[i] = disarm(c.Name)
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for _, r := range t.Rows {
		for i, c := range r {
			row[i] = plain(c.Value)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// plain returns the text of a cell's value as another program reads it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return disarm(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case Amount:
		return v.Decimal()
	case replay.Money:
		return v.Decimal()
	case calibrate.Number:
		if !v.Defined() {
			return ""
		}
		return strconv.FormatFloat(float64(v), 'g', -1, 64)
	}
	panic(fmt.Sprintf("reports: no CSV form of a %T", v))
}

// formulaStarts begin a formula in one spreadsheet or another, the full-width forms included (OWASP, "CSV Injection"). Tabs
// and carriage returns, which do too, are gone by the time this is asked.
const formulaStarts = "=+-@＝＋－＠"

// disarm puts an apostrophe before a text that a spreadsheet would take for a formula. Spaces before it do not help.
func disarm(s string) string {
	s = clean(s)
	if t := strings.TrimLeft(s, " \u00A0\uFEFF"); t != "" && strings.ContainsRune(formulaStarts, []rune(t)[0]) {
		return "'" + s
	}
	return s
}
