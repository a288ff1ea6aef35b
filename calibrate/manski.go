package calibrate

import (
	"fmt"
	"math"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Selective counts the labeled and the unlabeled among the records that a policy approves, where history shows an outcome
// only for some: what production blocked has none, and a challenger that approves it is judged without. Nothing is assumed of
// the records without an outcome, least of all that they are clean. The rate is therefore not a number but a range (Manski,
// "Nonparametric bounds on treatment effects", 1990; STATISTICS.md, section 4).
type Selective struct {
	// Frauds is how many of the Known, the records with an outcome, were fraud.
	Frauds int64 `json:"frauds"`
	Known  int64 `json:"known"`
	// Unknown is how many were approved without an outcome: those that production stopped, or may have.
	Unknown int64 `json:"unknown"`
}

// SelectiveOf counts what a policy approves by whether its outcome is known. Of the records without a label, those that
// production approved are left out: they are young, and as the others. Those that it stopped are unknown, and so are those of
// which nobody knows whether it did.
func SelectiveOf(p *replay.Past) Selective {
	within, swapIns, unrecorded := p.Approvals()
	all := within.Add(swapIns).Add(unrecorded)
	return Selective{Frauds: all.Records[dataset.Fraud], Known: all.Labeled(),
		Unknown: swapIns.Records[dataset.Unlabeled] + unrecorded.Records[dataset.Unlabeled]}
}

// SelectiveSwap is SelectiveOf of a comparison's challenger.
func SelectiveSwap(s *replay.Swap) Selective {
	p := s.Approvals()
	approved := p.Both.Add(p.OnlyChallenger)
	return Selective{Frauds: approved.Records[dataset.Fraud], Known: approved.Labeled(), Unknown: s.SwapIns().Records[dataset.Unlabeled]}
}

func (s Selective) check() {
	if s.Frauds < 0 || s.Frauds > s.Known || s.Unknown < 0 || s.Known > math.MaxInt64-s.Unknown {
		panic(fmt.Sprintf("calibrate: %d frauds of %d with an outcome, and %d without", s.Frauds, s.Known, s.Unknown))
	}
}

// Rate returns the lowest and the highest rate that these records can have, both included: all unknown ones legit, k/(n+m),
// and all of them fraud, (k+m)/(n+m). It is exact and holds by amount too, where the counts are minor units. Both are
// undefined where nothing was approved.
func (s Selective) Rate() (low, high Number) {
	s.check()
	n := s.Known + s.Unknown
	return divide(s.Frauds, n), divide(s.Frauds+s.Unknown, n)
}

// Limits returns the Clopper-Pearson bound of each end of the range: with confidence 1-delta the rate among all applicants
// like these is at least low, with confidence 1-delta it is at most high, and with 1-2 delta both are true at once. It is for
// counts of records, not for amounts; delta is in (0, 1). Both are undefined where nothing was approved.
//
// Note: Imbens and Manski ("Confidence intervals for partially identified parameters", 2004) give a two-sided interval of the
// rate, not of the range, the level delta on each side once the range is wide: these limits are that then, and wider where few
// outcomes are unknown. Theirs is normal, these are exact.
func (s Selective) Limits(delta float64) (low, high Number) {
	s.check()
	n := s.Known + s.Unknown
	return Number(LowerBound(s.Frauds, n, delta)), Number(UpperBound(s.Frauds+s.Unknown, n, delta))
}

// LogPValue is LogPValue of the highest rate: of the hypothesis that the rate is above alpha, whatever the unknown outcomes
// were. Only a small share of unknown ones leaves it anything to certify.
func (s Selective) LogPValue(alpha float64) float64 {
	s.check()
	return LogPValue(s.Frauds+s.Unknown, s.Known+s.Unknown, alpha)
}

// BreakEven returns the rate of fraud among the unknown at which the rate of all is exactly alpha, q* = (alpha (n+m) - k)/m,
// and how many times the measured rate k/n that is. A rate below 0 says that alpha is broken whatever the unknown are, one
// above 1 that it holds whatever they are. The rate is undefined where nothing is unknown, the multiple also where no fraud
// was measured: nothing is a multiple of 0. alpha is in [0, 1].
func (s Selective) BreakEven(alpha float64) (rate, multiple Number) {
	s.check()
	checkShare(alpha)
	if s.Unknown == 0 {
		return Undefined(), Undefined()
	}
	n, k, m := float64(s.Known), float64(s.Frauds), float64(s.Unknown)
	rate = Number((alpha*(n+m) - k) / m)
	if s.Frauds == 0 {
		return rate, Undefined()
	}
	return rate, rate / Number(k/n)
}

// A Scenario is what the rate is if the unknown are so many times as fraudulent as the known. It is an assumption worked out,
// no estimate: nothing in the data tells one scenario from another.
type Scenario struct {
	Multiple Number `json:"multiple"`
	// Unknown is the assumed rate of fraud among the unknown, at most 1.
	Unknown Number `json:"unknown_rate"`
	// Rate is the rate among all.
	Rate Number `json:"rate"`
	// AtMost is Rate where the known are as fraudulent as their Clopper-Pearson bound: it holds with the confidence of the
	// bound, if the multiple is right or too large.
	AtMost Number `json:"at_most"`
}

// Scenario returns one scenario; all but Multiple is undefined where no outcome is known. multiple is 0 or more and finite,
// delta in (0, 1).
func (s Selective) Scenario(multiple, delta float64) Scenario {
	s.check()
	if !(multiple >= 0) || math.IsInf(multiple, 1) {
		panic(fmt.Sprintf("calibrate: %v times as fraudulent", multiple))
	}
	at := func(rate float64) (unknown, all Number) {
		q := math.Min(multiple*rate, 1)
		n, m := float64(s.Known), float64(s.Unknown)
		return Number(q), Number((rate*n + q*m) / (n + m))
	}
	c := Scenario{Multiple: Number(multiple)}
	c.Unknown, c.Rate = at(float64(divide(s.Frauds, s.Known)))
	_, c.AtMost = at(UpperBound(s.Frauds, s.Known, delta))
	return c
}

// Scenarios returns those that every report prints: the unknown as fraudulent as the known, twice and five times.
func (s Selective) Scenarios(delta float64) [3]Scenario {
	return [...]Scenario{s.Scenario(1, delta), s.Scenario(2, delta), s.Scenario(5, delta)}
}
