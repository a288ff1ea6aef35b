package calibrate

import "math"

// FisherGreater returns the exact one-sided p-value of the hypothesis that two groups have the same fraud rate, against that
// of the first being higher, after k frauds among its n labeled records and j among the m of the other: the probability that
// of the k+j frauds k or more fall among n of the n+m records drawn at random (Fisher 1935, "The Design of Experiments",
// chapter 2; the hypergeometric tail). It is 1 where either group is empty, and where all or none are fraud: there is
// nothing to tell apart. A k outside 0..n or a j outside 0..m is a programmer's error and panics.
func FisherGreater(k, n, j, m int64) float64 {
	checkCount(k, n)
	checkCount(j, m)
	frauds := k + j
	if n == 0 || m == 0 || k <= max(0, frauds-m) {
		return 1 // k is the least that these margins allow
	}
	if float64(k) > float64(n)*(float64(frauds)/float64(n+m)) {
		return min(1, hypergeometricTail(k, n, j, m))
	}
	// Below the mean the tail is most of the distribution. Its complement is fewer than k, which is more in the other group.
	return max(0, 1-hypergeometricTail(j+1, m, k-1, n))
}

// FisherTwoSided is FisherGreater against the rates being different: twice the smaller of the two one-sided p-values, at most 1.
func FisherTwoSided(k, n, j, m int64) float64 {
	return min(1, 2*min(FisherGreater(k, n, j, m), FisherGreater(j, m, k, n)))
}

// hypergeometricTail sums the probabilities of k and more frauds in the first group, from k above the mean, so that the terms
// shrink. Both groups hold records.
func hypergeometricTail(k, n, j, m int64) float64 {
	frauds := k + j
	sum, term := 1.0, 1.0
	for x := k; x < min(n, frauds); x++ {
		term *= float64(frauds-x) / float64(x+1) * (float64(n-x) / float64(m-frauds+x+1))
		sum += term
		if term < sum*1e-18 {
			break
		}
	}
	return math.Exp(logHypergeometric(k, n, j, m) + math.Log(sum))
}

// logHypergeometric returns the log probability of k frauds in the first group, given the margins. Written as three binomial
// probabilities of one rate it keeps the digits that log-gammas lose in large histories (C. Loader 2000, as R's dhyper).
func logHypergeometric(k, n, j, m int64) float64 {
	frauds, all := k+j, n+m
	p, q := float64(n)/float64(all), float64(m)/float64(all)
	return logBinomial(k, frauds, p, q) + logBinomial(n-k, all-frauds, p, q) - logBinomial(n, all, p, q)
}

// logBinomial is logPMF also of k = n, for p in (0, 1).
func logBinomial(k, n int64, p, q float64) float64 {
	switch {
	case n == 0:
		return 0
	case k == n:
		return logPMF(0, n, q, p)
	}
	return logPMF(k, n, p, q)
}

// An Association says how the fraud rate of the records that show something compares with that of the rest. Both are labeled
// records on which it could be told.
type Association struct {
	Rate Measure // frauds among the labeled that show it, with a Wilson interval
	// Lift is that rate over the one of both groups together; undefined where there is no labeled record that shows it, or no
	// fraud at all.
	Lift Number
	// P is the exact p-value, undefined where nothing was tested: no labeled record in one of the two groups. Adjusted is P
	// corrected for everything that was looked at, by Adjust.
	P, Adjusted Number
}

// Sides tells which alternative an exact test has.
type Sides uint8

const (
	TwoSided Sides = iota // the rates differ
	Greater               // the first rate is higher
)

// Associate compares k frauds of n labeled records that show something with j of m that do not, at a confidence for the
// interval. Adjusted is P until Adjust has seen all that was looked at.
func Associate(k, n, j, m int64, sides Sides, confidence float64) Association {
	a := Association{Rate: Rate("fraud_rate", k, n, confidence), Lift: Undefined(), P: Undefined()}
	if n > 0 && k+j > 0 {
		a.Lift = Number(float64(k) / float64(n) / (float64(k+j) / float64(n+m)))
	}
	if n > 0 && m > 0 {
		test := FisherTwoSided
		if sides == Greater {
			test = FisherGreater
		}
		a.P = Number(test(k, n, j, m))
	}
	a.Adjusted = a.P
	return a
}

// Adjust corrects the p-values of associations for having looked at all of them, by Holm's method, and returns how many were
// tested. An Adjusted of at most delta is one that Holm rejects at delta.
func Adjust(list []*Association) (tested int) {
	return len(adjustTested(list, func(a *Association) (Number, *Number) { return a.P, &a.Adjusted }))
}
