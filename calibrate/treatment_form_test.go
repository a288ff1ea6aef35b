package calibrate

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

// slowExpected adds up what each record costs in expectation, as a fraction of a major unit.
func slowExpected(e *replay.Economics, c replay.Counts) *big.Rat {
	sum := new(big.Rat)
	price := func(p replay.Price, t replay.Tally, y dataset.Label, share int64) {
		whole := new(big.Rat).Mul(big.NewRat(int64(p.Fixed), 1e6), big.NewRat(t.Records[y], 1))
		whole.Add(whole, new(big.Rat).Mul(big.NewRat(p.Share, 10_000), big.NewRat(t.Amount[y], 100)))
		sum.Add(sum, whole.Mul(whole, big.NewRat(share, 10_000)))
	}
	t := e.Treatments
	price(e.FraudLoss, c.Actions[dataset.Approve], dataset.Fraud, 10_000)
	price(e.FraudLoss, c.Actions[dataset.Monitor], dataset.Fraud, 10_000)
	price(e.FraudLoss, c.Actions[dataset.StepUp], dataset.Fraud, t.StepUpFraudPass.Base)
	price(e.FraudLoss, c.Actions[dataset.Review], dataset.Fraud, 10_000-t.ReviewSensitivity.Base)
	price(e.GoodMargin, c.Actions[dataset.StepUp], dataset.Legit, 10_000-t.StepUpGoodPass.Base)
	price(e.GoodMargin, c.Actions[dataset.Review], dataset.Legit, 10_000-t.ReviewSpecificity.Base)
	price(e.GoodMargin, c.Actions[dataset.Block], dataset.Legit, 10_000)
	for _, x := range [][2]int64{{int64(e.ReviewCost), c.Actions[dataset.Review].N()}, {int64(e.StepUpCost), c.Actions[dataset.StepUp].N()},
		{int64(e.Calls["session"]), c.Calls[0]}, {int64(e.Calls["onboarding"]), c.Calls[1]}} {
		sum.Add(sum, new(big.Rat).Mul(big.NewRat(x[0], 1e6), big.NewRat(x[1], 1)))
	}
	return sum
}

// TestExpectedCost holds the forms against fractions, exactly, for prices and shares with all the digits that a file may have.
func TestExpectedCost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		price := func(name string) replay.Price {
			return replay.Price{Fixed: 100 * replay.Money(rapid.Int64Range(0, 1e7).Draw(rt, name)), Share: rapid.Int64Range(0, 10_000).Draw(rt, name)}
		}
		e, c := drawTreated(rt), drawCounts(rt)
		e.FraudLoss, e.GoodMargin = price("loss"), price("margin")
		want := slowExpected(e, c)
		x := ExpectedCost(e, twoProducts)
		if basisPoints%x.Per != 0 {
			rt.Fatalf("units of 1/%d", x.Per)
		}
		if got := big.NewRat(x.Of(c), 1e6*x.Per); got.Cmp(want) != 0 {
			rt.Fatalf("cost %v, one by one %v", got, want)
		}
		margin := new(big.Rat)
		for _, a := range dataset.Actions {
			n, paid := c.Actions[a].Records[dataset.Legit], c.Actions[a].Amount[dataset.Legit]
			margin.Add(margin, new(big.Rat).Mul(big.NewRat(int64(e.GoodMargin.Fixed), 1e6), big.NewRat(n, 1)))
			margin.Add(margin, new(big.Rat).Mul(big.NewRat(e.GoodMargin.Share, 10_000), big.NewRat(paid, 100)))
		}
		y := ExpectedProfit(e, twoProducts)
		if got := big.NewRat(y.Of(c), 1e6*y.Per); got.Cmp(margin.Sub(margin, want)) != 0 {
			rt.Fatalf("profit %v, want %v", got, margin)
		}
	})
}

// TestExpectedUnit: the files that people write need no finer unit than Money.
func TestExpectedUnit(t *testing.T) {
	of := func(share, pass int64) int64 {
		e := *prices
		e.FraudLoss.Share = share
		g := replay.Guess{Worst: pass, Base: pass, Best: pass}
		e.Treatments = &replay.Treatments{StepUpGoodPass: g, StepUpFraudPass: g, ReviewSensitivity: g, ReviewSpecificity: g}
		return perOf(&e)
	}
	// Of a margin of 2.5 %, 7.63 % are 19.075 basis points: fortieths. 8 % of it are 20.
	for _, x := range [][3]int64{{10_000, 9237, 40}, {10_000, 9200, 1}, {250, 9200, 1}, {1, 1, 10_000}, {0, 0, 1}} {
		if got := of(x[0], x[1]); got != x[2] {
			t.Errorf("share %d, pass %d: units of 1/%d, want 1/%d", x[0], x[1], got, x[2])
		}
	}
}

// TestExpectedIsChecked: what no exact search can hold is refused, not wrapped.
func TestExpectedIsChecked(t *testing.T) {
	g := replay.Guess{Worst: 1, Base: 1, Best: 1}
	e := &replay.Economics{FraudLoss: replay.Price{Fixed: 1e15}, GoodMargin: replay.Price{Fixed: 100, Share: 1}, Calls: map[string]replay.Money{"session": 1e15},
		Treatments: &replay.Treatments{StepUpGoodPass: g, StepUpFraudPass: g, ReviewSensitivity: g, ReviewSpecificity: g}}
	x := ExpectedCost(e, twoProducts)
	if got := x.Actions[dataset.Approve].Records[dataset.Fraud]; x.Per != 10_000 || got != maxWorth {
		t.Errorf("units of 1/%d, a weight of %d", x.Per, got)
	}
	var total replay.Tally
	total.Records[dataset.Fraud] = 1
	if x.check(total) == nil {
		t.Error("a history of one fraud passes")
	}
}

// TestFinalLimits holds limits on final rates against every corner of the guesses: the limit is that of the worst corner.
func TestFinalLimits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, c := drawTreated(rt), drawCounts(rt)
		c.Actions[replay.Undecided] = replay.Tally{}
		l := replay.Limit{Measure: rapid.SampledFrom([]string{finalApprovalRate, finalFraudRate}).Draw(rt, "measure"),
			AtLeast: rapid.Bool().Draw(rt, "at least"), Bound: replay.Decimal{Num: rapid.Int64Range(0, 100).Draw(rt, "bound"), Den: 100}}
		target, err := newTarget(l, twoProducts, e, 30)
		if err != nil {
			rt.Fatal(err)
		}
		if target.share {
			rt.Fatal("a guess is certified")
		}
		worst := math.Inf(-1)
		for corner := range 16 {
			at := *e.Treatments
			for i, g := range []*replay.Guess{&at.StepUpGoodPass, &at.StepUpFraudPass, &at.ReviewSensitivity, &at.ReviewSpecificity} {
				if g.Base = g.Worst; corner>>i&1 != 0 {
					g.Base = g.Best
				}
			}
			f := FinalOf(&replay.Economics{Treatments: &at, Calls: map[string]replay.Money{}}, twoProducts, c, Base)
			v := float64(f.FraudRate)
			if l.Measure == finalApprovalRate {
				v = float64(f.ApprovalRate)
			}
			if l.AtLeast {
				v = -v
			}
			worst = math.Max(worst, v) // NaN of 0/0 stays NaN
		}
		k, n := target.count(c)
		if got := float64(k) / float64(n); n > 0 && !math.IsNaN(worst) && math.Abs(got-worst) > 1e-9 {
			rt.Fatalf("%s counts %d of %d = %v, the worst corner is %v", l, k, n, got, worst)
		}
		bound := l.Bound.Float()
		if l.AtLeast {
			bound = -bound
		}
		if want := worst <= bound; n > 0 && !math.IsNaN(worst) && math.Abs(worst-bound) > 1e-9 && target.met(c) != want {
			rt.Fatalf("%s: %v, met %v", l, worst, target.met(c))
		}
	})
}

// TestFinalLimitTooFine: a bound whose product with basis points leaves an int64 is refused.
func TestFinalLimitTooFine(t *testing.T) {
	if _, err := newTarget(mustLimit(t, "final_fraud_rate <= 0.00000000001bps"), twoProducts, guessed(), 1); err == nil || !strings.Contains(err.Error(), "fewer digits") {
		t.Error(err)
	}
	if _, err := newTarget(mustLimit(t, "final_fraud_rate <= 0.0000000001%"), twoProducts, guessed(), 1); err != nil {
		t.Error(err)
	}
}

// TestTreatmentGoals: goals that need treatments say so.
func TestTreatmentGoals(t *testing.T) {
	for _, e := range []*replay.Economics{nil, prices} {
		if _, err := newTarget(mustLimit(t, "final_fraud_rate <= 1%"), twoProducts, e, 1); err == nil || !strings.Contains(err.Error(), "with treatments") {
			t.Error(err)
		}
		if err := (Goals{Objective: MostFinalApprovals, Delta: 0.05, Economics: e}).check(); err == nil || !strings.Contains(err.Error(), "with treatments") {
			t.Error(err)
		}
	}
}
