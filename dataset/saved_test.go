package dataset

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// savedFields are those of the saved cubes below.
var savedFields = []Field{{"session", KindState}, {LabelField, KindLabel}, {Amount, KindAmount}, {Timestamp, KindTime}}

// writeSaved writes a saved cube of three rows and six records.
func writeSaved(t *testing.T, name string, about Saved) string {
	t.Helper()
	var out bytes.Buffer
	w, err := NewSavedWriter(&out, savedFields)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch(savedFields, 3)
	copy(b.Cols[0].State, []State{Scored(100), Scored(649), Absent.state()})
	copy(b.Cols[1].U8, []uint8{uint8(Fraud), uint8(Legit), uint8(Unlabeled)})
	copy(b.Cols[2].I64, []int64{12345, 100, NoAmount})
	copy(b.Cols[3].I64, []int64{MonthStart(2026 * 12), MonthStart(2026*12 + 1), NoTime})
	b.Weights = []int64{1, 2, 3}
	if err := w.Add(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(about); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// readSaved reads saved cubes to their end.
func readSaved(files ...string) (Account, error) {
	saved, err := PeekSaved(files, "")
	if err != nil {
		return Account{}, err
	}
	s, err := Open(context.Background(), files, nil, Options{Fields: savedFields, Saved: saved})
	if err != nil {
		return Account{}, err
	}
	var b Batch
	for err == nil {
		err = s.Next(context.Background(), &b)
	}
	if err != io.EOF {
		return Account{}, err
	}
	return s.Account()
}

var savedTotals = SavedTotals{Read: 8, Rejected: 2, Records: 6, Fraud: 1, Legit: 2, Unlabeled: 3, NoAmount: 3, AmountMinor: 12445}

func TestSavedAccount(t *testing.T) {
	about := Saved{Totals: &savedTotals, IDsChecked: true, Period: &SavedPeriod{1, 2}, Issues: []SavedIssue{{"bad_score", 2, []SavedPlace{{File: "x", Line: 3}}}}}
	one, two := writeSaved(t, "one.parquet", about), writeSaved(t, "two.parquet", about)
	a, err := readSaved(one, two)
	if err != nil {
		t.Fatal(err)
	}
	if a.Read != 16 || a.Rejected != 4 || !a.IDsChecked || *a.Period != (Period{1, 2}) || a.Files[1].Records != 8 {
		t.Errorf("%+v", a)
	}
	if len(a.Issues) != 1 || a.Issues[0].Kind != BadScore || a.Issues[0].Count != 4 || len(a.Issues[0].First) != 2 {
		t.Errorf("issues %+v", a.Issues)
	}
	// Without totals the rows are all there is, and the last month may have records up to its end.
	a, err = readSaved(writeSaved(t, "bare.parquet", Saved{}))
	if first, last := a.Period.Days(); err != nil || a.Read != 6 || first != "2026-01-01" || last != "2026-02-28" {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestSavedTotals changes each total in turn: the rows do not hold to it any more, and the error names it.
func TestSavedTotals(t *testing.T) {
	for name, change := range map[string]func(*SavedTotals){
		"records 7, its rows have 6":                 func(s *SavedTotals) { s.Records++; s.Read++ },
		"fraud 2, its rows have 1":                   func(s *SavedTotals) { s.Fraud++ },
		"legit 1, its rows have 2":                   func(s *SavedTotals) { s.Legit-- },
		"unlabeled 4, its rows have 3":               func(s *SavedTotals) { s.Unlabeled++ },
		"no_amount 0, its rows have 3":               func(s *SavedTotals) { s.NoAmount = 0 },
		"amount_minor 12446, its rows have 12445":    func(s *SavedTotals) { s.AmountMinor++ },
		"fraud 0, its rows have 1; legit 3, its row": func(s *SavedTotals) { s.Fraud--; s.Legit++ },
	} {
		totals := savedTotals
		change(&totals)
		file := writeSaved(t, "h.parquet", Saved{Totals: &totals})
		if _, err := readSaved(file); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), file) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}

// TestSavedBeside reads a saved cube where nobody expects one, and cubes that do not go together.
func TestSavedBeside(t *testing.T) {
	file := writeSaved(t, "h.parquet", Saved{})
	if _, err := Open(context.Background(), []string{file}, nil, Options{Fields: savedFields}); err == nil || !strings.Contains(err.Error(), "a saved cube") {
		t.Errorf("read as records: %v", err)
	}
	ripe := writeSaved(t, "ripe.parquet", Saved{Maturity: &SavedMaturity{Days: 30, AsOf: 86400e6}})
	if _, err := PeekSaved([]string{file, ripe}, ""); err == nil || !strings.Contains(err.Error(), "no maturity and of 30 days as of 1970-01-02") {
		t.Errorf("two maturities: %v", err)
	}
	coarse := writeSaved(t, "coarse.parquet", Saved{Fields: []string{"session"}, Edges: map[string][]int{"session": {226, 451}}})
	fine := writeSaved(t, "fine.parquet", Saved{Time: "day", Fields: []string{"label", "session"}, Edges: map[string][]int{"session": {300, 451}}})
	got, err := PeekSaved([]string{coarse, fine}, "")
	if err != nil || got.Time != "month" || !slices.Equal(got.Fields, []string{"session"}) || !got.Parts("session", 451) || got.Parts("session", 300) || !got.Parts("login", 1) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSavedMetadata reads what another program may have written as the metadata.
func TestSavedMetadata(t *testing.T) {
	for text, want := range map[string]string{
		`{"schema_version":1}`:                                                     "",
		`{"schema_version":1,"time":"day","new_key":[1]}`:                          "",
		`{"schema_version":1,"period":{"first":"2026-01-01","last":"2026-01-31"}}`: "",
		`{"schema_version":2}`:                                                     "want a newer trustreplay",
		`{}`:                                                                       "schema_version 0: want 1",
		`x`:                                                                        "trustreplay.cube",
		`{"schema_version":1,"time":"year"}`:                                       "want month, day or none",
		`{"schema_version":1,"edges":{"session":[451,226]}}`:                            "in order",
		`{"schema_version":1,"edges":{"face":[451]}}`:                                   "one of the products",
		`{"schema_version":1,"issues":[{"kind":"evil","count":1}]}`:                     "a kind of issue",
		`{"schema_version":1,"totals":{"read":3,"records":2}}`:                          "is not records 2",
		`{"schema_version":1,"totals":{"records":-1,"read":-1}}`:                        "want 0 or more",
		`{"schema_version":1,"maturity":{"days":-3}}`:                                   "a maturity of -3 days",
		`{"schema_version":1,"period":{"first":"2026-02-01","last":"2026-01-31"}}`:      "ends before it begins",
		`{"schema_version":1,"period":{"first":"yesterday","last":"2026-01-31"}}`:       `time "yesterday"`,
		`{"schema_version":1,"totals":{"read":9223372036854775807,"records":9e99}}`:     "totals.records",
		`{"schema_version":1,"totals":{"read":9223372036854775807,"rejected":-1}}`:      "want 0 or more",
		`{"schema_version":1,"label_times":{"labeled":1,"known":0},"ids_checked":true}`: "",
	} {
		_, err := parseSaved([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
}

// TestSavedByEngine reads what an engine writes: one key of plain metadata, its own types, sums as floating point.
func TestSavedByEngine(t *testing.T) {
	var out bytes.Buffer
	table, err := newParquetTable(&out, []TableColumn{{"timestamp", CellTime}, {"session_score", CellInt}, {"label", CellText}, {"records", CellInt}, {"amount", cellFloat}}, compress.Codecs.Snappy)
	if err != nil {
		t.Fatal(err)
	}
	float := func(v uint64) Cell { return Cell{Int: int64(v)} }
	for _, row := range [][]Cell{
		{{Int: 0}, {Int: 649}, {Text: "legit"}, {Int: 5}, float(0x405ee00000000000)}, // 123.5
		{{Int: 0}, {Int: NoInt}, {Text: ""}, {Int: 2}, {Int: int64(0x7ff8000000000001)}},
	} {
		if err := table.append(row); err != nil {
			t.Fatal(err)
		}
	}
	table.describe("trustreplay_cube", `{"schema_version":1,"totals":{"read":7,"records":7,"legit":5,"unlabeled":2,"no_amount":2,"amount_minor":12350}}`)
	if err := table.close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "engine.parquet")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := readSaved(file)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := a.Period.Days(); a.Read != 7 || first != "1970-01-01" || last != "1970-01-31" {
		t.Errorf("%+v", a)
	}
}
