package calibrate

import (
	"math/rand/v2"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// guessed are prices with guesses wide enough to change which policy is worth most.
func guessed() *replay.Economics {
	e := *prices
	e.GoodMargin, e.FraudLoss = replay.Price{Fixed: 4e6}, replay.Price{Fixed: 60e6}
	e.Treatments = &replay.Treatments{StepUpGoodPass: replay.Guess{Worst: 3000, Base: 9000, Best: 9900}, StepUpFraudPass: replay.Guess{Worst: 5000, Base: 1000, Best: 100},
		ReviewSensitivity: replay.Guess{Worst: 5000, Base: 8000, Best: 9500}, ReviewSpecificity: replay.Guess{Worst: 4000, Base: 9500, Best: 9900}}
	return &e
}

// TestReliances compares the recommendation, and that of each guess alone, with the certified candidates gone through one by one.
func TestReliances(t *testing.T) {
	champion := honestChampion()
	for c := range champion.Matrix {
		for d, a := range champion.Matrix[c] {
			if a == dataset.Block && c+d > 2 {
				champion.Matrix[c][d] = []dataset.Action{dataset.StepUp, dataset.Review}[c%2]
			}
		}
	}
	flips, final := 0, mustLimit(t, "final_fraud_rate <= 1.2%")
	for seed := range 6 {
		cube := cubeOf(t, byMonth(champion), populations()[seed%2].history(3000, rand.New(rand.NewPCG(9, uint64(seed)))))
		g := fraudGoals(t, "fraud_rate <= 1%", "final_fraud_rate <= 1.2%")
		g.Economics = guessed()
		g.Objective = []Objective{LeastCost, MostFinalApprovals, MostProfit}[seed%3]
		c, err := Calibrate(cube, champion, g)
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.Reliances()
		if err != nil {
			t.Fatal(err)
		}
		if c.Recommended < 0 {
			if list != nil {
				t.Errorf("seed %d: nothing is recommended, and it hangs on %v", seed, list)
			}
			continue
		}
		slow := func(at, limit *replay.Economics) int {
			best, most := -1, 0.0
			for i, x := range c.Candidates[:c.Tested] {
				counts := x.Counts[2]
				target, err := newTarget(final, champion, limit, 30)
				if err != nil {
					t.Fatal(err)
				}
				k, n := target.count(counts)
				if !x.Passed || counts.Approved().N() == 0 || float64(k) > 0.012*float64(n) {
					continue
				}
				f := FinalOf(at, champion, counts, Base)
				v := f.Approved
				if g.Objective != MostFinalApprovals { // all records are labeled here, so that cost and profit differ by a constant
					v = -float64(f.CostPerRecord)
				}
				if best < 0 || v > most+1e-9 {
					best, most = i, v
				}
			}
			return best
		}
		if want := slow(g.Economics, g.Economics); c.Recommended != want {
			t.Errorf("seed %d, %s: step %d is recommended, one by one it is %d", seed, g.Objective, c.Recommended+1, want+1)
		}
		for _, r := range list {
			for _, k := range []Case{Worst, Best} {
				alone := r.Alone(g.Economics, k)
				if want := slow(alone, alone); r.At[k] != want {
					t.Errorf("seed %d, %s at %s: step %d, one by one %d", seed, r.Name, k, r.At[k]+1, want+1)
				}
			}
			if r.Flips {
				flips++
			}
		}
	}
	if flips == 0 {
		t.Error("no guess changes anything: nothing is tested")
	}
	direct := Calibration{Goals: fraudGoals(t, "fraud_rate <= 1%")}
	direct.Goals.Economics = guessed()
	if list, err := direct.Reliances(); list != nil || err != nil {
		t.Errorf("approvals hang on %v, %v", list, err)
	}
}
