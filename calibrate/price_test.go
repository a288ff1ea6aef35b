package calibrate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trustreplay/trustreplay/replay"
)

func TestTenth(t *testing.T) {
	for from, want := range map[string][2]string{
		"fraud_rate <= 0.5%": {"fraud_rate <= 0.55%", "fraud_rate <= 0.45%"}, "approval_rate >= 80%": {"approval_rate >= 72%", "approval_rate >= 88%"},
		"cost_per_record <= -2": {"cost_per_record <= -1.8", "cost_per_record <= -2.2"}, "fraud_bps <= 50bps": {"fraud_bps <= 55", "fraud_bps <= 45"},
	} {
		l, err := replay.ParseLimit(from)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{tenth(l, true).String(), tenth(l, false).String()}; got != want {
			t.Errorf("%s: looser and tighter %q, want %q", from, got, want)
		}
	}
}

// TestPrices compares each moved limit with a survey of goals that have it, and pins that more room never costs.
func TestPrices(t *testing.T) {
	champion := honestChampion()
	cube := bellCube(t, 800, champion)
	goals := bellGoals()
	goals.Limits = append(goals.Limits, replay.Limit{Measure: "insult_rate", Bound: replay.Decimal{Num: 99, Den: 100}})
	s, err := NewSurvey(cube, champion, goals)
	if err != nil {
		t.Fatal(err)
	}
	same := []cmp.Option{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b Number) bool { return a == b || !a.Defined() && !b.Defined() }), cmp.Comparer(func(a, b *replay.Policy) bool {
		return (a == nil) == (b == nil) && (a == nil || len(replay.Edits(a, b)) == 0)
	})}
	for _, f := range Families {
		got, err := s.Prices(f, champion)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range got.Limits {
			for _, m := range []PriceMove{l.Looser, l.Tighter} {
				other := goals
				other.Limits = slices.Clone(goals.Limits)
				other.Limits[i] = m.Limit
				fresh, err := NewSurvey(cube, champion, other)
				if err != nil {
					t.Fatal(err)
				}
				want, err := fresh.Prices(f, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.Here, m.Row, same...); diff != "" {
					t.Errorf("%s, %s (-searched +moved):\n%s", f, m.Limit, diff)
				}
				if m.Found && m.Difference != m.Row.Objective-got.Here.Objective {
					t.Errorf("%s, %s: %+v", f, m.Limit, m)
				}
			}
			if f != Edges && (l.Looser.Found && l.Looser.Difference < 0 || l.Tighter.Found && l.Tighter.Difference > 0) {
				t.Errorf("%s, %s: looser %d, tighter %d", f, l.Limit, l.Looser.Difference, l.Tighter.Difference)
			}
			if binds := i == 0; f != Neighbours && f != Matrices && l.Binds != binds {
				t.Errorf("%s: %s binds: %v, want %v", f, l.Limit, l.Binds, binds)
			}
			if k, n := s.proposer.targets[i].count(s.proposer.space.counts(champion)); l.K != k || l.N != n {
				t.Errorf("%s: %s stands at %d of %d, want %d of %d", f, l.Limit, l.K, l.N, k, n)
			}
		}
	}
}
