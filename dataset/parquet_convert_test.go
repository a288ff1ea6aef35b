package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A listSource hands out batches that are at hand, a unit for each list of them.
type listSource struct {
	units []*listUnit
	next  int
}

type listUnit struct {
	scan *Scan
	rows [][]string // as cellText renders them
	cut  int        // records in a batch
	read int
}

func (s *listSource) info() FileInfo { return FileInfo{} }
func (s *listSource) close() error   { return nil }
func (u *listUnit) group() int       { return -1 }
func (u *listUnit) size() int64      { return int64(u.read) }

func (s *listSource) claim() (unit, error) {
	if s.next == len(s.units) {
		return nil, io.EOF
	}
	s.next++
	return s.units[s.next-1], nil
}

func (u *listUnit) fill(b *Batch) error {
	n := min(u.cut, len(u.rows)-u.read)
	if n == 0 {
		return io.EOF
	}
	b.Row = int64(u.read)
	b.reset(u.scan.fields, n)
	for k, f := range u.scan.fields {
		c := &b.Cols[k]
		c.clear(f.Kind, n)
		for i := range n {
			if row := u.rows[u.read+i]; row != nil { // else rejected
				setCell(f.Kind, c, i, row[k])
			}
		}
	}
	for i := range n {
		if u.rows[u.read+i] == nil {
			b.reject(i, BadScore, "session.score", "x")
		}
	}
	u.read += n
	return nil
}

// setCell is the reverse of cellText.
func setCell(kind Kind, c *Column, i int, text string) {
	t := []byte(text)
	switch kind {
	case KindState:
		if st, found := statusAliases[text]; found && text != "404" && text != "200" && text != "202" {
			c.State[i] = st.state()
			if st == OK {
				c.State[i] = NoScore
			}
		} else {
			c.State[i], _ = parseScore(t)
		}
	case KindTime, KindAmount:
		if text != "" {
			fmt.Sscan(text, &c.I64[i])
		}
	case KindNumber:
		c.F64[i], _ = parseNumber(t)
	case KindText, KindCodes:
		if text != "" {
			c.Idx[i] = uint32(len(c.Dict))
			c.Dict = append(c.Dict, text)
		}
	case KindBool:
		c.U8[i], _ = parseBool(t)
	case KindCluster:
		v, _ := parseCluster(t)
		c.U8[i] = uint8(v)
	case KindLabel:
		v, _ := parseLabel(t)
		c.U8[i] = uint8(v)
	case KindAction:
		v, _ := parseAction(t)
		c.U8[i] = uint8(v)
	}
}

var convertFields = []Field{{"session", KindState}, {"onboarding", KindState}, {"onboarding.phone", KindState}, {"login", KindState},
	{"session.score_cluster", KindCluster}, {"onboarding.score_cluster", KindCluster}, {LabelField, KindLabel}, {ActionField, KindAction}, {Timestamp, KindTime}, {LabelTime, KindTime},
	{Amount, KindAmount}, {"session.has_ai_agent", KindBool}, {"onboarding.ip.is_vpn", KindBool}, {"x.y", KindNumber}, {CustomerID, KindText}, {"onboarding.phone.reason_codes", KindCodes}}

// drawRow draws a record. A product whose cluster is recorded has a response.
func drawRow(t *rapid.T) []string {
	pick := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }
	state := func() string {
		if rapid.Bool().Draw(t, "scored") {
			return fmt.Sprint(rapid.IntRange(0, MaxScore).Draw(t, "score"))
		}
		return pick(statusNames[:]...)
	}
	clusters := func(state string) string {
		if state == "absent" {
			return ""
		}
		return pick("", "very_low", "low", "review", "high", "very_high")
	}
	session, onboarding := state(), state()
	whole := func(limit int64) string {
		if rapid.Bool().Draw(t, "absent") {
			return ""
		}
		return fmt.Sprint(rapid.Int64Range(0, limit).Draw(t, "int"))
	}
	number := ""
	if rapid.Bool().Draw(t, "numbered") {
		number = fmt.Sprint(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "float"))
	}
	return []string{session, onboarding, state(), state(), clusters(session), clusters(onboarding), pick("", "legit", "fraud"), pick(actionNames[:]...), whole(maxTime - 1), whole(maxTime - 1),
		whole(maxAmount - 1), pick("", "true", "false"), pick("", "true", "false"), number,
		rapid.StringMatching(`[a-zé=", ]{0,12}`).Draw(t, "id"), pick("", "RC001", "RC001,TC002")}
}

// TestConvert: what is written is what is read back, and its bytes do not depend on the number of workers.
func TestConvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawRow), 0, 20), 0, 6).Draw(t, "units")
		bad := rapid.IntRange(0, 40).Draw(t, "bad")
		cut := rapid.IntRange(1, 7).Draw(t, "cut")
		var want [][]string
		n := 0
		for _, u := range units {
			for i := range u {
				if n++; n == bad {
					u[i] = nil
				} else {
					want = append(want, normal(u[i]))
				}
			}
		}
		var files [][]byte
		for _, workers := range []int{1, 4} {
			s := &Scan{opt: Options{Fields: convertFields}, fields: convertFields, inputs: []input{{name: "list"}}, units: make([][]unitInfo, 1)}
			src := &listSource{}
			for _, u := range units {
				src.units = append(src.units, &listUnit{scan: s, rows: u, cut: cut})
			}
			s.sources = []source{src}
			var buf bytes.Buffer
			a, err := convert(context.Background(), s, workers, &buf, compress.Codecs.Snappy) // arrow takes milliseconds to begin a zstd page
			if err != nil {
				t.Fatal(err)
			}
			if a.Read != int64(n) || a.Read-a.Rejected != int64(len(want)) {
				t.Fatalf("read %d, rejected %d, want %d read and %d written", a.Read, a.Rejected, n, len(want))
			}
			files = append(files, buf.Bytes())
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Fatal("the bytes depend on the number of workers")
		}
		s, err := parquetScan(false, convertFields, memoryInput(files[0]))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.sources[0].info().Columns {
			if f.Path == nil {
				t.Fatalf("%s was not found again", f.Field.Name)
			}
		}
		got, err := scanRows(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("want -, got +\n%s", diff)
		}
	})
}

// normal renders numbers as cellText does.
func normal(row []string) []string {
	row = slices.Clone(row)
	var c Column
	for k, f := range convertFields {
		c.clear(f.Kind, 1)
		setCell(f.Kind, &c, 0, row[k])
		row[k] = cellText(f.Kind, &c, 0)
	}
	return row
}

// TestConvertErrors: a writer that fails and a cancelled context end all workers.
func TestConvertErrors(t *testing.T) {
	scan := func() *Scan {
		fields := []Field{{CustomerID, KindText}}
		s := &Scan{opt: Options{Fields: fields}, fields: fields, inputs: []input{{name: "list"}}, units: make([][]unitInfo, 1)}
		src := &listSource{}
		for range 50 {
			src.units = append(src.units, &listUnit{scan: s, rows: slices.Repeat([][]string{{"id"}}, 50_000), cut: BatchRows})
		}
		s.sources = []source{src}
		return s
	}
	broken := errors.New("disk full")
	if _, err := Convert(context.Background(), scan(), 3, failingWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("a failing writer: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Convert(ctx, scan(), 3, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	s := &Scan{opt: Options{Fields: []Field{{"a.b", KindText}, {"a_b", KindText}}}}
	if _, err := Convert(context.Background(), s, 1, &bytes.Buffer{}); err == nil {
		t.Error("two fields of one column: no error")
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
