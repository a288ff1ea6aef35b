package calibrate

import (
	"fmt"
	"math/big"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// A Histogram counts the records of one product by score and by label; the index is the score, and a higher one is trusted
// more. How well a product ranks fraud below legit is all in it. Unlabeled records say nothing about that.
type Histogram [dataset.MaxScore + 1][dataset.NumLabels]int64

// HistogramOf returns the histogram of a product's profile.
func HistogramOf(p *replay.ProductProfile) *Histogram {
	h := new(Histogram)
	for score, t := range p.Scores {
		h[score] = t.Records
	}
	return h
}

// Totals returns the records of each label.
func (h *Histogram) Totals() (n [dataset.NumLabels]int64) {
	for _, at := range h {
		for l, records := range at {
			n[l] += records
		}
	}
	return n
}

// An Area is the area under the ROC curve of a product, counted before it is divided.
type Area struct {
	Legit, Fraud int64 // the records compared
	// Halves is 2 for each pair of a legit and a fraud in which the legit has the higher score, and 1 for each in which both
	// have the same; it is at most 2 x Legit x Fraud, which need not fit in an int64.
	Halves *big.Int
	// AUC is Halves/(2 x Legit x Fraud), the probability that a legit scores above a fraud, ties by half; Gini is 2 AUC - 1.
	// Both are the floats nearest to the exact ratio, undefined without a legit or without a fraud.
	AUC, Gini Number
	// SE is DeLong's standard error, Low and High bound the AUC at the Confidence, both included and within 0..1. They are
	// undefined with fewer than two legits or frauds, and where no rank varies, as with perfect separation or a constant
	// score: the formula then gives 0, which is not certainty.
	SE, Low, High, Confidence Number
}

// Area returns the area under the curve with its DeLong interval.
func (h *Histogram) Area(confidence float64) Area {
	n := h.Totals()
	a := Area{Legit: n[dataset.Legit], Fraud: n[dataset.Fraud], Halves: h.halves(), AUC: Undefined(), Gini: Undefined(),
		SE: Undefined(), Low: Undefined(), High: Undefined(), Confidence: Undefined()}
	pairs := times(a.Legit, a.Fraud)
	if pairs.Sign() == 0 {
		return a
	}
	a.AUC = quotient(a.Halves, new(big.Int).Lsh(pairs, 1))
	a.Gini = quotient(new(big.Int).Sub(a.Halves, pairs), pairs)
	return a.interval(h, confidence)
}

// halves counts the pairs that the scores order rightly, twice.
func (h *Histogram) halves() *big.Int {
	sum := new(big.Int)
	var below int64 // frauds with a lower score
	for _, at := range h {
		sum.Add(sum, times(at[dataset.Legit], 2*below+at[dataset.Fraud]))
		below += at[dataset.Fraud]
	}
	return sum
}

// KS returns the Kolmogorov-Smirnov statistic, the largest distance between the shares of frauds and of legits at or below
// a score, and the lowest score at which it is reached. Records of one score enter together: taken one by one their order in
// the file would count, and a constant score would not give 0. It is undefined, at score 0, without a legit or a fraud.
func (h *Histogram) KS() (distance Number, score int) {
	n := h.Totals()
	most := new(big.Int)
	var legit, fraud int64
	for s, at := range h {
		legit += at[dataset.Legit]
		fraud += at[dataset.Fraud]
		gap := times(fraud, n[dataset.Legit])
		if gap.Sub(gap, times(legit, n[dataset.Fraud])).CmpAbs(most) > 0 {
			most.Abs(gap)
			score = s
		}
	}
	return quotient(most, times(n[dataset.Legit], n[dataset.Fraud])), score
}

// A Band is a range of scores and what it says about fraud. Lift, CumulativeLift and Gain are undefined where nothing was
// counted: an empty band is not a band without fraud.
type Band struct {
	Low, High int // scores, both included
	Records   [dataset.NumLabels]int64
	// FraudRate is the fraud rate of the band's labeled records, with its Wilson interval.
	FraudRate Measure
	// Lift is the band's fraud rate over that of all bands; CumulativeLift that of this band and all below it, the least
	// trusted first; Gain is the share of all frauds that these hold.
	Lift, CumulativeLift, Gain Number
}

// Bands cuts the scores at edges, the lowest score of each band but the first, ascending and within 1..1000: a score equal
// to an edge is in the upper band. Bands are ordered from the least trusted up.
func (h *Histogram) Bands(edges []int, confidence float64) []Band {
	n := h.Totals()
	frauds, labeled := n[dataset.Fraud], n[dataset.Fraud]+n[dataset.Legit]
	var out []Band
	var k, below int64 // frauds and labeled records up to here
	for i := range len(edges) + 1 {
		b := Band{Low: 0, High: dataset.MaxScore}
		if i > 0 {
			b.Low = edges[i-1]
		}
		if i < len(edges) {
			b.High = edges[i] - 1
		}
		if b.Low > b.High || b.High > dataset.MaxScore || i > 0 && b.Low < 1 {
			panic(fmt.Sprintf("calibrate: edges %v do not ascend within 1..%d", edges, dataset.MaxScore))
		}
		for _, at := range h[b.Low : b.High+1] {
			for l, records := range at {
				b.Records[l] += records
			}
		}
		fraud, size := b.Records[dataset.Fraud], b.Records[dataset.Fraud]+b.Records[dataset.Legit]
		k, below = k+fraud, below+size
		b.FraudRate = Rate("fraud_rate", fraud, size, confidence)
		b.Lift = quotient(times(fraud, labeled), times(size, frauds))
		b.CumulativeLift = quotient(times(k, labeled), times(below, frauds))
		b.Gain = divide(k, frauds)
		out = append(out, b)
	}
	return out
}

// times multiplies counts that may exceed an int64 together: ten million frauds and a trillion legits do.
func times(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// quotient returns the float nearest to num/den, undefined for 0/0 and every other division by 0.
func quotient(num, den *big.Int) Number {
	if den.Sign() == 0 {
		return Undefined()
	}
	v, _ := new(big.Rat).SetFrac(num, den).Float64()
	return Number(v)
}
