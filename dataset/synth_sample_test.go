package dataset

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The flag is shared by all goldens of the package, whichever file defines it.
func init() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "rewrite the golden files")
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// sampleAsOf is when the labels of the samples were read: 120 days after the end of May, so that June is not mature.
var sampleAsOf = time.Date(2025, 9, 28, 0, 0, 0, 0, time.UTC)

// The samples of testdata/sample. testdata/README.md describes them; both are about the same people.
var (
	sampleCombined  = SynthOptions{Records: 6000, Seed: 2025, Months: 6, FraudRate: 0.03, Strings: true, Details: true, AsOf: sampleAsOf}
	sampleWaterfall = SynthOptions{Records: 6000, Seed: 2025, Months: 6, FraudRate: 0.03, Mode: SynthWaterfall, NoLabels: true, BlockedUnlabeled: true, Details: true, AsOf: sampleAsOf}
)

func TestSamples(t *testing.T) {
	history := func(opt SynthOptions) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := Synth(w, opt)
			return err
		}
	}
	for name, write := range map[string]func(io.Writer) error{
		"combined.jsonl.gz":  history(sampleCombined),
		"waterfall.jsonl.gz": history(sampleWaterfall),
		"labels.csv":         func(w io.Writer) error { return SynthLabels(w, sampleWaterfall) },
	} {
		var want bytes.Buffer
		if err := write(&want); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("..", "testdata", "sample", name)
		zipped := filepath.Ext(name) == ".gz"
		if updating() {
			updateSample(t, path, want.Bytes(), zipped)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 700<<10 {
			t.Errorf("%s has %d bytes, want at most 700 KiB: it is in everybody's checkout", name, len(got))
		}
		if zipped {
			got = unzipSample(t, got)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what its options make; go test ./dataset -run TestSamples -update rewrites it", name)
		}
	}
}

// updateSample writes a sample. A gzip header without name and time makes the file a function of its content.
func updateSample(t *testing.T, path string, text []byte, zipped bool) {
	t.Helper()
	if zipped {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		text = b.Bytes()
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// unzipSample returns the content: compressors may change between versions of Go, so the compressed bytes are not compared.
func unzipSample(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("the gzip header has name %q and time %v, want neither", z.Name, z.ModTime)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSampleReadme holds the table of testdata/README.md to the truth.
func TestSampleReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "testdata", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var columns [2][]string
	for i, opt := range []SynthOptions{sampleCombined, sampleWaterfall} {
		truth, err := Synth(io.Discard, opt)
		if err != nil {
			t.Fatal(err)
		}
		s, o, l := truth.Products[0], truth.Products[1], truth.Labels
		lost := "none"
		if l.Blocked.Records > 0 {
			lost = readmeFraud(l.Blocked)
		}
		actions := []int64{}
		for _, a := range truth.Actions {
			actions = append(actions, a.Records)
		}
		columns[i] = []string{readmeCounts(truth.Records), readmeCounts(truth.Fraud), readmeCounts(s.OK, s.Missing, s.Processing, s.Error),
			readmeCounts(o.OK, o.Processing, o.Error, o.NotCalled), readmeCounts(actions...), readmeFraud(l.Known), readmeFraud(l.Immature), lost}
	}
	for i := range columns[0] {
		if row := "| " + columns[0][i] + " | " + columns[1][i] + " |\n"; !strings.Contains(string(text), row) {
			t.Errorf("testdata/README.md has no row that ends in %q", row)
		}
	}
}

func readmeFraud(c TruthCount) string {
	return readmeCounts(c.Records) + " (" + readmeCounts(c.Fraud) + ")"
}

// readmeCounts writes counts below a million as the README does: 5,812 / 120.
func readmeCounts(counts ...int64) string {
	var out []string
	for _, n := range counts {
		s := strconv.FormatInt(n, 10)
		if n >= 1000 {
			s = s[:len(s)-3] + "," + s[len(s)-3:]
		}
		out = append(out, s)
	}
	return strings.Join(out, " / ")
}
