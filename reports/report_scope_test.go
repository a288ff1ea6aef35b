package reports

import (
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/calibrate"
	"github.com/trustreplay/trustreplay/replay"
)

// TestIndexMonths checks that what chance makes of an index is drawn for each product: a second product that is asked of few has
// fewer scores, so that a month in which nothing happened lies far above what chance makes of the first.
func TestIndexMonths(t *testing.T) {
	champion, found := replay.Builtin("table-waterfall")
	if !found {
		t.Fatal("no such policy")
	}
	in := Monthly{Month: "2025-02", Champion: champion}
	for _, month := range []string{"2025-01", "2025-02"} {
		in.Stability = append(in.Stability, calibrate.MonthStability{Month: month, Products: []calibrate.ProductStability{
			{Product: "session", Index: calibrate.Index{PSI: 0.001, Most95: 0.005}}, {Product: "onboarding", Index: calibrate.Index{PSI: 0.015, Most95: 0.02}}}})
	}
	m := monthly{Monthly: in, screen: screen{results: []replay.Result{{Policy: champion}}}}
	p := m.indexMonths().Picture
	var names []string
	at := map[string]float64{}
	for _, c := range p.Curves {
		names = append(names, c.Name)
		at[c.Name] = c.Points[1].Y
	}
	if want := []string{"session", "onboarding", "session, by chance", "onboarding, by chance"}; !slices.Equal(names, want) {
		t.Fatalf("curves %q, want %q", names, want)
	}
	if at["session, by chance"] != 0.005 || at["onboarding, by chance"] != 0.02 {
		t.Errorf("chance makes %v", at)
	}
}

// TestStepsOver checks that a step of the rollout whose fraud rate was above the limit is named, and no other.
func TestStepsOver(t *testing.T) {
	limit, err := replay.ParseLimit("fraud_rate <= 1%")
	if err != nil {
		t.Fatal(err)
	}
	step := func(name string, rate float64) calibrate.ExpectedStep {
		return calibrate.ExpectedStep{RolloutStep: calibrate.RolloutStep{Policy: &replay.Policy{Name: name}}, FraudRate: calibrate.Measure{Value: calibrate.Number(rate)}, Triggers: []calibrate.Trigger{{Limit: limit}}}
	}
	s := advice{beside: Evidence{Rollout: []calibrate.ExpectedStep{step("step-1", 0.0101), step("step-2", 0.01), step("recommended", 0.008)}}}
	if got := s.stepsOver(); !slices.Equal(got, []string{"step-1"}) {
		t.Errorf("%q are above 1 %%, want step-1", got)
	}
}
