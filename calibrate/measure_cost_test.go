package calibrate

import (
	"math"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// bought is a record that two policies decided on; called tells whether each asked its second product.
type bought struct {
	paid
	other  dataset.Action // the challenger's
	called [2]bool
}

func drawBought(t *rapid.T) []bought {
	bools := rapid.Bool()
	var out []bought
	for _, p := range drawPaid(t) {
		out = append(out, bought{p, dataset.Action(rapid.IntRange(0, dataset.NumActions-1).Draw(t, "other")), [2]bool{bools.Draw(t, "called"), bools.Draw(t, "called")}})
	}
	return out
}

func swapBought(records []bought) *replay.Swap {
	s := new(replay.Swap)
	for _, r := range records {
		t := countsOfPaid([]paid{r.paid}).Actions[r.action]
		s.Actions[r.action][r.other] = s.Actions[r.action][r.other].Add(t)
		s.Called[b2i(r.called[0])][b2i(r.called[1])]++
	}
	return s
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// slowMean returns the mean of values and its standard error.
func slowMean(values []float64) (mean, se float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		se += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(se / (n - 1) / n)
}

// TestCostIntervals holds the standard errors of cost, and of its paired difference, against those of the records one by one:
// the same without the calls, and at least as large with them, because counts do not say which records were called.
func TestCostIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := *prices
		if rapid.Bool().Draw(t, "free calls") {
			e.Calls = map[string]replay.Money{"session": 0, "onboarding": 0}
		}
		records := drawBought(t)
		if len(records) < 2 {
			return
		}
		s := swapBought(records)
		c := &replay.Comparison{Champion: twoProducts, Challenger: twoProducts, Economics: &e, Swap: *s}
		var costs [2][]float64
		var differences []float64
		for _, r := range records {
			var of [2]float64
			for i, a := range []dataset.Action{r.action, r.other} {
				of[i], _ = slowCost(&e, a, r.label, r.amount).Float64()
				of[i] += float64(e.Calls["session"])/1e6 + float64(b2i(r.called[i]))*float64(e.Calls["onboarding"])/1e6
				costs[i] = append(costs[i], of[i])
			}
			differences = append(differences, of[1]-of[0])
		}
		check := func(name string, value, low, high Number, values []float64) {
			t.Helper()
			mean, se := slowMean(values)
			if math.Abs(float64(value)-mean) > 1e-9*(1+math.Abs(mean)) {
				t.Errorf("%s %v, record by record %v", name, value, mean)
			}
			if !low.Defined() {
				if se > 1e-9 {
					t.Errorf("%s has no interval, and a standard error of %v", name, se)
				}
				return
			}
			got := float64(high-low) / 2 / 1.959963984540054
			tolerance := 1e-6 * (1 + se)
			if got < se-tolerance || e.Calls["onboarding"] == 0 && got > se+tolerance || got > se+2*0.1+tolerance {
				t.Errorf("%s has a standard error of %v, record by record %v", name, got, se)
			}
		}
		champion, challenger := s.Counts()
		for i, counts := range []replay.Counts{champion, challenger} {
			m, _ := Find(Setting{Confidence: 0.95, Economics: &e}.Measures(twoProducts, counts), "cost_per_record")
			check("cost", m.Value, m.Low, m.High, costs[i])
		}
		d, found := CostDifference("cost_per_record", c, s, 0.95)
		if !found {
			t.Fatal("no difference of costs")
		}
		check("difference", d.Value, d.Low, d.High, differences)
		if d.P.Defined() && (d.P < 0 || d.P > 1) || d.P.Defined() != d.Low.Defined() {
			t.Errorf("%+v", d)
		}
	})
}

// TestCostDifferenceSaysNothing: a share of amounts whose spread is not known has no interval, fixed prices have one; two
// policies that agree on all records are identical; and only costs have such a difference.
func TestCostDifferenceSaysNothing(t *testing.T) {
	var s replay.Swap
	s.Actions[dataset.Approve][dataset.Block] = replay.Tally{Records: [3]int64{0, 50, 50}, Amount: [3]int64{0, 500, 500}}
	s.Called[0][0] = 100
	c := &replay.Comparison{Champion: twoProducts, Challenger: twoProducts, Economics: prices, Swap: s}
	if d, _ := CostDifference("cost_per_record", c, &s, 0.95); !d.Value.Defined() || d.Low.Defined() || d.P.Defined() || d.Method != MethodNone {
		t.Errorf("without spread: %+v", d)
	}
	fixed := *prices
	fixed.FraudLoss.Share, fixed.GoodMargin.Share = 0, 0
	c.Economics = &fixed
	if d, _ := CostDifference("cost_per_record", c, &s, 0.95); !d.Low.Defined() || d.Value >= 0 {
		t.Errorf("fixed prices: %+v", d)
	}
	s.Actions[dataset.Approve][dataset.Approve], s.Actions[dataset.Approve][dataset.Block] = s.Actions[dataset.Approve][dataset.Block], replay.Tally{}
	if d, _ := CostDifference("savings_block_all", c, &s, 0.95); d.Value != 0 || d.SE != 0 || d.P != 1 {
		t.Errorf("identical: %+v", d)
	}
	if _, found := CostDifference("approval_rate", c, &s, 0.95); found {
		t.Error("approval_rate is no cost")
	}
	c.Economics = nil
	if _, found := CostDifference("cost_per_record", c, &s, 0.95); found {
		t.Error("there is a cost without economics")
	}
}

// TestFraudValueDifference adds up influence times amount, record by record.
func TestFraudValueDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := drawBought(t)
		s := swapBought(records)
		got := FraudValueDifference(s.Approvals(), 0.95)
		let := func(a dataset.Action) bool { return a == dataset.Approve || a == dataset.Monitor }
		var fraud, all [2]float64
		for _, r := range records {
			for i, a := range []dataset.Action{r.action, r.other} {
				if let(a) && r.label != dataset.Unlabeled {
					all[i] += float64(r.amount)
					if r.label == dataset.Fraud {
						fraud[i] += float64(r.amount)
					}
				}
			}
		}
		if all[0] == 0 || all[1] == 0 {
			if got.Value.Defined() || got.Low.Defined() {
				t.Errorf("%+v of nothing approved", got)
			}
			return
		}
		var squares float64
		for _, r := range records {
			var psi float64
			for i, a := range []dataset.Action{r.action, r.other} {
				if !let(a) || r.label == dataset.Unlabeled {
					continue
				}
				y := -fraud[i] / all[i]
				if r.label == dataset.Fraud {
					y++
				}
				psi += float64(2*i-1) * y * float64(r.amount) / all[i]
			}
			squares += psi * psi
		}
		if want := fraud[1]/all[1] - fraud[0]/all[0]; math.Abs(float64(got.Value)-want) > 1e-12 {
			t.Errorf("difference %v, want %v", got.Value, want)
		}
		if se := math.Sqrt(squares); got.SE.Defined() && math.Abs(float64(got.SE)-se) > 1e-9 || !got.SE.Defined() && se > 1e-9 {
			t.Errorf("standard error %v, record by record %v", got.SE, se)
		}
		if bps := got.Times(10_000); got.Low.Defined() && (bps.Low != 10_000*got.Low || bps.P != got.P || bps.Confidence != got.Confidence) {
			t.Errorf("%+v in bps is %+v", got, bps)
		}
	})
}
