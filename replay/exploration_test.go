package replay

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/trustreplay/trustreplay/dataset"
	"pgregory.net/rapid"
)

// TestExplorationIsDecide counts record by record what a cube counts of a policy's approvals by their probability.
func TestExplorationIsDecide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, used := drawPolicy(rt, "p")
		ran, usedRan := drawPolicy(rt, "ran")
		q := Question{Policies: []*Policy{p}, Exploration: "chance", By: []string{Month}, Exact: rapid.IntRange(0, 9).Draw(rt, "exact") == 0}
		if rapid.Bool().Draw(rt, "history policy") {
			q.HistoryPolicy = ran
		}
		plan, err := NewPlan(q)
		if err != nil {
			rt.Skip(err)
		}
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 40).Draw(rt, "rows")
		cube := buildOf(t, plan, rows, rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))

		want := Exploration{Field: "chance"}
		odds := map[float64]*Odds{0.25: {Probability: 0.25}, 1: {Probability: 1}}
		for _, r := range rows {
			if r.bad {
				continue
			}
			outside := r.chance < 0 || r.chance > 1
			if outside {
				if want.Outside++; want.Outside == 1 {
					want.Least, want.Most = r.chance, r.chance
				}
				want.Least, want.Most = min(want.Least, r.chance), max(want.Most, r.chance)
			}
			past := r.past
			if past == dataset.NoAction && q.HistoryPolicy != nil && r.chance != 0.25 {
				past = ran.Decide(r.caseOf(ran, usedRan)).Action
			}
			if !lets(p.Decide(r.caseOf(p, used)).Action) {
				continue
			}
			add := func(to *Tally) { to.add(uint32(r.label), 1, max(r.amount, 0)) }
			switch {
			case past == dataset.NoAction && r.chance > 0 && !outside:
				want.Undone++
				add(&want.Never)
			case past == dataset.NoAction || outside, math.IsNaN(r.chance) && !lets(past):
				add(&want.Never)
			case math.IsNaN(r.chance), r.chance == 1 && lets(past):
				add(&odds[1].Approved)
			case r.chance == 1, r.chance == 0 && lets(past):
				want.Contrary++
				add(&want.Never)
			case r.chance == 0:
				add(&want.Never)
			case lets(past):
				add(&odds[0.25].Approved)
			default:
				add(&odds[0.25].Stopped)
			}
		}
		for _, chance := range []float64{0.25, 1} {
			if o := odds[chance]; o.Approved.N()+o.Stopped.N() > 0 {
				want.Odds = append(want.Odds, *o)
			}
		}
		got, err := cube.Exploration(p)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("(-decide +cube):\n%s", diff)
		}
		// Months add up, and a slice of all is the whole.
		slice, err := cube.Slice(func([]string) bool { return true })
		if err != nil {
			rt.Fatal(err)
		}
		again, err := slice.Exploration(p)
		if err != nil {
			rt.Fatal(err)
		}
		again.Outside, again.Least, again.Most = got.Outside, got.Least, got.Most // of the whole
		if diff := cmp.Diff(got, again); diff != "" {
			rt.Fatalf("(-cube +slice):\n%s", diff)
		}
	})
}

// TestManyChances: a field of many values is no design, and is refused before it fills the memory.
func TestManyChances(t *testing.T) {
	p, _ := Builtin("table-waterfall")
	plan, err := NewPlan(Question{Policies: []*Policy{p}, Exploration: "chance"})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]row, maxChances+1)
	for i := range rows {
		rows[i] = row{answers: map[string]Answer{}, chance: float64(1+i) / float64(len(rows)), amount: dataset.NoAmount}
	}
	b := NewBuilder(plan)
	if err := b.Add(rowsBatch(t, plan, rows[1:])); err != nil {
		t.Errorf("%d different values: %v", maxChances, err)
	}
	if err := b.Add(rowsBatch(t, plan, rows[:1])); err == nil || !strings.Contains(err.Error(), "exploration by chance has more than 1000 different values") {
		t.Errorf("%d different values: %v", maxChances+1, err)
	}
	if _, err := NewPlan(Question{Policies: []*Policy{p}, Exploration: "email"}); err == nil {
		t.Error("exploration by personal data")
	}
	without, err := NewPlan(Question{Policies: []*Policy{p}})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := NewBuilder(without).Cube()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cube.Exploration(p); err == nil {
		t.Error("exploration of a cube without")
	}
}
