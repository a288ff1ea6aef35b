package calibrate

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
	"pgregory.net/rapid"
)

func resultsOf(e *replay.Economics, list ...replay.Counts) (out []replay.Result) {
	for i, c := range list {
		out = append(out, replay.Result{Policy: &replay.Policy{Name: fmt.Sprint("p", i), First: "session"}, Economics: e, Counts: c})
	}
	return out
}

// moved draws the counts of policies over one history: every record gets some action.
func moved(t *rapid.T, policies int) []replay.Counts {
	out := make([]replay.Counts, policies)
	for _, y := range []dataset.Label{dataset.Legit, dataset.Fraud} {
		n := rapid.Int64Range(0, 30).Draw(t, "records")
		for i := range out {
			for range n {
				out[i].Actions[rapid.IntRange(0, dataset.NumActions-1).Draw(t, "action")].Records[y]++
			}
		}
	}
	return out
}

// TestCostCurve goes through ratios and looks which line is lowest, in fractions: at each border both sides are, between two
// borders the range's lines alone are, and ranges leave no gap.
func TestCostCurve(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var e *replay.Economics
		if rapid.Bool().Draw(rt, "treated") {
			e = drawTreated(rt)
		}
		c := NewCostCurve(resultsOf(e, moved(rt, rapid.IntRange(1, 5).Draw(rt, "policies"))...))
		cheapest := func(r *big.Rat) (out []int) {
			var least *big.Rat
			for i, l := range c.Lines {
				v := new(big.Rat).Mul(r, big.NewRat(l.Frauds, 1))
				v.Add(v, big.NewRat(l.Lost, 1))
				switch {
				case least == nil || v.Cmp(least) < 0:
					least, out = v, []int{i}
				case v.Cmp(least) == 0:
					out = append(out, i)
				}
			}
			return out
		}
		if (c.Ranges == nil) != (c.Fraud+c.Legit == 0) {
			rt.Fatalf("%d labeled, ranges %v", c.Fraud+c.Legit, c.Ranges)
		}
		at := CostRatio{0, 1}
		for i, r := range c.Ranges {
			if r.From != at || (r.To.Den == 0) != (i == len(c.Ranges)-1) {
				rt.Fatalf("ranges %v", c.Ranges)
			}
			at = r.To
			from := big.NewRat(r.From.Num, r.From.Den)
			inside := new(big.Rat).Add(from, big.NewRat(1000, 1))
			if r.To.Den > 0 {
				to := big.NewRat(r.To.Num, r.To.Den)
				if to.Cmp(from) <= 0 {
					rt.Fatalf("a range from %v to %v", from, to)
				}
				inside = new(big.Rat).Mul(new(big.Rat).Add(from, to), big.NewRat(1, 2))
				if got := cheapest(to); !slices.Contains(got, r.Lines[0]) || !slices.Contains(got, c.Ranges[i+1].Lines[0]) {
					rt.Fatalf("at the border %v %v are cheapest, want those of both sides, %v", to, got, c.Ranges)
				}
			}
			if got := cheapest(inside); !slices.Equal(got, r.Lines) {
				rt.Fatalf("at %v %v are cheapest, want %v", inside, got, r.Lines)
			}
			v, _ := inside.Float64()
			if !slices.Equal(c.At(v).Lines, r.Lines) {
				rt.Fatalf("at %v: %v, want %v", v, c.At(v), r)
			}
		}
		for i := range c.Lines {
			if v := c.Cost(i, 10); v.Defined() && (v < 0 || v > 1+1e-12) {
				rt.Fatalf("a normalised cost of %v", v)
			}
		}
	})
}

// TestCostCurveCounts spells one policy out, directly and with treatments, and what an undecided record does to it.
func TestCostCurveCounts(t *testing.T) {
	var c replay.Counts
	c.Actions[dataset.Approve].Records = [3]int64{5, 900, 4}
	c.Actions[dataset.Monitor].Records = [3]int64{0, 10, 1}
	c.Actions[dataset.StepUp].Records = [3]int64{1, 50, 10}
	c.Actions[dataset.Review].Records = [3]int64{1, 20, 5}
	c.Actions[dataset.Block].Records = [3]int64{9, 30, 40}
	c.Actions[replay.Undecided].Records = [3]int64{2, 3, 2}
	l := NewCostCurve(resultsOf(nil, c)).Lines
	if want := (CostLine{Name: "p0", Frauds: 4 + 1 + 2, Lost: 30 + 3, Held: 85, Undecided: 5}); l[0] != want {
		t.Errorf("%+v, want %+v", l[0], want)
	}
	if l[1].Frauds != 62 || l[1].Lost != 0 || l[2].Frauds != 0 || l[2].Lost != 1013 {
		t.Errorf("references %+v", l[1:])
	}
	treated := NewCostCurve(resultsOf(guessed(), c))
	// 10 % of 10 and 20 % of 5 frauds come through; 10 % of 50 and 5 % of 20 good customers do not.
	if want := (CostLine{Name: "p0", Frauds: 10_000 * (7 + 1 + 1), Lost: 10_000 * (33 + 5 + 1), Held: 85, Undecided: 5}); treated.Lines[0] != want || treated.Per != 10_000 {
		t.Errorf("%+v, want %+v", treated.Lines[0], want)
	}
	var unlabeled replay.Counts
	unlabeled.Actions[dataset.Approve].Records[dataset.Unlabeled] = 9
	for _, none := range []*CostCurve{NewCostCurve(nil), NewCostCurve(resultsOf(nil, unlabeled))} {
		if none.Ranges != nil || none.At(3).Lines != nil {
			t.Errorf("%+v of nothing", none)
		}
	}
}

// TestCostCurveIsCost: with prices of frauds and margins alone, the policy that costs least is the one of the curve's range.
func TestCostCurveIsCost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		results := resultsOf(nil, moved(rt, 3)...)
		for i := range results {
			results[i].Actions[replay.Undecided] = replay.Tally{}
		}
		loss, margin := rapid.Int64Range(1, 1000).Draw(rt, "loss"), rapid.Int64Range(1, 100).Draw(rt, "margin")
		e := &replay.Economics{FraudLoss: replay.Price{Fixed: replay.Money(loss)}, GoodMargin: replay.Price{Fixed: replay.Money(margin)}}
		c := NewCostCurve(results)
		for i, r := range results {
			want := float64(CostForm(e, r.Policy).Of(r.Counts))
			if got := float64(c.Cost(i, float64(loss)/float64(margin))) * float64(loss*c.Fraud+margin*c.Legit); c.Fraud+c.Legit > 0 && math.Abs(got-want) > 1e-6*(1+want) {
				rt.Fatalf("%v at the curve, %v in prices", got, want)
			}
		}
	})
}

// TestBreakEven: at the break-even rate what approving loses is what it earns.
func TestBreakEven(t *testing.T) {
	var total replay.Tally
	total.Records = [3]int64{7, 1000, 20}
	total.Amount = [3]int64{1, 5_000_000, 150_000} // cents: a mean of 50.00, and of 75.00
	b := NewBreakEven(prices, total)
	// A fraud loses 15 + 75, a good customer earns 4 + 2.5 % of 50.
	if math.Abs(float64(b.Loss)-90) > 1e-9 || math.Abs(float64(b.Margin)-5.25) > 1e-9 || math.Abs(float64(b.Odds)-90/5.25) > 1e-9 || math.Abs(float64(b.FraudRate)-5.25/95.25) > 1e-12 {
		t.Errorf("%+v", b)
	}
	q := float64(b.FraudRate)
	if gain := (1-q)*float64(b.Margin) - q*float64(b.Loss); math.Abs(gain) > 1e-9 {
		t.Errorf("approving at break-even earns %v", gain)
	}
	total.Records[dataset.Fraud] = 0
	if b := NewBreakEven(prices, total); b.Odds.Defined() || b.Loss.Defined() {
		t.Errorf("%+v without a fraud", b)
	}
	free := &replay.Economics{FraudLoss: replay.Price{Fixed: 1}}
	total.Records[dataset.Fraud] = 1
	if b := NewBreakEven(free, total); b.Odds.Defined() || b.FraudRate != 0 {
		t.Errorf("%+v without a margin", b)
	}
}
