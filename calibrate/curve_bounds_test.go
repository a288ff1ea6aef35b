package calibrate

import (
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// TestCurveHoldsWhatWasCut draws curves and frontiers over a waterfall history: at every point and mark the ranges and the bands
// hold the rates of the combined history that it was cut from, and no frontier promises more than these.
func TestCurveHoldsWhatWasCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawTestPolicy(rt, "p", true, drawTestRules(rt))
		mark := *drawTestPolicy(rt, "mark", true, p.Rules)
		cutoffs := []Cutoff{{"session", rapid.SampledFrom(fourClusters).Draw(rt, "cluster")}}
		if rapid.Bool().Draw(rt, "pair") {
			cutoffs = append(cutoffs, Cutoff{"onboarding", rapid.SampledFrom(fourClusters).Draw(rt, "second")})
			if rapid.Bool().Draw(rt, "turned") {
				slices.Reverse(cutoffs)
			}
		}
		combined, cut := drawCut(rt)
		question := replay.Question{Policies: []*replay.Policy{p, &mark}, Exact: true}
		whole := cubeOf(t, question, combined)
		c, err := Strategy(cubeOf(t, question, cut), p, cutoffs, []*replay.Policy{&mark}, CurveOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, point := range c.Points {
			truth, err := whole.Run(Move(p, cutoffs, point.At))
			if err != nil {
				rt.Fatal(err)
			}
			checkHolds(rt, p, point.Counts, point.Open, truth.Counts, point.FraudRate)
			if a := point.Approval; a.Low.Defined() {
				if rate := divide(truth.Approved().N(), truth.Total().N()); rate < a.Low-1e-9 || rate > a.High+1e-9 {
					rt.Fatalf("approval rate %v at %v, band %v", rate, point.At, a)
				}
			}
		}
		for i, m := range c.Marks {
			truth, err := whole.Run([]*replay.Policy{p, &mark}[i])
			if err != nil {
				rt.Fatal(err)
			}
			checkHolds(rt, m.Policy, m.Counts, m.Open, truth.Counts, m.FraudRate)
		}
	})
}

// checkHolds checks that the rates of a whole history are within the ranges of the part of it that was seen.
func checkHolds(t *rapid.T, p *replay.Policy, seen replay.Counts, open replay.Open, whole replay.Counts, band Interval) {
	rates := Measures(p, whole, 0.95)
	for _, m := range (Setting{Confidence: 0.95, Open: &open}).Measures(p, seen) {
		want, found := Find(rates, m.Name)
		if m.Name != "fraud_rate" && m.Name != "approval_rate" || !found || !want.Value.Defined() {
			continue
		}
		least, most := m.Least, m.Most
		if !least.Defined() {
			least, most = m.Value, m.Value
		}
		if !(want.Value >= least-1e-9 && want.Value <= most+1e-9) {
			t.Fatalf("%s is %v, bounded by %v and %v (%d open)", m.Name, want.Value, least, most, open.N())
		}
		if m.Name == "fraud_rate" && !(want.Value >= band.Low-1e-9 && want.Value <= band.High+1e-9) {
			t.Fatalf("fraud rate %v outside its band %v", want.Value, band)
		}
	}
}
