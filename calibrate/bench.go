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
		f = ProfitForm(g.Economics, p)
	case LeastCost:
		f = CostForm(g.Economics, p).negative()
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

// logP returns the largest p-value over the limits that can be certified: all hold if the largest is small. So many approved
// records are withheld: they have no label where they should.
func (b *bench) logP(c replay.Counts, withheld int64) float64 {
	worst := math.Inf(-1)
	for i := range b.targets {
		if t := &b.targets[i]; t.share {
			worst = max(worst, t.logP(t.withhold(c, withheld)))
		}
	}
	return worst
}

// met reports whether the counts keep every limit, and checked whether they keep those that cannot be certified.
func (b *bench) met(c replay.Counts) bool     { return b.all(c, false) }
func (b *bench) checked(c replay.Counts) bool { return b.all(c, true) }

func (b *bench) all(c replay.Counts, unshared bool) bool {
	for i := range b.targets {
		if t := &b.targets[i]; (!unshared || !t.share) && !t.met(c) {
			return false
		}
	}
	return true
}
