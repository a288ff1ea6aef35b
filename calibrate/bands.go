package calibrate

import "math"

// Methods of a band around a curve.
const (
	MethodBonferroni = "bonferroni_clopper_pearson" // simultaneous over the points
	MethodDKW        = "dkw"                        // simultaneous over all cutoffs
)

// An Interval bounds a value, both ends included; both are undefined where nothing was counted.
type Interval struct{ Low, High Number }

// A Ratio is K of N counted: a point of a curve.
type Ratio struct{ K, N int64 }

// SimultaneousBand returns an interval for each of the points that a curve displays, such that all of them hold at once with
// the confidence at least: Clopper-Pearson at the error divided by the number of points (Bonferroni). Pointwise 95 %
// intervals hold a whole curve in 52 to 69 % of runs only (STATISTICS.md, section 1). The points may depend on each other,
// and should be chosen before they are looked at; one of nothing, N = 0, still counts among them.
func SimultaneousBand(points []Ratio, confidence float64) []Interval {
	return simultaneous(points, confidence, int64(len(points)))
}

// simultaneous is SimultaneousBand for points that were chosen among a family of so many.
func simultaneous(points []Ratio, confidence float64, family int64) []Interval {
	check(0, 0, confidence)
	band := make([]Interval, len(points))
	delta := (1 - confidence) / 2 / float64(family)
	for i, p := range points {
		band[i] = Interval{Number(LowerBound(p.K, p.N, delta)), Number(UpperBound(p.K, p.N, delta))}
	}
	return band
}

// DKW returns how far a share of n records may be from the true one at any cutoff of one score whatever, such that the
// probability of a greater distance at some cutoff is at most delta: the inequality of Dvoretzky, Kiefer and Wolfowitz with
// Massart's constant (1990). It is NaN for n = 0.
func DKW(n int64, delta float64) float64 {
	check(0, n, delta)
	if n == 0 {
		return math.NaN()
	}
	return math.Sqrt(math.Log(2/delta) / (2 * float64(n)))
}

// DKWBand returns an interval for each point of an approval curve: at one of its cutoffs, approved of the n records pass. All
// intervals hold at once with the confidence at least, however many cutoffs are tried; it needs no labels. It is for the
// cutoffs of a single score: two cutoffs at once draw a richer family of regions, which it does not cover.
func DKWBand(approved []int64, n int64, confidence float64) []Interval {
	eps := DKW(n, 1-confidence)
	band := make([]Interval, len(approved))
	for i, k := range approved {
		checkCount(k, n)
		share := divide(k, n)
		band[i] = Interval{max(share-Number(eps), 0), min(share+Number(eps), 1)}
	}
	return band
}
