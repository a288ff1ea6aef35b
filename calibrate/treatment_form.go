package calibrate

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// What step-ups and reviews come to is a guess, in basis points; so what a policy comes to in the end is a form over its counts
// in ten-thousandths of a record, and searches go through it exactly as through any other. Only labeled records are in it:
// nobody knows what an unlabeled customer does.

// Measures of what is let through once step-ups and reviews are done. They can be limited and, the approvals, be an objective
// where the economics have treatments; nothing of them is certified, as the shares are guesses.
const (
	finalApprovalRate = "final_approval_rate"
	finalFraudRate    = "final_fraud_rate"
)

// IsFinal reports whether a measure is one of those of what is let through in the end.
func IsFinal(measure string) bool { return measure == finalApprovalRate || measure == finalFraudRate }

// passBPS is the share of the records of an action and a label that come through in the end, 0 to 10,000 both included.
func passBPS(t *replay.Treatments, a dataset.Action, l dataset.Label, c Case) int64 {
	of := func(g replay.Guess) int64 { return [...]int64{g.Worst, g.Base, g.Best}[c] }
	switch {
	case a == dataset.Approve || a == dataset.Monitor:
		return basisPoints
	case a == dataset.StepUp && l == dataset.Legit:
		return of(t.StepUpGoodPass)
	case a == dataset.StepUp:
		return of(t.StepUpFraudPass)
	case a == dataset.Review && l == dataset.Legit:
		return of(t.ReviewSpecificity)
	case a == dataset.Review:
		return basisPoints - of(t.ReviewSensitivity)
	}
	return 0
}

const basisPoints = 10_000

// outcomes are the labels of records whose outcome is known.
var outcomes = [...]dataset.Label{dataset.Legit, dataset.Fraud}

// finalForms returns a final measure as a ratio of two forms; found is false for any other measure, and without treatments. Each
// guess is taken at the end that hurts the limit most: the worst case of a limit on fraud is the most frauds that pass and the
// fewest good customers, and that of approvals from below the fewest of both.
func finalForms(l replay.Limit, e *replay.Economics) (num, den Form, found bool) {
	if !IsFinal(l.Measure) || e == nil || e.Treatments == nil {
		return num, den, false
	}
	most := map[dataset.Label]bool{dataset.Fraud: !l.AtLeast, dataset.Legit: !l.AtLeast}
	if l.Measure == finalFraudRate {
		most[dataset.Legit] = l.AtLeast // who dilutes the rate
	}
	for _, a := range dataset.Actions {
		for _, y := range outcomes {
			one, other := passBPS(e.Treatments, a, y, Worst), passBPS(e.Treatments, a, y, Best)
			pass := min(one, other)
			if most[y] {
				pass = max(one, other)
			}
			if num.Actions[a].Records[y] = pass; l.Measure == finalFraudRate {
				den.Actions[a].Records[y] = pass
			}
		}
		if l.Measure == finalFraudRate {
			num.Actions[a].Records[dataset.Legit] = 0
		}
	}
	if l.Measure == finalApprovalRate {
		den = region{all, labeled}.form(false).scaled(basisPoints)
	}
	return num, den, true
}

// finalApprovals counts the labeled records that most likely come through in the end, in ten-thousandths.
func finalApprovals(t *replay.Treatments) (f Form) {
	for _, a := range dataset.Actions {
		for _, y := range outcomes {
			f.Actions[a].Records[y] = passBPS(t, a, y, Base)
		}
	}
	return f
}

// An Expected is a sum of money with what step-ups and reviews most likely come to: a form in units of Money / Per, where Per
// is the least divisor of 10,000 in which every price times every share is whole.
type Expected struct {
	Form
	Per int64
}

// ExpectedCost returns CostForm with the frauds that come through a step-up or a review, and the good customers who do not.
// The economics have treatments. A weight that no exact search can hold is cut at what every check refuses.
func ExpectedCost(e *replay.Economics, p *replay.Policy) Expected {
	per := perOf(e)
	f := operations(e, p).scaledTo(per)
	for _, a := range dataset.Actions {
		pass := func(y dataset.Label) int64 { return passBPS(e.Treatments, a, y, Base) }
		w := &f.Actions[a]
		*w = w.part(e.FraudLoss, dataset.Fraud, pass(dataset.Fraud), per).part(e.GoodMargin, dataset.Legit, basisPoints-pass(dataset.Legit), per)
	}
	return Expected{f, per}
}

// ExpectedProfit returns the margin of all legit records, but undecided ones, less ExpectedCost: what comes through earns its
// margin, less the loss of the frauds that come through and the price of calls, reviews and step-ups.
func ExpectedProfit(e *replay.Economics, p *replay.Policy) Expected {
	x := ExpectedCost(e, p)
	x.Form = x.negative()
	for _, a := range dataset.Actions {
		x.Actions[a] = x.Actions[a].part(e.GoodMargin, dataset.Legit, basisPoints, x.Per)
	}
	return x
}

// perOf returns the least divisor of 10,000 in which every price times every share of a treatment is whole. Prices have four
// decimals and shares two, so that it is 1 for most files, and sums stay far from the limit of exact searches.
func perOf(e *replay.Economics) int64 {
	per := int64(1)
	for _, a := range dataset.Actions {
		loss, margin := passBPS(e.Treatments, a, dataset.Fraud, Base), basisPoints-passBPS(e.Treatments, a, dataset.Legit, Base)
		for _, x := range [][2]int64{{int64(e.FraudLoss.Fixed), loss}, {e.FraudLoss.Share, loss}, {int64(e.GoodMargin.Fixed), margin}, {e.GoodMargin.Share, margin}} {
			rest := x[0] % basisPoints * x[1] % basisPoints
			need := basisPoints / gcd(basisPoints, rest)
			per *= need / gcd(per, need)
		}
	}
	return per
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// part adds a share, in basis points, of a price to the weight of a label, in units of Money / per.
func (w Weights) part(p replay.Price, y dataset.Label, share, per int64) Weights {
	w.Records[y] += partOf(int64(p.Fixed), share*per)
	w.Amount[y] += partOf(p.Share, share*per)
	return w
}

// scaledTo multiplies by a factor, cut at maxWorth.
func (f Form) scaledTo(by int64) Form {
	for a := range f.Actions {
		for y := range f.Actions[a].Records {
			f.Actions[a].Records[y] = partOf(f.Actions[a].Records[y], by*basisPoints)
			f.Actions[a].Amount[y] = partOf(f.Actions[a].Amount[y], by*basisPoints)
		}
	}
	f.Calls[0], f.Calls[1] = partOf(f.Calls[0], by*basisPoints), partOf(f.Calls[1], by*basisPoints)
	return f
}

// partOf returns v x parts / 10,000, for numbers of 0 or more, cut at maxWorth.
func partOf(v, parts int64) int64 {
	high, low := bits.Mul64(uint64(v), uint64(parts))
	if high >= basisPoints {
		return maxWorth
	}
	q, _ := bits.Div64(high, low, basisPoints)
	return int64(min(q, maxWorth))
}

// finalText says what a limit on a final measure assumes, for claims.
func finalText(measure string) string {
	return strings.ReplaceAll(measure, "_", " ") + ", each guess of the economics about step-ups and reviews at the end that hurts,"
}

// lacksTreatments is the error of goals that need treatments and have none.
func lacksTreatments(what string) error {
	return fmt.Errorf("%s needs what step-ups and reviews come to: want an economics file with treatments", what)
}
