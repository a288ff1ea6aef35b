package calibrate

import (
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A bench holds the targets of some goals for one window.
type bench struct {
	targets []target
	gain    Form // the objective
}

// newBench returns the targets of goals in a window of so many days; at least one of them can be certified.
func newBench(g Goals, p *replay.Policy, days int64) (bench, error) {
	b, err := newTargets(g, p, days)
	if err == nil && !slices.ContainsFunc(b.targets, func(t target) bool { return t.share }) {
		err = fmt.Errorf("no limit that can be certified: want one on a share of records, such as fraud_rate <= 0.5%%")
	}
	return b, err
}

// newTargets returns a bench that need not be able to certify anything.
func newTargets(g Goals, p *replay.Policy, days int64) (bench, error) {
	b := bench{gain: g.objective(p)}
	for _, l := range g.Limits {
		t, err := newTarget(l, p, g.Economics, days)
		if err != nil {
			return b, err
		}
		b.targets = append(b.targets, t)
	}
	return b, nil
}

// objective returns the form that is to be as large as possible; undecided records are worth the least that any action is.
func (g Goals) objective(p *replay.Policy) Form {
	var f Form
	switch g.Objective {
	case MostGoodApprovals:
		f = GoodApprovals()
	case MostCapture:
		f = region{stopped, fraud}.form(false)
	case MostProfit:
		f = g.profit(p).Form
	case LeastCost:
		f = g.cost(p).negative()
	case MostFinalApprovals:
		f = finalApprovals(g.Economics.Treatments)
	default:
		f = Approvals()
	}
	open := &f.Actions[replay.Undecided]
	*open = f.Actions[dataset.Approve]
	for _, a := range dataset.Actions {
		for l := range open.Records {
			open.Records[l] = min(open.Records[l], f.Actions[a].Records[l])
			open.Amount[l] = min(open.Amount[l], f.Actions[a].Amount[l])
		}
	}
	return f
}

// treated reports whether objectives count what step-ups and reviews come to.
func (g Goals) treated() bool { return g.Economics != nil && g.Economics.Treatments != nil }

// cost and profit are the direct ones without treatments.
func (g Goals) cost(p *replay.Policy) Expected {
	if g.treated() {
		return ExpectedCost(g.Economics, p)
	}
	return Expected{CostForm(g.Economics, p), 1}
}

func (g Goals) profit(p *replay.Policy) Expected {
	if g.treated() {
		return ExpectedProfit(g.Economics, p)
	}
	return Expected{ProfitForm(g.Economics, p), 1}
}

// Scale is how many units of the objective a record is or, where the objective is money, a replay.Money: searches count in
// whole numbers, and what step-ups and reviews come to is a part of a record.
func (g Goals) Scale() int64 {
	switch {
	case !g.treated():
		return 1
	case g.Objective == MostFinalApprovals:
		return basisPoints
	case g.Objective == MostProfit || g.Objective == LeastCost:
		return perOf(g.Economics)
	}
	return 1
}

// logP returns the largest p-value over the limits that can be certified: all hold if the largest is small. withheld is the
// most records that hurt one of them because they have no label where they should. designs are those of hearing.designs.
func (j *bench) logP(c replay.Counts, w withholding, designs []float64) (worst float64, withheld int64) {
	worst = math.Inf(-1)
	for i := range j.targets {
		if t := &j.targets[i]; t.share {
			heard, n := t.withhold(c, w)
			worst, withheld = max(worst, t.logP(heard, design(designs, i))), max(withheld, n)
		}
	}
	return worst, withheld
}

// met reports whether the counts keep every limit.
func (j *bench) met(c replay.Counts) bool {
	return !slices.ContainsFunc(j.targets, func(t target) bool { return !t.met(c) })
}

// checked reports whether the counts keep the limits that cannot be certified.
func (j *bench) checked(c replay.Counts, w withholding) bool {
	for i := range j.targets {
		t := &j.targets[i]
		if heard, _ := t.withhold(c, w); !t.share && !t.met(heard) {
			return false
		}
	}
	return true
}
