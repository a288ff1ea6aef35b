package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Money is counted as it is in replay: in millionths of a major unit, exactly.
//
// What step-ups and reviews come to, where economics guess it, is in ExpectedCost and ExpectedProfit, which the objectives of a
// calibration then are. The forms below take the direct view of a history: what a record costs follows from its action and its label, and from
// nothing that would have happened after a review or a step-up. That view needs no assumption about treatments, and its
// price is that it cannot see them:
//
//   - A fraud that is approved or monitored costs FraudLoss, a legit record that is blocked GoodMargin.
//   - A record that is reviewed or stepped up costs its review or its step-up. CostForm counts it as neither lost margin nor
//     fraud loss, as if every review were right; ProfitForm counts no margin of it, as if no good customer came through.
//     Between the two lies the truth, and they rank policies alike only where few records are treated so.
//   - An unlabeled record costs its calls, review and step-up alone: whether it would have cost more is not known.
//   - An undecided record costs its calls alone. A policy that leaves many undecided looks cheap: read its undecided_rate.

// CostForm returns the cost of what a policy did, as a form over its counts: 0 or more, in Money. A product without a price
// counts as free; Economics.Covers says where there is one.
func CostForm(e *replay.Economics, p *replay.Policy) Form {
	f := operations(e, p)
	for _, a := range replay.Approved {
		f.Actions[a] = f.Actions[a].plus(e.FraudLoss, dataset.Fraud, 1)
	}
	f.Actions[dataset.Block] = f.Actions[dataset.Block].plus(e.GoodMargin, dataset.Legit, 1)
	return f
}

// ProfitForm returns the margin of the legit records that a policy lets through, less the loss of the frauds that it lets
// through and the price of calls, reviews and step-ups. It is not the negative of CostForm but for a constant: margin that is
// held up by a review or a step-up, or undecided, is missing here and not lost there. For policies that only approve,
// monitor and block the two do differ by a constant, the margin of all legit records.
func ProfitForm(e *replay.Economics, p *replay.Policy) Form {
	f := operations(e, p).negative()
	for _, a := range replay.Approved {
		f.Actions[a] = f.Actions[a].plus(e.GoodMargin, dataset.Legit, 1).plus(e.FraudLoss, dataset.Fraud, -1)
	}
	return f
}

// SavingsForm returns what a policy costs less than a policy that calls no product and treats every record with one action,
// dataset.Approve or dataset.Block: the loss of every fraud, or the margin of every legit record, less CostForm. Records that
// the policy left undecided are in neither, but for their calls: it saved nothing on them. It is negative where the policy
// costs more. Any other action panics.
func SavingsForm(e *replay.Economics, p *replay.Policy, against dataset.Action) Form {
	f := CostForm(e, p).negative()
	for _, a := range dataset.Actions {
		switch against {
		case dataset.Approve:
			f.Actions[a] = f.Actions[a].plus(e.FraudLoss, dataset.Fraud, 1)
		case dataset.Block:
			f.Actions[a] = f.Actions[a].plus(e.GoodMargin, dataset.Legit, 1)
		default:
			panic(fmt.Sprintf("calibrate: savings against %s, want approve or block", against))
		}
	}
	return f
}

// operations returns the cost of calls, reviews and step-ups.
func operations(e *replay.Economics, p *replay.Policy) (f Form) {
	for label := range f.Actions[dataset.Review].Records {
		f.Actions[dataset.Review].Records[label] = int64(e.ReviewCost)
		f.Actions[dataset.StepUp].Records[label] = int64(e.StepUpCost)
	}
	f.Calls = [2]int64{int64(e.Calls[p.First]), int64(e.Calls[p.Second])}
	return f
}

// plus adds a price, times a sign, to the weight of a label.
func (w Weights) plus(p replay.Price, l dataset.Label, sign int64) Weights {
	w.Records[l] += sign * int64(p.Fixed)
	w.Amount[l] += sign * p.Share
	return w
}

// negative returns the form of the opposite sign.
func (f Form) negative() Form { return Form{}.minus(f) }

// CheckCost returns an error where the sums over counts such as these could exceed what is exact.
func CheckCost(e *replay.Economics, p *replay.Policy, c replay.Counts) error {
	for _, f := range []Form{CostForm(e, p), ProfitForm(e, p), SavingsForm(e, p, dataset.Approve), SavingsForm(e, p, dataset.Block)} {
		if f.check(c.Total()) != nil {
			return fmt.Errorf("the costs of policy %s add up to more than %s: want lower prices, or a part of the history at a time", p.Name, replay.Money(maxWorth).Decimal())
		}
	}
	return nil
}
