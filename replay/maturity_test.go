package replay

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestMaturityLabel has both sides of each edge.
func TestMaturityLabel(t *testing.T) {
	const day = microsPerDay
	m := Maturity{Days: 10, AsOf: 100 * day}
	for _, tt := range []struct {
		label     dataset.Label
		at, known int64
		want      dataset.Label
	}{
		{dataset.Fraud, 90 * day, dataset.NoTime, dataset.Fraud}, // exactly ten days old
		{dataset.Fraud, 90*day + 1, dataset.NoTime, dataset.Unlabeled},
		{dataset.Legit, 90*day + 1, 95 * day, dataset.Unlabeled},
		{dataset.Legit, 90 * day, dataset.NoTime, dataset.Legit},
		{dataset.Fraud, 50 * day, 60 * day, dataset.Fraud}, // reported on the last moment
		{dataset.Fraud, 50 * day, 60*day + 1, dataset.Legit},
		{dataset.Legit, 50 * day, 99 * day, dataset.Legit}, // was not fraud at ten days either
		{dataset.Unlabeled, 50 * day, dataset.NoTime, dataset.Unlabeled},
		{dataset.Fraud, dataset.NoTime, 1, dataset.Unlabeled},
	} {
		if got := m.Label(tt.label, tt.at, tt.known); got != tt.want {
			t.Errorf("%v at %d known %d: %v, want %v", tt.label, tt.at, tt.known, got, tt.want)
		}
		if got := (Maturity{}).Label(tt.label, tt.at, tt.known); got != tt.label {
			t.Errorf("without maturity %v becomes %v", tt.label, got)
		}
	}
	for _, days := range []int{-1, MaxMaturity + 1} {
		if _, err := NewPlan(Question{Maturity: Maturity{Days: days}}); err == nil {
			t.Errorf("%d days are taken", days)
		}
	}
}

// TestMaturePlan: a batch that was matured counts as records whose labels were changed by hand.
func TestMaturePlan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "p")
		first := dataset.MonthStart(24000)
		m := Maturity{Days: rapid.IntRange(1, 60).Draw(rt, "days"), AsOf: first + rapid.Int64Range(0, 120).Draw(rt, "as of")*microsPerDay}
		plan, err := NewPlan(Question{Policies: []*Policy{p}, Maturity: m})
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 40).Draw(rt, "rows")
		known := make([]int64, len(rows))
		for i := range known {
			known[i] = rapid.SampledFrom([]int64{dataset.NoTime, first, first + 20*microsPerDay, first + 100*microsPerDay}).Draw(rt, "known")
		}
		b := rowsBatch(t, plan, rows)
		copy(b.Cols[plan.known].I64, known)
		var count dataset.MatureCount
		plan.mature(b, &count)
		builder := NewBuilder(plan)
		if err := builder.Add(b); err != nil {
			rt.Fatal(err)
		}
		cube, err := builder.Cube()
		if err != nil {
			rt.Fatal(err)
		}
		got, err := cube.Run(p)
		if err != nil {
			rt.Fatal(err)
		}
		immature := int64(0)
		for i := range rows {
			if !rows[i].bad && (rows[i].time == dataset.NoTime || rows[i].time+int64(m.Days)*microsPerDay > m.AsOf) {
				immature++
			}
			rows[i].label = m.Label(rows[i].label, rows[i].time, known[i])
		}
		want := slowRun(p, used, Question{}, rows)
		if diff := cmp.Diff(want.Counts, got.Counts, cmpopts.EquateEmpty()); diff != "" || count.Immature != immature {
			rt.Fatalf("%d immature, want %d (-by hand +matured):\n%s", count.Immature, immature, diff)
		}
	})
}

// TestAges reads a history whose first record tells no age, and one that tells nothing.
func TestAges(t *testing.T) {
	ages := func(text string) (whole, first Ages) {
		open := func() *dataset.Scan {
			scan, err := dataset.Open(t.Context(), []string{"-"}, strings.NewReader(text), dataset.Options{Fields: AgeFields})
			if err != nil {
				t.Fatal(err)
			}
			return scan
		}
		whole, err := ReadAges(t.Context(), open(), 2)
		if err != nil {
			t.Fatal(err)
		}
		if first, err = PeekAges(t.Context(), open()); err != nil {
			t.Fatal(err)
		}
		return whole, first
	}
	const known, timed, aged = `{"label":"ok","label_time":"2025-03-01T00:00:00Z"}` + "\n", `{"timestamp":"2025-01-01T00:00:00Z","label":"ok"}` + "\n",
		`{"timestamp":"2025-01-02T00:00:00Z","label":"ko","label_time":"2025-02-01T00:00:00Z"}` + "\n"
	day := func(month, day int) int64 {
		return time.Date(2025, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	for _, c := range []struct {
		text string
		want Ages
	}{
		{known, Ages{day(3, 1), 0}},
		{timed, Ages{day(1, 1), 0}},
		{timed + aged + timed, Ages{day(2, 1), 1}},
		{`{"label":"ok"}` + "\n", Ages{dataset.NoTime, 0}},
		{`{"timestamp":"2025-01-02T00:00:00Z","label_time":"when"}` + "\n" + timed, Ages{day(1, 1), 0}}, // a bad record
	} {
		if whole, first := ages(c.text); whole != c.want || first != c.want {
			t.Errorf("%s: %v, and %v in the first records, want %v", c.text, whole, first, c.want)
		}
	}
	// Beyond the first batch only the whole history tells.
	if whole, first := ages(strings.Repeat(timed, dataset.BatchRows) + aged); whole.Aged != 1 || first.Aged != 0 {
		t.Errorf("%v in all and %v in the first records", whole, first)
	}
}

// TestLabelTimes counts what a plan without maturity is asked to count, and that it changes nothing else.
func TestLabelTimes(t *testing.T) {
	text := `{"timestamp":"2025-01-01T00:00:00Z","label":"ok","session":{"score":700}}
{"timestamp":"2025-01-01T00:00:00Z","label":"ko","label_time":"2025-02-01T00:00:00Z","session":{"score":700}}
{"timestamp":"2025-01-01T00:00:00Z","session":{"score":701}}
{"timestamp":"2025-01-01T00:00:00Z","label":"ok","label_time":"2025-02-01T00:00:00Z","session":{"score":2000}}
`
	p, _ := Builtin("guide-session")
	run := func(q Question) *Cube {
		q.Policies = []*Policy{p}
		plan, err := NewPlan(q)
		if err != nil {
			t.Fatal(err)
		}
		scan, err := dataset.Open(t.Context(), []string{"-"}, strings.NewReader(text), dataset.Options{Fields: plan.Fields()})
		if err != nil {
			t.Fatal(err)
		}
		cube, err := Build(t.Context(), plan, scan, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		return cube
	}
	bare, asked, matured := run(Question{}), run(Question{LabelTimes: true}), run(Question{LabelTimes: true, Maturity: Maturity{Days: 1}})
	if bare.Account.LabelTimes != nil || matured.Account.LabelTimes != nil || matured.Account.Mature == nil {
		t.Errorf("label times are counted unasked: %+v, %+v", bare.Account, matured.Account)
	}
	if got := asked.Account.LabelTimes; got == nil || *got != (dataset.LabelTimes{Labeled: 2, Known: 1}) || got.Unknown() {
		t.Errorf("%+v", got)
	}
	before, _ := bare.Run(p)
	after, _ := asked.Run(p)
	if diff := cmp.Diff(before.Counts, after.Counts); diff != "" {
		t.Error(diff)
	}
	for _, l := range []*dataset.LabelTimes{nil, {}, {Known: 1}, {Labeled: 1, Known: 1}} {
		if l.Unknown() {
			t.Errorf("maturity of %+v is unknown", l)
		}
	}
	if l := (&dataset.LabelTimes{Labeled: 1}); !l.Unknown() {
		t.Error("maturity of labels without a time is known")
	}
}
