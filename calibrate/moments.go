package calibrate

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/trustreplay/trustreplay/replay"
)

// moments add up what weights make of each record, and its square.
type moments struct {
	sum, squares float64
	unknown      bool // a weight is of amounts whose spread is not known
}

// add counts the records of a tally at the weights of their labels.
func (s *moments) add(w Weights, t replay.Tally) {
	for l := range t.Records {
		n, fixed, share, amount := float64(t.Records[l]), float64(w.Records[l]), float64(w.Amount[l]), float64(t.Amount[l])
		s.sum += n*fixed + share*amount
		s.squares += n*fixed*fixed + 2*fixed*share*amount + share*share*t.Spread[l].Squares()
		s.unknown = s.unknown || share != 0 && amount > 0 && t.Spread[l].Hi == 0 && t.Spread[l].Lo == 0
	}
}

// count adds n records at one weight.
func (s *moments) count(weight, n int64) {
	w := float64(weight)
	s.sum += w * float64(n)
	s.squares += w * w * float64(n)
}

// deviation returns the standard error of the mean over n records; those that were not added are 0.
func (s moments) deviation(n float64) float64 {
	return math.Sqrt(max(0, s.squares-s.sum*s.sum/n) / (n - 1) / n)
}

// standardError returns that of a mean of Money over n records, in major units; NaN where it is not known. Counts do not say
// which actions the records met on which a product was called, so the two errors are added as if they always went together:
// the whole is too large rather than too small, by little where calls cost little.
func standardError(costs, calls moments, n int64) float64 {
	if costs.unknown || n < 2 {
		return math.NaN()
	}
	return (costs.deviation(float64(n)) + calls.deviation(float64(n))) / float64(replay.MoneyPerMajor)
}

// normalQuantile returns how many standard errors are to each side of an interval.
func normalQuantile(confidence float64) float64 {
	check(0, 0, confidence)
	return mathext.NormalQuantile((1 + confidence) / 2)
}
