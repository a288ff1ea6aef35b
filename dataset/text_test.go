package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

var idAndScore = []Field{{CustomerID, KindText}, {"session", KindState}}

// history returns n lines, some of them blank or bad.
func history(n int) string {
	var b strings.Builder
	for i := range n {
		switch {
		case i%17 == 3:
			b.WriteString("\r\n")
		case i%23 == 5:
			b.WriteString(`{"session":{"score":"x"}}` + "\n")
		case i%29 == 7:
			b.WriteString("{oops\n")
		default:
			fmt.Fprintf(&b, `{"customer_id":"c%d","pad":"%s","session":{"score":%d}}`+"\r\n", i, strings.Repeat("x", i%50), i%1001)
		}
	}
	return b.String()
}

func gzipped(t testing.TB, text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return out.String()
}

func zstded(t testing.TB, text string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// TestSameWhateverTheCut reads one history in every way: the records and the issues must not differ.
func TestSameWhateverTheCut(t *testing.T) {
	text := history(3000)
	plain := write(t, "h.jsonl", text)
	packed := write(t, "h.jsonl.gz", gzipped(t, text[:5000])+gzipped(t, text[5000:]))
	modern := write(t, "h.jsonl.zst", zstded(t, text[:5000])+zstded(t, text[5000:]))
	opt := Options{Fields: idAndScore}
	want, account, err := readAll(t, []string{plain}, nil, readConfig{opt: opt})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(want, "customer_id=c2999 session=997") || account.Read != 3000-177 {
		t.Fatalf("read %d records, the last is %s", account.Read, want[len(want)-1])
	}
	for _, name := range []string{plain, packed, modern, "-"} {
		for _, workers := range []int{1, 2, 7} {
			for _, chunk := range []int{1, 7, 64, 1000, 1 << 20} {
				got, a, err := readAll(t, []string{name}, strings.NewReader(text), readConfig{workers: workers, chunk: chunk, opt: opt})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s, %d workers, chunks of %d: %s", name, workers, chunk, diff)
				}
				base := name
				if name == "-" {
					base = "stdin"
				}
				if diff := cmp.Diff(strings.ReplaceAll(issues(account), "h.jsonl", "H"), strings.NewReplacer("h.jsonl.gz", "H", "h.jsonl.zst", "H", "h.jsonl", "H", "stdin", "H").Replace(issues(a))); diff != "" {
					t.Fatalf("%s, %d workers, chunks of %d: %s", base, workers, chunk, diff)
				}
			}
		}
	}
}

func TestIssueLines(t *testing.T) {
	_, a, err := readText(t, "\n{\"session\":{\"score\":1}}\r\n\n  \n{bad\n{\"session\":{\"score\":2000}}", idAndScore...)
	if err != nil {
		t.Fatal(err)
	}
	want := "bad_json 1\n  stdin:5: bad_json: want one JSON object on each line\n" +
		"score_out_of_range 1\n  stdin:6: score_out_of_range in session.score \"2000\": want 0..1000\n"
	if diff := cmp.Diff(want, issues(a)); diff != "" {
		t.Error(diff)
	}
}

// TestLongLines checks both sides of the limit, from a file and from a stream.
func TestLongLines(t *testing.T) {
	line := func(n int) string {
		head, tail := `{"customer_id":"a","pad":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	const limit = 1000
	text := line(limit) + "\n" + line(limit+1) + "\n" + line(50) + "\n" + line(9*limit) + "\n" + line(60) + "\n" + line(5*limit)
	name := write(t, "h.jsonl", text)
	for _, chunk := range []int{10, 128, 1000, 5000, 1 << 20} {
		for _, input := range []string{name, "-"} {
			got, a, err := readAll(t, []string{input}, strings.NewReader(text),
				readConfig{workers: 2, chunk: chunk, maxLine: limit, opt: Options{Fields: idAndScore[:1]}})
			if err != nil {
				t.Fatal(err)
			}
			good := "customer_id=a"
			if diff := cmp.Diff([]string{good, "rejected", good, "rejected", good, "rejected"}, got); diff != "" {
				t.Errorf("%s, chunks of %d: %s", input, chunk, diff)
			}
			if len(a.Issues) != 1 || a.Issues[0].Kind != LineTooLong || a.Issues[0].First[1].Line != 4 {
				t.Errorf("%s, chunks of %d: %s", input, chunk, issues(a))
			}
		}
	}
}

func TestNoLines(t *testing.T) {
	for _, text := range []string{"", "\n", "\xef\xbb\xbf", " \r\n\n"} {
		name := write(t, "h.jsonl", text)
		for _, input := range []string{name, "-"} {
			got, a, err := readAll(t, []string{input}, strings.NewReader(text), readConfig{opt: Options{Fields: idAndScore}})
			if err != nil || len(got) > 0 || a.Read != 0 || !slices.Contains(a.Files[0].Notes, "the file is empty") {
				t.Errorf("%q from %s: %v, %v, %v", text, input, got, err, a.Files)
			}
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	text := "\xef\xbb\xbf" + `{"customer_id":"a"}` + "\n" + `{"customer_id":"b"}`
	for _, content := range []string{text, gzipped(t, text)} {
		name := write(t, "h.jsonl", content)
		for _, chunk := range []int{1, 1 << 20} {
			got, _, err := readAll(t, []string{name}, nil, readConfig{chunk: chunk, opt: Options{Fields: idAndScore[:1]}})
			if diff := cmp.Diff([]string{"customer_id=a", "customer_id=b"}, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
	}
}

func TestDamagedStreams(t *testing.T) {
	text := history(2000)
	packed, modern := gzipped(t, text), zstded(t, text)
	flip := func(s string, i int) string { return s[:i] + string(s[i]^0x55) + s[i+1:] }
	for name, content := range map[string]string{
		"cut.gz":      packed[:len(packed)/2],
		"cutcrc.gz":   packed[:len(packed)-3],
		"crc.gz":      flip(packed, len(packed)-6),
		"garbage.gz":  packed + "garbage",
		"head.gz":     packed[:5],
		"cut.zst":     modern[:len(modern)/2],
		"crc.zst":     flip(modern, len(modern)-2),
		"garbage.zst": modern + "garbage",
	} {
		file := write(t, name, content)
		_, _, err := readAll(t, []string{file}, nil, readConfig{workers: 2, opt: Options{Fields: idAndScore}})
		if err == nil || !strings.HasPrefix(err.Error(), file+": "+map[bool]string{true: "gzip", false: "zstd"}[strings.HasSuffix(name, "gz")]) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// A broken file among others is named; so is every other broken one.
func TestEveryBrokenFileIsNamed(t *testing.T) {
	packed := gzipped(t, history(2000))
	a, b, c := write(t, "a.gz", packed[:1000]), write(t, "b.jsonl", history(10)), write(t, "c.gz", packed[:2000])
	_, _, err := readAll(t, []string{a, b, c}, nil, readConfig{workers: 3, opt: Options{Fields: idAndScore}})
	want := a + ": gzip: the file is cut off\n" + c + ": gzip: the file is cut off"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProgressReachesItsEnd(t *testing.T) {
	text := history(5000)
	for name, content := range map[string]string{"h.jsonl": text, "h.jsonl.gz": gzipped(t, text), "h.csv": "customer_id,x\na,b\n"} {
		s, err := Open(context.Background(), []string{write(t, name, content)}, nil, Options{Fields: idAndScore, Hash: true})
		if err != nil {
			t.Fatal(err)
		}
		var b Batch
		for err == nil {
			err = s.Next(context.Background(), &b)
		}
		if done, total := s.Progress(); done != total || total != int64(len(content)) {
			t.Errorf("%s: %d of %d, %d bytes", name, done, total, len(content))
		}
		if a, err := s.Account(); err != nil || len(a.Files[0].SHA256) != 64 {
			t.Error(a.Files, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Open(ctx, []string{write(t, "h.jsonl", history(100))}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cancel()
	if err := s.Next(ctx, &Batch{}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// A dictionary is kept while it is small: its entries never move, and the ID says so.
func TestDictionaries(t *testing.T) {
	var text strings.Builder
	for i := range 3 * BatchRows {
		id := i
		if i < BatchRows {
			id = i % 100
		}
		fmt.Fprintf(&text, `{"customer_id":"c%d","country":"%d"}`+"\n", id, i%7)
	}
	s, err := Open(context.Background(), []string{write(t, "h.jsonl", text.String())}, nil,
		Options{Fields: []Field{{CustomerID, KindText}, {"country", KindText}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b Batch
	dicts := map[uint64][]string{}
	n, without := 0, 0
	for s.Next(context.Background(), &b) == nil {
		for k := range b.Cols {
			c := &b.Cols[k]
			if c.DictID == 0 {
				without++
				continue
			}
			if old := dicts[c.DictID]; len(old) > len(c.Dict) || !slices.Equal(old, c.Dict[:len(old)]) {
				t.Fatalf("the dictionary %d changed", c.DictID)
			}
			dicts[c.DictID] = slices.Clone(c.Dict)
		}
		for i := range b.N {
			if got, want := b.Cols[1].Dict[b.Cols[1].Idx[i]], fmt.Sprint(n%7); got != want {
				t.Fatalf("record %d: %s, want %s", n, got, want)
			}
			if n >= BatchRows && b.Cols[0].Dict[b.Cols[0].Idx[i]] != fmt.Sprintf("c%d", n) {
				t.Fatalf("record %d has another id", n)
			}
			n++
		}
	}
	if n != 3*BatchRows || len(dicts) != 2 || without == 0 {
		t.Errorf("%d records, %d dictionaries with an ID, %d without", n, len(dicts), without)
	}
}

// The real histories have 7,214 and 10,000 records (shared/real/README.md).
func TestRealHistories(t *testing.T) {
	for name, want := range map[string]int64{"compas": 7214, "islr": 10000} {
		file := "../../shared/real/" + name + ".jsonl.gz"
		if _, err := os.Stat(file); err != nil {
			t.Skip(err)
		}
		_, a, err := readAll(t, []string{file}, nil, readConfig{workers: 2, opt: Options{Fields: allFields}})
		if err != nil || a.Read != want || a.Rejected != 0 {
			t.Errorf("%s: read %d, rejected %d, %v", name, a.Read, a.Rejected, err)
		}
	}
}

func FuzzJSONL(f *testing.F) {
	f.Add(history(40), 16)
	f.Add("{}\n{\"session\":{\"score\":1}}\n\n{", 1)
	f.Fuzz(func(t *testing.T, text string, chunk int) {
		name := write(t, "h.jsonl", "{}\n"+text)
		opt := Options{Fields: allFields, CheckIDs: true}
		one, a, err := readAll(t, []string{name}, nil, readConfig{workers: 1, opt: opt})
		size := max(1, chunk%4096, len(text)/200) // thousands of units try nothing that hundreds do not, and take seconds
		two, b, err2 := readAll(t, []string{name}, nil, readConfig{workers: 2, chunk: size, opt: opt})
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if diff := cmp.Diff(one, two) + cmp.Diff(issues(a), issues(b)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCutAfterAnother reads a file whose last line is cut after one that is whole: what stands behind the cut in the reader's memory is
// what was there before.
func TestCutAfterAnother(t *testing.T) {
	line := `{"customer_id":"c1","amount":1,"session":{"score":5,"device":{"a":1,"b":"x"},"z":1}}` + "\n"
	whole := write(t, "a.jsonl", strings.Repeat(line, 20))
	for at := 1; at < len(line)-1; at++ {
		cut := write(t, "b.jsonl", strings.Repeat(line, 10)+line[:at])
		rows, a, err := readAll(t, []string{whole, cut}, nil, readConfig{workers: 1, opt: Options{Fields: []Field{{"session", KindState}}}})
		if err != nil || a.Read != 31 || a.Rejected != 1 {
			t.Fatalf("cut at %d: %d rows, %d read, %d rejected, %v", at, len(rows), a.Read, a.Rejected, err)
		}
	}
}

func TestChunksOfRandomText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := "{}\n" + strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"\n", "\r", " ", `{"customer_id":"a"}`, "{}", "x", "\n\n"})).Draw(r, "parts"), "")
		name := write(t, "h.jsonl", text)
		opt := Options{Fields: idAndScore}
		want, wantAccount, err := readAll(t, []string{name}, nil, readConfig{opt: opt})
		if err != nil {
			r.Fatal(err)
		}
		got, account, err := readAll(t, []string{name}, nil, readConfig{workers: 2, chunk: rapid.IntRange(1, 20).Draw(r, "chunk"), opt: opt})
		if diff := cmp.Diff(want, got) + cmp.Diff(issues(wantAccount), issues(account)); diff != "" || err != nil {
			r.Fatal(diff, err)
		}
	})
}

func BenchmarkJSONL(b *testing.B) {
	line := `{"customer_id":"c1","timestamp":"2024-01-01T00:00:00.311147Z","amount":18.75,"label":0,"session":{"score":585,"score_cluster":"high"` +
		strings.Repeat(`,"has_mime_prototype_anomaly%d":"false","navigator_language%d":"en-US,en;q=0.9,it;q=0.8","ip_black_list_count%d":3`, 30) +
		`},"onboarding":{"phone":{"score":654,"number":"394245932283"},"score":{"score":518,"reason_codes":"RE012,TC013"}}}` + "\n"
	var args []any
	for i := range 90 {
		args = append(args, i)
	}
	name := write(b, "h.jsonl", strings.Repeat(fmt.Sprintf(line, args...), 20000))
	fi, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	fields := []Field{{"session", KindState}, {"onboarding", KindState}, {Timestamp, KindTime}, {Amount, KindAmount}, {LabelField, KindLabel}}
	b.SetBytes(fi.Size())
	start := time.Now()
	for b.Loop() {
		s, err := Open(context.Background(), []string{name}, nil, Options{Fields: fields})
		if err != nil {
			b.Fatal(err)
		}
		var batch Batch
		for err == nil {
			err = s.Next(context.Background(), &batch)
		}
		if a, err := s.Account(); err != nil || a.Read != 20000 || a.Rejected != 0 {
			b.Fatal(a.Read, a.Rejected, err)
		}
	}
	b.ReportMetric(20000*float64(b.N)/time.Since(start).Seconds(), "rows/s")
}
