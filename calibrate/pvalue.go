package calibrate

import (
	"fmt"
	"math"
	"math/big"
)

// PValue returns the exact one-sided p-value of the hypothesis that a rate is above alpha, after counting k of n: the
// probability that n records of rate alpha bring k or fewer, P(Bin(n, alpha) <= k) = I_{1-alpha}(n-k, k+1). A small value
// certifies "at most alpha": up to rounding, PValue <= delta where UpperBound(k, n, delta) <= alpha. It is 1 for n = 0,
// which certifies nothing, and 0 where it is smaller than a float64 can hold: order by LogPValue.
//
// alpha is in [0, 1]; a rate of exactly 0 can never be certified. A k outside 0..n is a programmer's error and panics.
func PValue(k, n int64, alpha float64) float64 { return math.Exp(LogPValue(k, n, alpha)) }

// LogPValue returns the natural logarithm of PValue. It tells apart the p-values that underflow, so that candidates
// ordered by it are never tied by accident; the only infinite one is that of alpha = 1 and k < n.
func LogPValue(k, n int64, alpha float64) float64 {
	checkCount(k, n)
	checkShare(alpha)
	switch {
	case n == 0 || k == n || alpha == 0:
		return 0
	case alpha == 1:
		return math.Inf(-1)
	case float64(k) < float64(n)*alpha:
		return logLowerTail(k, n, alpha, 1-alpha)
	}
	// Above the mean the tail is most of the distribution. Its complement is the lower tail of the records not counted.
	return math.Log1p(-math.Exp(logLowerTail(n-k-1, n, 1-alpha, alpha)))
}

// logLowerTail returns log P(Bin(n, p) <= k) for a k below the mean, where the terms shrink from k on down. It is handed
// q = 1-p, of which a difference would lose the digits where p is nearly 1.
//
// Note: gonum's RegIncBeta underflows below 1e-308 and, on exact sums, loses digits up to 1e-8 at n = 1e7. The plain sum of
// positive terms loses none and ends after some multiples of sqrt(k): about 2,500 terms at k = 100,000.
func logLowerTail(k, n int64, p, q float64) float64 {
	odds := q / p
	sum, term := 1.0, 1.0
	for i := k; i > 0; i-- {
		term *= float64(i) / float64(n-i+1) * odds
		sum += term
		if term < sum*1e-18 {
			break
		}
	}
	return logPMF(k, n, p, q) + math.Log(sum)
}

// logPMF returns log P(Bin(n, p) = k), for p in (0, 1) and q = 1-p, by the saddle-point expansion: every part is small where the sum of
// log-gammas cancels (C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000).
func logPMF(k, n int64, p, q float64) float64 {
	switch {
	case k == 0 && p < q:
		return float64(n) * math.Log1p(-p)
	case k == 0:
		return float64(n) * math.Log(q)
	}
	x, size, rest := float64(k), float64(n), float64(n-k)
	return stirlingError(n) - stirlingError(k) - stirlingError(n-k) - deviance(x, size*p) - deviance(rest, size*q) +
		0.5*math.Log(size/(2*math.Pi*x*rest))
}

// deviance returns x log(x/mean) + mean - x, which cancels to nothing as x nears mean: there by its series in the relative
// difference v, which is Loader's bd0.
func deviance(x, mean float64) float64 {
	if x == 0 {
		return mean
	}
	v := (x - mean) / (x + mean)
	if math.Abs(v) >= 0.1 {
		return x*math.Log(x/mean) + mean - x
	}
	sum, power := (x-mean)*v, 2*x*v
	for j := 3.0; ; j += 2 {
		power *= v * v
		next := sum + power/j
		if next == sum {
			return sum
		}
		sum = next
	}
}

// stirlingError returns log(n!) minus Stirling's formula for it. The coefficients are B(2j) / (2j (2j-1)), Abramowitz and
// Stegun 6.1.40; from n = 16 on the first one left out adds at most 1.1e-16.
func stirlingError(n int64) float64 {
	x := float64(n)
	if n < 16 {
		factorial, _ := math.Lgamma(x + 1)
		return factorial - ((x+0.5)*math.Log(x) - x + 0.5*math.Log(2*math.Pi))
	}
	s := 1 / (x * x)
	return (1.0/12 - s*(1.0/360-s*(1.0/1260-s*(1.0/1680-s/1188)))) / x
}

// HoeffdingBentkus returns a p-value of the hypothesis that the mean of losses in [0, 1] is above alpha, after n losses of
// that sum: the smaller of Hoeffding's and of Bentkus' bound (Bates et al., "Distribution-free, risk-controlling prediction
// sets", 2021). It is for losses between 0 and 1; where each is 0 or 1, PValue is exact and smaller. It takes the sum and
// not the mean, because ceil(n*(k/n)) is k+1 for one pair in 25.
func HoeffdingBentkus(sum float64, n int64, alpha float64) float64 {
	return min(1, hoeffding(sum, n, alpha), bentkus(sum, n, alpha))
}

func hoeffding(sum float64, n int64, alpha float64) float64 {
	checkSum(sum, n, alpha)
	size := float64(n)
	if sum >= size*alpha {
		return 1
	}
	// The exponent is n times the Kullback-Leibler divergence of sum/n from alpha.
	return math.Exp(-deviance(sum, size*alpha) - deviance(size-sum, size*(1-alpha)))
}

func bentkus(sum float64, n int64, alpha float64) float64 {
	checkSum(sum, n, alpha)
	return min(1, math.E*PValue(int64(math.Ceil(sum)), n, alpha))
}

// MostRecords is what MinToCertify answers where that many or more are needed: no history is that long.
const MostRecords = 1_000_000_000_000

// MinToCertify returns the least number of labeled records of which k frauds still certify a rate of at most alpha: the
// least n with PValue(k, n, alpha) <= delta. alpha and delta are in (0, 1); 598 for 0, 0.005 and 0.05.
func MinToCertify(k int64, alpha, delta float64) int64 {
	check(0, 0, delta)
	check(0, 0, alpha)
	if k < 0 || k >= MostRecords {
		panic(fmt.Sprintf("calibrate: %d frauds", k))
	}
	certifies := func(n int64) bool { return PValue(k, n, alpha) <= delta }
	low, high := k, 2*k+1 // k of k never certifies
	for !certifies(high) {
		if high >= MostRecords {
			return MostRecords
		}
		low, high = high, min(2*high, MostRecords)
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; certifies(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// A Shortfall tells how many more labeled records a certificate takes.
type Shortfall struct {
	// Clean is how many more if none of them is fraud: no certificate takes fewer.
	Clean int64
	// SameRate is how many more if the rate stays k/n, frauds rounded up. Reachable is false where that rate is alpha or
	// above, so that no number of such records certifies it, or so near that MostRecords would not.
	SameRate  int64
	Reachable bool
}

// MissingLabels returns what is missing after k frauds among n labeled records to certify at most alpha at delta; all
// zero, and reachable, where PValue(k, n, alpha) <= delta already.
func MissingLabels(k, n int64, alpha, delta float64) Shortfall {
	check(k, n, delta)
	check(k, n, alpha)
	clean := max(MinToCertify(k, alpha, delta)-n, 0)
	if k == 0 || clean == 0 {
		return Shortfall{Clean: clean, SameRate: clean, Reachable: true}
	}
	if float64(k) >= float64(n)*alpha {
		return Shortfall{Clean: clean}
	}
	// At this rate so many frauds take at most reach records. A certificate is possible once these would certify.
	reach := func(frauds int64) int64 {
		r := new(big.Int).Mul(big.NewInt(n), big.NewInt(frauds))
		if r.Quo(r, big.NewInt(k)); !r.IsInt64() {
			return MostRecords
		}
		return r.Int64()
	}
	certifies := func(frauds int64) bool { return PValue(frauds, reach(frauds), alpha) <= delta }
	low, high := k, 2*k
	for !certifies(high) {
		if low, high = high, 2*high; reach(high) >= MostRecords {
			return Shortfall{Clean: clean}
		}
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; certifies(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return Shortfall{Clean: clean, SameRate: max(MinToCertify(high, alpha, delta), reach(high-1)+1) - n, Reachable: true}
}

func checkCount(k, n int64) {
	if k < 0 || k > n {
		panic(fmt.Sprintf("calibrate: %d of %d", k, n))
	}
}

func checkShare(p float64) {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("calibrate: share %v outside [0, 1]", p))
	}
}

func checkSum(sum float64, n int64, alpha float64) {
	check(0, n, alpha)
	if !(sum >= 0 && sum <= float64(n)) {
		panic(fmt.Sprintf("calibrate: %d losses of at most 1 sum up to %v", n, sum))
	}
}
