package dataset

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"
	"github.com/google/go-cmp/cmp"
)

// readFields reads the fields of a file that is held in memory, with both decoders.
func readFields(t *testing.T, b []byte, fields ...Field) ([][]string, Account) {
	t.Helper()
	var rows [2][][]string
	var a Account
	for i, slow := range []bool{true, false} {
		s, err := parquetScan(slow, fields, memoryInput(b))
		if err != nil {
			t.Fatal(err)
		}
		if rows[i], a, err = readParquet(t, s); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(rows[0], rows[1]); diff != "" {
		t.Fatalf("arrow -, own +\n%s", diff)
	}
	return rows[1], a
}

func textNode(t testing.TB, name string) schema.Node {
	return leafNode(t, name, optional, parquet.Types.ByteArray, schema.StringLogicalType{}, -1)
}

func intNode(t testing.TB, name string) schema.Node {
	return leafNode(t, name, optional, parquet.Types.Int64, nil, -1)
}

func column(rows [][]string, k int) string {
	var out []string
	for _, r := range rows {
		if len(r) == 1 && r[0] == "rejected" {
			out = append(out, r[0])
		} else {
			out = append(out, r[k])
		}
	}
	return strings.Join(out, " ")
}

// TestParquetNested has a null at every level of onboarding.score.score: the response, the claim, the score.
func TestParquetNested(t *testing.T) {
	nodes := schema.FieldList{
		groupNode(t, "onboarding", optional,
			groupNode(t, "score", optional, intNode(t, "score"), textNode(t, "score_cluster")),
			groupNode(t, "phone", required, intNode(t, "score"))),
		groupNode(t, "session", required, leafNode(t, "score", required, parquet.Types.Int64, nil, -1)),
	}
	b := writeParquet(t, nodes, [][]testChunk{{
		{[]int64{700, 1000}, []int16{0, 1, 2, 3, 3}},
		{[]string{"high"}, []int16{0, 1, 2, 2, 3}},
		{[]int64{0}, []int16{0, 1, 2, 1, 1}},
		{[]int64{1, 2, 3, 4, 5}, nil},
	}})
	rows, _ := readFields(t, b, Field{"onboarding", KindState}, Field{"onboarding.score_cluster", KindCluster},
		Field{"onboarding.phone", KindState}, Field{"session", KindState})
	for k, want := range []string{"absent ok ok 700 1000", "    high", "absent absent 0 absent absent", "1 2 3 4 5"} {
		if got := column(rows, k); got != want {
			t.Errorf("column %d: %q, want %q", k, got, want)
		}
	}
}

// TestParquetStatus: an explicit status wins, a recorded cluster proves a response where it is read, too.
func TestParquetStatus(t *testing.T) {
	nodes := schema.FieldList{intNode(t, "session_score"), textNode(t, "session_status"), intNode(t, "login.score"), textNode(t, "login.score_cluster")}
	b := writeParquet(t, nodes, [][]testChunk{{
		{[]int64{500, 500, 500, 500}, []int16{1, 1, 0, 0, 1, 0, 1}},
		{[]string{"ok", "not_called", "ok", "404", "503", "processing"}, []int16{1, 1, 1, 1, 1, 1, 0}},
		{[]int64{9}, []int16{0, 0, 0, 0, 0, 1, 0}},
		{[]string{"low", "low"}, []int16{0, 0, 0, 1, 0, 1, 0}},
	}})
	rows, _ := readFields(t, b, Field{"session", KindState}, Field{"login", KindState})
	for k, want := range []string{"500 not_called ok missing error processing 500", "absent absent absent absent absent 9 absent"} {
		if got := column(rows, k); got != want {
			t.Errorf("column %d: %q, want %q", k, got, want)
		}
	}
	rows, _ = readFields(t, b, Field{"login", KindState}, Field{"login.score_cluster", KindCluster})
	if got, want := column(rows, 0), "absent absent absent ok absent 9 absent"; got != want {
		t.Errorf("with its cluster: %q, want %q", got, want)
	}
}

// TestParquetCandidates: the best place that holds a value wins, record by record.
func TestParquetCandidates(t *testing.T) {
	nodes := schema.FieldList{
		groupNode(t, "session", optional, intNode(t, "score"), textNode(t, "reason_codes")),
		intNode(t, "session.score"), intNode(t, "session_score"), textNode(t, "session_reason_codes"),
	}
	b := writeParquet(t, nodes, [][]testChunk{{
		{[]int64{100}, []int16{2, 1, 1, 0}},
		{[]string{"A", ""}, []int16{2, 2, 1, 0}},
		{[]int64{200, 201}, []int16{1, 1, 0, 0}},
		{[]int64{300, 301, 302}, []int16{1, 1, 1, 0}},
		{[]string{"B", "C", "D"}, []int16{0, 1, 1, 1}},
	}})
	rows, _ := readFields(t, b, Field{"session", KindState}, Field{"session.reason_codes", KindCodes})
	for k, want := range []string{"100 201 302 absent", "A B C D"} {
		if got := column(rows, k); got != want {
			t.Errorf("column %d: %q, want %q", k, got, want)
		}
	}
}

// TestParquetRejects checks both sides of each bound, from dictionaries and plain pages, between nulls.
func TestParquetRejects(t *testing.T) {
	nodes := schema.FieldList{intNode(t, "session_score"), leafNode(t, "amount", optional, parquet.Types.Double, nil, -1), textNode(t, "label")}
	zero := 0.0
	for _, dict := range []bool{true, false} {
		b := writeParquet(t, nodes, [][]testChunk{{
			{[]int64{0, -1, 1000, 1001, 1 << 62, -1 << 63}, []int16{1, 1, 0, 1, 1, 1, 1, 0}},
			{[]float64{0, -0.01, zero / zero, 1e12 - 0.01, 1e12, 1.005, 5}, []int16{1, 1, 1, 0, 1, 1, 1, 1}},
			{[]string{"ko", "mallory@example.com"}, []int16{1, 0, 0, 0, 0, 0, 0, 1}},
		}}, parquet.WithDictionaryDefault(dict))
		rows, a := readFields(t, b, Field{"session", KindState}, amountField, Field{LabelField, KindLabel})
		want := [][]string{{"0", "0", "fraud"}, {"rejected"}, {"rejected"}, {"1000", "", ""}, {"rejected"}, {"rejected"}, {"rejected"}, {"rejected"}}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("dictionary %v: want -, got +\n%s", dict, diff)
		}
		if a.Read != 8 || a.Rejected != 6 {
			t.Errorf("dictionary %v: read %d, rejected %d, want 8 and 6", dict, a.Read, a.Rejected)
		}
		var counts []string
		for _, c := range a.Issues {
			for _, i := range c.First {
				counts = append(counts, i.Error())
			}
		}
		wantIssues := []string{
			"test.parquet: row group 0, row 2: score_out_of_range in session.score \"-1\": want 0..1000",
			"test.parquet: row group 0, row 5: score_out_of_range in session.score \"1001\": want 0..1000",
			"test.parquet: row group 0, row 6: score_out_of_range in session.score (a number of 19 digits): want 0..1000",
			"test.parquet: row group 0, row 7: score_out_of_range in session.score (a number of 19 digits): want 0..1000",
			"test.parquet: row group 0, row 8: unknown_label in label (19 characters): want " + BadLabel.Allowed(),
			"test.parquet: row group 0, row 3: nan_amount in amount \"NaN\": want a finite number",
			"test.parquet: row group 0, row 2: negative_amount in amount \"-0.01\": want 0 or more",
			"test.parquet: row group 0, row 6: bad_amount in amount (a number of 13 digits): want a number below 1e12",
		}
		if diff := cmp.Diff(wantIssues, counts); diff != "" {
			t.Errorf("dictionary %v: want -, got +\n%s", dict, diff)
		}
	}
}

// fakeJSON reads the score of {"score":...} and nothing else.
type fakeJSON struct{ field int }

func (f fakeJSON) start(b *Batch)  {}
func (f fakeJSON) finish(b *Batch) {}
func (f fakeJSON) record(b *Batch, i int, text []byte) {
	digits := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(text)), `{"score":`), "}")
	b.Cols[f.field].State[i], _ = parseScore([]byte(digits))
}

// TestParquetRawMatch: a text column is a raw response only if it looks like one, and columns of their own win over it.
func TestParquetRawMatch(t *testing.T) {
	nodes := schema.FieldList{textNode(t, "session"), textNode(t, "ip"), intNode(t, "session_score")}
	b := writeParquet(t, nodes, [][]testChunk{{
		{[]string{" {\"score\":7}", `{"score":8}`}, []int16{0, 1, 1, 0}},
		{[]string{"10.0.0.1", "10.0.0.2", "{", "{"}, []int16{1, 1, 1, 1}},
		{[]int64{80, 90}, []int16{0, 0, 1, 1}},
	}})
	s, err := parquetScan(false, []Field{{"session", KindState}, {"onboarding.ip.is_vpn", KindBool}}, memoryInput(b))
	if err != nil {
		t.Fatal(err)
	}
	p := s.sources[0].(*parquetSource)
	if len(p.layout.raws) != 1 || !slices.Equal(p.layout.raws[0].prefix, Path{"session"}) {
		t.Fatalf("raw columns %+v, want session alone", p.layout.raws)
	}
	p.newRaw = func([]wanted, []Field, Path) rawJSON { return fakeJSON{0} }
	rows, _, err := readParquet(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := column(rows, 0), "absent 7 80 90"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	var names []string
	for _, c := range p.schemaColumns() {
		names = append(names, c.Path.String()+" "+c.Kind.String()+map[bool]string{true: " raw"}[c.Raw])
	}
	if got, want := strings.Join(names, ", "), "session text raw, ip text, session_score number"; got != want {
		t.Errorf("columns %q, want %q", got, want)
	}
}
