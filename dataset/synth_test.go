package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// synthText returns a history and its truth.
func synthText(t testing.TB, opt SynthOptions) ([]byte, Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := Synth(&b, opt)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

// A looseRecord is a record as any JSON reader sees it.
type looseRecord map[string]any

func (r looseRecord) product(name string) (map[string]any, string) {
	v, present := r[name]
	m, _ := v.(map[string]any)
	switch {
	case !present:
		return nil, "not_called"
	case v == nil:
		return nil, "missing"
	case m["status"] == "processing":
		return nil, "processing"
	case m["status"] == 404.0:
		return nil, "missing"
	case m["status"] == 500.0:
		return nil, "error"
	}
	return m, "ok"
}

func (r looseRecord) time(t testing.TB, name string) time.Time {
	at, err := time.Parse(time.RFC3339, r[name].(string))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func looseRecords(t testing.TB, text []byte) []looseRecord {
	t.Helper()
	var out []looseRecord
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if len(lines.Bytes()) >= 8<<10 {
			t.Fatalf("record %d has %d bytes, want less than 8 KiB", len(out), len(lines.Bytes()))
		}
		var r looseRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("record %d: %v", len(out), err)
		}
		out = append(out, r)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return out
}

func TestSynthIsDeterministic(t *testing.T) {
	opt := SynthOptions{Records: 3*chunkRecords + 7, Seed: 5, Mode: SynthWaterfall}
	want, wantTruth := synthText(t, opt)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, n := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(n)
		got, truth := synthText(t, opt)
		if !bytes.Equal(got, want) {
			t.Errorf("GOMAXPROCS %d: another history", n)
		}
		if d := cmp.Diff(wantTruth, truth); d != "" {
			t.Errorf("GOMAXPROCS %d: another truth: %s", n, d)
		}
	}
	again, _ := synthText(t, wantTruth.Options)
	if !bytes.Equal(again, want) {
		t.Error("the options of the truth make another history")
	}
	opt.Seed++
	if other, _ := synthText(t, opt); bytes.Equal(other, want) {
		t.Error("another seed makes the same history")
	}
}

// nearRate fails unless k of n is within 4.5 standard errors of p; deff is the design effect of records that are not independent.
func nearRate(t testing.TB, what string, k, n int64, p, deff float64) {
	t.Helper()
	if e := 4.5 * math.Sqrt(float64(n)*p*(1-p)*deff); math.Abs(float64(k)-float64(n)*p) > e {
		t.Errorf("%s: %d of %d, want %.1f within %.1f", what, k, n, float64(n)*p, e)
	}
}

func TestSynthRates(t *testing.T) {
	const n = 60_000
	_, truth := synthText(t, SynthOptions{Records: n, Rings: -1})
	nearRate(t, "fraud", truth.Fraud, n, 0.02, 1)
	s, o := truth.Products[0], truth.Products[1]
	nearRate(t, "session missing", s.Missing, n, 0.02, 1)
	nearRate(t, "session processing", s.Processing, n, 0.005, 1)
	nearRate(t, "session error", s.Error, n, 0.005, 1)
	nearRate(t, "onboarding error", o.Error, n, 0.005, 1)
	if o.Missing != 0 || o.NotCalled != 0 {
		t.Errorf("combined onboarding is missing %d times, not called %d times, want never", o.Missing, o.NotCalled)
	}
	// Shares 1/i and factors 1/2, 1, 3/2 scaled to mean one: 6/11, 3/11, 2/11 and 11/18, 11/9, 11/6.
	for i, want := range []struct{ share, rate float64 }{{6. / 11, 0.02 * 11 / 18}, {3. / 11, 0.02 * 11 / 9}, {2. / 11, 0.02 * 11 / 6}} {
		g := truth.Segments[0][i]
		nearRate(t, g.Key+" share", g.Records, n, want.share, 1)
		nearRate(t, g.Key+" fraud", g.Fraud, g.Records, want.rate, 1)
	}
	for _, m := range truth.Months {
		nearRate(t, m.Key+" fraud", m.Fraud, m.Records, 0.02, 1)
		if m.Records < n/12*8/10 {
			t.Errorf("%s has %d records, want about %d", m.Key, m.Records, n/12)
		}
	}
	_, truth = synthText(t, SynthOptions{Records: n})
	nearRate(t, "fraud with rings", truth.Fraud, n, 0.02, 1+0.1*(ringSize-1))
	_, truth = synthText(t, SynthOptions{Records: 1000, FraudRate: -1, Missing: -1, Processing: -1, Failed: -1, LabelDelay: -1})
	if truth.Fraud != 0 || truth.Products[0].OK != 1000 || truth.Products[1].OK != 1000 || truth.Labels.Known.Legit != 1000 {
		t.Errorf("negative rates are not none: %+v", truth)
	}
}

func TestSynthErrors(t *testing.T) {
	for want, opt := range map[string]SynthOptions{
		"records -1: want 0..1e12":                                       {Records: -1},
		`start "2025-13": want a month such as 2025-01`:                  {Start: "2025-13"},
		"months -1: want 1 or more":                                      {Months: -1},
		`mode "both": want combined or waterfall`:                        {Mode: "both"},
		`population "C": want A, B or N`:                                 {Population: "C"},
		"fraud rate 0.6: want at most 0.5":                               {FraudRate: 0.6},
		"missing NaN: want at most 1":                                    {Missing: math.NaN()},
		"missing, processing and failed add up to":                       {Missing: 0.9, Processing: 0.2},
		"gate 600..551: want low <= high":                                {GateLow: 600},
		"gate 451..1002: want low <= high and high in 1..1001":           {GateHigh: 1002},
		"label delay NaN: want at most 10000 days":                       {LabelDelay: math.NaN()},
		`segment "country": want name=value,value`:                       {Segments: []string{"country"}},
		`segment "a=x,x": value "x": want different values`:              {Segments: []string{"a=x,x"}},
		`segment "a=": value "": want different values`:                  {Segments: []string{"a="}},
		`segment "a=\"": value "\"": want different values`:              {Segments: []string{`a="`}},
		`segment "a.b=x": want name=value,value of at most 1000 bytes`:   {Segments: []string{"a.b=x"}},
		`segment "label": the name is taken`:                             {Segments: []string{"label=a,b"}},
		`segment "a": the name is taken`:                                 {Segments: []string{"a=x", "a=y"}},
		"as of 0001-06-01T00:00:00Z: want 1970..2200":                    {AsOf: time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC)},
		"months 5000: want 1 or more, ending before 2200":                {Months: 5000},
		"exploration 1.5: want at most 1, or a negative number for none": {Exploration: 1.5},
	} {
		var b bytes.Buffer
		if _, err := Synth(&b, opt); err == nil || !strings.HasPrefix(err.Error(), want) || b.Len() > 0 {
			t.Errorf("got %v and %d bytes, want %q", err, b.Len(), want)
		}
		if p := opt.FraudProbability(500, 500); !math.IsNaN(p) {
			t.Errorf("%s: probability %v, want NaN", want, p)
		}
	}
}

// A brokenPipe takes some writes and fails the next.
type brokenPipe struct{ left int }

var errPipe = errors.New("broken pipe")

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left == 0 {
		return 0, errPipe
	}
	p.left--
	return len(b), nil
}

func TestSynthWriteError(t *testing.T) {
	for left := range 4 {
		if _, err := Synth(&brokenPipe{left}, SynthOptions{Records: 10 * chunkRecords}); !errors.Is(err, errPipe) {
			t.Errorf("after %d writes: %v, want %v", left, err, errPipe)
		}
	}
	if err := SynthLabels(&brokenPipe{1}, SynthOptions{}); !errors.Is(err, errPipe) {
		t.Errorf("labels: %v, want %v", err, errPipe)
	}
}

// A byteCounter counts bytes.
type byteCounter struct{ n int64 }

func (d *byteCounter) Write(b []byte) (int, error) {
	d.n += int64(len(b))
	return len(b), nil
}

func BenchmarkSynth(b *testing.B) {
	const n = 50_000
	var d byteCounter
	for b.Loop() {
		d.n = 0
		if _, err := Synth(&d, SynthOptions{Records: n}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(d.n)
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
