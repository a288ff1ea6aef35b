package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
)

// Contraction returns the frauds that a score lets through, as a share of all cases, when it approves only the most trusted of
// the records that the most lenient decider of history approved (Lakkaraju et al., "The selective labels problem", 2017). A
// policy stricter than that decider needs no outcome of a record which nobody saw.
//
// h holds the records that this decider approved, cases how many there were to decide; approvals is how many the policy
// approves, by descending score. Records with the last score approved may be too many: low takes the legit ones first, high
// the frauds, and both are the same without such a tie. A record without an outcome counts as legit in low and as fraud in
// high. Both are undefined where approvals exceeds the records of h, which nothing is known beyond, and where there are no
// cases. The share is of all cases, approved or not: it is not fraud_rate, whose denominator are the approvals.
//
// It compares deciders whose cases are alike, such as cases assigned at random; cases below the records of h, or a negative
// number, is a programmer's error and panics.
func (h *Histogram) Contraction(cases, approvals int64) (low, high Number) {
	var released int64
	for _, n := range h.Totals() {
		released += n
	}
	if cases < released || approvals < 0 {
		panic(fmt.Sprintf("calibrate: %d approvals of %d records of %d cases", approvals, released, cases))
	}
	if approvals > released {
		return Undefined(), Undefined()
	}
	var fewest, most int64
	for score := dataset.MaxScore; score >= 0 && approvals > 0; score-- {
		at := h[score]
		taken := min(approvals, at[dataset.Legit]+at[dataset.Fraud]+at[dataset.Unlabeled])
		fewest += max(taken-at[dataset.Legit]-at[dataset.Unlabeled], 0)
		most += min(taken, at[dataset.Fraud]+at[dataset.Unlabeled])
		approvals -= taken
	}
	return divide(fewest, cases), divide(most, cases)
}
