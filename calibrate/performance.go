package calibrate

import (
	"fmt"

	"github.com/trustreplay/trustreplay/dataset"
	"github.com/trustreplay/trustreplay/replay"
)

// numBands is the number of bands of a Performance: deciles, which is what gains tables are read in.
const numBands = 10

// A Performance says how well the score of a product ranks frauds below legits, on the labeled records that it scored.
type Performance struct {
	Product string
	// Lacks says in a sentence why there is nothing to measure, "" where there are both legits and frauds. Where it is set the
	// rest is undefined, and there are no bands.
	Lacks string
	Area  Area
	// KS is the Kolmogorov-Smirnov statistic, KSScore the lowest score at which it is reached: the shares compared are those
	// at or below it.
	KS      Number
	KSScore int
	// Bands are the deciles of the score, least trusted first; see Histogram.Quantiles.
	Bands []Band
}

// PerformanceOf measures the score of a product. confidence is that of the intervals, such as 0.95.
func PerformanceOf(p *replay.ProductProfile, confidence float64) Performance {
	h := HistogramOf(p)
	out := Performance{Product: p.Product, Lacks: h.lacks(p.Product), Area: h.Area(confidence)}
	out.KS, out.KSScore = h.KS()
	if out.Lacks == "" {
		out.Bands = h.Bands(h.Quantiles(numBands), confidence)
	}
	return out
}

// lacks names what a ranking is missing.
func (h *Histogram) lacks(product string) string {
	n := h.Totals()
	legit, fraud := n[dataset.Legit], n[dataset.Fraud]
	switch {
	case legit+fraud+n[dataset.Unlabeled] == 0:
		return "no record has a score of " + product
	case legit+fraud == 0:
		return fmt.Sprintf("none of %s records with a score of %s has a label", count(n[dataset.Unlabeled]), product)
	case fraud == 0:
		return fmt.Sprintf("none of %s labeled records with a score of %s is fraud", count(legit), product)
	case legit == 0:
		return fmt.Sprintf("none of %s labeled records with a score of %s is legit", count(fraud), product)
	}
	return ""
}

// Quantiles returns the edges, for Bands, of at most so many bands that hold about as many labeled records each. Records of
// one score are never parted, because no cutoff can part them: where one score holds more than a share, there are fewer bands.
// A band begins at the first score that has records once those below it fill the bands before. bands times the labeled records
// fits in an int64.
func (h *Histogram) Quantiles(bands int) []int {
	n := h.Totals()
	labeled := n[dataset.Legit] + n[dataset.Fraud]
	var edges []int
	var below int64    // labeled records with a lower score
	filled := int64(0) // bands that these fill
	for score, at := range h {
		records := at[dataset.Legit] + at[dataset.Fraud]
		if records == 0 {
			continue
		}
		if now := below * int64(bands) / labeled; now > filled {
			edges, filled = append(edges, score), now
		}
		below += records
	}
	return edges
}

// PairsOf returns the pairs of session and onboarding scores of a profile, for CompareAreas.
func PairsOf(p *replay.Profile) []ScorePair {
	out := make([]ScorePair, len(p.ScorePairs))
	for i, pair := range p.ScorePairs {
		out[i] = ScorePair{pair.Session, pair.Onboarding, pair.Records}
	}
	return out
}
