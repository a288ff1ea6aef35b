package calibrate

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Wilson returns the two-sided score interval of a share of which k of n were counted (Wilson 1927). It is the interval to
// display: its average coverage is the stated one even for the small counts that fraud rates are made of, where the normal
// interval falls short. low is exactly 0 for k = 0, high exactly 1 for k = n; both are NaN for n = 0, which says nothing.
//
// confidence is in (0, 1), such as 0.95; a k outside 0..n is a programmer's error and panics, here and below.
func Wilson(k, n int64, confidence float64) (low, high float64) {
	check(k, n, confidence)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	z := normalQuantile(confidence)
	hits, size := float64(k), float64(n)
	// The usual fraction is expanded by n: no k/n is formed, so nothing is lost when k is 1 in ten million.
	centre := hits + z*z/2
	half := z * math.Sqrt(hits*(float64(n-k)/size)+z*z/4)
	low, high = (centre-half)/(size+z*z), (centre+half)/(size+z*z)
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return max(low, 0), min(high, 1)
}

// ClopperPearson returns the two-sided exact interval: each side is a one-sided bound at half the error. It never covers
// less often than stated, and is wider than Wilson for that.
func ClopperPearson(k, n int64, confidence float64) (low, high float64) {
	check(k, n, confidence)
	delta := (1 - confidence) / 2
	return LowerBound(k, n, delta), UpperBound(k, n, delta)
}

// UpperBound returns the Clopper-Pearson bound for "at most": the rate a at which counting k or fewer of n has the
// probability delta, in (0, 1). Whatever the true rate, the bound is below it with a probability of at most delta. It is
// exactly 1 for k = n, and NaN for n = 0.
func UpperBound(k, n int64, delta float64) float64 {
	check(k, n, delta)
	switch {
	case n == 0:
		return math.NaN()
	case k == n:
		return 1
	case k == 0:
		// (1-a)^n = delta. 598 clean approvals certify 0.5 % at 95 % (STATISTICS.md, section 2).
		return -math.Expm1(math.Log(delta) / float64(n))
	}
	// Note: gonum's inverse was compared with 300-bit binomial sums; relative errors stay under 1e-10 up to n = 1e6 and
	// under 1e-8 up to n = 1e7, so that no refinement of ours would show in a printed digit.
	return mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-delta)
}

// LowerBound returns the Clopper-Pearson bound for "at least", UpperBound's mirror image. It is exactly 0 for k = 0.
func LowerBound(k, n int64, delta float64) float64 {
	check(k, n, delta)
	switch {
	case n == 0:
		return math.NaN()
	case k == 0:
		return 0
	case k == n:
		return math.Exp(math.Log(delta) / float64(n))
	}
	return mathext.InvRegIncBeta(float64(k), float64(n-k+1), delta)
}

func check(k, n int64, p float64) {
	checkCount(k, n)
	if !(p > 0 && p < 1) {
		panic(fmt.Sprintf("calibrate: probability %v outside (0, 1)", p))
	}
}
