package calibrate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A wager tests limits by value on the records of a window, by betting on each payment in order of time (Bets). It needs a cap,
// declared before the data were seen, that no amount is above.
type wager struct {
	line *replay.Timeline
	cap  int64
}

// newWager returns nil where the goals declare no cap.
func newWager(cube *replay.Cube, g Goals) (*wager, error) {
	if g.Cap == 0 {
		return nil, nil
	}
	line, err := cube.Timeline()
	if err != nil {
		return nil, err
	}
	if most := line.Largest(); most > g.Cap {
		return nil, fmt.Errorf("an amount of %s is %w of %s: declare a cap that every amount keeps, before you look at them", minorText(most), ErrOverCap, minorText(g.Cap))
	}
	return &wager{line, g.Cap}, nil
}

// checkCap reports what a cap cannot be declared for.
func (g Goals) checkCap() error {
	switch {
	case g.Cap < 0:
		return fmt.Errorf("cap %s: want an amount above 0", minorText(g.Cap))
	case g.Cap == 0:
		return nil
	case g.Entity != "":
		return errors.New("a cap and an entity: bets are on independent records, so want one of them")
	case !slices.ContainsFunc(g.Limits, func(l replay.Limit) bool { return betsOn(l) }):
		return errors.New("a cap of no limit: want one from above on fraud_rate_value or fraud_bps")
	}
	return nil
}

// betsOn reports whether a limit can be certified by betting.
func betsOn(l replay.Limit) bool {
	return !l.AtLeast && (l.Measure == "fraud_rate"+valueSuffix || l.Measure == "fraud_bps")
}

// bets are on the payments that a policy approves, for promises at a level. An undecided fraud is approved where the policy may
// do so, an undecided legit record only where it must. Of the approved records without a label that production is not known to have
// approved, those of the largest amounts are frauds, as many as lack the label that they should have; the others are not bet on.
func (w *wager) bets(p *replay.Policy, lack int64, level float64) (*Bets, error) {
	moments, err := w.line.Under(p)
	if err != nil {
		return nil, err
	}
	var list []Payment
	var blind []int // places of the approved ones without a label
	for m := range moments {
		if !w.approves(p, m) {
			continue
		}
		if m.Label == dataset.Unlabeled {
			if isApproved(m.Past) {
				continue
			}
			blind = append(blind, len(list))
		}
		list = append(list, Payment{m.Amount, m.Label == dataset.Fraud})
	}
	slices.SortStableFunc(blind, func(a, b int) int { return int(min(max(list[b].Amount-list[a].Amount, -1), 1)) })
	for i, at := range blind {
		if int64(i) < lack {
			list[at].Fraud = true
		} else {
			list[at].Amount = 0 // which is no bet
		}
	}
	return BetOnValue(list, w.cap, level)
}

// approves reports whether a record is let through or, where the policy is undecided, whether that hurts and may be.
func (w *wager) approves(p *replay.Policy, m replay.Moment) bool {
	if m.Action != replay.Undecided {
		return isApproved(m.Action)
	}
	lets := p.Possible(m.First) & approved
	if m.Label == dataset.Legit {
		return lets == p.Possible(m.First)
	}
	return lets != 0
}

// share is the limit's bound as a share of the amount.
func (t *target) valueShare() float64 {
	if t.Measure == "fraud_bps" {
		return t.alpha() / 10_000
	}
	return t.alpha()
}

// wagered returns the largest logarithm of a p-value over the limits of a hearing that are bet on, minus infinity for none.
func (h *hearing) wagered(p *replay.Policy, w withholding, level float64) (float64, error) {
	worst := math.Inf(-1)
	if h.wager == nil {
		return worst, nil
	}
	bets, err := h.wager.bets(p, w.approvals(), level)
	if err != nil {
		return 0, err
	}
	for i := range h.targets {
		if t := &h.targets[i]; betsOn(t.Limit) {
			worst = max(worst, math.Log(bets.PValue(min(1, t.valueShare()))))
		}
	}
	return worst, nil
}

// approvals returns how many labels are missing among what a policy approves.
func (w withholding) approvals() (n int64) {
	for _, a := range replay.Approved {
		n += w.labels[a]
	}
	return n + w.labels[replay.Undecided]
}

// bet completes a finding on a limit by value.
func (v *Finding) bet(t *target, bets *Bets) {
	v.Bets, v.Certifiable = int64(bets.N()), true
	v.P, v.Bound = Number(bets.PValue(min(1, t.valueShare()))), Number(bets.UpperBound())
}

// minorText prints an amount of minor units.
func minorText(n int64) string { return fmt.Sprintf("%d.%02d", n/100, max(n, -n)%100) }
