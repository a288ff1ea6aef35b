package calibrate

import (
	"fmt"
	"math"

	"github.com/trustreplay/trustreplay/dataset"
)

// placements holds, for each score and label, the share of the records of the other label that a record with that score is
// on the right side of, ties by half: DeLong's V10 of a legit, V01 of a fraud. The mean over the legits is the AUC, and so
// is that over the frauds (DeLong, DeLong and Clarke-Pearson 1988).
type placements [dataset.MaxScore + 1][dataset.NumLabels]float64

// placements takes one pass over the scores, which are sorted already; the usual implementation sorts the records
// (Sun and Xu 2014), or compares all pairs.
func (h *Histogram) placements() *placements {
	n := h.Totals()
	v := new(placements)
	var legit, fraud int64 // with a lower score
	for s, at := range h {
		v[s][dataset.Legit] = float64(2*fraud+at[dataset.Fraud]) / float64(2*n[dataset.Fraud])
		v[s][dataset.Fraud] = float64(2*(n[dataset.Legit]-legit)-at[dataset.Legit]) / float64(2*n[dataset.Legit])
		legit += at[dataset.Legit]
		fraud += at[dataset.Fraud]
	}
	return v
}

// A spread adds up squared distances from a mean, by label.
type spread [dataset.NumLabels]float64

func (s *spread) add(records [dataset.NumLabels]int64, l dataset.Label, distance float64) {
	s[l] += float64(records[l]) * distance * distance
}

// standardError returns the root of the sum of both sample variances, each over its size; NaN for samples below two.
func (s *spread) standardError(legit, fraud int64) float64 {
	if legit < 2 || fraud < 2 {
		return math.NaN()
	}
	l, f := float64(legit), float64(fraud)
	return math.Sqrt(s[dataset.Legit]/(l-1)/l + s[dataset.Fraud]/(f-1)/f)
}

// rounding is the standard error below which only rounding is left: the sums of shares in 0..1 are off by some 1e-16.
const rounding = 1e-14

// interval completes the area of a histogram.
func (a Area) interval(h *Histogram, confidence float64) Area {
	check(0, 0, confidence)
	v := h.placements()
	var s spread
	for score, records := range h {
		for _, l := range [...]dataset.Label{dataset.Legit, dataset.Fraud} {
			s.add(records, l, v[score][l]-float64(a.AUC))
		}
	}
	se := s.standardError(a.Legit, a.Fraud)
	if !(se > rounding) {
		return a
	}
	half := Number(se * normalQuantile(confidence))
	a.SE, a.Low, a.High, a.Confidence = Number(se), max(a.AUC-half, 0), min(a.AUC+half, 1), Number(confidence)
	return a
}

// A ScorePair counts the records, by label, on which two products gave these two scores, each in 0..1000.
type ScorePair struct {
	First, Second int
	Records       [dataset.NumLabels]int64
}

// CompareAreas returns the areas of two products over the same records, and the second less the first with DeLong's paired
// standard error. pairs are the records on which both products gave a score; the same pair of scores may come several times,
// so neither order nor grouping matters beyond the rounding of a sum, and a million records cost no more than their distinct
// pairs. A score outside 0..1000 panics.
func CompareAreas(pairs []ScorePair, confidence float64) (first, second Area, d Difference) {
	var one, two Histogram
	identical := true
	for _, p := range pairs {
		if min(p.First, p.Second) < 0 || max(p.First, p.Second) > dataset.MaxScore {
			panic(fmt.Sprintf("calibrate: scores %d and %d outside 0..%d", p.First, p.Second, dataset.MaxScore))
		}
		for l, n := range p.Records {
			one[p.First][l] += n
			two[p.Second][l] += n
		}
		identical = identical && (p.First == p.Second || p.Records[dataset.Legit] == 0 && p.Records[dataset.Fraud] == 0)
	}
	first, second = one.Area(confidence), two.Area(confidence)
	d = Difference{First: first.AUC, Second: second.AUC, Value: second.AUC - first.AUC, Method: MethodDeLong}
	v, w := one.placements(), two.placements()
	var s spread
	for _, p := range pairs {
		for _, l := range [...]dataset.Label{dataset.Legit, dataset.Fraud} {
			s.add(p.Records, l, w[p.Second][l]-v[p.First][l]-float64(d.Value))
		}
	}
	se := s.standardError(first.Legit, first.Fraud)
	if !(se > rounding) {
		se = math.NaN()
	}
	return first, second, d.complete(se, confidence, identical)
}
