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

var prices = &replay.Economics{FraudLoss: replay.Price{Fixed: 15e6, Share: 10_000}, GoodMargin: replay.Price{Fixed: 4e6, Share: 250},
	Calls: map[string]replay.Money{"session": 10_000, "onboarding": 100_000}, ReviewCost: 3e6, StepUpCost: 50_000}

// TestCostByHand spells a small history out. Amounts are in cents: 300.00 of approved fraud is lost whole.
func TestCostByHand(t *testing.T) {
	var c replay.Counts
	c.Actions[dataset.Approve] = replay.Tally{Records: [3]int64{10, 600, 2}, Amount: [3]int64{1, 6_000_000, 30_000}}
	c.Actions[dataset.Monitor] = replay.Tally{Records: [3]int64{0, 3, 1}, Amount: [3]int64{0, 300, 0}}
	c.Actions[dataset.StepUp] = replay.Tally{Records: [3]int64{1, 50, 5}, Amount: [3]int64{100, 100, 100}}
	c.Actions[dataset.Review] = replay.Tally{Records: [3]int64{1, 8, 1}, Amount: [3]int64{100, 100, 100}}
	c.Actions[dataset.Block] = replay.Tally{Records: [3]int64{2, 20, 40}, Amount: [3]int64{1, 80_000, 100_000}}
	c.Actions[dataset.NoAction] = replay.Tally{Records: [3]int64{4, 4, 4}, Amount: [3]int64{9, 9, 9}}
	c.Calls = [2]int64{756, 100}
	const (
		calls   = 7.56 + 10            // 756 x 0.01, 100 x 0.10
		checks  = 10*3 + 56*0.05       // reviews and step-ups
		frauds  = 3*15 + 300           // approved and monitored
		declins = 20*4 + 0.025*800     // blocked legit
		margin  = 603*4 + 0.025*60_003 // approved and monitored legit
	)
	allFrauds, allLegit := 49*15+300+1+1+1000.0, 681*4+0.025*(60_003+1+1+800) // without the undecided
	for name, x := range map[string]struct {
		form Form
		want float64
	}{
		"cost":                {CostForm(prices, twoProducts), calls + checks + frauds + declins},
		"profit":              {ProfitForm(prices, twoProducts), margin - frauds - calls - checks},
		"savings approve all": {SavingsForm(prices, twoProducts, dataset.Approve), allFrauds - calls - checks - frauds - declins},
		"savings block all":   {SavingsForm(prices, twoProducts, dataset.Block), allLegit - calls - checks - frauds - declins},
	} {
		if got, want := x.form.Of(c), int64(math.Round(x.want*1e6)); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

// slowCost adds up what each record costs, one by one, with amounts as fractions.
func slowCost(e *replay.Economics, action dataset.Action, label dataset.Label, amount int64) *big.Rat {
	cost := new(big.Rat)
	price := func(p replay.Price) {
		cost.Add(cost, big.NewRat(int64(p.Fixed), 1e6))
		cost.Add(cost, new(big.Rat).Mul(big.NewRat(p.Share, 10_000), big.NewRat(amount, 100)))
	}
	switch {
	case action == dataset.Review:
		cost.SetFrac64(int64(e.ReviewCost), 1e6)
	case action == dataset.StepUp:
		cost.SetFrac64(int64(e.StepUpCost), 1e6)
	case (action == dataset.Approve || action == dataset.Monitor) && label == dataset.Fraud:
		price(e.FraudLoss)
	case action == dataset.Block && label == dataset.Legit:
		price(e.GoodMargin)
	}
	return cost
}

// TestCostLaws checks the form against its slow twin, and what binds cost, profit and savings together.
func TestCostLaws(t *testing.T) {
	money := rapid.Custom(func(t *rapid.T) replay.Money { return replay.Money(rapid.Int64Range(0, 1e9).Draw(t, "money")) })
	rapid.Check(t, func(t *rapid.T) {
		price := func(name string) replay.Price {
			return replay.Price{Fixed: money.Draw(t, name), Share: rapid.Int64Range(0, 10_000).Draw(t, name)}
		}
		e := &replay.Economics{FraudLoss: price("loss"), GoodMargin: price("margin"), ReviewCost: money.Draw(t, "review"), StepUpCost: money.Draw(t, "step-up"),
			Calls: map[string]replay.Money{"session": money.Draw(t, "session"), "onboarding": money.Draw(t, "onboarding")}}
		var c, approve, block replay.Counts
		want := new(big.Rat)
		for range rapid.IntRange(0, 30).Draw(t, "records") {
			a := dataset.Action(rapid.IntRange(0, dataset.NumActions-1).Draw(t, "action"))
			l := dataset.Label(rapid.IntRange(0, dataset.NumLabels-1).Draw(t, "label"))
			amount := rapid.Int64Range(0, 1e7).Draw(t, "amount")
			one := func(c *replay.Counts, a dataset.Action) {
				c.Actions[a].Records[l]++
				c.Actions[a].Amount[l] += amount
			}
			one(&c, a)
			c.Calls[0]++
			want.Add(want, slowCost(e, a, l, amount))
			want.Add(want, big.NewRat(int64(e.Calls["session"]), 1e6))
			if a == dataset.NoAction || rapid.Bool().Draw(t, "called") {
				c.Calls[1]++
				want.Add(want, big.NewRat(int64(e.Calls["onboarding"]), 1e6))
			}
			if a != dataset.NoAction {
				one(&approve, dataset.Approve)
				one(&block, dataset.Block)
			}
		}
		cost := CostForm(e, twoProducts)
		if got := big.NewRat(cost.Of(c), 1e6); got.Cmp(want) != 0 {
			t.Errorf("cost is %v, record by record %v", got, want)
		}
		for against, base := range map[dataset.Action]replay.Counts{dataset.Approve: approve, dataset.Block: block} {
			if got, want := SavingsForm(e, twoProducts, against).Of(c), cost.Of(base)-cost.Of(c); got != want {
				t.Errorf("savings against %s are %d, want %d", against, got, want)
			}
		}
		held := c
		for _, a := range []dataset.Action{dataset.Approve, dataset.Monitor} {
			held.Actions[a] = replay.Tally{}
		}
		var margin int64 // of the legit records neither let through nor blocked
		for _, a := range []dataset.Action{dataset.StepUp, dataset.Review, dataset.NoAction} {
			margin += int64(e.GoodMargin.Fixed)*c.Actions[a].Records[dataset.Legit] + e.GoodMargin.Share*c.Actions[a].Amount[dataset.Legit]
		}
		total := c.Total()
		all := int64(e.GoodMargin.Fixed)*total.Records[dataset.Legit] + e.GoodMargin.Share*total.Amount[dataset.Legit]
		if got, want := ProfitForm(e, twoProducts).Of(c), all-cost.Of(c)-margin; got != want {
			t.Errorf("profit is %d, want %d: margin of all legit, less cost, less margin held up", got, want)
		}
		if err := CheckCost(e, twoProducts, c); err != nil {
			t.Error(err)
		}
	})
}

// TestCheckCost meets the limit: sums that an int64 no longer holds are refused, not wrapped.
func TestCheckCost(t *testing.T) {
	var c replay.Counts
	c.Actions[dataset.Approve].Amount[dataset.Fraud] = maxWorth / 10_000
	e := &replay.Economics{FraudLoss: replay.Price{Share: 10_000}}
	if err := CheckCost(e, twoProducts, c); err != nil {
		t.Errorf("a sum of %d is exact: %v", int64(maxWorth/10_000*10_000), err)
	}
	c.Actions[dataset.Approve].Amount[dataset.Fraud]++
	err := CheckCost(e, twoProducts, c)
	if err == nil || !strings.Contains(err.Error(), "the costs of policy p add up to more than 1152921504606.846976") {
		t.Errorf("error %v", err)
	}
}
