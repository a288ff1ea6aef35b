package replay

import (
	"testing"

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
