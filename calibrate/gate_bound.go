package calibrate

import (
	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// Methods of a one-sided bound, beside that of a Difference. They are part of the JSON output.
const (
	MethodClopperPearson = "clopper_pearson"       // exact, of one share
	MethodParts          = "clopper_pearson_parts" // exact and cautious: a bound for each part of a difference
	MethodPaired         = "paired"                // normal on the paired standard error of the approvals
)

// fewSwaps is below which the normal interval of a difference of approvals is not to be trusted; see ApprovalDifference.
const fewSwaps = 30

// bound returns the one-sided bound that hurts, which errs with a probability of at most delta, and its method:
// Clopper-Pearson's for a share, and for a change the limit of the paired interval.
//
// That interval is normal, and on few frauds it claims too much: swap-ins of which none is fraud have no spread at all. So
// where the records that make the difference are few, the change is bounded part by part.
func (v Verdict) bound(s *replay.Swap, delta float64) (Number, string) {
	if v.Kind == replay.Absolute {
		return Number(oneSided(v.Challenger.Numerator, v.Challenger.Denominator, !v.AtLeast, delta)), MethodClopperPearson
	}
	p := s.Approvals()
	pairs := PairedCounts{{p.Neither.Records, p.OnlyChallenger.Records}, {p.OnlyChampion.Records, p.Both.Records}}
	if v.Measure == fraudRate {
		return pairs.fraudBound(!v.AtLeast, delta)
	}
	return pairs.approvalBound(!v.AtLeast, delta)
}

// oneSided is UpperBound or LowerBound.
func oneSided(k, n int64, upper bool, delta float64) float64 {
	if upper {
		return UpperBound(k, n, delta)
	}
	return LowerBound(k, n, delta)
}

// side returns one end of a difference.
func (d Difference) side(upper bool) Number {
	if upper {
		return d.High
	}
	return d.Low
}

// approvalBound bounds the change of the approval rate, which is the share of swap-ins less that of swap-outs. Two policies
// that agree on every record have none.
func (c PairedCounts) approvalBound(upper bool, delta float64) (Number, string) {
	in, out := c.Swapped()
	n := c.n()
	if in+out == 0 || in+out >= fewSwaps {
		// Each side of a two-sided interval errs half as often as both: at 90 % in two sides, 95 % in one.
		return c.ApprovalDifference(1 - 2*delta).side(upper), MethodPaired
	}
	return Number(oneSided(in, n, upper, delta/2) - oneSided(out, n, !upper, delta/2)), MethodParts
}

// fraudBound bounds the change of the fraud rate. With m swap-ins, l swap-outs and n approved by both, all of them labeled,
// it is m/(n+m) p_in - l/(n+l) p_out + (n/(n+m) - n/(n+l)) p_both: each rate has its own exact bound, at its part of delta.
func (c PairedCounts) fraudBound(upper bool, delta float64) (Number, string) {
	cell := func(a, b int) (k, n int64) {
		k = c[a][b][dataset.Fraud]
		return k, k + c[a][b][dataset.Legit]
	}
	kIn, m := cell(0, 1)
	kOut, l := cell(1, 0)
	kBoth, n := cell(1, 1)
	if m+l == 0 || kIn+kOut >= fewFrauds {
		return c.FraudRateDifference(1 - 2*delta).side(upper), MethodInfluence
	}
	approvals := func(n int64) float64 { return float64(max(n, 1)) } // none have no weight below
	type part struct {
		k, n   int64
		weight float64
	}
	var parts []part
	for _, p := range []part{
		{kIn, m, float64(m) / approvals(n+m)},
		{kOut, l, -float64(l) / approvals(n+l)},
		{kBoth, n, float64(n)/approvals(n+m) - float64(n)/approvals(n+l)},
	} {
		if p.weight != 0 {
			parts = append(parts, p)
		}
	}
	sum := 0.0
	for _, p := range parts {
		sum += p.weight * oneSided(p.k, p.n, upper == (p.weight > 0), delta/float64(len(parts)))
	}
	return Number(max(-1, min(sum, 1))), MethodParts
}
