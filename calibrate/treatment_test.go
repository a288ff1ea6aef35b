package calibrate

import (
	"math"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func drawGuess(t *rapid.T, rising bool) replay.Guess {
	g := replay.Guess{Worst: rapid.Int64Range(0, 10_000).Draw(t, "worst")}
	g.Base = rapid.Int64Range(g.Worst, 10_000).Draw(t, "base")
	g.Best = rapid.Int64Range(g.Base, 10_000).Draw(t, "best")
	if !rising {
		g.Worst, g.Best = g.Best, g.Worst
	}
	return g
}

func drawTreated(t *rapid.T) *replay.Economics {
	money := func() replay.Money { return replay.Money(rapid.Int64Range(0, 5_000_000).Draw(t, "money")) }
	return &replay.Economics{FraudLoss: replay.Price{Fixed: money(), Share: 10_000}, GoodMargin: replay.Price{Fixed: money()}, ReviewCost: money(), StepUpCost: money(),
		Calls:      map[string]replay.Money{"session": money(), "onboarding": money()},
		Treatments: &replay.Treatments{StepUpGoodPass: drawGuess(t, true), StepUpFraudPass: drawGuess(t, false), ReviewSensitivity: drawGuess(t, true), ReviewSpecificity: drawGuess(t, true)}}
}

// TestFinal checks finals against records treated one by one, in expectation, and the order of the cases.
func TestFinal(t *testing.T) {
	p := &replay.Policy{First: "session", Second: "onboarding"}
	rapid.Check(t, func(rt *rapid.T) {
		e, c := drawTreated(rt), drawCounts(rt)
		c.Actions[replay.Undecided] = replay.Tally{}
		c.Calls = [2]int64{c.Total().N(), min(c.Calls[1], c.Total().N())}
		var finals [3]Final
		for _, k := range Cases {
			f := FinalOf(e, p, c, k)
			finals[k] = f
			var approved, frauds float64
			for _, a := range dataset.Actions {
				for _, l := range []dataset.Label{dataset.Legit, dataset.Fraud} {
					for range c.Actions[a].Records[l] {
						pass := 0.0
						g := e.Treatments
						switch {
						case a <= dataset.Monitor:
							pass = 1
						case a == dataset.StepUp && l == dataset.Legit:
							pass = shareIn(k, g.StepUpGoodPass)
						case a == dataset.StepUp:
							pass = shareIn(k, g.StepUpFraudPass)
						case a == dataset.Review && l == dataset.Legit:
							pass = shareIn(k, g.ReviewSpecificity)
						case a == dataset.Review:
							pass = 1 - shareIn(k, g.ReviewSensitivity)
						}
						approved += pass
						if l == dataset.Fraud {
							frauds += pass
						}
					}
				}
			}
			if math.Abs(f.Approved-approved) > 1e-6 || math.Abs(f.Frauds-frauds) > 1e-6 {
				rt.Fatalf("%s: %v and %v come through, one by one %v and %v", k, f.Approved, f.Frauds, approved, frauds)
			}
			if f.CostPerRecord.Defined() && f.CostPerRecord < 0 {
				rt.Fatalf("a cost of %v", f.CostPerRecord)
			}
		}
		if finals[Worst].CostPerRecord < finals[Base].CostPerRecord-1e-9 || finals[Base].CostPerRecord < finals[Best].CostPerRecord-1e-9 {
			rt.Fatalf("costs %v, %v, %v do not fall from worst to best", finals[Worst].CostPerRecord, finals[Base].CostPerRecord, finals[Best].CostPerRecord)
		}
	})
}

// TestTornado: an assumption that decides which policy is cheaper flips, and one about an action that neither takes does nothing.
func TestTornado(t *testing.T) {
	e := &replay.Economics{FraudLoss: replay.Price{Fixed: 100_000_000}, GoodMargin: replay.Price{Fixed: 10_000_000}, Calls: map[string]replay.Money{},
		Treatments: &replay.Treatments{StepUpGoodPass: replay.Guess{Worst: 9000, Base: 9000, Best: 9000}, StepUpFraudPass: replay.Guess{Worst: 9000, Base: 5000, Best: 0},
			ReviewSensitivity: replay.Guess{Worst: 0, Base: 5000, Best: 10_000}, ReviewSpecificity: replay.Guess{Worst: 0, Base: 5000, Best: 10_000}}}
	p := &replay.Policy{First: "session"}
	var approve, stepUp replay.Counts
	approve.Actions[dataset.Approve].Records = [dataset.NumLabels]int64{dataset.Legit: 90, dataset.Fraud: 2}
	stepUp.Actions[dataset.StepUp].Records = [dataset.NumLabels]int64{dataset.Legit: 90, dataset.Fraud: 2}
	list := Tornado(e, p, p, approve, stepUp)
	// Stepping all up loses 9 good customers, 90, and saves 200 of fraud at best and 20 at worst.
	if list[0].Name != "step_up fraud_pass" || !list[0].Flips || list[0].Difference[Worst] <= 0 || list[0].Difference[Best] >= 0 {
		t.Errorf("%+v", list[0])
	}
	for _, s := range list[1:] {
		if s.Flips || s.Difference[Worst] != s.Difference[Best] {
			t.Errorf("%+v", s)
		}
	}
}

// shareIn is a guess as a share.
func shareIn(c Case, g replay.Guess) float64 {
	return map[Case]float64{Worst: float64(g.Worst), Base: float64(g.Base), Best: float64(g.Best)}[c] / 10_000
}
