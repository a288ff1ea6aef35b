package calibrate

import (
	"math"

	"github.com/trustreplay/trustreplay/dataset"
)

// PairedCounts counts the records of one history on which two policies were replayed, by whether the champion approves, by
// whether the challenger does (index 1: it does, monitor included; 0: it stops the record or is undecided) and by label.
type PairedCounts [2][2][dataset.NumLabels]int64

// Swapped returns the records that only one of the two approves: swap-ins are the challenger's, swap-outs the champion's.
func (c PairedCounts) Swapped() (in, out int64) {
	for l := range dataset.NumLabels {
		in += c[0][1][l]
		out += c[1][0][l]
	}
	return in, out
}

// n returns the records of all labels.
func (c PairedCounts) n() (n int64) {
	for _, approved := range c {
		for _, cell := range approved {
			for _, records := range cell {
				n += records
			}
		}
	}
	return n
}

// approvals returns the labeled records that one of the policies approves, and the frauds among them.
func (c PairedCounts) approvals(challenger bool) (frauds, n int64) {
	for other := range 2 {
		cell := c[1][other]
		if challenger {
			cell = c[other][1]
		}
		frauds += cell[dataset.Fraud]
		n += cell[dataset.Fraud] + cell[dataset.Legit]
	}
	return frauds, n
}

// Methods of a difference.
const (
	MethodMcNemar   = "mcnemar_midp" // p is McNemar's mid-p, the interval normal on the paired standard error
	MethodInfluence = "influence"    // normal on the standard error of the influence function
	MethodDeLong    = "delong"       // normal on DeLong's standard error
)

// A Difference is what the second of two has more than the first, measured on the same records.
type Difference struct {
	First, Second, Value Number
	// SE is the paired standard error; Low and High bound the value at the Confidence, both included; P is two-sided, against
	// no difference. They are undefined where the records cannot tell: a standard error of 0 is what too few frauds look
	// like, not certainty. Where the two never differ, Value and SE are exactly 0 and P is 1.
	SE, Low, High, P, Confidence Number
	Method                       string
}

// Times returns the difference in another unit, of which one is by as many: 10,000 bps are one share.
func (d Difference) Times(by Number) Difference {
	for _, v := range []*Number{&d.First, &d.Second, &d.Value, &d.SE, &d.Low, &d.High} {
		*v *= by
	}
	return d
}

// complete returns d, a difference of two shares, with its normal interval within -1..1 and its two-sided p. identical says
// that the two did the same on every record that counts.
func (d Difference) complete(se, confidence float64, identical bool) Difference {
	d = d.normal(se, confidence, identical)
	if d.Low.Defined() {
		d.Low, d.High = max(d.Low, -1), min(d.High, 1)
	}
	return d
}

// normal is complete for a difference without bounds.
func (d Difference) normal(se, confidence float64, identical bool) Difference {
	check(0, 0, confidence)
	d.SE, d.Low, d.High, d.P, d.Confidence = Undefined(), Undefined(), Undefined(), Undefined(), Undefined()
	switch {
	case !d.Value.Defined():
		return d
	case identical:
		d.SE, d.Low, d.High, d.P = 0, 0, 0, 1
	case se > 0: // NaN is not
		half := Number(se * normalQuantile(confidence))
		d.SE, d.Low, d.High = Number(se), d.Value-half, d.Value+half
		d.P = Number(math.Erfc(math.Abs(float64(d.Value)) / se / math.Sqrt2))
	default:
		return d
	}
	d.Confidence = Number(confidence)
	return d
}

// ApprovalDifference returns the challenger's approval rate less the champion's, over all records, labeled or not. Only the
// records on which they disagree move it. p is McNemar's mid-p; where fewer than some 30 disagree the interval, which is
// normal, may say otherwise, and p is right.
func (c PairedCounts) ApprovalDifference(confidence float64) Difference {
	n := c.n()
	in, out := c.Swapped()
	var both int64
	for _, records := range c[1][1] {
		both += records
	}
	size := float64(n)
	// The sum of (b-a-mean)^2, with b-a one of -1, 0, 1. The product form cancels nothing where all swaps go one way.
	squares := (float64(in)*(size-float64(in)) + float64(out)*(size-float64(out)) + 2*float64(in)*float64(out)) / size
	d := Difference{First: divide(both+out, n), Second: divide(both+in, n), Value: divide(in-out, n), Method: MethodMcNemar}
	if d = d.complete(math.Sqrt(squares)/size, confidence, in == 0 && out == 0); n > 0 {
		_, midP := McNemar(in, out)
		d.P = Number(midP)
	}
	return d
}

// FraudRateDifference returns the challenger's fraud rate among approved less the champion's, each over its own labeled
// approvals. The two rates share most records, so each record enters once, by its influence on the difference (STATISTICS.md,
// section 5): psi = b (y-R_B) / n_B - a (y-R_A) / n_A, and the variance is the sum of psi^2. An unpaired interval is about
// twice as wide. Records are taken as independent; see Paired.
func (c PairedCounts) FraudRateDifference(confidence float64) Difference {
	psi := newInfluence(c)
	var squares float64
	for a := range c {
		for b := range c[a] {
			for _, l := range [...]dataset.Label{dataset.Legit, dataset.Fraud} {
				v := psi.of(a, b, l)
				squares += float64(c[a][b][l]) * v * v
			}
		}
	}
	return psi.difference(c, squares, confidence)
}

// An influence holds the rate and the labeled approvals of each policy: what a record's psi needs.
type influence struct{ rate, n [2]float64 }

func newInfluence(c PairedCounts) influence {
	var f influence
	for i := range f.n {
		k, n := c.approvals(i == 1)
		f.rate[i], f.n[i] = float64(divide(k, n)), float64(n)
	}
	return f
}

// of returns psi of a record in cell (a, b) with label l.
func (f influence) of(a, b int, l dataset.Label) float64 {
	y := 0.0
	if l == dataset.Fraud {
		y = 1
	}
	var psi float64
	if b == 1 {
		psi += (y - f.rate[1]) / f.n[1]
	}
	if a == 1 {
		psi -= (y - f.rate[0]) / f.n[0]
	}
	return psi
}

func (f influence) difference(c PairedCounts, squares, confidence float64) Difference {
	kA, nA := c.approvals(false)
	kB, nB := c.approvals(true)
	d := Difference{First: divide(kA, nA), Second: divide(kB, nB), Method: MethodInfluence}
	d.Value = d.Second - d.First
	labeledSwaps := c[0][1][dataset.Legit] + c[0][1][dataset.Fraud] + c[1][0][dataset.Legit] + c[1][0][dataset.Fraud]
	return d.complete(math.Sqrt(squares), confidence, labeledSwaps == 0)
}

// McNemar returns the two-sided p-values of the hypothesis that b and c, the records on which only the one and only the
// other of two does something, differ by chance: exact, from Bin(b+c, 1/2), and its mid-p, which counts what was seen by
// half. The exact one is conservative; mid-p comes close to its level and is the one to print (Fagerland, Lydersen and
// Laake, "The McNemar test for binary matched-pairs data", 2013). Both are 1 where b+c = 0.
func McNemar(b, c int64) (exact, midP float64) {
	checkCount(b, b+c)
	n, k := b+c, min(b, c)
	if n == 0 {
		return 1, 1
	}
	seen := math.Exp(logPMF(k, n, 0.5, 0.5))
	if b == c {
		return 1, 1 - seen/2
	}
	exact = 2 * PValue(k, n, 0.5)
	return min(1, exact), exact - seen
}
