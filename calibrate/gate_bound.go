package calibrate

import (
	"math"

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
//
// By entity, the bound is of as many independent records as all records of the comparison are worth, in a segment too.
func (v Verdict) bound(c *replay.Comparison, s *replay.Swap, delta float64) (Number, string) {
	if v.Kind == replay.Absolute {
		b := bounding{!v.AtLeast, v.design(c, delta)}
		return Number(b.share(v.Challenger.Numerator, v.Challenger.Denominator, delta)), MethodClopperPearson
	}
	designs := PairedDesignsOf(c.Dependence, &c.Swap)
	if v.Measure == fraudRate {
		return pairedCounts(s).fraudBound(bounding{!v.AtLeast, designs.FraudRate}, delta)
	}
	return pairedCounts(s).approvalBound(bounding{!v.AtLeast, designs.Approval}, delta)
}

// design is the design effect of the challenger's share, 1 where records are independent.
func (v Verdict) design(c *replay.Comparison, delta float64) float64 {
	if c.Entities[1] == nil {
		return 1
	}
	e, _, found := (Setting{Dependence: c.Entities[1]}).entities(v.Challenger, c.Challenger)
	if !found || e.Records == 0 {
		return 1
	}
	least := 1.0
	for _, d := range definitions {
		if d.name == v.Challenger.Name {
			least = clump(c.Entities[1], d.num.holds)
		}
	}
	return max(least, e.design(delta))
}

// A bounding says which bound is asked for, and the design effect of the records.
type bounding struct {
	upper  bool
	design float64
}

// share is UpperBound or LowerBound of k of n records, of which several count as one; events are rounded so that it hurts.
func (b bounding) share(k, n int64, delta float64) float64 {
	round := math.Floor
	if b.upper {
		round = math.Ceil
	}
	k, n = shrunk(k, n, b.design, round)
	if b.design > 1 && n == 0 {
		return asFloat(b.upper) // worth no record: anything may be
	}
	if b.upper {
		return UpperBound(k, n, delta)
	}
	return LowerBound(k, n, delta)
}

// opposite is the other bound.
func (b bounding) opposite() bounding { return bounding{!b.upper, b.design} }

// side returns one end of a difference.
func (d Difference) side(upper bool) Number {
	if upper {
		return d.High
	}
	return d.Low
}

// approvalBound bounds the change of the approval rate, which is the share of swap-ins less that of swap-outs. Two policies
// that agree on every record have none.
func (c PairedCounts) approvalBound(b bounding, delta float64) (Number, string) {
	in, out := c.Swapped()
	n := c.n()
	if in+out == 0 || in+out >= fewSwaps {
		// Each side of a two-sided interval errs half as often as both: at 90 % in two sides, 95 % in one.
		return c.ApprovalDifference(1-2*delta).inflated(b.design, 1-2*delta).side(b.upper), MethodPaired
	}
	return Number(b.share(in, n, delta/2) - b.opposite().share(out, n, delta/2)), MethodParts
}

// fraudBound bounds the change of the fraud rate. With m swap-ins, l swap-outs and n approved by both, all of them labeled,
// it is m/(n+m) p_in - l/(n+l) p_out + (n/(n+m) - n/(n+l)) p_both: each rate has its own exact bound, at its part of delta.
func (c PairedCounts) fraudBound(b bounding, delta float64) (Number, string) {
	cell := func(a, b int) (k, n int64) {
		k = c[a][b][dataset.Fraud]
		return k, k + c[a][b][dataset.Legit]
	}
	kIn, m := cell(0, 1)
	kOut, l := cell(1, 0)
	kBoth, n := cell(1, 1)
	if m+l == 0 || kIn+kOut >= fewFrauds {
		return c.FraudRateDifference(1-2*delta).inflated(b.design, 1-2*delta).side(b.upper), MethodInfluence
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
		part := b
		if p.weight < 0 {
			part = b.opposite()
		}
		sum += p.weight * part.share(p.k, p.n, delta/float64(len(parts)))
	}
	return Number(max(-1, min(sum, 1))), MethodParts
}
