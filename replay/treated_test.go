package replay

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// slowTreated counts outcomes record by record.
func slowTreated(rows []row, keep func(row) bool) (want Treated) {
	for _, r := range rows {
		if r.bad || !keep(r) {
			continue
		}
		for i, t := range []*Treatment{&want.StepUps, &want.Reviews} {
			switch r.outcome[i] {
			case "passed", " Approved ", "PASS":
				t.Passed[r.label]++
			case "failed", "abandoned", "rejected":
				t.Stopped[r.label]++
			case "a@b.example":
				t.Other++
			}
		}
	}
	return want
}

// TestTreated compares the outcomes of a cube, and of the months that are cut from it, with counting record by record.
func TestTreated(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, _ := drawPolicy(rt, "p")
		q := Question{Policies: []*Policy{p}, Outcomes: true, By: rapid.SampledFrom([][]string{nil, {"month"}, {"country", "month"}}).Draw(rt, "by")}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err)
		}
		outcome := rapid.SampledFrom([]string{"", "", "passed", " Approved ", "PASS", "failed", "abandoned", "rejected", "a@b.example", "none"})
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			r := drawRow(t)
			r.outcome = [numTreatments]string{outcome.Draw(t, "step-up"), outcome.Draw(t, "review")}
			return r
		}), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		everybody := func(row) bool { return true }
		if diff := cmp.Diff(slowTreated(rows, everybody), cube.Treated()); diff != "" {
			rt.Fatalf("(-record by record +cube):\n%s", diff)
		}
		for at, name := range q.By {
			if name != Month {
				continue
			}
			for _, key := range cube.Keys() {
				month := key[at]
				want := slowTreated(rows, func(r row) bool { return r.key([]string{Month})[0] == month })
				slice, err := cube.Slice(func(key []string) bool { return key[at] == month })
				if err != nil {
					rt.Fatal(err)
				}
				kept := cube.Keep(func(key []string) bool { return key[at] == month })
				if slice.Treated() != want || kept.Treated() != want {
					rt.Fatalf("%s: %+v and %+v, record by record %+v", month, slice.Treated(), kept.Treated(), want)
				}
			}
		}
	})
}

// TestTreatedUnasked: outcomes are not read where nobody asks.
func TestTreatedUnasked(t *testing.T) {
	p, _ := Builtin("guide-session")
	plan, err := NewPlan(Question{Policies: []*Policy{p}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Fields() {
		if f.Name == dataset.StepUpOutcome || f.Name == dataset.ReviewOutcome {
			t.Errorf("%s is read", f.Name)
		}
	}
}
