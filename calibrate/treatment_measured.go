package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// MinOutcomes is how many labeled step-ups, or reviews, of a kind of customer it takes to measure what becomes of them. With fewer
// the interval is so wide that the guess of whoever knows the business says more.
const MinOutcomes = 30

// A MeasuredShare is what the outcomes of production's own treatments say of one guess: K of N, over the step-ups or reviews of
// legit customers or of frauds. It is about those whom production treated, who need not be like those whom another policy treats.
type MeasuredShare struct {
	// Name is that of the Assumption.
	Name string
	K, N int64
	// Unlabeled are treated records without a label. What they are is not known, and a customer who gives up a step-up often gets no
	// label, so that Low and High allow for whatever they are.
	Unlabeled int64
	// Value is K/N. Low is the lower end of the Wilson interval with all unlabeled records that are not of K's kind among N, High the
	// upper end with all that are among both.
	Value, Low, High Number
	// Used reports whether it takes the place of the guess: N is MinOutcomes at least.
	Used bool
	// rising is set where more is better for the business.
	rising bool
}

// MeasuredConfidence is that of the intervals of a MeasuredShare.
const MeasuredConfidence = 0.95

// MeasuredShares returns what outcomes say of each guess, in the order of Assumptions; nil where no outcome was recorded.
func MeasuredShares(t replay.Treated) []MeasuredShare {
	if t.StepUps.N()+t.Reviews.N() == 0 {
		return nil
	}
	share := func(name string, yes, no [dataset.NumLabels]int64, y dataset.Label, rising bool) MeasuredShare {
		m := MeasuredShare{Name: name, K: yes[y], N: yes[y] + no[y], Unlabeled: yes[dataset.Unlabeled] + no[dataset.Unlabeled],
			Value: Undefined(), Low: Undefined(), High: Undefined(), rising: rising}
		if m.N == 0 {
			return m
		}
		m.Value, m.Used = divide(m.K, m.N), m.N >= MinOutcomes
		low, _ := Wilson(m.K, m.N+no[dataset.Unlabeled], MeasuredConfidence)
		_, high := Wilson(m.K+yes[dataset.Unlabeled], m.N+yes[dataset.Unlabeled], MeasuredConfidence)
		m.Low, m.High = Number(low), Number(high)
		return m
	}
	up, seen := t.StepUps, t.Reviews
	return []MeasuredShare{
		share("step_up good_pass", up.Passed, up.Stopped, dataset.Legit, true),
		share("step_up fraud_pass", up.Passed, up.Stopped, dataset.Fraud, false),
		share("review sensitivity", seen.Stopped, seen.Passed, dataset.Fraud, true),
		share("review specificity", seen.Passed, seen.Stopped, dataset.Legit, true),
	}
}

// guess returns the measured share as a guess: base is the share seen, worst and best the ends of its bounds, rounded outward.
func (m MeasuredShare) guess() replay.Guess {
	low, high := int64(math.Floor(float64(m.Low)*basisPoints)), int64(math.Ceil(float64(m.High)*basisPoints))
	base := (2*basisPoints*m.K + m.N) / (2 * m.N) // rounded half up
	low, high = max(0, min(low, base)), min(basisPoints, max(high, base))
	if m.rising {
		return replay.Guess{Worst: low, Base: base, Best: high}
	}
	return replay.Guess{Worst: high, Base: base, Best: low}
}

// Measured returns economics with what outcomes say in the place of the guesses that they can replace; those given where there is
// nothing to replace. e may be nil.
func Measured(e *replay.Economics, t replay.Treated) *replay.Economics {
	shares := MeasuredShares(t)
	if e == nil || e.Treatments == nil || shares == nil {
		return e
	}
	out, treatments := *e, *e.Treatments
	for i, a := range Assumptions(e.Treatments) {
		if shares[i].Used {
			a.set(&treatments, shares[i].guess())
		}
	}
	out.Treatments = &treatments
	return &out
}
